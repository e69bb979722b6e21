"""Everything that is known: one import path for the tables, one file per idea."""

from kb.models.entities import Entity, EntityAlias, EntityRole
from kb.models.entries import (
    CaseStudy,
    Entry,
    EntryReference,
    ExternalId,
    Incident,
    Link,
    Origin,
    ReadingNote,
    SlugRedirect,
    Tag,
    UnresolvedLink,
)
from kb.models.jobs import Job, JobProblem
from kb.models.references import Reference
from kb.models.taxonomies import Category, Classification, Taxonomy
from kb.roles import Role

__all__ = [
    "CaseStudy",
    "Category",
    "Classification",
    "Entity",
    "EntityAlias",
    "EntityRole",
    "Entry",
    "EntryReference",
    "ExternalId",
    "Incident",
    "Job",
    "JobProblem",
    "Link",
    "Origin",
    "ReadingNote",
    "Reference",
    "Role",
    "SlugRedirect",
    "Tag",
    "Taxonomy",
    "UnresolvedLink",
]
