"""Search results as JSON: the contract of `/api/v1/search` and of `manage.py search --json`."""

from typing import Any

from kb.as_json import Absolute, Names, entry_json
from search.facets import FacetValue
from search.health import waiting_notice
from search.hits import Hit, PassageHit
from search.query import Results


def result_json(results: Results, absolute: Absolute) -> dict[str, Any]:
    """The envelope; `facets` are in it where the query asked for them."""
    names = Names.read([hit.entry.pk for hit in results.hits])
    answer = {
        "results": [hit_json(hit, absolute, names) for hit in results.hits],
        "total": results.total,
        "next_cursor": results.next_cursor or None,
        "notices": notices(results),
        "did_you_mean": results.did_you_mean or None,
    }
    if results.facets is not None:
        answer["facets"] = {facet.name: [_value_json(value) for value in facet.values] for facet in results.facets}
    return answer


def notices(results: Results) -> list[str]:
    """What the reader should know: what was not searched, and what the index does not have yet."""
    told = waiting_notice(results.waiting)
    return [*results.notices, told] if told else results.notices


def hit_json(hit: Hit, absolute: Absolute, names: Names) -> dict[str, Any]:
    return {
        "entry": entry_json(hit.entry, absolute, names, hit.path),
        "score": round(hit.score, 6),
        "passages": [passage_json(passage, absolute) for passage in hit.passages],
        "why": {"keyword": round(hit.keyword, 6), "semantic": round(hit.semantic, 6), "words": hit.words},
    }


def _value_json(value: FacetValue) -> dict[str, Any]:
    return {"value": value.value, "label": value.label, "count": value.count, "chosen": value.chosen}


def passage_json(passage: PassageHit, absolute: Absolute) -> dict[str, Any]:
    """Offsets count code points of the stored text, those of `marks` of the passage's."""
    return {
        "text": passage.text,
        "start": passage.start,
        "end": passage.end,
        "source": passage.source,
        "reference_url": passage.reference.url if passage.reference else None,
        "page": passage.page,
        "marks": passage.marks,
        "sentence": _sentence_json(passage),
        "url": absolute(passage.url),
        "score": round(passage.score, 6),
    }


def _sentence_json(passage: PassageHit) -> dict[str, Any] | None:
    if passage.sentence is None:
        return None
    start, end = passage.sentence
    return {"start": passage.start + start, "end": passage.start + end, "text": passage.text[start:end]}
