"""Bytes of a page as text, whatever its server and its author say they are."""

import codecs
import re

# What declares itself in the page's first bytes: <meta charset=…>, or the encoding of an XML declaration.
DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,40})""", re.IGNORECASE)
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# Browsers read these as the larger one: https://encoding.spec.whatwg.org/#names-and-labels
LARGER = {"iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "iso8859-9": "cp1254"}
# Their bytes are valid UTF-8 too, and mean something else there.
ALSO_UTF8 = ("utf-16", "utf-32", "iso2022_jp", "iso2022_kr", "hz")
NO_ENCODINGS = ("unicode-escape", "raw-unicode-escape", "idna", "punycode", "utf-7")


def decode(content: bytes, charset: str = "") -> tuple[str, list[str]]:
    """The text of `content`, of which its server says it is in `charset`, and what was wrong with it.

    A declaration is trusted less than the bytes: what is UTF-8 without a mistake is UTF-8, because servers announce
    Latin-1 of everything.
    """
    for mark, name in MARKS:
        if content.startswith(mark):
            return content.decode(name, errors="replace"), []
    declared = [name for name in (charset, _declared(content)) if name]
    named = [name for name in map(_codec, declared) if name]
    for name in named:
        if name.startswith(ALSO_UTF8) and (text := _try(content, name)) is not None:
            return text, []
    if (text := _try(content, "utf-8")) is not None:
        return text, []
    for name in named:
        if (text := _try(content, name)) is not None:
            return text, []
    for name in _guessed(content):
        if (text := _try(content, name)) is not None:
            return text, [f"it does not say how it is written; it was read as {name}"]
    name = next(iter(named), "utf-8")
    return content.decode(name, errors="replace"), [
        f"it is not properly written in {name}; odd characters were replaced"
    ]


def _declared(content: bytes) -> str:
    match = DECLARED.search(content[:2048])
    return match[1].decode("ascii") if match else ""


def _codec(name: str) -> str:
    """Python's name of the encoding, '' for one that it does not know or that is none of text."""
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    # zip is a codec too, and a bomb.
    if not getattr(found, "_is_text_encoding", True) or found.name in NO_ENCODINGS:
        return ""
    return LARGER.get(found.name, found.name)


def _try(content: bytes, name: str) -> str | None:
    try:
        return content.decode(name)
    except (UnicodeError, LookupError):
        return None


def _guessed(content: bytes) -> list[str]:
    from charset_normalizer import from_bytes

    best = from_bytes(content[:100_000]).best()
    return [best.encoding] if best else []
