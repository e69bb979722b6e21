"""How an encoder is adapted: what docs/tuning.md found to be best. Another recipe is another encoder."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from search.tuning.pairs import Pair

DIGEST = 12
BOUNDS = {
    "batch": (4, 1024),
    "tokens": (8, 512),
    "rate": (0, 1),
    "warm_up": (1, 10_000),
    "passes": (1, 100),
    "scale": (0.1, 1000),
    "together": (1, 64),
    "share": (0, 1),
    "seed": (0, 2**31),
}
SWITCH = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Recipe:
    """`batch` pairs at a time, of at most `tokens` tokens each. AdamW at `rate`, reached in `warm_up` steps, which then
    falls to nothing. `scale` sharpens the cosines; with `both_ways` a text has to find its title, too; `together`
    texts that are near each other go into one batch; `share` is how far the weights go from those of the base (0) to
    those that were trained (1)."""

    batch: int = 32
    tokens: int = 128
    rate: float = 2e-5
    warm_up: int = 10
    passes: int = 1
    scale: float = 20.0
    both_ways: bool = False
    together: int = 1
    share: float = 1.0
    seed: int = 0

    def as_json(self) -> dict[str, object]:
        return asdict(self)


RECIPE = Recipe()


def parse(text: str) -> Recipe:
    """The recipe in use with other values for some of its fields. ValueError says what is wrong with which of them.

    >>> parse("together=4, both_ways=yes").together
    4
    """
    kinds: dict[str, type] = {name: type(value) for name, value in RECIPE.as_json().items()}
    values: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = (piece.strip() for piece in part.partition("="))
        if name not in kinds:
            raise ValueError(f"{name!r} is not in a recipe: {', '.join(kinds)}")
        try:
            values[name] = SWITCH[value] if kinds[name] is bool else kinds[name](value)
        except (KeyError, ValueError):
            wanted = "yes or no" if kinds[name] is bool else "a number"
            raise ValueError(f"{name} is {wanted}, not {value!r}") from None
    found = replace(RECIPE, **values)
    for name, (least, most) in BOUNDS.items():
        if not least <= getattr(found, name) <= most:
            raise ValueError(f"{name} is {least:g} to {most:g}, not {getattr(found, name):g}")
    return found


def digest(pairs: Iterable[Pair], recipe: Recipe) -> str:
    """What an encoder was trained on and how, in a few letters that stand in its fingerprint."""
    sum = hashlib.sha256(json.dumps(recipe.as_json(), sort_keys=True).encode())
    for line in sorted(json.dumps(pair.as_json(), sort_keys=True) for pair in pairs):
        sum.update(line.encode())
    return sum.hexdigest()[:DIGEST]
