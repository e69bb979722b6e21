"""A real instance for tests: `manage.py up` as its own process, with a data folder, database and queue of its own."""

import contextlib
import ctypes
import http.cookiejar
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parents[2]
Value = TypeVar("Value")


def until(what: str, look: Callable[[], Value], seconds: float = 60) -> Value:
    """The first truthy value of `look`; fails saying what did not come true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := look():
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def die_with_the_tests() -> None:
    """In a child, before it becomes `up`: let the kernel kill it when the tests are killed (prctl(2), Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Instance:
    """One installation: its settings, its commands, and `up` when it is started.

    With `like`, its data folder begins as a copy of that instance's, which must not be running.
    """

    def __init__(self, folder: Path, like: "Instance | None" = None, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        if like:
            shutil.copytree(like.folder / "var", folder / "var")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("KB_", "DJANGO_"))}
        self.environment = {
            **inherited,
            "DJANGO_SETTINGS_MODULE": "kb.settings",
            "KB_DATA_DIR": str(folder / "var"),
            "KB_EMBEDDER": "hashing:256",
            "KB_WEB_PROCESSES": "1",
            "PYTHONUNBUFFERED": "1",
            **settings,
        }
        self.process: subprocess.Popen | None = None
        self.log = folder / "up.log"

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
        """Run a command of this instance to its end."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=240,
        )
        if check and done.returncode:
            raise AssertionError(f"manage.py {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def start(self) -> None:
        """Start `up` as a terminal would, and wait until it says where it is."""
        self._said = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--port", str(self.port)],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=die_with_the_tests,
            )
        until("up says its address", self._is_up, 120)

    def _is_up(self) -> bool:
        assert self.process
        if self.process.poll() is not None:
            raise AssertionError(f"up ended with {self.process.returncode}:\n{self.log.read_text()}")
        return "Ctrl-C stops everything" in self.said()

    def said(self) -> str:
        """What `up` and its children have said since the last start."""
        return self.log.read_bytes()[self._said :].decode()

    def sign_in_link(self) -> str:
        return re.findall(r"Admin, once: +(\S+)", self.log.read_text())[-1]

    def interrupt(self) -> int:
        """Ctrl-C; the status `up` ended with."""
        assert self.process
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)

    def processes(self) -> dict[int, str]:
        """Every living process of this instance: command lines by pid, told by the data folder in their environment."""
        mark = f"KB_DATA_DIR={self.environment['KB_DATA_DIR']}".encode()
        found = {}
        for entry in Path("/proc").iterdir():
            try:
                if not entry.name.isdecimal() or mark not in (entry / "environ").read_bytes():
                    continue
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                    found[int(entry.name)] = command.strip()
            except OSError:
                continue  # it ended while we looked
        return found

    def pid_of(self, name: str) -> int:
        """The pid of the child that runs `manage.py NAME` (the oldest, so for the web server its master)."""
        return min(pid for pid, command in self.processes().items() if re.search(rf"manage\.py {name}( |$)", command))

    def kill(self, name: str) -> None:
        """SIGKILL for the process that runs `manage.py NAME`, as soon as there is one; returns when it is gone."""
        until(f"a {name}", lambda: any(f"manage.py {name}" in command for command in self.processes().values()))
        pid = self.pid_of(name)
        os.kill(pid, signal.SIGKILL)
        until(f"the {name} is gone", lambda: pid not in self.processes(), 10)

    def kill_everything(self) -> None:
        """Leave no process of this instance, not even one that is being started meanwhile: `up` goes first."""
        if self.process:
            self.process.kill()
            self.process.wait()
        end = time.monotonic() + 10
        while (left := self.processes()) and time.monotonic() < end:
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        assert not left, f"these do not end: {left}"

    def rows(self, statement: str) -> list[tuple]:
        """What the database answers, without waiting for a Python to start."""
        url = self.environment.get("KB_DATABASE_URL")
        if url:
            import psycopg

            with psycopg.connect(url) as server:
                return server.execute(statement.encode()).fetchall()
        file = self.folder / "var" / "precedent.sqlite3"
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as database:
            return database.execute(statement).fetchall()

    def url(self, path: str, **params: Any) -> str:
        query = f"?{urllib.parse.urlencode(params)}" if params else ""
        return f"http://127.0.0.1:{self.port}{path}{query}"

    def get(self, path: str, **params: Any) -> tuple[int, str]:
        """Status and text of a page; (0, reason) when nobody answers."""
        return fetch(self.url(path, **params))

    def api(self, path: str, **params: Any) -> Any:
        status, text = self.get(f"/api/v1{path}", **params)
        assert status == 200, text
        return json.loads(text)

    def titles(self, question: str, **params: Any) -> list[str]:
        """Titles of what the search finds, best first."""
        return [result["entry"]["title"] for result in self.api("/search", q=question, **params)["results"]]


def fetch(url: str, jar: http.cookiejar.CookieJar | None = None) -> tuple[int, str]:
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    try:
        with opener.open(url, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
        return 0, str(error)
