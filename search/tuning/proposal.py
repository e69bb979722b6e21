"""When the collection has grown by so much that adapting the encoder to it is worth a curator's thought."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from kb.kinds import KINDS
from kb.models import Entry, Job
from kb.models.jobs import JobState
from search.models import EncoderState, Passage, TunedEncoder
from search.tuning.pairs import FEWEST, MOST

# So many new entries, or such a share of those before, is a large import.
MANY_NEW = 500
NEW_SHARE = 0.25
OPEN = [JobState.PENDING, JobState.RUNNING]

# On two idle cores, until this instance has done it once and knows.
SECONDS_A_PAIR = 0.06
SECONDS_A_PASSAGE = 0.03


@dataclass(frozen=True)
class Proposal:
    """To adapt the encoder to these new entries: `kinds` in words with their number, and how long it may take."""

    new: int
    kinds: str
    minutes: int
    is_measured: bool

    def __str__(self) -> str:
        how_sure = "as the last time went" if self.is_measured else "on two cores with nothing else to do"
        minutes = f"{self.minutes} minute{'' if self.minutes == 1 else 's'}"
        return f"Adapt the encoder to {self.kinds}? It would take about {minutes}, {how_sure}."


def current() -> Proposal | None:
    """What to propose now: nothing while imports or another adaptation are under way, or where there is little new."""
    if settings.KB_EMBEDDER.startswith("hashing:"):
        return None
    if Job.objects.filter(kind__in=["ingest", "tune"], state__in=OPEN).exists():
        return None
    last = TunedEncoder.objects.exclude(state=EncoderState.CANDIDATE).first()
    before = last.entries if last else 0
    entries = Entry.objects.all() if last is None else Entry.objects.filter(created_at__gt=last.created_at)
    counted = dict(entries.order_by().values_list("kind").annotate(Count("pk")))
    new = sum(counted.values())
    if new < min(MANY_NEW, max(FEWEST, round(before * NEW_SHARE)) if before else MANY_NEW):
        return None
    seconds, measured = estimate()
    return Proposal(new, _words(counted), max(1, round(seconds / 60)), measured)


def estimate() -> tuple[float, bool]:
    """Seconds that adapting and embedding everything anew may take, and whether this instance knows that by having done
    it."""
    pairs = min(MOST, Entry.objects.count() * 2)
    passages = Passage.objects.count()
    a_pair, a_passage, measured = SECONDS_A_PAIR, SECONDS_A_PASSAGE, False
    last = TunedEncoder.objects.filter(seconds__training__gt=0).first()
    if last is not None:
        trained = sum(count for kind, count in last.pairs.items() if kind != "held out")
        if trained:
            a_pair, measured = last.seconds["training"] / trained, True
        if last.seconds.get("passages"):
            a_passage = last.seconds["embedding"] / last.seconds["passages"]
    return pairs * a_pair + passages * a_passage, measured


def decline() -> None:
    """Not now: nothing is proposed until the collection has grown by as much again."""
    now = timezone.now()
    TunedEncoder.objects.create(
        name=f"declined {now:%Y-%m-%d %H:%M:%S.%f}",
        base=settings.KB_EMBEDDER[:200],
        state=EncoderState.DECLINED,
        verdict="A curator declined to adapt the encoder.",
        entries=Entry.objects.count(),
        decided_at=now,
    )


def _words(counted: dict[str, int]) -> str:
    """`913 new incidents and 2 new notes`."""
    said = [
        f"{count:,} new {(KINDS[kind].label if count == 1 else KINDS[kind].plural).lower()}"
        for kind, count in sorted(counted.items(), key=lambda item: -item[1])
    ]
    return " and ".join([", ".join(said[:-1]), said[-1]] if len(said) > 1 else said)
