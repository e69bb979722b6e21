"""Where an entry comes from, as its page and the API tell it."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from kb import provenance
from kb.change_words import field_label
from kb.job_words import source_label
from kb.licences import licence_url
from kb.models import Entry, SourceRecord

CURATOR = "a curator here"
WRITTEN_HERE = "written here"


@dataclass(frozen=True)
class Attribution:
    """Who has to be named, for what, and under which licence."""

    attribution: str
    licence: str
    licence_url: str
    source: str
    fields: list[str]

    @property
    def is_of_text(self) -> bool:
        return self.fields == ["text"]


@dataclass(frozen=True)
class Given:
    """What of an entry one source gave, in words, and the import that did so last."""

    source: str
    job: int | None
    what: list[str]


@dataclass(frozen=True)
class Origins:
    """Who has to be named; whose word each field is; and which sources no longer have the entry."""

    attributions: list[Attribution]
    given: list[Given]
    vanished: list[tuple[str, SourceRecord]]

    @classmethod
    def of(cls, entry: Entry) -> "Origins":
        """From what is prefetched by `whole()`: no query of its own."""
        attributions = [
            Attribution(
                one["attribution"],
                one["licence"],
                licence_url(one["licence"]),
                source_label(one["source"]),
                one["fields"],
            )
            for one in provenance.attributions(entry)
        ]
        vanished = [(source_label(row.source), row) for row in entry.source_records.all() if row.vanished_at]
        return cls(attributions, _given(entry), vanished)


def provenance_json(entry: Entry) -> dict[str, Any]:
    """Field → source, job and licence, for every field that has a value; a source of "" is a curator here."""
    return {
        name: _known(entry, name) for name, value in provenance.values(entry).items() if value not in ("", [], None)
    }


def sources_json(entry: Entry) -> list[dict[str, Any]]:
    """The records of sources that the entry is made of."""
    return [
        {
            "source": row.source,
            "key": row.key,
            "seen_at": row.seen_at.isoformat(),
            "vanished_at": row.vanished_at.isoformat() if row.vanished_at else None,
        }
        for row in entry.source_records.all()
    ]


def _known(entry: Entry, name: str) -> dict[str, Any]:
    known = provenance.of_field(entry, name)
    if not known.get("source"):
        return {"source": "", "job": None, "licence": ""}
    return {"source": known["source"], "job": known.get("job"), "licence": known.get("licence", entry.licence)}


def _given(entry: Entry) -> list[Given]:
    """By source, the entry's own first: its fields, and how many rows hang on it."""
    fields: dict[tuple[str, int | None], list[str]] = {}
    for name in provenance_json(entry):
        known = _known(entry, name)
        fields.setdefault((known["source"], known["job"]), []).append(field_label(name).lower())
    rows: dict[str, Counter[str]] = {}
    hanging: dict[str, Any] = {
        "reference": entry.citations.all(),
        "party": entry.roles.all(),
        "category": entry.classifications.all(),
    }
    for what, of_kind in hanging.items():
        for row in of_kind:
            rows.setdefault(row.source, Counter())[what] += 1
    given = [
        Given(_label(entry, source), job, [*names, *_counted(rows.pop(source, Counter()))])
        for (source, job), names in fields.items()
    ]
    return given + [Given(_label(entry, source), None, _counted(counts)) for source, counts in rows.items()]


def _label(entry: Entry, source: str) -> str:
    return source_label(source) if source else CURATOR if entry.source else WRITTEN_HERE


def _counted(counts: Counter[str]) -> list[str]:
    plurals = {"reference": "references", "party": "parties", "category": "categories"}
    return [f"{count} {what if count == 1 else plurals[what]}" for what, count in counts.items()]
