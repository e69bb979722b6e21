"""Precedents as JSON: the contract of `POST /api/v1/precedents` and of `manage.py precedents --json`."""

from collections.abc import Sequence
from typing import Any

from kb import provenance
from kb.as_json import Absolute, entry_json
from kb.kinds import KINDS
from search.precedents import Precedent, Precedents, Shelf
from search.saved import Opened

SHELVES = {"incident": "incidents", "case_study": "case_studies", "note": "notes"}


def precedents_json(found: Precedents, absolute: Absolute) -> dict[str, Any]:
    """By kind, groups of entries with the sentence that earned each its place; what to ask; what to know."""
    return {
        **{SHELVES.get(kind, kind): _shelf(found.shelves[kind], found, absolute) for kind in KINDS},
        "nothing_close": found.nothing_close,
        "threshold": _rounded(found.threshold),
        "checklist": [
            {
                "sort": item.sort,
                "text": item.text,
                "entries": [
                    {"id": entry.pk, "title": entry.title, "url": absolute(entry.get_absolute_url())}
                    for entry in item.entries
                ],
            }
            for item in found.checklist
        ],
        "notices": found.notices,
    }


def opened_json(opened: Opened, absolute: Absolute) -> dict[str, Any]:
    """A saved description with what it brings today."""
    saved = opened.saved
    shown = {one.entry.pk for one in opened.today.all}
    return {
        "id": saved.pk,
        "url": absolute(saved.get_absolute_url()),
        "title": saved.title,
        "text": saved.text,
        "created_at": saved.created_at.isoformat(),
        "since": opened.since.isoformat(),
        "new": sorted(opened.new),
        "changed": sorted(opened.changed),
        "gone": opened.gone,
        "ticks": [id for id in saved.ticks if id in shown],
        "notes_beside": {id: note for id, note in saved.notes.items() if int(id) in shown},
        **precedents_json(opened.today, absolute),
    }


def _shelf(shelf: Shelf, found: Precedents, absolute: Absolute) -> dict[str, Any]:
    groups = [
        {
            "name": group.label.name,
            "origin": group.label.origin,
            "taxonomy": group.label.taxonomy,
            "entries": [_precedent(one, found, absolute) for one in group.precedents],
        }
        for group in shelf.groups
    ]
    return {"groups": groups, "nothing_close": shelf.nothing_close, "best": _rounded(shelf.best)}


def _precedent(one: Precedent, found: Precedents, absolute: Absolute) -> dict[str, Any]:
    quote, because = one.quote, found.because(one)
    return {
        "entry": entry_json(one.entry, absolute),
        "strength": _rounded(one.strength),
        "closeness": one.closeness,
        "sentence": {
            "text": quote.text,
            "start": quote.start,
            "end": quote.end,
            "source": quote.source,
            "url": absolute(quote.address),
            "reference_url": quote.reference.url if quote.reference else None,
            "page": quote.page,
            "marks": quote.marks,
        },
        "because": {"paragraph": because.number, "text": because.text} if because else None,
        "attributions": _attributions(one),
    }


def _attributions(one: Precedent) -> Sequence[dict[str, Any]]:
    return [
        {"attribution": told["attribution"], "licence": told["licence"]} for told in provenance.attributions(one.entry)
    ]


def _rounded(strength: float | None) -> float | None:
    return None if strength is None else round(strength, 4)
