"""The servers and the browser that some tests talk to: where they are, and what becomes of a test without one.

A test asks for a fixture (`postgres_database`, `redis_database`, `rabbitmq_vhost`, `chromium`, `milvus_lite`,
`milvus_server`) and is skipped, with the reason, where there is no such thing; with
`KB_TEST_REQUIRE=postgres,redis,rabbitmq,chromium,milvus,milvus-server` it fails instead. Each fixture is a corner of
its own (a database, a virtual host), gone when the test is over; the Milvus servers are started for the tests.
"""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import pytest

if TYPE_CHECKING:
    from tests.milvus import LiteServer, RealServer

PATIENCE_S = 3
# Begins the name of all that the tests make on a server, so that what a killed run leaves can be told from the rest.
PREFIX = os.environ.get("KB_TEST_PREFIX", f"precedent_test_{os.getpid()}")

ADDRESSES = {
    "postgres": ("KB_TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres"),
    "redis": ("KB_TEST_REDIS_URL", "redis://127.0.0.1:6379"),
    "rabbitmq": ("KB_TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672"),
    "chromium": ("KB_TEST_CHROMIUM", ""),
    "milvus": ("KB_TEST_MILVUS", "milvus-lite"),
    "milvus-server": ("KB_TEST_MILVUS_SERVER", "milvus"),
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


@dataclass(frozen=True)
class Service:
    """A server by its URL, or a program by its path; `problem` says why it cannot be used, and is empty when it can."""

    name: str
    address: str
    problem: str = ""

    @property
    def shown(self) -> str:
        """The address without its password."""
        return re.sub(r"(://[^:@/]*):[^@/]*@", r"\1:***@", self.address)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "once: does not depend on the database, so one run of it is enough")
    config.addinivalue_line("markers", "alone: kills processes at certain moments, so nothing runs beside it")
    config.addinivalue_line(
        "markers", "thorough: takes long, so it is left to `make test-all` and to what decides over a change"
    )
    config.addinivalue_line("markers", "many_writers: about a database in which two can write at a time")
    # pytest-base-url, which pytest-playwright brings, says what pytest 10 will no longer hear.
    config.addinivalue_line("filterwarnings", "ignore:Session-scoped fixtures defined as instance methods")


def required() -> set[str]:
    """The services that must not be missing; a name in KB_TEST_REQUIRE that is none of them raises ValueError."""
    names = {name.strip() for name in os.environ.get("KB_TEST_REQUIRE", "").split(",") if name.strip()}
    if unknown := names - ADDRESSES.keys():
        raise ValueError(f"KB_TEST_REQUIRE names {', '.join(sorted(unknown))}; it knows {', '.join(ADDRESSES)}.")
    return names


@cache
def service(name: str) -> Service:
    """The service of that name, asked once whether it answers; takes a few seconds at most."""
    variable, usual = ADDRESSES[name]
    address = os.environ.get(variable) or usual
    try:
        found = PROBES[name](address)
    except Exception as error:  # whatever a client raises means the same here: it cannot be used
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        return Service(name, address, f"{Service(name, address).shown or name}: {reason} ({variable} names another)")
    return Service(name, found)


def need(name: str) -> str:
    """The address of a service; skips the test that needs it when it is missing, or fails it where that is required."""
    found = service(name)
    if not found.problem:
        return found.address
    if name in required():
        pytest.fail(f"{name} is required (KB_TEST_REQUIRE) and cannot be used: {found.problem}", pytrace=False)
    pytest.skip(f"no {name}: {found.problem}")


def _probe_postgres(url: str) -> str:
    import psycopg

    with psycopg.connect(url, connect_timeout=PATIENCE_S) as connection:
        row = connection.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if not row or not row[0]:
        raise PermissionError("this user may not create databases")
    return url


def _probe_redis(url: str) -> str:
    with closing(_redis(url)) as client:
        client.ping()
    return url


def _probe_rabbitmq(url: str) -> str:
    from kombu import Connection

    with Connection(url, connect_timeout=PATIENCE_S) as connection:
        connection.connect()
    return url


def _probe_chromium(path: str) -> str:
    found = next(filter(None, map(shutil.which, [path] if path else BROWSERS)), None)
    if not found:
        raise FileNotFoundError(f"none of {', '.join([path] if path else BROWSERS)} is installed")
    return found


def _probe_milvus(package: str) -> str:
    for module in ("pymilvus", package.replace("-", "_")):
        if importlib.util.find_spec(module) is None:
            raise FileNotFoundError(f"the package {module} is not installed")
    return package


PROBES = {
    "postgres": _probe_postgres,
    "redis": _probe_redis,
    "rabbitmq": _probe_rabbitmq,
    "chromium": _probe_chromium,
    "milvus": _probe_milvus,
    "milvus-server": _probe_milvus,
}


def _redis(url: str):  # type: ignore[no-untyped-def]
    import redis

    return redis.Redis.from_url(url, socket_connect_timeout=PATIENCE_S, socket_timeout=PATIENCE_S)


def database_url(server: str, name: str) -> str:
    """The URL of another database on the same PostgreSQL server."""
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def create_database(server: str, name: str) -> None:
    """Make an empty database; `name` is one of ours and goes into the statement as it is."""
    _on_server(server, f'CREATE DATABASE "{name}"')


def drop_database(server: str, name: str) -> None:
    """Remove a database if it exists, whoever is still connected to it."""
    _on_server(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _on_server(server: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(server, connect_timeout=PATIENCE_S, autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.fixture
def postgres_database() -> Iterator[str]:
    """The URL of an empty PostgreSQL database."""
    server, name = need("postgres"), f"{PREFIX}_{os.urandom(4).hex()}"
    create_database(server, name)
    yield database_url(server, name)
    drop_database(server, name)


@pytest.fixture
def redis_database() -> Iterator[str]:
    """The URL of a Redis database that was empty, and will be again."""
    server = need("redis")
    for number in range(15, 0, -1):
        url = urlsplit(server)._replace(path=f"/{number}").geturl()
        with closing(_redis(url)) as client:
            if client.dbsize():
                continue
            yield url
            client.flushdb()
            return
    pytest.fail(f"no database of {server} is empty, and a test must not write into one that is not", pytrace=False)


@pytest.fixture(scope="session")
def rabbitmq_vhost() -> Iterator[str]:
    """The URL of a virtual host of its own on RabbitMQ.

    AMQP cannot make one: `rabbitmqctl` does, and has to be allowed to. Elsewhere KB_TEST_RABBITMQ_URL can name a
    virtual host made by hand, which is then used as it is.
    """
    url = need("rabbitmq")
    parts = urlsplit(url)
    if parts.path.strip("/"):
        yield url
        return
    name = f"{PREFIX}_{os.urandom(4).hex()}"
    try:
        _rabbitmqctl("add_vhost", name)
    except (OSError, subprocess.SubprocessError) as error:
        told = f"RabbitMQ answers, but rabbitmqctl cannot make a virtual host ({error})"
        if "rabbitmq" in required():
            pytest.fail(told, pytrace=False)
        pytest.skip(told)
    _rabbitmqctl("set_permissions", "-p", name, parts.username or "guest", ".*", ".*", ".*")
    yield parts._replace(path=f"/{quote(name, safe='')}").geturl()
    _rabbitmqctl("delete_vhost", name)


def _rabbitmqctl(*arguments: str) -> None:
    subprocess.run(["rabbitmqctl", "--quiet", *arguments], check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="session")
def milvus_lite(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[LiteServer]":
    """A milvus-lite, shared: a test takes a collection of its own, and leaves the server running."""
    from tests.milvus import LiteServer

    need("milvus")
    server = LiteServer(tmp_path_factory.mktemp("milvus") / "data")
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def milvus_server(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[RealServer]":
    """The real Milvus, which takes a while to unpack and to start: for the few tests that are marked `alone`."""
    from tests.milvus import RealServer

    need("milvus-server")
    server = RealServer(tmp_path_factory.mktemp("milvus-server"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium."""
    return need("chromium")


@pytest.fixture(scope="session")
def browser_type_launch_args(chromium: str) -> dict:
    """What pytest-playwright starts its browser with: the installed Chromium, kept from talking to anybody but us."""
    # Playwright runs an event loop in the tests' thread, and Django then refuses to touch the database there.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    return launch_options(chromium)


def launch_options(chromium: str) -> dict:
    """How the Chromium at this path is started."""
    arguments = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium refuses to start as root otherwise
    return {"executable_path": chromium, "args": [*arguments, "--disable-quic", "--disable-gpu"]}
