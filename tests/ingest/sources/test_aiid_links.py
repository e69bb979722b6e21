"""Which AIID incident is which of the OECD's: as a list of its own, and in a snapshot."""

import json

import pytest

from ingest.records import BadRecord, SameRecord
from ingest.sources import SourceError, open_source
from tests.ingest.sources.snapshots import dump, incident, incidents_csv, pack
from tests.real_inputs import real_input

OECD = "https://oecd.ai/en/incidents/2024-01-0{}-12ab"


def link(incident_number, day, **more):
    return {"incident_id": incident_number, "sameAs": OECD.format(day), "source_namespace": "OECD"} | more


def same(incident_number, day):
    return SameRecord(ids=[("aiid", str(incident_number)), ("oecd", f"2024-01-0{day}-12ab")])


def test_a_list_of_links(write):
    source = open_source("aiid", str(write("aiid-oecd-2024-01.json", json.dumps([link(7, 2), link(4, 3), link(4, 1)]))))
    assert list(source.records()) == [same(4, 1), same(4, 3), same(7, 2)]
    assert (source.count(), source.collection, source.notices) == (3, None, [])


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_the_list_as_a_table(write, mark):
    rows = [
        ["incident_id", "sameAs", "source_namespace"],
        ["4", OECD.format(1), "OECD"],
        ["x", OECD.format(2), "OECD"],
        ["7"],
    ]
    text = "\ufeff" + "".join(mark.join(row) + "\r\n" for row in rows)
    first, second, third = open_source("aiid", str(write("links.csv", text))).records()
    assert third == same(4, 1)
    assert isinstance(first, BadRecord)
    assert "incident_id" in first.reason
    assert isinstance(second, BadRecord)
    assert "sameAs" in second.reason


def test_links_in_a_snapshot_follow_withdrawn_incidents(tmp_path):
    files = {
        "incidents.csv": incidents_csv([incident(4)]),
        "duplicates.csv": b"duplicate_incident_number,true_incident_number\n9,4\n",
        "aiidprod/incident_links.bson": dump([link(9, 1), link(4, 2)]),
    }
    source = open_source("aiid", str(pack(tmp_path / "a.tar.bz2", files)))
    assert list(source.records())[-2:] == [same(4, 1), same(4, 2)]
    assert source.collection == "incidents"


def test_one_that_is_linked_with_several_of_ours_is_told(write):
    source = open_source("aiid", str(write("a.json", json.dumps([link(4, 1), link(5, 1), link(5, 2), link(5, 2)]))))
    assert list(source.records()) == [same(4, 1), same(5, 1), same(5, 2)]
    assert source.notices == [
        "1 incidents of other databases are linked with several of ours; of these the first that is here is known by "
        "it, and the others are linked with that one: 2024-01-01-12ab (4, 5)"
    ]


def test_matches_as_the_oecd_sends_them(write):
    matches = [
        {"is_related": True, "report": {"aiid_incident_ids": [4]}, "incident": {"id": "2024-01-01-12ab"}},
        {"is_related": False, "report": {"aiid_incident_ids": [5]}, "incident": {"id": "2024-01-02-12ab"}},
        {"is_related": True, "report": {}, "incident": {"id": "2024-01-03-12ab"}},
    ]
    assert list(open_source("aiid", str(write("matches.json", json.dumps(matches)))).records()) == [same(4, 1)]


def test_what_is_no_link_is_told(write):
    rows = [link(4, 1), link("x", 2), link(5, 2, sameAs="https://else.example/2"), link(6, 2, sameAs=None), 7]
    records = list(open_source("aiid", str(write("a.json", json.dumps(rows)))).records())
    assert [record.reason for record in records if isinstance(record, BadRecord)] == [
        "link 2: incident_id is not a whole number: 'x'",
        "link 3: not the address of an incident that is known here: 'https://else.example/2'",
        "link 4: no address in sameAs: 'None'",
        "link 5: not an object but int",
    ]
    assert records[-1] == same(4, 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1}', "is no list of links"),
        ("[1, 2]", "is no list of links"),
        ("[", "cannot be read: "),
        ("[" * 100_000, "cannot be read: "),
        ("[" + " " * 10_000_000, "larger than 10,000,000 bytes"),
        (b"[\xff", "cannot be read: "),
    ],
)
def test_other_json_is_refused(write, text, said):
    with pytest.raises(SourceError, match=said):
        open_source("aiid", str(write("a.json", text)))


def test_the_published_list():
    source = open_source("aiid", str(real_input("links/aiid-oecd-2025-09.json")))
    records = list(source.records())
    assert len(records) == 681
    assert len({record.ids[1] for record in records if isinstance(record, SameRecord)}) == 598
    assert all(isinstance(record, SameRecord) for record in records)
    assert source.notices[0].startswith("66 incidents of other databases are linked with several of ours")
