"""What changed: every import's and curator's changes, the newest first."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse

from kb.change_filter import ChangeFilter
from kb.change_words import Told, told_fields
from kb.differences import Work
from kb.job_words import source_label
from kb.listing import Chip, sensible
from kb.models import Change, Entry, Job, SourceRecord
from kb.models.provenance import Action, ChangeQuerySet
from kb.rights import sees_hidden
from kb.views.parts import render_part

PAGE_SIZE = 50
WORDS = {
    Action.CREATED: "created",
    Action.UPDATED: "changed",
    Action.CONFLICT: "in conflict with a curator",
    Action.MERGED: "merged",
    Action.RENAMED: "moved upstream",
    Action.VANISHED: "gone upstream",
    Action.RETURNED: "back upstream",
    Action.DELETED: "deleted",
}


@dataclass(frozen=True)
class Row:
    """One change, and what it says field by field."""

    change: Change
    fields: list[Told]


@dataclass(frozen=True)
class Group:
    """The changes of one day that one import made, or curators."""

    day: date
    job: Job | None
    source: str
    rows: list[Row] = field(default_factory=list)
    counted: str = ""


def changes(request: HttpRequest) -> HttpResponse:
    """By day and run. What makes no sense in the address is told beside the list that the rest of it gives."""
    asked, problems = sensible(ChangeFilter.from_params, request.GET.dict())
    visible = Change.objects.made().visible_to(request.user)
    found = asked.apply(visible)
    counts = _counts(found)
    page = _Counted(found.with_shown(), sum(map(Counter.total, counts.values()))).get_page(request.GET.get("page"))
    context = {
        "asked": asked,
        "problems": problems,
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "here": _address(asked),
        "feed": "feed.atom" + _address(asked).removeprefix("."),
        "chips": _chips(asked),
        "groups": _groups(page.object_list, counts),
        "sources": [(name, source_label(name)) for name in _sources(request.user)],
        "actions": [(action.value, WORDS[action].capitalize()) for action in _actions(request.user)],
    }
    return render_part(request, "changes/list.html", "changes/_results.html", context, 400 if problems else 200)


def rows_of(found: Iterable[Change]) -> list[Row]:
    work = Work()
    return [Row(change, told_fields(change.fields, work)) for change in found]


class _Counted(Paginator):
    """Pages of what was counted before."""

    def __init__(self, found: ChangeQuerySet, count: int) -> None:
        super().__init__(found, PAGE_SIZE)
        self.count = count


def _counts(found: ChangeQuerySet) -> dict[int | None, Counter[str]]:
    """How many of each action every import made, and under None curators."""
    counts: dict[int | None, Counter[str]] = {}
    for job_id, action, count in found.order_by().values_list("job", "action").annotate(Count("pk")):
        counts.setdefault(job_id, Counter())[action] = count
    return counts


def _groups(found: Iterable[Change], counts: Mapping[int | None, Counter[str]]) -> list[Group]:
    groups = []
    for (day, job_id, source), of_run in groupby(rows_of(found), key=_run):
        group = list(of_run)
        words = _counted(counts[job_id]) if job_id else ""
        groups.append(Group(day, group[0].change.job, source_label(source), group, words))
    return groups


def _run(row: Row) -> tuple[date, int | None, str]:
    change = row.change
    return change.created_at.date(), change.job_id, change.source


def _counted(counts: Counter) -> str:
    return ", ".join(f"{counts[action]:,} {WORDS[action]}" for action in Action if counts[action])


def _sources(user: Any) -> list[str]:
    records = SourceRecord.objects.filter(entry__in=Entry.objects.visible_to(user))
    return sorted(set(records.order_by().values_list("source", flat=True).distinct()))


def _actions(user: Any) -> list[Action]:
    """Those that this reader may see any of."""
    if sees_hidden(user):
        return list(Action)
    return [action for action in Action if action not in (Action.CONFLICT, Action.DELETED)]


def _address(asked: ChangeFilter) -> str:
    params = asked.params()
    return "?" + urlencode(params) if params else "."


def _chips(asked: ChangeFilter) -> list[Chip]:
    labels = {
        "source": lambda: f"From {source_label(asked.source)}",
        "action": lambda: WORDS[Action(asked.action)].capitalize(),
        "job": lambda: f"Run {asked.job}",
        "entry": lambda: Entry.objects.filter(slug=asked.entry).values_list("title", flat=True).first() or asked.entry,
        "since": lambda: f"Since {asked.since}",
        "until": lambda: f"Until {asked.until}",
    }
    return [Chip(labels[name](), _address(asked.without(name))) for name in asked.params()]
