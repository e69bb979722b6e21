"""MITRE ATLAS (https://atlas.mitre.org): its YAML file, or the folder or archive of its data repository.

Tactics, techniques and mitigations become taxonomies, case studies incidents. ATLAS is published under Apache-2.0.
"""

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from ingest.records import BadRecord, Record, TaxonomyRecord
from ingest.sources import archives, safe_yaml
from ingest.sources.atlas import studies as atlas_studies
from ingest.sources.atlas import taxonomy as atlas_taxonomy
from ingest.sources.atlas.layout import Atlas, read
from ingest.sources.base import Options, SourceError
from ingest.sources.files import fingerprint, local_path, read_text

WHAT = "ATLAS data: ATLAS.yaml, or the folder or archive of its repository"
PUBLISHED = re.compile(r"(?:(?:.*/)?v(?P<format>\d+)/|.*/)?ATLAS(?:-(?P<version>[\w.]+?))?\.ya?ml", re.IGNORECASE)
POINTER = re.compile(r"\s*[\w./-]{1,200}\.ya?ml\s*")
SHORTEST = 300  # bytes; a shorter file is a link that was copied as text, and only names another


class AtlasData:
    """The taxonomies, then the case studies by id, then which events other databases have too."""

    name = "atlas"
    takes: frozenset[str] = frozenset()
    fetches = False

    def __init__(self, location: str, options: Options, scratch: Path | None = None) -> None:
        self.path = local_path(location, WHAT)
        self.scratch = scratch
        self.notices: list[str] = []
        if self.path.is_file() and archives.is_archive(self.path):
            archives.check(self.path)
        else:
            assert self._file  # say at once that there is none

    @property
    def collection(self) -> str | None:
        """A file that defines the techniques is a release, which is whole; one of case studies alone is not."""
        return "studies" if self._atlas.techniques and self._atlas.studies else None

    def count(self) -> int:
        return len(self._taxonomies) + len(self._atlas.problems) + len(self._atlas.studies) + len(list(self._sames()))

    def fingerprint(self) -> str:
        return fingerprint([self.path if self.path.is_file() else self._file])

    def records(self) -> Iterator[Record]:
        yield from self._taxonomies
        yield from (BadRecord(key=where, reason=reason) for where, reason in self._atlas.problems)
        names = atlas_taxonomy.Names(self._atlas)
        for identity, study in sorted(self._atlas.studies.items()):
            yield atlas_studies.entry(study, identity, names)
        yield from self._sames()

    @cached_property
    def _files(self) -> dict[str, Path]:
        """Names in the repository -> files that may be the data."""
        if self.path.is_file():
            return archives.copy_out(
                self.path, lambda name: name if PUBLISHED.fullmatch(name) else "", self.scratch, "atlas-"
            )
        # No deeper than dist/v6/: what else is called so is somebody's copy.
        found = (path for pattern in ("*", "*/*", "*/*/*") for path in self.path.glob(pattern))
        names = ((path.relative_to(self.path).as_posix(), path) for path in found if path.is_file())
        return {name: path for name, path in names if PUBLISHED.fullmatch(name)}

    @cached_property
    def _file(self) -> Path:
        if self.path.is_file() and not archives.is_archive(self.path):
            return self.path
        names = [name for name, path in self._files.items() if path.stat().st_size >= SHORTEST]
        if not names:
            raise SourceError(
                f"{self.path} holds no ATLAS.yaml; the files under data/ are templates that it is made from: "
                "give the file or the folder dist/ of the repository"
            )
        return self._files[max(names, key=_newness)]

    @cached_property
    def _atlas(self) -> Atlas:
        try:
            text, warnings = read_text(self._file, safe_yaml.MAX_CHARACTERS)
            if len(text) < SHORTEST and POINTER.fullmatch(text):
                raise ValueError(f"it only names the file that is meant, {text.strip()}; give that one")
            atlas = read(safe_yaml.load(text))
        except OSError as error:
            raise SourceError(f"cannot read {self._file}: {error.strerror}") from error
        except ValueError as error:
            raise SourceError(f"{self.path} cannot be read: {error}") from None
        if not atlas.studies and not atlas.techniques:
            raise SourceError(f"{self.path} holds neither case studies nor techniques of ATLAS; give {WHAT}")
        self.notices += warnings
        self.notices += [
            f"{count:,} relationships “{name[:60]}” are not understood, and were left out"
            for name, count in sorted(atlas.unknown.items())
        ]
        return atlas

    @cached_property
    def _taxonomies(self) -> list[TaxonomyRecord | BadRecord]:
        return list(atlas_taxonomy.taxonomies(self._atlas))

    def _sames(self) -> Iterator[Record]:
        for _, study in sorted(self._atlas.studies.items()):
            if record := atlas_studies.same(study):
                yield record


def _newness(name: str) -> tuple[int, bool, list[int], int]:
    """What to prefer among files of a release: the newest format, what is called the latest, the highest version."""
    match = PUBLISHED.fullmatch(name)
    assert match  # of the names that were chosen by it
    version = match["version"] or ""
    numbers = [int(part) for part in re.findall(r"\d{1,9}", version)]
    return int(match["format"] or 0), version.lower() == "latest", numbers, -len(name)
