"""The columns of the AIAAIC sheet by meaning. Every export has others, in another order and under other names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ingest.sources.tables.mapping_guesses import plain

# Our word -> the names that the sheet has had for it, in the form of `plain`, the latest first.
COLUMNS = {
    "id": (
        "aiaaic id",
        "note aiaaic id",
        "aiaaic repository id",
        "repository id",
        "record id",
        "incident id",
        "id",
        "",
    ),
    "headline": ("headline", "headline title", "title", "incident", "name"),
    "type": ("type", "record type", "entry type"),
    "occurred": ("occurred", "date occurred", "occurred date", "incident date", "date", "year"),
    "released": ("released", "release date", "year released"),
    "country": ("country", "countries", "country ies", "jurisdiction", "jurisdictions", "location"),
    "sector": ("sector", "sectors", "industry"),
    "deployer": ("deployer", "deployers", "operator", "operators", "deployer operator"),
    "developer": ("developer", "developers"),
    "system": ("system name", "system names", "system", "systems"),
    "technology": ("technology", "technologies"),
    "purpose": ("purpose", "purposes"),
    "trigger": ("news trigger", "media trigger", "issue trigger", "trigger", "triggers", "news triggers"),
    "issue": ("issue", "issues", "ethical issue", "ethical issues", "risk", "risks"),
    "transparency": ("transparency", "transparency issue"),
    "consequence": ("consequence", "consequences"),
    "response": ("response", "responses"),
    "links": (
        *("summary links", "description links", "summary url", "description url", "summary link", "links", "link"),
        *("url", "source", "sources"),
    ),
    "summary": ("summary", "description", "summary description"),
}
# Groups of harms -> their names. What is within the organisation is called internal, and is no harm to others.
EXTERNAL = {
    "Individual": ("individual", "ind harm", "individual harm", "individual harms"),
    "Societal": ("societal", "soc harm", "societal harm", "societal harms", "society"),
    "Environmental": ("environmental", "env harm", "environmental harm", "environmental harms", "environment"),
    "External": ("external harm", "external harms", "harm", "harms"),
}
INTERNAL = {
    "Strategic/reputational": ("strategic reputational", "strategic", "reputational"),
    "Operational": ("operational",),
    "Financial": ("financial",),
    "Legal/regulatory": ("legal regulatory", "legal", "regulatory"),
    "Internal": ("internal harm", "internal harms", "internal impact", "internal impacts"),
}
# What stands before the name of a group's column: "External harms / Individual", "Internal impacts Financial".
GROUPS = r"^(?:external harms?|internal (?:harms?|impacts?)|impacted areas?) (?=\S)"
MUST = frozenset({"headline"})
ENOUGH = 4  # columns that make a sheet one of AIAAIC


@dataclass(frozen=True)
class Columns:
    """Which names of columns have a meaning: one for each field, any number for the groups of harms."""

    fields: Mapping[str, str]
    external: Mapping[str, str]
    internal: Mapping[str, str]
    unread: tuple[str, ...]

    @property
    def are_those_of_aiaaic(self) -> bool:
        return self.fields.keys() >= MUST and len(self.fields) + len(self.external) + len(self.internal) >= ENOUGH


def is_known(name: str) -> bool:
    """Whether a column is called like one of the sheet's."""
    return bool(meaning(name))


def meaning(name: str) -> str:
    """Our word for a column, or the group of harms that it holds; '' for one that is not known."""
    word = simple(name)
    for names in (COLUMNS, EXTERNAL, INTERNAL):
        for ours, theirs in names.items():
            if word and word in theirs:
                return ours
    return ""


def simple(name: str) -> str:
    """A name without the group it is in, and without what is said of its values in brackets.

    >>> simple("External harm (taxonomy) / Individual"), simple("Issue(s)"), simple("Ethical issue (taxonomy)")
    ('individual', 'issue', 'ethical issue')
    """
    word = plain(re.sub(r"\(taxonomy\)|Unnamed: \d+_level_\d+", "", name, flags=re.IGNORECASE))
    return re.sub(GROUPS, "", word)


def read_columns(names: Sequence[str]) -> Columns:
    """The meaning of each of `names`; where two have the same, the one whose name is the likelier, else the first."""
    known = {name: simple(name) for name in names if name}
    used: set[str] = set()

    def find(words: Mapping[str, Sequence[str]]) -> dict[str, str]:
        found = {}
        for ours, theirs in words.items():
            candidates = (name for word in theirs for name, said in known.items() if said == word and name not in used)
            if word := next(candidates, ""):
                found[ours] = word
                used.add(word)
        return found

    fields, external, internal = find(COLUMNS), find(EXTERNAL), find(INTERNAL)
    return Columns(fields, external, internal, tuple(name for name in known if name not in used))
