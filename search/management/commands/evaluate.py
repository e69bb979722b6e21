"""`manage.py evaluate DIR`: how good is the search, on a judged collection in the BEIR layout?"""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from search import index
from search.beir import CollectionError
from search.errors import SemanticUnavailable
from search.evaluation import MEASURES, Scores, evaluate
from search.tuning.evaluating import adapted


class Command(BaseCommand):
    help = (
        "Measure keyword, vector and hybrid search on DIR (corpus.jsonl, queries.jsonl, qrels.tsv), in a scratch index."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", metavar="DIR")
        parser.add_argument(
            "--tune",
            action="store_true",
            help="adapt the encoder to DIR's documents, never its queries, and show before and after; minutes",
        )
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

        directory, base = options["directory"], index.base() if options["tune"] else index.encoder()
        try:
            found = [("", evaluate(directory, base, progress=show))]
            if options["tune"]:
                with adapted(directory, base, show) as result:
                    scores = evaluate(directory, result.encoder, progress=show) if result.is_kept else found[0][1]
                    found = [(f"{base.fingerprint}:", found[0][1]), ("\n".join([*result.said, "Adapted:"]), scores)]
        except (CollectionError, SemanticUnavailable) as error:
            raise CommandError(str(error)) from error
        finally:
            if bar is not None:
                bar.close()
        for title, scores in found:
            if title:
                self.stdout.write(title)
            self._table(scores)
        if options["json"]:  # the last line is what counts: after adapting, where that was asked for
            for _, scores in found:
                self.stdout.write(json.dumps(scores))

    def _table(self, scores: Scores) -> None:
        self.stdout.write(f"{'':<10}" + "".join(f"{name:>12}" for name in MEASURES))
        for mode, values in scores.items():
            self.stdout.write(f"{mode:<10}" + "".join(f"{values[name]:>12.4f}" for name in MEASURES))
