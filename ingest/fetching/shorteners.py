"""Shortened links: hosts whose every page only leads elsewhere.

Most of them ask programs to stay away in their robots.txt, which is about reading their pages. Following one is what
every reader of the post does; nothing of theirs is read but where it leads, and there robots.txt counts again.
"""

import re
from html import unescape

LISTED = """
    amzn.to apne.ws bbc.in bit.ly bitly.com bl.ink bloom.bg buff.ly cnn.it cutt.ly dlvr.it econ.st fb.me flip.it
    goo.gl hubs.ly hubs.la ift.tt is.gd j.mp lnkd.in n.pr nyti.ms on.ft.com on.wsj.com ow.ly politi.co rb.gy rebrand.ly
    reut.rs s.id shorturl.at spkl.io t.co t.ly theatln.tc tiny.cc tinyurl.com trib.al v.gd wapo.st wp.me zurl.co
"""
HOSTS = frozenset(LISTED.split())
LOOKED_AT = 200_000  # bytes of a page in between
TAG = re.compile(r"<(?:meta|a)\b[^>]{0,4000}>", re.IGNORECASE)
REFRESH = re.compile(r"""http-equiv\s*=\s*["']?refresh\b""", re.IGNORECASE)
REFRESH_TO = re.compile(r"""content\s*=\s*(["'])\s*\d*[.\d]*\s*[;,]\s*(?:url\s*=\s*)?(.+?)\1""", re.IGNORECASE)
# LinkedIn's page in between marks the one link that leads on.
LEADS_ON = re.compile(r"external_url_click", re.IGNORECASE)
HREF = re.compile(r"""href\s*=\s*(["'])(.+?)\1""", re.IGNORECASE)


def is_shortener(host: str) -> bool:
    return host.removeprefix("www.") in HOSTS


def onward(content: bytes) -> str:
    """Where a page in between leads, by its refresh or its marked link; '' when it does not say.

    >>> onward(b'<META http-equiv=refresh content="0;URL=https://example.org/a?b&amp;c">')
    'https://example.org/a?b&c'
    """
    for tag in TAG.findall(content[:LOOKED_AT].decode("utf-8", errors="replace")):
        found = None
        if REFRESH.search(tag):
            found = REFRESH_TO.search(tag)
        elif LEADS_ON.search(tag):
            found = HREF.search(tag)
        if found:
            return unescape(found[2]).strip().strip("'\"")
    return ""
