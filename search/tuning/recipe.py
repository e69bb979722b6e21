"""How an encoder is adapted: what docs/tuning.md found to be best. Another recipe is another encoder."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from search.tuning.pairs import Pair

DIGEST = 12


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


def digest(pairs: Iterable[Pair], recipe: Recipe) -> str:
    """What an encoder was trained on and how, in a few letters that stand in its fingerprint."""
    sum = hashlib.sha256(json.dumps(recipe.as_json(), sort_keys=True).encode())
    for line in sorted(json.dumps(pair.as_json(), sort_keys=True) for pair in pairs):
        sum.update(line.encode())
    return sum.hexdigest()[:DIGEST]
