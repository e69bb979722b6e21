"""When an event happened and when it was written about: as a list to read, and as a strip to see at a glance."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from kb.folding import Folded, fold
from kb.models import Entry, EntryReference

SHOWN, SPARE = 6, 3  # moments; where there are few more than these, those too
DRAWN_FROM = 3
WIDTH, HEIGHT = 600, 36
BIN, STEP = 5, 4  # what is nearer than a bin stands on one another


@dataclass(frozen=True)
class Moment:
    """A day, month or year: what happened then, or what was published."""

    day: date
    precision: str
    citations: tuple[EntryReference, ...] = ()
    is_event: bool = False


@dataclass(frozen=True)
class Strip:
    """Two paths over the time from the first moment to the last: where the event is, and how much was published."""

    event: str
    reports: str
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True)
class Timeline:
    """All that has a date, in its order; what was published on the day of the event comes after it."""

    moments: tuple[Moment, ...]

    @classmethod
    def of(cls, entry: Entry, citations: Iterable[EntryReference]) -> "Timeline":
        dated = [one for one in citations if one.reference.published_on]
        days = groupby(sorted(dated, key=_published), key=_published)
        moments = [Moment(day, precision, tuple(group)) for (day, precision), group in days]
        if entry.occurred_on:
            moments.append(Moment(entry.occurred_on, entry.occurred_precision, is_event=True))
        return cls(tuple(sorted(moments, key=lambda one: (one.day, not one.is_event))))

    @property
    def is_told(self) -> bool:
        """Whether there is an order to tell: one date alone stands on the page anyway."""
        return len(self.moments) > 1

    @property
    def folded(self) -> Folded[Moment]:
        return fold(self.moments, SHOWN, SPARE)

    @property
    def left(self) -> int:
        """How many reports are folded away."""
        return sum(len(one.citations) for one in self.folded.rest)

    @property
    def reports(self) -> int:
        return sum(len(one.citations) for one in self.moments)

    @property
    def strip(self) -> Strip | None:
        """The drawing, where there is enough to draw and it did not all happen at once."""
        first, last = self.moments[0].day, self.moments[-1].day
        if len(self.moments) < DRAWN_FROM or first == last:
            return None
        places: Counter[int] = Counter()
        event = ""
        for moment in self.moments:
            x = BIN + (WIDTH - 2 * BIN) * (moment.day - first).days / (last - first).days
            if moment.is_event:
                event = f"M{round(x, 1)} {HEIGHT}V0"
            else:
                places[round(x / BIN) * BIN] += len(moment.citations)
        tall = {x: min(HEIGHT - 4, 8 + STEP * (count - 1)) for x, count in sorted(places.items())}
        return Strip(event, "".join(f"M{x} {HEIGHT}v-{height}" for x, height in tall.items()))


def _published(citation: EntryReference) -> tuple[date, str]:
    reference = citation.reference
    return reference.published_on or date.min, reference.published_precision
