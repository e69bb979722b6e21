"""Killed at any write while it indexes, a process leaves an index that tells the truth, and the next one finishes.

Each write in its turn: passages, embeddings, the note of what is about to change, the words, the vectors, the mark that
an entry is indexed; the files of a compaction; those of a rebuild, and each step of putting it in the place of the old.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection

from search import health, index, indexing
from tests import services
from tests.factories import make_entry
from tests.search.crashing import DEAD

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once, pytest.mark.thorough]

Kill = Callable[[str, int], int]


@pytest.fixture
def kill(data_folder: Path) -> Iterator[Kill]:
    """Index in another process and die at that write; its exit status."""
    name = connection.settings_dict["NAME"]
    server = os.environ.get("KB_DATABASE_URL", "sqlite:///")
    url = f"sqlite:///{name}" if connection.vendor == "sqlite" else services.database_url(server, name)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.search.crashing"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "kb.settings",
            "KB_DATABASE_URL": url,
            "KB_DATA_DIR": str(data_folder),
            "KB_EMBEDDER": "hashing:256",
        },
    )
    assert process.stdin
    assert process.stdout

    def ask(how: str, number: int) -> int:
        print(how, number, file=process.stdin, flush=True)
        assert process.stdout
        return int(process.stdout.readline())

    yield ask
    process.stdin.close()
    process.wait()


@pytest.mark.parametrize("how", ["compaction", "rebuild"])
def test_killed_at_each_write(how: str, kill: Kill):
    entry = make_entry(title="Ferry", summary="A ferry hit a reef zero.")
    make_entry(title="Tram", summary="A tram hit a wall.")
    indexing.index_pending()
    number = 0
    while True:
        number += 1
        entry.summary = f"A ferry hit a reef, round{number}."
        entry.save()
        status = kill(how, number)
        assert status in (0, DEAD), f"write {number}"
        held = index.reader().state()
        assert held.keyword_ids.size, "searches go on with what there was"

        indexing.index_pending()

        assert health.examine().problems() == [], f"killed before write {number}"
        assert [hit.entry_id for hit in index.reader().keyword(f"round{number}", None, 5)] == [entry.pk]
        assert index.reader().keyword(f"round{number - 1}", None, 5) == []
        nearest = index.reader().nearest(index.encoder().encode_query("a tram hit a wall"), None, 9)
        assert [hit.entry_id for hit in nearest] == [entry.pk + 1, entry.pk]
        if status == 0:
            break
    assert number > {"compaction": 15, "rebuild": 20}[how]
