"""The product with its index in a Milvus: indexing, searching, switching engines, and a server that goes away."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from kb.models import Entry
from search import health, index, indexing
from search.engines import milvus, milvus_server
from search.models import Indexing
from tests.factories import make_entry
from tests.milvus import LiteServer
from tests.process.instance import until
from tests.search.engines.helpers import collections

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]


@pytest.fixture
def url(milvus_lite: LiteServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """A place for an index in a Milvus, which is looked at anew at each search."""
    monkeypatch.setattr(milvus, "LOOK_AGAIN_S", 0.0)
    monkeypatch.setattr(milvus_server, "REST_S", 0.0)
    return f"{milvus_lite.url}?collection=test_{next(collections)}_served"


@pytest.fixture
def two() -> None:
    make_entry(title="Ferry", summary="A ferry hit a reef.")
    make_entry(title="Tram", summary="A tram hit a wall.")


def asked(question: str, **params: str) -> dict:
    return Client().get("/api/v1/search", {"q": question, **params}).json()


def titles(question: str, **params: str) -> list[str]:
    return [result["entry"]["title"] for result in asked(question, **params)["results"]]


def test_the_index_in_a_milvus_follows_the_database(two, url, settings, capsys):
    settings.KB_INDEX_URL = url
    assert indexing.index_pending() == 2
    for mode in ("hybrid", "keyword", "vector"):
        assert titles("a ferry and a reef", mode=mode)[0] == "Ferry"

    ferry = Entry.objects.get(title="Ferry")
    ferry.summary = "A ferry hit a lighthouse."
    ferry.save()
    Entry.objects.get(title="Tram").delete()
    indexing.index_pending()

    assert titles("reef", mode="keyword") == []
    assert titles("lighthouse", mode="keyword") == ["Ferry"]
    assert index.reader().state().entry_ids.tolist() == [ferry.pk]
    call_command("reindex", "--rebuild")
    call_command("doctor")
    assert capsys.readouterr().out.splitlines()[-1] == "All agree."


def test_doctor_and_reindex_serve_a_milvus_too(two, url, settings):
    settings.KB_INDEX_URL = url
    indexing.index_pending()
    with index.writer() as engine:
        engine.delete(engine.state().ids[:1].tolist())
    assert "1 passages are missing from the vector index" in " ".join(health.examine().problems())
    call_command("reindex")
    assert health.examine().problems() == []

    settings.KB_EMBEDDER = "hashing:64"
    assert "The index was made with hashing:256" in health.examine().problems()[0]
    call_command("reindex")
    assert health.examine().problems() == []
    assert titles("ferry")[0] == "Ferry"

    with index.writer() as engine:
        for names in engine._generations().values():
            for name in names:
                engine._server.call("drop_collection", name)
        engine._server.call("drop_alias", engine.address.collection)
    assert health.examine().problems()[0].startswith("The index is gone")
    assert asked("ferry")["notices"]
    call_command("reindex")
    assert health.examine().problems() == []


def test_an_index_of_an_older_layout_is_named_and_built_anew(two, url, settings, monkeypatch, capsys):
    settings.KB_INDEX_URL = url
    with monkeypatch.context() as before:
        before.setattr(milvus, "SCHEMA", milvus.SCHEMA - 1)
        indexing.index_pending()
    assert f"this version reads layout {milvus.SCHEMA}" in health.examine().problems()[0]
    call_command("reindex")
    assert "Building it anew." in capsys.readouterr().out
    assert health.examine().problems() == []
    assert titles("ferry")[0] == "Ferry"


def test_another_engine_is_filled_beside_the_one_in_use_and_compared(two, url, settings, capsys):
    indexing.index_pending()
    waiting = make_entry(title="Lift", summary="A lift fell.")

    call_command("reindex", "--engine", url)
    assert Indexing.objects.workable().count() == 1, "the index in use still waits for it"
    for engine in ("local:", url):
        capsys.readouterr()
        call_command("doctor", "--json", "--engine", engine)
        report = json.loads(capsys.readouterr().out)
        assert (report["ok"], report["in_vector_index"]) == (True, 3 if engine == url else 2)
    indexing.index_pending()
    before = titles("a lift that fell")

    settings.KB_INDEX_URL = url
    call_command("reindex")
    assert titles("a lift that fell") == before
    assert titles("lift", mode="keyword") == [waiting.title]
    call_command("doctor")
    for wrong in ("milvus://", "faiss:", "milvus://h?keywords=both"):
        for command in ("doctor", "reindex"):
            with pytest.raises(CommandError, match="--engine: use local: or milvus://"):
                call_command(command, "--engine", wrong)


def test_a_server_that_is_gone_is_told_and_used_again_when_it_is_back(two, url, settings, milvus_lite: LiteServer):
    settings.KB_INDEX_URL = f"{url}&keywords=local"
    indexing.index_pending()
    milvus_lite.kill()

    answer = asked("reef")
    assert [result["entry"]["title"] for result in answer["results"]] == ["Ferry"]
    assert answer["notices"] == ["Search by meaning is not available right now: these results match your words only."]
    settings.KB_INDEX_URL = f"{url}_elsewhere"  # whose words were not kept here
    answer = asked("reef")
    assert (answer["results"], answer["notices"]) == (
        [],
        ["Search is not available right now: the index cannot be read. Lists and pages are all there."],
    )
    assert Client().get("/status/").status_code == 200
    make_entry(title="Lift", summary="A lift fell.")
    with pytest.raises(CommandError, match=r"Nothing was indexed: Milvus at .* does not answer"):
        call_command("reindex")
    assert not Indexing.objects.filter(attempts__gt=0).exists(), "it is no entry's fault"

    milvus_lite.start()
    settings.KB_INDEX_URL = f"{url}&keywords=local"
    until("it answers", lambda: asked("reef", mode="vector")["notices"] == ["1 entry is waiting to be indexed."])
    indexing.index_pending()
    assert titles("a lift that fell")[0] == "Lift"
