"""A process of its own that reads pages and feeds, since some are made to make their reader hang, swell or die.

It is started with the first thing to read, reads one after another, and ends with the block: starting it takes longer
than reading most pages. One that took too long is ended, and another started for what comes next.
"""

import json
import os
import selectors
import struct
import subprocess
import time
from typing import Any

from ingest.extracting import confined
from ingest.extracting.reader_protocol import MAX_ANSWER_BYTES, SIZES

ALARM_LATER_S = 5.0  # the alarm of the process itself is for when nobody is left who could end it
READ_BEFORE_RENEWAL = 300  # what a library remembers of each page grows


class Reader:
    """`with Reader() as reader:`. Not for several threads at once."""

    def __init__(self, seconds: float = 60.0, megabytes: int = 1500) -> None:
        self._seconds = seconds
        self._megabytes = megabytes
        self._process: subprocess.Popen[bytes] | None = None
        self._reads = 0

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def read(self, what: str, content: bytes, **said: str) -> dict[str, Any]:
        """What `content` says as a `what`, "article" or "feed"; `said` is what else is known of it, such as its url.

        Raises ValueError, with a sentence about "it", when it cannot be read within the time and memory.
        """
        if self._reads >= READ_BEFORE_RENEWAL:
            self._end()
        process = self._started()
        self._reads += 1
        try:
            answer = json.loads(self._ask(process, what, content, said))
        except TimeoutError:
            self._end()
            raise ValueError(f"it could not be read within {self._seconds:g} seconds") from None
        except (OSError, EOFError, ValueError):
            self._end()
            raise ValueError("its reader died of it; it is damaged, or made to do harm") from None
        except BaseException:
            self._end()  # half an answer may be under way
            raise
        if "error" in answer:
            raise ValueError(answer["error"])
        return dict(answer)

    def _ask(self, process: subprocess.Popen[bytes], what: str, content: bytes, said: dict[str, str]) -> bytes:
        assert process.stdin
        assert process.stdout
        head = json.dumps({"what": what, "seconds": self._seconds + ALARM_LATER_S, **said}).encode()
        process.stdin.write(struct.pack(SIZES, len(head), len(content)) + head)
        process.stdin.write(content)
        process.stdin.flush()
        ends = time.monotonic() + self._seconds
        size, _ = struct.unpack(SIZES, _receive(process.stdout.fileno(), struct.calcsize(SIZES), ends))
        if size > MAX_ANSWER_BYTES:
            raise ValueError("an answer of impossible size")
        return _receive(process.stdout.fileno(), size, ends)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            program, pipe = "ingest.extracting.reader_process", subprocess.PIPE
            self._process = confined.start(program, str(self._megabytes), stdin=pipe, stdout=pipe)
            self._reads = 0
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                try:
                    pipe.close()
                except OSError:  # what was still to be written cannot be
                    continue


def _receive(descriptor: int, size: int, ends: float) -> bytes:
    """Exactly `size` bytes; TimeoutError when they are not there in time, EOFError when they never will be."""
    received = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while len(received) < size:
            if not selector.select(max(0.0, ends - time.monotonic())):
                raise TimeoutError
            more = os.read(descriptor, min(size - len(received), 1 << 20))
            if not more:
                raise EOFError
            received += more
    return bytes(received)
