"""For each way an index can be wrong: doctor says so, reindex mends it, and doctor agrees again."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command
from django.db import connection

from kb.models import Entry
from kb.signals import sweep
from search import embeddings, health, index, indexing
from search.engines.base import IndexedPassage
from search.models import Embedding, Indexing, Passage
from tests.factories import make_entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def two() -> None:
    make_entry(title="Ferry", summary="A ferry hit a reef.")
    make_entry(title="Tram", summary="A tram hit a wall.")
    indexing.index_pending()
    assert red() == []


def red() -> list[str]:
    """What is wrong, as a process says that has just been started."""
    index._readers.clear()
    return health.examine().problems()


def passage(title: str) -> Passage:
    return Passage.objects.get(entry__title=title)


def turned(count: int = 256) -> np.ndarray:
    """A vector that no text here has."""
    vector = np.zeros(count, np.float32)
    vector[7] = -1
    return vector


def as_indexed(row: Passage, **other) -> IndexedPassage:
    fields = {"title": row.entry.title, "text": row.text, "context": "", "vector": turned()}
    return IndexedPassage(**{"id": row.pk, "entry_id": row.entry_id, **fields, **other})


def only_in(half: str, row: Passage) -> None:
    """Take a passage out of one half of the index, by the other's back."""
    with index.writer() as engine:
        if half == "words":
            engine._words.write([], [row.pk])
        else:
            words = engine._words
            engine._words = type(
                "Deaf", (), {"write": lambda *_: None, "refresh": words.refresh, "close": words.close}
            )()
            engine.delete([row.pk])


def missing(data: Path) -> str:
    with index.writer() as engine:
        engine.delete([passage("Ferry").pk])
    return "1 passages are missing from the vector index"


def missing_words(data: Path) -> str:
    only_in("words", passage("Ferry"))
    return "1 passages are missing from the keyword index"


def missing_vector(data: Path) -> str:
    only_in("vectors", passage("Ferry"))
    return "1 passages are missing from the vector index"


def extra(data: Path) -> str:
    with index.writer() as engine:
        engine.upsert([as_indexed(passage("Ferry"), id=9999, entry_id=9999)])
    return "1 passages in the vector index are not in the database: 9999"


def stale_vector(data: Path) -> str:
    with index.writer() as engine:
        engine.upsert([as_indexed(passage("Ferry"))])
    return "1 passages have another vector in the index than in the database"


def another_entry(data: Path) -> str:
    row = passage("Ferry")
    vector = embeddings.stored([row.text_hash], "hashing:256")[row.text_hash]
    with index.writer() as engine:
        engine.upsert([as_indexed(row, vector=vector, entry_id=passage("Tram").entry_id)])
    return "1 passages belong to another entry in the index than in the database"


def lost_embedding(data: Path) -> str:
    Embedding.objects.filter(text_hash=passage("Ferry").text_hash).delete()
    return "1 passages have no embedding"


def embedding_of_another_model(data: Path) -> str:
    Embedding.objects.filter(text_hash=passage("Ferry").text_hash).update(vector=turned(64).tobytes())
    return "1 embeddings are not vectors of this model"


def moved_passage(data: Path) -> str:
    Passage.objects.filter(pk=passage("Ferry").pk).update(start=2)
    return "1 entries say something else than their passages"


def changed_passage(data: Path) -> str:
    Passage.objects.filter(pk=passage("Ferry").pk).update(text="A ferry hit a rock.")
    return "1 passages are not what their entries say at that place"


def changed_text(data: Path) -> str:
    Entry.objects.filter(title="Ferry").update(summary="A lorry hit a wall.")
    return "1 entries say something else than their passages"


def never_noted(data: Path) -> str:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM search_indexing WHERE entry_id = %s", [passage("Ferry").entry_id])
    return "1 entries were never noted for indexing"


def file(data: Path, pattern: str) -> Path:
    return next(iter(sorted((data / "index").glob(pattern))))


def truncated(pattern: str) -> Callable[[Path], str]:
    def cut(data: Path) -> str:
        with index.writer() as engine:
            engine.compact()
        path = file(data, pattern)
        path.write_bytes(path.read_bytes()[:-8])
        return "manage.py reindex --rebuild"

    cut.__name__ = f"truncated {pattern}"
    return cut


def cut_log(data: Path) -> str:
    """The last record is gone, as after a write that a full disk ended."""
    log = file(data, "vectors-*.log")
    log.write_bytes(log.read_bytes()[:-8])
    return "passages are missing from the vector index"


def of_another_generation(data: Path) -> str:
    """A backup that mixed two states of the folder: CURRENT names files of a generation that is not there."""
    current = json.loads((data / "index" / "CURRENT").read_text())
    (data / "index" / "CURRENT").write_text(json.dumps(current | {"generation": 41}))
    return "manage.py reindex --rebuild"


def words_of_another_generation(data: Path) -> str:
    current = json.loads((data / "index" / "CURRENT").read_text())
    (data / "index" / "CURRENT").write_text(json.dumps(current | {"words": 41}))
    return "manage.py reindex --rebuild"


def of_another_model(data: Path) -> str:
    current = json.loads((data / "index" / "CURRENT").read_text())
    (data / "index" / "CURRENT").write_text(json.dumps(current | {"fingerprint": "another model"}))
    return "The index was made with another model"


def another_file(data: Path) -> str:
    """The vectors of an older state under the name of the newer."""
    with index.writer() as engine:
        engine.compact()
    kept = {path.suffix: path.read_bytes() for path in (data / "index").glob("vectors-*")}
    Entry.objects.get(title="Tram").delete()
    make_entry(title="Tram", summary="A tram hit a bus.")
    indexing.index_pending()
    with index.writer() as engine:
        engine.compact()
    for path in (data / "index").glob("vectors-*"):
        path.write_bytes(kept[path.suffix])
    return "1 passages are missing from the vector index"


WRONGS = [
    missing, missing_words, missing_vector, extra, stale_vector, another_entry, lost_embedding,
    embedding_of_another_model, moved_passage, changed_passage, changed_text, never_noted, cut_log,
    truncated("vectors-*.f32"), truncated("vectors-*.npz"), truncated("words-*/*.idx"), of_another_generation,
    words_of_another_generation, of_another_model, another_file,
]  # fmt: skip


@pytest.mark.parametrize("damage", WRONGS, ids=lambda damage: damage.__name__)
def test_doctor_finds_it_and_reindex_mends_it(two, damage, data_folder, capsys):
    told = damage(data_folder)

    assert told in " ".join(red())
    with pytest.raises(SystemExit):
        call_command("doctor")

    call_command("reindex")
    assert red() == []
    call_command("doctor")
    # What the entry says now is found by its words and its meaning.
    words = {"changed_text": "lorry wall"}.get(damage.__name__, "ferry reef")
    found = index.reader().nearest(index.encoder().encode_query(words), None, 1)
    assert [hit.entry_id for hit in found] == [Entry.objects.get(title="Ferry").pk]
    assert [hit.id for hit in index.reader().keyword(words, None, 1)] == [found[0].id]


def test_an_index_that_is_removed_under_a_running_instance_is_told_and_built_again(
    two, client, data_folder, admin_user
):
    assert index.reader().state().ids.size == 2
    shutil.rmtree(data_folder / "index")

    assert "being built anew" in client.get("/search/", {"q": "reef"}).content.decode()
    answer = client.get("/api/v1/search", {"q": "reef"}).json()
    assert (answer["total"], answer["notices"]) == (
        0,
        ["The index is being built anew: results are not complete yet. Lists and pages are all there."],
    )
    assert "The index is gone" in client.get("/status/").content.decode()
    assert red()[0].startswith("The index is gone, and 2 entries were in it")

    sweep.send(sender=None)  # the worker's round
    assert Indexing.objects.workable().count() == 2
    assert indexing.index_pending() == 2
    assert client.get("/api/v1/search", {"q": "reef"}).json()["total"] >= 1
    assert red() == []


def test_an_edit_into_an_index_that_is_gone_brings_back_all_of_it(two, data_folder):
    shutil.rmtree(data_folder / "index")
    make_entry(title="Lift", summary="A lift fell.")

    indexing.index_pending()

    assert sorted(index.reader().state().entry_ids.tolist()) == sorted(Entry.objects.values_list("pk", flat=True))
    assert red() == []


def test_embeddings_that_nothing_uses_are_forgotten(two, settings, capsys):
    used = passage("Ferry").text_hash
    Embedding.objects.create(text_hash="0" * 64, fingerprint="hashing:256", vector=turned().tobytes())
    for model in ("oldest", "older"):
        Embedding.objects.create(text_hash=used, fingerprint=model, vector=turned().tobytes())

    call_command("reindex")

    assert "forgot 2 embeddings that nothing uses" in capsys.readouterr().out
    # The model before the one in use can be gone back to without embedding again, as reindex promises.
    left = set(Embedding.objects.values_list("text_hash", "fingerprint"))
    assert left == {(used, "hashing:256"), (passage("Tram").text_hash, "hashing:256"), (used, "older")}


def test_forgetting_is_bounded(two):
    rows = [Embedding(text_hash=f"{n:064}", fingerprint="hashing:256", vector=turned().tobytes()) for n in range(7)]
    Embedding.objects.bulk_create(rows)

    assert [embeddings.sweep(at_most=4), embeddings.sweep(at_most=4), embeddings.sweep(at_most=4)] == [4, 3, 0]
