"""`manage.py worker`: do the jobs and keep the index."""

import threading
from argparse import ArgumentParser
from typing import Any

from celery.signals import worker_ready
from django.core.management.base import BaseCommand

from kb import lifeline
from kb.celery import app, send, sweep

SWEEP_EVERY_S = 60.0


class Command(BaseCommand):
    help = "Do the queued jobs and keep the search index up to date."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--threads", type=int, default=4, help="how many jobs at a time")

    def handle(self, *args: Any, **options: Any) -> None:
        lifeline.hold_on()
        worker_ready.connect(_start_sweeping)
        # Threads, not forks: torch hangs in a child that was forked after it was loaded, and a killed parent
        # leaves no children behind.
        app.worker_main(
            [
                "worker",
                "--pool=threads",
                f"--concurrency={options['threads']}",
                "--loglevel=WARNING",
                "--without-gossip",
                "--without-mingle",
                "--hostname=precedent@%h",
            ]
        )


def _start_sweeping(**_: Any) -> None:
    def rounds() -> None:
        while True:
            send(sweep)
            if stop.wait(SWEEP_EVERY_S):
                return

    stop = threading.Event()
    threading.Thread(target=rounds, name="sweep", daemon=True).start()
