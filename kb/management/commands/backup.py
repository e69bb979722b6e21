"""`manage.py backup FILE`: all that this instance knows, in one file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kb.backing_up import dump


class Command(BaseCommand):
    help = "Write entries and all about them, accounts, pictures and kept pages to one file, as of one moment."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="such as precedent-2026-02-14.tar.gz")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(options["file"]).absolute()
        try:
            counts = dump.write(path)
        except OSError as error:
            raise CommandError(f"{path} could not be written: {error.strerror or error}") from error
        self.stdout.write(f"{counts.get('kb.entry', 0):,} entries backed up to {path} ({path.stat().st_size:,} bytes)")
        self.stderr.write("It holds accounts, internal entries and texts that belong to others: keep it safe.")
