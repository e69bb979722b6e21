"""Which changes a reader asks for: one value object, read from a query string, for the page and the API."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, time, timedelta

from kb.dates import parse_date
from kb.filters import BadFilter
from kb.models import Entry, SlugRedirect
from kb.models.provenance import Action, ChangeQuerySet

BIGGEST_ID = 2**63 - 1
TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class ChangeFilter:
    """Empty fields do not restrict. `since` and `until` are as typed: a date, of which `until` takes all, or a time."""

    source: str = ""
    action: str = ""
    job: str = ""
    entry: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def from_params(cls, params: Mapping[str, str]) -> "ChangeFilter":
        """Raises BadFilter for an action, a job or a time that cannot be."""
        given = {one.name: str(params.get(one.name, "")).strip().replace("\0", "") for one in fields(cls)}
        if given["action"] and given["action"] not in Action.values:
            known = ", ".join(Action.values)
            raise BadFilter("action", f"There is no action “{given['action']}”: choose {known}.")
        if given["job"] and not (given["job"].isdecimal() and int(given["job"][:20]) <= BIGGEST_ID):
            raise BadFilter("job", f"“{given['job'][:40]}” is not the number of a job.")
        for name in ("since", "until"):
            _moment(name, given[name], last=name == "until")
        return cls(**given)

    def apply(self, changes: ChangeQuerySet) -> ChangeQuerySet:
        """`changes`, restricted. An entry is named by its slug, or a former one."""
        for name in ("source", "action"):
            if value := getattr(self, name):
                changes = changes.filter(**{name: value})
        if self.job:
            changes = changes.filter(job=int(self.job))
        if self.entry:
            entry = Entry.objects.filter(slug=self.entry).values_list("pk", flat=True).first()
            entry = entry or SlugRedirect.objects.filter(slug=self.entry).values_list("entry", flat=True).first()
            changes = changes.filter(entry=entry) if entry else changes.none()
        if self.since:
            changes = changes.filter(created_at__gte=_moment("since", self.since, last=False))
        if self.until:
            changes = changes.filter(created_at__lt=_moment("until", self.until, last=True))
        return changes

    def without(self, *names: str) -> "ChangeFilter":
        return replace(self, **dict.fromkeys(names, ""))

    def params(self) -> dict[str, str]:
        """What is set, for an address."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name))}


def _moment(name: str, text: str, *, last: bool) -> datetime | None:
    """The first moment of a date, or with `last` the first after it; a time as it is, in UTC where it has no zone."""
    if not text:
        return None
    wrong = BadFilter(name, f"“{text[:40]}” is not a date or time: write 2024-02-14 or 2024-02-14T18:00:00Z.")
    try:
        if TIME.match(text):
            # A + that was not escaped in an address is a blank.
            moment = datetime.fromisoformat(text[:11] + text[11:].replace(" ", "+"))
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return moment.astimezone(UTC) + (timedelta(microseconds=1) if last else timedelta())
        date = parse_date(text)
        day = date.last_day() + timedelta(days=1) if last else date.date
    except (ValueError, OverflowError) as error:
        raise wrong from error
    return datetime.combine(day, time(), UTC)
