"""`manage.py signin`: another one-time sign-in link for the account `admin`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from kb.signin import sign_in_path


class Command(BaseCommand):
    help = "Print a link that signs in as admin, once, within a day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--address", default="http://127.0.0.1:8000", help="where this instance is reached (%(default)s)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(options["address"].rstrip("/") + sign_in_path())
