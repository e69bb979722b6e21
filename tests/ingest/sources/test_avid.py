"""The AI Vulnerability Database as entries."""

import io
import json
import tarfile
import zipfile
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from ingest.records import BadRecord, EntryRecord, SameRecord, TaxonomyRecord
from ingest.sources import SourceError, open_source
from ingest.sources.avid import files as avid_files
from ingest.sources.avid.crossrefs import cross_references
from tests.ingest.sources.reading import read
from tests.real_inputs import real_input


def said(value, lang="eng"):
    return {"lang": lang, "value": value}


def record(identity="AVID-2031-R0001", title="Lift panel misheard", description="It went up.", **more):
    """A record in the layout of 0.3.3; `problem`, `impact` and the rest may be given."""
    kind = "vuln_id" if "-V" in identity else "report_id"
    doc = {
        "data_type": "AVID",
        "data_version": "0.3.3",
        "metadata": {kind: identity},
        "affects": {"developer": ["Up Ltd"], "deployer": ["n/a"], "artifacts": [{"type": "System", "name": "Ava"}]},
        "problemtype": {"classof": "LLM Evaluation", "type": "Issue", "description": said(title)},
        "references": [],
        "description": said(description),
        "impact": {},
        "credit": None,
    }
    if "problem" in more:
        doc["problemtype"]["classof"] = more.pop("problem")
    return doc | more


def impact(**avid):
    return {"avid": {"risk_domain": [], "sep_view": [], "lifecycle_view": [], "taxonomy_version": "0.2"} | avid}


def linked(*labels_and_urls):
    return [{"type": "source", "label": label, "url": url} for label, url in labels_and_urls]


@pytest.fixture
def tree(write, tmp_path):
    """`tree(record, …)` -> a folder in the layout of the repository."""

    def write_tree(*docs):
        for doc in docs:
            identity = doc["metadata"].get("vuln_id") or doc["metadata"].get("report_id")
            folder = "vulnerabilities" if "-V" in identity else "reports"
            write(f"avid-db/{folder}/{identity[5:9]}/{identity}.json", json.dumps(doc))
        return tmp_path / "avid-db"

    return write_tree


def entries(location):
    return [one for one in read("avid", location) if isinstance(one, EntryRecord)]


def test_a_report(tree):
    doc = record(
        description="Ava heard three for thirty.\n\nSo it went up.\n\n## Why\nAccents.",
        reported_date="2031-02-03",
        credit=[said("Ann Lee, N/A")],
        references=linked(("A blog", "https://example.org/a"), ("https://example.org/b", "https://example.org/b")),
        impact=impact(risk_domain=["Ethics"], sep_view=["E0101: Group fairness"], lifecycle_view=["L06: Deployment"])
        | {
            "cvss": {"version": "3.1", "vectorString": "CVSS:3.1/AV:N", "baseScore": 7.5, "baseSeverity": "HIGH"},
            "cwe": [{"cweId": "CWE-862", "description": "CWE-862 Missing Authorization. It asks nobody."}],
        },
        metrics=[{"scorer": "choice", "metrics": "accuracy", "value": 0.58933}],
    )
    (entry,) = entries(tree(doc))
    assert (entry.kind, entry.title, entry.language) == ("incident", "Lift panel misheard", "en")
    assert (entry.licence, entry.attribution) == ("MIT", "AI Vulnerability Database")
    assert entry.external_ids == [("avid", "AVID-2031-R0001")]
    assert str(entry.occurred) == "2031-02-03"
    assert entry.summary == "Ava heard three for thirty."
    assert entry.body.startswith("So it went up.\n\n## Why\nAccents.\n\n## Measurements\n\n| scorer | metric | value |")
    assert "| choice | accuracy | 0.58933 |" in entry.body
    assert entry.body.endswith("## Severity\n\n- CVSS 3.1: 7.5, HIGH, CVSS:3.1/AV:N")
    assert [(role.role, role.name) for role in entry.roles] == [("developer", "Up Ltd"), ("system", "Ava")]
    assert [(one.title, one.url) for one in entry.references] == [
        ("A blog", "https://example.org/a"),
        ("", "https://example.org/b"),
    ]
    assert (entry.page.url, entry.page.authors) == ("https://avidml.org/database/avid-2031-r0001/", ["Ann Lee"])
    assert [(one.taxonomy, one.category) for one in entry.classifications] == [
        ("AVID risk domain", ("Ethics",)),
        ("AVID SEP", ("Ethics", "E0100: Bias/Discrimination", "E0101: Group Fairness")),
        ("AVID lifecycle", ("L06: Deployment",)),
        ("AVID problem type", ("LLM Evaluation",)),
        ("AVID problem type", ("Issue",)),
        ("CWE", ("CWE-862: Missing Authorization",)),
    ]
    assert entry.warnings == []


def test_the_first_version_of_the_schema(tree):
    doc = {
        "data_type": "AVID",
        "data_version": "0.1",
        "metadata": {"report_id": "AVID-2031-R0001"},
        "affects": {"developer": [], "deployer": ["Ava (https://example.org/)"], "artifact": [{"name": "ava-small"}]},
        "problemtype": {"class": "LLM evaluation", "type": "Detection", "description": said("Biased floors")},
        "metrics": [{"name": "FLOOR", "features": {"sensitive": "accent"}, "detection_method": {"name": "z test"}}],
        "references": [],
        "description": said("Some accents go up."),
        "impact": impact(
            vuln_id="",
            sep_view=[{"id": "E0101", "name": "Group fairness"}],
            lifecycle_view=[{"id": "L05", "stage": "E"}],
        ),
    }
    (entry,) = entries(tree(doc))
    assert [(role.role, role.name) for role in entry.roles] == [("deployer", "Ava"), ("system", "ava-small")]
    assert [one.category[-1] for one in entry.classifications] == [
        "E0101: Group Fairness",
        "L05: Evaluation",
        "LLM Evaluation",
        "Detection",
    ]
    assert "| FLOOR | accent | z test |" in entry.body


def test_a_vulnerability_takes_its_reports_in(tree):
    vulnerability = record(
        "AVID-2031-V001",
        reports=[
            {"report_id": "AVID-2031-R0001", "type": "Issue", "name": "Lift panel misheard three"},
            {"report_id": "AVID-2031-R0009", "type": "Issue", "name": "Not in this folder"},
        ],
        published_date="2031-05-05",
    )
    first = record(
        title="Lift panel misheard",
        description="I said three.",
        reported_date="2031-02-03",
        references=linked(("Video", "https://example.org/v")),
    )
    second = record("AVID-2031-R0002", impact=impact(vuln_id="AVID-2031-V001"), reported_date="2031-01-01")
    lone = record("AVID-2031-R0003", title="Another thing")
    source = open_source("avid", str(tree(vulnerability, first, second, lone)))
    found = [one for one in source.records() if isinstance(one, EntryRecord)]
    assert [one.key for one in found] == ["AVID-2031-R0003", "AVID-2031-V001"]
    entry = found[1]
    assert [value for _, value in entry.external_ids] == [
        "AVID-2031-V001",
        "AVID-2031-R0001",
        "AVID-2031-R0009",
        "AVID-2031-R0002",
    ]
    pages = {one.url: one for one in entry.references}
    report = pages["https://avidml.org/database/avid-2031-r0001/"]
    assert (report.text, report.text_licence, str(report.published)) == ("I said three.", "MIT", "2031-02-03")
    assert pages["https://avidml.org/database/avid-2031-r0009/"].title == "Not in this folder"
    assert "https://example.org/v" in pages
    assert (str(entry.occurred), str(entry.page and entry.page.published)) == ("2031-01-01", "2031-05-05")
    assert source.count() == len(list(source.records()))


def test_a_report_under_another_title_than_it_is_listed_by_stays_apart(tree):
    listed = [{"report_id": "AVID-2031-R0001", "name": "Robot waiter spills soup"}]
    apart, entry = entries(tree(record("AVID-2031-V001", reports=listed), record(title="Lift panel misheard")))
    assert apart.external_ids == [("avid", "AVID-2031-R0001")]
    assert entry.external_ids == [("avid", "AVID-2031-V001")]
    assert [(link.relation, link.target) for link in entry.links] == [("related", ("avid", "AVID-2031-R0001"))]
    assert "AVID-2031-R0001 is listed as 'Robot waiter spills soup'" in entry.warnings[0]


def test_a_report_of_two_vulnerabilities_comes_with_the_first(tree):
    listed = [{"report_id": "AVID-2031-R0001", "name": ""}]
    docs = [record(f"AVID-2031-V00{n}", title=f"No {n}", reports=listed) for n in (1, 2)]
    first, second = entries(tree(*docs, record()))
    assert ("avid", "AVID-2031-R0001") in first.external_ids
    assert [link.target for link in second.links] == [("avid", "AVID-2031-R0001")]
    assert second.warnings == []


def test_an_incident_taken_over_from_aiid_or_atlas_is_that_incident(tree):
    taken = record(
        "AVID-2031-V001",
        title="Lift bot",
        problem="AIID Incident",
        references=linked(
            ("Incident 72: Lift bot", "https://incidentdatabase.ai/cite/72"),
            ("Lift poisoning", "https://atlas.mitre.org/studies/AML.CS0099/"),
        ),
        published_date="2031-05-05",
    )
    found = read("avid", tree(taken))
    (entry,) = [one for one in found if isinstance(one, EntryRecord)]
    ids = [("avid", "AVID-2031-V001"), ("aiid", "72"), ("atlas", "AML.CS0099")]
    assert (entry.external_ids, entry.links, entry.occurred) == (ids, [], None)
    assert [one.ids for one in found if isinstance(one, SameRecord)] == [ids]


TWO_INCIDENTS = (
    ("Incident 1: A", "https://incidentdatabase.ai/cite/1/"),
    ("Incident 2: B", "https://incidentdatabase.ai/es/cite/2?lang=en"),
)


@pytest.mark.parametrize(
    ("doc", "same", "related"),
    [
        (record(references=linked(("Incident 5: x", "https://incidentdatabase.ai/cite/5"))), [], [("aiid", "5")]),
        (
            record(
                problem="AIID Incident",
                title="B",
                references=linked(*TWO_INCIDENTS),
            ),
            [("aiid", "2")],
            [("aiid", "1")],
        ),
        (
            record(
                problem="AIID Incident", references=linked(("Incident 9: Lift", "https://incidentdatabase.ai/apps"))
            ),
            [("aiid", "9")],
            [],
        ),
        (
            record(problem="ATLAS Case Study", references=linked(("See AML.CS0001", "https://example.org/"))),
            [("atlas", "AML.CS0001")],
            [],
        ),
        (
            record(description="As in AIID incident 112, AML.CS0003 and AVID-2022-V001; not in incident 4."),
            [],
            [("aiid", "112"), ("atlas", "AML.CS0003"), ("avid", "AVID-2022-V001")],
        ),
        (record(problem="CVE Entry", title="Overflow (CVE-2031-12345)"), [("cve", "CVE-2031-12345")], []),
        (record(problem="CVE Entry", title="Two: CVE-2031-12345, CVE-2031-12346"), [], []),
        (record(description="AVID-2031-R0001 is this one."), [], []),
    ],
)
def test_what_a_record_names_elsewhere(doc, same, related):
    assert cross_references(doc, "AVID-2031-R0001") == (same, related)


def test_what_is_under_review_is_a_draft(write, tmp_path):
    doc = record(problem="CVE Entry", title="Overflow (CVE-2031-12345)")
    del doc["metadata"]
    write("reports/review/CVE-2031-12345_report.json", json.dumps(doc))
    (entry,) = entries(tmp_path)
    assert (entry.status, entry.external_ids, entry.page) == ("draft", [("cve", "CVE-2031-12345")], None)


def test_bad_documents_are_told_and_stop_nothing(tree, write):
    root = tree(record(), record("AVID-2031-R0003", reported_date="03/04/2031", references=["../img/a.png", 7]))
    write("avid-db/reports/a.json", b'{"data_type": "AVID", \xff}')
    write("avid-db/reports/b.json", "[" * 100_000)
    write("avid-db/reports/c.json", '{"name": "package"}')
    write("avid-db/reports/d.json", "")
    write("avid-db/reports/e.json", '{"data_type": "AVID", "affects": 7, "impact": [], "problemtype": "x"}')
    write("avid-db/reports/2031old/AVID-2031-R0001.json", json.dumps(record()))
    write("avid-db/.git/x.json", "{}")
    source = open_source("avid", str(root))
    found: list[Any] = [one for one in source.records() if not isinstance(one, TaxonomyRecord)]
    assert {one.key: one.reason for one in found if isinstance(one, BadRecord)} == {
        "reports/a.json": "not UTF-8 at byte 23",
        "reports/b.json": "nested too deeply",
        "reports/c.json": "not an AVID record: it says neither data_type AVID nor a problemtype",
        "reports/d.json": "not JSON: Expecting value at character 1",
        "reports/e.json": "title: must not be empty",
    }
    odd = next(one for one in found if one.key == "AVID-2031-R0003")
    assert [warning.split(":")[0] for warning in odd.warnings] == [
        "reported_date left out",
        "reference 1 left out",
        "reference 2 left out",
    ]
    assert source.notices == [
        "1 records have the id of an earlier one and were left out: reports/2031old/AVID-2031-R0001.json"
    ]
    assert source.count() == len(list(source.records()))


def test_an_archive_reads_like_its_folder(tree, tmp_path):
    root = tree(record("AVID-2031-V001"), record(), record("AVID-2031-R0002"))
    tar, zipped = tmp_path / "avid.tar.bz2", tmp_path / "avid.zip"
    with tarfile.open(tar, "w:bz2") as archive:
        archive.add(root, "avid-db")
    with zipfile.ZipFile(zipped, "w") as archive:
        for path in sorted(root.rglob("*.json"), reverse=True):
            archive.write(path, f"avid-db-main/{path.relative_to(root)}")
    assert [one.key for one in entries(root)] == ["AVID-2031-R0001", "AVID-2031-R0002", "AVID-2031-V001"]
    for one, other in pairwise((root, tar, zipped)):
        assert entries(one) == entries(other)
        assert open_source("avid", str(other)).collection == open_source("avid", str(one)).collection == "database"


@pytest.mark.parametrize(
    "content",
    [
        json.dumps([record(), record("AVID-2031-R0002")], indent=1),
        json.dumps([record(), record("AVID-2031-R0002")]),
        json.dumps({"reports": [record()], "vulnerabilities": [record("AVID-2031-R0002")]}),
        "\n".join(json.dumps(doc) for doc in (record(), record("AVID-2031-R0002"))),
        "\ufeff\n" + json.dumps(record()) + "\n\n" + json.dumps(record("AVID-2031-R0002")) + "\n",
    ],
)
def test_a_list_or_lines_in_one_file(write, content):
    path = write("avid.json", content)
    assert [one.key for one in entries(path)] == ["AVID-2031-R0001", "AVID-2031-R0002"]
    assert open_source("avid", str(path)).collection is None


def test_one_record_in_a_file(write):
    for indent in (None, 2):
        assert [one.key for one in entries(write("one.json", json.dumps(record(), indent=indent)))] == [
            "AVID-2031-R0001"
        ]


def test_what_holds_no_record_is_refused(write, tmp_path, monkeypatch):
    monkeypatch.setattr(avid_files, "MAX_LIST", 1000)
    (tmp_path / "empty").mkdir()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz"):
        pass
    for path, reason in (
        (tmp_path / "empty", "holds no .json file"),
        (write("a.txt", "hello"), "neither JSON nor an archive"),
        (write("b.json", "[\n" + "1,\n" * 1000 + "1]"), "larger than 1,000 bytes"),
        (write("c.json", "[\n"), "is not JSON"),
        (write("d.json", "[]\n"), "is an empty list"),
        (write("e.tar.gz", buffer.getvalue()), "holds no .json file"),
        (write("f.tar.bz2", b"BZh91AY&SY" + b"x" * 100), "damaged"),
    ):
        with pytest.raises(SourceError, match=reason):
            read("avid", path)


def test_the_real_excerpt():
    found = read("avid", real_input("avid/avid-db-excerpt.tar.bz2"))
    assert Counter(type(one).__name__ for one in found) == {"EntryRecord": 340, "SameRecord": 34, "TaxonomyRecord": 2}
    ids = Counter(namespace for one in found if isinstance(one, EntryRecord) for namespace, _ in one.external_ids)
    assert (ids["aiid"], ids["atlas"]) == (18, 17)
    assert all(one.summary or one.body for one in found if isinstance(one, EntryRecord))
