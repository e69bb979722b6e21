"""Where the values in a JSON file stand, found without the file as a whole in memory."""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

CHUNK = 1 << 20  # bytes
MAX_DEPTH = 5000  # brackets within brackets; what is deeper is no data
MAX_KEY = 4000  # bytes
MAX_MEMBERS = 10_000
LIST_DEPTH = 3  # objects within objects in which a list of entries is looked for
STRUCTURE = re.compile(rb'["\[\]{},]')
STRING_END = re.compile(rb'["\\]')
KEY = re.compile(rb'\s*("(?:[^"\\]|\\.)*+")\s*:\s*', re.DOTALL)
Span = tuple[int, int]


class JsonStructureError(ValueError):
    """The brackets of a file do not match, or it ends within a value."""


def document_spans(file: BinaryIO) -> Iterator[Span]:
    """(begin, end) of each object or list that stands for itself in the file, one after the other."""
    depth = begin = 0
    for offset, byte in _structure(file, 0):
        if byte in b"[{":
            begin = begin if depth else offset
            depth = _deeper(depth)
        elif byte in b"]}":
            depth -= 1
            if depth < 0:
                raise JsonStructureError(f"a bracket at byte {offset + 1} closes nothing")
            if not depth:
                yield begin, offset + 1
    if depth:
        raise JsonStructureError("the file ends within a value")


def member_spans(file: BinaryIO, start: int) -> Iterator[Span]:
    """(begin, end) of what stands between the commas of the list or object that opens at the offset `start`.

    Raises JsonStructureError, after all that are whole, when it never closes.
    """
    depth, begin = 0, start + 1
    for offset, byte in _structure(file, start + 1):
        if depth == 0 and byte in b",]}":
            yield begin, offset
            begin = offset + 1
            if byte != ord(b","):
                return
        elif byte in b"[{":
            depth = _deeper(depth)
        elif byte in b"]}":
            depth -= 1
    raise JsonStructureError("the file ends within a value; it may have been cut off")


def lists_of_objects(file: BinaryIO, start: int, depth: int = LIST_DEPTH) -> dict[str, int]:
    """Dotted path -> offset of each list that begins with an object, in the object that opens at `start`."""
    found: dict[str, int] = {}
    for begin, end in list(islice(member_spans(file, start), MAX_MEMBERS)):
        file.seek(begin)
        head = file.read(min(end - begin, MAX_KEY))
        match = KEY.match(head)
        if not match:
            continue
        name, value = str(json.loads(match[1].decode("utf-8", "replace"))), head[match.end() : match.end() + 200]
        if re.match(rb"\[\s*\{", value):
            found[name] = begin + match.end()
        elif value.startswith(b"{") and depth > 1:
            inner = lists_of_objects(file, begin + match.end(), depth - 1)
            found |= {f"{name}.{path}": offset for path, offset in inner.items()}
    return found


def _structure(file: BinaryIO, start: int) -> Iterator[tuple[int, int]]:
    """(offset, byte) of every bracket and comma outside strings, from `start` on; `file` must stay where it is."""
    file.seek(start)
    offset, within, escaped = start, False, False
    while chunk := file.read(CHUNK):
        place = 1 if escaped else 0
        escaped = False
        while match := (STRING_END if within else STRUCTURE).search(chunk, place):
            place = match.end()
            if match[0] == b"\\":
                place += 1
                escaped = place > len(chunk)
            elif match[0] == b'"':
                within = not within
            else:
                yield offset + match.start(), chunk[match.start()]
        offset += len(chunk)


def _deeper(depth: int) -> int:
    if depth >= MAX_DEPTH:
        raise JsonStructureError(f"nested deeper than {MAX_DEPTH:,} levels")
    return depth + 1
