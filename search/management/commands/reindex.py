"""`manage.py reindex`: bring the index up to the database."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from search import embeddings, health, index, indexing
from search.errors import IndexBusy, IndexMismatch, SearchError, SemanticUnavailable
from search.models import Indexing
from search.progress import Bar

LOOK_EVERY_S = 0.3


class Command(BaseCommand):
    help = "Index what waits; first look for what the index lacks or should not hold, and rebuild it if need be."

    def add_arguments(self, parser: ArgumentParser) -> None:
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--pending", action="store_true", help="only what is known to wait")
        how.add_argument("--rebuild", action="store_true", help="everything anew, beside the index that is in use")
        how.add_argument("--engine", default="", metavar="URL", help="fill this index, beside that of KB_INDEX_URL")
        parser.add_argument("--quiet-when-idle", action="store_true", help="say nothing when there was nothing to do")

    def handle(self, *args: Any, **options: Any) -> None:
        self.quiet = options["quiet_when_idle"]
        self._prepare()
        if options["rebuild"] or options["engine"]:
            self._rebuild(options["engine"])
            self._forget()
            return
        try:
            if not options["pending"]:
                health.reconcile()
            self._index_pending()
            if not options["pending"]:
                self._forget()
        except IndexMismatch as error:
            if options["pending"]:
                raise CommandError(str(error)) from error
            self.stdout.write(f"The index does not fit: {error}. Building it anew.")
            self._rebuild()
            self._forget()
        except SearchError as error:
            raise CommandError(f"Nothing was indexed: {error}") from error

    def _prepare(self) -> None:
        """Make the model ready for this machine, once, with a bar of its steps."""
        try:
            with Bar(" steps") as bar:
                index.chosen().prepare(lambda what, *many: bar(f"Preparing the model, once: {what.lower()}", *many))
        except SemanticUnavailable as error:
            raise CommandError(f"Nothing was indexed: {error}") from error

    def _index_pending(self) -> None:
        """Index here; or, while a worker holds the index, watch it do so."""
        with Bar(" entries") as bar:
            show, done = bar.of("Indexing"), 0
            while Indexing.objects.workable().exists():
                try:
                    done += indexing.index_pending(show)
                except IndexBusy:
                    show(0, Indexing.objects.workable().count())
                    time.sleep(LOOK_EVERY_S)
        failed = Indexing.objects.pending().count() - Indexing.objects.workable().count()
        if failed > 0:
            self.stderr.write(f"{failed} entries could not be indexed: manage.py doctor names them.")
        if done or not self.quiet:
            self.stdout.write(f"indexed {done}")

    def _forget(self) -> None:
        gone = embeddings.sweep()
        if gone and not self.quiet:
            self.stdout.write(f"forgot {gone} embeddings that nothing uses")

    def _rebuild(self, url: str = "") -> None:
        try:
            with Bar(" entries") as bar:
                done = indexing.rebuild(bar.of("Indexing"), wait=60, url=url)
        except ValueError as error:
            raise CommandError(str(error)) from error
        except IndexBusy as error:
            raise CommandError(f"The index is being written to: {error}. Try again in a moment.") from error
        except SearchError as error:
            raise CommandError(f"Nothing was indexed: {error}") from error
        self.stdout.write(f"indexed {done}")
