"""What the local engine promises beyond the contract: files, processes, crashes."""

import contextlib
import itertools
import json
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from search.engines import local_vectors
from search.engines.local import LocalEngine
from search.engines.reference import ReferenceEngine
from search.errors import IndexBusy, IndexMismatch, SearchError, SemanticUnavailable
from tests.search.engines.helpers import EAST, NORTH, UP, filter_of, ids, passage, unit_vectors


def reader(folder: Path, fingerprint: str = "model-a", dimension: int = 3) -> LocalEngine:
    return LocalEngine(folder, fingerprint, dimension)


def writer(folder: Path, fingerprint: str = "model-a", dimension: int = 3, **options) -> LocalEngine:
    return LocalEngine(folder, fingerprint, dimension, writable=True, **options)


def log_of(folder: Path) -> Path:
    (log,) = folder.glob("vectors-*.log")
    return log


def overwrite(path: Path) -> None:
    path.write_bytes(b"not what it was")


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-4])


def test_what_was_written_is_there_after_closing(tmp_path: Path):
    with writer(tmp_path) as engine:
        engine.upsert([passage(1, "refund bot", vector=EAST, entry=5), passage(2, "weather", vector=NORTH)])
        engine.delete([2])
    with reader(tmp_path) as engine:
        assert engine.nearest(EAST, None, 5) == [(1, 5, 1.0)]
        assert ids(engine.keyword("refunds", None, 5)) == [1]
        assert engine.state().ids.tolist() == [1]


def test_a_reader_sees_later_writes_without_a_restart(tmp_path: Path):
    with reader(tmp_path) as other:
        assert other.nearest(EAST, None, 5) == []
        with writer(tmp_path) as engine:
            assert other.keyword("alpha", None, 5) == []
            engine.upsert([passage(1, "alpha", vector=EAST)])
            assert ids(other.keyword("alpha", None, 5)) == [1]
            assert ids(other.nearest(EAST, None, 5)) == [1]
            engine.upsert([passage(1, "beta", vector=NORTH), passage(2, "alpha", vector=EAST)])
            assert ids(other.keyword("alpha", None, 5)) == [2]
            assert ids(other.nearest(EAST, None, 1)) == [2]
            engine.compact()
            engine.delete([2])
            assert ids(other.nearest(EAST, None, 5)) == [1]
            assert other.keyword("alpha", None, 5) == []


def test_a_steady_reader_looks_once_for_what_others_wrote(tmp_path: Path):
    with writer(tmp_path) as engine, reader(tmp_path) as other:
        engine.upsert([passage(1, "alpha", vector=EAST)])
        with other.steady():
            engine.upsert([passage(2, "alpha", vector=EAST)])
            assert ids(other.keyword("alpha", None, 5)) == ids(other.nearest(EAST, None, 5)) == [1]
            with other.steady(), ThreadPoolExecutor(1) as pool:
                assert pool.submit(other.state).result().ids.tolist() == [1, 2]
        assert ids(other.keyword("alpha", None, 5)) == ids(other.nearest(EAST, None, 5)) == [1, 2]


def test_one_writer_at_a_time_and_the_error_says_who(tmp_path: Path):
    with writer(tmp_path), pytest.raises(IndexBusy, match=r"is being written by process \d+ on .+ since 20"):
        writer(tmp_path)
    writer(tmp_path).close()


def test_a_second_writer_can_wait(tmp_path: Path):
    first = writer(tmp_path)
    threading.Timer(0.2, first.close).start()
    writer(tmp_path, wait=10).close()


def test_a_reader_cannot_write(tmp_path: Path):
    with reader(tmp_path) as engine, pytest.raises(SearchError, match="opened for reading"):
        engine.upsert([passage(1)])


def assert_same_hits(found, wanted) -> None:
    """The log and the base add up a product in different orders: the last bits of a score may differ."""
    assert [(hit.id, hit.entry_id) for hit in found] == [(hit.id, hit.entry_id) for hit in wanted]
    assert [hit.score for hit in found] == pytest.approx([hit.score for hit in wanted], abs=1e-5)


def test_compaction_changes_files_and_nothing_else(tmp_path: Path):
    vectors = unit_vectors(200, 8)
    with writer(tmp_path, dimension=8) as engine:
        engine.upsert([passage(id, f"word{id}", entry=id % 7 + 1, vector=vectors[id - 1]) for id in range(1, 151)])
        engine.compact()
        engine.upsert([passage(id, "again", entry=9, vector=vectors[id - 1]) for id in range(140, 201)])
        engine.delete(range(1, 20))
        before = engine.nearest(vectors[50], None, 300), engine.state()
        engine.compact()
        after = engine.nearest(vectors[50], None, 300), engine.state()
    assert_same_hits(after[0], before[0])
    assert len(after[0]) == 181
    assert after[1].ids.tolist() == before[1].ids.tolist() == list(range(20, 201))
    assert after[1].generation > before[1].generation
    assert log_of(tmp_path).stat().st_size == 0
    with reader(tmp_path, dimension=8) as engine:
        assert_same_hits(engine.nearest(vectors[50], None, 300), before[0])


def test_a_long_log_is_compacted_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(local_vectors, "COMPACT_ROWS", 10)
    with writer(tmp_path) as engine:
        for id in range(1, 31):
            engine.upsert([passage(id, vector=EAST)])
        assert engine.state().ids.tolist() == list(range(1, 31))
    assert len(list(tmp_path.glob("vectors-*.f32"))) == 1
    assert log_of(tmp_path).stat().st_size < 2000


@pytest.mark.parametrize("compact", [False, True])
def test_exact_and_equal_to_the_reference_at_any_selectivity(tmp_path: Path, compact: bool):
    vectors = unit_vectors(1000, 16)
    passages = [
        passage(id, f"common w{id % 17} w{id % 5}", title=f"w{id % 3}", entry=id % 100 + 1, vector=vectors[id - 1])
        for id in range(1, 1001)
    ]
    reference = ReferenceEngine("model-a", 16)
    reference.upsert(passages)
    question = unit_vectors(1, 16, seed=1)[0]
    with writer(tmp_path, dimension=16) as engine:
        engine.upsert(passages[:700])
        if compact:
            engine.compact()
        engine.upsert(passages[650:])
        for entries in (None, filter_of(), filter_of(5), filter_of(*range(1, 20)), filter_of(*range(1, 100))):
            for k in (1, 10, 2000):
                expected, found = reference.nearest(question, entries, k), engine.nearest(question, entries, k)
                assert ids(found) == ids(expected)
                assert [hit.score for hit in found] == pytest.approx([hit.score for hit in expected], abs=1e-5)
                expected, found = (made.keyword("common w3 w1", entries, k) for made in (reference, engine))
                assert ids(found) == ids(expected)


def test_an_index_of_another_model_is_refused_for_writing(tmp_path: Path):
    writer(tmp_path).close()
    with pytest.raises(IndexMismatch, match=r"model model-a \(3 dimensions\), the model in use is model-b.*--rebuild"):
        writer(tmp_path, "model-b")
    with pytest.raises(IndexMismatch, match="reindex --rebuild"):
        writer(tmp_path, dimension=4)


def test_an_index_of_another_model_answers_only_keywords(tmp_path: Path):
    with writer(tmp_path) as engine:
        engine.upsert([passage(1, "alpha")])
    with reader(tmp_path, "model-b", 4) as engine:
        assert ids(engine.keyword("alpha", None, 5)) == [1]
        with pytest.raises(SemanticUnavailable, match="reindex --rebuild"):
            engine.nearest(np.array([1, 0, 0, 0], np.float32), None, 5)
        assert engine.state().fingerprint == "model-a"


def test_an_index_of_another_layout_is_refused(tmp_path: Path):
    writer(tmp_path).close()
    current = json.loads((tmp_path / "CURRENT").read_text())
    (tmp_path / "CURRENT").write_text(json.dumps(current | {"schema": 99}))
    for opener in (reader, writer):
        with pytest.raises(IndexMismatch, match=r"layout 99.*reindex --rebuild"):
            opener(tmp_path)
    (tmp_path / "CURRENT").write_text("{")
    with pytest.raises(IndexMismatch, match="cannot be read"):
        reader(tmp_path)


@pytest.mark.parametrize(
    ("suffix", "damage"),
    [("log", Path.unlink), *itertools.product(["npz", "f32"], [Path.unlink, overwrite, cut_short])],
)
def test_lost_vectors_leave_the_keywords_and_a_rebuild_helps(tmp_path: Path, suffix: str, damage):
    with writer(tmp_path) as engine:
        engine.upsert([passage(1, "alpha")])
        engine.compact()
    (path,) = tmp_path.glob(f"vectors-*.{suffix}")
    damage(path)
    with pytest.raises(IndexMismatch, match=r"vectors-2.*reindex --rebuild"):
        writer(tmp_path)
    with reader(tmp_path) as other:
        assert ids(other.keyword("alpha", None, 5)) == [1]
        assert other.state().keyword_ids.tolist() == [1]
        assert other.state().vector_ids.tolist() == []
        with pytest.raises(SemanticUnavailable, match="reindex --rebuild"):
            other.nearest(UP, None, 5)
        with LocalEngine.rebuild(tmp_path, "model-a", 3) as fresh:
            fresh.upsert([passage(2, "alpha")])
        assert ids(other.keyword("alpha", None, 5)) == ids(other.nearest(UP, None, 5)) == [2]


def test_lost_words_are_named(tmp_path: Path):
    with writer(tmp_path) as engine:
        engine.upsert([passage(1, "alpha")])
    shutil.rmtree(tmp_path / "words-1")
    with pytest.raises(IndexMismatch, match=r"words-1.*reindex --rebuild"):
        reader(tmp_path)


def blank(path: Path) -> None:
    with path.open("r+b") as file:  # in place: whoever has it mapped must not find it empty for a moment
        file.write(bytes(path.stat().st_size // 2))


@pytest.mark.parametrize("suffix", ["idx", "fast", "term", "fieldnorm", "store", "pos"])
def test_damaged_words_are_named_and_a_rebuild_helps(tmp_path: Path, suffix: str):
    with writer(tmp_path) as engine:
        engine.upsert([passage(id, f"alpha beta {id}") for id in range(1, 300)])
    with reader(tmp_path) as engine:
        engine.check()
    for path in tmp_path.glob(f"words-1/*.{suffix}"):
        blank(path)

    with pytest.raises(IndexMismatch, match="reindex --rebuild"), reader(tmp_path) as engine:
        engine.check()
    with contextlib.suppress(SearchError), reader(tmp_path) as engine:  # no other exception reaches who searches
        engine.keyword("alpha 17", None, 5)
        engine.keyword_scores("beta", [1, 2])
        engine.state()
    with LocalEngine.rebuild(tmp_path, "model-a", 3) as fresh:
        fresh.upsert([passage(2, "alpha")])
    with reader(tmp_path) as engine:
        engine.check()
        assert ids(engine.keyword("alpha", None, 5)) == [2]


def test_words_with_deletions_are_whole(tmp_path: Path):
    with writer(tmp_path) as engine:
        engine.upsert([passage(id, f"alpha {id}") for id in range(1, 9)])
        engine.delete([2, 3])
        engine.delete([4])
        engine.check()


def test_a_folder_that_was_removed_is_an_empty_index(tmp_path: Path):
    folder = tmp_path / "index"
    with writer(folder) as engine:
        engine.upsert([passage(1, "alpha", vector=EAST)])
    with reader(folder) as other:
        assert ids(other.nearest(EAST, None, 5)) == [1]
        shutil.rmtree(folder)
        assert other.nearest(EAST, None, 5) == []
        assert other.keyword("alpha", None, 5) == []


def test_rebuild_shows_the_new_index_only_when_it_is_whole(tmp_path: Path):
    folder = tmp_path / "index"
    with writer(folder) as engine:
        engine.upsert([passage(1, "alpha")])
    with reader(folder, "model-b", 3) as other:
        with LocalEngine.rebuild(folder, "model-b", 3) as fresh:
            fresh.upsert([passage(7, "alpha", vector=EAST)])
            assert ids(other.keyword("alpha", None, 5)) == [1]
            with pytest.raises(IndexBusy):
                writer(folder)
        assert ids(other.keyword("alpha", None, 5)) == [7]
        assert ids(other.nearest(EAST, None, 5)) == [7]
        assert other.state().fingerprint == "model-b"
    assert sorted(path.name for path in folder.iterdir()) == [
        "CURRENT", "LOCK", "vectors-2.f32", "vectors-2.log", "vectors-2.npz", "words-2",
    ]  # fmt: skip


def test_a_failed_rebuild_leaves_the_old_index(tmp_path: Path):
    with writer(tmp_path) as engine:
        engine.upsert([passage(1, "alpha")])

    def fill_half() -> None:
        with LocalEngine.rebuild(tmp_path, "model-b", 3) as fresh:
            fresh.upsert([passage(7, "alpha")])
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fill_half()
    with writer(tmp_path) as engine:
        assert engine.state().ids.tolist() == [1]
    assert not (tmp_path / "rebuild").exists()


@pytest.mark.parametrize("cut", [1, 10, 30, 51])
def test_a_torn_log_tail_is_cut_off_by_the_next_writer(tmp_path: Path, cut: int):
    with writer(tmp_path) as engine:
        engine.upsert([passage(1, "alpha", vector=EAST)])
        engine.upsert([passage(2, "alpha", vector=NORTH)])
    log = log_of(tmp_path)
    log.write_bytes(log.read_bytes()[:-cut])
    with reader(tmp_path) as engine:
        assert engine.state().vector_ids.tolist() == [1]
        assert engine.state().keyword_ids.tolist() == [1, 2]
    with writer(tmp_path) as engine:
        # The change of passage 2 never ended, so neither half keeps it, and the caller sees that it is missing.
        assert engine.state().keyword_ids.tolist() == engine.state().vector_ids.tolist() == [1]
        engine.upsert([passage(2, "alpha", vector=NORTH)])
        assert engine.state().ids.tolist() == [1, 2]


def test_damage_in_the_log_hides_what_follows_and_state_says_so(tmp_path: Path):
    with writer(tmp_path) as engine:
        for id in (1, 2, 3):
            engine.upsert([passage(id, "alpha")])
    log = log_of(tmp_path)
    damaged = bytearray(log.read_bytes())
    damaged[len(damaged) // 2] ^= 255
    log.write_bytes(damaged)
    with writer(tmp_path) as engine:
        state = engine.state()
        assert 1 in state.ids
        assert 3 not in state.ids
        assert 3 in state.keyword_ids


def test_a_failing_word_index_leaves_neither_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with writer(tmp_path) as engine:
        engine.upsert([passage(1, "old", vector=EAST), passage(2, "two")])
        words = engine._words
        assert words
        document = words._document
        monkeypatch.setattr(words, "_document", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            engine.upsert([passage(1, "new", vector=NORTH)])
        monkeypatch.setattr(words, "_document", document)
        engine.upsert([passage(3, "three")])
        state = engine.state()
        assert state.ids.tolist() == state.keyword_ids.tolist() == state.vector_ids.tolist() == [2, 3]


WRITER = """
import sys
import numpy as np
from search.engines import local_vectors
from search.engines.base import IndexedPassage
from search.engines.local import LocalEngine

local_vectors.COMPACT_ROWS = 40
engine = LocalEngine(sys.argv[1], "model-a", 8, writable=True)
round = int(sys.argv[2])
while True:
    round += 1
    vector = np.zeros(8, np.float32)
    vector[round % 8] = 1
    ids = range(round % 50 + 1, round % 50 + 11)
    engine.upsert([IndexedPassage(id, id, "", f"round{round}", "", vector) for id in ids])
    print(round, flush=True)
"""


@pytest.mark.thorough
def test_a_writer_killed_at_any_moment_leaves_an_index_that_tells_the_truth(tmp_path: Path):
    delays = np.random.default_rng(7).uniform(0, 0.15, 6)
    told = 0
    for delay in delays:
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(told)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout
        told = int(process.stdout.readline())
        killer = threading.Timer(delay, process.send_signal, [signal.SIGKILL])
        killer.start()
        told = max([told, *(int(line) for line in process.stdout if line.endswith("\n"))])
        process.wait()

        with writer(tmp_path, dimension=8) as engine:
            state = engine.state()
            assert state.keyword_ids.tolist() == state.vector_ids.tolist() == state.ids.tolist()
            for id in state.ids.tolist():
                check_both_halves_agree(engine, id, told)
            # What was acknowledged last is there, unless the round cut short was changing the same passages.
            acknowledged = set(range(told % 50 + 1, told % 50 + 11))
            unfinished = set(range((told + 1) % 50 + 1, (told + 1) % 50 + 11))
            assert acknowledged - unfinished <= set(state.ids.tolist())


def check_both_halves_agree(engine: LocalEngine, id: int, told: int) -> None:
    """The words and the vector of a passage are of one round, and of one that was written."""
    axis = int(np.argmax(engine.vectors([id])[id]))
    rounds = [n for n in range(max(1, told - 60), told + 2) if n % 8 == axis and n % 50 + 1 <= id <= n % 50 + 10]
    assert any(id in engine.keyword_scores(f"round{n}", [id]) for n in rounds)


def test_threads_can_search_while_the_writer_writes(tmp_path: Path):
    failures: list[BaseException] = []
    done = threading.Event()
    with writer(tmp_path) as engine, reader(tmp_path) as other:
        engine.upsert([passage(1, "alpha", vector=EAST)])

        def search() -> None:
            try:
                while not done.is_set():
                    assert ids(other.nearest(EAST, None, 1)) == [1]
                    assert ids(other.keyword("alpha", None, 1)) == [1]
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=search) for _ in range(3)]
        for thread in threads:
            thread.start()
        for id in range(2, 30):
            engine.upsert([passage(id, "beta", vector=UP), passage(1, "alpha", vector=EAST)])
            if id % 10 == 0:
                engine.compact()
        done.set()
        for thread in threads:
            thread.join()
    assert failures == []


def test_a_reader_is_never_caught_between_two_generations(tmp_path: Path):
    failures: list[BaseException] = []
    done = threading.Event()
    with writer(tmp_path) as engine:
        engine.upsert([passage(1, "alpha", vector=EAST)])
    with reader(tmp_path) as other:

        def search() -> None:
            try:
                while not done.is_set():
                    assert ids(other.keyword("alpha", None, 1)) == ids(other.nearest(EAST, None, 1)) == [1]
                    with reader(tmp_path) as another:
                        assert another.state().ids.tolist() == [1]
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=search)
        thread.start()
        for _ in range(15):
            with LocalEngine.rebuild(tmp_path, "model-a", 3) as fresh:
                fresh.upsert([passage(1, "alpha", vector=EAST)])
        done.set()
        thread.join()
    assert failures == []
