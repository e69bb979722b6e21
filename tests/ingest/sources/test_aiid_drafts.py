"""Addresses that were proposed to AIID and that nobody has reviewed."""

import pytest

from ingest.records import BadRecord, EntryRecord
from ingest.sources import open_source
from ingest.sources.aiid.source import in_words
from tests.ingest.sources.snapshots import dump, incident, incidents_csv, pack, report

QUICK = b"incident_id,url,date_submitted,source_domain\n"
SUBMITTED = {
    "url": "https://news.example/stuck",
    "title": "A lift is stuck",
    "incident_title": "Lift stuck between floors",
    "incident_date": "2024-02-03",
    "authors": ["Ada Beam"],
    "date_published": "2024-02-04",
    "description": "It stopped where nobody had told it to.",
    "language": "en",
    "source_domain": "news.example",
    "text": "The lift of the *town hall* is stuck.",
    "deployers": ["town-hall"],
    "harmed_parties": ["visitors"],
    "submitters": ["Somebody"],
    "incident_ids": [],
    "status": "pendingReview",
}


@pytest.fixture
def snapshot(tmp_path):
    """The entries of a snapshot of incidents 1 and 2 with these tables, and the source that told them."""

    def read(**files):
        rows = {
            "incidents.csv": incidents_csv([incident(1, reports=[7]), incident(2)]),
            "aiidprod/reports.bson": dump([report(7)]),
            "duplicates.csv": b"duplicate_incident_number,true_incident_number\n3,2\n",
        }
        named = {("aiidprod/" if name.endswith("bson") else "") + name.replace("_", "."): files[name] for name in files}
        source = open_source("aiid", str(pack(tmp_path / "a.tar.bz2", rows | named)))
        records = list(source.records())
        assert source.count() == len(records)
        return [record for record in records if isinstance(record, EntryRecord)], source, records

    return read


def test_an_address_becomes_a_draft(snapshot):
    entries, _, _ = snapshot(
        quickadd_csv=QUICK + b"0,https://news.example/2024/lift-skips_floor.html,2024-02-05,news.example\n"
    )
    draft = entries[2]
    assert (draft.kind, draft.status, draft.title) == ("incident", "draft", "news.example: 2024 lift skips floor")
    assert (draft.page.url, draft.page.publisher) == ("https://news.example/2024/lift-skips_floor.html", "news.example")
    assert (draft.external_ids, draft.facts, draft.references, draft.warnings) == ([], {}, [], [])


def test_one_for_an_incident_becomes_its_reference(snapshot):
    entries, _, _ = snapshot(quickadd_csv=QUICK + b"1,https://other.example/1,,\n3,https://other.example/3,,\n")
    assert [[one.url for one in entry.references] for entry in entries] == [
        ["https://news.example/7", "https://other.example/1"],
        ["https://other.example/3"],
    ]


def test_one_for_an_incident_that_is_not_there_is_a_draft_that_says_so(snapshot):
    entries, _, _ = snapshot(quickadd_bson=dump([{"url": "https://other.example/9", "incident_id": 9.0}]))
    assert entries[2].warnings == ["was proposed for incident 9, which is not in the snapshot"]


def test_what_is_a_report_by_now_is_left_out(snapshot):
    entries, source, _ = snapshot(quickadd_csv=QUICK + b"0,http://www.news.example/7/?utm_source=x,,\n")
    assert len(entries) == 2
    assert "1 proposed addresses are those of reports by now, and were left out" in source.notices


def test_a_submission_is_told_with_what_it_says(snapshot):
    entries, source, _ = snapshot(
        submissions_bson=dump([SUBMITTED, SUBMITTED | {"url": "https://news.example/spam", "status": "rejected"}]),
        quickadd_csv=QUICK + b"0,https://news.example/stuck/,,\n",
    )
    (draft,) = entries[2:]
    assert (draft.title, draft.summary) == ("Lift stuck between floors", "It stopped where nobody had told it to.")
    assert (draft.status, str(draft.occurred), draft.body) == ("draft", "2024-02-03", "")
    assert (draft.licence, draft.attribution) == ("CC-BY-SA-4.0", "AI Incident Database")
    assert [(role.role, role.name, role.key) for role in draft.roles] == [
        ("deployer", "Town Hall", "town-hall"),
        ("harmed", "Visitors", "visitors"),
    ]
    assert (draft.page.title, draft.page.authors, str(draft.page.published)) == (
        "A lift is stuck",
        ["Ada Beam"],
        "2024-02-04",
    )
    assert (draft.page.text, draft.page.text_licence) == (SUBMITTED["text"], "")
    assert "Somebody" not in draft.model_dump_json()
    assert "1 submissions were rejected upstream, and were left out" in source.notices


def test_submissions_from_csv(snapshot):
    table = (
        b"authors,date_published,incident_date,incident_id,language,source_domain,text,title,url\n"
        b'"[""Ada Beam""]",2024-02-04,2024-02-03,,en,news.example,It is stuck.,A lift is stuck,https://news.example/stuck\n'
        b"Bo Cable,,,2,en,news.example,It is stuck too.,Another one,https://news.example/too\n"
    )
    entries, _, _ = snapshot(submissions_csv=table)
    assert (entries[2].title, entries[2].page.authors) == ("A lift is stuck", ["Ada Beam"])
    assert [(one.title, one.authors) for one in entries[1].references] == [("Another one", ["Bo Cable"])]


def test_what_is_no_address_is_told(snapshot):
    entries, _, records = snapshot(quickadd_csv=QUICK + b"0,javascript:alert(1),,\n0,,,\nx,https://a.example/,,\n")
    assert len(entries) == 2
    assert [record.reason for record in records if isinstance(record, BadRecord)] == [
        "proposed address: not an http or https address: 'javascript:alert(1)'",
        "proposed address: not an http or https address: ''",
        "quickadd 'https://a.example/': incident_id is not a whole number: 'x'",
    ]


def test_drafts_come_in_the_same_order_whatever_theirs_was(snapshot):
    rows = [b"0,https://b.example/,,\n", b"0,https://a.example/,,\n", b"0,https://c.example/,,\n"]
    first, _, _ = snapshot(quickadd_csv=QUICK + b"".join(rows))
    second, _, _ = snapshot(quickadd_csv=QUICK + b"".join(reversed(rows)))
    assert first == second


@pytest.mark.parametrize(
    ("address", "title"),
    [
        ("https://x.com/somebody/status/188", "x.com: somebody status 188"),
        ("https://www.news.example", "news.example"),
        ("https://news.example/%C3%A4rger_im%20lift.php?id=4", "news.example: ärger im lift"),
    ],
)
def test_addresses_in_words(address, title):
    assert in_words(address) == title
