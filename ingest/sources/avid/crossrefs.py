"""Which incidents of other databases an AVID record names, and whether it is about them or only mentions them."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from ingest.sources.avid import fields as avid_fields

Pair = tuple[str, str]
PAGES = (
    ("aiid", re.compile(r"\bincidentdatabase\.ai/(?:[a-z]{2}/)?cite/(\d{1,6})\b", re.IGNORECASE)),
    ("atlas", re.compile(r"\batlas\.mitre\.org/(?:studies|case-studies)/(AML\.CS\d{4,})\b", re.IGNORECASE)),
    ("avid", re.compile(r"\bavidml\.org/database/(AVID-\d{4}-[VR]\d+)\b", re.IGNORECASE)),
)
IN_WORDS = (
    (
        "aiid",
        re.compile(r"\b(?:AIID|AI Incident Database)(?:'s)? (?:incident )?(?:no\.? ?|number |#)?(\d{1,6})\b", re.I),
    ),
    ("atlas", re.compile(r"\b(AML\.CS\d{4,})\b", re.IGNORECASE)),
    ("avid", re.compile(r"\b(AVID-\d{4}-[VR]\d{3,})\b", re.IGNORECASE)),
)
NUMBERED = re.compile(r"\s*(?:AIID )?incident (?:no\.? ?|#)?(\d{1,6})\s*(?::|$)", re.IGNORECASE)
CVE = re.compile(r"\bCVE-\d{4}-\d{4,}\b", re.IGNORECASE)


class Named(NamedTuple):
    """External ids of what a record is the AVID edition of, and of what it refers to besides."""

    same: list[Pair]
    related: list[Pair]


def cross_references(doc: dict[str, Any], own: str) -> Named:
    """What the record, whose own id is `own`, names elsewhere.

    AVID took over incidents of AIID and case studies of ATLAS under their titles, and such a record says so in its
    problem class and gives their page as its source: it is that event, once more. Where it gives one page of each of
    both (Tay is AIID 6 and AML.CS0009), the event has both numbers. Anything else that names an incident, an
    evaluation that cites three or a description that compares itself with one, is merely related to it.
    A CVE entry is the AVID edition of the one CVE that its title, or its "NVD entry", names.
    """
    sources = list(dict.fromkeys(_in_references(doc)))
    mentioned = list(dict.fromkeys([*sources, *_in_text(avid_fields.description(doc))]))
    named, _ = avid_fields.problem_class(doc)
    same: list[Pair] = []
    if re.match(r"aiid|ai incident|atlas|mitre", named, re.IGNORECASE):
        for namespace in ("aiid", "atlas"):
            ids = [pair for pair in sources if pair[0] == namespace]
            same += ids if len(ids) == 1 else _of_that_title(doc, ids)
    if cve := _own_cve(doc):
        same.append(("cve", cve))
    related = [pair for pair in mentioned if pair not in same and pair != ("avid", own)]
    return Named(same, related)


def _in_references(doc: dict[str, Any]) -> Iterator[Pair]:
    for reference in avid_fields.references(doc):
        yield from _ids(PAGES, reference["url"])
        yield from _ids(IN_WORDS, reference["title"])
        if "incidentdatabase" in reference["url"].lower() and (match := NUMBERED.match(reference["title"])):
            yield "aiid", str(int(match[1]))


def _in_text(text: str) -> Iterator[Pair]:
    yield from _ids(PAGES, text)
    yield from _ids(IN_WORDS, text)


def _ids(patterns: tuple[tuple[str, re.Pattern[str]], ...], text: str) -> Iterator[Pair]:
    for namespace, pattern in patterns:
        for match in pattern.finditer(text):
            yield namespace, str(int(match[1])) if namespace == "aiid" else match[1].upper()


def _of_that_title(doc: dict[str, Any], ids: list[Pair]) -> list[Pair]:
    """Of several pages the one whose label is the record's own title."""
    title = avid_fields.title(doc).casefold()
    for reference in avid_fields.references(doc):
        label = NUMBERED.sub("", reference["title"], count=1).strip().casefold()
        here = [pair for pair in _ids(PAGES, reference["url"]) if pair in ids]
        if label == title and len(here) == 1:
            return here
    return []


def _own_cve(doc: dict[str, Any]) -> str:
    if not avid_fields.problem_class(doc)[0].lower().startswith("cve"):
        return ""
    entries = [reference["url"] for reference in avid_fields.references(doc) if reference["title"] == "NVD entry"]
    for text in (avid_fields.title(doc), " ".join(entries)):
        found = {match.upper() for match in CVE.findall(text)}
        if len(found) == 1:
            return found.pop()
    return ""
