"""SQLite plans by how many rows there are, and hears of it when that has changed."""

import pytest
from django.db import OperationalError, connection

from kb import planning
from kb.models import Entry

pytestmark = pytest.mark.django_db


def test_statistics_that_cannot_be_gathered_stop_nobody(caplog):
    if connection.vendor != "sqlite":
        return
    make(planning.FEWEST)

    def locked(*_, **__):
        raise OperationalError("database is locked")

    with connection.execute_wrapper(lambda go, sql, *rest: locked() if sql == "ANALYZE" else go(sql, *rest)):
        assert not planning.keep_up()
    assert "database is locked" in caplog.text


def make(many: int, first: int = 0) -> None:
    Entry.objects.bulk_create(
        Entry(kind="incident", title=f"Ferry {number}", slug=f"ferry-{number}", status="published")
        for number in range(first, first + many)
    )


def test_entries_that_are_named_are_looked_up_and_not_searched_for_among_all_that_are_public():
    make(planning.FEWEST)

    gathered = planning.keep_up()

    if connection.vendor == "sqlite":
        plan = Entry.objects.visible_to(None).filter(pk__in=range(1, 41)).order_by().explain()
        assert "PRIMARY KEY" in plan
        assert "kb_entry_status" not in plan
    else:  # it gathers them by itself
        assert not gathered


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL gathers them by itself")
def test_statistics_are_gathered_when_there_is_something_to_plan_and_again_when_that_has_doubled():
    make(planning.FEWEST - 1)
    assert not planning.keep_up()
    make(1, first=planning.FEWEST)
    assert planning.keep_up()
    assert not planning.keep_up()
    make(planning.FEWEST, first=planning.FEWEST + 1)
    assert planning.keep_up()
    assert not planning.keep_up()
