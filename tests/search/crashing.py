"""A process that dies at a given write while it indexes: run by test_crashes, one line of input for each death.

A line is `HOW NUMBER`. A child does the indexing and dies, as by SIGKILL, just before the write with that number: a
commit of the database or of the words, or a file opened to be written, written, renamed or removed. The answer is the
child's exit status, 0 when there was no such write.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

DEAD = 9


class Deadly:
    """Counts writes, and ends the process at one of them."""

    def __init__(self, number: int) -> None:
        self._left = number

    def write(self) -> None:
        self._left -= 1
        if self._left == 0:
            os._exit(DEAD)

    def before(self, owner: Any, name: str) -> None:
        """Count the calls of a function that writes."""
        real: Callable[..., Any] = getattr(owner, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            self.write()
            return real(*args, **kwargs)

        setattr(owner, name, counted)

    def audit(self, event: str, args: tuple) -> None:
        """Count what the interpreter tells of files. Locks are no content; files of a folder go with the folder."""
        path = str(args[0]) if args else ""
        opened = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if (
            (opened and not path.endswith("LOCK"))
            or (event == "os.remove" and "/" in path)
            or event in ("os.rename", "shutil.rmtree")
        ):
            self.write()


def index(how: str, deadly: Deadly) -> None:
    import faiss
    from django.db.backends.base.base import BaseDatabaseWrapper

    from search import indexing
    from search.engines.local_vectors import LocalVectors
    from search.engines.local_words import LocalWords

    if how == "compaction":
        LocalVectors.wants_compaction = lambda self, **_: True  # type: ignore[method-assign]
    for owner, name in (
        (BaseDatabaseWrapper, "_commit"),
        (LocalWords, "write"),
        (os, "pwrite"),
        (faiss, "write_index"),
    ):
        deadly.before(owner, name)
    sys.addaudithook(deadly.audit)
    if how == "rebuild":
        indexing.rebuild(wait=10)
    indexing.index_pending(wait=10)


def main() -> None:
    import django

    django.setup()
    from search import index as _  # noqa: F401  (what every child would import)
    from search import indexing as _indexing  # noqa: F401
    from search.hashing_encoder import HashingEncoder  # noqa: F401

    for line in sys.stdin:
        how, number = line.split()
        if (child := os.fork()) == 0:
            status = 1
            try:
                index(how, Deadly(int(number)))
                status = 0
            finally:
                os._exit(status)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    main()
