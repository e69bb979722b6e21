"""Links between entries: real ones to what is here; the rest waits until it arrives."""

from collections.abc import Iterable, Sequence

from ingest.records import EntryRecord, LinkRecord
from ingest.writing.outcome import By, Differences
from ingest.writing.rows import bring, found, found_pairs
from kb import own_ids, provenance
from kb.change_words import link_words
from kb.models import Entry, ExternalId, Link, Origin, SlugRedirect, UnresolvedLink

Target = tuple[str, str]  # namespace and external id; with the namespace "", a slug


def write_links(pairs: Sequence[tuple[Entry, EntryRecord]], by: By, differences: Differences) -> None:
    """Give each entry the links that its record names."""
    here = _entries_at(_target(link) for _, record in pairs for link in record.links)
    links: dict[int, list[Link]] = {entry.pk: [] for entry, _ in pairs}
    waiting: dict[int, list[UnresolvedLink]] = {entry.pk: [] for entry, _ in pairs}
    for entry, link in ((entry, link) for entry, record in pairs for link in record.links):
        namespace, value = _target(link)
        target_id = here.get((namespace, value))
        if target_id is None:
            said = {"relation": link.relation, "namespace": namespace, "value": value}
            waiting[entry.pk].append(UnresolvedLink(entry=entry, source=by.source, **said))
        elif target_id != entry.pk:
            said = {"relation": link.relation, "origin": Origin.IMPORTED, "source": by.source}
            links[entry.pk].append(Link(entry=entry, target_id=target_id, **said))
    named = Entry.objects.only("title", "status", "visibility")
    targets = {row.pk: row for row in found(named, "pk", {row.target_id for row in _flat(links)})}
    bring(
        "links",
        Link.objects.select_related("target"),
        links,
        ("target_id", "relation"),
        by,
        differences,
        withheld={entry.pk: provenance.removed(entry, "links") for entry, _ in pairs},
        show=lambda row: link_words(row.relation, targets.get(row.target_id) or row.target),
    )
    bring(
        "links to come",
        UnresolvedLink.objects.all(),
        waiting,
        ("relation", "namespace", "value"),
        by,
        differences,
        show=lambda row: f"{row.relation}: {row.namespace} {row.value}",
    )


def _flat(rows: dict[int, list[Link]]) -> Iterable[Link]:
    return (row for of_entry in rows.values() for row in of_entry)


def resolve_links(entries: Iterable[Entry], ids: Iterable[Target]) -> None:
    """Turn the links that waited for these entries, or for what has these external ids, into real ones."""
    arrived = {("", entry.slug): entry.pk for entry in entries} | _entries_at(ids)
    for waiting in list(found_pairs(UnresolvedLink.objects.all(), "value", arrived)):
        target_id = arrived[waiting.namespace, waiting.value]
        if waiting.entry_id == target_id:
            continue
        Link.objects.get_or_create(
            entry_id=waiting.entry_id,
            target_id=target_id,
            relation=waiting.relation,
            defaults={"origin": Origin.IMPORTED, "source": waiting.source},
        )
        waiting.delete()


def _target(record: LinkRecord) -> Target:
    return ("", record.target) if isinstance(record.target, str) else record.target


def _entries_at(targets: Iterable[Target]) -> dict[Target, int]:
    """The id of the entry at each target that leads to one, by its slug, a former slug or an external id."""
    wanted = dict.fromkeys(targets)
    slugs = [value for namespace, value in wanted if not namespace]
    here = {("", row.slug): row.entry_id for row in found(SlugRedirect.objects.all(), "slug", slugs)}
    here |= {("", row.slug): row.pk for row in found(Entry.objects.only("slug"), "slug", slugs)}
    ids = [target for target in wanted if target[0]]
    own = own_ids.known_here(value for namespace, value in ids if namespace == own_ids.NAMESPACE)
    here |= {(own_ids.NAMESPACE, value): entry.pk for value, entry in own.items()}
    return here | {
        (row.namespace, row.value): row.entry_id for row in found_pairs(ExternalId.objects.all(), "value", ids)
    }
