"""Entries and jobs as JSON, the same in every list, search result and command."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from kb import provenance
from kb.among import ByIds
from kb.models import Entry, ExternalId, Job, Reference, Tag
from kb.models.entries import first_external_ids
from kb.origins import provenance_json, sources_json
from kb.rights import QUOTE_CHARS, may_show_whole

Absolute = Callable[[str], str]


def on_this_site(request: HttpRequest) -> Absolute:
    """What makes addresses of paths that `reverse` gave: `build_absolute_uri` takes each of them apart and puts it
    together again, and an answer has dozens."""
    site = request.build_absolute_uri("/").removesuffix("/")
    return lambda path: f"{site}{path}"


_tags = ByIds(lambda ids: Tag.objects.filter(entries__pk__among=ids).values_list("entries", "slug"))
_external_ids = ByIds(
    lambda ids: ExternalId.objects.filter(entry__pk__among=ids).values_list("entry", "namespace", "value")
)


@dataclass(frozen=True)
class Names:
    """By entry the slugs of its tags and one identifier of each namespace."""

    tags: Mapping[int, list[str]]
    external_ids: Mapping[int, dict[str, str]]

    @classmethod
    def of(cls, entry: Entry) -> "Names":
        """Of one entry, from what is prefetched."""
        ids = first_external_ids((one.namespace, one.value) for one in entry.external_ids.all())
        return cls({entry.pk: [tag.slug for tag in entry.tags.all()]}, {entry.pk: ids})

    @classmethod
    def read(cls, ids: Sequence[int]) -> "Names":
        """Of many entries, by two queries that make no objects: a search answers with what these cost."""
        tags: defaultdict[int, list[str]] = defaultdict(list)
        for id, slug in _tags(ids):
            tags[id].append(slug)
        external: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
        for id, *pair in _external_ids(ids):
            external[id].append((pair[0], pair[1]))
        return cls(tags, {id: first_external_ids(pairs) for id, pairs in external.items()})


def entry_json(entry: Entry, absolute: Absolute, names: Names | None = None, path: str = "") -> dict[str, Any]:
    """An entry in a list. `absolute` makes an address of a path, that of its page where it is not given; without
    `names` its own are prefetched."""
    names = names or Names.of(entry)
    return {
        "id": entry.pk,
        "kind": entry.kind,
        "title": entry.title,
        "slug": entry.slug,
        "url": absolute(path or entry.get_absolute_url()),
        "summary": entry.summary,
        "occurred_on": entry.occurred or None,
        "external_ids": names.external_ids.get(entry.pk, {}),
        "tags": names.tags.get(entry.pk, []),
    }


def entry_detail_json(entry: Entry, absolute: Absolute) -> dict[str, Any]:
    """Everything the public may know of an entry; of unlicensed reference texts a short quote."""
    return {
        **entry_json(entry, absolute),
        "body": entry.body,
        "facts": entry.facts,
        "language": entry.language,
        "licence": entry.licence,
        "attribution": entry.attribution,
        "entities": [
            {"role": role.role, "name": role.entity.name, "slug": role.entity.slug} for role in entry.roles.all()
        ],
        "all_external_ids": [
            {"namespace": external.namespace, "value": external.value} for external in entry.external_ids.all()
        ],
        "references": [reference_json(one.reference) | {"role": one.role} for one in entry.citations.all()],
        "classifications": [
            {
                "taxonomy": row.category.taxonomy.name,
                "category": row.category.name,
                "path": row.category.path,
                "origin": row.origin,
            }
            for row in entry.classifications.all()
        ],
        "attributions": provenance.attributions(entry),
        "provenance": provenance_json(entry),
        "sources": sources_json(entry),
        "created_at": entry.created_at.isoformat(),
        "updated_at": entry.updated_at.isoformat(),
    }


def reference_json(reference: Reference) -> dict[str, Any]:
    whole = may_show_whole(reference.text_licence)
    return {
        "id": reference.pk,
        "url": reference.url,
        "title": reference.title,
        "publisher": reference.publisher,
        "authors": reference.authors,
        "published_on": reference.published or None,
        "archive_url": reference.archive_url,
        "language": reference.language,
        "pages": len(reference.page_starts) or None,
        "text": reference.text if whole else reference.text[:QUOTE_CHARS],
        "text_is_quote": not whole and len(reference.text) > QUOTE_CHARS,
        "text_licence": reference.text_licence,
    }


def job_json(job: Job, *, private: bool) -> dict[str, Any]:
    """How far a job is. What it works on, and what it met, may name files of this machine: only where `private`."""
    shown = {
        "id": job.pk,
        "kind": job.kind,
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "counts": job.counts,
        "created_at": job.created_at.isoformat(),
        "started_at": job.started_at.isoformat() if job.started_at else None,
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
    }
    if private:
        problems = [
            {"key": problem.key, "reason": problem.reason, "failed": problem.failed}
            for problem in job.problems.all()[:1000]
        ]
        shown |= {
            "parameters": job.parameters,
            "phase": job.phase,
            "error": job.error,
            "created_by": str(job.created_by) if job.created_by else None,
            "problems": problems,
        }
    return shown
