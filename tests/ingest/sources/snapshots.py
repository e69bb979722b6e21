"""A small AIID snapshot in the layout of the published ones, told in our own words."""

import csv
import datetime as dt
import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bson
import openpyxl

ROOT = "mongodump_full_snapshot/"
DUMP = ROOT + "aiidprod/"

PARTIES = (
    "Alleged deployer of AI system",
    "Alleged developer of AI system",
    "Alleged harmed or nearly harmed parties",
)


def incident(number: int, title: str = "A lift skipped a floor", **fields: Any) -> dict[str, Any]:
    """An incident as the database has it; `deployer`, `developer` and `harmed` are lists of slugs."""
    parties = (fields.pop(role, []) for role in ("deployer", "developer", "harmed"))
    return {
        "_id": bson.ObjectId(f"{number:024x}"),
        "incident_id": number,
        "date": "2023-05-04",
        "reports": [],
        **dict(zip(PARTIES, parties, strict=True)),
        "description": "It did not stop where it was told to.",
        "title": title,
    } | fields


def report(number: int, **fields: Any) -> dict[str, Any]:
    """A report as the database has it."""
    return {
        "_id": bson.ObjectId(f"{number:024x}"),
        "authors": ["Ada Beam", "Bo Cable"],
        "date_published": "2023-05-06",
        "description": "",
        "epoch_date_published": 1683331200,
        "image_url": "",
        "language": "en",
        "report_number": number,
        "source_domain": "news.example",
        "text": f"The *lift* of report {number} went by.",
        "title": f"Report {number}",
        "url": f"https://news.example/{number}",
    } | fields


def incidents_csv(rows: list[dict[str, Any]]) -> bytes:
    """Lists as JSON, ids as `ObjectId(…)`, quotes doubled."""
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, ["_id", "incident_id", "date", "reports", *PARTIES, "description", "title"])
    writer.writeheader()
    for row in rows:
        lists = {name: json.dumps(row[name], separators=(",", ":")) for name in ("reports", *PARTIES)}
        writer.writerow(row | lists | {"_id": f"ObjectId({row['_id']})"})
    return file.getvalue().encode()


def reports_csv(rows: list[dict[str, Any]]) -> bytes:
    """Every field quoted, a backslash before quotes and backslashes, lists joined with commas."""

    def quoted(value: Any) -> str:
        text = ", ".join(value) if isinstance(value, list) else str(value)
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    names = list(rows[0])
    return "".join(",".join(map(quoted, row)) + "\n" for row in [names, *(list(r.values()) for r in rows)]).encode()


def dump(rows: list[dict[str, Any]]) -> bytes:
    """Concatenated BSON."""
    return b"".join(bson.encode(row) for row in rows)


def pack(path: Path, files: dict[str, bytes], dot: bool = False) -> Path:
    """A `.tar.bz2` of files by their paths below the snapshot's folder."""
    with tarfile.open(path, "w:bz2") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(("./" if dot else "") + ROOT + name)
            member.size, member.mtime = len(content), int(dt.datetime(2025, 2, 10, tzinfo=dt.UTC).timestamp())
            archive.addfile(member, io.BytesIO(content))
    return path


def field(name: str, display_type: str, values: Sequence[str] = (), **more: Any) -> dict[str, Any]:
    """The definition of a taxonomy's field."""
    return {
        "short_name": name,
        "long_name": f"What about {name}?",
        "short_description": f"Says what is known of {name}.",
        "display_type": display_type,
        "permitted_values": list(values),
        "public": True,
    } | more


def taxonomy(namespace: str, *fields: dict[str, Any]) -> dict[str, Any]:
    """A taxonomy as the database has it."""
    return {"namespace": namespace, "description": f"# {namespace}\n\nA taxonomy of lifts.", "field_list": list(fields)}


def classification(namespace: str, incident_number: int, *values: tuple[str, Any], **more: Any) -> dict[str, Any]:
    """A classification as the database has it: values as JSON."""
    attributes = [{"short_name": name, "value_json": json.dumps(value)} for name, value in values]
    return {
        "namespace": namespace,
        "incidents": [incident_number],
        "reports": [],
        "publish": True,
        "attributes": attributes,
    } | more


def classifications_csv(namespace: str, columns: Sequence[str], *rows: Sequence[Any]) -> bytes:
    """Rows of an incident's number, whether it is published, and values; lists are joined with commas."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(["Namespace", "Incident ID", "Published", *columns])
    for row in rows:
        writer.writerow([namespace, *(", ".join(cell) if isinstance(cell, list) else cell for cell in row)])
    return file.getvalue().encode()


def workbook(path: Path, **sheets: Sequence[Sequence[Any]]) -> Path:
    """An `.xlsx` with those sheets, each a list of rows."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title.replace("_", " "))
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path
