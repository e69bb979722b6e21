"""The question that a web process answers before anybody asks."""

import logging

import pytest

from search import indexing, views
from search.warming import QUESTION, rehearse
from tests.factories import make_entry

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_first_question_has_been_answered_before(monkeypatch, caplog):
    make_entry(title="A lift sang")
    indexing.index_pending()
    answered, page = [], views.search_page
    monkeypatch.setattr(views, "search_page", lambda request: answered.append(page(request)))

    with caplog.at_level(logging.WARNING, "search"):
        rehearse()

    (answer,) = answered
    assert answer.status_code == 200
    assert QUESTION in answer.content.decode()
    assert caplog.messages == []


def test_what_goes_wrong_is_left_to_who_asks(monkeypatch, caplog):
    monkeypatch.setattr(views, "search_page", lambda _: 1 / 0)

    rehearse()

    assert "searching could not be rehearsed: division by zero" in caplog.text
