"""What a curator edits of a reference is the curator's: no import overwrites it, and the rest follows the source."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from ingest.records import EntryRecord, ReferenceRecord
from ingest.writing.entries import write_entries
from ingest.writing.outcome import By
from kb.models import Reference
from tests.factories import make_reference

pytestmark = pytest.mark.django_db


def save(client: Client, reference: Reference, **changes: str) -> Reference:
    """Send the change page of the reference as a browser would; the reference as it is then."""
    names = ["url", "title", "publisher", "published_precision", "archive_url", "language", "text", "text_licence"]
    sent = {name: getattr(reference, name).replace("\n", "\r\n") for name in names}
    sent |= {"authors": "[]", "published_on": reference.published_on or ""}
    sent |= {"citations-TOTAL_FORMS": "0", "citations-INITIAL_FORMS": "0", **changes}
    answer = client.post(reverse("admin:kb_reference_change", args=[reference.pk]), sent)
    assert answer.status_code == 302, answer.context["errors"]
    reference.refresh_from_db()
    return reference


def test_an_edited_field_is_the_curators_and_the_others_stay_their_sources(admin_client):
    page: dict[str, Any] = {
        "url": "https://paper.example/ferry",
        "title": "Ferry hits reaf",
        "publisher": "paper",
        "text": "Wet.",
    }
    said: dict[str, Any] = {"key": "1", "kind": "incident", "title": "Ferry", "external_ids": [("aiid", "1")]}
    write_entries([EntryRecord(**said, references=[ReferenceRecord(**page)])], By("aiid"))
    reference = Reference.objects.get()

    save(admin_client, reference, title="Ferry hits reef", text="")
    again = page | {"title": "Ferry hits a reaf", "publisher": "The Paper", "text": "Wet, wet."}
    write_entries([EntryRecord(**said, references=[ReferenceRecord(**again)])], By("aiid"))

    reference.refresh_from_db()
    assert (reference.title, reference.publisher, reference.text) == ("Ferry hits reef", "The Paper", "")
    assert (reference.source, reference.curated) == ("aiid", ["text", "title"])


def test_pages_are_those_of_the_text_that_was_imported(admin_client):
    reference = make_reference(text="One. Two.", page_starts=[0, 5])

    assert save(admin_client, reference, title="Ferry").page_starts == [0, 5]
    assert save(admin_client, reference, text="One, two.").page_starts == []


def test_a_reference_that_was_only_saved_stays_its_sources(admin_client):
    reference = make_reference(title="Ferry", text="One.\n\nTwo. \n", source="aiid")

    assert save(admin_client, reference).curated == []
    assert reference.text == "One.\n\nTwo. \n"
