"""`manage.py up`: everything, from an empty folder to a page in the browser."""

import http.client
import os
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from kb.models import Job
from kb.models.jobs import JobState
from kb.signin import sign_in_path
from kb.supervisor import Supervisor

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Command(BaseCommand):
    help = "Check, migrate, load the starter collection once, index, and start worker and web server until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        _refuse_taken_port(host, port)
        self._migrate()
        starter = {"kind": "ingest", "parameters__source": "starter", "parameters__location": ""}
        if not Job.objects.filter(**starter, state=JobState.DONE).exists():
            self._say("Loading the starter collection")
            _load_starter()
        if host not in LOOPBACK:
            os.environ.setdefault("KB_ALLOWED_HOSTS", ",".join(_own_names(host)))
        with Supervisor(self._say) as supervisor:
            supervisor.add("web server", "web", "--host", host, "--port", str(port))
            # While the web server starts: is the index what the database says?
            call_command("reindex", quiet_when_idle=True)
            supervisor.add("worker", "worker")
            self._serve(supervisor, host, port)
        self._say("\nStopped.")

    def _serve(self, supervisor: Supervisor, host: str, port: int) -> None:
        """Keep everything running; once a page is served, say where."""
        path = sign_in_path()
        connection.close()
        shown = f"[{host}]" if ":" in host else host

        def on_ready() -> bool:
            if not _answers(host, port):
                return False
            self._say(f"\nPrecedent is at  http://{shown}:{port}/")
            self._say(f"Admin, once:     http://{shown}:{port}{path}")
            self._say("Ctrl-C stops everything.")
            return True

        supervisor.run(on_ready)

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _migrate(self) -> None:
        try:
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                self._say("Preparing the database")
                call_command("migrate", verbosity=0, interactive=False)
        except DatabaseError as error:
            where = settings.DATABASES["default"]
            raise CommandError(
                f"The database cannot be used: {str(error).strip()}\n"
                f"It is {where['NAME']} ({where['ENGINE'].rpartition('.')[2]}"
                f"{' at ' + where['HOST'] if where.get('HOST') else ''}). Check KB_DATABASE_URL."
            ) from error


def _load_starter() -> None:
    """In a process of its own: this one lives on, and should not keep the memory that a model takes."""
    done = subprocess.run([sys.executable, sys.argv[0], "ingest", "starter", "--now"])  # noqa: S603
    if done.returncode:
        raise CommandError("The starter collection could not be loaded; what was said above tells why.")


def _refuse_taken_port(host: str, port: int) -> None:
    if not 1 <= port <= 65535:
        raise CommandError(f"Port {port} does not exist: choose one from 1 to 65535.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Cannot listen on {host} port {port}: {error.strerror or error}. "
                f"Stop what uses it, or choose another: make run PORT={port + 1 if port < 65535 else 8000}"
            ) from error


def _own_names(host: str) -> list[str]:
    """Every name this machine is likely to be called by, for an instance that listens to the network."""
    names = {"localhost", "127.0.0.1", "[::1]", socket.gethostname(), socket.getfqdn()}
    if host in ("0.0.0.0", "::"):  # noqa: S104  (compared with, not bound to)
        for *_, address in socket.getaddrinfo(socket.gethostname(), None):
            names.add(f"[{address[0]}]" if ":" in str(address[0]) else str(address[0]))
    else:
        names.add(f"[{host}]" if ":" in host else host)
    return sorted(names)


def _answers(host: str, port: int) -> bool:
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    web = http.client.HTTPConnection(target, port, timeout=5)
    try:
        web.request("GET", "/healthz", headers={"Host": "localhost"})
        return web.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        time.sleep(0.05)
        return False
    finally:
        web.close()
