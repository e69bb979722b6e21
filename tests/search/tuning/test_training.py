"""Training learns what the pairs teach, and goes on from a checkpoint as if nothing had happened."""

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from search.model_files import file_sum, locate
from search.sentence_encoder import SentenceEncoder
from search.tuning import batches, training
from search.tuning.pairs import Pair
from search.tuning.training import Progress, rate_at
from tests.search.tuning.conftest import QUICK, text, title

pytestmark = [pytest.mark.once, pytest.mark.thorough]

PAIRS = [Pair(title(number), text(number), f"entry {number}", "title") for number in range(80)]


def trained(workshop: Path, tiny: Path, recipe=QUICK) -> Path:
    training.prepare(workshop, tiny, PAIRS, recipe)
    for _ in training.train(workshop):
        pass
    return workshop / "trained"


def right(folder: Path) -> float:
    """How often a title's text is the nearest of all."""
    encoder = SentenceEncoder(locate(str(folder)))
    asked, told = (encoder.encode([getattr(pair, side) for pair in PAIRS]) for side in ("asked", "text"))
    return float(((asked @ told.T).argmax(1) == np.arange(len(PAIRS))).mean())


def weights(folder: Path) -> str:
    return file_sum(folder / "model.safetensors")


def test_it_learns_what_goes_together(tiny, tmp_path):
    before = right(tiny)

    after = right(trained(tmp_path / "w", tiny))

    assert before < 0.2
    assert after > before + 0.3


def test_cut_short_and_gone_on_with_it_ends_as_in_one_go(tiny, tmp_path):
    whole = trained(tmp_path / "whole", tiny)
    workshop = tmp_path / "parts"
    training.prepare(workshop, tiny, PAIRS, QUICK)

    steps = training.train(workshop)
    assert [step.done for step in islice(steps, 3)] == [1, 2, 3]
    steps.close()
    assert (workshop / "checkpoint.pt").exists()
    (again, *_, last) = training.train(workshop)

    assert (again.done, last.done, last.total) == (4, 40, 40)
    assert weights(workshop / "trained") == weights(whole)
    assert not (workshop / "checkpoint.pt").exists()
    assert list(training.train(workshop)) == []  # done is done


def test_a_share_of_the_way_lies_between_base_and_trained(tiny, tmp_path):
    from safetensors.numpy import load_file

    base = load_file(tiny / "model.safetensors")
    whole = load_file(trained(tmp_path / "whole", tiny) / "model.safetensors")
    half = load_file(trained(tmp_path / "half", tiny, replace(QUICK, share=0.5)) / "model.safetensors")

    name = "encoder.layer.0.output.dense.weight"
    assert np.abs(whole[name] - base[name]).max() > 1e-3
    assert half[name] == pytest.approx((whole[name] + base[name]) / 2, abs=1e-6)


def test_the_length_that_is_read_is_that_of_the_base(tiny, tmp_path):
    folder = trained(tmp_path / "w", tiny, replace(QUICK, tokens=8))

    from sentence_transformers import SentenceTransformer

    assert SentenceTransformer(str(folder), device="cpu").max_seq_length == 48


def test_the_rate_goes_up_and_then_down():
    rates = [rate_at(step, 20, 10) for step in range(20)]

    assert rates[0] == pytest.approx(0.1)
    assert rates[9] == max(rates) == 1
    assert rates[19] == pytest.approx(0.1)
    assert rate_at(0, 1, 10) == pytest.approx(0.1)


def test_progress_tells_how_well_it_goes(tiny, tmp_path):
    training.prepare(tmp_path / "w", tiny, PAIRS, QUICK)
    told = list(training.train(tmp_path / "w"))

    assert isinstance(told[0], Progress)
    assert told[-1].loss < told[0].loss


def on_circle(*degrees: float) -> np.ndarray:
    angles = np.radians(np.array(degrees))
    return np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)


def test_neighbours_meet_in_a_batch_and_every_row_once():
    near = on_circle(*(90 * corner + spread for corner in range(4) for spread in (-9, -3, 3, 9)))

    plan = batches.plan(near, batch=4, together=4, seed=3)

    assert sorted(row for rows in plan for row in rows) == list(range(16))
    assert {tuple(sorted(row // 4 for row in rows)) for rows in plan} == {(c, c, c, c) for c in range(4)}
    assert batches.plan(near, 4, 4, 3) == plan != batches.plan(near, 4, 4, 4)
    assert sorted(len(rows) for rows in batches.plan(near, batch=6, together=1, seed=0)) == [4, 6, 6]


def test_the_same_answer_is_no_counter_example():
    near = on_circle(0, 1, 60, 120)
    alike = batches.same(near, [0, 1, 2, 3], ["a", "b", "c", "c"], ["x", "y", "x", "z"])

    assert alike.tolist() == [
        [False, True, True, False],  # nearly the same text as 1, one subject with 2
        [True, False, False, False],
        [True, False, False, True],  # asked by the same words as 3
        [False, False, True, False],
    ]
