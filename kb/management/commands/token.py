"""`manage.py token USER NAME`: a token with which a program may do over the API what that user may do."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from kb.models import ApiToken


class Command(BaseCommand):
    help = "Print a new token for the API, once: only its digest is kept. The admin lists tokens and withdraws them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="the account whose rights it gives, such as admin")
        parser.add_argument("name", help="what uses it, such as 'nightly import'")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"].strip()
        if not 0 < len(name) <= 100:
            raise CommandError("Say in 1 to 100 characters what uses the token.")
        user = get_user_model().objects.filter(username=options["user"]).first()
        if user is None or not user.is_active:
            raise CommandError(f"There is no active account {options['user']!r}: the admin makes them.")
        _, token = ApiToken.issue(user, name)
        if not user.is_staff:
            self.stderr.write(f"{user} is not staff: this token may read what is public, and no more.")
        self.stdout.write(token)
