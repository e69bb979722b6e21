"""Taking entries out: what is exported, in which formats, and who has to be named for it."""

from collections.abc import Callable, Iterable, Iterator

from kb.exporting.bibliography import bibtex, csl_json, ris
from kb.exporting.notice import Notice
from kb.exporting.records import ExportRecord
from kb.exporting.tables import csv, jsonl

Written = Callable[[Iterable[ExportRecord], Notice], Iterator[str]]

# Name -> what writes it as a stream of text. `markdown` is a folder or an archive, and written by kb.exporting.folder.
TEXTS: dict[str, Written] = {
    "jsonl": jsonl,
    "csv": csv,
    "bibtex": bibtex,
    "ris": ris,
    "csl-json": csl_json,
}
MARKDOWN = "markdown"
FORMATS = (*TEXTS, MARKDOWN)
# Those that can say within themselves who has to be named; beside the others a notice is written.
CARRY_NOTICE = ("jsonl", "bibtex", MARKDOWN)
MEDIA_TYPES = {"jsonl": "application/x-ndjson", "csv": "text/csv"}
