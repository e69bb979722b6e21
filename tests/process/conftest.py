"""Instances to start, kill and look at: prepared once, copied for each test, and gone after it."""

from collections.abc import Iterator

import pytest

from tests.process.instance import Instance


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Iterator[Instance]:
    """An instance on SQLite with the starter collection loaded and indexed; never started, only copied."""
    made = Instance(tmp_path_factory.mktemp("prepared"))
    try:
        made.manage("migrate", "--verbosity", "0")
        made.manage("ingest", "starter", "--now")
        yield made
    finally:
        made.kill_everything()


@pytest.fixture
def instance(tmp_path, prepared) -> Iterator[Instance]:
    """A prepared instance of the test's own, not started yet."""
    made = Instance(tmp_path, like=prepared)
    try:
        yield made
    finally:
        made.kill_everything()


@pytest.fixture
def empty_instance(tmp_path) -> Iterator[Instance]:
    """An instance that was never started, with nothing in its data folder."""
    made = Instance(tmp_path)
    try:
        yield made
    finally:
        made.kill_everything()
