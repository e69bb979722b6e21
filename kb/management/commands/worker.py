"""`manage.py worker`: do the jobs and keep the index."""

import socket
import sys
import threading
import warnings
from argparse import ArgumentParser
from typing import Any

from celery.platforms import SecurityWarning
from celery.signals import worker_ready, worker_shutting_down
from django.core.management.base import BaseCommand

from kb import jobs, lifeline
from kb.celery import app, send, sweep
from kb.making_way import make_way
from kb.signals import process_started

SWEEP_EVERY_S = 60.0
# An import takes all cores that it gets. Nobody who reads should wait for it.
NICENESS = 15


class Command(BaseCommand):
    help = "Do the queued jobs and keep the search index up to date."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--threads", type=int, default=4, help="how many jobs at a time")

    def handle(self, *args: Any, **options: Any) -> None:
        lifeline.hold_on()
        make_way(NICENESS)
        worker_ready.connect(_start_sweeping)
        worker_shutting_down.connect(_stop_jobs)
        # Celery warns root because pickled messages could run code; these are JSON, and name a row each.
        warnings.filterwarnings("ignore", category=SecurityWarning)
        # Threads, not forks: torch hangs in a child that was forked after it was loaded, and a killed parent
        # leaves no children behind.
        worker = app.Worker(
            pool="threads",
            concurrency=options["threads"],
            loglevel="WARNING",
            hostname=f"precedent@{socket.gethostname()}",
            without_gossip=True,
            without_mingle=True,
            quiet=True,
        )
        worker.start()
        sys.exit(worker.exitcode)


def _stop_jobs(**_: Any) -> None:
    jobs.stopping.set()


def _start_sweeping(**_: Any) -> None:
    process_started.send(sender=Command, awaited=False)

    def rounds() -> None:
        while True:
            send(sweep)
            if stop.wait(SWEEP_EVERY_S):
                return

    stop = threading.Event()
    threading.Thread(target=rounds, name="sweep", daemon=True).start()
