"""Makes a backup: a compressed archive of tables as lines of JSON, of pictures, and of pages as they were fetched."""

import base64
import datetime as dt
import io
import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model

from kb.backing_up import CONTENT, END, KEPT_PAGE, MANIFEST, VERSION, tables

ROWS = 500  # in memory
Rows = Callable[[type[Model]], Iterator[dict[str, Any]]]


def write(path: Path) -> dict[str, int]:
    """Write all that this instance knows to `path`, as of one moment; the number of rows by table.

    Others read and write meanwhile. The file is whole or not there. Raises OSError where it cannot be written.
    """
    part = path.with_name(path.name + ".part")
    try:
        with tarfile.open(part, "w:gz", compresslevel=6) as archive, _moment() as rows:
            _add(archive, MANIFEST, json.dumps(_manifest(), indent=1).encode())
            counts = {model._meta.label_lower: _add_table(archive, model, rows(model)) for model in tables()}
            for name, file in _contents():
                archive.add(file, name, recursive=False)
            _add(archive, END, json.dumps(counts).encode())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return counts


@contextmanager
def _moment() -> Iterator[Rows]:
    """What gives the rows of a table as they are now, whatever is written while they are read."""
    within = connection.in_atomic_block
    if connection.vendor != "sqlite" or within:
        with transaction.atomic():
            if not within:
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield _rows
        return
    # SQLite lets nobody write while it is read in a transaction that may write: a copy is read instead.
    with tempfile.TemporaryDirectory(dir=settings.KB_DATA_DIR, prefix=".backup-") as folder:
        copy = sqlite3.connect(Path(folder, "database.sqlite3"))
        try:
            connection.ensure_connection()
            connection.connection.backup(copy, pages=1000)
            yield partial(_rows_of_copy, copy)
        finally:
            copy.close()


def _rows(model: type[Model]) -> Iterator[dict[str, Any]]:
    names = [field.attname for field in model._meta.concrete_fields]
    return model._base_manager.order_by("pk").values(*names).iterator(ROWS)


def _rows_of_copy(copy: sqlite3.Connection, model: type[Model]) -> Iterator[dict[str, Any]]:
    """The rows, with what SQLite has no type for as what it is."""
    fields = model._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    for row in copy.execute(f'SELECT {columns} FROM "{model._meta.db_table}" ORDER BY rowid'):  # noqa: S608 (no input)
        yield {field.attname: _typed(field, value) for field, value in zip(fields, row, strict=True)}


def _typed(field: Any, value: Any) -> Any:
    if value is None:
        return None
    match field.get_internal_type():
        case "JSONField":
            return json.loads(value)
        case "BooleanField":
            return bool(value)
        case "DateTimeField":
            return f"{value}+00:00"
    return value


def _plain(value: Any) -> str:
    """What JSON has no type for, as text that its field reads."""
    return base64.b64encode(bytes(value)).decode() if isinstance(value, bytes | memoryview) else value.isoformat()


def _manifest() -> dict[str, Any]:
    applied = sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())
    made_at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    return {"precedent": "backup", "version": VERSION, "made_at": made_at, "migrations": applied}


def _add_table(archive: tarfile.TarFile, model: type[Model], rows: Iterator[dict[str, Any]]) -> int:
    """One line a row; how many. They are written to a file beside first, as an archive has to be told its size."""
    count = 0
    with tempfile.TemporaryFile(dir=settings.KB_DATA_DIR) as file:
        for row in rows:
            file.write(json.dumps(row, default=_plain).encode() + b"\n")
            count += 1
        info = tarfile.TarInfo(f"tables/{model._meta.label_lower}.jsonl")
        info.size = file.tell()
        file.seek(0)
        archive.addfile(info, file)
    return count


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))


def _contents() -> Iterator[tuple[str, Path]]:
    """Pictures, and pages as they were fetched, by their names in the archive."""
    root = Path(settings.KB_DATA_DIR)
    for top in ("files", "pages"):
        for path in sorted((root / top).rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_file() and not path.is_symlink() and (CONTENT.fullmatch(name) or KEPT_PAGE.fullmatch(name)):
                yield name, path
