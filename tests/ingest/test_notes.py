"""A folder of notes from its files to its pages, and again after its files moved."""

import pytest
from django.core.management import call_command

from kb.models import Entry, Link
from tests.ingest.sources.test_markdown_vault import PNG

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def garden(tmp_path):
    """A vault of two notes that name each other, and a picture."""
    folder = tmp_path / "Garden"
    (folder / ".obsidian").mkdir(parents=True)
    (folder / "Oak.md").write_text("# The oak\n\nNot [[Elm|an elm]]. #trees\n\n![[rings.png|40]]\n")
    (folder / "Elm.md").write_text("# The elm\n\nNot [[Oak]].\n\n## Bark\n")
    (folder / "rings.png").write_bytes(PNG)
    return folder


def take_in(folder) -> None:
    call_command("ingest", "markdown", str(folder), now=True, verbosity=0)


def test_notes_become_pages_that_lead_to_each_other(client, garden):
    take_in(garden)

    oak, elm = Entry.objects.get(title="The oak"), Entry.objects.get(title="The elm")
    page = client.get(oak.get_absolute_url()).content.decode()

    assert '<a href="/known-as/markdown/Garden/Elm.md" rel="noopener nofollow">an elm</a>' in page
    assert client.get("/known-as/markdown/Garden/Elm.md")["Location"] == elm.get_absolute_url()
    assert '<img src="files/rings.png" alt="rings" width="40" loading="lazy">' in page
    picture = client.get(f"{oak.get_absolute_url()}files/rings.png")
    assert b"".join(picture.streaming_content) == PNG
    assert [tag.name for tag in oak.tags.all()] == ["trees"]
    assert set(Link.objects.values_list("entry", "target")) == {(oak.pk, elm.pk), (elm.pk, oak.pk)}


def test_a_renamed_note_is_the_entry_it_was(client, garden):
    take_in(garden)
    before = Entry.objects.get(title="The elm")
    (garden / "trees").mkdir()
    (garden / "Elm.md").rename(garden / "trees/Elm.md")

    take_in(garden)

    assert Entry.objects.get(title="The elm").pk == before.pk
    assert Entry.objects.count() == 2
    assert client.get("/known-as/markdown/Garden/trees/Elm.md").status_code == 302
    assert Entry.objects.get(title="The oak").links.get().target == before


def test_a_picture_that_is_taken_out_is_no_longer_served(client, garden):
    take_in(garden)
    (garden / "Oak.md").write_text("# The oak\n\nNo picture.\n")

    take_in(garden)

    oak = Entry.objects.get(title="The oak")
    assert oak.attachments.count() == 0
    assert client.get(f"{oak.get_absolute_url()}files/rings.png").status_code == 404
