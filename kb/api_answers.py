"""What reading over the API answers, as its description tells it.

The operations make plain dicts and answer with them as they are (`Response`), so describing costs a request nothing;
the tests hold these classes against what is answered.
"""

from typing import Any

from ninja import Field, Schema


class EntryOut(Schema):
    id: int
    kind: str = Field(description="incident, case_study or note")
    title: str
    slug: str
    url: str = Field(description="its page")
    summary: str
    occurred_on: str | None = Field(description="2024, 2024-02 or 2024-02-14")
    external_ids: dict[str, str] = Field(description="by namespace, such as aiid, one each")
    tags: list[str]


class Envelope(Schema):
    results: list[Any]
    total: int
    next_cursor: str | None = Field(description="to be sent as cursor for the next page; null on the last")
    notices: list[str]


class ListedEntryOut(Schema):
    entry: EntryOut


class EntriesOut(Envelope):
    results: list[ListedEntryOut]


class RoleOut(Schema):
    role: str = Field(description="developer, deployer, harmed, …")
    name: str
    slug: str


class ExternalIdOut(Schema):
    namespace: str
    value: str


class ReferenceOut(Schema):
    id: int
    url: str
    title: str
    publisher: str
    authors: list[str]
    published_on: str | None
    archive_url: str
    language: str
    pages: int | None
    text: str
    text_is_quote: bool = Field(description="true where the licence of the text allows no more than its beginning")
    text_licence: str
    role: str


class ClassificationOut(Schema):
    taxonomy: str
    category: str
    path: list[str] = Field(description="of a category within others: all their names")
    origin: str = Field(description="human, imported or suggested")


class EntryAttributionOut(Schema):
    attribution: str
    licence: str
    source: str
    fields: list[str]


class ProvenanceOut(Schema):
    source: str = Field(description="empty: a curator here")
    job: int | None
    licence: str


class SourceOut(Schema):
    source: str
    key: str
    seen_at: str
    vanished_at: str | None


class WholeEntryOut(EntryOut):
    body: str = Field(description="Markdown")
    facts: dict[str, Any] = Field(description="what its kind has of its own: harms, techniques, questions, …")
    language: str
    licence: str
    attribution: str
    entities: list[RoleOut]
    all_external_ids: list[ExternalIdOut]
    references: list[ReferenceOut]
    classifications: list[ClassificationOut]
    attributions: list[EntryAttributionOut] = Field(description="who has to be named, and for what")
    provenance: dict[str, ProvenanceOut] = Field(description="by field, whose word it is")
    sources: list[SourceOut]
    created_at: str
    updated_at: str


class EntityOut(Schema):
    id: int
    name: str
    slug: str
    url: str
    entries: int = Field(description="how many name it")


class EntitiesOut(Envelope):
    results: list[EntityOut]


class CategoryOut(Schema):
    name: str
    slug: str


class TaxonomyOut(Schema):
    name: str
    slug: str
    description: str
    categories: list[CategoryOut]


class TaxonomiesOut(Envelope):
    results: list[TaxonomyOut]


class ChangedEntryOut(Schema):
    id: int
    slug: str
    url: str


class ChangeOut(Schema):
    id: int
    action: str
    created_at: str
    source: str
    job: int | None
    kind: str
    title: str
    entry: ChangedEntryOut | None
    fields: dict[str, Any] = Field(description="by field, what it was and what it became")
    user: str | None = Field(None, description="for curators")
    key: str = Field("", description="of the record of the source, for curators")


class ChangesOut(Envelope):
    results: list[ChangeOut]


class ProblemOut(Schema):
    key: str
    reason: str
    failed: bool


class JobOut(Schema):
    id: int
    kind: str
    state: str = Field(description="pending, running, done, failed or cancelled")
    done: int
    total: int | None
    counts: dict[str, int] = Field(description="created, updated, unchanged, failed")
    created_at: str
    started_at: str | None
    finished_at: str | None
    parameters: dict[str, Any] = Field({}, description="for staff, like all that follows")
    phase: str = ""
    error: str = ""
    created_by: str | None = None
    problems: list[ProblemOut] = []
