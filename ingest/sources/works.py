"""Articles and papers: the numbers that the world gives them, and what a note about one says of it."""

import re
from collections.abc import Iterable
from typing import Any

from ingest.records import ReferenceRecord, RoleRecord, keep_valid
from kb.addresses import canonical_url
from kb.external import named_by, outside
from kb.kinds import Kind

NUMBERED_BY = ("doi", "arxiv")  # the namespaces that number works; those of incidents number what a work tells of
DOI = re.compile(r"10\.\d{4,9}/\S+")
MAX_RESOURCE_TITLE = 200


def work_ids(url: str = "", doi: str = "", arxiv: str = "") -> list[tuple[str, str]]:
    """The numbers of a work, from its address, its DOI (bare, as an address, or after `doi:`) and its arXiv id."""
    addresses = [url]
    if match := DOI.search(doi):
        addresses.append(f"https://doi.org/{match[0].rstrip('.,;')}")
    if arxiv:
        addresses.append(f"https://arxiv.org/abs/{re.sub('^arxiv:', '', arxiv.strip(), flags=re.IGNORECASE)}")
    pairs = (named_by(address) for address in addresses if address)
    return list(dict.fromkeys(pair for pair in pairs if pair and pair[0] in NUMBERED_BY))


def work_address(ids: Iterable[tuple[str, str]]) -> str:
    """Where a work without an address of its own is found; '' where it has no number either."""
    known = dict(ids)
    return next((outside(namespace, known[namespace]).url for namespace in NUMBERED_BY if namespace in known), "")


def note_fields(kind: str, page: ReferenceRecord, resource: str, warnings: list[str]) -> dict[str, Any]:
    """Date, authors and facts of a note about the work `page`. Entries of other kinds have none of them from it: they
    are about what it tells of, which has a date and parties of its own."""
    if kind != Kind.NOTE:
        return {}
    authors: list[Any] = [{"role": "author", "name": name} for name in page.authors]
    return {
        "occurred": page.published,
        "roles": keep_valid(RoleRecord, authors, "author", warnings),
        "facts": note_facts(kind, resource, page.title),
    }


def note_facts(kind: str, resource: str, title: str) -> dict[str, str]:
    """What kind of work a note is about, and its title; {} for entries of other kinds."""
    if kind != Kind.NOTE:
        return {}
    return {"resource": resource, "resource_title": title[:MAX_RESOURCE_TITLE].strip()}


def each_cited_once(references: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The fields of references without those to an address that an earlier one has."""
    found: dict[str, dict[str, Any]] = {}
    for one in references:
        try:
            found.setdefault(canonical_url(one["url"]), one)
        except ValueError:  # what is no address is told of when it is validated
            found.setdefault(one["url"], one)
    return list(found.values())
