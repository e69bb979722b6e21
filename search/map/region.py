"""A part of the map: a rectangle, as an address says it."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from kb.filters import BadFilter
from search.engines.base import Ids

SCALE = 1000
SIDES = {"left": "Left edge", "right": "Right edge", "top": "Top edge", "bottom": "Bottom edge"}


@dataclass(frozen=True)
class Region:
    """In thousandths of the map, from its left and from its top; the edges belong to it."""

    left: int = 0
    right: int = SCALE
    top: int = 0
    bottom: int = SCALE

    @classmethod
    def from_params(cls, params: Mapping[str, str]) -> "Region | None":
        """From a query string; None where it names no side. A side that is not named is the edge of the map, two that
        are the wrong way round are turned. Raises BadFilter for what is no place on the map."""
        given = {side: number for side in SIDES if (number := _number(params, side)) is not None}
        if not given:
            return None
        whole = cls(**given)
        left, right = sorted((whole.left, whole.right))
        top, bottom = sorted((whole.top, whole.bottom))
        return cls(left, right, top, bottom)

    @classmethod
    def around(cls, points: np.ndarray) -> "Region":
        """Where most of these points are: without the outermost twentieth on each side."""
        x, y = (_most(points[axis] * SCALE) for axis in ("x", "y"))
        return cls(*x, *y)

    def rows(self, points: np.ndarray) -> Ids:
        """Which of the points are inside."""
        x, y = points["x"] * SCALE, points["y"] * SCALE
        return np.flatnonzero((x >= self.left) & (x <= self.right) & (y >= self.top) & (y <= self.bottom))

    def params(self) -> dict[str, str]:
        return {side: str(value) for side, value in asdict(self).items()}


def _most(values: np.ndarray) -> tuple[int, int]:
    low = np.percentile(values, 5, method="lower")
    high = np.percentile(values, 95, method="higher")
    return math.floor(low), math.ceil(high)


def _number(params: Mapping[str, str], side: str) -> int | None:
    raw = params.get(side, "").strip()
    if not raw:
        return None
    if not (raw.isascii() and raw.isdecimal() and len(raw) <= 4 and int(raw) <= SCALE):
        raise BadFilter(side, f"“{raw[:40]}” is not a place on the map: write a whole number from 0 to {SCALE}.")
    return int(raw)
