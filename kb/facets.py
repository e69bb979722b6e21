"""Ways to narrow a list: what its entries have in common, counted, in words that say what is meant."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial, reduce
from operator import attrgetter

from django.db.models import Count
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from kb import held
from kb.external import OURS
from kb.filters import EntryFilter
from kb.kinds import FACTS, Kind
from kb.labels import as_fact, as_label
from kb.listing import (
    STATUS_LABELS,
    Address,
    Choice,
    language_label,
    namespace_label,
    tag_choices,
    year_choices,
)
from kb.models import Category
from kb.models.entries import EntryQuerySet
from kb.models.taxonomies import NO_NAME
from kb.names import entity_names
from kb.numbers import Numbers
from kb.roles import Role
from kb.trends.counting import facts as facts_of

SHOWN = 8
MOST_TAGS, MOST_OF_ROLE, MOST_OF_TAXONOMY, MOST_NAMESPACES, MOST_OF_FACT = 32, 12, 16, 12, 16

WHEN = {
    Kind.INCIDENT: "When it happened.",
    Kind.CASE_STUDY: "When the team told of it.",
    Kind.NOTE: "When what the note is about came out.",
}
ROLES = {
    Role.DEVELOPER: ("Built by", "Who made the system."),
    Role.DEPLOYER: ("Used by", "Who put the system to use, on others or for them."),
    Role.HARMED: ("Who was harmed", "The people and groups it was done to, as the sources name them."),
    Role.SYSTEM: ("System", "The product or model that was involved."),
    Role.COMPANY: ("Company", "Whose work this is."),
    Role.AUTHOR: ("Author", "Who wrote it."),
}
SAID_OF = {
    "harm": ("Harm", "What it did to people."),
    "sector": ("Sector", "The part of life or business that it belongs to."),
    "technique": ("Technique", "The method or the kind of technology at work."),
    "country": ("Country", "Where it happened."),
}


@dataclass(frozen=True)
class Facet:
    """A way to narrow a list. `help` says what the values mean, `more` leads to all of them where a page has these."""

    key: str
    label: str
    help: str
    choices: list[Choice]
    more: str = ""
    is_open: bool = False

    @property
    def shown(self) -> list[Choice]:
        """The commonest, and those that are chosen."""
        return self.choices if self.key == "year" else self.choices[:SHOWN]

    @property
    def rest(self) -> list[Choice]:
        return self.choices[len(self.shown) :]


def facets(
    entries: EntryQuerySet, left: Numbers, filter: EntryFilter, address: Address, *, for_staff: bool = False
) -> list[Facet]:
    """What the filter leaves of `entries`, which is `left`, counted by everything that these have, in a fixed number of
    queries.

    Of what an entry can have only one of (year, language, status) the counts are of what the other filters leave, so
    that another one can be chosen instead; of everything else, of what choosing it too would leave.
    """

    def left_by_others(*names: str) -> Numbers:
        others = reduce(EntryFilter.without, names, filter)
        return left if others == filter else held.ids(others.apply(entries))

    choose = partial(_choices, filter, address)
    when = WHEN.get(filter.kind, "When it happened or came out.")  # type: ignore[call-overload]
    found = [
        Facet("year", "Year", when, year_choices(left_by_others("since", "until"), filter, address), is_open=True),
        Facet(
            "tag",
            "Tag",
            "The words under which this collection files it.",
            tag_choices(left, filter, address, MOST_TAGS),
            is_open=True,
        ),
        *_roles(left, choose),
        *_facts(left, filter, choose),
        *_taxonomies(left, choose),
        Facet(
            "namespace",
            "Also recorded in",
            "Other collections that have the same event or paper, under a number of their own.",
            choose("namespace", _namespaces(left)),
        ),
        Facet(
            "language", "Language", "In which its text here is written.", _languages(left_by_others("language"), choose)
        ),
    ]
    if for_staff:
        found.append(Facet("status", "Who can read it", "", _statuses(entries, filter, address)))
    telling = [facet for facet in found if _tells(facet)]
    return [replace(one, is_open=one.is_open or any(choice.chosen for choice in one.choices)) for one in telling]


def as_html(some: list[Facet]) -> SafeString:
    """They as they stand beside a list, which is kept with what they count."""
    return render_to_string("entries/_facets.html", {"facets": some})


Choose = Callable[[str, Iterable[tuple[str, str, int]]], list[Choice]]


def _choices(filter: EntryFilter, address: Address, name: str, rows: Iterable[tuple[str, str, int]]) -> list[Choice]:
    """(value, label, count) as links, the chosen ones first."""
    chosen = filter.values(name)
    made = [
        Choice(value, label, count, address(filter.toggled(name, value)), value in chosen)
        for value, label, count in rows
    ]
    return sorted(made, key=lambda choice: not choice.chosen)


def _tells(facet: Facet) -> bool:
    """Whether there is something to choose: of languages and readers not when all have the same."""
    if facet.key in ("language", "status"):
        return len(facet.choices) > 1 or any(choice.chosen for choice in facet.choices)
    return bool(facet.choices)


def _roles(left: Numbers, choose: Choose) -> list[Facet]:
    """The entities by the part they had, those in most entries first."""
    parts = held.parts(left)
    most = {role: held.commonest(parts[role], MOST_OF_ROLE) for role in ROLES}
    named = {pk: (slug, name) for pk, slug, name in entity_names({pk for counts in most.values() for pk in counts})}
    found = []
    for role, (label, help) in ROLES.items():
        of = [(named[entity], count) for entity, count in most[role].items() if entity in named]
        of = sorted(of, key=lambda row: (-row[1], row[0][1].lower()))
        choices = choose("entity", [(f"{role.value}:{slug}", name, count) for (slug, name), count in of])
        found.append(Facet(role.value, label, help, choices))
    return found


def _taxonomies(left: Numbers, choose: Choose) -> list[Facet]:
    """The categories of each taxonomy; one within another is told with it, and what says nothing (`no`, `unknown`) is
    left to the pages of the taxonomy."""
    counts = held.commonest(held.categories().within(left))
    by_taxonomy: dict[int, list[Category]] = {}
    for category in Category.objects.select_related("taxonomy", "parent").filter(pk__among=counts).order_by():
        if not NO_NAME.fullmatch(category.name) or (category.parent and category.name.lower() == "yes"):
            by_taxonomy.setdefault(category.taxonomy_id, []).append(category)
    found = []
    for of in sorted(by_taxonomy.values(), key=lambda some: -sum(counts[one.pk] for one in some)):
        taxonomy = of[0].taxonomy
        of.sort(key=lambda one: (-counts[one.pk], one.name))
        rows = [(one.slug, _called(one), counts[one.pk]) for one in of[:MOST_OF_TAXONOMY]]
        help = taxonomy.description or f"As {taxonomy.attribution or taxonomy.name} classifies it."
        found.append(
            Facet(
                f"in-{taxonomy.slug}",
                taxonomy.name,
                help,
                choose("category", rows),
                more=taxonomy.get_absolute_url(),
            )
        )
    return found


def _facts(left: Numbers, filter: EntryFilter, choose: Choose) -> list[Facet]:
    """The commonest values of what stands in the facts of entries."""
    said = facts_of(left, *(fact for facts in FACTS.values() for fact in facts))
    found = []
    for name, (label, help) in SAID_OF.items():
        chosen = getattr(filter, name)
        counted: Counter[str] = Counter()
        spelled = {chosen.lower(): chosen}
        for fact in FACTS[name]:
            for key, (spelling, count) in said[fact].items():
                counted[key] += count
                spelled.setdefault(key, spelling)
        most = sorted(counted.items(), key=lambda row: (-row[1], row[0]))[:MOST_OF_FACT]
        rows = [(spelled[key], as_label(as_fact(spelled[key], name)), count) for key, count in most]
        found.append(Facet(name, label, help, choose(name, rows)))
    return found


def _called(category: Category) -> str:
    """Its own name, after that of the question it answers."""
    return f"{category.parent.name}: {category.name}" if category.parent else category.name


def _namespaces(left: Numbers) -> list[tuple[str, str, int]]:
    rows = [(name, count) for name, count in held.namespaces().counts(left).items() if name not in OURS]
    most = sorted(rows, key=lambda row: (-row[1], row[0]))[:MOST_NAMESPACES]
    return [(name, namespace_label(name), count) for name, count in most if "," not in name]


def _languages(left: Numbers, choose: Choose) -> list[Choice]:
    rows = sorted(held.entries().counts(left, attrgetter("language")).items(), key=lambda row: (-row[1], row[0]))
    return choose("language", [(code, language_label(code), count) for code, count in rows])


def _statuses(entries: EntryQuerySet, filter: EntryFilter, address: Address) -> list[Choice]:
    others = filter.without("status").apply(entries).order_by()
    counts = dict.fromkeys(STATUS_LABELS, 0)
    for status, visibility, count in others.values_list("status", "visibility").annotate(Count("pk")):
        counts["draft" if status == "draft" else "internal" if visibility == "internal" else "published"] += count
    rows = [(name, label, counts[name]) for name, label in STATUS_LABELS.items() if counts[name]]
    return _choices(filter, address, "status", rows)
