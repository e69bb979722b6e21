"""Fixtures for all tests."""

import pytest

pytest_plugins = ["tests.services"]


@pytest.fixture(autouse=True)
def data_folder(settings, tmp_path):
    """A data folder of the test's own, and so an index of its own."""
    settings.KB_DATA_DIR = tmp_path / "data"
    settings.KB_DATA_DIR.mkdir()
    return settings.KB_DATA_DIR
