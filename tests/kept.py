"""Whether an answer is kept, on databases that tell of every write on their server."""

from collections.abc import Callable
from typing import TypeVar

import pytest
from django.db import connection

Answer = TypeVar("Answer")
TRIES = 1000


def kept(ask: Callable[[], Answer]) -> Answer:
    """What `ask` answers, which asserts that nothing was read a second time.

    PostgreSQL's snapshot moves with what is written to other databases of its server too, such as those of tests beside
    this one: there it is asked again, until nobody wrote meanwhile.
    """
    for left in reversed(range(1 if connection.vendor == "sqlite" else TRIES)):
        try:
            return ask()
        except (AssertionError, pytest.fail.Exception):
            if not left:
                raise
    raise AssertionError
