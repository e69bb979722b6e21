"""The process that lays out a map may be slow to begin: on a busy machine it has the processor last."""

from itertools import count

import numpy as np

from search.map import making


def test_a_process_that_is_slow_to_begin_gets_all_vectors(monkeypatch):
    """More of them than a pipe takes at once, and looked after many times before it reads the first."""
    monkeypatch.setattr(making, "LOOK_S", 0.01)
    looks = count()
    vectors = np.random.default_rng(1).standard_normal((400, 384)).astype(np.float32)

    plane = making.lay_out(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), lambda: next(looks) > 6000)

    assert len(plane.xy) == 400
    assert next(looks) > 0
