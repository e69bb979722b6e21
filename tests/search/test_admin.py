"""What search keeps can be read in the admin, and indexing asked for again."""

import pytest

from search import indexing
from search.models import Indexing, Passage
from tests.factories import make_entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry():
    made = make_entry(title="Ferry", summary="A ferry hit a reef.")
    indexing.index_pending()
    return made


@pytest.mark.parametrize("query", ["", "?q=reef", "?q=1"])
@pytest.mark.parametrize("name", ["passage", "embedding", "indexing"])
def test_lists_and_their_search_answer(admin_client, entry, name, query):
    assert admin_client.get(f"/admin/search/{name}/{query}").status_code == 200


def test_a_passage_is_shown_and_cannot_be_changed(admin_client, entry):
    passage = Passage.objects.get()
    address = f"/admin/search/passage/{passage.pk}/change/"

    assert "A ferry hit a reef." in admin_client.get(address).content.decode()
    assert admin_client.post(address, {"text": "A tram."}).status_code == 403


@pytest.mark.parametrize(("state", "shown"), [("waiting", 0), ("failed", 0), ("indexed", 1)])
def test_entries_are_told_apart_by_their_state(admin_client, entry, state, shown):
    page = admin_client.get("/admin/search/indexing/", {"state": state})

    assert len(page.context["cl"].result_list) == shown


def test_indexing_again_makes_the_entry_wait(admin_client, entry):
    admin_client.post("/admin/search/indexing/", {"action": "again", "_selected_action": [entry.pk]})

    assert list(Indexing.objects.pending().values_list("pk", flat=True)) == [entry.pk]
