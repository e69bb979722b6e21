"""Case studies of ATLAS as entries: what was done, step by step, by whom and to what."""

import re
from collections.abc import Iterator
from typing import Any

from ingest.records import (
    BadRecord,
    ClassificationRecord,
    EntryRecord,
    LinkRecord,
    ReferenceRecord,
    RoleRecord,
    SameRecord,
    date_or_warn,
    entry_or_bad,
    keep_valid,
)
from ingest.sources.atlas import taxonomy as atlas_taxonomy
from ingest.sources.atlas.layout import Thing, line
from ingest.sources.atlas.taxonomy import ATTRIBUTION, LICENCE, SITE, Names, markdown, name_of
from ingest.sources.markdown.lead_paragraph import split_lead
from ingest.sources.works import each_cited_once
from kb.dates import PartialDate, Precision
from kb.external import named_by

PUBLISHER = "MITRE ATLAS"
EVIDENCE = 600  # characters of a step that are shown beside its technique
NOBODY = re.compile(
    r"unknown\b.*|n/?a|none|various|multiple (?:systems|victims)|(?:one|two|three|an?) individuals?|individuals?", re.I
)
OF_AIID = re.compile(r"\s*AIID\b", re.IGNORECASE)
OF_AVID = re.compile(r"\s*AVID\b", re.IGNORECASE)
ADDRESS = re.compile(r"https?://[^\s<>\"')\]]+")


def entry(study: Thing, key: str, names: Names) -> EntryRecord | BadRecord:
    """The case study as an incident. A red team's exercise is one too, and is classified as an exercise."""
    warnings: list[str] = []
    identity = study["id"]
    lead = split_lead(markdown(study.get("summary") or study.get("description")))
    references, unreachable = _references(study)
    references += [{"url": url, "title": title} for url, title in lead.links]
    same, related = _elsewhere(study)
    parts = [lead.rest, _people(study), _procedure(study, names), _list("Further sources", unreachable)]
    title = name_of(study)
    page = {"url": f"{SITE}/studies/{identity}", "title": title[:500], "publisher": PUBLISHER, "language": "en"}
    pages = [page] if identity else []
    return entry_or_bad(
        key,
        kind="incident",
        title=title,
        summary=lead.summary,
        body="\n\n".join(part for part in parts if part),
        occurred=_date(study, warnings),
        language="en",
        licence=LICENCE,
        attribution=ATTRIBUTION,
        external_ids=[("atlas", identity), *same] if identity else [],
        roles=keep_valid(RoleRecord, _roles(study), "entity", warnings),
        references=keep_valid(ReferenceRecord, each_cited_once(references), "reference", warnings),
        classifications=keep_valid(ClassificationRecord, _classifications(study, names), "step", warnings),
        links=[LinkRecord(relation="related", target=pair) for pair in related],
        page=next(iter(keep_valid(ReferenceRecord, pages, "page", warnings)), None),
        warnings=warnings,
    )


def same(study: Thing) -> SameRecord | None:
    """That the study and a record of another database are about one event, where it says so."""
    ids, _ = _elsewhere(study)
    said = [{"ids": [("atlas", study["id"]), *ids]}] if ids and study["id"] else []
    return next(iter(keep_valid(SameRecord, said, "identity", [])), None)


def _elsewhere(study: Thing) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """External ids of the event in other databases, and of what the study refers to besides.

    ATLAS names the record of its own event among its references, as "AIID Incident 731: …". It is the same event when
    there is one such record of a database, and something else when there are more.
    """
    named: dict[str, dict[tuple[str, str], bool]] = {}
    for reference in study.get("references") or []:
        if not isinstance(reference, dict) or not (pair := named_by(line(reference.get("url")))):
            continue
        if pair[0] in ("aiid", "avid", "atlas") and pair != ("atlas", study["id"]):
            pattern = {"aiid": OF_AIID, "avid": OF_AVID}.get(pair[0])
            titled = bool(pattern and pattern.match(line(reference.get("title"))))
            named.setdefault(pair[0], {}).setdefault(pair, titled)
    one = [pair for pairs in named.values() for pair, titled in pairs.items() if titled and len(pairs) == 1]
    return one, [pair for pairs in named.values() for pair in pairs if pair not in one]


def _date(study: Thing, warnings: list[str]) -> PartialDate | None:
    said = line(study.get("incident-date") or study.get("date"))
    grain = line(study.get("incident-date-granularity") or study.get("date-granularity")).lower()
    day = date_or_warn(said, "date", warnings)
    coarse: Precision | None = "year" if grain == "year" else "month" if grain == "month" else None
    if day is None or coarse is None or day.precision == "year" or (coarse, day.precision) == ("month", "month"):
        return day
    return PartialDate(day.date.replace(month=1, day=1) if coarse == "year" else day.date.replace(day=1), coarse)


def _people(study: Thing) -> str:
    said = {
        "Actor": study.get("actor"),
        "Target": study.get("target"),
        "Reported by": study.get("reporter") or study.get("reported-by"),
    }
    return "\n".join(
        f"- **{label}:** {' '.join(markdown(value).split())}" for label, value in said.items() if line(value)
    )


def _procedure(study: Thing, names: Names) -> str:
    """The steps as numbered sections, so that each can be found by its own words."""
    steps = study["procedure"]
    places = {step["id"]: number for number, step in enumerate(steps, start=1) if step["id"]}
    sections = ["## Procedure"] if steps else []
    for number, step in enumerate(steps, start=1):
        technique = names.technique(step["technique"])
        heading = ": ".join(part for part in (names.tactic(step["tactic"]), " › ".join(technique)) if part)
        identity = step["technique"]
        page = f"Technique [{identity}]({SITE}/techniques/{identity})" if identity else ""
        after = [str(places[one]) for one in step["leads_to"] if one in places and places[one] != number + 1]
        onward = f"Leads to step {', '.join(after)}." if after else ""
        sections += [f"### {number}. {heading or 'Step'}", markdown(step["description"]), page, onward]
    return "\n\n".join(part for part in sections if part)


def _classifications(study: Thing, names: Names) -> Iterator[dict[str, Any]]:
    kind = line(study.get("case-study-type") or study.get("type")).capitalize()
    if kind:
        yield {"taxonomy": atlas_taxonomy.TYPES, "category": (kind,)}
    steps: dict[tuple[str, ...], list[str]] = {}
    for step in study["procedure"]:
        if path := names.path(step["tactic"], step["technique"]):
            steps.setdefault(path, []).append(_shown(step["description"]))
    for path, evidence in steps.items():
        yield {"taxonomy": atlas_taxonomy.TECHNIQUES, "category": path, "evidence": "\n\n".join(filter(None, evidence))}


def _shown(description: str) -> str:
    said = split_lead(markdown(description)).summary or " ".join(markdown(description).split())
    return said if len(said) <= EVIDENCE else said[: EVIDENCE - 1].rsplit(" ", 1)[0] + "…"


def _roles(study: Thing) -> Iterator[dict[str, Any]]:
    """Targets as the systems, or as those harmed where they are users; who reported it, and who did an exercise."""
    for name in _names(study.get("target")):
        yield {"role": "harmed" if name.lower().endswith((" users", " customers")) else "system", "name": name}
    authors = _names(study.get("reporter") or study.get("reported-by"))
    if line(study.get("case-study-type") or study.get("type")).lower() == "exercise":
        authors += _names(study.get("actor"))
    yield from ({"role": "author", "name": name} for name in dict.fromkeys(authors))


def _names(value: Any) -> list[str]:
    """`A, B (C, D)` as A and B (C, D); a phrase with an "and" in it is one name, as is one of long parts."""
    said = re.sub(r"\s*\(https?://[^)]*\)", "", line(value)).strip()
    parts = [part.strip() for part in re.split(r",\s*(?![^()]*\))", said)]
    listed = len(parts) > 1 and all(part and len(part.split()) <= 4 for part in parts) and " and " not in said
    return [name for name in (parts if listed else [said]) if name and not NOBODY.fullmatch(name)]


def _references(study: Thing) -> tuple[list[dict[str, Any]], list[str]]:
    """References with an address, and the titles of those without one."""
    found: list[dict[str, Any]] = []
    titles: list[str] = []
    given = study.get("references")
    for item in given if isinstance(given, list) else []:
        title = line(item.get("title") if isinstance(item, dict) else item)
        url = line(item.get("url")) if isinstance(item, dict) else ""
        if not url and (match := ADDRESS.search(title)):
            url = match[0].rstrip(".,;")
        if url:
            found.append({"url": url, "title": title[:500]})
        elif title:
            titles.append(title)
    return found, titles


def _list(heading: str, items: list[str]) -> str:
    return "\n".join([f"## {heading}", "", *(f"- {item}" for item in items)]) if items else ""
