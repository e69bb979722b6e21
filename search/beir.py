"""Read a retrieval collection in the BEIR layout (Thakur et al. 2021): corpus.jsonl, queries.jsonl, qrels.tsv."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from search.errors import SearchError

# qrels.tsv is our place for it; the others are where published collections put theirs.
QRELS = ("qrels.tsv", "qrels/test.tsv", "qrels/dev.tsv", "qrels/train.tsv")


class CollectionError(SearchError):
    """The collection cannot be read; the text names the file and the line."""


class Document(NamedTuple):
    """One line of corpus.jsonl."""

    id: str
    title: str
    text: str


def documents(folder: Path) -> Iterator[Document]:
    """The corpus, read as it is consumed."""
    seen: set[str] = set()
    for where, values in _objects(folder / "corpus.jsonl"):
        id = _id(where, values)
        if id in seen:
            raise CollectionError(f"{where}: _id {id!r} was used before")
        seen.add(id)
        yield Document(id, _text(where, values, "title", ""), _text(where, values, "text", None))


def queries(folder: Path) -> dict[str, str]:
    """Query texts by id."""
    return {
        _id(where, values): _text(where, values, "text", None) for where, values in _objects(folder / "queries.jsonl")
    }


def judgements(folder: Path) -> dict[str, dict[str, int]]:
    """Relevant documents of each query with their grade; grades of 0 and below are left out."""
    path = next((folder / name for name in QRELS if (folder / name).exists()), None)
    if path is None:
        raise CollectionError(f"{folder} has no qrels.tsv (nor qrels/test.tsv)")
    found: dict[str, dict[str, int]] = {}
    for number, line in _lines(path):
        columns = line.rstrip("\r\n").split("\t")
        if number == 1 and not _is_whole(columns[-1]):
            continue  # the header
        if len(columns) == 4:
            del columns[1]  # TREC's form, with an unused second column
        if len(columns) != 3 or not _is_whole(columns[2]):
            raise CollectionError(f"{path}, line {number}: expected query, document and a whole grade, split by tabs")
        if int(columns[2]) > 0:
            found.setdefault(columns[0], {})[columns[1]] = int(columns[2])
    return found


def _is_whole(text: str) -> bool:
    return text.strip().removeprefix("-").isdecimal()


def _objects(path: Path) -> Iterator[tuple[str, dict]]:
    for number, line in _lines(path):
        where = f"{path}, line {number}"
        try:
            values = json.loads(line)
        except ValueError as error:
            raise CollectionError(f"{where}: not JSON ({error})") from error
        if not isinstance(values, dict):
            raise CollectionError(f"{where}: expected an object")
        yield where, values


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that are not blank, counted from 1."""
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as file:
            yield from ((number, line) for number, line in enumerate(file, 1) if line.strip())
    except FileNotFoundError as error:
        raise CollectionError(f"{path} is missing") from error
    except UnicodeDecodeError as error:
        raise CollectionError(f"{path}: not UTF-8 ({error})") from error


def _id(where: str, values: dict) -> str:
    id = values.get("_id")
    if not isinstance(id, str | int) or id == "":
        raise CollectionError(f"{where}: _id is missing")
    return str(id)


def _text(where: str, values: dict, key: str, default: str | None) -> str:
    text = values.get(key, default)
    if text is None and default is not None:
        return default
    if not isinstance(text, str):
        raise CollectionError(f"{where}: {key} is missing or not a string")
    return text
