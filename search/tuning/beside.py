"""The parent's side of `search.tuning.child`: work that is done beside everything else, and ends with whoever asked."""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import numpy as np
from django.conf import settings

from kb.lifeline import VARIABLE
from search.encoder import load_encoder
from search.engines.base import Vectors
from search.errors import SearchError, SemanticUnavailable
from search.tuning.training import Progress

# A step that takes longer than this is shown as no progress, and whoever asked can do something else meanwhile.
LOOK_S = 1.0
# Far below everything else, so that searches and imports get the cores whenever they want them.
NICENESS = 19
STOP_WITHIN_S = 30.0
SILENT_S = 1800.0  # a child that says nothing for so long is stuck, however slow the machine
ROOT = Path(__file__).resolve().parents[2]


class ChildFailed(SearchError):
    """The process that trains ended without having done its work; the text has its last words."""


def train(workshop: Path) -> Generator[Progress | None]:
    """Train in a child, telling each step, and None every second without one. Closing the generator stops the child,
    which leaves a checkpoint."""
    errors = workshop / "errors.txt"
    with errors.open("wb") as told, child("train", str(workshop), stderr=told.fileno()) as process:
        assert process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            heard = time.monotonic()
            rest = b""
            while True:
                if not selector.select(LOOK_S):
                    if time.monotonic() - heard > SILENT_S:
                        raise ChildFailed(f"the training said nothing for {SILENT_S / 60:.0f} minutes")
                    yield None
                    continue
                heard = time.monotonic()
                chunk = os.read(process.stdout.fileno(), 65536)
                if not chunk:
                    break
                *lines, rest = (rest + chunk).split(b"\n")
                if lines:
                    yield Progress(*json.loads(lines[-1]))
        if process.wait():
            raise ChildFailed(_last_words(errors) or f"the training ended with status {process.returncode}")


class ChildEncoder:
    """An encoder whose work is done in a child, which is ready when its context is entered (search.encoder.Encoder)."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._known = load_encoder(name)
        self._held = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def fingerprint(self) -> str:
        return self._known.fingerprint

    @property
    def dimension(self) -> int:
        return self._known.dimension

    def prepare(self, progress: object = None) -> None:
        """Let the child make the model ready, which is slow the first time, and learn how that went."""
        self.encode(["Are you ready?"])
        self._known.prepare()

    def encode(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        if self._process is None:
            raise SemanticUnavailable("this encoder is used outside of its context")
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        size = len(texts) * self.dimension * 4
        try:
            self._process.stdin.write(json.dumps(list(texts)).encode() + b"\n")
            self._process.stdin.flush()
            made = self._process.stdout.read(size)
        except OSError as error:
            raise SemanticUnavailable(f"the process that encodes with {self._name} is gone ({error})") from error
        if len(made) != size:
            raise SemanticUnavailable(f"the process that encodes with {self._name} ended before its work was done")
        return np.frombuffer(made, "<f4").reshape(len(texts), -1).astype(np.float32)

    def encode_query(self, text: str) -> Vectors:
        return self.encode([text])[0]

    def __enter__(self) -> "ChildEncoder":
        self._process = self._held.enter_context(child("encode", self._name))
        try:
            self.prepare()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process = None
        self._held.close()


@contextmanager
def child(
    *arguments: str, module: str = "search.tuning.child", stderr: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m module NICENESS arguments…` in a process group of its own that has ended when the block has."""
    read, write = os.pipe()
    try:
        process = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
            [sys.executable, "-m", module, str(NICENESS), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            cwd=ROOT,
            env={**os.environ, VARIABLE: str(read), "KB_DATA_DIR": str(settings.KB_DATA_DIR)},
            pass_fds=[read],
            start_new_session=True,
        )
    finally:
        os.close(read)
    try:
        with process:
            try:
                yield process
            finally:
                _end(process)
    finally:
        os.close(write)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, which lets a training leave a checkpoint, and make it so when it has not."""
    if process.stdin is not None:
        with suppress(OSError):  # what it was still to be told, it cannot be told any more
            process.stdin.close()
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()


def _last_words(path: Path) -> str:
    lines = [line.strip() for line in path.read_text("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1][:500] if lines else ""
