"""Addresses of entries by what they are known as, which stay when an entry is renamed or has not come yet."""

from urllib.parse import quote

PREFIX = "/known-as/"


def known_as(namespace: str, value: str, fragment: str = "") -> str:
    """The address that leads to the entry with this external id, for a Markdown link.

    >>> known_as("markdown", "notes/Tree rings.md", "s-growth")
    '/known-as/markdown/notes/Tree%20rings.md#s-growth'
    """
    return f"{PREFIX}{quote(namespace)}/{quote(value)}" + (f"#{quote(fragment)}" if fragment else "")
