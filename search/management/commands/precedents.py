"""`manage.py precedents [FILE]`: precedents of a description, as the public sees them, in a terminal."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kb.kinds import KINDS
from search.description import MAX_CHARS, BadDescription
from search.precedents import Precedent, Precedents, precedents
from search.precedents_json import precedents_json
from search.precedents_markdown import precedents_markdown


class Command(BaseCommand):
    help = "Describe what you are about to build: see what went wrong before, and who did it well."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", default="-", help="a text file; - or nothing reads standard input")
        shape = parser.add_mutually_exclusive_group()
        shape.add_argument("--json", action="store_true")
        shape.add_argument("--markdown", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = precedents(_read(options["file"]), user=None)
        except BadDescription as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(precedents_json(found, lambda path: path)))
        elif options["markdown"]:
            self.stdout.write(precedents_markdown(found, lambda path: path))
        else:
            self._show(found)

    def _show(self, found: Precedents) -> None:
        for notice in found.notices:
            self.stderr.write(notice)
        if found.nothing_close:
            self.stdout.write("Nothing in this collection is close to that.")
            return
        for kind, info in KINDS.items():
            shelf = found.shelves[kind]
            self.stdout.write(f"{info.plural}{': nothing close' if shelf.nothing_close else ''}")
            for group in shelf.groups:
                if group.label.name:
                    suggested = ", suggested" if group.label.origin == "suggested" else ""
                    self.stdout.write(f"  {group.label.name}{suggested}")
                for one in group.precedents:
                    self._one(one)

    def _one(self, one: Precedent) -> None:
        figure = "" if one.strength is None else f" {one.strength:.2f}"
        self.stdout.write(f"    {one.entry.title}  ({one.closeness}{figure})")
        self.stdout.write(f"      {' '.join(one.quote.text.split())[:160]}")
        self.stdout.write(f"      {one.entry.get_absolute_url()}")


def _read(name: str) -> str:
    """A little more than can be looked up, so that too much is told and not swallowed."""
    try:
        if name == "-":
            return sys.stdin.read(4 * MAX_CHARS)
        with Path(name).open(encoding="utf-8", errors="replace") as file:
            return file.read(4 * MAX_CHARS)
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}") from error
