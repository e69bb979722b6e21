"""What an entry that nobody outside has a name for is known by, here and wherever it is taken."""

import re
from collections.abc import Iterable

from kb.models import Entry, SlugRedirect

NAMESPACE = "precedent"
IDENTIFIER = re.compile(r"(.{1,200})@(\d{8}T\d{6}Z)", re.DOTALL)


def own_identifier(entry: Entry) -> str:
    """What tells the entry from all others, of any instance: its address and the second in which it was made."""
    return f"{entry.slug}@{entry.created_at:%Y%m%dT%H%M%SZ}"


def known_here(values: Iterable[str]) -> dict[str, Entry]:
    """By each of these identifiers the entry of this instance that it was given to, if that is still here."""
    slugs = {value: found[1] for value in values if (found := IDENTIFIER.fullmatch(value))}
    if not slugs:
        return {}
    here = {row.slug: row.entry for row in SlugRedirect.objects.filter(slug__in=slugs.values()).select_related("entry")}
    here |= {entry.slug: entry for entry in Entry.objects.filter(slug__in=slugs.values())}
    return {
        value: entry
        for value, slug in slugs.items()
        if (entry := here.get(slug)) and own_identifier(entry)[-16:] == value[-16:]
    }
