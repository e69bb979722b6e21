"""Every private and odd form of an address is refused, and nothing is connected to."""

import socket

import pytest

from ingest.fetching import FetchError
from ingest.fetching.addresses import check_answers, denied, parse
from ingest.fetching.fetcher import Fetcher

PRIVATE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::7f00:1",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::",
    "2001:2::1",
    "2001:10::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2600::5efe:127.0.0.1",
    "2600::200:5efe:10.0.0.1",
    "3ffe::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "not an address",
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "100.63.255.255", "172.32.0.1", "2600::1", "2606:4700::1111", "2a00:1450:4001::200e"]

# Spellings of 127.0.0.1 that some reader of addresses somewhere understands.
LOOPBACK = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "0",
    "2130706433",
    "017700000001",
    "0x7f000001",
    "0x7f.0x0.0x0.0x1",
    "0x7F.1",
    "0177.0.0.1",
    "0177.0x0.0.01",
    "127.0.0.1.",
    "127.000.000.001",
    "１２７.0.0.1",
    "127。0。0。1",
    "127．0．0．1",
    "127｡0｡0｡1",
    "①②⑦.0.0.1",
    "127.0.0.\u00ad1",
    "12\u200b7.0.0.1",
    "𝟙𝟚𝟟.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[0:0:0:0:0:ffff:7f00:0001]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
]
REFUSED = {
    "ftp://example.org/a": "only http and https",
    "file:///etc/passwd": "only http and https",
    "gopher://127.0.0.1:70/_": "only http and https",
    "data:text/html,hello": "only http and https",
    "javascript:alert(1)": "only http and https",
    "//example.org/": "only http and https",
    "example.org": "only http and https",
    "": "only http and https",
    "http://": "without a host",
    "http:///path": "without a host",
    "http:/example.org": "without a host",
    "http:\\\\example.org": "without a host",
    "http://user@example.org/": "user name or password",
    "http://user:secret@example.org/": "user name or password",
    "http://example.org@127.0.0.1/": "user name or password",
    "http://example.org\\@127.0.0.1/": "user name or password",
    "http://example.org\\.127.0.0.1/": "not an address",
    "http://127.0.0.1%2f.example.org/": "not an address",
    "http://%31%32%37.0.0.1/": "not an address",
    "http://exa mple.org/": "not an address",
    "http://exam\nple.org/": "control characters",
    "http://example.org/\r\nHost: other": "control characters",
    "http://example.org/\x00": "control characters",
    "http://[::1": "not an address",
    "http://[fe80::1%25eth0]/": "not an address",
    "http://[v1.a]/": "not an address",
    "http://[127.0.0.1]/": "not an address",
    "http://1.2.3.4.5/": "not an address",
    "http://256.0.0.1/": "not an address",
    "http://4294967296/": "not an address",
    "http://0x1ffffffff/": "not an address",
    "http://1..2/": "not an address",
    "http://089.1/": "not an address",
    "http://127.0.0.1../": "not an address",
    "http://example.org../": "not an address",
    "http://.example.org/": "not an address",
    "http://a.example.0x/b": "not an address",
    "http://exa<mple.org/": "not an address",
    "http://\u2100.example/": "not an address",
    "http://" + "a" * 64 + ".org/": "not an address",
    "http://" + "a." * 127 + "org/": "not an address",
    "http://example.org:70000/": "not an address",
    "http://example.org:-1/": "not an address",
    "http://example.org:８０/": "not an address",
    "http://example.org/" + "a" * 8000: "longer than 8000",
    "http://example.org:22/": "only ports 80 and 443",
    "http://example.org:0/": "only ports 80 and 443",
    "https://example.org:8443/": "only ports 80 and 443",
}


@pytest.mark.parametrize("number", PRIVATE)
def test_private_and_reserved_networks_are_denied(number):
    assert denied(number)


@pytest.mark.parametrize("number", PUBLIC)
def test_public_addresses_are_not(number):
    assert denied(number) == ""


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A fetcher that is allowed nothing, on a machine where making a socket is a failure of the test."""

    def forbidden(*_):
        raise AssertionError("a connection was made")

    monkeypatch.setattr(socket, "create_connection", forbidden)
    monkeypatch.setattr(socket.socket, "connect", forbidden)
    return Fetcher(tmp_path, "Precedent/0", delay_s=0)


@pytest.mark.parametrize("host", LOOPBACK)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_every_spelling_of_this_machine_is_refused(nowhere, scheme, host):
    with pytest.raises(FetchError, match=r"KB_FETCH_ALLOW|not an address") as error:
        nowhere.fetch(f"{scheme}://{host}/", 0)
    assert not error.value.again


@pytest.mark.parametrize(("text", "said"), REFUSED.items())
def test_what_is_no_address_of_a_page_is_refused(nowhere, text, said):
    for refuse in (nowhere.check, lambda text: nowhere.fetch(text, 0)):
        with pytest.raises(FetchError) as error:
            refuse(text)
        assert said in str(error.value)
        assert "secret" not in str(error.value)
        assert len(str(error.value)) < 300


@pytest.mark.parametrize("answers", [["10.0.0.1"], ["1.1.1.1", "10.0.0.1"], ["::ffff:1.1.1.1"], ["1.1.1.1", "::1"]])
def test_one_private_answer_refuses_a_name(tmp_path, answers):
    fetcher = Fetcher(tmp_path, "Precedent/0", delay_s=0, resolve=lambda host, port: answers)
    with pytest.raises(FetchError, match="which is not fetched"):
        fetcher.fetch("https://rebound.example/", 0)


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST.", "ｌocalhost"])
def test_names_of_this_machine_are_refused(nowhere, name):
    with pytest.raises(FetchError, match="a loopback address"):
        nowhere.fetch(f"http://{name}/", 0)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("HTTPS://Example.ORG", "https://example.org/"),
        ("http://example.org:80/a//b/../c", "http://example.org/a//b/../c"),
        ("http://example.org:443/", "http://example.org:443/"),
        ("http://example.org./?q", "http://example.org/?q"),
        ("http://Bücher.example/ü?ä=ö&x=[1]|2#teil", "http://xn--bcher-kva.example/%C3%BC?%C3%A4=%C3%B6&x=%5B1%5D%7C2"),
        ("http://my_wiki.example/a%20b", "http://my_wiki.example/a%20b"),
        ("http://[2606:4700:0::1111]:80/", "http://[2606:4700::1111]/"),
        ("http://0x08.8.010.8/", "http://8.8.8.8/"),
        ("http://3com.example/", "http://3com.example/"),
    ],
)
def test_an_address_has_one_spelling(text, read):
    assert str(parse(text)) == read
    assert str(parse(read)) == read


def test_what_the_settings_allow_is_allowed_for_its_port_alone():
    allowed = {("wiki.corp.example", 8080)}
    check_answers("wiki.corp.example", 8080, ["10.0.0.1"], allowed)
    with pytest.raises(FetchError, match="a private address, which is not fetched"):
        check_answers("wiki.corp.example", 80, ["10.0.0.1"], allowed)
