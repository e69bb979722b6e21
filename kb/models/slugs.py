"""Slugs: what a name is called in an address, and which are free."""

from collections.abc import Container, Sequence
from functools import lru_cache
from urllib.parse import quote

from django.db import models
from django.urls import get_script_prefix, reverse
from django.utils.http import RFC3986_SUBDELIMS
from django.utils.text import slugify

LONGEST_STEM = 180  # of 200 characters: the rest is for a number
UNQUOTED = f"{RFC3986_SUBDELIMS}/~:@"  # as in addresses that Django writes


def free_slug(model: type[models.Model], text: str, *, fallback: str, taken_by: int | None = None) -> str:
    """A slug for `text` that no other row of `model` has or, where former slugs are kept, had: `name`, `name-2`…

    Letters of any script are kept. `taken_by` is the id of the row that the slug is for.
    """
    stem = slug_stem(text, fallback)
    others = model._default_manager.exclude(pk=taken_by)
    used: set[str] = set()
    for path in ("slug", "former_slugs__slug") if hasattr(model, "former_slugs") else ("slug",):
        used |= set(others.filter(**{f"{path}__startswith": stem}).values_list(path, flat=True))
    return _unused(stem, used)


def free_slugs(model: type[models.Model], stems: Sequence[str]) -> list[str]:
    """For each of `stems` a slug as from `free_slug`, free among themselves too, in a few queries for all of them."""
    paths = ("slug", "former_slugs__slug") if hasattr(model, "former_slugs") else ("slug",)
    used: set[str] = set()
    for first in range(0, len(stems), 500):  # SQLite takes 999 parameters
        for path in paths:
            rows = model._default_manager.filter(**{f"{path}__in": stems[first : first + 500]})
            used |= set(rows.values_list(path, flat=True))
    numbered: set[str] = set()
    slugs = []
    for stem in stems:
        if stem in used and stem not in numbered:
            numbered.add(stem)
            for path in paths:
                rows = model._default_manager.filter(**{f"{path}__startswith": f"{stem[:LONGEST_STEM]}-"})
                used |= set(rows.values_list(path, flat=True))
        slugs.append(_unused(stem, used))
        used.add(slugs[-1])
    return slugs


def slug_stem(text: str, fallback: str) -> str:
    """`text` as a slug, free or not."""
    return slugify(text, allow_unicode=True)[:LONGEST_STEM].strip("-") or fallback


def _unused(stem: str, used: Container[str]) -> str:
    if stem not in used:
        return stem
    number = 2
    while f"{stem[:LONGEST_STEM]}-{number}" in used:
        number += 1
    return f"{stem[:LONGEST_STEM]}-{number}"


def slug_address(name: str, slug: str) -> str:
    """What `reverse(name, args=[slug])` gives for a slug that is one, of a page whose address has nothing else in it:
    lists ask it of dozens, and to look an address up takes longer than to write it."""
    before, after = _around_slug(name, get_script_prefix())
    return f"{before}{quote(slug, safe=UNQUOTED)}{after}"


@lru_cache(maxsize=32)  # a proxy says where the site begins, and may let anybody say it
def _around_slug(name: str, prefix: str) -> tuple[str, str]:
    """What stands before and after the slug; `prefix` is where the site begins."""
    before, _, after = reverse(name, args=["-"]).rpartition("-")
    return before, after
