"""Tactics, techniques and sub-techniques of ATLAS as one taxonomy, its mitigations as another."""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from ingest.records import BadRecord, TaxonomyRecord, text_or_nothing, why
from ingest.sources.atlas.layout import Atlas, Thing, line
from ingest.sources.markdown.lead_paragraph import tidy

TECHNIQUES, MITIGATIONS, TYPES = "MITRE ATLAS", "MITRE ATLAS mitigations", "MITRE ATLAS case study type"
SITE = "https://atlas.mitre.org"
LICENCE = "Apache-2.0"
ATTRIBUTION = "MITRE ATLAS"
RELATIVE = re.compile(r"(\]\(\s*)(/[a-z])")


class Names:
    """What the ids of tactics and techniques are called, and where they stand."""

    def __init__(self, atlas: Atlas) -> None:
        self.atlas = atlas

    def tactic(self, identity: str) -> str:
        """Its name; an id that is not known as it is, for older case studies know tactics that are no more."""
        return name_of(self.atlas.tactics.get(identity.upper())) or identity

    def technique(self, identity: str) -> tuple[str, ...]:
        """The names of the technique and, before it, of what it specializes; () without an id."""
        thing = self.atlas.techniques.get(identity.upper())
        if thing is None:
            return (identity,) if identity else ()
        own = name_of(thing) or identity
        parent = self.parent(identity)
        above = name_of(self.atlas.techniques.get(parent))
        if not parent or above == own:
            return (own,)
        # In early versions a sub-technique repeats the name of what it specializes: "Obtain Capabilities: Tool".
        return (above or parent, own.removeprefix(f"{above}: "))

    def path(self, tactic: str, technique: str) -> tuple[str, ...]:
        return tuple(name for name in (self.tactic(tactic), *self.technique(technique)) if name)

    def tactics(self, technique: str) -> list[str]:
        """Ids of the tactics that the technique, or what it specializes, achieves."""
        own = self.atlas.techniques.get(technique.upper(), {}).get("tactics", [])
        above = self.atlas.techniques.get(self.parent(technique), {}).get("tactics", [])
        return list(dict.fromkeys(own or above))

    def parent(self, technique: str) -> str:
        """The id of what a sub-technique specializes, '' for a technique."""
        thing = self.atlas.techniques.get(technique.upper(), {})
        parent: str = thing.get("parent", "")
        numbered = re.fullmatch(r"(.+\.T\d{4,})\.\d+", technique.upper())
        return parent if parent in self.atlas.techniques else numbered[1] if numbered else ""


def name_of(thing: Thing | None) -> str:
    return line(thing.get("name")) if thing else ""


def markdown(value: Any) -> str:
    """A text of ATLAS as Markdown that stands by itself: addresses of its own site in full."""
    return RELATIVE.sub(rf"\1{SITE}\2", tidy(text_or_nothing(value)))


def taxonomies(atlas: Atlas) -> Iterator[TaxonomyRecord | BadRecord]:
    """The taxonomies that the file defines; none where it has case studies only."""
    names = Names(atlas)
    version = f"Version {atlas.version}." if atlas.version else ""
    about = "How AI systems are attacked: tactics, the techniques that serve them, and their variants."
    if techniques := dict(_techniques(atlas, names)):
        yield _taxonomy(TECHNIQUES, f"{about} {version}", "/matrices/ATLAS", techniques)
    if mitigations := dict(_mitigations(atlas, names)):
        yield _taxonomy(
            MITIGATIONS, f"What keeps techniques of ATLAS from working. {version}", "/mitigations", mitigations
        )


def _taxonomy(name: str, about: str, page: str, categories: dict[tuple[str, ...], str]) -> TaxonomyRecord | BadRecord:
    fields = {"name": name, "description": about.strip(), "url": SITE + page, "licence": LICENCE}
    listed = [{"path": path, "description": description} for path, description in categories.items()]
    try:
        return TaxonomyRecord.model_validate({**fields, "attribution": ATTRIBUTION, "categories": listed})
    except ValidationError as error:
        return BadRecord(key=name, reason=why(error))


def _techniques(atlas: Atlas, names: Names) -> Iterator[tuple[tuple[str, ...], str]]:
    for identity, thing in atlas.tactics.items():
        if names.tactic(identity):
            yield (names.tactic(identity),), _described(thing, "tactics")
    for identity, technique in sorted(atlas.techniques.items(), key=lambda item: bool(names.parent(item[0]))):
        for tactic in names.tactics(identity) or [""]:
            if path := names.path(tactic, identity):
                yield path, _described(technique, "techniques")


def _mitigations(atlas: Atlas, names: Names) -> Iterator[tuple[tuple[str, ...], str]]:
    for identity, mitigation in atlas.mitigations.items():
        uses = [
            f"- [{' › '.join(names.technique(technique))}]({SITE}/techniques/{technique})"
            + (f": {' '.join(markdown(use).split())}" if use else "")
            for technique, use in mitigation["techniques"]
        ]
        against = "\n".join(["It works against", "", *uses]) if uses else ""
        yield (name_of(mitigation) or identity,), _described(mitigation, "mitigations", against)


def _described(thing: Thing, folder: str, more: str = "") -> str:
    """What it is, and its page under its id."""
    page = f"[{thing['id']}]({SITE}/{folder}/{thing['id']})" if thing["id"] else ""
    return "\n\n".join(part for part in (markdown(thing.get("description")), more, page) if part)
