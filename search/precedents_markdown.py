"""Precedents as Markdown: what is brought to a review, with who has to be named for it."""

import re
from collections.abc import Iterator
from datetime import datetime

from django.utils import timezone

from kb import provenance
from kb.as_json import Absolute
from kb.kinds import KINDS
from kb.labels import as_label
from kb.licences import licence_url
from search.precedents import Group, Precedent, Precedents
from search.saved import Opened

SIGNS = re.compile(r"([\\`*_\[\]<>#|])")
ASKED = {
    "failure": "Could it fail like this?",
    "lesson": "What they learnt",
    "question": "Questions from the notes",
}


def precedents_markdown(found: Precedents, absolute: Absolute, opened: Opened | None = None) -> str:
    """The page as text. Texts of others stand in it as quotes, escaped, each with its attribution and licence."""
    return "\n".join(_lines(found, absolute, opened)).strip() + "\n"


def _lines(found: Precedents, absolute: Absolute, opened: Opened | None) -> Iterator[str]:
    saved = opened.saved if opened else None
    yield f"# {escaped(saved.title) if saved and saved.title else 'Precedents'}"
    yield ""
    if saved and opened:
        yield f"<{absolute(saved.get_absolute_url())}>, saved on {_day(saved.created_at)}."
        if opened.fresh:
            yield f"{opened.fresh} new or changed since {_day(opened.since)}."
        if opened.gone:
            yield f"{opened.gone} of what was found then can no longer be shown."
    yield f"Looked up on {_day(timezone.now())}."
    for notice in found.notices:
        yield f"{escaped(notice)}"
    yield ""
    yield "## What is to be built"
    yield ""
    yield from (f"> {escaped(line)}".rstrip() for line in found.text.splitlines())
    yield ""
    if found.nothing_close:
        yield "Nothing in this collection is close to that."
        yield ""
    for kind, info in KINDS.items():
        shelf = found.shelves[kind]
        yield f"## {info.plural}"
        yield ""
        if shelf.nothing_close:
            yield "Nothing close."
            yield ""
        for group in shelf.groups:
            yield from _group(group, found, absolute, opened, alone=len(shelf.groups) == 1)
    yield from _checklist(found, absolute)
    yield from _attributions(found, absolute)


def _group(group: Group, found: Precedents, absolute: Absolute, opened: Opened | None, alone: bool) -> Iterator[str]:
    if group.label.name or not alone:
        suggested = " (suggested)" if group.label.origin == "suggested" else ""
        of = f" ({escaped(group.label.taxonomy)})" if group.label.taxonomy else ""
        yield f"### {escaped(as_label(group.label.name)) or 'On their own'}{of}{suggested}"
        yield ""
    for one in group.precedents:
        yield from _precedent(one, found, absolute, opened)
    yield ""


def _precedent(one: Precedent, found: Precedents, absolute: Absolute, opened: Opened | None) -> Iterator[str]:
    entry = one.entry
    said = ", ".join(
        filter(
            None,
            (
                entry.occurred,
                one.closeness + ("" if one.strength is None else f" ({one.strength:.2f})"),
                _freshness(one, opened),
            ),
        )
    )
    box = ""
    if opened:
        box = "[x] " if entry.pk in opened.saved.ticks else "[ ] "
    yield f"- {box}[{escaped(entry.title)}]({absolute(entry.get_absolute_url())}), {said}"
    yield f"  > {escaped(' '.join(one.quote.text.split()))}{_from(one)}"
    if because := found.because(one):
        yield f"  Because you wrote: “{escaped(' '.join(because.text.split()))}”"
    if opened and (note := opened.saved.notes.get(str(entry.pk))):
        yield f"  Note: {escaped(' '.join(note.split()))}"


def _freshness(one: Precedent, opened: Opened | None) -> str:
    if opened and one.entry.pk in opened.new:
        return f"new since {_day(opened.since)}"
    if opened and one.entry.pk in opened.changed:
        return f"changed since {_day(opened.since)}"
    return ""


def _from(one: Precedent) -> str:
    reference = one.quote.reference
    if reference is None:
        return ""
    name = escaped(reference.publisher or reference.title or reference.url)
    return f" (from {name}: <{reference.url}>)" if reference.url else f" (from {name})"


def _checklist(found: Precedents, absolute: Absolute) -> Iterator[str]:
    if not found.checklist:
        return
    yield "## What to ask at the review"
    yield ""
    for sort, heading in ASKED.items():
        items = [item for item in found.checklist if item.sort == sort]
        if not items:
            continue
        yield f"### {heading}"
        yield ""
        for item in items:
            links = ", ".join(f"[{escaped(e.title)}]({absolute(e.get_absolute_url())})" for e in item.entries)
            yield f"- [ ] {escaped(item.text[:1].upper() + item.text[1:])} ({links})"
        yield ""


def _attributions(found: Precedents, absolute: Absolute) -> Iterator[str]:
    if found.nothing_close:
        return
    yield "## Texts and licences"
    yield ""
    for one in found.all:
        told = provenance.attributions(one.entry)
        by = "; ".join(
            escaped(", ".join(filter(None, (row["attribution"] or row["source"], row["licence"]))))
            + (f" <{licence_url(row['licence'])}>" if licence_url(row["licence"]) else "")
            for row in told
        )
        yield f"- {escaped(one.entry.title)}: {by or 'no licence named'}. {absolute(one.entry.get_absolute_url())}"


def escaped(text: str) -> str:
    """Text in which Markdown finds no signs.

    >>> escaped("a *b* <c>")
    'a \\\\*b\\\\* \\\\<c\\\\>'
    """
    return SIGNS.sub(r"\\\1", text)


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"
