"""Entries as Markdown files with front matter, one an entry, as `manage.py ingest markdown` reads them back."""

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import yaml

from kb import files
from kb.exporting.notice import Notice
from kb.exporting.records import ExportRecord
from kb.kinds import KINDS
from kb.models import Origin

MAX_FRONT_MATTER = 60_000  # characters; our own source takes 65,536
PICTURE = re.compile(r"\]\((<?)files/")
REFERENCE = ("url", "urn", "title", "publisher", "authors", "date", "archive_url", "language", "role")
NOTICE = "NOTICE.txt"
FORMAT = "precedent"  # tells our own source that the front matter says all there is to say


class Place(Protocol):
    """Where the files go."""

    def write(self, name: str, content: bytes) -> None:
        """Put a file there; its name has folders before it."""


class _Plain(yaml.SafeDumper):
    """Without `&a` and `*a`, which no reader of front matter should follow."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


class Folder:
    """A folder that is not there yet, or is empty."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, content: bytes) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


class Archive:
    """A ZIP file, written as it grows."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive

    def write(self, name: str, content: bytes) -> None:
        self.archive.writestr(name, content, zipfile.ZIP_DEFLATED)


def write(records: Iterable[ExportRecord], notice: Notice, place: Place) -> Iterator[str]:
    """Write all of them, and a notice of whose they are; after each the words of what was left out of it, or ""."""
    place.write(NOTICE, "".join(f"{line}\n" for line in notice.lines()).encode())
    for record in records:
        name = _name(record)
        for picture, content in _pictures(record):
            place.write(str(name.parent / "files" / name.stem / picture), content)
        text, left_out = as_markdown(record)
        place.write(str(name), text.encode(errors="replace"))
        yield f"{record.entry.title}: {left_out} references are left out" if left_out else ""


def as_markdown(record: ExportRecord, pictures: str = "") -> tuple[str, int]:
    """The entry as a file, and how many of its references its front matter has no room for.

    `pictures` is the folder that its pictures lie in, seen from the file.
    """
    references = [_short(one) for one in record.said["references"]]
    folder = pictures or f"files/{_name(record).stem}/"
    body = record.entry.body
    if record.entry.attachments.all():
        body = PICTURE.sub(lambda found: f"]({found[1]}{folder}", body)
    kept = len(references)
    while True:
        front = _front(record, references[:kept])
        block = yaml.dump(front, Dumper=_Plain, allow_unicode=True, sort_keys=False, width=110)
        if len(block) <= MAX_FRONT_MATTER or not kept:
            return f"---\n{block}---\n\n{body}\n", len(references) - kept
        kept = min(kept - 1, kept * MAX_FRONT_MATTER // len(block))


def _front(record: ExportRecord, references: Sequence[dict[str, Any]]) -> dict[str, Any]:
    said = record.said
    entities: dict[str, list[str]] = {}
    for row in said["roles"]:
        entities.setdefault(row["role"], []).append(row["name"])
    ids: dict[str, list[str]] = {}
    for namespace, value in said["ids"]:
        ids.setdefault(namespace, []).append(value)
    links: dict[str, list[str]] = {}
    for row in said["links"]:
        links.setdefault(row["relation"], []).append(":".join(row["to"]))
    front: dict[str, Any] = {
        "format": FORMAT,
        "title": said["title"],
        "slug": said["slug"],
        "kind": said["kind"],
        "date": said["date"],
        "summary": said["summary"],
        "tags": said["tags"],
        "language": said["language"],
        "status": said["status"] if said["status"] != "published" else "",
        "visibility": said["visibility"] if said["visibility"] != "public" else "",
        "ids": ids,
        "entities": entities,
        "facts": said["facts"],
        "classifications": [
            {name: row[name] for name in ("taxonomy", "path", "evidence") if row[name]}
            for row in said["classifications"]
            if row["origin"] != Origin.SUGGESTED
        ],
        "references": references,
        "links": links,
        "licence": said["licence"],
        "attribution": said["attribution"],
        "attributions": [
            {name: one[name] for name in ("attribution", "licence", "licence_url", "source") if one[name]}
            for one in said["attributions"]
        ],
    }
    return {name: value for name, value in front.items() if value}


def _short(reference: dict[str, Any]) -> dict[str, Any]:
    return {name: reference[name] for name in REFERENCE if reference[name] not in ("", [], None, "report")}


def _name(record: ExportRecord) -> PurePosixPath:
    """`incidents/<slug>.md`; a slug has no slash, and one that begins with a dot would be passed over."""
    stem = record.said["slug"].replace("/", "-").lstrip(".")[:150] or "entry"
    stem = stem if stem == record.said["slug"] else f"{stem}-{record.entry.pk}"
    return PurePosixPath(KINDS[record.said["kind"]].path) / f"{stem}.md"


def _pictures(record: ExportRecord) -> Iterator[tuple[str, bytes]]:
    for row in record.entry.attachments.all():
        try:
            with files.open_file(row.sha256) as file:
                yield row.name, file.read()
        except (OSError, ValueError):
            continue  # the page shows none either
