"""Fixtures for all tests."""

import os
from pathlib import Path

import pytest
from django.db import connection

pytest_plugins = ["tests.services"]

DATABASE = {"db", "transactional_db", "live_server", "django_db_serialized_rollback", "admin_client", "admin_user"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What cannot happen on a database is not asked of it, and of the second nothing that has to do with none."""
    if connection.vendor == "postgresql":
        left_out = [item for item in items if not uses_database(item)]
    else:
        left_out = [item for item in items if item.get_closest_marker("many_writers")]
    if left_out:
        gone = set(left_out)
        items[:] = [item for item in items if item not in gone]
        config.hook.pytest_deselected(items=left_out)


def uses_database(item: pytest.Item) -> bool:
    """Whether the test may reach the test database: pytest-django lets no other."""
    fixtures = getattr(item, "fixturenames", ())
    return item.get_closest_marker("django_db") is not None or not DATABASE.isdisjoint(fixtures)


@pytest.fixture(autouse=True)
def data_folder(settings, tmp_path):
    """A data folder of the test's own, and so an index of its own."""
    settings.KB_DATA_DIR = tmp_path / "data"
    settings.KB_DATA_DIR.mkdir()
    return settings.KB_DATA_DIR


@pytest.fixture(scope="session")
def prepared_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which the default model is prepared, by one of the processes that run tests, for all of them."""
    from django.test import override_settings

    from search.model_files import locate
    from search.prepared import prepare

    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with override_settings(KB_DATA_DIR=shared):
        prepare(locate("all-MiniLM-L6-v2"))
    return shared / "models"


@pytest.fixture
def real_model(settings, data_folder: Path, prepared_models: Path) -> str:
    """The default model instead of its twin, ready to run."""
    (data_folder / "models").symlink_to(prepared_models)
    settings.KB_EMBEDDER = "all-MiniLM-L6-v2"
    return settings.KB_EMBEDDER
