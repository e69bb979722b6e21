"""Fetching as an instance does it: politely, within its limits, and keeping what it fetched."""

import io
import os
import tempfile
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ingest.fetching import robots
from ingest.fetching.addresses import Address, HostPort, check_answers, check_port, follow, is_number, parse
from ingest.fetching.client import Answer, Client, Errand, Limits
from ingest.fetching.errors import FetchError
from ingest.fetching.file_names import file_name
from ingest.fetching.kept import Kept, Page
from ingest.fetching.network import Resolver, resolve
from ingest.fetching.pace import Pace
from ingest.fetching.robots import Robots
from ingest.fetching.shorteners import is_shortener, onward

Progress = Callable[[int, int | None], None]

NO_PAGES = ("image/", "audio/", "video/", "font/", "model/")
IN_BETWEEN = 3  # pages of shorteners that may lead to one another
PAGE = Limits(max_bytes=0, total_s=60.0, slowest=100_000, longest_s=180.0)
DOWNLOAD = Limits(max_bytes=0, total_s=60.0, slowest=10_000, longest_s=6 * 3600.0)


class Fetcher:
    """`folder` is where pages are kept; `delay_s` the seconds between two requests to one host, at least."""

    def __init__(
        self,
        folder: Path,
        agent: str,
        *,
        allowed: Collection[HostPort] = (),
        delay_s: float = 1.0,
        max_bytes: int = 20_000_000,
        resolve: Resolver = resolve,
        sleep: Callable[[float], None] = time.sleep,
        limits: Limits | None = None,
    ) -> None:
        self._allowed = allowed
        self._client = Client(agent, allowed, resolve, sleep)
        self._limits = replace(limits or PAGE, max_bytes=max_bytes)
        self._robots = Robots(self._client, replace(robots.LIMITS, total_s=min(15.0, self._limits.total_s)))
        self._pace = Pace(folder / "hosts", delay_s, sleep)
        self._kept = Kept(folder)

    def kept(self, address: str) -> Page | None:
        """The page as it was fetched before; no connection is made. FetchError when it is no address."""
        return self._kept.find(str(parse(address)))

    def check(self, address: str) -> None:
        """FetchError when `address` is refused for how it is written; no connection is made, no name resolved."""
        asked = parse(address)
        check_port(asked, self._allowed)
        if is_number(asked.host):
            check_answers(asked.host, asked.port, [asked.host], self._allowed)

    def fetch(self, address: str, max_age_s: float) -> Page:
        """The page at `address`: as kept, if that is no older than `max_age_s`, else asked for and kept."""
        asked = parse(address)
        check_port(asked, self._allowed)
        kept = self._kept.find(str(asked))
        if kept and kept.age_s() < max_age_s:
            return kept
        sink = io.BytesIO()
        errand = Errand(asked, sink, self._limits, _conditions(kept), self._before, _look)
        answer = self._client.get(errand)
        if answer.status == 304 and kept:
            return self._kept.confirm(kept)
        for _ in range(IN_BETWEEN):
            if not is_shortener(answer.address.host):
                break
            to = onward(sink.getvalue())
            if not to:
                raise FetchError(f"{asked} is a shortened link that does not say where it leads")
            sink.seek(0)
            sink.truncate()
            answer = self._client.get(replace(errand, address=follow(answer.address, to), headers={}))
        else:
            raise FetchError(f"{asked} is a shortened link that leads from one to another")
        return self._kept.keep(str(asked), str(answer.address), answer.status, answer.headers, sink.getvalue())

    def download(self, address: str, folder: Path, max_bytes: int, progress: Progress | None = None) -> Path:
        """The file at `address`, written into `folder` under its own name, made safe. robots.txt is not asked: it is
        for programs that find their way by themselves, and this is one file that a person named."""
        asked = parse(address)
        check_port(asked, self._allowed)
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(prefix=".download-", dir=folder)
        try:
            with os.fdopen(descriptor, "w+b") as sink:
                answer = self._client.get(
                    Errand(
                        asked,
                        sink,
                        replace(DOWNLOAD, max_bytes=max_bytes),
                        {"Accept-Encoding": "identity", "Accept": "*/*"},
                        before=lambda hop: self._pace.wait(hop.host),
                        progress=progress or (lambda done, total: None),
                        as_sent=lambda answer: _is_zipped(file_name(asked, answer.address, answer.headers)),
                    )
                )
            path = folder / file_name(asked, answer.address, answer.headers)
            os.replace(draft, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(draft)
            raise
        return path

    def _before(self, address: Address) -> None:
        if is_shortener(address.host):
            self._pace.wait(address.host)
            return
        rules = self._robots.rules(address)
        rules.check(address)
        self._pace.wait(address.host, rules.crawl_delay_s)


def _is_zipped(name: str) -> bool:
    """Whether a file of this name is compressed itself: servers take .gz for an encoding of the file without it."""
    return name.lower().endswith((".gz", ".tgz", ".gzip"))


def _look(answer: Answer) -> None:
    said = answer.headers.get("content-type", "").strip().lower()
    if said.startswith(NO_PAGES):
        raise FetchError(f"{answer.address} is {said.partition(';')[0]}, not a page")


def _conditions(kept: Page | None) -> dict[str, str]:
    """What makes a server answer only if the page changed."""
    if kept is None:
        return {}
    stated = {"If-None-Match": kept.headers.get("etag"), "If-Modified-Since": kept.headers.get("last-modified")}
    return {name: value for name, value in stated.items() if value and value.isascii() and value.isprintable()}
