"""Queries by ids whose statement is written once answer what the query sets they are made of would."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kb.among import ByIds
from kb.models import Entry
from tests.factories import make_entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def ferries():
    return [
        make_entry(title="100 % full", occurred_on="2024-02", summary="A ferry."),
        make_entry(title="Tram", kind="case_study", summary="A tram."),
        make_entry(title="Secret", summary="A ferry.", visibility="internal"),
    ]


def test_rows_are_those_of_the_ids_each_time_in_the_types_of_python(ferries):
    days = ByIds(lambda ids: Entry.objects.filter(pk__among=ids).order_by("pk").values_list("pk", "occurred_on"))
    one, other, third = (entry.pk for entry in ferries)

    assert days([one, other]) == [(one, date(2024, 2, 1)), (other, None)]
    assert days([third]) == [(third, None)]
    assert days([10**9]) == []
    assert days([]) == []


def test_objects_are_whole_but_for_what_was_left_out(ferries, django_assert_num_queries):
    titles = ByIds(lambda ids: Entry.objects.filter(pk__among=ids).order_by("pk").only("title", "facts"))
    with django_assert_num_queries(1):
        found = titles(entry.pk for entry in ferries)
        assert [(entry.title, entry.facts) for entry in found] == [(entry.title, {}) for entry in ferries]
    assert found[0].occurred_on == date(2024, 2, 1)  # read when it is asked for
    found[0].title = "Half full"
    found[0].save(update_fields=["title"])
    assert titles([found[0].pk])[0].title == "Half full"


def test_what_else_it_is_given_has_a_statement_of_its_own(ferries):
    titled = ByIds(lambda ids, title: Entry.objects.filter(pk__among=ids, title=title).values_list("pk"))
    ids = [entry.pk for entry in ferries]
    for _ in range(2):
        assert titled(ids, "100 % full") == [(ids[0],)]
        assert titled(ids, "Tram") == [(ids[1],)]


def test_the_statement_is_written_once_and_what_is_no_number_is_refused(ferries):
    asked = []

    def query(ids):
        asked.append(ids)
        return Entry.objects.filter(pk__among=ids).values_list("pk")

    by_ids = ByIds(query)
    with CaptureQueriesContext(connection) as said:
        by_ids([1]), by_ids([2, 3])
    assert [one["sql"].rpartition(" IN ")[2].partition(")")[0] for one in said.captured_queries] == ["(1", "(2,3"]
    assert len(asked) == 1
    with pytest.raises(ValueError, match="invalid literal"):
        by_ids(["1) OR (1=1"])  # type: ignore[list-item]
