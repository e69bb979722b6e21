"""`manage.py web`: serve the pages and the API with gunicorn."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from gunicorn.app.base import BaseApplication

from kb import lifeline
from kb.memory import share_what_is_freed
from kb.signals import process_started


class Server(BaseApplication):
    """gunicorn with threads: a few processes, each answering several requests and holding one copy of the index."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__()

    def load_config(self) -> None:
        for name, value in {
            "bind": self.address,
            "workers": settings.KB_WEB_PROCESSES,
            "threads": settings.KB_WEB_THREADS,
            "worker_class": "gthread",
            "timeout": 120,
            "graceful_timeout": 5,
            "limit_request_line": 8190,  # the most gunicorn allows with a limit: a pasted paragraph is a question too
            "control_socket_disable": True,
            "loglevel": "warning",
            "proc_name": "precedent-web",
            "post_worker_init": _announce,
        }.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        from kb.wsgi import application

        return application


def _announce(worker: Any) -> None:
    process_started.send(sender=Server, awaited=True)


class Command(BaseCommand):
    help = "Serve the pages and the API."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        lifeline.hold_on()
        share_what_is_freed()
        host = f"[{options['host']}]" if ":" in options["host"] else options["host"]
        Server(f"{host}:{options['port']}").run()
