"""Filters go into addresses and come back from them."""

from datetime import date

import pytest
from django.http import QueryDict

from kb import held
from kb.filters import EntryFilter
from kb.listing import Listing, chips, short_params, tag_choices, year_choices
from kb.models import Classification, Entry
from tests.factories import make_category, make_entity, make_entry


def listing(query: str) -> Listing:
    return Listing.from_params(QueryDict(query), "incident")


@pytest.mark.parametrize(
    ("query", "since", "until"),
    [
        ("since=2024&until=2024", "2024", "2024"),
        ("since=2024-02&until=2024-02", "2024-02", "2024-02"),
        ("since=2024-02-03&until=2024-02-03", "2024-02-03", "2024-02-03"),
    ],
)
def test_dates_come_back_as_short_as_they_were_typed(query, since, until):
    params = short_params(listing(query).filter)

    assert (params["since"], params["until"]) == (since, until)


def test_what_makes_no_sense_is_told_and_the_rest_kept():
    found = listing("since=soon&until=2020&tag=chatbots&sort=best")

    assert [problem.name for problem in found.problems] == ["since", "sort"]
    assert "soon" in found.problems[0].message
    assert found.filter == EntryFilter(kind="incident", tag="chatbots", until=date(2020, 12, 31))
    assert found.sort == "newest"


def test_an_address_holds_filter_and_order_but_neither_kind_nor_page():
    found = listing("tag=a&sort=title&page=7")

    assert found.address(found.filter) == "?tag=a&sort=title"
    assert found.address(found.filter.without("tag")) == "?sort=title"
    assert listing("").address(EntryFilter()) == "."


@pytest.mark.django_db
def test_chips_carry_names_and_take_one_filter_away():
    make_entry(tags=["Chat bots"], entities={"deployer": ["Air Canada"]}, categories=[make_category("Loss")])
    found = listing("tag=chat-bots&entity=air-canada&category=harms-loss&namespace=aiid&since=2024&until=2024")

    made = chips(found.filter, found.address)

    assert [chip.label for chip in made] == [
        "Tag: Chat bots",
        "Entity: Air Canada",
        "Category: Loss",
        "In AIID",
        "2024",
    ]
    assert made[-1].remove == "?tag=chat-bots&entity=air-canada&category=harms-loss&namespace=aiid"
    assert "tag=" not in made[0].remove


@pytest.mark.django_db
def test_a_chip_for_something_unknown_shows_what_was_asked_for():
    found = listing("tag=nothing&since=2020")

    assert [chip.label for chip in chips(found.filter, found.address)] == ["Tag: nothing", "Since 2020"]


@pytest.mark.django_db
def test_a_facet_counts_what_choosing_it_would_leave():
    make_entry(tags=["chatbots", "law"], occurred_on="2024-03")
    make_entry(tags=["chatbots"], occurred_on="2023")
    make_entry(tags=["law"], occurred_on="2024-01-05")
    make_entry(tags=["chatbots"], kind="note", occurred_on="2024")
    found = listing("tag=chatbots")

    tags = tag_choices(held.ids(found.apply(Entry.objects.all())), found.filter, found.address)
    years = year_choices(held.ids(found.apply(Entry.objects.all())), found.filter, found.address)

    assert [(tag.label, tag.count, tag.chosen, tag.address) for tag in tags] == [
        ("chatbots", 2, True, "."),
        ("law", 1, False, "?tag=chatbots,law"),
    ]
    assert [(year.label, year.count, year.address) for year in years] == [
        ("2024", 1, "?tag=chatbots&since=2024&until=2024"),
        ("2023", 1, "?tag=chatbots&since=2023&until=2023"),
    ]


@pytest.mark.django_db
def test_several_tags_are_all_of_them_and_each_has_a_chip_of_its_own():
    both = make_entry(tags=["chatbots", "law"])
    make_entry(tags=["chatbots"])
    found = listing("tag=law,chatbots,law")

    assert list(found.apply(Entry.objects.all())) == [both]
    assert [(chip.label, chip.remove) for chip in chips(found.filter, found.address)] == [
        ("Tag: law", "?tag=chatbots"),
        ("Tag: chatbots", "?tag=law"),
    ]


@pytest.mark.django_db
def test_an_entity_in_one_role_only():
    built = make_entry(entities={"developer": ["Acme"]})
    used = make_entry(entities={"deployer": ["Acme"]})

    def found(query: str) -> set:
        return set(listing(query).apply(Entry.objects.all()))

    assert found("entity=acme") == {built, used}
    assert found("entity=deployer:acme") == {used}
    assert found("entity=deployer:acme,developer:acme") == set()
    assert [problem.name for problem in listing("entity=owner:acme").problems] == ["entity"]


@pytest.mark.django_db
def test_what_is_only_suggested_for_a_category_is_not_in_it():
    loss = make_category("Loss")
    said, guessed = make_entry(categories=[loss]), make_entry()
    Classification.objects.create(entry=guessed, category=loss, origin="suggested")

    assert list(listing("category=harms-loss").apply(Entry.objects.all())) == [said]


def test_more_values_than_a_statement_should_have_are_told():
    (problem,) = listing("tag=" + ",".join(map(str, range(13)))).problems

    assert problem.message == "tag takes 12 values at most, not 13."


@pytest.mark.django_db
def test_a_facet_is_not_multiplied_by_joins():
    """An entity with two roles in one entry is still one entry."""
    bank = make_entity("Bank")
    make_entry(tags=["law"], occurred_on="2024", entities={"developer": [bank], "deployer": [bank]})
    found = listing("entity=bank")

    (tag,) = tag_choices(held.ids(found.apply(Entry.objects.all())), found.filter, found.address)
    (year,) = year_choices(held.ids(found.apply(Entry.objects.all())), found.filter, found.address)

    assert (tag.count, year.count) == (1, 1)


def test_a_value_that_is_longer_than_any_is_left_out_and_told():
    found = listing("harm=" + "a" * 2001 + "&tag=law")

    assert [(one.name, one.message) for one in found.problems] == [
        ("harm", "harm takes 2,000 characters at most, not 2,001.")
    ]
    assert found.filter == EntryFilter(kind="incident", tag="law")
