"""A large index, on a few thousand vectors: thresholds are lowered so that codes are used."""

import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from search.engines import local_vectors, short_codes, vector_base
from search.engines.base import IndexedPassage, Vectors
from search.engines.local import LocalEngine
from search.engines.scan import ByteCodes
from search.engines.vector_base import VectorBase
from search.errors import IndexMismatch, SemanticUnavailable
from tests.search.engines.helpers import EAST, ids, passage

DIMENSION = 24
ROWS = 3000
ENTRIES = 1000


@pytest.fixture(autouse=True)
def _large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector_base, "FLAT_ROWS", 200)
    monkeypatch.setattr(vector_base, "NARROW_ROWS", 150)
    monkeypatch.setattr(short_codes, "NEAREST", 20)
    monkeypatch.setattr(local_vectors, "COMPACT_UNREAD", 1000)


def clustered(count: int, seed: int = 3) -> Vectors:
    """Unit vectors around sixty places, as those of texts lie around subjects."""
    chance = np.random.default_rng(seed)
    places = np.random.default_rng(1).standard_normal((60, DIMENSION))
    made = places[chance.integers(0, len(places), count)] + 0.7 * chance.standard_normal((count, DIMENSION))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def damage(file: Path) -> None:
    """Other bytes than were written, as many of them."""
    content = bytearray(file.read_bytes())
    content[1000] ^= 255
    file.write_bytes(content)


def entry_of(id: int) -> int:
    return id % ENTRIES + 1


def passages(vectors: Vectors, first: int = 1) -> list[IndexedPassage]:
    return [passage(id, "word", entry=entry_of(id), vector=vector) for id, vector in enumerate(vectors, first)]


def base_of(folder: Path) -> VectorBase:
    (file,) = folder.glob("vectors-*.npz")
    return VectorBase(file.with_suffix(""))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Vectors]:
    """An index of ROWS coded vectors; copied by tests that write."""
    folder, vectors = tmp_path_factory.mktemp("large") / "index", clustered(ROWS)
    with pytest.MonkeyPatch.context() as patch:
        _large.__wrapped__(patch)  # type: ignore[attr-defined]
        with LocalEngine.rebuild(folder, "model-a", DIMENSION) as fresh:
            for start in range(0, ROWS, 500):
                fresh.upsert(passages(vectors[start : start + 500], start + 1))
    return folder, vectors


@pytest.fixture
def folder(built: tuple[Path, Vectors], tmp_path: Path) -> Path:
    return Path(shutil.copytree(built[0], tmp_path / "index"))


def exact(vectors: Vectors, question: Vectors, k: int, entries: set[int] | None = None) -> list[int]:
    scores = vectors @ question
    kept = [row for row in range(len(vectors)) if entries is None or entry_of(row + 1) in entries]
    return [row + 1 for row in sorted(kept, key=lambda row: -scores[row])[:k]]


def recall(found: list[int], wanted: list[int]) -> float:
    return len(set(found) & set(wanted)) / len(wanted)


def test_a_part_is_compared_and_nearly_all_of_the_nearest_are_found(built, monkeypatch: pytest.MonkeyPatch):
    folder, vectors = built
    codes = base_of(folder).codes
    assert codes is not None
    assert codes[1].recall >= short_codes.RECALL
    assert codes[1].needed(10) < ROWS / 5
    compared, nearest = [], ByteCodes.nearest

    def noted(self: ByteCodes, vector: Vectors, some: np.ndarray, k: int) -> tuple[np.ndarray, Vectors]:
        compared.append(len(some))
        return nearest(self, vector, some, k)

    monkeypatch.setattr(ByteCodes, "nearest", noted)
    questions = clustered(40, seed=9)
    with LocalEngine(folder, "model-a", DIMENSION) as engine:
        found = [ids(engine.nearest(question, None, 10)) for question in questions]
    shares = [recall(one, exact(vectors, question, 10)) for one, question in zip(found, questions, strict=True)]
    assert np.mean(shares) >= 0.97
    assert set(compared) == {codes[1].needed(10)}


def test_codes_that_tell_little_have_more_looked_at(tmp_path: Path):
    """Vectors that lie everywhere are told apart worse than those that lie around subjects, and are found as well."""
    chance = np.random.default_rng(4)
    made = chance.standard_normal((ROWS, DIMENSION))
    everywhere = (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)
    with LocalEngine.rebuild(tmp_path, "model-a", DIMENSION) as fresh:
        fresh.upsert(passages(everywhere))
    codes = base_of(tmp_path).codes
    assert codes is not None
    assert codes[1].reach > short_codes.LEAST_REACH
    questions = chance.standard_normal((20, DIMENSION))
    with LocalEngine(tmp_path, "model-a", DIMENSION) as engine:
        shares = [
            recall(ids(engine.nearest(one.astype(np.float32), None, 10)), exact(everywhere, one, 10))
            for one in questions / np.linalg.norm(questions, axis=1, keepdims=True)
        ]
    assert np.mean(shares) >= 0.97


def test_entries_far_from_the_question_are_found_under_a_broad_filter(built):
    """What passes the filter may lie far down the order by codes: then it is looked at whole."""
    folder, vectors = built
    question = clustered(1, seed=9)[0]
    far = np.argsort(vectors @ question)[:600] + 1
    chosen = np.unique([entry_of(id) for id in far.tolist()])
    chosen = chosen[
        [
            all((vectors[id - 1] @ question) < 0.2 for id in range(1, ROWS + 1) if entry_of(id) == entry)
            for entry in chosen.tolist()
        ]
    ]
    assert len(chosen) * 3 > vector_base.NARROW_ROWS
    with LocalEngine(folder, "model-a", DIMENSION) as engine:
        assert ids(engine.nearest(question, chosen, 10)) == exact(vectors, question, 10, set(chosen.tolist()))


@pytest.mark.parametrize(("kept", "least"), [(1, 1.0), (10, 1.0), (100, 0.97), (500, 0.97), (900, 0.97)])
def test_filters_of_any_selectivity_find_as_much(built, kept: int, least: float):
    """A thousandth, a hundredth, a tenth, half and nine tenths of the entries: the narrow ones find everything."""
    folder, vectors = built
    chance = np.random.default_rng(kept)
    chosen = np.sort(chance.choice(np.arange(1, ENTRIES + 1), kept, replace=False))
    shares = []
    with LocalEngine(folder, "model-a", DIMENSION) as engine:
        for question in clustered(20, seed=11):
            hits = engine.nearest(question, chosen, 10)
            assert {hit.entry_id for hit in hits} <= set(chosen.tolist())
            shares.append(recall(ids(hits), exact(vectors, question, 10, set(chosen.tolist()))))
    assert np.mean(shares) >= least


def test_scores_are_cosines_of_the_vectors_not_of_their_codes(built):
    folder, vectors = built
    question = clustered(1, seed=5)[0]
    with LocalEngine(folder, "model-a", DIMENSION) as engine:
        hits = engine.nearest(question, None, 50)
        assert [hit.score for hit in hits] == pytest.approx([vectors[hit.id - 1] @ question for hit in hits], abs=2e-6)
        assert hits == sorted(hits, key=lambda hit: (-hit.score, hit.id))
        stored = engine.vectors([1, 77, ROWS])
    assert stored[77].tolist() == vectors[76].tolist()


def test_all_that_tie_for_the_last_place_are_weighed(folder: Path):
    """Passages with one text have one vector; the lower ids win, however many share the place."""
    same = clustered(1, seed=21)[0]
    with LocalEngine(folder, "model-a", DIMENSION, writable=True) as engine:
        engine.upsert([passage(id, "word", entry=1, vector=same) for id in range(9000, 9300)])
        engine.compact()
        assert ids(engine.nearest(same, None, 5)) == [9000, 9001, 9002, 9003, 9004]


def test_an_edit_is_found_at_once_and_leaves_the_base_alone(folder: Path):
    moved = clustered(1, seed=33)[0]
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("vectors-*") if path.suffix != ".log"}
    with (
        LocalEngine(folder, "model-a", DIMENSION) as other,
        LocalEngine(folder, "model-a", DIMENSION, writable=True) as engine,
    ):
        engine.upsert([passage(5, "word", entry=4242, vector=moved)])
        engine.delete([6])
        hits = other.nearest(moved, None, ROWS)
        assert hits[0] == (5, 4242, pytest.approx(1, abs=1e-6))
        assert ids(hits).count(5) == 1
        assert 6 not in ids(hits)
        assert other.passages_of([4242]) == [5]
        assert 6 not in other.passages_of([entry_of(6)])
    after = {path.name: path.stat().st_mtime_ns for path in folder.glob("vectors-*") if path.suffix != ".log"}
    assert after == before


def test_folding_the_log_in_keeps_the_codes_and_every_vector(folder: Path, monkeypatch: pytest.MonkeyPatch):
    more = clustered(400, seed=40)
    old = base_of(folder).codes
    assert old is not None
    monkeypatch.setattr(short_codes.ShortCodes, "train", lambda *_: pytest.fail("the codes still fit"))
    with LocalEngine(folder, "model-a", DIMENSION, writable=True) as engine:
        engine.upsert(passages(more, ROWS + 1))
        engine.delete(range(1, 101))
        engine.compact()
        state = engine.state()
        stored = engine.vectors([ROWS + 1, ROWS + 400])
    assert state.ids.tolist() == list(range(101, ROWS + 401))
    assert state.entry_ids.tolist() == [entry_of(id) for id in state.ids.tolist()]
    assert [stored[ROWS + 1].tolist(), stored[ROWS + 400].tolist()] == [more[0].tolist(), more[-1].tolist()]
    codes = base_of(folder).codes
    assert codes is not None
    assert codes[0].trained.tolist() == old[0].trained.tolist()
    assert len(codes[1]) == ROWS + 300
    assert codes[1].measured == old[1].measured


@pytest.mark.thorough
def test_searches_go_on_while_the_index_is_rebuilt_beside(folder: Path):
    """Every answer is the old index's or the new one's, whole."""
    other_vectors = clustered(ROWS, seed=77)
    question, failures, done = clustered(1, seed=6)[0], [], threading.Event()
    with LocalEngine(folder, "model-a", DIMENSION) as engine:
        old = ids(engine.nearest(question, None, 20))

        def search() -> None:
            try:
                while not done.is_set():
                    found = {hit.id > ROWS for hit in engine.nearest(question, None, 20)}
                    assert len(found) == 1
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=search)
        thread.start()
        with LocalEngine.rebuild(folder, "model-a", DIMENSION) as fresh:
            for start in range(0, ROWS, 500):
                fresh.upsert(passages(other_vectors[start : start + 500], ROWS + start + 1))
            assert ids(engine.nearest(question, None, 20)) == old
        new = ids(engine.nearest(question, None, 20))
        done.set()
        thread.join()
    assert failures == []
    assert recall(new, [id + ROWS for id in exact(other_vectors, question, 20)]) >= 0.9


def test_a_size_below_the_thresholds_is_exact(tmp_path: Path):
    vectors = clustered(150)
    with LocalEngine.rebuild(tmp_path, "model-a", DIMENSION) as fresh:
        fresh.upsert(passages(vectors))
        fresh.compact()
        for question in clustered(5, seed=2):
            assert ids(fresh.nearest(question, None, 30)) == exact(vectors, question, 30)
    assert base_of(tmp_path).codes is None


def test_a_base_of_an_earlier_version_is_read_and_replaced_by_the_next_write(folder: Path):
    """It had its rows in another order, and no short codes."""
    (small,) = folder.glob("vectors-*.npz")
    question = clustered(1, seed=9)[0]
    with LocalEngine(folder, "model-a", DIMENSION) as engine:
        before = engine.nearest(question, None, 10)
    order = np.random.default_rng(2).permutation(ROWS)
    with np.load(small) as arrays:
        was = {name: arrays[name] for name in arrays.files if name != "measured"}
    for suffix, dtype in (("f32", np.float32), ("sq8", np.uint8)):
        rows = np.fromfile(small.with_suffix(f".{suffix}"), dtype).reshape(ROWS, DIMENSION)
        rows[order].tofile(small.with_suffix(f".{suffix}"))
    was |= {"ids": was["ids"][order], "entry_of": was["entry_of"][order], "sums": was["sums"][:2]}
    was |= {"by_id": np.argsort(was["ids"]).astype(np.int32), "by_entry": np.argsort(was["entry_of"]).astype(np.int32)}
    np.savez(small, **was)
    small.with_suffix(".pq4").unlink()
    with LocalEngine(folder, "model-a", DIMENSION, writable=True) as engine:
        assert engine.nearest(question, None, 10) == before
        assert engine.vectors([77])[77].tolist() == clustered(ROWS)[76].tolist()
        engine.upsert([passage(77, "word", entry=78, vector=clustered(ROWS)[76])])
        assert engine.nearest(question, None, 10) == before
    assert base_of(folder).codes is not None


def test_other_bytes_than_were_written_in_the_short_codes_are_refused_at_once(folder: Path):
    (path,) = folder.glob("vectors-*.pq4")
    damage(path)
    with (
        LocalEngine(folder, "model-a", DIMENSION) as engine,
        pytest.raises(SemanticUnavailable, match=rf"{path.name} is damaged.*reindex --rebuild"),
    ):
        engine.nearest(clustered(1)[0], None, 5)


@pytest.mark.parametrize("suffix", ["npz", "f32", "sq8", "pq4"])
def test_files_cut_short_are_refused_when_they_are_opened(folder: Path, suffix: str):
    (path,) = folder.glob(f"vectors-*.{suffix}")
    path.write_bytes(path.read_bytes()[:-100])
    with LocalEngine(folder, "model-a", DIMENSION) as engine:
        with pytest.raises(SemanticUnavailable, match=rf"vectors-\d+\.{suffix}.*reindex --rebuild"):
            engine.nearest(clustered(1)[0], None, 5)
        assert len(engine.keyword("word", None, 5)) == 5


@pytest.mark.parametrize("suffix", ["f32", "sq8"])
def test_other_bytes_than_were_written_are_found_by_a_check(folder: Path, suffix: str):
    (path,) = folder.glob(f"vectors-*.{suffix}")
    with LocalEngine(folder, "model-a", DIMENSION) as engine:
        engine.check()
    damage(path)
    with (
        LocalEngine(folder, "model-a", DIMENSION) as engine,
        pytest.raises(IndexMismatch, match=rf"{path.name} is damaged.*reindex --rebuild"),
    ):
        engine.check()


def test_nothing_is_large_about_three_vectors(tmp_path: Path):
    with LocalEngine(tmp_path, "model-a", 3, writable=True) as engine:
        engine.upsert([passage(1, vector=EAST)])
        engine.compact()
        assert engine.nearest(EAST, None, 5) == [(1, 1, 1.0)]
    assert base_of(tmp_path).codes is None
