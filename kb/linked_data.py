"""What a page is about as schema.org says it, for search engines: JSON-LD, a block of data that no browser runs.

A view puts `script(…)` into its context as `linked_data`, and templates/base.html writes it; a page that says nothing
is a WebPage with its title.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from kb.licences import licence_url
from kb.models import Category, Entity, Entry, Taxonomy

# `</script>` in a title must not end the block.
ESCAPES = {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&"}
SITE = {"@type": "WebSite", "name": "Precedent"}

Said = dict[str, Any]
Absolute = Callable[[str], str]


def script(*said: Said) -> SafeString:
    """The data as a `<script>` for the head of a page; of several things, as a graph."""
    whole = said[0] if len(said) == 1 else {"@graph": list(said)}
    text = json.dumps({"@context": "https://schema.org", **whole}, ensure_ascii=False).translate(ESCAPES)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')  # noqa: S308 - nothing in it ends a tag


def of_site(absolute: Absolute) -> Said:
    """The site, and how it is searched. Who publishes it is not known here, and not made up."""
    return {
        **SITE,
        "@id": absolute(reverse("home")),
        "url": absolute(reverse("home")),
        "description": "AI incidents, case studies and reading notes in one place, searched by meaning.",
        "potentialAction": {
            "@type": "SearchAction",
            "target": {"@type": "EntryPoint", "urlTemplate": absolute(reverse("search")) + "?q={search_term_string}"},
            "query-input": "required name=search_term_string",
        },
    }


def of_page(name: str, description: str, url: str) -> Said:
    return _filled({"@type": "WebPage", "name": name, "description": description, "url": url, "isPartOf": SITE})


def of_entry(entry: Entry, permalink: str) -> Said:
    """An article about what the entry tells, whose text is that of who is named for it."""
    return _filled(
        {
            "@type": "Article",
            "@id": permalink,
            "url": permalink,
            "headline": entry.title,
            "description": entry.summary,
            "inLanguage": entry.language,
            "keywords": [tag.name for tag in entry.tags.all()],
            "temporalCoverage": entry.occurred,
            "license": licence_url(entry.licence),
            "creditText": entry.attribution,
            "dateCreated": entry.created_at.isoformat(),
            "dateModified": entry.updated_at.isoformat(),
            "isPartOf": SITE,
        }
    )


def of_list(
    name: str, url: str, shown: Iterable[Entry | Entity | Taxonomy], absolute: Absolute, *, total: int, first: int = 1
) -> Said:
    """A page of a list: what is shown on it, numbered from `first`, of `total`."""
    items = [
        {"@type": "ListItem", "position": place, "url": absolute(one.get_absolute_url()), "name": str(one)}
        for place, one in enumerate(shown, first)
    ]
    listed = {"@type": "ItemList", "numberOfItems": total, "itemListElement": items}
    return {"@type": "CollectionPage", "name": name, "url": url, "isPartOf": SITE, "mainEntity": listed}


def of_entity(entity: Entity, aliases: list[str], absolute: Absolute, *, is_company: bool, same_as: list[str]) -> Said:
    """A company is an Organization. Of who else has a part it is not known whether it is one, or a person or a product:
    a Thing."""
    return _filled(
        {
            "@type": "Organization" if is_company else "Thing",
            "@id": absolute(entity.get_absolute_url()),
            "url": absolute(entity.get_absolute_url()),
            "name": entity.name,
            "description": entity.description,
            "alternateName": aliases,
            "sameAs": same_as,
        }
    )


def of_taxonomy(taxonomy: Taxonomy, categories: Iterable[Category], absolute: Absolute) -> Said:
    """The set with its terms, those at the top by name."""
    return _filled(
        {
            **_set(taxonomy, absolute),
            "description": taxonomy.description,
            "license": licence_url(taxonomy.licence),
            "creditText": taxonomy.attribution,
            "sameAs": taxonomy.url,
            "hasDefinedTerm": [
                {"@type": "DefinedTerm", "name": one.name, "url": absolute(one.get_absolute_url())}
                for one in categories
                if one.parent_id is None
            ],
        }
    )


def of_category(category: Category, absolute: Absolute) -> Said:
    return _filled(
        {
            "@type": "DefinedTerm",
            "@id": absolute(category.get_absolute_url()),
            "url": absolute(category.get_absolute_url()),
            "name": category.name,
            "termCode": category.slug,
            "description": category.description,
            "inDefinedTermSet": _set(category.taxonomy, absolute),
        }
    )


def trail(absolute: Absolute, *steps: tuple[str, str]) -> Said:
    """The way to a page from the first one: names and paths, of which the last is the page."""
    items = [
        {"@type": "ListItem", "position": place, "name": name, "item": absolute(path)}
        for place, (name, path) in enumerate((("Precedent", reverse("home")), *steps), 1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": items}


def _set(taxonomy: Taxonomy, absolute: Absolute) -> Said:
    url = absolute(taxonomy.get_absolute_url())
    return {"@type": "DefinedTermSet", "@id": url, "url": url, "name": taxonomy.name}


def _filled(said: Said) -> Said:
    return {name: value for name, value in said.items() if value}
