"""The kinds of entries, and the facts that are typed per kind."""

from collections.abc import Callable
from typing import Annotated, Literal

from django.db import models
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)]


class Kind(models.TextChoices):
    INCIDENT = "incident", "Incident"
    CASE_STUDY = "case_study", "Case study"
    NOTE = "note", "Note"


class Facts(BaseModel):
    """Facts of one kind: unknown names are refused, so that a typing mistake is an error and not a lost fact."""

    model_config = ConfigDict(extra="forbid")


class IncidentFacts(Facts):
    country: list[Short] = Field(default_factory=list)
    sector: list[Short] = Field(default_factory=list)
    technology: list[Short] = Field(default_factory=list)
    purpose: Sentence = ""
    harms: list[Short] = Field(default_factory=list)
    response: Sentence = ""
    details: list[Sentence] = Field(default_factory=list)


class CaseStudyFacts(Facts):
    industry: Short = ""
    problem: Sentence = ""
    approach: Sentence = ""
    results: Sentence = ""
    techniques: list[Short] = Field(default_factory=list)


class NoteFacts(Facts):
    resource: Literal["paper", "tutorial", "book", "article", "course", "database", "concept"] = "article"
    resource_title: Short = ""
    questions: list[Sentence] = Field(default_factory=list)


# Facts that are about the same -> what they are called in the kinds: what lists narrow down by.
FACTS = {
    "harm": ("harms",),
    "sector": ("sector", "industry"),
    "technique": ("techniques", "technology"),
    "country": ("country",),
}


class KindInfo(BaseModel):
    """How a kind is called on pages and where its list lives (`/<path>/`)."""

    kind: str
    label: str
    plural: str
    path: str
    lead: str
    facts: type[Facts]


KINDS: dict[str, KindInfo] = {
    info.kind: info
    for info in (
        KindInfo(
            kind=Kind.INCIDENT.value,
            label="Incident",
            plural="Incidents",
            path="incidents",
            lead="What went wrong with AI systems, who was harmed, and what the reports say.",
            facts=IncidentFacts,
        ),
        KindInfo(
            kind=Kind.CASE_STUDY.value,
            label="Case study",
            plural="Case studies",
            path="case-studies",
            lead="What teams built and shipped, how they did it, and what they learned.",
            facts=CaseStudyFacts,
        ),
        KindInfo(
            kind=Kind.NOTE.value,
            label="Note",
            plural="Notes",
            path="notes",
            lead="What we read about it: papers, tutorials and the concepts underneath.",
            facts=NoteFacts,
        ),
    )
}


def counted(info: KindInfo, count: int) -> str:
    """So many of a kind, in words.

    >>> counted(KINDS["case_study"], 1), counted(KINDS["note"], 1200)
    ('1 case study', '1,200 notes')
    """
    return f"{count:,} {(info.label if count == 1 else info.plural).lower()}"


def clean_facts(kind: str, facts: dict) -> dict:
    """`facts` checked against the kind's class, without what is empty. Raises pydantic.ValidationError."""
    return KINDS[kind].facts.model_validate(facts).model_dump(exclude_defaults=True)


def flatten(facts: dict, keep: Callable[[str], bool] = lambda name: True) -> list[str]:
    """Every string in `facts` whose name `keep` accepts, in order."""
    values: list[str] = []
    for name, value in facts.items():
        if keep(name):
            values += [value] if isinstance(value, str) else [str(part) for part in value]
    return values
