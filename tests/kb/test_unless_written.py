"""Answers are kept until somebody writes, for all threads of a process."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

from kb import unless_written as module
from kb.models import Tag
from kb.unless_written import one_look, unless_written
from tests.factories import make_tag
from tests.kept import kept

pytestmark = pytest.mark.django_db(transaction=True)


def names() -> list[str]:
    return sorted(Tag.objects.values_list("name", flat=True))


def elsewhere(work):
    """What `work` returns in a thread of its own, which has a connection of its own."""

    def closing():
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(closing).result()


def never() -> list[str]:
    raise AssertionError("it was read again")


def test_what_one_thread_read_another_need_not():
    make_tag("ships")

    def again():
        assert unless_written("names", names) == ["ships"]
        return unless_written("names", never), elsewhere(lambda: unless_written("names", never))

    assert kept(again) == (["ships"], ["ships"])


def test_whoever_writes_it_is_read_anew():
    assert unless_written("names", names) == []
    make_tag("ships")
    assert unless_written("names", names) == ["ships"]
    elsewhere(lambda: make_tag("maps"))
    assert unless_written("names", names) == ["maps", "ships"]

    def again():
        assert unless_written("names", names) == ["maps", "ships"]
        return elsewhere(lambda: unless_written("names", never))

    assert kept(again) == ["maps", "ships"]


def test_what_is_written_during_one_look_is_seen_after_it_at_the_latest():
    assert unless_written("names", names) == []
    with one_look():
        assert unless_written("names", names) == []
        with one_look():
            elsewhere(lambda: make_tag("ships"))
        assert unless_written("names", names) == []
        assert elsewhere(lambda: unless_written("names", names)) == ["ships"]

    assert unless_written("names", names) == ["ships"]


def test_one_look_asks_the_database_once(monkeypatch):
    name = "_watched" if connection.vendor == "sqlite" else "_snapshot"
    asked, look = [], getattr(module, name)

    def looked(about):
        asked.append(about)
        return look(about)

    monkeypatch.setattr(module, name, looked)
    with one_look():
        assert unless_written("names", names) == unless_written("names", never) == []
        assert len(asked) == 1

    assert kept(lambda: unless_written("names", never)) == []
    assert len(asked) > 1


def test_in_a_transaction_nothing_is_kept():
    with transaction.atomic():
        make_tag("ships")
        assert unless_written("names", names) == ["ships"]
        transaction.set_rollback(True)

    assert unless_written("names", names) == []


def test_of_several_who_ask_at_once_one_reads():
    read, start = [], threading.Barrier(4)

    def slow() -> list[str]:
        read.append(1)
        return names()

    def ask() -> list[str]:
        start.wait()
        try:
            return unless_written("slow", slow)
        finally:
            connections.close_all()

    def at_once() -> None:
        make_tag(f"tag {Tag.objects.count()}")  # so that nothing is kept
        read.clear()
        with ThreadPoolExecutor(4) as pool:
            answers = [one.result() for one in [pool.submit(ask) for _ in range(4)]]
        assert answers == [names()] * 4
        assert len(read) == 1

    kept(at_once)


def test_what_could_not_be_read_is_tried_again():
    with pytest.raises(AssertionError, match="read again"):
        unless_written("names", never)

    assert unless_written("names", names) == []
