"""Merging: two rows that turn out to be one thing become one, and nothing that either knew is lost."""

from django.db import transaction

from kb.models import Entity, EntityRole, Entry, Link, SlugRedirect


@transaction.atomic
def merge_entries(gone: Entry, kept: Entry) -> None:
    """Move everything `gone` has over to `kept` and delete it; its address then leads to `kept`.

    Text fields of `kept` stay as they are; empty ones are filled from `gone`.
    """
    if gone.pk == kept.pk:
        raise ValueError("an entry cannot be merged into itself")
    filled = [name for name in ("summary", "body", "occurred_on") if getattr(gone, name) and not getattr(kept, name)]
    for name in filled:
        setattr(kept, name, getattr(gone, name))
    if "occurred_on" in filled:
        kept.occurred_precision = gone.occurred_precision
    _move(gone.roles.all(), kept.roles.values_list("entity_id", "role"), kept, ("entity_id", "role"))
    _move(gone.citations.all(), kept.citations.values_list("reference_id"), kept, ("reference_id",))
    _move(
        gone.classifications.all(),
        kept.classifications.values_list("category_id", "origin"),
        kept,
        ("category_id", "origin"),
    )
    _move(gone.external_ids.all(), [], kept, ())
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
    slug, title = gone.slug, gone.title
    gone.delete()
    SlugRedirect.objects.update_or_create(slug=slug, defaults={"entry": kept})
    kept._change_reason = f"merged with “{title}”"[:100]  # type: ignore[attr-defined]
    kept.save()


@transaction.atomic
def merge_entities(gone: Entity, kept: Entity) -> None:
    """Let `kept` stand for both: roles and aliases move over, the page of `gone` leads to `kept`."""
    if gone.resolved() == kept.resolved():
        raise ValueError("these entities are one already")
    for role in gone.roles.all():
        EntityRole.objects.get_or_create(
            entry_id=role.entry_id, entity=kept, role=role.role, defaults={"source": role.source}
        )
        role.delete()
    gone.aliases.update(entity=kept)
    gone.merged_into = kept
    gone.save()


def _move(rows, taken, kept: Entry, key: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    """Give each row to `kept`, unless `kept` has one with the same key."""
    present = {tuple(values) for values in taken}
    for row in rows:
        if key and tuple(getattr(row, name) for name in key) in present:
            continue
        row.entry = kept
        row.save()
