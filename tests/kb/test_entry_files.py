"""Pictures of entries, and addresses that stay: to those who may see the entry, and safe to open."""

import hashlib

import pytest
from django.urls import reverse

from kb import files
from kb.known_as import known_as
from kb.models import Attachment, SlugRedirect
from tests.factories import make_entry

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


@pytest.fixture
def attach(tmp_path):
    """`attach(entry, "a.png")` -> the address of a new file of that entry."""

    def attach_file(entry, name="a.png", content=PNG, media_type="image/png"):
        path = tmp_path / "attached"
        path.write_bytes(content)
        digest = files.store(path)
        Attachment.objects.create(entry=entry, name=name, sha256=digest, media_type=media_type, size=len(content))
        return reverse("entry-file", args=[entry.slug, name])

    return attach_file


def test_a_picture_is_served_as_what_it_is(client, attach):
    response = client.get(attach(make_entry(slug="oak"), "My tree.png"))

    assert (response.status_code, b"".join(response.streaming_content)) == (200, PNG)
    assert response["Content-Type"] == "image/png"
    assert response["Content-Length"] == str(len(PNG))
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    assert response["Cache-Control"] == "no-cache"
    assert response["ETag"] == f'"{hashlib.sha256(PNG).hexdigest()}"'


@pytest.mark.parametrize("slug", ["oak", "trees/oak", "a/files/b", "中文", "50%-off"])
@pytest.mark.parametrize("name", ["a.png", "My tree.png", "50% #1?.png", "ü.png", "..png"])
def test_any_name_is_an_address(client, attach, slug, name):
    assert client.get(attach(make_entry(slug=slug), name)).status_code == 200


def test_what_did_not_change_is_not_sent_again(client, attach):
    address = attach(make_entry())
    etag = client.get(address)["ETag"]

    again = client.get(address, headers={"If-None-Match": etag})

    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    assert client.get(address, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("hidden", [{"visibility": "internal"}, {"status": "draft"}])
def test_a_file_is_as_hidden_as_its_entry(client, staff, attach, hidden):
    address = attach(make_entry(**hidden))
    etag = f'"{hashlib.sha256(PNG).hexdigest()}"'

    seen = staff.get(address)
    assert (seen.status_code, seen["Cache-Control"]) == (200, "private, no-store")
    client.logout()
    assert client.get(address).status_code == 404
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 404


def test_only_pictures_are_shown_in_place(client, attach):
    address = attach(make_entry(), "page.html", b"<script>alert(1)</script>", "text/html")

    response = client.get(address)

    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == 'attachment; filename="page.html"'


def test_what_is_not_there(client, attach):
    address = attach(make_entry(slug="oak"))
    assert client.get("/entries/oak/files/b.png").status_code == 404
    assert client.get("/entries/elm/files/a.png").status_code == 404
    assert client.post(address).status_code == 405
    Attachment.objects.update(sha256="0" * 64)
    assert client.get(address).status_code == 404


def test_a_file_of_a_renamed_entry_is_found(client, attach):
    entry = make_entry(slug="oak")
    attach(entry)
    SlugRedirect.objects.create(slug="old-oak", entry=entry)

    response = client.get("/entries/old-oak/files/a.png")

    assert (response.status_code, response["Location"]) == (301, "/entries/oak/files/a.png")


@pytest.mark.parametrize("value", ["notes/Tree rings.md", "a#b?c%d.md", "中文/ü.md", "112"])
def test_what_an_entry_is_known_as_leads_to_it(client, value):
    make_entry(slug="oak", ids={"markdown": value})

    response = client.get(known_as("markdown", value, "s-bark").partition("#")[0])

    assert (response.status_code, response["Location"]) == (302, "/entries/oak/")


def test_a_hidden_entry_is_not_known_to_everybody(client, staff):
    make_entry(ids={"markdown": "notes/a.md"}, visibility="internal")

    assert staff.get("/known-as/markdown/notes/a.md").status_code == 302
    client.logout()
    assert client.get("/known-as/markdown/notes/a.md").status_code == 404
    assert client.get("/known-as/aiid/notes/a.md").status_code == 404
