"""Where entries come from: one module a source, opened by name. No source touches the database."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from ingest.sources.base import Options, Source, SourceError

# name -> dotted class. A class is imported when it is asked for, so a source's library costs the others nothing.
SOURCES = {
    "aiaaic": "ingest.sources.aiaaic.source.AiaaicSheet",
    "aiid": "ingest.sources.aiid.source.AiidSnapshot",
    "atlas": "ingest.sources.atlas.source.AtlasData",
    "avid": "ingest.sources.avid.source.AvidDatabase",
    "csv": "ingest.sources.tables.csv_table.CsvTable",
    "feed": "ingest.sources.feed.FeedItems",
    "jsonl": "ingest.sources.tables.json_lines.JsonLines",
    "links": "ingest.sources.links.source.LinkList",
    "markdown": "ingest.sources.markdown.source.MarkdownNotes",
    "pdf": "ingest.sources.pdf.Papers",
    "starter": "ingest.sources.starter.StarterCollection",
    "url": "ingest.sources.url.Addresses",
    "xlsx": "ingest.sources.tables.xlsx_table.XlsxTable",
}


def open_source(
    name: str, location: str, options: Mapping[str, Any] | None = None, scratch: Path | None = None
) -> Source:
    """The source called `name` at `location`, ready to be read.

    `options` are the words of the ingest command, `{"kind": "note", "namespace": "wiki", "map": ["title=Name"]}`, of
    which each source takes some. `scratch` is a folder for temporary files (default: the system's); they are removed
    with the source. Raises SourceError, naming what is wrong and what to do.
    """
    found = source_class(name)
    opened: Source = found(location, Options.read(name, options or {}, found.takes), scratch)
    return opened


def source_class(name: str) -> Any:
    """The class of the source called `name`; SourceError lists those that there are."""
    if name not in SOURCES:
        raise SourceError(f"there is no source {name!r}; there are {', '.join(sorted(SOURCES))}")
    module, _, attribute = SOURCES[name].rpartition(".")
    return getattr(import_module(module), attribute)


__all__ = ["SOURCES", "Options", "Source", "SourceError", "open_source", "source_class"]
