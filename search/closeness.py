"""How near is near? A cosine means something else under every model and in every collection, so it is measured.

Two distributions are known without anybody's judgement. What *has nothing to do with it*: the best cosine that the
collection has for everyday texts from elsewhere (OUTSIDERS). And what *belongs*: the best cosine that each entry's own
summary has among all the other entries. A description counts as close when so good a match would come up by accident
three times in a thousand descriptions of something else; and the words for how close it is are those of the second.
docs/precedents.md has the figures.
"""

import logging
import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np
from django.conf import settings

from search import index
from search.encoder import Encoder
from search.engines.base import Engine, Ids
from search.models import Passage

log = logging.getLogger(__name__)

# Everyday things from outside, in a few words and in sentences, as readers write: short texts scatter more.
OUTSIDERS = (
    "tomatoes on a balcony",
    "a woollen scarf",
    "an oak bookshelf with five boards",
    "hiking huts in the Alps",
    "leaves that fall in autumn",
    "a brass band",
    "castles of the middle ages",
    "opening moves of chess",
    "Whisk two eggs with sugar, fold in the flour and bake the cake for forty minutes.",
    "Chop the onions, fry them in olive oil, add garlic and simmer the stew for an hour.",
    "How to change the tyre of a bicycle and patch the inner tube.",
    "The final of the football championship was decided on penalties.",
    "Photosynthesis turns light, water and carbon dioxide into sugar.",
    "Painting the walls of the kitchen white, with tape along the edges.",
    "Birds that spend the winter in the south come back in spring.",
    "A wedding for eighty guests in a barn, with a buffet and dancing until midnight.",
    "Yoga for people with a stiff back: twelve exercises for the morning.",
    "Replace the water pump of an old tractor and bleed the cooling system.",
    "We want to dig a pond in the garden, with lilies, frogs and a small bridge.",
    "Sourdough bread with rye flour rises overnight in the fridge.",
    "asdf qwer zxcv lkjh poiu mnbv",
    "blorp fnord wibble zzzz grumf tlon",
    "hmpf",
    "one two three four five",
)
# Of descriptions from elsewhere, three in a thousand may be called close; once one is about something known, a kind may
# be wrong once in twenty.
ACCIDENTS = 0.003
ACCIDENTS_IN_KIND = 0.05
# However strange the outsiders find it: of the entries' own summaries three quarters must count as close.
MOST_LEFT_OUT = 0.25
SAMPLE = 64
FEWEST = 8
PASSAGES_PER_ENTRY = 8

VERY_CLOSE, CLOSE, LOOSE = "very close", "close", "loosely related"


@dataclass(frozen=True)
class Measured:
    """The best cosines of texts from elsewhere (mean and deviation), and those of entries' own summaries (sorted; none
    where there are too few)."""

    mean: float = 1.0
    deviation: float = 0.0
    own: tuple[float, ...] = ()

    def threshold(self, accidents: float, parts: int) -> float:
        """The cosine that a text from elsewhere reaches by accident so often, in any of so many `parts`."""
        once = NormalDist().inv_cdf((1 - accidents) ** (1 / max(parts, 1)))
        found = self.mean + once * self.deviation
        return min(found, self.quantile(MOST_LEFT_OUT)) if self.own else found

    def quantile(self, share: float) -> float:
        return float(np.quantile(self.own, share))


@dataclass(frozen=True)
class Scale:
    """What cosines mean here and now: in the whole collection, and within each kind."""

    overall: Measured = field(default_factory=Measured)
    kinds: Mapping[str, Measured] = field(default_factory=dict)

    def is_close(self, best: float, parts: int) -> bool:
        """Whether a description of so many parts, whose best match has this cosine, is about anything known here."""
        return best >= self.overall.threshold(ACCIDENTS, parts)

    def least(self, kind: str, parts: int) -> float:
        """The cosine from which an entry of this kind is shown, once the description is about something known."""
        return self.kinds.get(kind, self.overall).threshold(ACCIDENTS_IN_KIND, parts)

    def word(self, strength: float) -> str:
        """In words: compared with how close the entries of this collection are to their own nearest neighbours."""
        own = self.overall.own
        if own:
            close, very_close = self.overall.quantile(0.25), self.overall.quantile(0.75)
        else:
            least = self.overall.threshold(ACCIDENTS, 1)
            close, very_close = least + (1 - least) / 4, least + (1 - least) / 2
        return VERY_CLOSE if strength >= very_close else CLOSE if strength >= close else LOOSE


_lock = threading.Lock()
_known: dict[str, tuple[tuple[str, int], Scale]] = {}


def scale(public: Mapping[str, Ids]) -> Scale:
    """The scale for the model in use and for what everybody may see (sorted ids by kind), measured again when that has
    grown or shrunk by some per cent. Nobody can read from it that there is something else.

    Raises SemanticUnavailable where there is no model or no vectors.
    """
    encoder = index.encoder()
    size = sum(len(ids) for ids in public.values())
    key = (encoder.fingerprint, int(20 * math.log2(size + 1)))
    place = f"{settings.KB_DATA_DIR} {settings.KB_INDEX_URL}"
    with _lock:
        known = _known.get(place)
        if known is None or known[0] != key:
            known = _known[place] = (key, measure(index.reader(), encoder, public))
        return known[1]


def measure(engine: Engine, encoder: Encoder, among: Mapping[str, Ids]) -> Scale:
    """The scale of what the engine holds of these entries, by kind."""
    outsiders = encoder.encode(OUTSIDERS)
    strange = {kind: [_best(engine, vector, ids) for vector in outsiders] for kind, ids in among.items() if ids.size}
    if not strange:
        return Scale()
    everything = np.sort(np.concatenate(list(among.values())))
    familiar = [_best(engine, vector, everything, without=entry) for entry, vector in _own(engine, everything)]
    own = tuple(sorted(cosine for cosine in familiar if cosine > -1))
    best = [max(cosines) for cosines in zip(*strange.values(), strict=True)]
    overall = Measured(float(np.mean(best)), float(np.std(best)), own if len(own) >= FEWEST else ())
    kinds = {kind: Measured(float(np.mean(cosines)), float(np.std(cosines))) for kind, cosines in strange.items()}
    return Scale(overall, kinds)


def _best(engine: Engine, vector: np.ndarray, among: Ids, without: int = 0) -> float:
    """The best cosine among these entries; -1 where there is none but the entry to leave out."""
    depth = PASSAGES_PER_ENTRY if without else 1
    while True:
        hits = engine.nearest(vector, among, depth)
        best = next((hit.score for hit in hits if hit.entry_id != without), None)
        if best is not None or len(hits) < depth:
            return -1.0 if best is None else best
        depth *= 8


def _own(engine: Engine, among: Ids) -> list[tuple[int, np.ndarray]]:
    """Of up to SAMPLE entries, spread evenly, the vector of the beginning of what they say of themselves."""
    chosen = among[:: max(1, len(among) // SAMPLE)][:SAMPLE].tolist()
    rows = Passage.objects.filter(entry__in=chosen, source__in=("summary", "body")).order_by(
        "entry_id", "-source", "start"
    )
    first: dict[int, int] = {}
    for entry_id, passage_id in rows.values_list("entry_id", "pk"):
        first.setdefault(entry_id, passage_id)
    vectors = engine.vectors(list(first.values()))
    return [(entry, vectors[passage]) for entry, passage in first.items() if passage in vectors]
