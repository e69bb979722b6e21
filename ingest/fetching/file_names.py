"""What to call a file that came from an address: the name it has there, made safe for here."""

import re
from email.message import Message
from pathlib import PurePosixPath
from urllib.parse import unquote

from ingest.fetching.addresses import Address
from ingest.fetching.client import Headers

MAX_NAME = 120  # characters; what a file is called here gets more around it
UNSAFE = re.compile(r"[^\w.()+,=@ -]+")
EXTENDED = re.compile(
    r"filename\*\s*=\s*([\w-]*)'[\w-]*'([^;\s]+)", re.IGNORECASE
)  # RFC 8187; goes before the plain one
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def file_name(asked: Address, found: Address, headers: Headers) -> str:
    """The name the server gives, else the one in the address that was asked for, else where it was found; 'download'
    when none of them has one. What the name ends in is kept, since sources go by it."""
    names = [_stated(headers.get("content-disposition", "")), _last(asked), _last(found)]
    safe = [name for name in map(safe_name, names) if name]
    with_suffix = [name for name in safe if PurePosixPath(name).suffix]
    return (with_suffix or safe or ["download"])[0]


def safe_name(name: str) -> str:
    """`name` without folders and odd characters, no hidden file and no device; '' when nothing is left.

    >>> safe_name("../../etc/.pass wd\\x00.tar.gz")
    'pass wd_.tar.gz'
    """
    name = UNSAFE.sub("_", re.split(r"[/\\]", name)[-1]).strip(". -_")
    if len(name) > MAX_NAME:
        suffixes = "".join(PurePosixPath(name).suffixes[-2:])[-20:]
        name = name[: MAX_NAME - len(suffixes)] + suffixes
    return f"_{name}" if RESERVED.match(name) else name


def _stated(disposition: str) -> str:
    if extended := EXTENDED.search(disposition):
        return unquote(extended[2], "latin-1" if extended[1].lower() == "iso-8859-1" else "utf-8")
    if not disposition:
        return ""
    message = Message()
    message["content-disposition"] = " ".join(disposition.split())
    try:
        return message.get_filename() or ""
    except (ValueError, LookupError):
        return ""


def _last(address: Address) -> str:
    return unquote(PurePosixPath(address.target.partition("?")[0]).name)
