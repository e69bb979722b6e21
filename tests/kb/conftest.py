"""Fixtures for the tests of pages."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.factories import make_user


@pytest.fixture
def count_queries(client: Client) -> Callable[[str], int]:
    """How many queries a page takes."""

    def count(address: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    return count


@pytest.fixture
def staff(client: Client) -> Client:
    """A client that is signed in as a curator."""
    client.force_login(make_user(is_staff=True))
    return client
