"""Everything that is known: one import path for the tables, one file per idea."""

from kb.models.entities import Entity, EntityAlias, EntityRelation, EntityRole
from kb.models.entries import (
    CaseStudy,
    CitationRole,
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
    UnresolvedSame,
)
from kb.models.error_reports import ErrorReport
from kb.models.facts import Fact
from kb.models.jobs import Job, JobProblem
from kb.models.provenance import (
    Attachment,
    Change,
    DeletedEntry,
    Proposal,
    Schedule,
    SourceRecord,
)
from kb.models.references import Reference
from kb.models.taxonomies import Category, Classification, Taxonomy
from kb.models.tokens import ApiToken
from kb.roles import Role

__all__ = [
    "ApiToken",
    "Attachment",
    "CaseStudy",
    "Category",
    "Change",
    "CitationRole",
    "Classification",
    "DeletedEntry",
    "Entity",
    "EntityAlias",
    "EntityRelation",
    "EntityRole",
    "Entry",
    "EntryReference",
    "ErrorReport",
    "ExternalId",
    "Fact",
    "Incident",
    "Job",
    "JobProblem",
    "Link",
    "Origin",
    "Proposal",
    "ReadingNote",
    "Reference",
    "Role",
    "Schedule",
    "SlugRedirect",
    "SourceRecord",
    "Tag",
    "Taxonomy",
    "UnresolvedLink",
    "UnresolvedSame",
]
