"""Work in a process of its own: it makes way, it can be stopped, and it goes on from where it was."""

import os
import signal
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from search.errors import SemanticUnavailable
from search.hashing_encoder import HashingEncoder
from search.tuning import beside, training
from search.tuning.beside import ChildEncoder, ChildFailed
from tests.search.tuning.conftest import QUICK
from tests.search.tuning.test_training import PAIRS

pytestmark = [pytest.mark.once, pytest.mark.thorough]

NICENESS = 2


@pytest.fixture(autouse=True)
def not_so_low(monkeypatch):
    """Other tests keep all cores busy, and one that makes way for them all would take minutes."""
    monkeypatch.setattr(beside, "NICENESS", NICENESS)


def test_a_child_encodes_like_anybody_and_makes_way():
    texts = ["A ferry on a reef", "Ünïcode 🛳\n\u2028 in one line", ""]
    known = HashingEncoder(64)

    with ChildEncoder("hashing:64") as encoder:
        assert (encoder.fingerprint, encoder.dimension) == ("hashing:64", 64)
        assert np.array_equal(encoder.encode(texts), known.encode(texts))
        assert np.array_equal(encoder.encode_query(texts[0]), known.encode_query(texts[0]))
        assert encoder.encode([]).shape == (0, 64)
        process = encoder._process
        assert process is not None
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == NICENESS
        assert _group_niceness(process.pid) == NICENESS
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(SemanticUnavailable, match=r"gone|ended before"):
            encoder.encode(texts)
    assert process.returncode == -signal.SIGKILL
    with pytest.raises(SemanticUnavailable, match="outside"):
        encoder.encode(texts)


def _group_niceness(pid: int) -> int:
    """That of the group in which Linux schedules a session; where it does not, that of the process is what counts."""
    try:
        return int(Path(f"/proc/{pid}/autogroup").read_text().split()[-1])
    except (OSError, IndexError):
        return NICENESS


def test_training_that_was_stopped_goes_on_from_its_checkpoint(tiny, tmp_path):
    training.prepare(tmp_path / "w", tiny, PAIRS, QUICK)

    with closing(beside.train(tmp_path / "w")) as steps:
        first = next(step for step in steps if step is not None)
    assert (tmp_path / "w" / "checkpoint.pt").exists()
    again = [step.done for step in beside.train(tmp_path / "w") if step is not None]

    assert again[0] > first.done
    assert again[-1] == first.total
    assert training.is_trained(tmp_path / "w")


def test_what_a_child_died_of_is_told(tmp_path):
    with pytest.raises(ChildFailed, match=r"recipe\.json"):
        list(beside.train(tmp_path))
