"""Which column is which field, when only the names of columns and what they hold can say."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

# field -> the names of columns that are taken for it when nobody says which, the likeliest first. Names are compared in
# small letters, without signs, and without endings in brackets: "Country(ies)" is "country", "sourceUrl" "source url".
GUESSES = {
    "title": (
        *("title", "headline", "headline title", "name", "incident title", "incident name", "case title"),
        *("case study title", "article title", "paper title", "post title", "report title", "document title"),
        *("entry title", "page title", "project title", "project name", "project", "use case", "case study"),
        *("subject", "incident", "event"),
    ),
    "summary": (
        *("summary", "description", "abstract", "summary oneliner", "short description", "brief description"),
        *("one liner", "one line summary", "tldr", "tl dr", "overview", "synopsis", "excerpt", "incident summary"),
        *("incident description", "event description", "what happened", "details"),
    ),
    "body": (
        *("body", "text", "full text", "content", "contents", "full description", "long description", "markdown"),
        *("notes", "note", "comments", "comment"),
    ),
    "date": (
        *("date", "occurred on", "occurred", "date occurred", "occurred date", "incident date", "date of incident"),
        *("event date", "start date", "published", "published on", "published at", "published date", "date published"),
        *("publication date", "pub date", "reported date", "date reported", "release date", "posted", "posted on"),
        *("year", "publication year", "year of publication", "created", "created at", "created time", "date created"),
    ),
    "url": (
        *("url", "link", "source url", "source link", "website", "web page", "webpage", "href", "article url"),
        *("article link", "link to article", "paper url", "paper link", "blog url", "report url", "page url"),
        *("external url", "permalink", "canonical url", "web url", "html url", "links", "urls", "source urls"),
        *("reference url", "references", "reference"),
    ),
    "tags": ("tags", "keywords", "topics", "labels", "tag", "keyword", "topic", "label", "categories", "category"),
    "id": (
        *("id", "identifier", "incident id", "case id", "case study id", "report id", "record id", "vuln id"),
        *("entry id", "article id", "event id", "uid", "uuid", "guid", "id number", "incident number"),
    ),
    "publisher": (
        *("publisher", "source domain", "source name", "publication", "venue", "outlet", "media outlet", "journal"),
        *("newspaper", "source"),
    ),
    "slug": ("slug",),
    "language": ("language", "lang", "original language"),
    "kind": ("kind", "entry kind"),
    "developer": (
        *("developer", "developers", "alleged developer", "alleged developers", "alleged developer of ai system"),
        *("ai developer", "developed by"),
    ),
    "deployer": (
        *("deployer", "deployers", "alleged deployer", "alleged deployers", "alleged deployer of ai system"),
        *("ai deployer", "deployed by", "operator", "operators"),
    ),
    "harmed": (
        *("harmed", "harmed parties", "alleged harmed or nearly harmed parties", "harmed or nearly harmed parties"),
        *("alleged harmed parties", "affected parties", "affected stakeholders", "victims", "victim"),
    ),
    "system": ("system", "systems", "system name", "ai system", "ai systems", "ai system name", "product"),
    "company": ("company", "companies", "company name", "organization", "organisation", "organizations", "org"),
    "author": ("author", "authors", "byline", "written by", "by", "creator", "creators"),
}
# The same for the facts of a kind, once the fields have their columns.
FACT_GUESSES: dict[str, dict[str, tuple[str, ...]]] = {
    "incident": {
        "country": ("country", "countries", "location", "locations", "jurisdiction", "jurisdictions", "region"),
        "sector": ("sector", "sectors", "industry", "industries"),
        "technology": ("technology", "technologies", "ai technology", "ai technologies"),
        "purpose": ("purpose", "purposes", "intended use"),
        "harms": ("harms", "harm", "harm type", "harm types", "type of harm", "external harms", "impacts", "impact"),
        "response": ("response", "responses", "resolution"),
    },
    "case_study": {
        "industry": ("industry", "industries", "sector"),
        "problem": ("problem", "challenge", "business problem", "problem statement"),
        "approach": ("approach", "solution", "method", "methodology"),
        "results": ("results", "result", "outcome", "outcomes", "impact"),
        "techniques": ("techniques", "technique", "methods", "ml techniques", "models", "algorithms"),
    },
}
FACT = "facts."
TEXT_WITHIN = re.compile(r"\.(rendered|text|value|name|content|plain_text|raw|start)$")
GUESSED = {name for names in GUESSES.values() for name in names} | {
    name for facts in FACT_GUESSES.values() for names in facts.values() for name in names
}
SLASHED = re.compile(r"(\d{1,2})[/.-](\d{1,2})([/.-]\d{4})", re.ASCII)


def plain(column: str) -> str:
    """The name of a column as guesses are written.

    >>> plain("Alleged deployer(s)"), plain("sourceURL"), plain("AIAAIC ID#")
    ('alleged deployer', 'source url', 'aiaaic id')
    """
    words = re.sub(r"\((?:s|es|ies)\)", "", column, flags=re.IGNORECASE)
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", words)
    return " ".join(re.split(r"[\W_]+", words.lower())).strip()


def guess(columns: Sequence[str], samples: Mapping[str, Sequence[Any]] | None = None) -> dict[str, str]:
    """The fields that the names of `columns` suggest, each column for one field at most.

    What a column holds decides between a publisher and an address, finds an address under another name, and makes a
    column whose texts are links a source of both.
    """
    samples = samples or {}
    by_name = _by_name(columns)
    addresses = {column for column, values in samples.items() if _are_addresses(values)}
    chosen: dict[str, str] = {}
    for name, guesses in GUESSES.items():
        for column in (by_name[guess] for guess in guesses if guess in by_name):
            if column in chosen.values() or (column in addresses and name != "url"):
                continue
            chosen[name] = column
            break
    if "title" not in chosen:
        ends = [by_name[name] for name in by_name if re.search(r"\b(title|headline|name)$", name)]
        free = [column for column in ends if column not in chosen.values() and column not in addresses]
        if len(free) == 1:
            chosen = {"title": free[0]} | chosen
    if chosen.get("url") not in addresses and len(addresses) == 1:
        chosen["url"] = addresses.pop()
    elif "url" not in chosen and addresses:
        chosen["url"] = next(column for column in columns if column in addresses)
    return {name: chosen[name] for name in GUESSES if name in chosen}


def guess_facts(kind: str, columns: Sequence[str]) -> dict[str, str]:
    """The facts of `kind` that the names of `columns` suggest."""
    by_name = _by_name(columns)
    chosen: dict[str, str] = {}
    for fact, guesses in FACT_GUESSES.get(kind, {}).items():
        column = next((by_name[guess] for guess in guesses if guess in by_name), "")
        if column and column not in chosen.values():
            chosen[FACT + fact] = column
    return chosen


def _by_name(columns: Sequence[str]) -> dict[str, str]:
    """Plain name -> column; a path such as `fields.title` or `title.text` is called by a part of it if none else is."""
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(plain(column), column)
    for column in columns:
        by_name.setdefault(plain(re.split(r"\.| / ", column)[-1]), column)
        by_name.setdefault(plain(TEXT_WITHIN.sub("", column)), column)
    return by_name


def _are_addresses(values: Sequence[Any]) -> bool:
    found = sum(bool(re.match(r"\s*https?://\S", str(value), re.IGNORECASE)) for value in values)
    return bool(found) and found >= 0.8 * len(values)


def first_of(values: Sequence[Any]) -> str:
    """Which of day and month comes first, as dates such as 25/12/2024 tell; '' when none or both do."""
    pairs = [
        match.group(1, 2) for value in values if isinstance(value, str) and (match := SLASHED.match(value.strip()))
    ]
    found = {"day" if int(one) > 12 else "month" for one, two in pairs if (int(one) > 12) != (int(two) > 12)}
    return found.pop() if len(found) == 1 else ""
