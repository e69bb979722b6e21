"""The map in small, for a page that leads to it."""

from typing import Any

from django.urls import reverse

from kb.filters import EntryFilter
from kb.models.entries import User
from kb.unless_written import unless_written
from search.map import drawing
from search.map.asked import Asked
from search.map.groups import grouping
from search.map.seen import Seen, seen


def glimpse(user: User) -> dict[str, Any] | None:
    """What the template of the picture needs: all that this reader may see, by kind, with the names of its parts as
    links to them; None where there is no map yet."""
    found = seen(EntryFilter(), user)
    return unless_written(("glimpse", found.key), lambda: _drawn(found, user)) if found else None


def _drawn(found: Seen, user: User) -> dict[str, Any]:
    everything = EntryFilter()
    places, groups = [place for place, _ in found.places()], grouping("kind", found, everything, user)
    picture = drawing.picture(found, groups, places, is_small=True)
    asked = Asked(everything)
    return {
        "picture": picture,
        "names": [(name, asked.address(reverse("map"), region=name.place.region)) for name in picture.names],
        "seen": found,
    }
