"""What is fetched from addresses that people and feeds name: safely, politely, within limits, and kept.

`fetch` for a page, `download` for a file, `kept` for what was fetched before. The settings KB_FETCH_… apply.
"""

import tomllib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from ingest.fetching.errors import FetchError
from ingest.fetching.fetcher import Fetcher
from ingest.fetching.kept import Page

DAY_S = 24 * 3600.0


def fetch(address: str, *, max_age: float = DAY_S) -> Page:
    """The page at `address`, as kept if that is not older than `max_age` seconds; 0 asks the server, which may answer
    that it has not changed. robots.txt is obeyed. FetchError says why there is none, and whether to try again."""
    return fetcher().fetch(address, max_age)


def kept(address: str) -> Page | None:
    """The page as it was fetched before, however long ago, without any connection; None when it never was."""
    return fetcher().kept(address)


def check(address: str) -> None:
    """FetchError when `address` is refused for how it is written. No connection is made and no name resolved."""
    fetcher().check(address)


def download(
    address: str, folder: Path, *, max_bytes: int, progress: Callable[[int, int | None], None] | None = None
) -> Path:
    """The file at `address`, in `folder` under the name it has there, made safe; one of that name is replaced.

    `progress` is told the bytes so far, and of how many where the server says; what it raises ends the download. A file
    that comes slower than 10 kB a second, or for more than six hours, is given up. FetchError as in `fetch`.
    """
    return fetcher().download(address, folder, max_bytes, progress)


def fetcher() -> Fetcher:
    """The instance's own, by its settings."""
    return _fetcher(
        Path(settings.KB_DATA_DIR) / "pages",
        settings.KB_FETCH_ALLOW,
        settings.KB_FETCH_AGENT_CONTACT,
        settings.KB_FETCH_DELAY,
        settings.KB_FETCH_MAX_BYTES,
    )


@lru_cache(maxsize=8)
def _fetcher(
    folder: Path, allowed: frozenset[tuple[str, int]], contact: str, delay_s: float, max_bytes: int
) -> Fetcher:
    return Fetcher(folder, agent(contact), allowed=allowed, delay_s=delay_s, max_bytes=max_bytes)


def agent(contact: str) -> str:
    """How we introduce ourselves: `Precedent/0.1.0 (+mailto:kb@example.org)`."""
    try:
        number = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    except (OSError, ValueError, KeyError):  # installed without its sources
        number = "0"
    return f"Precedent/{number}" + (f" (+{contact})" if contact else "")


__all__ = ["FetchError", "Page", "check", "download", "fetch", "fetcher", "kept"]
