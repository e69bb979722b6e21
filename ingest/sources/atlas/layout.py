"""The layouts in which ATLAS data has been published, brought to one.

Until 4.0 techniques and case studies stand at the top of `ATLAS.yaml`; then tactics, techniques and mitigations in
`matrices`. Both have lists, and say in each object what it hangs together with. Format 6 (May 2026) has mappings by id
and says it in `relationships`, by the object that it starts from: `achieves` (a tactic), `specializes` (a technique),
`mitigates` and `employs`, the steps of a case study in the order of their `step-id`. The case studies that the website
hands out are files of one `study`.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ingest.records import clean_line, text_or_nothing
from ingest.sources.lists import as_list

ID = re.compile(r"(?:[A-Z][A-Z0-9]*\.)+(TA|T|M|CS)\d{4,}(?:\.\d{3,})?")
KINDS = {"TA": "tactic", "T": "technique", "M": "mitigation", "CS": "case-study"}
SHELVES = {
    "tactics": "tactic",
    "techniques": "technique",
    "mitigations": "mitigation",
    "case-studies": "case-study",
    "case_studies": "case-study",
    "casestudies": "case-study",
}
MAX_DEPTH = 6

Thing = dict[str, Any]


@dataclass
class Atlas:
    """Objects by id, in the order of the document; `problems` are (where, why) of what could not be read, `unknown`
    the relationships that were not understood, by what they are called."""

    version: str = ""
    tactics: dict[str, Thing] = field(default_factory=dict)
    techniques: dict[str, Thing] = field(default_factory=dict)
    mitigations: dict[str, Thing] = field(default_factory=dict)
    studies: dict[str, Thing] = field(default_factory=dict)
    problems: list[tuple[str, str]] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)

    def shelf(self, kind: str) -> dict[str, Thing]:
        named = {"tactic": self.tactics, "technique": self.techniques, "mitigation": self.mitigations}
        return named.get(kind, self.studies)


def read(document: Any) -> Atlas:
    """What the document holds, whichever its layout; nothing at all when it is not ATLAS."""
    atlas = Atlas()
    if isinstance(document, dict):
        collection = document.get("collection")
        said = collection.get("version") if isinstance(collection, dict) else document.get("version")
        atlas.version = text_or_nothing(said)
    _collect(document, "", atlas, 0)
    if isinstance(document, dict):
        _relate(document.get("relationships"), atlas)
    for study in atlas.studies.values():
        study["procedure"].sort(key=lambda step: step["place"])
    return atlas


def line(value: Any) -> str:
    """A text on one line; '' for what is no text."""
    return clean_line(text_or_nothing(value))


def _collect(value: Any, shelf: str, atlas: Atlas, depth: int) -> None:
    """Put every object below `value` on its shelf. `shelf` is the kind that the key above it named, or ''."""
    if depth > MAX_DEPTH:
        return
    if isinstance(value, list):
        for number, item in enumerate(value, start=1):
            _take(item, shelf, f"{shelf} {number}", atlas, depth)
    elif isinstance(value, dict):
        if not shelf and _kind(value, ""):
            _take(value, "", "", atlas, depth)
            return
        for key, item in value.items():
            name = str(key)
            if name in SHELVES:
                _collect(item, SHELVES[name], atlas, depth + 1)
            elif shelf:
                _take({"id": name, **item} if isinstance(item, dict) else item, shelf, name, atlas, depth)
            elif name == "study" and isinstance(item, dict):
                _take(item, "case-study", "study", atlas, depth)
            elif name in ("matrices", "matrix", "data"):
                _collect(item, "", atlas, depth + 1)


def _take(item: Any, shelf: str, where: str, atlas: Atlas, depth: int) -> None:
    kind = _kind(item, shelf)
    if not kind:
        if isinstance(item, dict | list) and not shelf:
            _collect(item, "", atlas, depth + 1)  # a matrix
        elif shelf and not (shelf == "tactic" and isinstance(item, str)):  # a matrix may list its tactics by id
            atlas.problems.append((where, f"not an object but {type(item).__name__}"))
        return
    identity = line(item.get("id")).upper()
    here = atlas.shelf(kind)
    if identity in here and identity:
        atlas.problems.append((identity, "stands there twice; the first was read"))
        return
    thing = dict(item)
    thing["id"] = identity
    if kind == "technique":
        thing["tactics"] = [one.upper() for one in map(line, as_list(item.get("tactics"))) if one]
        thing["parent"] = line(item.get("subtechnique-of") or item.get("specializes")).upper()
    elif kind == "mitigation":
        thing["techniques"] = list(_uses(item.get("techniques")))
    elif kind == "case-study":
        thing["procedure"] = list(_steps(item.get("procedure")))
    here[identity or f"#{len(here) + 1}"] = thing


def _kind(item: Any, shelf: str) -> str:
    """What the object is: what it says, what its id says, or what the shelf is that it stands on; '' for no object."""
    if not isinstance(item, dict):
        return ""
    said = line(item.get("object-type")).lower().replace("_", "-")
    if said in KINDS.values():
        return said
    if match := ID.fullmatch(line(item.get("id")).upper()):
        return KINDS[match[1]]
    return shelf


def _uses(value: Any) -> Iterator[tuple[str, str]]:
    """(technique, how it is used against it) of `[{"id": …, "use": …}]`, or of a list of ids."""
    for item in as_list(value):
        if isinstance(item, dict):
            if identity := line(item.get("id") or item.get("technique")).upper():
                yield identity, text_or_nothing(item.get("use") or item.get("description")).strip()
        elif identity := line(item).upper():
            yield identity, ""


def _steps(value: Any) -> Iterator[Thing]:
    for number, item in enumerate(as_list(value)):
        if isinstance(item, dict):
            yield _step(item, item.get("technique"), ("", number))
        elif said := text_or_nothing(item).strip():
            yield {"place": ("", number), "tactic": "", "technique": "", "description": said, "leads_to": [], "id": ""}


def _step(item: Thing, technique: Any, place: tuple[str, int]) -> Thing:
    return {
        "place": place,
        "id": line(item.get("step-id")),
        "tactic": line(item.get("tactic")),
        "technique": line(technique),
        "description": text_or_nothing(item.get("description")).strip(),
        "leads_to": [one for one in map(line, as_list(item.get("leads-to"))) if one],
    }


def _relate(value: Any, atlas: Atlas) -> None:
    """Tell the objects what the relationships say, which are lists by relation by object, or one list."""
    for number, (relation, item) in enumerate(_relations(value)):
        source, target = (line(item.get(key)).upper() for key in ("source", "target"))
        if relation == "achieves" and source in atlas.techniques:
            atlas.techniques[source]["tactics"].append(target)
        elif relation == "specializes" and source in atlas.techniques:
            atlas.techniques[source]["parent"] = target
        elif relation == "mitigates" and source in atlas.mitigations:
            atlas.mitigations[source]["techniques"].append((target, text_or_nothing(item.get("description")).strip()))
        elif relation == "employs" and source in atlas.studies:
            atlas.studies[source]["procedure"].append(_step(item, target, (_rising(item.get("step-id")), number)))
        elif relation != "sequences":
            atlas.unknown[relation] += 1


def _relations(value: Any) -> Iterator[tuple[str, Thing]]:
    if isinstance(value, list):
        for item in value:
            if isinstance(item, dict):
                yield line(item.get("relationship-type")), item
    elif isinstance(value, dict):
        for source, relations in value.items():
            for relation, items in relations.items() if isinstance(relations, dict) else ():
                if isinstance(items, list):
                    yield from ((str(relation), {"source": source, **item}) for item in items if isinstance(item, dict))


def _rising(step: Any) -> str:
    """`S2` before `S10`."""
    return re.sub(r"\d+", lambda match: match[0].zfill(9), line(step))
