"""The pairs that this collection holds: titles and texts, reports and what they are about, what curators joined."""

from collections.abc import Iterator

from django.db.models import Q

from kb.models import Entry, EntryReference, Link, SlugRedirect
from kb.models.entries import Origin, Status
from search.tuning.pairs import Pair, paired

AT_ONCE = 200
# A few reports tell what there is to tell about an entry; the hundredth repeats them.
REPORTS_PER_ENTRY = 3


def pairs() -> Iterator[Pair]:
    """Every pair of the published entries, read a few at a time. An entry and all that hangs on it are one subject."""
    yield from _own()
    yield from _reports()
    yield from _joined()


def _own() -> Iterator[Pair]:
    """Title ↔ summary, title ↔ body."""
    rows = Entry.objects.filter(status=Status.PUBLISHED).order_by("pk").values_list("pk", "title", "summary", "body")
    for pk, title, summary, body in rows.iterator(chunk_size=AT_ONCE):
        yield from paired(title, summary, _subject(pk), "title and summary")
        yield from paired(title, body, _subject(pk), "title and text")


def _reports() -> Iterator[Pair]:
    """Of a report: title ↔ text, its title ↔ the entry it is about, the entry's title ↔ the report."""
    cited = EntryReference.objects.filter(entry__status=Status.PUBLISHED, position__lt=REPORTS_PER_ENTRY)
    fields = ("entry_id", "entry__title", "entry__summary", "reference__title", "reference__text")
    for pk, title, summary, report, text in cited.order_by("pk").values_list(*fields).iterator(chunk_size=AT_ONCE):
        yield from paired(report, text, _subject(pk), "report and its text")
        yield from paired(report, summary, _subject(pk), "report and entry")
        yield from paired(title, text, _subject(pk), "entry and report")


def _joined() -> Iterator[Pair]:
    """Of two entries that a curator linked, and of a duplicate that was merged: the title of one ↔ the other."""
    links = Link.objects.filter(origin=Origin.HUMAN).filter(
        entry__status=Status.PUBLISHED, target__status=Status.PUBLISHED
    )
    fields = [f"{side}__{name}" for side in ("entry", "target") for name in ("pk", "title", "summary")]
    for one, title, summary, other, its_title, its_summary in links.order_by("pk").values_list(*fields):
        yield from paired(title, its_summary, _subject(other), "link")
        yield from paired(its_title, summary, _subject(one), "link")
    for slug, kept, summary in (
        SlugRedirect.objects.filter(entry__status=Status.PUBLISHED)
        .exclude(Q(entry__summary=""))
        .order_by("pk")
        .values_list("slug", "entry_id", "entry__summary")
    ):
        title = _former_title(slug, kept)
        yield from paired(title, summary, _subject(kept), "duplicate") if title else ()


def _former_title(slug: str, kept: int) -> str:
    """The title of the entry of that address that was merged into `kept`; "" where it was but renamed."""
    history = Entry.history.model.objects  # type: ignore[attr-defined]
    rows = history.filter(slug=slug).exclude(id=kept).order_by("-history_id").values_list("title", flat=True)
    return rows.first() or ""


def _subject(pk: int) -> str:
    return f"entry {pk}"
