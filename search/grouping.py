"""Groups of what was found: by what people said of it where they did, by what is suggested elsewhere.

Labels come from outside (a person, an import, the facts and tags of an entry); this module only decides which of them
make the groups. Every entry is in one group, and the groups of the nearest entries come first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Origin = str  # human, imported, suggested, or none for what is left


@dataclass(frozen=True, slots=True)
class Label:
    """What an entry could be grouped by. `taxonomy` is empty for what is no category: a tag, a technique."""

    name: str
    origin: Origin
    taxonomy: str = ""


@dataclass(frozen=True, slots=True)
class Grouping:
    """A group and the ids of its entries, in the order in which they were given."""

    label: Label
    ids: list[int]


LEFT = Label("", "none")


def shared(ids: Sequence[int], labels: Mapping[int, Iterable[Label]], weights: Mapping[str, float]) -> list[Grouping]:
    """Groups of at least two by the labels they share, most telling first; then one of what shares nothing.

    A label's worth is how many entries it gathers that are in no group yet, times its weight (0 leaves it out); of
    equals, the one of the nearer entries. `ids` come nearest first.
    """
    left = list(dict.fromkeys(ids))
    place = {id: number for number, id in enumerate(left)}
    members: dict[Label, set[int]] = {}
    for id in left:
        for label in labels.get(id, ()):
            members.setdefault(label, set()).add(id)
    found = []
    free = set(left)
    while True:
        offers = [(label, own & free) for label, own in members.items() if weights.get(label.name, 1.0) > 0]
        offers = [(label, own) for label, own in offers if len(own) > 1]
        if not offers:
            break
        label, own = max(
            offers,
            key=lambda offer: (len(offer[1]) * weights.get(offer[0].name, 1.0), -min(map(place.__getitem__, offer[1]))),
        )
        found.append(Grouping(label, sorted(own, key=place.__getitem__)))
        free -= own
        del members[label]
    found.sort(key=lambda group: place[group.ids[0]])
    rest = [id for id in left if id in free]
    return found + ([Grouping(LEFT, rest)] if rest else [])


def by_category(ids: Sequence[int], said: Mapping[int, Sequence[Label]]) -> list[Grouping]:
    """Groups by the category of each entry; of one that is in several, the category that most of the others are in.

    What was said and what is suggested never share a group, though they have the same name: then one follows the other.
    `ids` come nearest first, and so do categories.
    """
    sizes: dict[Label, int] = {}
    for id in ids:
        for label in set(said.get(id, ())):
            sizes[label] = sizes.get(label, 0) + 1
    groups: dict[Label, list[int]] = {}
    for id in ids:
        own = said.get(id, ())
        label = max(own, key=lambda label: (sizes[label], label.name)) if own else LEFT
        groups.setdefault(label, []).append(id)
    rest = groups.pop(LEFT, [])
    nearest: dict[tuple[str, str], int] = {}
    for place, (label, _) in enumerate(groups.items()):
        nearest.setdefault((label.taxonomy, label.name), place)
    ordered = [Grouping(label, members) for label, members in groups.items()]
    ordered.sort(key=lambda group: (nearest[group.label.taxonomy, group.label.name], group.label.origin == "suggested"))
    return ordered + ([Grouping(LEFT, rest)] if rest else [])


def vote(neighbours: Iterable[tuple[float, Sequence[str]]], least_share: float = 0.4) -> str:
    """The category that the labelled neighbours give to an entry, each with its weight; "" where they do not agree.

    >>> vote([(0.5, ["Privacy"]), (0.3, ["Safety"]), (0.2, ["Privacy"])])
    'Privacy'
    """
    votes: dict[str, float] = {}
    total = 0.0
    for weight, names in neighbours:
        if weight <= 0 or not names:
            continue
        total += weight
        for name in names:
            votes[name] = votes.get(name, 0.0) + weight / len(names)
    if not votes:
        return ""
    name = min(votes, key=lambda name: (-votes[name], name))
    return name if votes[name] >= least_share * total else ""
