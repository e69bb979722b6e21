"""`manage.py export FORMAT`: entries as files that other programs, and this one, read."""

import os
import zipfile
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kb import exporting
from kb.exporting import folder
from kb.exporting.notice import Notice
from kb.exporting.records import ExportRecord, records
from kb.filters import NAMED, BadFilter, EntryFilter
from kb.models import Entry

FILTERS = ("kind", *NAMED, "since", "until")


class Command(BaseCommand):
    help = "Write entries out, with who has to be named for them. Only what is public, unless told --internal."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("format", help=", ".join(exporting.FORMATS))
        parser.add_argument("--output", help="a file, or for markdown a folder or a .zip; else standard output")
        parser.add_argument("--internal", action="store_true", help="drafts and internal entries too")
        parser.add_argument("--site", default="", help="address of this instance, for links to its pages")
        for name in FILTERS:
            parser.add_argument(f"--{name}", default="", help=f"only entries of this {name}, as on the pages")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["format"].lower()
        if name not in exporting.FORMATS:
            known = ", ".join(exporting.FORMATS)
            raise CommandError(f"There is no format {options['format']!r}; there are {known}.")
        try:
            wanted = EntryFilter.from_params({key: options[key] for key in FILTERS})
        except BadFilter as error:
            raise CommandError(str(error)) from error
        if options["site"] and not options["site"].startswith(("http://", "https://")):
            raise CommandError("--site must be an address such as https://kb.example.")
        readable = Entry.objects.all() if options["internal"] else Entry.objects.visible_to(None)
        entries = wanted.apply(readable).order_by("id")
        notice = Notice.of(entries, options["site"])
        found = records(entries, readable, options["site"])
        output = Path(options["output"]) if options["output"] else None
        try:
            if name == exporting.MARKDOWN:
                said = self._markdown(found, notice, output)
            else:
                said = self._text(name, found, notice, output)
        except OSError as error:
            raise CommandError(f"{output} could not be written: {error.strerror or error}") from error
        self.stderr.write(f"{notice.entries:,} entries exported{said}")

    def _text(self, name: str, found: Iterable[ExportRecord], notice: Notice, output: Path | None) -> str:
        parts = exporting.TEXTS[name](found, notice)
        beside = "" if name in exporting.CARRY_NOTICE else "".join(f"{line}\n" for line in notice.lines())
        if output is None:
            for written in parts:
                self.stdout.write(written, ending="")
            if beside:
                self.stderr.write(beside)
            return ""
        part = output.with_name(output.name + ".part")
        with part.open("w", encoding="utf-8", errors="replace", newline="") as file:
            for written in parts:
                file.write(written)
        os.replace(part, output)
        if not beside:
            return f" to {output}"
        notes = output.with_name(output.name + ".NOTICE.txt")
        notes.write_text(beside, encoding="utf-8")
        return f" to {output}; whose they are is in {notes.name}"

    def _markdown(self, found: Iterable[ExportRecord], notice: Notice, output: Path | None) -> str:
        if output is None:
            raise CommandError("Markdown is one file an entry: say --output FOLDER, or --output FILE.zip.")
        if output.suffix.lower() == ".zip":
            part = output.with_name(output.name + ".part")
            with zipfile.ZipFile(part, "w") as archive:
                self._tell(folder.write(found, notice, folder.Archive(archive)))
            os.replace(part, output)
            return f" to {output}"
        if output.exists() and (not output.is_dir() or any(output.iterdir())):
            raise CommandError(f"{output} is there already and not empty: name a new folder, or empty it.")
        output.mkdir(parents=True, exist_ok=True)
        self._tell(folder.write(found, notice, folder.Folder(output)))
        return f" to {output}"

    def _tell(self, said: Iterator[str]) -> None:
        for words in said:
            if words:
                self.stderr.write(words)
