"""`manage.py benchmark`: how fast this machine imports and encodes, in figures that compare with each other."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from search.benchmarks import encoding, importing
from search.errors import SemanticUnavailable
from search.models import Passage


class Command(BaseCommand):
    help = "Measure an import from end to end, or the encoder by itself on this instance's passages."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["import", "encoder"])
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--incidents", type=int, default=100)
        parser.add_argument("--reports", type=int, default=5, help="reports of each incident")
        parser.add_argument("--characters", type=int, default=3000, help="length of a report")
        parser.add_argument("--passages", type=int, default=1000, help="passages that the encoder is measured on")
        parser.add_argument("--alone", action="store_true", help="the encoder without the library it stands in for")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = self._import(options) if options["what"] == "import" else self._encoder(options)
        except SemanticUnavailable as error:
            raise CommandError(f"There is no encoder to measure: {error}") from error
        self.stdout.write(json.dumps(found) if options["json"] else _told(found))

    def _encoder(self, options: dict[str, Any]) -> dict[str, Any]:
        if not Passage.objects.exists():
            raise CommandError("There is nothing to encode: import something first.")
        return {
            **encoding.measure(options["passages"], compare=not options["alone"]),
            "all_passages": Passage.objects.count(),
        }

    def _import(self, options: dict[str, Any]) -> dict[str, Any]:
        if min(options["incidents"], options["reports"], options["characters"]) < 1:
            raise CommandError("incidents, reports and characters must be 1 or more")
        return importing.measure(options["incidents"], options["reports"], options["characters"])


def _told(found: dict[str, Any], indent: str = "") -> str:
    lines = []
    for name, value in found.items():
        if isinstance(value, dict):
            lines += [f"{indent}{name.replace('_', ' ')}", _told(value, indent + "  ")]
        else:
            lines.append(f"{indent}{name.replace('_', ' ')}: {value}")
    return "\n".join(lines)
