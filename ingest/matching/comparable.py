"""Who may be the same as whom, as far as that is known before anything is read: both are accounts of incidents or
neither is, and no database has a number of its own for each."""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from kb.external import NAMESPACES

# Collections that give each event one number, ours included. A DOI is none of them, as a paper and its preprint have
# two, nor is the OECD's monitor, which has several pages of one event.
COUNTED = frozenset(NAMESPACES) - {"doi", "oecd"} | {"starter"}

Sort = tuple[bool, frozenset[str]]  # whether it is of an incident, and the databases that number it


class Comparable:
    """The entries that are worth comparing, by entry. Two that one database numbers are two, whatever the numbers:
    those with the same one have been joined."""

    def __init__(self, entries: Iterable[tuple[int, str, Iterable[str]]], counted: frozenset[str] = COUNTED) -> None:
        """From ids, kinds, and the namespaces of their external ids."""
        self._sorts: dict[int, Sort] = {
            id: (kind == "incident", counted.intersection(namespaces)) for id, kind, namespaces in entries
        }
        self._ids: defaultdict[Sort, list[int]] = defaultdict(list)
        for id, sort in sorted(self._sorts.items()):
            self._ids[sort].append(id)
        self._found: dict[Sort, NDArray[np.int64]] = {}

    def __getitem__(self, id: int) -> NDArray[np.int64]:
        """The ids of those that may be the same as this entry, rising; without itself. KeyError where it is unknown."""
        sort = self._sorts[id]
        if sort not in self._found:
            others = (ids for other, ids in self._ids.items() if other[0] == sort[0] and not other[1] & sort[1])
            self._found[sort] = np.array(sorted(one for ids in others for one in ids), np.int64)
        found = self._found[sort]
        return found if sort[1] else found[found != id]

    def __contains__(self, id: int) -> bool:
        return id in self._sorts
