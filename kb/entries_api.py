"""Reading what is known: entries, entities, taxonomies and jobs."""

from typing import Any

from django.http import Http404, HttpRequest
from ninja import Field, Query, Router, Schema

from kb import jobs
from kb.api_answers import EntitiesOut, EntriesOut, JobOut, TaxonomiesOut, WholeEntryOut
from kb.as_json import entry_detail_json, entry_json, job_json
from kb.filters import BadFilter, EntryFilter
from kb.json_answer import JsonAnswer
from kb.listing import ORDERS
from kb.models import Entity, Entry, Job, Taxonomy
from kb.named_in import named_in, with_counts
from kb.rights import sees_hidden
from kb.tokens import staff_only

router = Router()
entities_router = Router()
taxonomies_router = Router()
jobs_router = Router()

BIGGEST_ID = 2**63 - 1


class FilterParams(Schema):
    """Which entries: all parameters may be combined."""

    kind: str = Field("", description="incident, case_study or note", examples=["incident"])
    tag: str = Field("", description="slug of a tag; several with commas between them: entries with all of them")
    entity: str = Field("", description="slug of an entity, in any role, or deployer:slug in one; several as of tags")
    category: str = Field("", description="slug of a category of a taxonomy; several as of tags")
    namespace: str = Field("", description="only entries with an identifier of this namespace, such as aiid")
    harm: str = Field("", description="one of an incident's harms, as it is written there, in whatever case")
    sector: str = Field("", description="sector of an incident, industry of a case study")
    technique: str = Field("", description="technique of a case study, technology of an incident")
    country: str = Field("", description="where an incident happened")
    language: str = Field("", description="of the entry's own text, such as en")
    status: str = Field("", description="published, internal or draft; others than published are for curators")
    since: str = Field("", description="first date: 2024, 2024-02 or 2024-02-14")
    until: str = Field("", description="last date, of which a year or a month is taken whole")


class PageParams(Schema):
    limit: int = Field(20, ge=1, le=100)
    cursor: str = Field("", description="next_cursor of the page before")


@router.get("", summary="List entries, newest first", response=EntriesOut)
def entries(request: HttpRequest, filters: Query[FilterParams], page: Query[PageParams]) -> JsonAnswer:
    wanted = EntryFilter.from_params(filters.dict())
    found = wanted.apply(Entry.objects.visible_to(request.user)).order_by(*ORDERS["newest"][1])
    chosen, total, next_cursor = _page(found.for_lists(), found.count(), page)
    results = [{"entry": entry_json(entry, request.build_absolute_uri)} for entry in chosen]
    return JsonAnswer({"results": results, "total": total, "next_cursor": next_cursor, "notices": []})


@router.get("/{int:entry_id}", summary="One entry, whole", response=WholeEntryOut)
def entry(request: HttpRequest, entry_id: int) -> JsonAnswer:
    found = visible_entry(request, entry_id)
    return JsonAnswer(entry_detail_json(found, request.build_absolute_uri))


def visible_entry(request: HttpRequest, entry_id: int) -> Entry:
    """The entry, if this reader may see it; Http404 otherwise."""
    entries = Entry.objects.visible_to(request.user).whole()
    found = entries.filter(pk=entry_id).first() if entry_id <= BIGGEST_ID else None
    if found is None:
        raise Http404(f"There is no entry {entry_id}.")
    return found


@entities_router.get("", summary="List entities, those in most entries first", response=EntitiesOut)
def entities(request: HttpRequest, page: Query[PageParams], q: str = "") -> JsonAnswer:
    """With `q`, those with a name or another name that contains it."""
    found = named_in(Entry.objects.visible_to(request.user), Entity.objects.current().called(q))
    chosen, total, next_cursor = _page(found, len(found), page)
    results = [
        {
            "id": entity.pk,
            "name": entity.name,
            "slug": entity.slug,
            "url": request.build_absolute_uri(entity.get_absolute_url()),
            "entries": entity.entry_count,  # type: ignore[attr-defined]  # with_counts gives it
        }
        for entity in with_counts(chosen)
    ]
    return JsonAnswer({"results": results, "total": total, "next_cursor": next_cursor, "notices": []})


@taxonomies_router.get("", summary="The taxonomies and their categories", response=TaxonomiesOut)
def taxonomies(request: HttpRequest) -> JsonAnswer:
    results = [
        {
            "name": taxonomy.name,
            "slug": taxonomy.slug,
            "description": taxonomy.description,
            "categories": [{"name": row.name, "slug": row.slug} for row in taxonomy.categories.all()],
        }
        for taxonomy in Taxonomy.objects.prefetch_related("categories")
    ]
    return JsonAnswer({"results": results, "total": len(results), "next_cursor": None, "notices": []})


@jobs_router.get("/{int:job_id}", summary="How far a job is", response=JobOut)
def job(request: HttpRequest, job_id: int) -> JsonAnswer:
    return JsonAnswer(job_json(job_or_404(job_id), private=sees_hidden(request.user)))


@jobs_router.post("/{int:job_id}/cancel", summary="End a job that is not over", auth=staff_only, response=JobOut)
def cancel_job(request: HttpRequest, job_id: int) -> JsonAnswer:
    """The job as it is then. What it has done until now stays; a job that is over is left as it is."""
    jobs.cancel(job_or_404(job_id).pk)
    return JsonAnswer(job_json(job_or_404(job_id), private=True))


def job_or_404(job_id: int) -> Job:
    found = Job.objects.filter(pk=job_id).first() if job_id <= BIGGEST_ID else None
    if found is None:
        raise Http404(f"There is no job {job_id}.")
    return found


def _page(rows: Any, total: int, page: PageParams) -> tuple[list[Any], int, str | None]:
    """The rows of a page of `total` in all, that number, and the cursor of the next page."""
    cursor = page.cursor.strip() or "0"
    if not cursor.isdecimal() or len(cursor) > 9:
        raise BadFilter("cursor", "This cursor is not one that a list gave: start again without it.")
    start = int(cursor)
    end = start + page.limit
    return list(rows[start:end]), total, str(end) if end < total else None
