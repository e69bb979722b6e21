"""What is said of one link, wherever it was found, and the same link found twice as one."""

import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from kb.addresses import canonical_url


@dataclass
class Found:
    """A link, or a work that may have none. `where` says where it stands; `problem` why it could not be read.

    `published` is the date as written, `ids` are external ids, `references` the fields of further ones.
    """

    where: str
    url: str = ""
    title: str = ""
    tags: list[str] = field(default_factory=list)
    companies: list[str] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    published: str = ""
    publisher: str = ""
    language: str = ""
    resource: str = ""
    summary: str = ""
    body: str = ""
    references: list[dict[str, str]] = field(default_factory=list)
    ids: list[tuple[str, str]] = field(default_factory=list)
    problem: str = ""


class Collection:
    """Everything found, on disk in an unnamed file; what is one link comes once, where it was found first."""

    def __init__(self, found: Iterable[Found], scratch: Path | None = None) -> None:
        self.merged = 0
        self._file = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115 - it lives as long as the collection
        self._places: list[list[int]] = []
        slots: dict[str, int] = {}
        for one in found:
            keys = _keys(one)
            slot = next((slots[key] for key in keys if key in slots), len(self._places))
            if slot == len(self._places):
                self._places.append([])
            else:
                self.merged += 1
            for key in keys:
                slots.setdefault(key, slot)
            self._places[slot].append(self._file.tell())
            self._file.write(json.dumps(asdict(one)).encode() + b"\n")

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Found]:
        for places in self._places:
            one = self._at(places[0])
            for place in places[1:]:
                _add(one, self._at(place))
            yield one

    def _at(self, place: int) -> Found:
        self._file.seek(place)
        said: dict[str, Any] = json.loads(self._file.readline())
        return Found(**{**said, "ids": [(namespace, value) for namespace, value in said["ids"]]})


def _keys(one: Found) -> list[str]:
    keys = [f"{namespace}:{value}" for namespace, value in one.ids]
    if one.url:
        try:
            keys.append(canonical_url(one.url))
        except ValueError:
            keys.append(one.url)
    return keys


def _add(one: Found, other: Found) -> None:
    """What the other knows besides. Both are the same link, so what both say is the first one's."""
    for item in fields(Found):
        mine, theirs = getattr(one, item.name), getattr(other, item.name)
        if item.name == "body" and theirs and theirs not in mine:
            one.body = "\n\n".join(part for part in (mine, theirs) if part)
        elif item.name == "authors" and mine:
            continue  # the same people, as another spells them
        elif isinstance(mine, list):
            mine.extend(part for part in theirs if part not in mine)
        elif not mine:
            setattr(one, item.name, theirs)
