"""What entries have is counted within those that are asked for, and read anew when somebody writes."""

import numpy as np
import pytest

from kb import held
from kb.models import Classification, Entity, EntityRole, Entry, Reference, Tag
from kb.numbers import among, distinct, grouped, numbers
from kb.roles import Role
from tests.factories import make_category, make_entity, make_entry, make_reference, make_tag
from tests.kept import kept

pytestmark = pytest.mark.django_db


def ids(*entries: Entry) -> np.ndarray:
    return np.array([entry.pk for entry in entries], np.int64)


def test_tags_of_some_entries_the_commonest_first():
    law, ships, gone = make_tag("law"), make_tag("ships"), make_tag("gone")
    first, second = make_entry(tags=[ships, law]), make_entry(tags=[ships])
    make_entry(tags=[law, gone])

    assert held.commonest(held.tags().within(ids(first, second))) == {ships.pk: 2, law.pk: 1}
    assert list(held.commonest(held.tags().within(ids(first)))) == [law.pk, ships.pk], "of equals the first"
    assert held.commonest(held.tags().within(ids())) == {}


def test_an_entity_in_two_parts_of_an_entry_is_in_it_once():
    acme, bank = make_entity("Acme"), make_entity("Bank")
    entry = make_entry(entities={"developer": [acme], "deployer": [acme, bank]})

    assert held.commonest(held.entities().within(ids(entry))) == {acme.pk: 1, bank.pk: 1}
    both = held.entities(Role.DEVELOPER, Role.DEPLOYER)
    assert held.commonest(both.within(ids(entry))) == {acme.pk: 1, bank.pk: 1}
    assert held.commonest(held.entities(Role.DEVELOPER).within(ids(entry))) == {acme.pk: 1}
    had = {role: entities.tolist() for role, entities in held.parts(ids(entry)).items() if entities.size}
    assert had == {Role.DEVELOPER: [acme.pk], Role.DEPLOYER: [acme.pk, bank.pk]}


def test_a_category_counts_once_whoever_said_it_and_not_if_it_was_only_suggested():
    loss, injury = make_category("Loss"), make_category("Injury")
    entry = make_entry(categories=[loss])
    Classification.objects.create(entry=entry, category=loss, origin="imported")
    Classification.objects.create(entry=entry, category=injury, origin="suggested")

    assert held.commonest(held.categories().within(ids(entry))) == {loss.pk: 1}


def test_references_by_the_day_they_came_out():
    old, new = make_reference(published_on="2019-05-02"), make_reference(published_on="2024")
    undated = make_reference()
    entry = make_entry(references=[old, new, undated])

    assert sorted(held.references().within(ids(entry)).tolist()) == [old.pk, new.pk, undated.pk]
    days, dated = held.published()
    assert [days[at] for at in dated.within(np.array([old.pk]))] == [("2019-05-02",)]
    assert sorted(days) == [("2019-05-02",), ("2024-01-01",)]


def test_facts_and_namespaces_have_names():
    entry = make_entry(facts={"harms": ["Injury"], "sector": ["Law"]}, ids={"aiid": "7", "oecd": "8"})
    make_entry(facts={"harms": ["injury"]})
    values, told = held.facts()
    names, known = held.namespaces()

    assert sorted(values) == [("harms", "injury", "Injury"), ("harms", "injury", "injury"), ("sector", "law", "Law")]
    of_entry = [values[at] for at in told.within(ids(entry))]
    assert sorted(of_entry) == [("harms", "injury", "Injury"), ("sector", "law", "Law")]
    assert sorted(names[at] for at in known.within(ids(entry))) == [("aiid",), ("oecd",)]


def test_months_languages_and_kinds_are_counted_by_name():
    first, second = make_entry(occurred_on="2019-05", language="fr"), make_entry(occurred_on="2019", language="")
    third = make_entry(kind="note", language="en")
    make_entry(occurred_on="2024", language="de")
    some = ids(first, second, third)

    assert held.entries().counts(some, lambda told: told.month) == {"2019-05": 1, "2019-01": 1}
    assert held.entries().counts(some, lambda told: told.year) == {"2019": 2}
    assert held.entries().counts(some, lambda told: told.language) == {"fr": 1, "en": 1}
    assert held.entries().counts(some) == {"incident": 2, "note": 1}
    assert held.of_kind(some, "note").tolist() == [third.pk]
    assert held.of_kind(some, "case_study").size == 0


def test_in_the_order_of_days_what_has_none_last():
    undated, old = make_entry(occurred_on=None), make_entry(occurred_on="1066-10-14")
    new, same_day, other = make_entry(occurred_on="2024"), make_entry(occurred_on="2024"), make_entry()
    some = ids(other, new, undated, old, same_day)

    assert held.by_day(some, latest_first=True).tolist() == [same_day.pk, new.pk, old.pk, other.pk, undated.pk]
    assert held.by_day(some, latest_first=False).tolist() == [old.pk, new.pk, same_day.pk, undated.pk, other.pk]
    assert held.by_day(ids(), latest_first=True).tolist() == []


def test_where_there_is_nothing_nothing_is_held():
    for some in (held.tags(), held.categories(), held.entities(), held.references()):
        assert (some.entries.size, some.things.size) == (0, 0)
    reads = (held.facts, held.namespaces, held.published, held.texts, held.entries)
    for named in (read() for read in reads):
        assert (named.names, named.held.within(ids()).size) == ([], 0)
    assert [found.size for found in held.parts(ids()).values()] == [0] * len(Role)
    assert held.ids(Entry.objects.all()).size == 0
    assert held.ids(Entry.objects.none()).size == 0


def test_what_stands_beside_entries_is_found_for_those_that_have_it():
    some = held.Held(np.array([9, 3, 5]), np.array([90, 30, 50]))

    rows, things = some.beside(np.array([5, 4, 9, 10, 5]))

    assert rows.tolist() == [0, 2, 4]
    assert things.tolist() == [50, 90, 50]


def test_each_once_in_rising_order():
    assert distinct(np.array([[5, 3], [5, 9]])).tolist() == [3, 5, 9]
    assert distinct(np.empty(0, np.int64)).tolist() == []


@pytest.mark.parametrize("far", [9, 10**15, -1])
def test_which_are_among_ids_of_any_size(far):
    some = np.array([5, far, 7, 5, 0])

    assert among(some, np.array([5, far, 6])).tolist() == [True, True, False, True, False]
    assert among(some, np.empty(0, np.int64)).tolist() == [False] * 5
    assert among(np.empty(0, np.int64), some).tolist() == []


@pytest.mark.parametrize("value", ["a,b", "1", "", "é'\"%s"])
def test_columns_stay_beside_each_other(value):
    acme = make_entity("Acme")
    entries = [make_entry(entities={"developer": [acme], "harmed": [make_entity()]}) for _ in range(3)]
    EntityRole.objects.update(source=value)

    pairs = numbers(EntityRole.objects.order_by(), "entry_id", "entity_id").tolist()
    assert sorted(map(tuple, pairs)) == sorted(EntityRole.objects.order_by().values_list("entry_id", "entity_id"))
    names, places, found = grouped(EntityRole.objects.order_by(), "source", "role", "entry_id")
    assert sorted(names) == [(value, "developer"), (value, "harmed")]
    developers = found[places == names.index((value, "developer"))]
    assert sorted(developers.tolist()) == [entry.pk for entry in entries]


@pytest.mark.django_db(transaction=True)
def test_they_are_read_once_and_again_when_somebody_writes(django_assert_max_num_queries):
    entry = make_entry(tags=["law"], references=[make_reference()], entities={"author": ["Ann"]})
    assert len(held.tags().within(ids(entry))) == 1

    def again() -> None:
        held.tags()
        with django_assert_max_num_queries(1):  # whether anything was written, which not every database is asked so
            held.tags()

    kept(again)
    entry.tags.add(make_tag("ships"))
    assert sorted(held.tags().within(ids(entry))) == sorted(Tag.objects.values_list("pk", flat=True))
    assert held.entities().within(ids(entry)).tolist() == [Entity.objects.get().pk]
    assert held.references().within(ids(entry)).tolist() == [Reference.objects.get().pk]
    entry.delete()
    assert held.tags().entries.size == held.entities().entries.size == held.references().entries.size == 0
