"""Where entries come from: one module a source, opened by name. No source touches the database."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from ingest.sources.base import Options, Source, SourceError

# name -> dotted class. A class is imported when it is asked for, so a source's library costs the others nothing.
SOURCES = {
    "aiid": "ingest.sources.aiid.AiidSnapshot",
    "avid": "ingest.sources.avid.AvidDatabase",
    "csv": "ingest.sources.csv_table.CsvTable",
    "jsonl": "ingest.sources.json_lines.JsonLines",
    "markdown": "ingest.sources.markdown.MarkdownNotes",
    "starter": "ingest.sources.starter.StarterCollection",
}


def open_source(
    name: str, location: str, options: Mapping[str, Any] | None = None, scratch: Path | None = None
) -> Source:
    """The source called `name` at `location`, ready to be read.

    `options` are the words of the ingest command, `{"kind": "note", "namespace": "wiki", "map": ["title=Name"]}`, of
    which each source takes some. `scratch` is a folder for temporary files (default: the system's); they are removed
    with the source. Raises SourceError, naming what is wrong and what to do.
    """
    if name not in SOURCES:
        raise SourceError(f"there is no source {name!r}; there are {', '.join(sorted(SOURCES))}")
    module, _, attribute = SOURCES[name].rpartition(".")
    source_class = getattr(import_module(module), attribute)
    return source_class(location, Options.read(name, options or {}, source_class.takes), scratch)


__all__ = ["SOURCES", "Options", "Source", "SourceError", "open_source"]
