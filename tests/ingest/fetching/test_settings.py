"""The settings of fetching, and what is refused of them."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from kb import env


def test_hosts(monkeypatch):
    monkeypatch.setenv("A", "Wiki.corp.example:8443, intranet, [0:0::1]:80,127.0.0.1:8000,")
    assert env.hosts("A") == {
        ("wiki.corp.example", 8443),
        ("intranet", 80),
        ("intranet", 443),
        ("::1", 80),
        ("127.0.0.1", 8000),
    }
    monkeypatch.delenv("A")
    assert env.hosts("A") == frozenset()


@pytest.mark.parametrize(
    "text", ["*", "*.corp.example", "http://a", "a/b", "a:b", "a:99999", "u@a", ":80", "10.0.0.0/8"]
)
def test_what_is_no_host_is_refused_by_name(monkeypatch, text):
    monkeypatch.setenv("A", text)
    with pytest.raises(ImproperlyConfigured, match=r"A: .* is not host:port"):
        env.hosts("A")


def test_contact(monkeypatch):
    for text in ("", "mailto:kb@example.org", "https://example.org/kb?a=1"):
        monkeypatch.setenv("A", text)
        assert env.contact("A") == text
    for text in ("kb@example.org", "mailto:a b", "https://example.org/\r\nHost: x", "mailto:a(b)"):
        monkeypatch.setenv("A", text)
        with pytest.raises(ImproperlyConfigured, match="A="):
            env.contact("A")
