"""`manage.py evaluate DIR`: how good is the search, on a judged collection in the BEIR layout?"""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from search import index
from search.beir import CollectionError
from search.evaluation import MEASURES, Scores, evaluate


class Command(BaseCommand):
    help = (
        "Measure keyword, vector and hybrid search on DIR (corpus.jsonl, queries.jsonl, qrels.tsv), in a scratch index."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", metavar="DIR")
        parser.add_argument("--json", action="store_true", help="the last line is the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        bar: tqdm | None = None

        def show(what: str, done: int, total: int) -> None:
            nonlocal bar
            if bar is None or bar.desc != what:
                if bar is not None:
                    bar.close()
                bar = tqdm(desc=what, disable=None, leave=False)
                bar.desc = what
            bar.total = total or None
            bar.update(done - bar.n)

        try:
            scores = evaluate(options["directory"], index.encoder(), progress=show)
        except CollectionError as error:
            raise CommandError(str(error)) from error
        finally:
            if bar is not None:
                bar.close()
        self._table(scores)
        if options["json"]:
            self.stdout.write(json.dumps(scores))

    def _table(self, scores: Scores) -> None:
        self.stdout.write(f"{'':<10}" + "".join(f"{name:>12}" for name in MEASURES))
        for mode, values in scores.items():
            self.stdout.write(f"{mode:<10}" + "".join(f"{values[name]:>12.4f}" for name in MEASURES))
