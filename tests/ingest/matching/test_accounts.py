"""What is measured is what runs: a record tells the same before it is stored and after."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ingest.matching.accounts import of_entries, of_record
from ingest.records import EntryRecord
from ingest.writing.entries import write_entries
from ingest.writing.outcome import By
from kb.models import Entry
from tests.factories import make_entry, make_reference

pytestmark = pytest.mark.django_db


def test_a_record_and_its_entry_tell_the_same():
    record = EntryRecord.model_validate(
        {
            "key": "1",
            "kind": "incident",
            "title": "Ferry autopilot steers onto reef",
            "summary": "It took a reef for water.",
            "body": "It took a reef for water. " + "The pilot slept. " * 600,
            "occurred": "2024-02",
            "roles": [{"role": "deployer", "name": "Nordlys Ferries"}, {"role": "system", "name": "Helm"}],
            "references": [
                {"url": "https://www.news.example/solvang/?utm_source=x", "title": "A report"},
                {"url": "https://arxiv.org/pdf/2401.00001v2"},
                {"urn": "urn:sha256:" + "0" * 64, "title": "A leaflet"},
            ],
            "external_ids": [("aiid", "912")],
        }
    )
    (written,) = write_entries([record], By("aiid"))
    assert written.entry is not None

    (stored,) = of_entries([written.entry.pk])

    assert stored == of_record(record, written.entry.pk)
    assert stored.references == {"https://news.example/solvang", "arxiv 2401.00001", "urn:sha256:" + "0" * 64}
    assert len(stored.text) == 8000


def test_what_is_gone_is_left_out_and_the_order_is_that_of_the_ids():
    entries = [make_entry() for _ in range(3)]
    entries[1].delete()

    assert [account.id for account in of_entries([entry.pk or 10**6 for entry in reversed(entries)])] == [
        entries[0].pk,
        entries[2].pk,
    ]


def test_reading_takes_as_many_queries_for_many_entries_as_for_few():
    def queries() -> int:
        with CaptureQueriesContext(connection) as context:
            assert list(of_entries(Entry.objects.values_list("pk", flat=True)))
        return len(context)

    def fill() -> None:
        for _ in range(4):
            make_entry(entities={"deployer": ["Nordlys"]}, references=[make_reference()])

    fill()
    few = queries()
    fill()
    assert queries() == few
