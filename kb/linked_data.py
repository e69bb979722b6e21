"""What a page is about as schema.org says it, for search engines: JSON-LD, a block of data that no browser runs."""

import json
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from kb.licences import licence_url
from kb.models import Entry

# `</script>` in a title must not end the block.
ESCAPES = {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&"}


def script(said: dict[str, Any]) -> SafeString:
    """The data as a `<script>` for the head of a page."""
    text = json.dumps({"@context": "https://schema.org", **said}, ensure_ascii=False).translate(ESCAPES)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')  # noqa: S308 - nothing in it ends a tag


def of_entry(entry: Entry, permalink: str) -> dict[str, Any]:
    """An article about what the entry tells, whose text is that of who is named for it."""
    said = {
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
        "isPartOf": {"@type": "WebSite", "name": "Precedent"},
    }
    return {name: value for name, value in said.items() if value}
