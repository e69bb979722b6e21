"""Which entries a search looks at: read once for each state of the database, and never out of date."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from kb.filters import EntryFilter
from kb.models import Entry
from kb.models.entries import Status, Visibility
from search.allowed import allowed, visible
from tests.factories import make_entry, make_user
from tests.kept import kept

pytestmark = pytest.mark.django_db(transaction=True)

TAGGED = EntryFilter(tag="lift")


def ids(filter: EntryFilter = TAGGED, user=None) -> list[int]:
    found = allowed(filter, user)
    assert found is not None
    return found.tolist()


def seen(ids: list[int], user=None) -> set[int]:
    found = visible(np.array(ids, np.int64), user).tolist()
    assert len(found) == len(set(found))
    return set(found)


def elsewhere(work) -> None:
    """Do it on another connection, as another process would."""

    def done() -> None:
        try:
            work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(done).result()


def test_what_was_not_changed_is_not_read_again(django_assert_max_num_queries):
    entry = make_entry(tags=["lift"])

    def again() -> list[int]:
        ids()
        with django_assert_max_num_queries(1):  # whether anything was written, which not every database is asked so
            return ids()

    assert kept(again) == [entry.pk]


def test_changes_are_seen_at_once_wherever_they_are_made():
    first, second = make_entry(tags=["lift"]), make_entry(tags=["lift"])
    assert ids() == [first.pk, second.pk]

    Entry.objects.filter(pk=first.pk).update(visibility=Visibility.INTERNAL)
    assert ids() == [second.pk]

    elsewhere(lambda: Entry.objects.filter(pk=first.pk).update(visibility=Visibility.PUBLIC))
    assert ids() == [first.pk, second.pk]

    elsewhere(second.delete)
    assert ids() == [first.pk]


def test_what_is_taken_back_is_not_kept():
    entry = make_entry(tags=["lift"])
    assert ids() == [entry.pk]
    with transaction.atomic():
        other = make_entry(tags=["lift"])
        assert ids() == [entry.pk, other.pk]
        transaction.set_rollback(True)

    assert ids() == [entry.pk]


def test_a_connection_that_was_opened_anew_remembers_nothing():
    entry = make_entry(tags=["lift"])
    assert ids() == [entry.pk]
    elsewhere(lambda: make_entry(tags=["lift"]))
    connection.close()

    assert len(ids()) == 2


def test_each_reader_has_what_is_theirs():
    public, internal = make_entry(), make_entry(visibility=Visibility.INTERNAL)
    staff = make_user(is_staff=True)

    assert ids(EntryFilter()) == [public.pk]
    assert allowed(EntryFilter(), staff) is None
    assert ids(EntryFilter(kind="incident"), staff) == [public.pk, internal.pk]
    assert ids(EntryFilter(kind="incident")) == [public.pk]
    assert ids(EntryFilter(entity="nobody")) == []


def test_a_draft_is_seen_by_staff_alone():
    shown, draft = make_entry(), make_entry(status=Status.DRAFT)
    ids = [shown.pk, draft.pk]

    assert seen(ids) == {shown.pk}
    assert seen(ids, make_user(is_staff=True)) == set(ids)


def test_hundreds_of_entries_take_as_many_statements_as_one():
    public, internal = make_entry(), make_entry(visibility=Visibility.INTERNAL)
    ids = [*range(100_000, 100_400), public.pk, internal.pk]
    seen([public.pk])

    with CaptureQueriesContext(connection) as of_one:
        assert seen([public.pk]) == {public.pk}
    with CaptureQueriesContext(connection) as of_many:
        assert seen(ids) == {public.pk}

    assert len(of_many) == len(of_one)
    assert seen(ids, make_user(is_staff=True)) == {public.pk, internal.pk}
    assert seen([]) == set()


def test_what_is_hidden_or_deleted_is_not_seen_from_then_on():
    stays, hidden, deleted = make_entry(), make_entry(), make_entry()
    ids = [stays.pk, hidden.pk, deleted.pk]
    assert seen(ids) == set(ids)

    elsewhere(lambda: Entry.objects.filter(pk=hidden.pk).update(visibility=Visibility.INTERNAL))
    assert seen(ids) == {stays.pk, deleted.pk}
    elsewhere(lambda: Entry.objects.get(pk=deleted.pk).delete())
    assert seen(ids) == {stays.pk}
    elsewhere(lambda: Entry.objects.filter(pk=hidden.pk).update(visibility=Visibility.PUBLIC))
    assert seen(ids) == {stays.pk, hidden.pk}
