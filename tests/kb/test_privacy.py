"""What a signed-in reader sees stays with that reader."""

import pytest

pytestmark = pytest.mark.django_db


def test_pages_of_signed_in_readers_are_kept_by_no_cache(admin_client):
    assert admin_client.get("/incidents/")["Cache-Control"] == "private, no-store"


def test_pages_for_everybody_may_be_kept(client):
    assert "Cache-Control" not in client.get("/incidents/")
