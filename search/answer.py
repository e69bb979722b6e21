"""Search results as JSON: the contract of `/api/v1/search` and of `manage.py search --json`."""

from typing import Any

from django.db.models import prefetch_related_objects

from kb.as_json import Absolute, entry_json
from search.query import Hit, PassageHit, Results


def result_json(results: Results, absolute: Absolute) -> dict[str, Any]:
    prefetch_related_objects([hit.entry for hit in results.hits], "tags", "external_ids")
    return {
        "results": [hit_json(hit, absolute) for hit in results.hits],
        "total": results.total,
        "next_cursor": results.next_cursor or None,
        "notices": notices(results),
    }


def notices(results: Results) -> list[str]:
    """What the reader should know: what was not searched, and what the index does not have yet."""
    if not results.waiting:
        return results.notices
    count = "1 entry is" if results.waiting == 1 else f"{results.waiting} entries are"
    return [*results.notices, f"{count} waiting to be indexed."]


def hit_json(hit: Hit, absolute: Absolute) -> dict[str, Any]:
    return {
        "entry": entry_json(hit.entry, absolute),
        "score": round(hit.score, 6),
        "passages": [_passage_json(passage) for passage in hit.passages],
        "why": {"keyword": round(hit.keyword, 6), "semantic": round(hit.semantic, 6), "words": hit.words},
    }


def _passage_json(passage: PassageHit) -> dict[str, Any]:
    return {
        "text": passage.text,
        "start": passage.start,
        "end": passage.end,
        "source": passage.source,
        "reference_url": passage.reference.url if passage.reference else None,
        "page": passage.page,
        "marks": passage.marks,
        "score": round(passage.score, 6),
    }
