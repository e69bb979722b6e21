"""`manage.py doctor`: does the index say what the database says?"""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from search import health


class Command(BaseCommand):
    help = "Compare database, passages, embeddings, keyword and vector index. Exit status 1 when something is wrong."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--engine", default="", metavar="URL", help="look at this index, not that of KB_INDEX_URL")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = health.examine(options["engine"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json()))
        else:
            self._tell(report)
        if report.problems():
            sys.exit(1)

    def _tell(self, report: health.Report) -> None:
        self.stdout.write(f"entries      {report.entries:>9,}   {len(report.pending_entries):,} waiting to be indexed")
        self.stdout.write(f"passages     {report.passages:>9,}")
        self.stdout.write(f"embeddings   {report.embeddings:>9,}   {report.model}")
        self.stdout.write(f"keyword index{report.in_keyword_index:>9,}")
        self.stdout.write(f"vector index {report.in_vector_index:>9,}")
        for problem in report.problems():
            self.stdout.write(f"WRONG: {problem}")
        mend = "manage.py reindex mends what can be mended." if report.problems() else "All agree."
        self.stdout.write(mend)
