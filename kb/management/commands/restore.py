"""`manage.py restore FILE`: what a backup holds, put back."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from kb.backing_up import load


class Command(BaseCommand):
    help = "Put a backup back into an empty instance, and build the index anew."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="what manage.py backup wrote")
        parser.add_argument("--force", action="store_true", help="replace everything that this instance has")
        parser.add_argument(
            "--trusted",
            action="store_true",
            help="it is your own: take accounts, tokens, schedules and jobs",
        )
        parser.add_argument("--no-index", action="store_true", help="leave the index to the next up or reindex")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(options["file"])
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        call_command("migrate", interactive=False, verbosity=0)
        try:
            counts = load.read(path, force=options["force"], trusted=options["trusted"])
        except load.BadBackup as error:
            raise CommandError(f"Nothing was restored: {error}.") from error
        self.stdout.write(f"{counts.get('kb.entry', 0):,} entries restored from {path}")
        if not options["trusted"]:
            self.stderr.write("Accounts, tokens, schedules and waiting jobs were left out; --trusted takes them too.")
        if not options["no_index"]:
            call_command("reindex")
