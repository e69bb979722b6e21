"""How long the server takes for each page of a large collection: when it was asked before; right after a write to every
table that is counted, when what was written is read anew and all of it counted; and after a write to another table."""

import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

from kb.writes import COUNTED
from search import index
from search.benchmarks import searching
from search.benchmarks.asking import Client, summary
from search.benchmarks.made_collection import PASSAGES_EACH, questions

# 10,200 incidents and as many other entries as a collection has beside them, 85,000 references, 8,500 entities.
PASSAGES = 170_000
AFTER_A_WRITE = 5
WRITES = {"after_a_write_ms": COUNTED, "after_a_write_elsewhere_ms": ("kb_tag",)}
PATHS = {
    "home": "/",
    "incidents": "/incidents/",
    "incidents, page 40": "/incidents/?page=40",
    "incidents of a tag": "/incidents/?tag=topic-3",
    "incidents of a sector": "/incidents/?sector=Sector%201",
    "incidents as a table": "/incidents/?view=table",
    "case studies": "/case-studies/",
    "notes": "/notes/",
    "an incident": "/entries/made-1/",
    "its history": "/entries/made-1/history/",
    "its Markdown": "/entries/made-1.md",
    "entities": "/entities/",
    "an entity in many entries": "/entities/party-1/",
    "an entity in few": "/entities/party-{last}/",
    "taxonomies": "/taxonomies/",
    "a taxonomy": "/taxonomies/made/",
    "a category": "/taxonomies/made/made-1/",
    "trends": "/trends/",
    "changes": "/changes/",
    "status": "/status/",
    "precedents, the form": "/precedents/",
    "feed of incidents": "/incidents/feed.atom",
    "API, entries": "/api/v1/entries",
    "API, an entry": "/api/v1/entries/1",
}


def measure(passages: int, requests: int, keep: Path | None) -> dict[str, Any]:
    """Milliseconds and kilobytes of each page, one request after the other, on a server of its own."""
    index.encoder().prepare()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as scratch:
        data = (keep or Path(scratch)) / f"search-{passages}"
        environment = searching.collection(data, passages)
        with searching.serving(environment) as server, closing(Client(server.port)) as client:
            server.ready()
            last = max(2, -(-passages // PASSAGES_EACH) // 2)
            pages = {
                name: _asked(client, path.format(last=last), requests, data / "precedent.sqlite3")
                for name, path in PATHS.items()
            }
            asked = [f"/search/?q={quote(question)}" for question in questions(requests)]
            pages["search"] = _told([client.get(path, {}) for path in asked])
    return {"passages": passages, "pages": pages}


def _asked(client: Client, path: str, requests: int, database: Path) -> dict[str, Any]:
    after = {}
    for name, tables in WRITES.items():
        took = []
        for _ in range(AFTER_A_WRITE):
            _write(database, tables)
            took.append(client.get(path, {}).seconds)
        after[name] = round(median(took) * 1000, 1)
    return {**_told([client.get(path, {}) for _ in range(requests)]), **after}


def _told(answers: list[Any]) -> dict[str, Any]:
    return {
        **summary([answer.seconds for answer in answers]),
        "kB": round(max(len(answer.body) for answer in answers) / 1000, 1),
        "failed": sum(answer.status != 200 for answer in answers),
    }


def _write(database: Path, tables: Iterable[str]) -> None:
    """Change nothing, in a transaction that everybody who reads takes notice of."""
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        for table in tables:
            connection.execute(f"UPDATE {table} SET id = id WHERE id = (SELECT MIN(id) FROM {table})")  # noqa: S608
