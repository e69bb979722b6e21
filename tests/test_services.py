"""The services the tests talk to: each fixture is a corner of its own, and what is required is never skipped."""

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Page

from tests import services

pytestmark = pytest.mark.once


@pytest.fixture
def nobody_there(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Redis is looked for where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    monkeypatch.setenv("KB_TEST_REDIS_URL", f"redis://someone:secret@127.0.0.1:{port}")
    services.service.cache_clear()
    yield
    services.service.cache_clear()


def test_a_missing_service_skips_and_says_why(nobody_there: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KB_TEST_REQUIRE", raising=False)
    with pytest.raises(pytest.skip.Exception, match="Connection refused") as skipped:
        services.need("redis")
    assert "KB_TEST_REDIS_URL" in str(skipped.value)
    assert "secret" not in str(skipped.value)


def test_a_missing_service_that_is_required_fails(nobody_there: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_TEST_REQUIRE", "postgres, redis")
    with pytest.raises(pytest.fail.Exception, match="redis is required"):
        services.need("redis")


def test_requiring_something_unknown_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_TEST_REQUIRE", "redis,postgre")
    with pytest.raises(ValueError, match="postgre; it knows postgres, redis, rabbitmq, chromium"):
        services.required()


def test_a_postgres_database_is_empty_and_ours(postgres_database: str) -> None:
    import psycopg

    with psycopg.connect(postgres_database) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        name = connection.execute("SELECT current_database()").fetchone()
    assert tables == (0,)
    assert name is not None
    assert name[0].startswith(services.PREFIX)


def test_a_redis_database_is_empty(redis_database: str) -> None:
    import redis

    with closing(redis.Redis.from_url(redis_database)) as client:
        assert client.dbsize() == 0
        client.set("left", "behind")


def test_what_a_redis_test_left_is_gone(redis_database: str) -> None:
    import redis

    with closing(redis.Redis.from_url(redis_database)) as client:
        assert client.get("left") is None


def test_a_message_goes_through_a_rabbitmq_host_of_our_own(rabbitmq_vhost: str) -> None:
    from kombu import Connection

    with Connection(rabbitmq_vhost) as connection, closing(connection.SimpleQueue("a-queue")) as queue:
        queue.put({"id": 7})
        message = queue.get(timeout=10)
        message.ack()
    assert message.payload == {"id": 7}
    assert services.PREFIX in rabbitmq_vhost


def test_chromium_shows_a_page(page: Page) -> None:
    page.set_content("<h1>Precedent</h1>")
    assert page.inner_text("h1") == "Precedent"
