"""Searches in a collection of any size over HTTP, against what they cannot do without: encoding and a search in faiss.

The collection is made up and indexed in bulk, in a data folder of its own; the server is the one of `manage.py web`.
"""

import contextlib
import hashlib
import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from search import index
from search.benchmarks import process
from search.benchmarks.asking import PAGE_PART, Answer, Client, address, by_the_clock, one_by_one, summary
from search.benchmarks.made_collection import PASSAGES_EACH, SHARES, questions
from search.benchmarks.made_snapshot import make as make_snapshot
from search.engines.base import Ids, Vectors
from search.engines.local import LocalEngine

READY_WITHIN_S = 120.0
STOPPED_WITHIN_S = 30.0
LOOK_EVERY_S = 0.02
NEAREST = 10
# Of the incidents that are imported while questions come: more than can be taken in before the time is over.
IMPORTED = 4000
# Ways of asking: in which part of the collection, and whether by the page or by the API.
WAYS = [(tag, page) for tag in ("", *SHARES) for page in (False, True)]
# Enough questions in a row that what they have in common stays near the processor.
AT_A_TIME = 25
# More than are asked while a process that has just started rehearses.
WARM_UP = 50


@dataclass(frozen=True)
class Load:
    """How many distinct questions a second, for how long."""

    rate: float
    seconds: float


def measure(passages: int, requests: int, load: Load | None = None, keep: Path | None = None) -> dict[str, Any]:
    """Everything that is said about searches at this size. The collection is made in `keep` and used again, or thrown
    away when that is None."""
    index.encoder().prepare()
    with ExitStack() as stack:
        scratch = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmark-")))
        data = scratch / f"search-{passages}"
        environment, folder = collection(data, passages), data / "index"
        found: dict[str, Any] = {"passages": passages, "entries": -(-passages // PASSAGES_EACH)}
        found |= {"encoder": index.encoder().fingerprint, "index_on_disk_mb": _on_disk(folder)}
        asked = questions(requests * len(WAYS) + WARM_UP)
        with serving(environment) as server:
            found |= server.ready()
            server.warm(asked[:WARM_UP])
            with _Alone(folder) as alone:
                found["http"] = _in_turns(server.port, alone, asked[WARM_UP:], requests)
                found |= server.holds(folder)
                found |= alone.told()
            _compare(found)
            if load:
                _mark(data).unlink()  # what is imported now was not there when it was made
                found["sustained"] = _sustained(server, environment, load, scratch)
    return found


def collection(data: Path, passages: int) -> dict[str, str]:
    """The environment of the instance in `data`, which is made where it is not there in whole, and migrated where an
    earlier program made it."""
    is_made = _mark(data).exists()
    if not is_made:
        shutil.rmtree(data, ignore_errors=True)
    environment = process.surroundings(data)
    process.manage(environment, "migrate", "--verbosity", "0")
    if not is_made:
        process.manage(environment, "benchmark", "fill", "--passages", str(passages))
        _mark(data).touch()
    return environment


def _mark(data: Path) -> Path:
    """A file that is there when the collection is, made with the encoder in use."""
    return data / f"made-with-{hashlib.sha256(index.encoder().fingerprint.encode()).hexdigest()[:16]}"


def _on_disk(folder: Path) -> dict[str, float]:
    sizes: dict[str, float] = {}
    for path in folder.rglob("*"):
        if path.is_file():
            name = path.parent.name.partition("-")[0] if path.parent != folder else path.suffix.lstrip(".") or "other"
            sizes[name] = sizes.get(name, 0) + path.stat().st_size / 1e6
    return {name: round(size, 1) for name, size in sorted(sizes.items())}


class _Server:
    """A running `manage.py web`."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.began = time.perf_counter()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._started = process.start(environment, "web", "--port", str(self.port))

    def ready(self) -> dict[str, float]:
        """Seconds from the start to the first page of results, and to the first that knows meanings."""
        page = self._until("the page", False)
        return {"first_results_s": page, "ready_to_search_s": self._until("meanings", True)}

    def _until(self, what: str, meaning: bool) -> float:
        while time.perf_counter() - self.began < READY_WITHIN_S:
            client = Client(self.port)
            answer = client.get(address("a lift that sang", page=False, mode="vector" if meaning else "keyword"), {})
            client.close()
            if answer.status == 200 and not (meaning and json.loads(answer.body)["notices"]):
                return round(time.perf_counter() - self.began, 2)
            if self._started.poll() is not None:
                raise RuntimeError(f"the web process ended with {self._started.returncode}")
            time.sleep(LOOK_EVERY_S)
        raise RuntimeError(f"the web process did not answer with {what} within {READY_WITHIN_S:.0f} s")

    def warm(self, asked: list[str]) -> None:
        """Ask until every process has probably been asked: connections are spread over them as they come."""
        for question in asked * 2:
            one_by_one(self.port, [address(question, page=False)], {})

    def holds(self, folder: Path) -> dict[str, Any]:
        """What the processes that answer hold in memory, and whether any of them has loaded torch."""
        workers = process.children(self._started.pid)
        maps = {pid: process.mapped(pid) for pid in workers}
        of_index = [sum(size for name, size in one.items() if name.startswith(str(folder))) for one in maps.values()]
        return {
            "web_processes": len(workers),
            "web_process_mb": round(max(map(process.resident, workers), default=0.0)),
            "web_process_peak_mb": round(max(map(process.peak, workers), default=0.0)),
            "index_mapped_mb": round(max(of_index, default=0.0)),
            "torch_imported": any(process.MODEL_LIBRARY in name for one in maps.values() for name in one),
        }

    def stop(self) -> None:
        self._started.terminate()
        try:
            self._started.wait(STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._started.kill()
            self._started.wait()


@contextlib.contextmanager
def serving(environment: dict[str, str]) -> Iterator[_Server]:
    server = _Server(environment)
    try:
        yield server
    finally:
        server.stop()


def _in_turns(port: int, alone: "_Alone", asked: list[str], requests: int) -> dict[str, Any]:
    """Each way of asking with questions of its own, so that nothing is answered from what was kept of another; a few at
    a time, and then as many alone, so that a machine that is slower for a while is so for all of them."""
    answers: dict[tuple[str, bool], list[Answer]] = {way: [] for way in WAYS}
    for start in range(0, requests, AT_A_TIME):
        for number, (tag, page) in enumerate(WAYS):
            some = asked[number * requests + start : number * requests + min(start + AT_A_TIME, requests)]
            paths = [address(one, page=page, **({"tag": tag} if tag else {})) for one in some]
            answers[tag, page] += one_by_one(port, paths, PAGE_PART if page else {})
        for question in asked[start : min(start + AT_A_TIME, requests)]:
            alone.ask(question)
    return {
        f"{'page' if page else 'api'}{f' {tag}' if tag else ''}": {
            **summary([answer.seconds for answer in those]),
            "failed": sum(answer.status != 200 for answer in those),
        }
        for (tag, page), those in answers.items()
    }


class _Alone:
    """Encoding and a search of all vectors in faiss, question by question as a program does that does no more, and the
    engine by itself, on one core each; and what it finds."""

    def __init__(self, folder: Path) -> None:
        self._model = index.encoder()
        faiss.omp_set_num_threads(1)
        self._engine = LocalEngine(folder, self._model.fingerprint, self._model.dimension)
        self._ids, self._entry_ids, self._flat = _all_vectors(self._engine)
        for question in questions(WARM_UP, seed=7):
            self._flat.search(self._model.encode_query(question)[None], NEAREST)
        self._vectors: list[Vectors] = []
        self._exact: list[Ids] = []
        self._encoding: list[float] = []
        self._searching: list[float] = []

    def __enter__(self) -> "_Alone":
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.close()

    def ask(self, question: str) -> None:
        began = time.perf_counter()
        vector = self._model.encode_query(question)
        encoded = time.perf_counter()
        self._exact.append(self._ids[self._flat.search(vector[None], NEAREST)[1][0]])
        self._encoding.append(encoded - began)
        self._searching.append(time.perf_counter() - encoded)
        self._vectors.append(vector)

    def told(self) -> dict[str, Any]:
        """What asking took, what the engine takes for the same, and how much it finds of what there is."""
        engine, vectors = self._engine, self._vectors
        both = [one + other for one, other in zip(self._encoding, self._searching, strict=True)]
        found: dict[str, Any] = {
            "encoding": summary(self._encoding),
            "faiss_flat": summary(self._searching),
            "encoding_and_faiss": summary(both),
        }
        found["engine_nearest"] = summary(_timed(vectors, lambda vector: engine.nearest(vector, None, NEAREST))[1])
        found["recall_at_10"] = {"all": _recall(engine, vectors, None, self._exact)}
        for slug, share in SHARES.items():
            entries = np.unique(self._entry_ids)
            chosen = entries[entries * 37 % 100 < share]
            rows = np.flatnonzero(np.isin(self._entry_ids, chosen))
            if rows.size:
                wanted = [self._ids[_exactly(self._flat, vector, rows)] for vector in vectors]
                found["recall_at_10"][slug] = _recall(engine, vectors, chosen, wanted)
        return found


def _timed(values: Any, work: Callable[[Any], Any]) -> tuple[list[Any], list[float]]:
    results, seconds = [], []
    for value in values:
        began = time.perf_counter()
        results.append(work(value))
        seconds.append(time.perf_counter() - began)
    return results, seconds


def _all_vectors(engine: LocalEngine) -> tuple[Ids, Ids, Any]:
    """Passage ids, entry ids and a flat index of everything that the engine holds."""
    state = engine.state()
    flat: Any = faiss.IndexFlatIP(engine.dimension)
    for start in range(0, len(state.ids), 10_000):
        some = state.ids[start : start + 10_000].tolist()
        stored = engine.vectors(some)
        flat.add(np.stack([stored[id] for id in some]))
    return state.ids, state.entry_ids, flat


def _exactly(flat: Any, vector: Vectors, rows: Ids) -> Ids:
    selector = faiss.IDSelectorBatch(rows)  # type: ignore[call-arg, arg-type]
    _, found = flat.search(vector[None], NEAREST, params=faiss.SearchParameters(sel=selector))  # type: ignore[call-arg]
    return found[0][found[0] >= 0]


def _recall(engine: LocalEngine, vectors: list[Vectors], filter: Ids | None, wanted: list[Ids]) -> float:
    shares = []
    for vector, right in zip(vectors, wanted, strict=True):
        found = [hit.id for hit in engine.nearest(vector, filter, NEAREST)]
        shares.append(np.isin(right, found).mean())
    return round(float(np.mean(shares)), 4)


def _compare(found: dict[str, Any]) -> None:
    """Each way of asking as a multiple of encoding and a search in faiss."""
    least = found["encoding_and_faiss"]
    for measured in found["http"].values():
        measured["times_encoding_and_faiss"] = round(measured["p95_ms"] / least["p95_ms"], 2)


def _sustained(server: "_Server", environment: dict[str, str], load: Load, scratch: Path) -> dict[str, Any]:
    """Distinct questions by the clock while a worker imports into the same instance, indexing included."""
    asked = questions(int(load.rate * load.seconds), seed=6)
    with tempfile.TemporaryDirectory(dir=scratch, prefix="snapshot-") as made:
        snapshot = make_snapshot(Path(made), IMPORTED, 1, 2000)
        job = process.manage(environment, "ingest", "aiid", str(snapshot)).strip()
        # As under `up`, which gives each of its processes a session.
        importing = process.start(environment, "worker", start_new_session=True)
        try:
            paths = [address(one, page=False) for one in asked]
            until = time.perf_counter() + READY_WITHIN_S
            while not _is_importing(server.port, job) and time.perf_counter() < until:
                time.sleep(LOOK_EVERY_S)
            ends = time.perf_counter() + load.seconds
            began = time.perf_counter()
            answers = by_the_clock(server.port, paths, load.rate, lambda: time.perf_counter() < ends)
            took = time.perf_counter() - began
            throughout = _is_importing(server.port, job)
        finally:
            importing.terminate()
            importing.wait()
        failed = [answer for answer in answers if answer.status != 200]
        halved = sum(b"Search by meaning is not available" in answer.body for answer in answers)
    return {
        "asked_per_second": load.rate,
        "answered_per_second": round(len(answers) / took, 1),
        "answers": len(answers),
        "errors": len(failed),
        "without_meaning": halved,
        "import_ran_throughout": throughout,
        **summary([answer.seconds for answer in answers]),
        # Where more come than are answered, the last wait longest.
        "last_tenth": summary([answer.seconds for answer in answers[-len(answers) // 10 :]]),
    }


def _is_importing(port: int, job: str) -> bool:
    """Whether the job is at work."""
    (answer,) = one_by_one(port, [f"/api/v1/jobs/{job}"], {})
    return answer.status == 200 and json.loads(answer.body)["state"] == "running"
