"""Fixtures for all tests."""

import pytest
from django.db import connection

pytest_plugins = ["tests.services"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What cannot happen on a database is not asked of it."""
    if connection.vendor == "postgresql":
        return
    impossible = [item for item in items if item.get_closest_marker("many_writers")]
    if impossible:
        items[:] = [item for item in items if item not in impossible]
        config.hook.pytest_deselected(items=impossible)


@pytest.fixture(autouse=True)
def data_folder(settings, tmp_path):
    """A data folder of the test's own, and so an index of its own."""
    settings.KB_DATA_DIR = tmp_path / "data"
    settings.KB_DATA_DIR.mkdir()
    return settings.KB_DATA_DIR
