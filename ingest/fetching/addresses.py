"""Which addresses may be fetched: how they are written, and where they lead.

An address is taken apart once, and what came out is what is connected to: two readings of one spelling are how a
check is walked around. `ipaddress.is_global` is not asked, since it lets NAT64 and 6to4 forms of 127.0.0.1 through.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

import idna

from ingest.fetching.errors import FetchError

HostPort = tuple[str, int]

PORTS = {"http": 80, "https": 443}
MAX_LENGTH = 8000  # characters; redirects through sign-in pages are longer than anything that is kept
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
LABEL = re.compile(r"[a-z0-9_-]{1,63}")
NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")

# https://www.iana.org/assignments/iana-ipv4-special-registry and the one for IPv6, and what was withdrawn from them.
DENIED = tuple(
    (ipaddress.ip_network(network), what)
    for network, what in (
        ("0.0.0.0/8", "an unspecified address"),
        ("10.0.0.0/8", "a private address"),
        ("100.64.0.0/10", "an address inside a provider's network"),
        ("127.0.0.0/8", "a loopback address"),
        ("168.63.129.16/32", "the address of a cloud's own services"),
        ("169.254.0.0/16", "a link-local address"),
        ("172.16.0.0/12", "a private address"),
        ("192.0.0.0/24", "an address kept for protocols"),
        ("192.0.2.0/24", "an address for documentation"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("192.168.0.0/16", "a private address"),
        ("198.18.0.0/15", "an address for benchmarks"),
        ("198.51.100.0/24", "an address for documentation"),
        ("203.0.113.0/24", "an address for documentation"),
        ("224.0.0.0/4", "a multicast address"),
        ("240.0.0.0/4", "a reserved or broadcast address"),
        ("::/128", "an unspecified address"),
        ("::1/128", "a loopback address"),
        ("::ffff:0:0/96", "an IPv4-mapped address"),
        ("::ffff:0:0:0/96", "an IPv4-translated address"),
        ("::/96", "an IPv4-compatible address"),
        ("64:ff9b::/96", "a NAT64 address"),
        ("64:ff9b:1::/48", "a NAT64 address"),
        ("100::/64", "an address that discards"),
        ("2001::/32", "a Teredo address"),
        ("2001:2::/48", "an address for benchmarks"),
        ("2001::/23", "an address kept for protocols"),
        ("2001:db8::/32", "an address for documentation"),
        ("2002::/16", "a 6to4 address"),
        ("3ffe::/16", "a withdrawn address"),
        ("3fff::/20", "an address for documentation"),
        ("5f00::/16", "an address for segment routing"),
        ("fc00::/7", "a private address"),
        ("fe80::/10", "a link-local address"),
        ("fec0::/10", "a site-local address"),
        ("ff00::/8", "a multicast address"),
    )
)
GLOBAL_V6 = ipaddress.ip_network("2000::/3")  # the only part of IPv6 that is given out
ISATAP = (0x00005EFE, 0x02005EFE)  # third quarter of an address whose last quarter is an IPv4 address


@dataclass(frozen=True)
class Address:
    """An http or https address, taken apart. `host` is ASCII in lower case, a number in its usual form, without
    brackets; `target` is path and query as they go over the wire."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == PORTS[self.scheme] else f":{self.port}")

    def __str__(self) -> str:
        return self.origin + self.target


def parse(text: str) -> Address:
    """The address that `text` spells; FetchError says what is wrong with it. Its fragment is dropped.

    >>> str(parse("HTTP://０x7f.1:80/ä b#top"))
    'http://127.0.0.1/%C3%A4%20b'
    """
    text = text.strip()
    shown = repr(text if len(text) <= 80 else text[:77] + "...")
    if len(text) > MAX_LENGTH:
        raise FetchError(f"the address is longer than {MAX_LENGTH} characters: {shown}")
    if CONTROLS.search(text):
        raise FetchError(f"the address has control characters: {shown}")
    try:
        parts = urlsplit(text)
        name, port = parts.hostname or "", parts.port
    except ValueError:
        raise FetchError(f"not an address: {shown}") from None
    if parts.scheme not in PORTS:
        raise FetchError(f"only http and https addresses are fetched, not {shown}")
    if "@" in parts.netloc:
        raise FetchError(f"an address with a user name or password is not fetched: {_without_credentials(text)!r}")
    if not name:
        raise FetchError(f"an address without a host: {shown}")
    try:
        host = _v6(name) if "[" in parts.netloc else _host(name)
        target = (_quoted(parts.path) or "/") + ("?" + _quoted(parts.query, "?") if parts.query else "")
    except ValueError as error:
        raise FetchError(f"not an address ({error}): {shown}") from None
    return Address(parts.scheme, host, PORTS[parts.scheme] if port is None else port, target)


def follow(address: Address, location: str) -> Address:
    """Where a redirect leads that `address` answered with."""
    location = location.strip()
    if CONTROLS.search(location):  # urljoin would take them out
        raise FetchError(f"{address} redirects to an address with control characters: {location[:80]!r}")
    try:
        return parse(urljoin(str(address), location))
    except ValueError:
        raise FetchError(f"{address} redirects to what is no address: {location[:80]!r}") from None


def check_port(address: Address, allowed: Collection[HostPort] = ()) -> None:
    """FetchError when the port is none of the web's, and not allowed for this host."""
    if address.port not in PORTS.values() and (address.host, address.port) not in allowed:
        raise FetchError(
            f"{address} names port {address.port}; only ports 80 and 443 are fetched. "
            + _allowing(address.host, address.port)
        )


def check_answers(host: str, port: int, answers: Collection[str], allowed: Collection[HostPort] = ()) -> None:
    """FetchError when any of the addresses that `host` stands for may not be connected to."""
    if (host, port) in allowed:
        return
    for answer in answers:
        if what := denied(answer):
            led = "is" if answer == host else f"leads to {answer},"
            raise FetchError(f"{host} {led} {what}, which is not fetched; {_allowing(host, port)}")


def is_number(host: str) -> bool:
    """Whether the host of an Address is an address on the network itself, which nobody has to be asked for."""
    return ":" in host or host.rpartition(".")[2].isdigit()


def denied(number: str) -> str:
    """What an address on the network is that may not be connected to, "a private address"; '' for a public one."""
    try:
        ip = ipaddress.ip_address(number.partition("%")[0])
    except ValueError:
        return "no address of the internet"
    for network, what in DENIED:
        if ip.version == network.version and ip in network:
            return what
    if isinstance(ip, ipaddress.IPv6Address):
        if ip not in GLOBAL_V6:
            return "a reserved address"
        if int(ip) >> 32 & 0xFFFFFFFF in ISATAP and denied(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))):
            return "an ISATAP address of a private one"
    return ""


def _allowing(host: str, port: int) -> str:
    return f"KB_FETCH_ALLOW={f'[{host}]' if ':' in host else host}:{port} lets it through"


def _v6(name: str) -> str:
    if "%" in name:
        raise ValueError("a zone in an IPv6 address")
    return str(ipaddress.IPv6Address(name))


def _host(name: str) -> str:
    """The host in its one spelling, as browsers read it; ValueError says why it is none."""
    if "%" in name or "\\" in name:
        raise ValueError("a host with % or \\")
    host = unicodedata.normalize("NFKC", name).replace("\u3002", ".").lower()
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii").lower()
        except (idna.IDNAError, UnicodeError) as error:
            raise ValueError(f"a host that cannot be written in a name: {str(error)[:100]}") from None
    host = host.removesuffix(".")
    labels = host.split(".")
    if len(host) > 253 or not all(LABEL.fullmatch(label) for label in labels):
        raise ValueError("a host that no name can be")
    return str(_v4(labels)) if NUMBER.fullmatch(labels[-1]) else host


def _v4(labels: list[str]) -> ipaddress.IPv4Address:
    """What inet_aton makes of the parts of a number: decimal, octal or hexadecimal, the last one filling the rest."""
    if len(labels) > 4 or not all(NUMBER.fullmatch(label) for label in labels):
        raise ValueError("a host that ends in a number and is none")
    numbers = [_number(label) for label in labels]
    last = numbers.pop()
    if any(number > 255 for number in numbers) or last >= 256 ** (4 - len(numbers)):
        raise ValueError("a number too big for a host")
    return ipaddress.IPv4Address(last + sum(number << 8 * (3 - place) for place, number in enumerate(numbers)))


def _number(label: str) -> int:
    if label.startswith("0x"):
        return int(label[2:] or "0", 16)
    return int(label, 8 if label.startswith("0") and len(label) > 1 else 10)


def _quoted(text: str, more: str = "") -> str:
    return quote(text, safe="%/:@!$&'()*+,;=~-._" + more, errors="surrogatepass")


def _without_credentials(text: str) -> str:
    head, _, rest = text.partition("//")
    return f"{head}//…@{rest.rpartition('@')[2]}"[:80]
