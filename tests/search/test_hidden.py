"""What is hidden, withdrawn or deleted is gone from every page and answer at once, whatever the index still holds."""

from contextlib import contextmanager

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import get_resolver

from kb.api import api
from kb.models import Entry
from search import index, indexing
from search.query import SearchQuery, search
from search.related import related_to
from tests.factories import make_entry, make_reference

pytestmark = pytest.mark.django_db

QUESTION = "a robot that struck the wrong keys"
SAID = "A robot struck wrong keys all night"


@pytest.fixture
def secret() -> Entry:
    """An entry, indexed, in which every text and name has "xylo"; and others much like it."""
    for number in range(3):
        make_entry(title=f"Piano {number}", summary=f"{SAID}, take {number}.", tags=["music"])
    made = make_entry(
        title="Xylophone",
        summary=f"{SAID} on a xylophone.",
        tags=["xylotag", "music"],
        entities={"developer": ["Xylocorp"]},
        references=[make_reference(title="Xyloreport", text="The xylophone robot struck wrong keys. " * 9)],
        ids={"aiid": "xylo7"},
        occurred_on="2024-02",
    )
    indexing.index_pending()
    return made


def addresses() -> list[str]:
    """Every page and every answer of the API that needs nothing but an address; new ones are here by themselves."""
    pages = [f"/{pattern.pattern}" for pattern in get_resolver().url_patterns if hasattr(pattern, "callback")]
    pages += ["/search/", "/api/v1/openapi.json"]
    answers = [path for path, does in api.get_openapi_schema()["paths"].items() if "get" in does]
    return [path for path in [*pages, *answers] if "<" not in path and "{" not in path]


def hide(entry: Entry, how: str) -> None:
    """Without a word to the index, which keeps what it has."""
    if how == "deleted":
        Entry.objects.get(pk=entry.pk).delete()
    else:
        field = {"internal": "visibility", "draft": "status"}[how]
        Entry.objects.filter(pk=entry.pk).update(**{field: how})


@contextmanager
def while_the_index_is_rebuilt(entry: Entry):
    """An index that is half built, with that entry in it already; it replaces the old one at the end."""
    with index.rebuild(index.chosen()) as engine:
        indexing._put(engine, index.encoder(), [entry.pk])
        yield


@contextmanager
def at_rest(entry: Entry):
    yield


@pytest.mark.parametrize("how", ["internal", "draft", "deleted"])
@pytest.mark.parametrize("when", [at_rest, while_the_index_is_rebuilt], ids=lambda when: when.__name__)
def test_nothing_of_it_is_left_for_the_public(secret, how, when, capsys):
    client, other = Client(), Entry.objects.get(title="Piano 0")
    everywhere = [*addresses(), f"/entries/{other.slug}/", f"/api/v1/entries/{other.pk}/related"]
    own = ["/entries/xylophone/", f"/api/v1/entries/{secret.pk}", "/known-as/aiid/xylo7"]
    assert {"/", "/search/", "/changes/", "/status/", "/api/v1/entries", "/api/v1/entities"} <= set(everywhere)
    assert b"xylo" in client.get("/api/v1/search", {"q": QUESTION}).content.lower()

    with when(secret):
        hide(secret, how)

        assert secret.pk in index.reader().state().entry_ids
        assert leaks(client, everywhere) == []
        assert leaks(client, own) == []
        for mode in ("hybrid", "keyword", "vector"):
            answer = client.get("/api/v1/search", {"q": QUESTION, "mode": mode}).json()
            assert (answer["total"], answer["notices"]) == (3, [])
            assert search(SearchQuery(QUESTION, mode=mode), None).total == 3
            call_command("search", QUESTION, "--mode", mode, "--json")
        call_command("search", QUESTION)
        assert "xylo" not in capsys.readouterr().out.lower()
        assert {entry.title for entry in related_to(other, None)["incident"]} == {"Piano 1", "Piano 2"}
    assert leaks(client, everywhere) == []


def leaks(client: Client, addresses: list[str]) -> list[str]:
    """Those that say something of the secret, whoever asks for it in other words."""
    return [path for path in addresses if b"xylo" in client.get(path, {"q": QUESTION}).content.lower()]


def test_what_waits_is_not_told_of_what_is_hidden(secret):
    client = Client()
    hide(secret, "internal")
    Entry.objects.get(pk=secret.pk).save()  # it waits now

    assert client.get("/api/v1/search", {"q": QUESTION}).json()["notices"] == []
    assert "Everything is indexed." in client.get("/status/").content.decode()
