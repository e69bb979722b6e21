"""`manage.py reindex`: bring the index up to the database."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from search import embeddings, health, index, indexing
from search.errors import IndexBusy, IndexMismatch, SearchError, SemanticUnavailable
from search.models import Indexing

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
        with tqdm(unit=" steps", disable=None, leave=False, delay=0.1) as bar:

            def show(what: str, done: int, total: int) -> None:
                bar.total = total
                bar.set_description(f"Preparing the model, once: {what.lower()}")
                bar.update(done - bar.n)

            try:
                index.chosen().prepare(show)
            except SemanticUnavailable as error:
                raise CommandError(f"Nothing was indexed: {error}") from error

    def _index_pending(self) -> None:
        """Index here; or, while a worker holds the index, watch it do so."""
        with _bar() as show:
            done = 0
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
            with _bar() as show:
                done = indexing.rebuild(show, wait=60, url=url)
        except ValueError as error:
            raise CommandError(str(error)) from error
        except IndexBusy as error:
            raise CommandError(f"The index is being written to: {error}. Try again in a moment.") from error
        except SearchError as error:
            raise CommandError(f"Nothing was indexed: {error}") from error
        self.stdout.write(f"indexed {done}")


class _bar:
    """A progress bar that appears with the first progress, and only on a terminal."""

    def __enter__(self) -> indexing.Progress:
        self.bar: tqdm | None = None

        def show(done: int, total: int) -> None:
            if self.bar is None:
                self.bar = tqdm(desc="Indexing", unit=" entries", disable=None, leave=False)
            self.bar.total = total
            self.bar.update(done - self.bar.n)

        return show

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()
