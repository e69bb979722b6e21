"""A fetcher that may ask the servers on this machine."""

import pytest

from ingest.fetching.client import Limits
from ingest.fetching.fetcher import Fetcher


@pytest.fixture
def slept():
    """The seconds that were waited for, without waiting for them."""
    return []


@pytest.fixture
def make(tmp_path, slept):
    """`make(server, …)` -> a fetcher that is allowed to ask these servers, and does not sleep."""

    def build(*servers, total_s=10.0, **options):
        options = {"delay_s": 0, "sleep": slept.append, "limits": Limits(0, total_s=total_s)} | options
        allowed = {("127.0.0.1", one.port) for one in servers} | options.pop("more", set())
        return Fetcher(tmp_path / "pages", "Precedent/0 (+mailto:kb@example.org)", allowed=allowed, **options)

    return build


@pytest.fixture
def fetcher(make, server):
    return make(server)
