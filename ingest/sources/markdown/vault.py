"""The files of a folder by the names that its notes call them: paths, bare names and aliases, as Obsidian has it."""

import posixpath
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from ingest.records import clean_text
from ingest.sources.files import read_text
from ingest.sources.lists import as_list
from ingest.sources.markdown import front_matter
from ingest.sources.markdown.front_matter_fields import lower_keys

MAX_BYTES = 4_000_000  # of a note
NAMED = ("slug", "alias")  # a front matter without these words need not be parsed for names

Identity = tuple[str, str]


class Names:
    """Files by their paths and by the last part of these, told apart neither by case nor by how accents are encoded."""

    def __init__(self) -> None:
        self._at: dict[str, PurePosixPath] = {}
        self._ending: dict[str, list[tuple[str, PurePosixPath]]] = {}

    def add(self, path: PurePosixPath, name: PurePosixPath) -> None:
        """Let `name` lead to `path`."""
        full = _fold(name.as_posix())
        self._at.setdefault(full, path)
        self._ending.setdefault(_fold(name.name), []).append((full, path))

    def find(self, name: str, folder: PurePosixPath, *, near_first: bool) -> PurePosixPath | None:
        """The file that `name` means in a note of `folder`: the one at that path from the folder or from the top, in
        the order that `near_first` says; else one whose path ends so, in the folder before elsewhere, high before deep.
        """
        near = self._at.get(_fold(posixpath.normpath((folder / name.lstrip("/")).as_posix())))
        if name.startswith(("./", "../")):
            return near
        top = self._at.get(_fold(posixpath.normpath(name.lstrip("/"))))
        if name.startswith("/"):
            return top
        if found := (near or top) if near_first else top:
            return found
        ending = "/" + _fold(name)
        inside = _fold(f"{folder.as_posix()}/")
        found_at = min(
            (
                (not full.startswith(inside), full.count("/"), full, path)
                for full, path in self._candidates(name, ending)
            ),
            default=None,
        )
        return found_at[3] if found_at else None

    def _candidates(self, name: str, ending: str) -> Iterator[tuple[str, PurePosixPath]]:
        for full, path in self._ending.get(_fold(PurePosixPath(name).name), []):
            if f"/{full}".endswith(ending):
                yield full, path


class Vault:
    """Notes and pictures below `root`, each a path relative to it, as its notes call them.

    `identity` tells what a note is known by, from its path and the slug that its front matter states.
    """

    def __init__(
        self,
        root: Path,
        notes: Iterable[PurePosixPath],
        pictures: Iterable[PurePosixPath],
        identity: Callable[[PurePosixPath, str], Identity],
    ) -> None:
        self.root = root
        self._identity = identity
        self._slugs: dict[PurePosixPath, str] = {}
        self._aliases: dict[str, PurePosixPath | None] = {}
        self._notes = Names()
        self._pictures = Names()
        for path in notes:
            self._notes.add(path, path.with_suffix(""))
            self._read_names(path)
        for path in pictures:
            self._pictures.add(path, path)

    def note(self, name: str, beside: PurePosixPath, *, near_first: bool = False) -> PurePosixPath | None:
        """The note that `[[name]]` means in the note `beside`; None where there is none, or an alias of several.

        In a Markdown link the path from the note's own folder is `near_first`.
        """
        stem = re.sub(r"\.(?:md|markdown)$", "", name, flags=re.IGNORECASE)
        return self._notes.find(stem, beside.parent, near_first=near_first) or self._aliases.get(_fold(name))

    def picture(self, name: str, beside: PurePosixPath, *, near_first: bool = False) -> PurePosixPath | None:
        """The picture that `![[name]]` means in the note `beside`; None where there is none."""
        return self._pictures.find(name, beside.parent, near_first=near_first)

    def known_by(self, note: PurePosixPath) -> Identity:
        """The external id of a note of this folder."""
        return self._identity(note, self._slugs.get(note, ""))

    def _read_names(self, path: PurePosixPath) -> None:
        try:
            block, _ = front_matter.split(clean_text(read_text(self.root / path, MAX_BYTES)[0]))
            if not block or not any(word in block.lower() for word in NAMED):
                return
            stated = lower_keys(front_matter.parse(block))
        except (OSError, ValueError):  # told when the note itself is read
            return
        self._slugs[path] = str(stated.get("slug") or "")
        for alias in aliases(stated):
            key = _fold(alias)
            self._aliases[key] = None if self._aliases.get(key, path) != path else path


def aliases(stated: dict[str, Any]) -> list[str]:
    """The other names of a note that its front matter states."""
    named = [*as_list(stated.get("aliases")), *as_list(stated.get("alias"))]
    return [name for one in named if isinstance(one, str | int | float) and (name := str(one).strip())]


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
