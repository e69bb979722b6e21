"""A reference that a curator edits is the curator's: no import overwrites it."""

import pytest
from django.test import Client
from django.urls import reverse

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


def test_an_edited_reference_is_taken_over_from_its_source(admin_client):
    reference = make_reference(title="Ferry hits reaf", source="aiid")

    assert save(admin_client, reference, title="Ferry hits reef").source == ""


def test_pages_are_those_of_the_text_that_was_imported(admin_client):
    reference = make_reference(text="One. Two.", page_starts=[0, 5])

    assert save(admin_client, reference, title="Ferry").page_starts == [0, 5]
    assert save(admin_client, reference, text="One, two.").page_starts == []


def test_a_reference_that_was_only_saved_stays_its_sources(admin_client):
    reference = make_reference(title="Ferry", text="One.\n\nTwo. \n", source="aiid")

    assert save(admin_client, reference).source == "aiid"
    assert reference.text == "One.\n\nTwo. \n"
