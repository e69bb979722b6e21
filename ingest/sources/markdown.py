"""Markdown notes: one file, or a folder of them, with front matter or as plain as people write them."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.records import BadRecord, Record, clean_text, entry_or_bad
from ingest.sources import front_matter, markdown_text
from ingest.sources.base import Options, SourceError, slugify
from ingest.sources.files import fingerprint, local_path, read_text
from ingest.sources.front_matter_fields import entry_fields, references_in

SUFFIXES = (".md", ".markdown")
MAX_BYTES = 4_000_000


class MarkdownNotes:
    """Each `*.md` and `*.markdown` file under a folder, in the order of their paths, or the one file named.

    A note is known by the name of its folder and its path below, `notes/ml/attention.md`, in the namespace
    `markdown`: reading the same folder again, or one file of it alone, finds the same entries, also from a copy of the
    folder elsewhere. Who keeps two folders of one name apart gives each its namespace; who renames files often gives
    them a `slug` in their front matter, which then is what they are known by.
    """

    name = "markdown"
    takes = frozenset({"kind", "namespace"})
    fetches = False
    what = "a Markdown file or a folder of them"

    def __init__(self, location: str, options: Options, scratch: Path | None = None) -> None:
        self.options = options
        self.notices: list[str] = []
        self.path = local_path(location, self.what)
        if self.path.is_file() and self.path.suffix.lower() not in (*SUFFIXES, ".txt"):
            raise SourceError(f"{self.path} is not a Markdown file; its name should end in .md or .markdown")
        self.root = self.path if self.path.is_dir() else self.path.parent
        self.collection = (options.namespace or self.root.name) if self.path.is_dir() else None
        self._refused: list[BadRecord] = []
        self.paths = [self.path] if self.path.is_file() else sorted(self._walk(), key=lambda path: path.parts)
        if not self.paths and not self._refused:
            raise SourceError(f"{self.path} holds no .md or .markdown file; name the folder that does")

    def count(self) -> int:
        return len(self._refused) + len(self.paths)

    def fingerprint(self) -> str:
        return fingerprint(self.paths, self.root)

    def records(self) -> Iterator[Record]:
        yield from self._refused
        for path in self.paths:
            yield self._record(path)

    def identity(self, relative: Path, slug: str) -> tuple[str, str]:
        """The (namespace, value) that a file is known by; `slug` is its front matter's, or ''."""
        value = slug or (Path(self.root.name) / relative).as_posix()
        return self.options.namespace or self.name, value

    def defaults(self) -> dict[str, Any]:
        """Fields of every entry of this source that its own file does not state."""
        return {"kind": self.options.kind or "note"}

    def _walk(self) -> Iterator[Path]:
        def unreadable(error: OSError) -> None:
            folder = Path(error.filename or self.root)
            if folder == self.root:
                raise SourceError(f"cannot read {folder}: {error.strerror}; change its permissions") from error
            self._refuse(folder, f"the folder cannot be read: {error.strerror}")

        for folder, folders, files in os.walk(self.root, onerror=unreadable):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in folders:
                self._leads_out(Path(folder, name))
            for name in sorted(files):
                path = Path(folder, name)
                if path.suffix.lower() not in SUFFIXES or name.startswith(".") or self._leads_out(path):
                    continue
                # A pipe or a device could be waited on for ever.
                if path.is_file():
                    yield path
                else:
                    self._refuse(path, "not a regular file")

    def _leads_out(self, path: Path) -> bool:
        """Whether the path is a symbolic link to outside the folder, or to nowhere; then it is refused."""
        if not path.is_symlink():
            return False
        try:
            inside = path.resolve(strict=True).is_relative_to(self.root)
        except (OSError, RuntimeError):
            inside = False
        if not inside:
            self._refuse(path, "a symbolic link that leads out of the folder, or nowhere, is not followed")
        return not inside

    def _refuse(self, path: Path, reason: str) -> None:
        self._refused.append(BadRecord(key=path.relative_to(self.root).as_posix(), reason=reason))

    def _record(self, path: Path) -> Record:
        relative = path.relative_to(self.root)
        key = relative.as_posix()
        try:
            text, warnings = read_text(path, MAX_BYTES)
            block, rest = front_matter.split(clean_text(text))
            stated = front_matter.parse(block) if block is not None else None
        except (OSError, ValueError) as error:
            return BadRecord(key=key, reason=str(error))
        fields = self.defaults()
        if stated is None:
            fields["slug"] = slugify(relative.with_suffix("").as_posix())
        else:
            fields |= entry_fields(stated, warnings) | {"slug": stated.get("slug") or slugify(path.stem)}
        _add_what_the_text_says(fields, rest, path.stem, warnings)
        own = self.identity(relative, str((stated or {}).get("slug") or ""))
        fields["external_ids"] = [own, *fields.get("external_ids", [])]
        return entry_or_bad(key, **fields, warnings=warnings)


def _add_what_the_text_says(fields: dict[str, Any], text: str, stem: str, warnings: list[str]) -> None:
    """Fill in `fields` from the note's own words whatever front matter did not state."""
    fields["body"] = text.strip("\n").rstrip()
    if "title" not in fields:
        plain = markdown_text.read(text)
        fields |= {"title": plain.title or stem, "body": plain.body}
        fields.setdefault("tags", plain.tags)
        fields.setdefault("occurred", plain.created)
        warnings += plain.warnings
    body = fields["body"]
    fields.setdefault("summary", markdown_text.summary(body))
    if "references" not in fields:
        fields["references"] = references_in(body, warnings)
    if fields["kind"] == "note" and (questions := markdown_text.questions(body)):
        fields["facts"] = {"questions": questions} | fields.get("facts", {})
