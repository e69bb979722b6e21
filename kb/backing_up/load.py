"""Puts a backup back. Whoever made the file may be anybody, so nothing of it is believed."""

import base64
import hashlib
import json
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.color import no_style
from django.db import DatabaseError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.models import Model
from django.utils import timezone

from kb import changes, files, once_hidden
from kb.backing_up import ACCOUNTS, CONTENT, END, KEPT_PAGE, MANIFEST, TABLE, VERSION, tables
from kb.models import Attachment, Change, Entry, Fact, Job, Schedule, SlugRedirect
from kb.models.jobs import JobState

ROWS = 200  # written at once
NOTES_HIDDEN = "kb.0012_changes_once_hidden"  # from this migration on a change says that its entry was hidden
MAX_LINE = 64_000_000  # bytes of one row
MAX_MANIFEST = 1_000_000
MAX_CONTENT = 200_000_000  # bytes of a picture or a page
MAX_RATIO = 400  # bytes for each byte of the archive; text rarely packs better than a hundredfold
MAX_MEMBERS = 5_000_000
SPARE = 500_000_000  # bytes that stay free on the disk
PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"}


class BadBackup(Exception):
    """The file cannot be put back; the message says why. Nothing was changed."""


def read(path: Path, *, force: bool = False, trusted: bool = False) -> dict[str, int]:
    """Put back what the archive at `path` holds; the number of rows by table.

    An instance that has entries is left alone, unless `force` says to replace all that it has. Accounts, tokens,
    schedules that are on and jobs that wait come along only where the archive is `trusted`. Everything happens in one
    transaction; BadBackup when something is wrong with the file.
    """
    if Entry.objects.exists() and not force:
        raise BadBackup("this instance has entries already; --force replaces everything it has")
    try:
        with tempfile.TemporaryDirectory(dir=settings.KB_DATA_DIR, prefix=".restore-") as folder, transaction.atomic():
            counts = _Restoring(Path(folder), trusted).read(path)
    except (OSError, tarfile.TarError, zlib.error, EOFError) as error:
        raise BadBackup(f"{path} cannot be read as a backup: {error}") from error
    except (DatabaseError, ValidationError, OverflowError, TypeError) as error:
        raise BadBackup(f"{path} holds what cannot be stored: {str(error)[:500]}") from error
    changes.announce(Entry.objects.values_list("pk", flat=True))
    return counts


class _Restoring:
    def __init__(self, folder: Path, trusted: bool) -> None:
        self.folder = folder
        self.trusted = trusted
        self.known = {model._meta.label_lower: model for model in tables()}
        self.counts: dict[str, int] = {}
        self.is_whole = False
        self.notes_hidden = False

    def read(self, path: Path) -> dict[str, int]:
        room = min(shutil.disk_usage(self.folder).free - SPARE, path.stat().st_size * MAX_RATIO + 10_000_000)
        told = False
        with tarfile.open(path, "r|gz") as archive:
            for number, member in enumerate(archive):
                room -= member.size
                if number > MAX_MEMBERS or room < 0:
                    raise BadBackup(f"{path} inflates beyond what a backup does, or beyond the disk")
                file = archive.extractfile(member) if member.isfile() else None
                if file is None:
                    raise BadBackup(f"{member.name[:200]!r} in {path} is no plain file")
                if not told:
                    self._check_manifest(member.name, file)
                    self._clear()
                    told = True
                else:
                    self._take(member.name, file)
        if not self.is_whole:
            raise BadBackup(f"{path} is torn: its end is missing")
        self._mend()
        self._keep_contents()
        return self.counts

    def _check_manifest(self, name: str, file: IO[bytes]) -> None:
        try:
            said = json.loads(file.read(MAX_MANIFEST)) if name == MANIFEST else None
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict) or said.get("precedent") != "backup" or not isinstance(said.get("version"), int):
            raise BadBackup("the file is no backup that manage.py backup made")
        here = {f"{app}.{migration}" for app, migration in MigrationLoader(connection).disk_migrations}
        made = said.get("migrations")
        newer = [str(one) for one in made if one not in here] if isinstance(made, list) else []
        if said["version"] > VERSION or newer:
            raise BadBackup(f"the backup was made by a newer Precedent ({', '.join(newer)[:200]}); upgrade this one")
        self.notes_hidden = isinstance(made, list) and NOTES_HIDDEN in made

    def _clear(self) -> None:
        """Empty the tables that will be filled, and all that refer to these; accounts stay unless others come."""
        filled = {model for label, model in self.known.items() if self.trusted or label not in ACCOUNTS}
        others = set(apps.get_models(include_auto_created=True)) - filled
        referring = {model for model in others if any(field.related_model in filled for field in _relations(model))}
        for model in {one._meta.concrete_model or one for one in filled | referring}:
            if self.trusted or model._meta.label_lower not in ACCOUNTS:
                model._base_manager.all()._raw_delete(connection.alias)

    def _take(self, name: str, file: IO[bytes]) -> None:
        if self.is_whole:
            raise BadBackup(f"{name[:200]!r} stands after the end")
        if name == END:
            self.is_whole = True
        elif found := TABLE.fullmatch(name):
            self._table(f"{found[1]}.{found[2]}", file)
        elif CONTENT.fullmatch(name) or KEPT_PAGE.fullmatch(name):
            self._content(name, file)
        else:
            raise BadBackup(f"{name[:200]!r} has no place in a backup")

    def _table(self, label: str, file: IO[bytes]) -> None:
        model = self.known.get(label)
        if model is None:
            if apps.all_models.get(label.partition(".")[0], {}).get(label.partition(".")[2]) is None:
                raise BadBackup(f"there is no table {label} here")
            return
        if label in ACCOUNTS and not self.trusted:
            return
        if label in self.counts:
            raise BadBackup(f"the table {label} stands there twice")
        count, rows = 0, []
        for row in self._rows(model, file):
            rows.append(row)
            if len(rows) == ROWS:
                model._base_manager.bulk_create(rows)
                count, rows = count + len(rows), []
        model._base_manager.bulk_create(rows)
        self.counts[label] = count + len(rows)

    def _rows(self, model: type[Model], file: IO[bytes]) -> Iterator[Model]:
        fields = {field.attname: field for field in model._meta.concrete_fields}
        # Who did something is known by an account, and where none comes along, nobody is.
        people = {name for name, field in fields.items() if _is_of_account(field) and not self.trusted}
        number = 0
        while line := file.readline(MAX_LINE + 1):
            number += 1
            try:
                said = json.loads(line) if len(line) <= MAX_LINE else None
            except (ValueError, RecursionError):
                said = None
            if not isinstance(said, dict) or not said.keys() <= fields.keys():
                raise BadBackup(f"line {number} of the table {model._meta.label_lower} is no row of it")
            values = {name: None if name in people else _value(fields[name], value) for name, value in said.items()}
            if not any(name in people and not fields[name].null for name in said):
                yield model(**values)

    def _content(self, name: str, file: IO[bytes]) -> None:
        """Keep a content beside until everything else is known to be well."""
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        with place.open("wb") as copy:
            while block := file.read(files.BLOCK):
                size += len(block)
                if size > MAX_CONTENT:
                    raise BadBackup(f"{name} is larger than {MAX_CONTENT:,} bytes")
                digest.update(block)
                copy.write(block)
        found = CONTENT.fullmatch(name)
        if found and (found[1] != digest.hexdigest() or name.split("/")[1] != found[1][:2]):
            raise BadBackup(f"{name} is not what its name says")

    def _mend(self) -> None:
        """See to it that what was put back begins nothing by itself, and that new rows get new numbers."""
        Attachment.objects.exclude(media_type__in=PICTURES).delete()
        if not self.trusted:
            Schedule.objects.update(is_on=False)
            waiting = Job.objects.exclude(state__in=(JobState.DONE, JobState.FAILED, JobState.CANCELLED))
            waiting.update(state=JobState.CANCELLED, lease="", leased_until=None, finished_at=timezone.now())
        else:
            Job.objects.filter(state=JobState.RUNNING).update(state=JobState.PENDING, lease="", leased_until=None)
        entries = Entry.objects.iterator(ROWS)
        while some := list(islice(entries, ROWS)):
            for entry in some:
                entry.clean()  # facts that do not fit its kind
            Fact.objects.follow(some)
        connection.check_constraints()
        if not self.notes_hidden:
            once_hidden.mark(Change, Entry.history.model, SlugRedirect)
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), list(self.known.values())):
                cursor.execute(statement)

    def _keep_contents(self) -> None:
        root = Path(settings.KB_DATA_DIR)
        for path in [path for path in self.folder.rglob("*") if path.is_file()]:
            kept = root / path.relative_to(self.folder)
            kept.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, kept)


def _relations(model: type[Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if field.is_relation]


def _is_of_account(field: Any) -> bool:
    return field.is_relation and field.related_model._meta.label_lower in ACCOUNTS


def _value(field: Any, value: Any) -> Any:
    if field.get_internal_type() == "JSONField" or value is None:
        return value
    if isinstance(value, dict | list):
        raise BadBackup(f"a value of {field.model._meta.label_lower}.{field.name} is no plain one")
    target = field.target_field if field.is_relation else field
    if field.get_internal_type() == "BinaryField":
        return base64.b64decode(str(value))
    cleaned = target.to_python(value)
    if isinstance(cleaned, str) and field.max_length and len(cleaned) > field.max_length:
        raise BadBackup(f"a value of {field.model._meta.label_lower}.{field.name} is too long")
    return cleaned
