"""Settings from the environment: each has a default that works, and a bad value is refused by name."""

import ipaddress
import os
import re
import secrets
import stat
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


def text(name: str, default: str) -> str:
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool = False) -> bool:
    """A yes/no setting; anything but 1/true/yes/on and 0/false/no/off raises ImproperlyConfigured."""
    raw = os.environ.get(name)
    if raw is None:
        return default
    value = raw.strip().lower()
    if value in TRUE or value in FALSE:
        return value in TRUE
    raise ImproperlyConfigured(f"{name}={raw!r} is neither true nor false: write 1 or 0.")


def number(name: str, default: int, low: int, high: int) -> int:
    raw = text(name, str(default))
    if not raw.isdecimal() or not low <= int(raw) <= high:
        raise ImproperlyConfigured(f"{name}={raw!r} must be a whole number from {low} to {high}.")
    return int(raw)


def names(name: str, default: list[str]) -> list[str]:
    """A comma-separated list."""
    raw = os.environ.get(name)
    return default if raw is None else [part.strip() for part in raw.split(",") if part.strip()]


def hosts(name: str) -> frozenset[tuple[str, int]]:
    """A comma-separated list of `host:port`; a host alone stands for its ports 80 and 443. IPv6 goes in brackets."""
    found: set[tuple[str, int]] = set()
    for part in names(name, []):
        try:
            parts = urlsplit(f"//{part}")
            host, port = parts.hostname or "", parts.port
            host = str(ipaddress.IPv6Address(host)) if "[" in part else host
        except ValueError:
            host, port = "", None
        if not re.fullmatch(r"[a-z0-9._:-]+", host) or re.search(r"[/?#@]", part):
            raise ImproperlyConfigured(f"{name}: {part!r} is not host:port, such as wiki.example.org:8443.")
        found |= {(host, port)} if port else {(host, 80), (host, 443)}
    return frozenset(found)


def contact(name: str) -> str:
    """An address of people, `mailto:kb@example.org` or `https://…`, that goes into a header; '' for none."""
    value = text(name, "")
    if value and not re.fullmatch(r"(mailto:|https?://)[!-'*-~]+", value):
        raise ImproperlyConfigured(f"{name}={value!r} must be mailto:name@example.org or https://… without blanks.")
    return value


def data_dir(name: str, default: Path) -> Path:
    """The folder everything an instance writes lives under; made if missing, refused if it cannot be written."""
    path = Path(text(name, str(default))).expanduser().absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / f".write-{secrets.token_hex(4)}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name}: cannot write in {path} ({error.strerror}). Set {name} to a folder that you may write."
        ) from error
    return path


def database(name: str, data: Path) -> dict[str, Any]:
    """`postgres://user:password@host/name`, `sqlite:///path`, or nothing for SQLite under the data folder.

    SQLite begins every transaction by taking the write lock (IMMEDIATE): a deferred transaction that turns into
    a write later fails at once with "database is locked" instead of waiting for its turn.
    """
    url = text(name, f"sqlite:///{data / 'precedent.sqlite3'}")
    scheme = url.partition(":")[0]
    if scheme in ("postgres", "postgresql"):
        return {**dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True)}
    if scheme != "sqlite":
        raise ImproperlyConfigured(f"{name}={url!r}: use postgres://user:password@host:port/name or sqlite:///path.")
    return {
        **dj_database_url.parse(url),
        "CONN_MAX_AGE": 60,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-8000;",
        },
    }


def broker(name: str, data: Path) -> tuple[str, dict[str, Any]]:
    """The broker's URL and kombu's transport options; by default files under the data folder (see kb.broker)."""
    url = text(name, "filesystem:")
    scheme = urlsplit(url).scheme
    if scheme == "filesystem":
        folder = Path(urlsplit(url).path or data / "broker")
        folder.mkdir(parents=True, exist_ok=True)
        options = dict.fromkeys(("data_folder_in", "data_folder_out", "control_folder"), str(folder))
        return "folder://localhost", {**options, "polling_interval": 0.2}
    if scheme in ("redis", "rediss"):
        return url, {"visibility_timeout": 1800}
    if scheme in ("amqp", "amqps"):
        return url, {}
    raise ImproperlyConfigured(
        f"{name}={url!r}: use filesystem:, amqp://user:password@host or redis://host:port/number."
    )


def index(name: str) -> str:
    """Where the index is kept: `local:` or a Milvus."""
    url = text(name, "local:")
    try:
        return index_url(name, url)
    except ValueError as error:
        raise ImproperlyConfigured(str(error)) from error


INDEX_OPTIONS = {
    "collection": r"[A-Za-z_]\w{0,99}",
    "keywords": "local|server",
    "index": "FLAT|HNSW|IVF_FLAT|IVF_SQ8",
    "tls": "0|1",
}


def index_url(name: str, url: str) -> str:
    """The URL of an index, or ValueError that says what is wrong with it, without the password."""
    usage = f"{name}: use local: or milvus://user:password@host:19530/database?collection=NAME"
    if url == "local:":
        return url
    # As it stands: what follows a # would be no part of it, and other spellings would be taken for another engine.
    if not re.fullmatch(r"milvus://[!-\"$-~]+", url):
        raise ValueError(f"{usage}.")
    try:
        parts = urlsplit(url)
        host, port, options = parts.hostname, parts.port, parse_qsl(parts.query, strict_parsing=bool(parts.query))
    except ValueError as error:
        raise ValueError(f"{usage} ({error}).") from error
    if not host or port == 0 or not re.fullmatch(r"/?\w*/?", parts.path):
        raise ValueError(f"{usage}.")
    for option, value in options:
        known = INDEX_OPTIONS.get(option)
        if known is None:
            raise ValueError(f"{usage}; there is no option {option!r}, only {', '.join(INDEX_OPTIONS)}.")
        if not re.fullmatch(known, value.upper() if option == "index" else value):
            raise ValueError(f"{usage}; {option}={value!r} does not match {known}.")
    return url


def secret_key(name: str, data: Path) -> str:
    """The signing key: from the environment, else made once and kept in the data folder for its owner alone."""
    given = os.environ.get(name)
    if given:
        if len(given) < 32:
            raise ImproperlyConfigured(f"{name} is too short to sign anything: use at least 32 characters.")
        return given
    path = data / "secret-key"
    if not path.exists():
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=stat.S_IRUSR | stat.S_IWUSR)
        draft.write_text(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process made it between the look and the link: theirs counts
        finally:
            draft.unlink()
    kept = path.read_text()
    if not kept:
        raise ImproperlyConfigured(f"{path} is empty: remove it, and a new key is made (people sign in again).")
    return kept
