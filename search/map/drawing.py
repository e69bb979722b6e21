"""The map as a picture of lines and marks, for readers without a script and for paper."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kb.kinds import KINDS
from search.engines.base import Ids
from search.map.groups import Grouping
from search.map.region import SCALE, Region
from search.map.seen import Place, Seen

WIDTH, HEIGHT = 1500, 1000
# With more the page would become heavy.
MOST_DRAWN = 1800
FEW, MANY = 400, 1500
MARKS = ("M{x} {y}m0-{r}l{r} {d}h-{d}z", "M{x} {y}m-{h}-{h}h{d}v{d}h-{d}z", "M{x} {y}h0")
LETTER, LINE = 18, 34
SMALL_LETTER, SMALL_LINE = 40, 74  # where the picture is small, its letters have to be large
MOST_NAMES = 10


@dataclass(frozen=True)
class Drawn:
    """All points of a kind and a group as one path. Those of notes have no extent: a round line end makes the dot."""

    kind: str
    group: int
    path: str


@dataclass(frozen=True)
class Name:
    """What is written of a place and where, in the picture's units."""

    place: Place
    text: str
    x: int
    y: int
    width: int


@dataclass(frozen=True)
class Picture:
    """`every` says that each n-th point is drawn; `radius` is that of a mark."""

    marks: list[Drawn]
    names: list[Name]
    every: int
    radius: int
    width: int = WIDTH
    height: int = HEIGHT


def picture(seen: Seen, grouping: Grouping, places: Sequence[Place], *, is_small: bool = False) -> Picture:
    """The picture, with the first word of each name where it is to be small."""
    count = len(seen.rows)
    every = max(1, -(-count // MOST_DRAWN))
    radius = 9 if count <= FEW else 7 if count <= MANY else 6
    drawn = np.arange(0, count, every)
    points, kinds, groups = seen.points[drawn], seen.kinds[drawn], grouping.of[drawn]
    x, y = np.rint(points["x"] * WIDTH).astype(int), np.rint(points["y"] * HEIGHT).astype(int)
    marks = []
    for group in grouping.groups:
        for number, kind in enumerate(KINDS):
            rows = np.flatnonzero((groups == group.number) & (kinds == number))
            if len(rows):
                marks.append(Drawn(kind, group.number, _path(MARKS[number], x[rows], y[rows], radius)))
    return Picture(marks, _names(places, is_small), every, radius)


def box(region: Region) -> dict[str, int]:
    """A region in the picture's units."""
    return {
        "x": region.left * WIDTH // SCALE,
        "y": region.top * HEIGHT // SCALE,
        "width": max(2, (region.right - region.left) * WIDTH // SCALE),
        "height": max(2, (region.bottom - region.top) * HEIGHT // SCALE),
    }


def _path(mark: str, x: Ids, y: Ids, radius: int) -> str:
    sizes = {"r": radius, "d": 2 * radius, "h": radius}
    return "".join(mark.format(x=a, y=b, **sizes) for a, b in zip(x.tolist(), y.tolist(), strict=True))


def _names(places: Sequence[Place], is_small: bool) -> list[Name]:
    """Names of the largest places that do not run into each other."""
    letter, line = (SMALL_LETTER, SMALL_LINE) if is_small else (LETTER, LINE)
    found: list[Name] = []
    for place in places:
        text = place.words[0] if is_small else place.name
        width = letter * len(text) + 20
        if width > WIDTH:
            continue
        x = round(min(max(place.x * WIDTH, width / 2), WIDTH - width / 2))
        y = round(min(max(place.y * HEIGHT, line), HEIGHT - line))
        if all(abs(y - one.y) > line or abs(x - one.x) > (width + one.width) / 2 for one in found):
            found.append(Name(place, text, x, y, width))
    return found[:MOST_NAMES]
