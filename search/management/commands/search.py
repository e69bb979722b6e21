"""`manage.py search "text"`: the same search as the page's, in a terminal."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kb.filters import BadFilter
from kb.kinds import KINDS
from search.answer import notices, result_json
from search.query import MODES, Hit, SearchQuery, search


class Command(BaseCommand):
    help = "Search what the public sees."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("text")
        parser.add_argument("--kind", default="", help=", ".join(KINDS))
        parser.add_argument("--mode", choices=MODES, default="hybrid")
        parser.add_argument("--limit", type=int, default=10)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        params = {"q": options["text"], **{name: str(options[name]) for name in ("kind", "mode", "limit")}}
        try:
            query = SearchQuery.from_params(params)
        except BadFilter as error:
            raise CommandError(str(error)) from error
        results = search(query, user=None)
        if options["json"]:
            self.stdout.write(json.dumps(result_json(results, lambda path: path)))
            return
        for notice in notices(results):
            self.stderr.write(notice)
        if results.did_you_mean:
            self.stdout.write(f"Did you mean: {results.did_you_mean}")
        for number, hit in enumerate(results.hits, start=1):
            self._show(number, hit)
        if not results.hits:
            self.stdout.write("Nothing found.")

    def _show(self, number: int, hit: Hit) -> None:
        entry = hit.entry
        self.stdout.write(f"{number:>2}. {entry.title}")
        self.stdout.write(
            f"    {entry.info.label.lower()}, {entry.occurred or 'no date'}, {entry.get_absolute_url()}   "
            f"{hit.score:.2f} = words {hit.keyword:.2f}, meaning {hit.semantic:.2f}"
        )
        if hit.passages:
            best = hit.passages[0]
            said = best.text[slice(*best.sentence)] if best.sentence else best.text
            self.stdout.write(f"    {' '.join(said.split())[:300]}")
