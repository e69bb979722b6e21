"""Merging: two rows that turn out to be one thing become one, and nothing that either knew is lost."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Max, Q

from kb import provenance
from kb.models import CitationRole, Entity, EntityRole, Entry, Link, Proposal, SlugRedirect, SourceRecord
from kb.models.provenance import ProposalState


@transaction.atomic
def merge_entries(gone: Entry, kept: Entry) -> None:
    """Move everything `gone` has over to `kept` and delete it; its address then leads to `kept`.

    Text fields and facts of `kept` stay as they are; empty ones are filled from `gone`. What `gone` said otherwise
    stays in its history.
    """
    if gone.pk == kept.pk:
        raise ValueError("an entry cannot be merged into itself")
    before = provenance.values(kept)
    _fill(gone, kept)
    for name in provenance.differing(before, provenance.values(kept)):
        kept.provenance = kept.provenance | {name: provenance.of_field(gone, name)}
    for rows, keys in gone.provenance.get(provenance.REMOVED, {}).items():
        for key in keys:
            provenance.remove(kept, rows, key)
    _move(gone.roles.all(), kept.roles.values_list("entity_id", "role"), kept, ("entity_id", "role"))
    _move_citations(gone, kept)
    _move(
        gone.classifications.all(),
        kept.classifications.values_list("category_id", "origin"),
        kept,
        ("category_id", "origin"),
    )
    wanted = ("relation", "namespace", "value")
    _move(gone.unresolved_links.all(), kept.unresolved_links.values_list(*wanted), kept, wanted)
    _move(gone.external_ids.all(), [], kept, ())
    _move(gone.attachments.all(), kept.attachments.values_list("name"), kept, ("name",))
    _move_source_records(gone, kept)
    if gone.is_hidden:
        gone.changes.update(was_hidden=True)  # what was withdrawn stays so under an entry that is not hidden
    gone.changes.update(entry=kept)
    gone.error_reports.update(entry=kept)
    _move(gone.former_slugs.all(), [], kept, ())
    kept.tags.add(*gone.tags.all())
    for link in Link.objects.filter(entry=gone).exclude(target=kept):
        Link.objects.get_or_create(
            entry=kept,
            target=link.target,
            relation=link.relation,
            defaults={"origin": link.origin, "source": link.source},
        )
    for link in Link.objects.filter(target=gone).exclude(entry=kept):
        Link.objects.get_or_create(
            entry=link.entry,
            target=kept,
            relation=link.relation,
            defaults={"origin": link.origin, "source": link.source},
        )
    _move_proposals(gone, kept)
    slug, title = gone.slug, gone.title
    gone._change_reason = f"merged into “{kept.title}”"[:100]  # type: ignore[attr-defined]
    gone.delete()
    SlugRedirect.objects.update_or_create(slug=slug, defaults={"entry": kept})
    kept._change_reason = f"merged with “{title}”"[:100]  # type: ignore[attr-defined]
    kept.save()


@transaction.atomic
def merge_entities(gone: Entity, kept: Entity) -> None:
    """Let `kept` stand for both: roles and aliases move over, the page of `gone` leads to `kept`.

    Of entities that were merged before, those that they became are meant.
    """
    gone, kept = gone.resolved(), kept.resolved()
    if gone == kept:
        raise ValueError("these entities are one already")
    for role in gone.roles.all():
        EntityRole.objects.get_or_create(
            entry_id=role.entry_id, entity=kept, role=role.role, defaults={"source": role.source}
        )
        role.delete()
    gone.merged_into = kept
    gone._change_reason = f"merged into “{kept.name}”"[:100]  # type: ignore[attr-defined]
    gone.save()
    gone.aliases.update(entity=kept)


def _fill(gone: Entry, kept: Entry) -> None:
    """Give `kept` what it has no word about, and with a body the licence that body is under."""
    if gone.body and not kept.body:
        kept.licence, kept.attribution = kept.licence or gone.licence, kept.attribution or gone.attribution
    for name in ("summary", "body"):
        setattr(kept, name, getattr(kept, name) or getattr(gone, name))
    if gone.occurred_on and not kept.occurred_on:
        kept.occurred_on, kept.occurred_precision = gone.occurred_on, gone.occurred_precision
    if gone.kind == kept.kind:
        kept.facts = gone.facts | kept.facts


def _move_citations(gone: Entry, kept: Entry) -> None:
    """The references of `gone`, in their order, after those of `kept`. One that both cite is a response if it was that
    to either: somebody has said so, and that it reports is what is said of any other."""
    last = kept.citations.aggregate(last=Max("position"))["last"]
    first = 0 if last is None else last + 1
    citations = list(gone.citations.all())
    for position, citation in enumerate(citations, start=first):
        citation.position = position
    responses = gone.citations.filter(role=CitationRole.RESPONSE)
    kept.citations.filter(reference__in=responses.values("reference")).update(role=CitationRole.RESPONSE)
    _move(citations, kept.citations.values_list("reference_id"), kept, ("reference_id",))


def _move_source_records(gone: Entry, kept: Entry) -> None:
    """What sources said of `gone`, after what they said of `kept`: of several the first has the say."""
    rows = list(gone.source_records.order_by("id"))
    gone.source_records.all().delete()
    for row in rows:
        row.pk, row.entry = None, kept
    SourceRecord.objects.bulk_create(rows)


def _move_proposals(gone: Entry, kept: Entry) -> None:
    """What was proposed of `gone` and others is proposed of `kept`; what was declined of either stays declined."""
    for row in Proposal.objects.filter(Q(entry=gone) | Q(other=gone)).exclude(Q(entry=kept) | Q(other=kept)):
        third = row.other_id if row.entry_id == gone.pk else row.entry_id
        pair = {"entry_id": min(third, kept.pk), "other_id": max(third, kept.pk)}
        said = {name: getattr(row, name) for name in ("score", "evidence", "state", "decided_by", "decided_at")}
        known, made = Proposal.objects.get_or_create(**pair, defaults=said)
        if not made and known.state == ProposalState.OPEN and row.state == ProposalState.DECLINED:
            Proposal.objects.filter(pk=known.pk).update(**said)


def _move(rows: Iterable[Any], taken: Iterable[tuple], kept: Entry, key: tuple[str, ...]) -> None:
    """Give each row to `kept`, unless `kept` has one with the same key."""
    present = {tuple(values) for values in taken}
    for row in rows:
        if key and tuple(getattr(row, name) for name in key) in present:
            continue
        row.entry = kept
        row.save()
