"""`manage.py evaluate DIR`: how good is the search, on a judged collection in the BEIR layout?"""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from search import index, quality
from search.beir import CollectionError
from search.errors import SearchError
from search.evaluation import measure
from search.models import MAX_NAME, Evaluation
from search.variants import BY_MODES


class Command(BaseCommand):
    help = (
        "Measure keyword, vector and hybrid search on DIR (corpus.jsonl, queries.jsonl, qrels.tsv), in a scratch index."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", metavar="DIR")
        parser.add_argument("--json", action="store_true", help="the last line is the result as JSON")
        parser.add_argument("--options", action="store_true", help="measure ways of ranking that are not in use too")
        parser.add_argument("--queries", action="store_true", help="show the queries that differ most")
        parser.add_argument("--report", metavar="FILE", help="write everything, query by query, into FILE as JSON")
        parser.add_argument("--keep", metavar="NAME", help="show the result on /status/quality/ under NAME")

    def handle(self, *args: Any, **options: Any) -> None:
        name = (options["keep"] or "").strip()
        if options["keep"] is not None and not 0 < len(name) <= MAX_NAME:
            raise CommandError(f"--keep needs a name of 1 to {MAX_NAME} characters")
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
            measured = measure(
                options["directory"],
                index.encoder(),
                progress=show,
                options=options["options"],
                reranker=index.reranker(),
            )
        except (CollectionError, SearchError) as error:
            raise CommandError(str(error)) from error
        finally:
            if bar is not None:
                bar.close()
        now = timezone.now()
        report = quality.report(measured, now)
        self.stdout.write(quality.table(report))
        if options["queries"]:
            self.stdout.write(f"\n{quality.queries_table(report)}")
        if options["report"]:
            self._write(options["report"], {**report, "per_query": quality.per_query(measured)})
        if name:
            Evaluation.objects.update_or_create(name=name, defaults={"measured_at": now, "report": report})
            self.stdout.write(f"Kept as “{name}”: see /status/quality/.")
        if options["json"]:
            means = measured.means()
            self.stdout.write(json.dumps({mode: means[mode] for mode in BY_MODES}))

    def _write(self, file: str, report: dict[str, Any]) -> None:
        try:
            Path(file).write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", "utf-8")
        except OSError as error:
            raise CommandError(f"--report {file}: {error.strerror}") from error
