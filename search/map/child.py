"""From vectors to a plane, in a process of its own: scikit-learn is large, and the work takes minutes.

    python -m search.map.child NICENESS FILE    vectors are in FILE, as .npy; the Plane goes out as .npz

It ends when its parent does, whatever ends that.
"""

import io
import json
import os
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from kb.lifeline import hold_on
from kb.making_way import make_way
from search.engines.base import Ids, Vectors

COMPONENTS = 50
PERPLEXITY = 30
FEWEST_REFINED = 10
# Above this many, so many of them are laid out, and the others put among their nearest: the time grows faster than n.
LAID_OUT = 20_000
AMONG = 5
COMPARED = 1500
NEIGHBOURS = 10
PLACE_ENTRIES, MOST_PLACES = 20, 14
ROWS_AT_ONCE = 2000


@dataclass(frozen=True, eq=False)
class Plane:
    """`xy` (n, 2), both from 0 to 1; the number of the `place` that each is in; what there is to say of the whole:

    `variance` is the share of it that each of the first two components explains, `trust` the trustworthiness of the
    plane (Venna and Kaski 2001, 1 where all neighbours on it are neighbours by meaning), `trust_before` that of the two
    components alone, both None where there are too few to measure; `perplexity` is 0 where nothing was refined.
    """

    xy: Vectors
    place: Ids
    figures: dict[str, Any]

    def to_bytes(self) -> bytes:
        out = io.BytesIO()
        np.savez(out, xy=self.xy, place=self.place, figures=np.array(json.dumps(self.figures)))
        return out.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Plane":
        with np.load(io.BytesIO(content)) as found:
            return cls(found["xy"], found["place"], json.loads(str(found["figures"])))


def lay_out(vectors: Vectors) -> Plane:
    """A plane on which vectors that are near each other are near: principal components, refined by t-SNE.

    The same vectors give the same plane. Needs at least three.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    count = len(vectors)
    pca = PCA(min(COMPONENTS, count - 1, vectors.shape[1]), random_state=0)
    with np.errstate(invalid="ignore"):  # vectors that are all the same have no variance to share
        components = pca.fit_transform(vectors)
    flat = np.pad(components[:, :2], ((0, 0), (0, max(0, 2 - components.shape[1]))))
    every = np.linspace(0, count - 1, min(count, LAID_OUT)).astype(np.int64)
    perplexity, xy = 0.0, flat
    if count >= FEWEST_REFINED and flat.std():
        perplexity = min(PERPLEXITY, (len(every) - 1) / 3)
        tsne = TSNE(perplexity=perplexity, init=flat[every] / flat[:, 0].std() * 1e-4, random_state=0)
        xy = _with_the_rest(components, every, tsne.fit_transform(components[every]))
    figures = {
        "variance": [round(float(share), 4) for share in np.nan_to_num(pca.explained_variance_ratio_[:2])],
        "trust": _trust(vectors, xy),
        "trust_before": _trust(vectors, flat),
        "perplexity": round(perplexity, 1),
        "laid_out": len(every),
    }
    return Plane(_unit_square(xy), _places(xy), figures)


def _with_the_rest(components: Vectors, every: Ids, xy: Vectors) -> Vectors:
    """Those that were not laid out, at the middle of the nearest that were."""
    if len(every) == len(components):
        return xy
    found = np.empty((len(components), 2), np.float32)
    laid = components[every]
    squares = (laid**2).sum(axis=1)
    for first in range(0, len(components), ROWS_AT_ONCE):
        distances = squares - 2 * components[first : first + ROWS_AT_ONCE] @ laid.T
        nearest = np.argpartition(distances, AMONG, axis=1)[:, :AMONG]
        found[first : first + ROWS_AT_ONCE] = np.median(xy[nearest], axis=1)
    found[every] = xy
    return found


def _trust(vectors: Vectors, xy: Vectors) -> float | None:
    from sklearn.manifold import trustworthiness

    if len(vectors) < 2 * NEIGHBOURS + 2:
        return None
    every = np.linspace(0, len(vectors) - 1, min(len(vectors), COMPARED)).astype(np.int64)
    return round(float(trustworthiness(vectors[every], xy[every], n_neighbors=NEIGHBOURS)), 3)


def _unit_square(xy: Vectors) -> Vectors:
    """Stretched to fill it: what tells is which are neighbours, and no direction means anything."""
    low, high = xy.min(axis=0), xy.max(axis=0)
    return ((xy - low) / np.where(high > low, high - low, 1)).astype(np.float32)


def _places(xy: Vectors) -> Ids:
    from sklearn.cluster import KMeans

    many = min(MOST_PLACES, max(1, len(xy) // PLACE_ENTRIES))
    return KMeans(many, n_init=4, random_state=0).fit_predict(xy).astype(np.int64)


def main(arguments: list[str]) -> int:
    make_way(int(arguments[0]))
    hold_on()
    # Threads that spin while they wait for each other take minutes where something else has the processor first.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    sys.stdout.buffer.write(lay_out(np.load(arguments[1])).to_bytes())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
