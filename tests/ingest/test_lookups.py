"""What a batch asks the database it finds by an index: its time does not grow with what is there already."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ingest.records import BadRecord, DuplicateRecord, EntityRecord, EntryRecord, SameRecord
from ingest.writing import batch
from ingest.writing.outcome import By
from ingest.writing.source_records import saw_refused, unseen
from kb.models import Job

FEW = ("SCAN kb_taxonomy", "SCAN kb_category")  # read when one is made, which is seldom

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def made(**fields: Any) -> EntryRecord:
    return EntryRecord(**fields)


def records(title: str) -> list:
    """Two of everything."""
    return [
        *(EntityRecord(namespace="aiid", key=f"e{n}", name=f"Entity {n}", aliases=[f"E{n}"]) for n in (1, 2)),
        *(
            made(
                key=str(n),
                kind="incident",
                title=f"{title} {n}",
                slug=f"event-{n}",
                external_ids=[("aiid", str(n)), ("oecd", str(n))],
                page={"url": f"https://list.example/{n}"},
                roles=[{"role": "harmed", "name": f"Entity {n}", "namespace": "aiid", "key": f"e{n}"}],
                references=[{"url": f"https://news.example/{n}", "title": f"Report {n}", "text": title}],
                tags=[f"tag {n}"],
                classifications=[{"taxonomy": "Harms", "category": ("noise", f"singing {n}")}],
                links=[{"relation": "see_also", "target": ("aiid", str(n + 1))}],
            )
            for n in (1, 2)
        ),
        DuplicateRecord(namespace="aiid", value="9", of="1"),
        SameRecord(ids=[("aiid", "1"), ("avid", "1")]),
    ]


def test_no_table_is_read_from_end_to_end():
    by = By("aiid", "incidents", Job.objects.create(kind="ingest"))
    bad = BadRecord(key="3", reason="torn")

    with CaptureQueriesContext(connection) as asked:
        for title in ("Event", "Incident"):
            results = batch.write([*records(title), bad], by)
            saw_refused([*records(title), bad], results, by)
        list(unseen(by)[:100])

    scanned = []
    for query in asked.captured_queries:
        if query["sql"].startswith(("SELECT", "UPDATE", "DELETE")):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
                steps = [step[-1] for step in cursor.fetchall()]
            scanned += [(step, query["sql"]) for step in steps if step.startswith("SCAN") and not step.startswith(FEW)]
    assert scanned == []
