"""Servers on this machine, for what fetches."""

import pytest

from tests.ingest.fetching.servers import serving


@pytest.fixture
def server():
    with serving() as one:
        yield one


@pytest.fixture
def other():
    with serving() as one:
        yield one


@pytest.fixture
def web(settings, server):
    """The server, which the settings allow to be fetched from, without a pause between requests."""
    settings.KB_FETCH_ALLOW = frozenset({("127.0.0.1", server.port)})
    settings.KB_FETCH_DELAY = 0
    return server
