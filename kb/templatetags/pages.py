"""What the templates need to say dates, addresses and quotes."""

import re
from collections.abc import Sequence
from datetime import date
from functools import cache, lru_cache
from html import unescape
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.html import escape, format_html, linebreaks, strip_tags
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator

from kb.folding import fold
from kb.labels import as_fact
from kb.listing import Choice, language_label
from kb.markdown import render
from kb.markdown_place import marked
from kb.models import Reference
from kb.models.dates import show_date, tell_date
from kb.places import Place
from kb.rights import may_show_whole, opening_of, quoted
from kb.table import Names

register = template.Library()

HEADINGS = re.compile(r"\A(?:\s*#{1,6} [^\n]*\n)+")
IN_A_CELL = 4
LABEL_CHARS = 70


@register.simple_tag
@cache
def mark(kind: str) -> SafeString:
    """The shape of a kind of entry. Lists show it dozens of times."""
    return render_to_string("_mark.html", {"kind": kind})


@register.simple_tag
@lru_cache(maxsize=4096)
def when(value: date | None, precision: str, short: bool = False) -> SafeString | str:
    """A `<time>` no more exact than what is known: 14 February 2024, February 2024 or 2024; nothing for no date."""
    if value is None:
        return ""
    told = tell_date(value, precision, short=short)
    return SafeString(f'<time datetime="{show_date(value, precision)}">{told}</time>')


@register.simple_tag
def choice(facet: str, one: Choice) -> SafeString:
    """The link that sets or removes a value of a facet. Beside a list stand a hundred and more."""
    label = one.label if len(one.label) <= LABEL_CHARS else Truncator(one.label).chars(LABEL_CHARS)
    now = mark_safe(' aria-current="true"') if one.chosen else ""
    link = '<a id="{}-{}" href="{}"{}>{} <span class="count">{}</span></a>'
    return format_html(link, facet, one.key.replace(" ", ""), one.address, now, label, f"{one.count:,}")


@register.filter
def prose(text: str) -> SafeString:
    """Markdown as HTML that is safe to show."""
    return render(text)


@register.filter
@lru_cache(maxsize=256)  # what facets are said to mean stands beside every list
def opening(text: str) -> str:
    """Markdown as plain words, without the headings above them."""
    return " ".join(unescape(strip_tags(render(HEADINGS.sub("", text)))).split())


@register.filter
def web(url: str) -> str:
    """The address if it leads to the web, else nothing: a link must not run or open anything else."""
    return url if url.lower().startswith(("http://", "https://")) else ""


@register.filter
def host(url: str) -> str:
    """`example.org` of an address, for people."""
    return url.partition("://")[2].partition("/")[0].removeprefix("www.")


@register.filter
def quote(reference: Reference, place: Place | None = None) -> SafeString | str:
    """A short passage from a reference's text: around a place in it, else from the beginning, without the headings
    above it."""
    if place and place.reference_id == reference.pk:
        first, last = quoted(reference.text, *place.span)
        part = marked(reference.text[first:last], (place.start - first, min(place.end, last) - first))
        return format_html("{}{}{}", "… " if first else "", part, " …" if last < len(reference.text) else "")
    beginning: str = reference.opening  # type: ignore[attr-defined]  # from `opened`
    return opening_of(HEADINGS.sub("", beginning).strip() or beginning)


@register.filter
def paragraphs(reference: Reference, place: Place | None = None) -> SafeString:
    """The whole text of a reference as paragraphs, with a place in it marked."""
    here = place.span if place and place.reference_id == reference.pk else None
    return mark_safe(linebreaks(marked(reference.text, here)))  # noqa: S308 - marked escapes


@register.filter
def whole(reference: Reference) -> bool:
    """Whether the reference has a text that may be shown whole."""
    return may_show_whole(reference.text_licence) and bool(reference.text.strip())


@register.filter
def spoken(name: str) -> str:
    """`see_also` → `See also`."""
    return name.replace("_", " ").strip().capitalize()


@register.filter
def language_name(code: str) -> str:
    """`French` for `fr`; a code that is not known stays as it is."""
    return language_label(code)


register.filter("as_fact", as_fact)


@register.filter
def each(value: str | list[str] | None) -> list[str]:
    """The values of a fact, which may be one, several or none."""
    return value if isinstance(value, list) else [value] if value else []


@register.simple_tag
def few(names: Names, of: str, title: str) -> SafeString:
    """What stands in a cell of a table: the first of many, and the rest, which is `of` what has the `title`, folded
    away. A table has a hundred such cells."""
    folded = fold(names, IN_A_CELL, 1)
    if not folded.rest:
        return _joined(folded.shown)
    more = '{}<details class="folded"><summary>{} more<span class="unseen"> {} {}</span></summary>{}</details>'
    return format_html(more, _joined(folded.shown), len(folded.rest), of, title, _joined(folded.rest))


def _joined(names: Sequence[tuple[str, str]]) -> SafeString:
    links = (f'<a href="{escape(address)}">{escape(name)}</a>' if address else escape(name) for name, address in names)
    return mark_safe(", ".join(links))  # noqa: S308 - all of it is escaped


@register.filter
def in_words(value: Any) -> str:
    """A value of a job's parameters: `map: title: headline`, not the notation of a programming language."""
    if isinstance(value, dict):
        return ", ".join(f"{name}: {in_words(part)}" for name, part in value.items())
    return ", ".join(map(in_words, value)) if isinstance(value, list) else str(value)


@register.simple_tag
def address(path: str, **params: Any) -> str:
    """A path with a query string of those parameters that are not empty."""
    found = {name: value for name, value in params.items() if value}
    return f"{path}?{urlencode(found)}" if found else path


@register.filter
def page_after(path: str) -> str:
    """What the number of a page is put after."""
    return f"{path}{'&' if '?' in path else '?'}page="
