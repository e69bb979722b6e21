"""The starter collection that comes with Precedent: Markdown files of our own words, `kb/starter/**/<slug>.md`."""

from pathlib import Path, PurePosixPath
from typing import Any

import kb
from ingest.sources.base import Options, SourceError
from ingest.sources.markdown.source import MarkdownNotes

FOLDER = Path(kb.__file__).parent / "starter"


class StarterCollection(MarkdownNotes):
    """The bundled folder, and no other. An entry is known by its file's name, wherever that lies."""

    name = "starter"
    takes = frozenset()
    what = "the starter collection's folder"

    def __init__(self, location: str = "", options: Options | None = None, scratch: Path | None = None) -> None:
        if location:
            raise SourceError("the starter collection comes with Precedent: leave the location out, or say markdown")
        super().__init__(str(FOLDER), options or Options(), scratch)

    def identity(self, relative: PurePosixPath, slug: str) -> tuple[str, str]:
        return self.name, relative.stem

    def defaults(self) -> dict[str, Any]:
        return {
            "kind": "note",
            "licence": "Apache-2.0",
            "attribution": "Precedent starter collection",
            "language": "en",
        }
