"""What a record may hold, the database can hold: SQLite would not notice, PostgreSQL would refuse the record."""

from typing import Any

import pytest
from django.apps import apps
from django.db.models import CharField
from pydantic import ValidationError

from ingest.records import BadRecord, EntityRecord, EntryRecord, LinkRecord, ReferenceRecord, entry_or_bad
from ingest.writing import batch
from ingest.writing.outcome import By
from kb.jobs import Run
from kb.models import Entity, Entry, Job, JobProblem, Reference

pytestmark = pytest.mark.django_db

WIDE = "\ufdfa"  # one character that is eighteen once names are compared
LONG_URL = "https://e.example/" + "x" * (2000 - len("https://e.example/"))


def entry(**fields: Any) -> EntryRecord:
    return EntryRecord(**fields)


def fullest() -> list[Any]:
    """Records with as much in every field as it may hold, in letters that grow when they are normalised."""
    name = WIDE * 300
    return [
        EntityRecord(namespace="n" * 40, key="k" * 300, name=name, aliases=["A" * 300]),
        entry(
            key="k" * 400,
            kind="case_study",
            title="ß" * 500,
            slug="s" * 200,
            occurred="2024-02-29",
            language="en-abcdefgh-abcdefgh",
            licence="l" * 60,
            attribution="a" * 300,
            tags=["t" * 300, WIDE * 300],
            roles=[{"role": "developer", "name": "İ" * 300, "namespace": "n" * 40, "key": "q" * 300}],
            references=[
                {
                    "url": LONG_URL,
                    "title": "t" * 500,
                    "publisher": "p" * 300,
                    "authors": ["a" * 300],
                    "archive_url": LONG_URL,
                    "language": "en-abcdefgh-abcdefgh",
                    "text": "words",
                    "text_licence": "l" * 60,
                }
            ],
            external_ids=[("n" * 40, "v" * 300)],
            classifications=[{"taxonomy": "t" * 300, "category": ("c" * 300, WIDE * 300)}],
            links=[
                {"relation": "r" * 40, "target": "s" * 199},
                {"relation": "r" * 40, "target": ("m" * 40, "v" * 300)},
            ],
        ),
        entry(key="page", kind="note", title="t", slug="s" * 200, page={"url": LONG_URL[:-1] + "y"}),
    ]


def test_the_fullest_record_fits_every_column():
    results = batch.write(fullest(), By("starter", reason="import of starter, job 1"))

    assert [getattr(result, "outcome", result) for result in results] == ["created", "created", "created"]
    assert (Entry.objects.count(), Entity.objects.count(), Reference.objects.count()) == (2, 2, 2)
    too_long = [
        f"{model.__name__}.{field.name}: {len(value)} of {field.max_length}"
        for model in apps.get_app_config("kb").get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, CharField) and field.max_length
        for value in model._default_manager.values_list(field.name, flat=True)
        if value and len(value) > field.max_length
    ]
    assert too_long == []
    again = batch.write(fullest(), By("starter", reason="again"))
    assert {getattr(result, "outcome", result) for result in again} == {"unchanged"}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("title", "t" * 501, "title: is longer than the 500 allowed"),
        ("slug", "s" * 201, "slug: is longer than the 200 allowed"),
        ("licence", "l" * 61, "licence: is longer than the 60 allowed"),
        ("attribution", "a" * 301, "attribution: is longer than the 300 allowed"),
        ("language", "en-abcdefgh-abcdefgh-x", "language: is longer than the 20 allowed"),
        ("tags", ["t" * 301], "tags.0: is longer than the 300 allowed"),
        ("external_ids", [("n" * 41, "1")], "external_ids.0.0: must be 1 to 40 of"),
        ("external_ids", [("aiid", "v" * 301)], "external_ids.0.1: is longer than the 300 allowed"),
    ],
)
def test_more_is_refused_by_name(field, value, said):
    bad = entry_or_bad("row 1", **{"kind": "note", "title": "t", field: value})

    assert isinstance(bad, BadRecord)
    assert said in bad.reason


def test_a_relation_is_not_cut_silently():
    with pytest.raises(ValidationError):
        LinkRecord(relation="r" * 41, target="there")


def test_an_address_that_grows_too_long_when_it_is_compared_is_refused():
    with pytest.raises(ValidationError, match="address longer than 2000 characters"):
        ReferenceRecord(url="https://e.example/" + "ж" * 400)


def test_a_problem_with_a_long_key_can_be_noted():
    run = Run(Job.objects.create(kind="ingest"), None, None)
    run.problem("k" * 400, "too long")
    JobProblem.objects.bulk_create(run.problems)

    assert len(JobProblem.objects.get().key) == 300
