"""The process behind ingest.extracting.reader: reads what comes on standard input, one thing after another.

Its memory is limited by the kernel, and so is its time: an alarm that nobody catches ends it, also where a library
is deep in a loop of its own, and the process that started it is gone.
"""

import json
import logging
import os
import signal
import struct
import sys
from collections.abc import Callable
from typing import Any

from ingest.extracting import confined
from ingest.extracting.reader_protocol import MAX_ANSWER_BYTES, SIZES

DEPTH = 3000  # of calls: what is nested deeper is no text any more


def main(megabytes: int) -> None:
    confined.limit(megabytes)
    logging.disable(logging.CRITICAL)
    sys.setrecursionlimit(DEPTH)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what a library prints is no answer
    questions = sys.stdin.buffer
    while sizes := questions.read(struct.calcsize(SIZES)):
        head_size, content_size = struct.unpack(SIZES, sizes)
        said = json.loads(questions.read(head_size))
        content = questions.read(content_size)
        signal.setitimer(signal.ITIMER_REAL, said.pop("seconds"))
        answer = json.dumps(_answer(said.pop("what"), content, said, megabytes)).encode()
        if len(answer) > MAX_ANSWER_BYTES:
            answer = json.dumps({"error": "it says more than can be taken"}).encode()
        signal.setitimer(signal.ITIMER_REAL, 0)
        del content
        answers.write(struct.pack(SIZES, len(answer), 0) + answer)
        answers.flush()


def _answer(what: str, content: bytes, said: dict[str, str], megabytes: int) -> dict[str, Any]:
    try:
        return _function(what)(content, said)
    except MemoryError:
        return {"error": f"it needs more than {megabytes:,} MB of memory to read; it is damaged, or made to"}
    except RecursionError:
        return {"error": "it is nested too deeply"}
    except ValueError as error:
        return {"error": str(error) or "it cannot be read"}
    except Exception as error:  # whatever a library makes of what nobody foresaw
        return {"error": f"it cannot be read ({type(error).__name__}: {str(error)[:200]})"}


def _function(what: str) -> Callable[[bytes, dict[str, str]], dict[str, Any]]:
    """Imported when it is first wanted: reading feeds needs none of what reading articles needs."""
    if what == "feed":
        from ingest.extracting.feed_items import read_items

        return read_items
    from ingest.extracting.article_text import read_page

    return read_page


if __name__ == "__main__":
    main(int(sys.argv[1]))
