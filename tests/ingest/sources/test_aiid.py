"""AIID snapshots: entities, incidents, reports and duplicates, from BSON and from CSV alike."""

import datetime as dt
import gzip
import io
import tarfile
from typing import Any

import pytest

from ingest.records import (
    BadRecord,
    DuplicateRecord,
    EntityRecord,
    EntityRelationRecord,
    EntryRecord,
    LinkRecord,
    RoleRecord,
)
from ingest.sources import SourceError, open_source
from ingest.sources.aiid.names import humanised
from tests.ingest.sources.reading import read
from tests.ingest.sources.snapshots import dump, incident, incidents_csv, pack, report, reports_csv
from tests.real_inputs import real_input

INCIDENTS = [
    incident(23, "Door “voice” greets\n the wrong floor", harmed=["x-(twitter)-users", "qure.ai"], reports=[3, 1]),
    incident(4, deployer=["up-and-co"], developer=["up-and-co", "down-inc."], reports=[1]),
]
ENTITIES = [
    {"entity_id": "up-and-co", "name": "Up & Co"},
    {"entity_id": "x-(twitter)-users", "name": "X (Twitter) users"},
    {"entity_id": "nobody", "name": "Nobody"},
]
REPORTS = [
    report(1, text='They said "stop" \\ it said\n"no".', authors=["Ada Beam"]),
    report(3, url="gopher://old.example/3"),
]
DUPLICATES = b"duplicate_incident_number,true_incident_number\n9,4\n"


def entries(records):
    return [record for record in records if isinstance(record, EntryRecord)]


@pytest.fixture
def whole(tmp_path):
    return pack(
        tmp_path / "backup-20250210000000.tar.bz2",
        {
            "aiidprod/entities.bson": dump(ENTITIES),
            "incidents.csv": incidents_csv(INCIDENTS),
            "license.txt": b"CC BY-SA 4.0",
            "reports.csv": reports_csv(REPORTS),
            "duplicates.csv": DUPLICATES,
            "aiidprod/submissions.bson": b"",
        },
    )


def test_entities_then_incidents_by_number_then_duplicates(whole):
    records = read("aiid", whole)
    assert records[:2] == [
        EntityRecord(namespace="aiid", key="up-and-co", name="Up & Co"),
        EntityRecord(namespace="aiid", key="x-(twitter)-users", name="X (Twitter) users"),
    ]
    assert [record.external_ids for record in entries(records)] == [[("aiid", "4")], [("aiid", "23")]]
    assert records[4:] == [DuplicateRecord(namespace="aiid", value="9", of="4")]
    source = open_source("aiid", str(whole))
    assert source.count() == len(records) == len(list(source.records())) == 5


def test_an_incident(whole):
    entry = entries(read("aiid", whole))[0]
    assert (entry.key, entry.kind, entry.title) == ("incident 4", "incident", "A lift skipped a floor")
    assert (entry.summary, entry.body) == ("It did not stop where it was told to.", "")
    assert (str(entry.occurred), entry.language) == ("2023-05-04", "en")
    assert (entry.licence, entry.attribution) == ("CC-BY-SA-4.0", "AI Incident Database")
    assert entry.page.url == "https://incidentdatabase.ai/cite/4/"
    assert (entry.page.title, entry.page.publisher) == (entry.title, "AI Incident Database")
    assert entry.roles == [
        RoleRecord(role="deployer", name="Up & Co", namespace="aiid", key="up-and-co"),
        RoleRecord(role="developer", name="Up & Co", namespace="aiid", key="up-and-co"),
        RoleRecord(role="developer", name="Down Inc.", namespace="aiid", key="down-inc."),
    ]


def test_reports_belong_to_many_incidents_and_their_texts_to_their_publishers(whole):
    first, second = entries(read("aiid", whole))
    (article,) = first.references
    assert (article.url, article.title, article.publisher) == ("https://news.example/1", "Report 1", "news.example")
    assert article.text == 'They said "stop" \\ it said\n"no".'
    assert (article.text_licence, article.authors, str(article.published)) == ("", ["Ada Beam"], "2023-05-06")
    assert second.references[1] == article
    assert second.title == "Door “voice” greets the wrong floor"


def test_what_those_concerned_said_is_a_response(tmp_path):
    reports = [report(1), report(2, tags=["response"]), report(3, tags=[])]
    files = {"aiidprod/incidents.bson": dump([incident(1, reports=[1, 2, 3])]), "aiidprod/reports.bson": dump(reports)}
    (entry,) = entries(read("aiid", pack(tmp_path / "a.tar.bz2", files)))

    assert [one.role for one in entry.references] == ["report", "response", "report"]


def test_a_report_without_an_address_of_the_web_is_kept_under_its_number(whole):
    second = entries(read("aiid", whole))[1]
    assert (second.references[0].url, second.references[0].urn) == ("", "urn:aiid:report:3")
    assert second.references[0].text == "The *lift* of report 3 went by."
    assert second.warnings == ["report 3: left out url: not an http or https address: 'gopher://old.example/3'"]


def test_what_is_wrong_with_a_report_costs_it_that_alone(tmp_path):
    reports = [
        report(1, language="English, I think", source_domain="n" * 400, authors=["Ada", "B" * 400]),
        report(2, title="t" * 600, date_published="soon", url=""),
        report(3, text="", plain_text="Plain.", license="CC-BY-4.0"),
    ]
    files = {"aiidprod/incidents.bson": dump([incident(1, reports=[1, 2, 3])]), "aiidprod/reports.bson": dump(reports)}
    (entry,) = entries(read("aiid", pack(tmp_path / "a.tar.bz2", files)))
    first, second, third = entry.references
    assert (first.url, first.language, first.publisher, first.authors) == ("https://news.example/1", "", "", [])
    assert (len(second.title), second.published, second.urn) == (500, None, "urn:aiid:report:2")
    assert (third.text, third.text_licence) == ("Plain.", "CC-BY-4.0")
    assert entry.warnings == [
        "report 1: left out publisher: is longer than the 300 allowed; authors.1: is longer than the 300 allowed; "
        "language: not a language code such as 'en': 'English, I think'",
        "report 2: title cut at 500 of 600 characters",
        "report 2: date left out: not a date: 'soon'",
        "report 2: left out needs an address (url), or a urn where it has none",
    ]


def test_bson_is_preferred_and_says_the_same(whole, tmp_path):
    in_bson = {
        "aiidprod/incidents.bson": dump([*INCIDENTS, incident(30, implicated_systems=["door-voice"])]),
        "aiidprod/reports.bson": dump(REPORTS),
        "aiidprod/entities.bson": dump(ENTITIES),
        "aiidprod/duplicates.bson": dump([{"duplicate_incident_number": 9.0, "true_incident_number": 4}]),
    }
    older = {"incidents.csv": incidents_csv(INCIDENTS[:1]), "duplicates.csv": b"other\n1\n"}
    for dot, files in ((False, in_bson | older), (True, older | in_bson)):
        records = read("aiid", pack(tmp_path / f"{dot}.tar.bz2", files, dot=dot))
        assert [record for record in records if getattr(record, "key", "") != "incident 30"] == read("aiid", whole)
        assert entries(records)[2].roles == [
            RoleRecord(role="system", name="Door Voice", namespace="aiid", key="door-voice")
        ]


def test_without_an_entity_table_names_come_from_slugs_and_claim_nothing(tmp_path):
    path = pack(tmp_path / "a.tar.bz2", {"incidents.csv": incidents_csv(INCIDENTS), "aiidprod/entities.bson": b""})
    source = open_source("aiid", str(path))
    records: list[Any] = list(source.records())
    assert len(records) == 2
    assert [role.name for role in records[1].roles] == ["X (Twitter) Users", "Qure.ai"]
    assert records[1].references == []
    assert source.notices == [
        "this snapshot has no entity table; names of entities are made from their slugs",
        "this snapshot has no reports; incidents come without references of their own",
    ]


@pytest.mark.parametrize(
    ("slug", "name"),
    [
        ("x-(twitter)", "X (Twitter)"),
        ("qure.ai", "Qure.ai"),
        ("bank-of-america", "Bank of America"),
        ("stability-ai", "Stability AI"),
        ("mcdonald's-customers", "Mcdonald's Customers"),
        ("--", "--"),
    ],
)
def test_humanised(slug, name):
    assert humanised(slug) == name


def test_a_withdrawn_incident_gives_its_reports_to_the_one_that_stands(tmp_path):
    files = {
        "incidents.csv": incidents_csv(
            [incident(7, reports=[1]), incident(8, reports=[2]), incident(9, reports=[2, 3])]
        ),
        "reports.csv": reports_csv([report(1), report(2), report(3)]),
        "duplicates.csv": DUPLICATES.replace(b"9,4", b"9,8\n8,7\n5,5\n6,99"),
    }
    records = read("aiid", pack(tmp_path / "a.tar.bz2", files))
    (entry,) = entries(records)
    assert entry.external_ids == [("aiid", "7")]
    assert [one.title for one in entry.references] == ["Report 1", "Report 2", "Report 3"]
    assert [(one.value, one.of) for one in records if isinstance(one, DuplicateRecord)] == [("8", "7"), ("9", "7")]
    assert [one.reason for one in records if isinstance(one, BadRecord)] == [
        "incident 5 is a duplicate of 5, which is not there; left as it is",
        "incident 6 is a duplicate of 99, which is not there; left as it is",
    ]


def test_bad_rows_are_told_and_stop_nothing(tmp_path):
    rows = incidents_csv(
        [incident(1), incident(2, ""), incident(3, date="one day"), incident(1), incident(5, reports=[8])]
    )
    rows += b"ObjectId(6),six,2023-01-01,[],[],[],[],d,t\nObjectId(7),7,2023-01-01,[1,[],[],[],d,t\nshort,row\n"
    rows += b'ObjectId(8),8,2023-01-01,[],"[""""]",[],[],d,An empty slug\nObjectId(9),9,2023-01-01,[],{},[],[],"open\n'
    reports = reports_csv([report(1)]) + reports_csv([report(2) | {"report_number": "two"}]).split(b"\n", 1)[1]
    records = read("aiid", pack(tmp_path / "a.tar.bz2", {"incidents.csv": rows, "reports.csv": reports}))
    bad = [record.reason for record in records if isinstance(record, BadRecord)]
    assert bad == [
        "incident 1 stands there twice; the first was read",
        "incident 'six': incident_id is not a whole number: 'six'",
        "incident '7': reports is not a JSON list: '[1'",
        "incidents.csv line 9: 2 values for 9 columns",
        "incidents.csv line 11: a quote is opened here and never closed",
        "report 'two': report_number is not a whole number: 'two'",
        "title: must not be empty",
    ]
    good = entries(records)
    assert [entry.key for entry in good] == ["incident 1", "incident 3", "incident 5", "incident 8"]
    assert good[1].occurred is None
    assert good[1].warnings == ["date left out: not a date: 'one day'"]
    assert good[2].warnings == ["reports 8 are not in the snapshot"]
    assert (good[3].title, good[3].roles) == ("An empty slug", [])


@pytest.mark.parametrize(
    "damaged",
    [
        dump([incident(1)]) + b"\xff\xff\xff\x7f" + dump([incident(2)]),
        dump([incident(1)]) + dump([incident(2)])[:-9],
        dump([incident(1)]) + b"\x02\x00",
        dump([incident(1)]) + b"\x0c\x00\x00\x00\x99ab\x00cdef",
    ],
)
def test_a_damaged_dump_is_told_where(tmp_path, damaged):
    records = read("aiid", pack(tmp_path / "a.tar.bz2", {"aiidprod/incidents.bson": damaged}))
    assert [entry.key for entry in entries(records)] == ["incident 1"]
    (bad,) = (record for record in records if isinstance(record, BadRecord))
    assert f"byte {len(dump([incident(1)]))}" in bad.reason


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"readme.txt": b"hello"}, "holds neither incidents.csv nor incidents.bson"),
        ({"incidents.csv": b""}, "holds neither incidents.csv nor incidents.bson"),
        ({"incidents.csv": b"incident_id,date,heading\n1,2023,A\n"}, "incidents.csv lacks title; it has incident_id,"),
        ({"aiidprod/incidents.bson": dump([{"number": 1}])}, "incidents.bson lacks incident_id, title"),
        (
            {"incidents.csv": incidents_csv(INCIDENTS), "reports.csv": b'"number"\n"1"\n'},
            "reports.csv lacks report_num",
        ),
        ({"incidents.csv": incidents_csv([])}, "no incident could be read; nothing was taken in"),
    ],
)
def test_another_layout_is_refused_naming_what_is_missing(tmp_path, files, said):
    path = pack(tmp_path / "a.tar.bz2", files)
    with pytest.raises(SourceError) as error:
        read("aiid", path)
    assert said in str(error.value)


def test_letters_that_cannot_be_read_and_reports_of_no_incident_are_told(tmp_path):
    rows = incidents_csv([incident(1, "A café lift", reports=[1])]).replace("é".encode(), b"\xe9")
    files = {"incidents.csv": rows, "reports.csv": reports_csv([report(1), report(2)])}
    source = open_source("aiid", str(pack(tmp_path / "a.tar.bz2", files)))
    assert [entry.title for entry in entries(source.records())] == ["A caf\ufffd lift"]
    assert "1 rows of incidents.csv hold letters that are no UTF-8; these stand there as \ufffd" in source.notices
    assert "1 reports belong to no incident, and were left out" in source.notices


def test_an_unpacked_folder(tmp_path):
    folder = tmp_path / "snapshot" / "mongodump_full_snapshot"
    (folder / "aiidprod").mkdir(parents=True)
    (folder / "incidents.csv").write_bytes(incidents_csv(INCIDENTS))
    (folder / "aiidprod" / "entities.bson").write_bytes(dump(ENTITIES))
    assert len(read("aiid", folder)) == len(read("aiid", folder.parent)) == 4
    before = open_source("aiid", str(folder)).fingerprint()
    (folder / "incidents.csv").write_bytes(incidents_csv(INCIDENTS[:1]))
    assert open_source("aiid", str(folder)).fingerprint() != before
    with pytest.raises(SourceError, match="holds neither"):
        open_source("aiid", str(folder / "aiidprod"))


def test_what_is_no_archive_is_refused_on_opening(write, whole):
    with pytest.raises(SourceError, match=r"is not a \.tar, .* archive, or is damaged"):
        open_source("aiid", str(write("a.tar.bz2", b"not an archive")))
    torn = write("torn.tar.bz2", whole.read_bytes()[:-40])
    with pytest.raises(SourceError, match="damaged"):
        read("aiid", torn)


def test_nothing_of_an_archive_but_what_is_read_reaches_the_disk(tmp_path):
    path, scratch = tmp_path / "evil.tar.bz2", tmp_path / "scratch"
    scratch.mkdir()
    content = incidents_csv(INCIDENTS)
    with tarfile.open(path, "w:bz2") as archive:
        for name in ("../../incidents.csv", "/tmp/x/y/z/incidents.csv", "a/b/c/incidents.csv"):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("mongodump_full_snapshot/reports.csv")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(SourceError, match="holds neither"):
        list(open_source("aiid", str(path), scratch=scratch).records())
    assert list(scratch.iterdir()) == []


def test_temporary_files_go_with_the_source(whole, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    source = open_source("aiid", str(whole), scratch=scratch)
    assert list(scratch.iterdir()) == []
    records = source.records()
    next(records)
    assert list(scratch.iterdir()) == []  # what is still needed is in files without a name
    assert len(list(records)) == 4


def test_columns_in_another_order_under_other_names_and_more_of_them(tmp_path):
    rows = (
        b"Title,Weather,Incident ID,AllegedDeployerOfAISystem\nA lift skipped a floor,fair,4.0,\"['up-and-co']\"\n"
        b"\xef\xbf\xbd,,5,\n"
    )
    source = open_source("aiid", str(pack(tmp_path / "a.tar.bz2", {"incidents.csv": rows})))
    first, second = entries(source.records())
    assert (first.title, first.external_ids) == ("A lift skipped a floor", [("aiid", "4")])
    assert [(role.role, role.key) for role in first.roles] == [("deployer", "up-and-co")]
    assert second.external_ids == [("aiid", "5")]
    assert source.notices[0] == (
        "incidents.csv has no date, reports, description, Alleged developer of AI system, "
        "Alleged harmed or nearly harmed parties; that is left open"
    )


@pytest.mark.parametrize(
    ("said", "date"),
    [
        ("2016", "2016"),
        ("2016-07", "2016-07"),
        ("2016-07-02T08:00:00.000Z", "2016-07-02"),
        (dt.datetime(2016, 7, 2, 8), "2016-07-02"),
        ("July 2, 2016", "2016-07-02"),
        ("", "None"),
    ],
)
def test_dates(tmp_path, said, date):
    path = pack(tmp_path / "a.tar.bz2", {"aiidprod/incidents.bson": dump([incident(1, date=said)])})
    (entry,) = entries(read("aiid", path))
    assert (str(entry.occurred), entry.warnings) == (date, [])


def test_similar_incidents_are_linked_and_notes_of_the_editors_kept(tmp_path):
    rows = [incident(1, editor_similar_incidents=[2, 1, 3], editor_notes="Two lifts, one shaft."), incident(2)]
    files = {"aiidprod/incidents.bson": dump(rows), "duplicates.csv": DUPLICATES.replace(b"9,4", b"3,2")}
    first, _ = entries(read("aiid", pack(tmp_path / "a.tar.bz2", files)))
    assert first.links == [LinkRecord(relation="similar", target=("aiid", "2"))]
    assert first.body == "## Notes of the editors\n\nTwo lifts, one shaft."


def test_what_is_too_long_for_a_summary_is_kept_in_the_body(tmp_path):
    path = pack(tmp_path / "a.tar.bz2", {"incidents.csv": incidents_csv([incident(1, description="lift " * 5000)])})
    (entry,) = entries(read("aiid", path))
    assert entry.body == ("lift " * 5000).strip()
    assert entry.body.startswith(entry.summary)


def test_entities_that_hang_together_and_those_that_are_one(tmp_path):
    files = {
        "aiidprod/incidents.bson": dump([incident(1, deployer=["up-co", "up-and-co"])]),
        "aiidprod/entities.bson": dump(
            [*ENTITIES, {"entity_id": "up-co", "name": "Up Co"}, {"entity_id": "", "name": ""}, {"entity_id": "x"}]
        ),
        "aiidprod/entity_relationships.bson": dump(
            [
                {"sub": "up-co", "obj": "nobody", "pred": "owns", "is_symmetric": False},
                {"sub": "nobody", "obj": ["down-inc."], "pred": "related", "is_symmetric": True},
                {"sub": "nobody", "obj": "", "pred": "owns"},
            ]
        ),
        "aiidprod/entity_duplicates.bson": dump([{"duplicate_entity_id": "up-co", "true_entity_id": "up-and-co"}]),
    }
    records = read("aiid", pack(tmp_path / "a.tar.bz2", files))
    assert records[:4] == [
        EntityRecord(namespace="aiid", key="nobody", name="Nobody"),
        EntityRecord(namespace="aiid", key="up-and-co", name="Up & Co", aliases=["Up Co"]),
        EntityRelationRecord(namespace="aiid", key="nobody", other="down-inc.", relation="related"),
        EntityRelationRecord(namespace="aiid", key="up-and-co", other="nobody", relation="owns"),
    ]
    assert [role.key for role in entries(records)[0].roles] == ["up-and-co"]
    assert [bad.reason for bad in records if isinstance(bad, BadRecord)] == [
        "entity: entity_id 'x' and name '' must both be there",
        "relation of entities: must have sub, pred and obj: ['nobody', 'owns', '']",
    ]


def test_other_databases_beside_the_dump_are_not_taken_for_it(tmp_path):
    path = pack(
        tmp_path / "a.tar.bz2",
        {
            "translations/incidents.bson": dump([incident(1, "Un ascenseur")]),
            "translations/reports_fr.bson": dump([report(1)]),
            "aiidprod/incidents.bson": dump([incident(1, "A lift")]),
            "history/incidents.bson": dump([incident(1, "An old lift")]),
        },
    )
    assert [entry.title for entry in entries(read("aiid", path))] == ["A lift"]


def test_packed_tables_in_a_folder(tmp_path):
    folder = tmp_path / "aiidprod"
    folder.mkdir()
    (folder / "incidents.bson.gz").write_bytes(gzip.compress(dump(INCIDENTS)))
    (tmp_path / "reports.csv.gz").write_bytes(gzip.compress(reports_csv(REPORTS)))
    first, second = entries(read("aiid", tmp_path))
    assert ([one.title for one in first.references], len(second.references)) == (["Report 1"], 2)
    (folder / "incidents.bson.gz").write_bytes(gzip.compress(dump(INCIDENTS))[:-20])
    with pytest.raises(SourceError, match=r"incidents\.bson\.gz is damaged"):
        read("aiid", tmp_path)


@pytest.mark.parametrize(("name", "incidents", "named"), [("20250210", 913, True), ("20250324", 989, False)])
def test_published_snapshots(name, incidents, named):
    path = real_input(f"aiid/backup-{name}000000.tar.bz2")
    records = read("aiid", path)
    assert not any(isinstance(record, BadRecord) for record in records)
    # One that is still listed, 637, was withdrawn in favour of 112.
    assert sum(entry.status == "" for entry in entries(records)) == incidents - 1
    assert sum(isinstance(record, DuplicateRecord) for record in records) == 12
    assert any(isinstance(record, EntityRecord) for record in records) is named
    assert all(entry.occurred and entry.summary for entry in entries(records) if not entry.status)
    assert [entry.warnings for entry in entries(records) if entry.warnings] == []
