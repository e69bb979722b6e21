"""`manage.py benchmark`: how fast this machine imports, encodes and searches, in figures that can be compared."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kb.models import Entry
from search.benchmarks import encoding, importing, made_collection, pages, searching
from search.errors import SearchError, SemanticUnavailable
from search.models import Passage
from search.progress import Bar

# Without a word about what to measure: small enough to wait for.
QUICK_PASSAGES, QUICK_REQUESTS = 5_000, 50
ENCODED = 1_000
SEARCHED = 100_000


class Command(BaseCommand):
    help = (
        "Measure an import from end to end, the encoder by itself on this instance's passages, or searches or pages "
        "over HTTP in a made-up collection; without a name the encoder and small searches. The instance's data is left "
        "alone."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "what",
            nargs="?",
            default="quick",
            choices=["import", "encoder", "search", "pages", "quick", "fill"],
            help="fill writes the made-up collection that search measures into this instance, which must be empty",
        )
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--incidents", type=int, default=100)
        parser.add_argument("--reports", type=int, default=5, help="reports of each incident")
        parser.add_argument("--characters", type=int, default=3000, help="length of a report")
        parser.add_argument(
            "--passages",
            type=int,
            help=f"passages that the encoder is measured on ({ENCODED:,}), or that are searched ({SEARCHED:,})",
        )
        parser.add_argument("--requests", type=int, default=200, help="questions for each way of asking")
        parser.add_argument("--rate", type=float, default=100, help="questions a second while an import runs")
        parser.add_argument("--seconds", type=float, default=0, help="how long to ask at that rate; 0: not at all")
        parser.add_argument("--keep", type=Path, metavar="FOLDER", help="make the collection here, and use it again")
        parser.add_argument("--alone", action="store_true", help="the encoder without the library it stands in for")
        parser.add_argument(
            "--judged",
            type=Path,
            action="append",
            default=[],
            metavar="DIR",
            help="with encoder: its quality too, on a collection as `evaluate` reads it; takes minutes; repeatable",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for name in ("incidents", "reports", "characters", "passages", "requests", "rate"):
            if options[name] is not None and options[name] < 1:
                raise CommandError(f"{name} must be 1 or more")
        try:
            found = getattr(self, f"_{options['what']}")(options)
        except SemanticUnavailable as error:
            raise CommandError(f"There is no encoder to measure: {error}") from error
        except SearchError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(found) if options["json"] else _told(found))

    def _encoder(self, options: dict[str, Any]) -> dict[str, Any]:
        if not options["judged"] and not Passage.objects.exists():
            raise CommandError("There is nothing to encode: import something first.")
        with Bar() as bar:
            judged = {str(folder): encoding.quality(folder, bar) for folder in options["judged"]}
        if not Passage.objects.exists():
            return {"quality": judged}
        return {
            **encoding.measure(options["passages"] or ENCODED, compare=not options["alone"]),
            "all_passages": Passage.objects.count(),
            **({"quality": judged} if judged else {}),
        }

    def _import(self, options: dict[str, Any]) -> dict[str, Any]:
        return importing.measure(options["incidents"], options["reports"], options["characters"])

    def _search(self, options: dict[str, Any]) -> dict[str, Any]:
        load = searching.Load(options["rate"], options["seconds"]) if options["seconds"] > 0 else None
        return searching.measure(options["passages"] or SEARCHED, options["requests"], load, options["keep"])

    def _pages(self, options: dict[str, Any]) -> dict[str, Any]:
        return pages.measure(options["passages"] or pages.PASSAGES, min(options["requests"], 30), options["keep"])

    def _quick(self, options: dict[str, Any]) -> dict[str, Any]:
        encoder = {"encoder": self._encoder(options)} if Passage.objects.exists() else {}
        return {**encoder, "search": searching.measure(options["passages"] or QUICK_PASSAGES, QUICK_REQUESTS)}

    def _fill(self, options: dict[str, Any]) -> dict[str, Any]:
        if Entry.objects.exists():
            raise CommandError(
                "Made-up entries are written into an empty instance only: set KB_DATA_DIR to a new folder."
            )
        made_collection.fill(options["passages"] or SEARCHED)
        return {"entries": Entry.objects.count(), "passages": Passage.objects.count()}


def _told(found: dict[str, Any], indent: str = "") -> str:
    lines = []
    for name, value in found.items():
        if isinstance(value, dict):
            lines += [f"{indent}{name.replace('_', ' ')}", _told(value, indent + "  ")]
        else:
            lines.append(f"{indent}{name.replace('_', ' ')}: {value}")
    return "\n".join(lines)
