"""Pictures beside a note: which files are some, told by what they hold and not by their names."""

import re
from pathlib import Path

SUFFIXES = (".png", ".jpg", ".jpeg", ".jfif", ".gif", ".webp", ".avif")
MAX_BYTES = 10_000_000
STARTS = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"....ftypavi[fs]", re.DOTALL), "image/avif"),
)


def is_picture(name: str) -> bool:
    """Whether a file of this name should be a picture."""
    return name.lower().endswith(SUFFIXES)


def media_type(path: Path) -> str:
    """The type of the picture at `path`. ValueError says why it is none that is kept, OSError that it is not read."""
    if not path.is_file():
        raise ValueError("it is not a regular file")
    with path.open("rb") as file:
        start = file.read(16)
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES:,} bytes")
    for pattern, name in STARTS:
        if pattern.match(start):
            return name
    raise ValueError("it is not a PNG, JPEG, GIF, WebP or AVIF picture")
