"""What the Milvus engine promises beyond the contract: restarts, rebuilds, other machines, other versions."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from search.engines import milvus
from search.engines import milvus_server as server
from search.engines.layout import WriterLock
from search.engines.milvus import Made, MilvusEngine
from search.engines.milvus_server import Address
from search.engines.milvus_words import UNDER_WAY, WRITING, WRITTEN, WordCounts
from search.engines.reference import ReferenceEngine
from search.errors import IndexMismatch, SearchError, SemanticUnavailable
from search.evaluation import evaluate
from search.hashing_encoder import HashingEncoder
from tests.milvus import LiteServer, RealServer
from tests.process.instance import until
from tests.search.engines.helpers import (
    EAST,
    NORTH,
    NORTH_EAST,
    UP,
    collections,
    filter_of,
    ids,
    passage,
    unit_vectors,
)
from tests.search.test_evaluation import collection

pytestmark = [pytest.mark.once, pytest.mark.thorough]


class Place:
    """A collection of the test's own, and a folder on this machine."""

    def __init__(self, url: str, folder: Path) -> None:
        self.address = Address.of(f"{url}{'&' if '?' in url else '?'}collection=test_{next(collections)}_own")
        self.folder = folder

    def reader(self, fingerprint: str = "model-a", dimension: int = 3) -> MilvusEngine:
        return MilvusEngine(self.address, self.folder, fingerprint, dimension)

    def writer(self, fingerprint: str = "model-a", dimension: int = 3) -> MilvusEngine:
        return MilvusEngine(self.address, self.folder, fingerprint, dimension, lock=WriterLock(self.folder))

    def rebuild(self, fingerprint: str = "model-a", dimension: int = 3):
        lock = WriterLock(self.folder)
        return MilvusEngine.rebuild(self.address, self.folder, fingerprint, dimension, lock=lock)


@pytest.fixture
def place(milvus_lite: LiteServer, tmp_path: Path) -> Place:
    return Place(milvus_lite.url, tmp_path)


@pytest.fixture
def look_always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers look at the alias at each search, and try a server again at once."""
    monkeypatch.setattr(milvus, "LOOK_AGAIN_S", 0.0)
    monkeypatch.setattr(server, "REST_S", 0.0)


def comes_back(engine: MilvusEngine, question: np.ndarray = UP) -> bool:
    """Whether it answers again: a server that starts takes a moment to load."""
    try:
        engine.nearest(question, None, 1)
    except SemanticUnavailable:
        return False
    return True


def test_what_was_written_outlives_a_killed_server_and_a_reader_comes_back(
    place: Place, milvus_lite: LiteServer, look_always: None
):
    with place.writer() as engine:
        engine.upsert([passage(1, "refund bot", vector=EAST, entry=5), passage(2, "weather", vector=NORTH)])
        engine.upsert([passage(3, "refund airline", vector=NORTH_EAST, entry=6)])
        engine.delete([2])
    with place.reader() as reader:
        before = reader.nearest(EAST, None, 5), reader.keyword("refunds", None, 5), reader.state().ids.tolist()
        milvus_lite.kill()
        for ask in (lambda: reader.nearest(EAST, None, 5), lambda: reader.keyword("refund", None, 5), reader.state):
            with pytest.raises(SemanticUnavailable, match=r"Milvus at milvus://127\.0\.0\.1:\d+/ does not answer"):
                ask()
        milvus_lite.start()
        until("the reader comes back", lambda: comes_back(reader))
        after = reader.nearest(EAST, None, 5), reader.keyword("refunds", None, 5), reader.state().ids.tolist()
    assert after == before
    assert before[0] == [(1, 5, 1.0), (3, 6, 0.6)]
    assert before[2] == [1, 3]


def test_a_server_that_did_not_answer_is_not_asked_again_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    place = Place("milvus://127.0.0.1:1", tmp_path)
    with place.reader() as engine:
        with pytest.raises(SemanticUnavailable, match="does not answer"):
            engine.nearest(UP, None, 5)
        monkeypatch.setattr(engine._server, "_connected", lambda: pytest.fail("it was asked again"))
        with pytest.raises(SemanticUnavailable, match="does not answer"):
            engine.keyword("word", None, 5)


def test_a_reader_sees_what_another_machine_writes(place: Place, look_always: None):
    with place.reader() as other:
        assert other.nearest(EAST, None, 5) == other.keyword("alpha", None, 5) == []
        with place.writer() as engine:
            engine.upsert([passage(1, "alpha", vector=EAST)])
            assert ids(other.nearest(EAST, None, 5)) == ids(other.keyword("alpha", None, 5)) == [1]
            engine.upsert([passage(1, "beta", vector=NORTH), passage(2, "alpha", vector=EAST)])
            assert ids(other.keyword("alpha", None, 5)) == [2]
            assert ids(other.nearest(EAST, None, 1)) == [2]
    with place.reader() as other, pytest.raises(SearchError, match="opened for reading"):
        other.upsert([passage(1)])


def test_a_rebuild_is_seen_when_it_is_whole_and_leaves_nothing_when_it_fails(place: Place):
    with place.writer() as engine:
        engine.upsert([passage(1, "alpha")])
    with place.reader("model-b") as other:
        with place.rebuild("model-b") as fresh:
            fresh.upsert([passage(7, "alpha", vector=EAST)])
            assert ids(other.keyword("alpha", None, 5)) == [1]
            assert fresh.state().ids.tolist() == [7]
        # The old collection is gone, which tells a reader at once that there is another.
        assert ids(other.keyword("alpha", None, 5)) == ids(other.nearest(EAST, None, 5)) == [7]
        assert (other.state().fingerprint, other.state().generation) == ("model-b", 2)
        names = set(other._generations())

        def fill_half() -> None:
            with place.rebuild("model-b") as fresh:
                fresh.upsert([passage(9, "alpha")])
                raise RuntimeError("half way")

        with pytest.raises(RuntimeError, match="half way"):
            fill_half()
        assert set(other._generations()) == names == {2}
        assert other.state().ids.tolist() == [7]


def test_an_index_of_another_model_answers_only_keywords(place: Place):
    with place.writer() as engine:
        engine.upsert([passage(1, "alpha")])
    for other in (("model-b", 3), ("model-a", 4)):
        with pytest.raises(IndexMismatch, match=r"made with model model-a \(3 dimensions\).*--rebuild"):
            place.writer(*other)
        with place.reader(*other) as reader:
            assert ids(reader.keyword("alpha", None, 5)) == [1]
            with pytest.raises(IndexMismatch, match="--rebuild"):
                reader.nearest(np.eye(other[1], dtype=np.float32)[0], None, 5)
            assert reader.state().fingerprint == "model-a"


@pytest.mark.parametrize("at_once", [20, 10_000])
def test_equal_to_the_reference_at_any_selectivity(place: Place, at_once: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(milvus, "IDS_AT_ONCE", at_once)
    vectors = unit_vectors(300, 16)
    passages = [
        passage(id, f"common w{id % 17} w{id % 5}", title=f"w{id % 3}", entry=id % 30 + 1, vector=vectors[id - 1])
        for id in range(1, 301)
    ]
    reference = ReferenceEngine("model-a", 16)
    reference.upsert(passages)
    question = unit_vectors(1, 16, seed=1)[0]
    with place.writer(dimension=16) as engine:
        engine.upsert(passages)
        for entries in (None, filter_of(5), filter_of(*range(1, 28)), np.arange(1, 60)):
            for k in (1, 10, 400):
                wanted, found = (made.nearest(question, entries, k) for made in (reference, engine))
                assert ids(found) == ids(wanted)
                assert [hit.score for hit in found] == pytest.approx([hit.score for hit in wanted], abs=1e-5)
                wanted, found = (made.keyword("common w3 w1", entries, k) for made in (reference, engine))
                assert ids(found) == ids(wanted)
                assert [hit.score for hit in found] == pytest.approx([hit.score for hit in wanted], rel=1e-4)


def test_words_whose_counting_was_cut_short_are_counted_again(place: Place):
    with place.writer() as engine:
        engine.upsert([passage(1, "alpha beta"), passage(2, "alpha")])
        right = engine.keyword("alpha beta", None, 5)
        counts = WordCounts(engine._server, engine._writing().collection)
        counts.begin()
        counts.add(counts.get([*range(-6, 0)]))  # as a writer that was killed could leave them
    with place.reader() as reader, pytest.raises(IndexMismatch, match="not counted to the end"):
        reader.check()
    with place.writer() as engine:
        assert counts.get([UNDER_WAY])[UNDER_WAY] == 0
        assert engine.keyword("alpha beta", None, 5) == right
        engine.check()


def test_weights_follow_as_passages_become_longer_and_shorter(place: Place, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(milvus, "ROWS_AT_ONCE", 7)
    reference = ReferenceEngine("model-a", 3)
    everything, question = range(1, 41), "common w3 title"

    def agree(engine: MilvusEngine, tolerance: float) -> None:
        found, wanted = (made.keyword_scores(question, everything) for made in (engine, reference))
        assert found == pytest.approx(wanted, rel=tolerance)
        alike = [found[id] for id in range(3, 20, 4)]
        assert alike == pytest.approx(5 * alike[:1])

    with place.writer() as engine:
        for id in everything:
            text = f"common w{id % 4}" + id * " filler" * (id > 20)
            for made in (reference, engine):
                made.upsert([passage(id, text, title=f"title {id}" * (id % 2))])
        agree(engine, WRITING)
    with place.reader() as reader:
        agree(reader, WRITTEN)
    with place.writer() as engine:
        for id in everything[20:]:
            for made in (reference, engine):
                made.delete([id])
        agree(engine, WRITING)
    with place.reader() as reader:
        agree(reader, WRITTEN)
        assert reader.keyword("filler", None, 5) == []
    with place.rebuild() as fresh:
        fresh.upsert([passage(1, "common w3 and more"), passage(2, "common")])
    reference = ReferenceEngine("model-a", 3)
    reference.upsert([passage(1, "common w3 and more"), passage(2, "common")])
    with place.reader() as reader:
        assert reader.keyword_scores("w3", [1]) == pytest.approx(reference.keyword_scores("w3", [1]), rel=1e-4)


def test_what_was_cut_short_while_it_was_weighed_anew_is_weighed_to_the_end(
    place: Place, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(milvus, "ROWS_AT_ONCE", 2)
    few = [passage(id, "alpha beta") for id in range(1, 6)]
    with place.writer() as engine:
        engine.upsert(few)
        put, written = engine._upsert, list[int]()

        def put_once(made: Made, rows: list[dict]) -> None:
            if written:
                raise RuntimeError("killed")
            written.append(len(rows))
            put(made, rows)

        monkeypatch.setattr(engine, "_upsert", put_once)
        with pytest.raises(RuntimeError, match="killed"):
            engine.upsert([passage(6, "alpha " + 50 * "filler ")])
    reference = ReferenceEngine("model-a", 3)
    reference.upsert(few)
    with place.writer() as engine:
        scores = engine.keyword_scores("beta", range(1, 7))
        assert scores == pytest.approx(reference.keyword_scores("beta", range(1, 6)), rel=1e-4)
        engine.check()


def test_words_that_the_server_cannot_keep_are_found_without_it(
    milvus_lite: LiteServer, tmp_path: Path, look_always: None
):
    place = Place(f"{milvus_lite.url}?keywords=local", tmp_path / "here")
    with place.writer() as engine:
        engine.upsert([passage(1, "refund bot", vector=EAST), passage(2, "weather", vector=NORTH)])
        engine.delete([2])
        assert engine.state().keyword_ids.tolist() == engine.state().vector_ids.tolist() == [1]
        assert engine.keyword_scores("refund", [1, 2]).keys() == {1}
    with place.rebuild() as fresh:
        fresh.upsert([passage(1, "refund bot", vector=EAST), passage(3, "refund", vector=NORTH)])
    milvus_lite.kill()
    with place.reader() as reader:
        assert ids(reader.keyword("refund", None, 5)) == [3, 1]
        with pytest.raises(SemanticUnavailable):
            reader.nearest(EAST, None, 5)
        milvus_lite.start()
        until("the reader comes back", lambda: comes_back(reader))
        assert ids(reader.nearest(EAST, None, 5)) == [1, 3]
        reader.check()
    shutil.rmtree(place.folder)
    with place.reader() as reader, pytest.raises(IndexMismatch, match=r"words of .* are not in"):
        reader.keyword("refund", None, 5)


def test_an_approximate_index_can_be_named(milvus_lite: LiteServer, tmp_path: Path):
    place = Place(f"{milvus_lite.url}?index=hnsw", tmp_path)
    vectors = unit_vectors(60, 8)
    with place.writer(dimension=8) as engine:
        engine.upsert([passage(id, vector=vectors[id - 1]) for id in range(1, 61)])
        assert ids(engine.nearest(vectors[17], None, 1)) == [18]


def test_an_address_says_where_and_never_the_password():
    address = Address.of("milvus://kb:s%40cret@milvus.example:19531/team?collection=public&keywords=local&index=hnsw")
    assert (address.host, address.port, address.user, address.password) == ("milvus.example", 19531, "kb", "s@cret")
    assert (address.database, address.collection, address.keywords, address.index) == (
        "team",
        "public",
        "local",
        "HNSW",
    )
    assert str(address) == "milvus://milvus.example:19531/team"
    assert "cret" not in address.key
    assert Address.of("milvus://h").port == 19530


@pytest.mark.alone
def test_the_real_server_keeps_vectors_and_leaves_the_words_here(
    milvus_server: RealServer, tmp_path: Path, look_always: None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(server, "READ_S", 30.0)
    place = Place(milvus_server.url, tmp_path / "here")
    vectors, entries = unit_vectors(200, 16), filter_of(3, 7)
    passages = [passage(id, f"common w{id % 5}", entry=id % 20 + 1, vector=vectors[id - 1]) for id in range(1, 201)]
    reference = ReferenceEngine("model-a", 16)
    question = unit_vectors(1, 16, seed=1)[0]
    with place.writer(dimension=16) as engine:
        assert engine.nearest(question, None, 5) == []
        for made in (reference, engine):
            made.upsert(passages)
            made.upsert([passage(5, "moved", entry=99, vector=question)])
            made.delete([1, 2, 999])
        assert engine.nearest(question, None, 1) == [(5, 99, 1.0)]
        assert engine.nearest(-question, None, 300)[-1] == (5, 99, -1.0)
        for chosen in (None, entries, filter_of(), filter_of(12345)):
            for k in (1, 10, 300):
                wanted, found = (made.nearest(question, chosen, k) for made in (reference, engine))
                assert ids(found) == ids(wanted)
                assert [hit.score for hit in found] == pytest.approx([hit.score for hit in wanted], abs=1e-5)
                wanted, found = (made.keyword("common w3", chosen, k) for made in (reference, engine))
                assert ids(found) == ids(wanted)
        assert engine.passages_of([3, 99]) == reference.passages_of([3, 99])
        assert engine.vectors([5, 999])[5].tolist() == question.tolist()
        state = engine.state()
        assert state.ids.tolist() == state.keyword_ids.tolist() == list(range(3, 201))
    with place.rebuild("model-b", 16) as fresh:
        fresh.upsert(passages[:50])
    with place.reader("model-b", 16) as reader:
        before = reader.nearest(question, entries, 5)
        assert reader.state().fingerprint == "model-b"
        milvus_server.kill()
        with pytest.raises(SemanticUnavailable, match="does not answer"):
            reader.nearest(question, entries, 5)
        assert len(reader.keyword("common", None, 100)) == 50
        milvus_server.start()
        until("the reader comes back", lambda: comes_back(reader, question))
        assert len(before) == 5
        assert reader.nearest(question, entries, 5) == before


def test_search_is_measured_on_a_server_that_keeps_nothing_of_it(place: Place, milvus_lite: LiteServer, tmp_path: Path):
    with place.writer() as engine:
        engine.upsert([passage(1, "refund bot", vector=EAST)])
    before = set(engine._server.call("list_collections"))
    judged, encoder = collection(tmp_path / "judged"), HashingEncoder(256)

    there, here = evaluate(judged, encoder, milvus_lite.url), evaluate(judged, encoder)

    assert there == here
    assert there["hybrid"] == {"ndcg@10": 1.0, "recall@10": 1.0, "recall@100": 1.0}
    assert set(engine._server.call("list_collections")) == before
    with place.reader() as reader:
        assert ids(reader.nearest(EAST, None, 1)) == [1]


@pytest.mark.django_db
def test_a_server_that_is_not_there_is_named_when_search_is_to_be_measured_on_it(tmp_path: Path):
    with pytest.raises(CommandError, match=r"milvus://127\.0\.0\.1:1"):
        call_command("evaluate", str(collection(tmp_path)), "--engine", "milvus://127.0.0.1:1")
