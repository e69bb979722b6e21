"""What a host's robots.txt lets us fetch, by RFC 9309."""

import io
import threading
import time
from dataclasses import dataclass
from functools import cached_property

from protego import Protego

from ingest.fetching.addresses import Address, parse
from ingest.fetching.client import Client, Errand, Limits
from ingest.fetching.errors import FetchError

TOKEN = "Precedent"  # the name that a robots.txt calls us by  # noqa: S105
# 500 KiB are what a crawler has to read at least.
LIMITS = Limits(max_bytes=500 * 1024, cut=True, total_s=15.0, connect_s=7.0, read_s=10.0, redirects=5, tries=1)
KEPT_S = 24 * 3600.0
KEPT_UNREADABLE_S = 120.0
MAX_HOSTS = 1000


@dataclass(frozen=True)
class Rules:
    """The rules of one origin. `unreadable` says why they cannot be known, and then nothing may be fetched."""

    text: str
    unreadable: str
    until: float

    @cached_property
    def _parsed(self) -> Protego:
        return Protego.parse(self.text)

    def check(self, address: Address) -> None:
        """FetchError when this address may not be fetched."""
        if self.unreadable:
            raise FetchError(
                f"{address.origin}/robots.txt cannot be read, so nothing of this host is fetched: {self.unreadable}",
                again=True,
                wait_s=max(0.0, self.until - time.monotonic()),
            )
        if not self._parsed.can_fetch(str(address), TOKEN):
            raise FetchError(f"{address.origin}/robots.txt asks programs not to fetch {address}")

    @property
    def crawl_delay_s(self) -> float | None:
        delay = self._parsed.crawl_delay(TOKEN)
        rate = self._parsed.request_rate(TOKEN)
        return max(delay or 0.0, rate.seconds / rate.requests if rate else 0.0) or None


class Robots:
    """The rules of every origin that was asked, remembered for a day."""

    def __init__(self, client: Client, limits: Limits = LIMITS) -> None:
        self._client = client
        self._limits = limits
        self._rules: dict[str, Rules] = {}
        self._lock = threading.Lock()

    def rules(self, address: Address) -> Rules:
        """FetchError when the host may not be asked at all, which is not for its rules to say."""
        known = self._rules.get(address.origin)
        if known and known.until > time.monotonic():
            return known
        rules = self._fetch(address.origin)
        with self._lock:
            if len(self._rules) >= MAX_HOSTS:
                self._rules.clear()
            self._rules[address.origin] = rules
        return rules

    def _fetch(self, origin: str) -> Rules:
        sink = io.BytesIO()
        now = time.monotonic()
        try:
            self._client.get(Errand(parse(f"{origin}/robots.txt"), sink, self._limits))
        except FetchError as error:
            # No file, no rules; too many requests is the server's wish all the same.
            if 400 <= error.status < 500 and error.status != 429:
                return Rules("", "", now + KEPT_S)
            if not error.again and not error.status:
                raise
            return Rules("", str(error), now + KEPT_UNREADABLE_S)
        return Rules(sink.getvalue().decode("utf-8", errors="replace"), "", now + KEPT_S)
