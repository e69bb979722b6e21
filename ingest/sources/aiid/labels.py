"""What incidents are classified as, found by the incident's number."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.records import MAX_SUMMARY, clean_line, clean_text
from ingest.sources.aiid.store import RowStore
from ingest.sources.aiid.taxa import ANNOTATOR, Field, Taxonomy
from ingest.sources.aiid.values import Column, Vocabulary
from ingest.sources.lists import listed

NOTHING = ("", "-", "--", "nan")
NEVER = ("0", "no", "false", "none", "unclear", "unknown", "not applicable", "n/a")  # what tells nothing
# Quotes of reports belong to their publishers; what entities had to do with it, and when it was, is told otherwise.
SAID_ELSEWHERE = re.compile(r"\bsnippets?\b|^entities$|^date of incident|^estimated date$", re.IGNORECASE)
MOST_DETAILS = 60
LONGEST_DETAIL = 4000  # characters
FEW = 40  # different values that a column may have to be categories where nobody says that it is
SHORT = 120  # characters of each of them


@dataclass
class Labels:
    """A row: the incidents it is about, and its values by the names of their fields, as the snapshot has them."""

    namespace: str
    incidents: list[int]
    published: bool
    values: list[tuple[str, Any]]


class Classifications:
    """The published ones. `problems` are rows that could not be read, `notices` what was left out and why."""

    def __init__(self, rows: Iterable[Labels | str], taxonomies: Iterable[Taxonomy], scratch: Path | None) -> None:
        self.taxonomies = {one.namespace: one for one in taxonomies}
        self.problems: list[str] = []
        self.notices: list[str] = []
        self._store = RowStore(scratch)
        self._columns: dict[tuple[str, str], Column] = {}
        self._evidence: dict[str, dict[str, str]] = {}
        self._unpublished: Counter[str] = Counter()
        self._annotators: set[str] = set()
        self._texts: dict[str, dict[str, None]] = {}
        for row in rows:
            if isinstance(row, str):
                self.problems.append(row)
            else:
                self._add(row)
        self._decide()
        self._vocabularies = {
            (namespace, field.name): self._vocabulary(namespace, field)
            for namespace, taxonomy in self.taxonomies.items()
            for field in taxonomy.fields.values()
            if field.sort in ("one", "many")
        }

    @property
    def incidents(self) -> RowStore:
        """The numbers of the incidents that are classified."""
        return self._store

    def of(self, incident: int) -> list[dict[str, Any]]:
        """The fields of a ClassificationRecord for each place of the incident in a taxonomy."""
        found: dict[tuple[str, ...], dict[str, Any]] = {}
        for namespace, values in sorted(self._store.all(incident), key=lambda row: str(row[0])):
            texts = {name: clean_text(value).strip() for name, value in values if isinstance(value, str)}
            for name, value in values:
                field = self.taxonomies[namespace].fields[name]
                if field.sort not in ("one", "many"):
                    continue
                evidence = "\n\n".join(
                    texts[text] for text, of in self._evidence[namespace].items() if of == name and texts.get(text)
                )
                for category in self._categories(namespace, field, value):
                    found.setdefault(
                        (namespace, name, category),
                        {
                            "taxonomy": namespace,
                            "category": (name, category),
                            "evidence": evidence[:MAX_SUMMARY],
                        },
                    )
        return list(found.values())

    def details(self, incident: int) -> list[str]:
        """What is written freely about the incident, and is about no category: `Lives Lost: 2 (CSETv1)`."""
        found: dict[str, None] = {}
        for namespace, values in sorted(self._store.all(incident), key=lambda row: str(row[0])):
            for name, value in values:
                if self.taxonomies[namespace].fields[name].sort == "text" and self._is_told(namespace, name):
                    said = "; ".join(text for text in _texts(value) if text.casefold() not in NEVER)
                    if said:
                        found[_cut(f"{name}: {said}", f" ({namespace})")] = None
        return list(found)[:MOST_DETAILS]

    def _is_told(self, namespace: str, name: str) -> bool:
        """Whether a text is neither the evidence of a category, nor a quote of a report, nor said elsewhere."""
        return name not in self._evidence[namespace] and not SAID_ELSEWHERE.search(name)

    def _add(self, row: Labels) -> None:
        if ANNOTATOR.fullmatch(row.namespace):
            self._annotators.add(row.namespace)
        elif not row.published:
            self._unpublished[row.namespace] += 1
        else:
            taxonomy = self.taxonomies.setdefault(row.namespace, Taxonomy(row.namespace))
            kept = [(name, value) for name, value in row.values if self._is_kept(taxonomy, name, value)]
            for number in row.incidents:
                self._store.add(number, [row.namespace, kept])

    def _is_kept(self, taxonomy: Taxonomy, name: str, value: Any) -> bool:
        field = taxonomy.field(name)
        if field.sort == "hidden" or not (texts := _texts(value)):
            return False
        if field.sort == "unknown" or (field.sort == "many" and not field.values):
            column = self._columns.setdefault((taxonomy.namespace, name), Column())
            for text in texts:
                column.see(text)
        if field.sort in ("text", "unknown"):
            self._texts.setdefault(taxonomy.namespace, {})[name] = None
        return True

    def _decide(self) -> None:
        """Which fields are categories, now that all their values were seen; and say which are none."""
        for (namespace, name), column in self._columns.items():
            field = self.taxonomies[namespace].fields[name]
            if field.sort == "unknown":
                field.sort = "many" if _is_vocabulary(column) else "text"
        for namespace, taxonomy in self.taxonomies.items():
            categories = [field.name for field in taxonomy.fields.values() if field.sort in ("one", "many")]
            texts = [name for name in self._texts.get(namespace, ()) if taxonomy.fields[name].sort == "text"]
            about = {text: _explained(text, categories) for text in texts}
            self._evidence[namespace] = {text: name for text, name in about.items() if name}
            if lost := [text for text in texts if not about[text] and SAID_ELSEWHERE.search(text)]:
                self.notices.append(f"{namespace}: {listed(lost)} were left out: quotes of reports, or told elsewhere")
        for namespace, count in self._unpublished.items():
            self.notices.append(f"{namespace}: {count:,} classifications are not published, and were left out")
        if self._annotators:
            self.notices.append(
                f"{listed(sorted(self._annotators))} were left out: what single annotators said before they agreed"
            )

    def _categories(self, namespace: str, field: Field, value: Any) -> list[str]:
        known = self._vocabularies[namespace, field.name]
        if isinstance(value, list) or field.sort == "one":
            return [known.spelling(text) for text in _texts(value)]
        return [category for text in _texts(value) for category in known.split(text)]

    def _vocabulary(self, namespace: str, field: Field) -> Vocabulary:
        column = self._columns.get((namespace, field.name))
        return column.vocabulary() if column and not field.values else Vocabulary(field.values)


def _texts(value: Any) -> list[str]:
    """`value` as texts, those of a list one by one; nothing, and what is no plain value, is none."""
    if isinstance(value, list):
        return [text for one in value if not isinstance(one, list | dict) for text in _texts(one)]
    if isinstance(value, dict):
        return []
    text = clean_line(str(value) if isinstance(value, bool) else value)
    return [] if text.casefold() in NOTHING else [text]


def _cut(text: str, end: str) -> str:
    most = LONGEST_DETAIL - len(end)
    return (text if len(text) <= most else text[: most - 1] + "…") + end


def _is_vocabulary(column: Column) -> bool:
    values = column.values()
    return (
        not column.is_prose
        and 0 < len(values) <= FEW
        and (len(values) * 2 <= column.filled or column.filled <= 10)
        and all(len(value) <= SHORT for value in values)
        and not all(value.replace(".", "").replace("-", "").isdigit() for value in values)
    )


def _explained(text: str, categories: list[str]) -> str:
    """The field that a text is about, going by its name, or ''. Snippets are quotes of reports, which are not ours.

    >>> _explained("Known AI Goal Classification Discussion", ["Known AI", "Known AI Goal"])
    'Known AI Goal'
    >>> _explained("Notes (special interest intangible harm)", ["Special Interest Intangible Harm"])
    'Special Interest Intangible Harm'
    """
    if "snippet" in text.casefold():
        return ""
    said = text.casefold().removeprefix("notes (").removesuffix(")")
    about = [name for name in categories if said == name.casefold() or text.startswith(name + " ")]
    return max(about, key=len, default="")
