"""Snapshots that are broken, or made to do harm: told, in bounded time and memory, and the rest is taken in."""

import resource
import struct
import time

import bson
import pytest

from ingest.records import BadRecord, DuplicateRecord, EntryRecord
from ingest.sources import SourceError, open_source
from tests.ingest.sources.snapshots import classification, dump, incident, incidents_csv, pack, report, reports_csv

GOOD = incident(1)


@pytest.fixture(autouse=True)
def bounded():
    """No test may take more than 150 MB beyond what its process had, or more than 20 seconds."""
    memory, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 150_000  # kB
    assert time.monotonic() - began < 20


@pytest.fixture
def snapshot(tmp_path):
    """The entries, the reasons of bad records, and the source of a snapshot with these files."""

    def read(files):
        files = {("aiidprod/" if ".bson" in name else "") + name: content for name, content in files.items()}
        source = open_source("aiid", str(pack(tmp_path / "a.tar.bz2", files)))
        records = list(source.records())
        assert source.count() == len(records)
        entries = [record for record in records if isinstance(record, EntryRecord)]
        return entries, [record.reason for record in records if isinstance(record, BadRecord)], source

    return read


def nested(depth):
    document = b"\x05\0\0\0\0"
    for _ in range(depth):
        body = b"\x03a\0" + document + b"\0"
        document = struct.pack("<i", len(body) + 4) + body
    return document


@pytest.mark.parametrize(
    "damage",
    [
        struct.pack("<i", -5) + b"\0" * 20,
        struct.pack("<i", 2**31 - 1) + b"\0" * 20,
        struct.pack("<i", 4) + b"\0" * 20,
        b"\0" * 100,
        b"\x05\0",
        bson.encode(incident(2))[:-1],
    ],
)
def test_lengths_that_cannot_be_right_end_a_table(snapshot, damage):
    entries, bad, source = snapshot({"incidents.bson": dump([GOOD]) + damage + dump([incident(3)])})
    assert entries[0].key == "incident 1"
    assert f"byte {len(dump([GOOD]))}" in bad[0]
    assert source.collection is None
    assert source.notices[-1].startswith("some incidents could not be read, so none that is missing counts")


@pytest.mark.parametrize(
    "broken",
    [
        nested(5000),
        b"\x15\0\0\0\x02title\0\xff\xff\xff\x7fabc\0\0",  # a text of two gigabytes
        b"\x15\0\0\0\x02title\0\xff\xff\xff\xffabc\0\0",  # a text of less than nothing
        b"\x0c\0\0\0\x99ab\0cdef",  # no such type
        b"\x0e\0\0\0\x02abcdefgh\0"[:13] + b"\x01",  # a name that does not end
    ],
)
def test_a_broken_document_costs_itself_alone(snapshot, broken):
    broken = struct.pack("<i", len(broken)) + broken[4:]
    entries, bad, _ = snapshot({"incidents.bson": dump([GOOD]) + broken + dump([incident(3)])})
    assert [entry.key for entry in entries] == ["incident 1", "incident 3"]
    assert len(bad) == 1
    assert "cannot be read" in bad[0]


def test_any_number_of_documents_of_nothing(snapshot):
    reports = dump([report(1)]) + dump([{}]) * 100_000
    entries, bad, _ = snapshot({"incidents.bson": dump([GOOD]), "reports.bson": reports})
    assert len(entries) == 1
    assert len(bad) == 1001
    assert bad[-1] == "99,000 more records could not be read"


def test_values_of_other_types(snapshot):
    odd = [
        incident(2) | {"title": ["a", "list"]},
        incident(3, reports={"a": 1}),
        incident(4, deployer=[{"a": 1}, None, 5]),
        incident(5, date=bson.Int64(2**60), description="NUL \0 and \x9f", editor_notes=b"bytes", reports=[1]),
        incident(6) | {"incident_id": float("inf")},
    ]
    reports = [report(2, authors=7), report(1, text=b"bytes", title=["x"])]
    entries, bad, _ = snapshot({"incidents.bson": dump([GOOD, *odd]), "reports.bson": dump(reports)})
    assert [entry.key for entry in entries] == ["incident 1", "incident 4", "incident 5"]
    assert (entries[2].summary, entries[2].body) == ("NUL  and", "")
    assert [one.title for one in entries[2].references] == [""]
    assert entries[2].warnings == [
        "notes left out: must be text, not dict",
        "date left out: not a date: 1152921504606846976",
        "report 1: left out title: must be text, not list; text: must be text, not dict",
    ]
    assert bad == [
        "incident 3: reports is not a whole number: \"{'a': 1}\"",
        "incident inf: incident_id is not a whole number: 'inf'",
        "report 2: authors is not a list but int",
        "title: must be text, not list; page.title: must be text, not list",
    ]


def test_a_line_of_many_megabytes(snapshot):
    rows = incidents_csv([GOOD]) + b"x" * 12_000_000 + b"\n" + incidents_csv([incident(3)]).split(b"\n", 1)[1]
    entries, bad, _ = snapshot({"incidents.csv": rows})
    assert [entry.key for entry in entries] == ["incident 1", "incident 3"]
    assert len(bad) == 1
    assert "longer than" in bad[0]


def test_a_first_line_of_many_megabytes(snapshot):
    with pytest.raises(SourceError, match="longer than"):
        snapshot({"incidents.csv": b"x" * 12_000_000})


def test_quotes_that_are_never_closed(snapshot):
    reports = reports_csv([report(1)]) + b'"never closed\n' * 2000
    entries, bad, _ = snapshot({"incidents.csv": incidents_csv([incident(1, reports=[1])]), "reports.csv": reports})
    assert [one.title for one in entries[0].references] == ["Report 1"]
    assert len(bad) > 900


def test_lists_that_are_too_deep_or_none(snapshot):
    rows = [GOOD | {"incident_id": number} for number in range(1, 4)]
    table = incidents_csv(rows).replace(b",[],[],[],[],", b",%b,[],[],[],", 1)
    for value in (b"[" * 50_000, b"[__import__('os')]", b'"[""x"""', b"{}"):
        entries, bad, _ = snapshot({"incidents.csv": table.replace(b"%b", value)})
        assert len(entries) == 2
        assert len(bad) == 1


def test_values_of_classifications_that_are_no_json_or_far_too_much(snapshot):
    rows = [
        classification("MIT", 1, ("Intent", "Other")),
        classification("MIT", 1) | {"attributes": [{"short_name": "Timing", "value_json": "[" * 100_000}, 7, {}]},
        classification("MIT", 1, ("Risk Domain", ["x"] * 100_000), ("Entity", "y" * 1_000_000)),
        {"namespace": "MIT", "incidents": "all", "publish": True},
        {"namespace": 7, "incidents": [1], "publish": True, "attributes": {"a": 1}},
    ]
    entries, bad, _ = snapshot({"incidents.bson": dump([GOOD]), "classifications.bson": dump(rows)})
    assert {one.category for one in entries[0].classifications} == {("Intent", "Other"), ("Risk Domain", "x")}
    assert [warning.split(":")[0] for warning in entries[0].warnings] == [
        "classification 2 left out",
        "classification 4 left out",
    ]
    assert bad == ["classification: incidents is not a whole number: 'all'"]


def test_circles_of_duplicates(snapshot):
    pairs = [{"duplicate_incident_number": one, "true_incident_number": one % 5000 + 1} for one in range(1, 5001)]
    entries, bad, source = snapshot({"incidents.bson": dump([GOOD, incident(2)]), "duplicates.bson": dump(pairs)})
    assert len(entries) == 2
    assert bad[0] == "incident 1 is a duplicate of 1, which is not there; left as it is"
    assert not any(isinstance(record, DuplicateRecord) for record in source.records())


def test_tables_that_are_no_tables(snapshot):
    files = {"incidents.csv": incidents_csv([GOOD]), "taxa.bson": dump([{"namespace": "A", "field_list": 7}])}
    entries, bad, _ = snapshot(files | {"quickadd.csv": b"\xff\xfe\0\0url\n"} | {"submissions.bson": b"PK\x03\x04"})
    assert len(entries) == 1
    assert bad == [
        "submissions.bson is damaged at byte 0; the rest was not read",
        "taxa: a taxonomy without a namespace or a list of fields",
    ]


def test_numbers_written_in_other_ways(snapshot):
    row = incidents_csv([GOOD]).replace(b",1,2023", b",1.0,2023") + incidents_csv([GOOD]).split(b"\n", 1)[1]
    entries, bad, source = snapshot({"incidents.csv": row})
    assert [entry.key for entry in entries] == ["incident 1"]
    assert bad == ["incident 1 stands there twice; the first was read"]
    assert source.collection == "incidents"
