"""The taxonomies that AIID's incidents are classified in: which of their fields are categories, and what they mean."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

from ingest.records import MAX_NAME, clean_line, clean_text

Sort = Literal["one", "many", "text", "hidden", "unknown"]

# The last two annotators' own answers, before they agreed.
ANNOTATOR = re.compile(r".*[_ -]annotator([_ -].*)?", re.IGNORECASE)
# Who worked on a classification, and how far: no statement on the incident.
HIDDEN = frozenset(
    {
        "namespace",
        "_id",
        "incident id",
        "incident_id",
        "incidents",
        "incident number",
        "publish",
        "published",
        "annotator",
        "annotation status",
        "reviewer",
        "peer reviewer",
        "quality control",
    }
)
PROSE = re.compile(r"notes\b.*|.*\b(notes|snippets|discussion|description)", re.IGNORECASE)

# What the definitions of these say, for snapshots that come without them.
MANY = {
    "CSETv0": {
        "Harm Type",
        "Harm Distribution Basis",
        "Infrastructure Sectors",
        "Sector of Deployment",
        "Relevant AI functions",
        "Physical System",
        "Problem Nature",
    },
    "CSETv1": {"Harm Distribution Basis", "Infrastructure Sectors", "Sector of Deployment"},
    "GMF": {
        f"{how} AI {what}" for how in ("Known", "Potential") for what in ("Goal", "Technology", "Technical Failure")
    },
    "MIT": set(),
}
TEXT = {
    "CSETv0": {
        "Beginning Date",
        "Ending Date",
        "Location",
        "Named Entities",
        "Technology Purveyor",
        "Lives Lost",
        "Financial Cost",
        "Laws Implicated",
        "Data Inputs",
        "System Developer",
        "AI Techniques",
        "AI Applications",
    },
    "CSETv1": {
        "Date of Incident Year",
        "Date of Incident Month",
        "Date of Incident Day",
        "Location City",
        "Location State/Province (two letters)",
        "Location Country (two letters)",
        "Operating Conditions",
        "Entities",
        "Lives Lost",
        "Injuries",
        "Data Inputs",
        "Physical System Type",
        "AI Task",
        "AI tools and methods",
    },
    "GMF": set(),
    "MIT": set(),
}


@dataclass
class Field:
    """A field of a taxonomy: `one` value is chosen, `many` may be, `text` is written, `hidden` is not for the public.

    `unknown` is for its values to tell. `values` are those that may be chosen, where they are listed.
    """

    name: str
    sort: Sort
    values: list[str] = field(default_factory=list)
    description: str = ""


@dataclass
class Taxonomy:
    """A namespace with its fields by name; a name that stands there twice is `name (2)` the second time."""

    namespace: str
    description: str = ""
    fields: dict[str, Field] = field(default_factory=dict)
    is_defined: bool = False

    def field(self, name: str) -> Field:
        """The field of that name, made of what is known of its namespace where nobody defines it."""
        if name not in self.fields:
            self.fields[name] = Field(name, self._sort(re.sub(r" \(\d+\)$", "", name)))
        return self.fields[name]

    def _sort(self, name: str) -> Sort:
        if name.casefold() in HIDDEN:
            return "hidden"
        if PROSE.fullmatch(name) or name in TEXT.get(self.namespace, ()):
            return "text"
        if name in MANY.get(self.namespace, ()):
            return "many"
        return "one" if self.namespace in MANY and not self.is_defined else "unknown"

    def told(self) -> dict[str, Any]:
        """The fields of a TaxonomyRecord, with the categories that the authors define."""
        categories: list[dict[str, Any]] = []
        for one in self.fields.values():
            if one.sort not in ("one", "many"):
                continue
            categories.append({"path": (one.name,), "description": one.description})
            categories += [{"path": (one.name, value)} for value in one.values]
        return {
            "name": self.namespace,
            "description": self.description,
            "url": f"https://incidentdatabase.ai/taxonomy/{quote(self.namespace.lower())}/",
            "categories": categories,
        }


def numbered(names: Iterable[str]) -> list[str]:
    """`names` in which none comes twice: CSETv1 asks two questions by the name of `AI System`.

    >>> numbered(["AI System", "Intent", "AI System"])
    ['AI System', 'Intent', 'AI System (2)']
    """
    counts: dict[str, int] = {}
    unique = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        unique.append(f"{name} ({counts[name]})" if counts[name] > 1 else name)
    return unique


def taxonomy(document: Mapping[str, Any]) -> Taxonomy:
    """A document of the table `taxa`; ValueError says what it lacks."""
    namespace = clean_line(document.get("namespace"))
    listed = document.get("field_list")
    if not namespace or len(namespace) > MAX_NAME or not isinstance(listed, list):
        raise ValueError("a taxonomy without a namespace or a list of fields")
    fields = [one for one in listed if isinstance(one, dict) and _name(one)]
    names = numbered(_name(one) for one in fields)
    made = Taxonomy(namespace, clean_text(document.get("description")), is_defined=True)
    for name, one in zip(names, fields, strict=True):
        made.fields[name] = _field(name, one)
    return made


def _name(defined: Mapping[str, Any]) -> str:
    name = defined.get("short_name")
    return clean_line(name)[:MAX_NAME] if isinstance(name, str) else ""


def _field(name: str, defined: Mapping[str, Any]) -> Field:
    permitted = defined.get("permitted_values")
    values = [clean_line(value)[:MAX_NAME] for value in permitted or [] if isinstance(value, str) and value.strip()]
    said = [clean_text(defined.get(part)).strip() for part in ("long_name", "short_description", "long_description")]
    return Field(
        name,
        _sort(defined, bool(values)),
        list(dict.fromkeys(values)),
        "\n\n".join(dict.fromkeys(text for text in said if text and text != name)),
    )


def _sort(defined: Mapping[str, Any], has_values: bool) -> Sort:
    if defined.get("public") is False or _name(defined).casefold() in HIDDEN:
        return "hidden"
    match defined.get("display_type"):
        case "enum" | "bool":
            return "one"
        case "multi":
            return "many"
        case "list":
            # Other lists are written freely; this one offers what was chosen before.
            return "many" if has_values or defined.get("complete_from") else "text"
        case "string" | "long_string" | "int" | "float" | "date" | "location" | "object-list":
            return "one" if has_values else "text"
    return "unknown"
