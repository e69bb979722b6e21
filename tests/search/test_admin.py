"""What search keeps can be read in the admin, and indexing asked for again."""

import pytest

from search import indexing
from search.models import Indexing, Passage
from tests.factories import make_entry, make_reference

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


@pytest.mark.parametrize("page", ["entry", "incident"])
def test_an_entry_that_was_indexed_can_be_deleted(admin_client, entry, page):
    admin_client.post(f"/admin/kb/{page}/{entry.pk}/delete/", {"post": "yes"})

    assert not Passage.objects.exists()
    assert list(Indexing.objects.pending().values_list("pk", flat=True)) == [entry.pk]


def test_chosen_entries_that_were_indexed_can_be_deleted(admin_client, entry):
    choice = {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes"}
    admin_client.post("/admin/kb/entry/", choice)

    assert not Passage.objects.exists()


def test_more_than_a_thousand_can_be_chosen(admin_client, entry):
    choice = {"action": "delete_selected", "_selected_action": [entry.pk, *range(10_000, 11_500)], "post": "yes"}

    assert admin_client.post("/admin/kb/entry/", choice).status_code == 302
    assert not Passage.objects.exists()


def test_a_reference_that_was_indexed_can_be_deleted(admin_client):
    reference = make_reference(text="The ferry had no radar.")
    make_entry(title="Ferry", references=[reference])
    indexing.index_pending()

    admin_client.post(f"/admin/kb/reference/{reference.pk}/delete/", {"post": "yes"})

    assert not Passage.objects.filter(reference__isnull=False).exists()


def test_a_passage_cannot_be_deleted_by_itself(admin_client, entry):
    passage = Passage.objects.get()

    assert admin_client.post(f"/admin/search/passage/{passage.pk}/delete/", {"post": "yes"}).status_code == 403
    choice = {"action": "delete_selected", "_selected_action": [passage.pk], "post": "yes"}
    admin_client.post("/admin/search/passage/", choice)
    assert Passage.objects.filter(pk=passage.pk).exists()
