"""What AIID's incidents are classified as: from CSV and from BSON, with the definitions of taxonomies and without."""

import json

import pytest
from bson import ObjectId

from ingest.records import BadRecord, EntryRecord, TaxonomyRecord
from ingest.sources import open_source
from ingest.sources.aiid.values import Column, Vocabulary
from tests.ingest.sources.snapshots import (
    classification,
    classifications_csv,
    dump,
    field,
    incident,
    incidents_csv,
    pack,
    taxonomy,
)

SECTORS = ["gas, steam and air", "mining", "Arts, games and play"]
CSET = taxonomy(
    "CSETv1",
    field("Annotator", "string", public=False),
    field("AI System", "enum", ["yes", "no"]),
    field("Sector of Deployment", "multi", SECTORS),
    field("AI System", "enum", ["yes", "no"]),
    field("Deadly", "bool"),
    field("Lives Lost", "int"),
    field("Notes (sector of deployment)", "long_string"),
    field("AI Task", "list"),
)
GMF = taxonomy(
    "GMF",
    field("Known AI Goal", "list", complete_from={"all": ["Known AI Goal"]}),
    field("Known AI Goal Snippets", "object-list"),
    field("Known AI Goal Classification Discussion", "long_string"),
)
COLUMNS = ["Annotator", "AI System", "Sector of Deployment", "AI System", "Deadly", "Lives Lost", "AI Task"]


@pytest.fixture
def labels(tmp_path):
    """`labels(files)` -> incident number -> {(taxonomy, field, value): evidence}, and the source that told them."""

    def read(files, incidents=(4,)):
        rows = {"incidents.csv": incidents_csv([incident(number) for number in incidents])}
        source = open_source("aiid", str(pack(tmp_path / "a.tar.bz2", rows | files)))
        records = list(source.records())
        assert source.count() == len(records)
        found = {
            int(entry.external_ids[0][1]): {
                (one.taxonomy, *one.category): one.evidence for one in entry.classifications
            }
            for entry in records
            if isinstance(entry, EntryRecord)
        }
        return found, source, records

    return read


def details(records):
    return [detail for one in records if isinstance(one, EntryRecord) for detail in one.facts.get("details", [])]


def of(namespace, *values):
    return {(namespace, *value) for value in values}


def test_values_with_commas_are_told_by_what_is_permitted(labels):
    table = classifications_csv(
        "CSETv1", COLUMNS, [4, "True", "7", "yes", "Mining, gas, steam and air, fishing", "no", "True", 2, "lifting"]
    )
    found, _, records = labels({"aiidprod/taxa.bson": dump([CSET]), "classifications_CSETv1.csv": table})
    assert set(found[4]) == of(
        "CSETv1",
        ("AI System", "yes"),
        ("Sector of Deployment", "mining"),
        ("Sector of Deployment", "gas, steam and air"),
        ("Sector of Deployment", "fishing"),
        ("AI System (2)", "no"),
        ("Deadly", "True"),
    )
    assert details(records) == ["Lives Lost: 2 (CSETv1)", "AI Task: lifting (CSETv1)"]


def test_bson_says_the_same_as_csv_and_is_preferred(labels):
    values = [
        ("Annotator", "7"),
        ("AI System", "yes"),
        ("Sector of Deployment", ["mining", "gas, steam and air"]),
        ("AI System", "no"),
        ("Deadly", True),
        ("Lives Lost", 2),
        ("AI Task", ["lifting", "stopping"]),
    ]
    taxa = {"aiidprod/taxa.bson": dump([CSET])}
    table = classifications_csv("CSETv1", [name for name, _ in values], [4, True, *(value for _, value in values)])
    from_csv, _, _ = labels(taxa | {"classifications_CSETv1.csv": table})
    other = classifications_csv("CSETv1", ["Deadly"], [4, True, False])
    rows = dump([classification("CSETv1", 4, *values)])
    from_bson, _, _ = labels(taxa | {"classifications_CSETv1.csv": other, "aiidprod/classifications.bson": rows})
    assert from_bson == from_csv
    assert ("CSETv1", "AI System (2)", "no") in from_bson[4]


def test_without_definitions_values_are_told_by_what_stands_alone(labels):
    table = classifications_csv(
        "CSETv0",
        ["Sector of Deployment", "Severity", "Full Description"],
        [1, "True", "Arts, games and play", "Minor", "x" * 500],
        [2, "True", "Arts, games and play, mining", "Minor", "y"],
        [3, "True", "mining, status (e.g., with, or without)", "No, none", "y"],
    )
    found, _, _ = labels({"classifications_CSETv0.csv": table}, incidents=(1, 2, 3))
    assert set(found[1]) == of("CSETv0", ("Sector of Deployment", "Arts, games and play"), ("Severity", "Minor"))
    assert {value for _, name, value in found[2] if name == "Sector of Deployment"} == {
        "Arts, games and play",
        "mining",
    }
    assert {value for _, name, value in found[3]} == {"mining", "status (e.g., with, or without)", "No, none"}


def test_columns_of_an_unknown_taxonomy_are_categories_when_they_have_few_short_values(labels):
    rows = [[number, "True", "ab"[number % 2], f"text {number}", number, "x, y"] for number in range(1, 31)]
    found, _, records = labels(
        {"classifications_NEW.csv": classifications_csv("NEW", ["Kind", "Words", "Size", "Parts"], *rows)},
        incidents=range(1, 31),
    )
    assert set(found[2]) == of("NEW", ("Kind", "a"), ("Parts", "x, y"))
    assert details(records)[:2] == ["Words: text 1 (NEW)", "Size: 1 (NEW)"]


def test_what_is_not_published_is_left_out(labels):
    rows = [[1, "True", "yes"], [2, "False", "yes"], [3, "", "yes"]]
    found, source, _ = labels(
        {"classifications_CSETv1.csv": classifications_csv("CSETv1", ["Embedded"], *rows)}, (1, 2, 3)
    )
    assert found == {1: {("CSETv1", "Embedded", "yes"): ""}, 2: {}, 3: {}}
    assert "CSETv1: 2 classifications are not published, and were left out" in source.notices

    documents = [
        classification("CSETv1", 1, ("Embedded", "yes"), publish=False),
        classification("CSETv1", 2, ("Embedded", "yes")),
        {"namespace": "CSETv1", "incident_id": 3, "classifications": {"Embedded": "no", "Publish": True}},
    ]
    found, source, _ = labels({"aiidprod/classifications.bson": dump(documents)}, (1, 2, 3))
    assert found == {1: {}, 2: {("CSETv1", "Embedded", "yes"): ""}, 3: {("CSETv1", "Embedded", "no"): ""}}

    table = classifications_csv("CSETv1", ["Embedded"], [1, "True", "yes"]).replace(b"Published", b"Ready")
    found, source, _ = labels({"classifications_CSETv1.csv": table}, (1,))
    assert found == {1: {}}
    assert "classifications_CSETv1.csv was left out: it has no column Published" in source.notices


def test_single_annotators_are_left_out(labels):
    namespace = "CSETv1_Annotator-1"
    files = {
        "aiidprod/taxa.bson": dump([CSET | {"namespace": namespace}]),
        f"classifications_{namespace}.csv": classifications_csv(namespace, ["Embedded"], [4, "True", "yes"]),
    }
    found, source, records = labels(files)
    assert found == {4: {}}
    assert not any(isinstance(record, TaxonomyRecord) for record in records)
    assert f"{namespace} were left out: what single annotators said before they agreed" in source.notices


def test_discussions_are_evidence_and_quotes_of_reports_are_not(labels):
    row = classification(
        "GMF",
        4,
        ("Known AI Goal", ["Lifting, Lowering", "Stopping"]),
        ("Known AI Goal Snippets", [{"attributes": [{"short_name": "Text", "value_json": '"quoted"'}]}]),
        ("Known AI Goal Classification Discussion", "It was to stop."),
    )
    found, _, _ = labels({"aiidprod/taxa.bson": dump([GMF]), "aiidprod/classifications.bson": dump([row])})
    assert found[4] == {
        ("GMF", "Known AI Goal", "Lifting, Lowering"): "It was to stop.",
        ("GMF", "Known AI Goal", "Stopping"): "It was to stop.",
    }
    notes = classification(
        "CSETv1", 4, ("Sector of Deployment", ["mining"]), ("Notes (sector of deployment)", "Underground.")
    )
    found, _, _ = labels({"aiidprod/taxa.bson": dump([CSET]), "aiidprod/classifications.bson": dump([notes])})
    assert found[4] == {("CSETv1", "Sector of Deployment", "mining"): "Underground."}


def test_taxonomies_with_what_their_fields_mean(labels):
    _, _, records = labels({"aiidprod/taxa.bson": dump([GMF, CSET, {"namespace": "Odd"}])})
    first, second = (record for record in records if isinstance(record, TaxonomyRecord))
    assert (first.name, first.url) == ("CSETv1", "https://incidentdatabase.ai/taxonomy/csetv1/")
    assert (first.licence, first.attribution) == ("CC-BY-SA-4.0", "AI Incident Database")
    assert first.description.startswith("# CSETv1")
    assert [category.path for category in first.categories] == [
        ("AI System",),
        ("AI System", "yes"),
        ("AI System", "no"),
        ("Sector of Deployment",),
        *(("Sector of Deployment", sector) for sector in SECTORS),
        ("AI System (2)",),
        ("AI System (2)", "yes"),
        ("AI System (2)", "no"),
        ("Deadly",),
    ]
    assert first.categories[0].description == "What about AI System?\n\nSays what is known of AI System."
    assert [category.path for category in second.categories] == [("Known AI Goal",)]
    (bad,) = (record for record in records if isinstance(record, BadRecord))
    assert bad.reason == "taxa: a taxonomy without a namespace or a list of fields"


def test_classifications_of_what_is_not_there_are_told(labels):
    table = classifications_csv("MIT", ["Intent"], [4, "True", "Other"], [9, "True", "Other"], ["x", "True", "Other"])
    found, source, records = labels({"classifications_MIT.csv": table})
    assert found == {4: {("MIT", "Intent", "Other"): ""}}
    assert "classifications of incidents that are withdrawn or missing were left out: 9" in source.notices
    assert [record.reason for record in records if isinstance(record, BadRecord)] == [
        "classifications_MIT.csv line 4: Incident ID is not a whole number: 'x'"
    ]


def test_a_value_that_no_category_can_have_is_told(labels):
    row = classification("MIT", 4, ("Intent", "x" * 400), ("Timing", {"odd": 1}), ("Entity", "--"))
    _, _, records = labels({"aiidprod/classifications.bson": dump([row])})
    (entry,) = (record for record in records if isinstance(record, EntryRecord))
    assert entry.classifications == []
    assert entry.warnings == ["classification 1 left out: category.1: is longer than the 300 allowed"]


def test_vocabularies():
    known = Vocabulary(["a, b", "A, B, C", "d"])
    assert known.split("a, b, c, a, b, D, e") == ["A, B, C", "a, b", "d", "e"]
    assert known.split("") == []
    assert known.split("(" + ", " * 30_000) == ["(" + ", " * 30_000]

    column = Column()
    for cell in ("x", "x, y", "p, q", "x, p, q", "s, t", "t, s"):
        column.see(cell)
    assert column.vocabulary().split("y, p, q, s, t") == ["y", "p, q", "s", "t"]


def attributes(**values):
    return [{"short_name": name.replace("_", " "), "value_json": json.dumps(value)} for name, value in values.items()]


def quoted(*texts):
    """Snippets as the database has them: objects within objects, each value in JSON of its own."""
    return [{"attributes": attributes(Snippet_Text=text, Related_Classifications=["Sorting"])} for text in texts]


def test_documents_as_the_database_holds_them(labels):
    """Attributes in any order, each value in JSON; snippets and entities as objects within; numbers as lists."""
    gmf = {
        "_id": ObjectId(),
        "namespace": "GMF",
        "publish": True,
        "notes": "",
        "attributes": attributes(
            Known_AI_Goal_Snippets=quoted("It sorted the lifts.", "It sorted us."),
            Known_AI_Goal=["Sorting", "Lift, Hoist Control"],
            Known_AI_Goal_Classification_Discussion="Sorting: says the panel.",
            Potential_AI_Goal=[],
        ),
        "incidents": [4, 5],
        "reports": [],
    }
    cset = {
        "_id": ObjectId(),
        "namespace": "CSETv1",
        "publish": True,
        "attributes": [
            *attributes(Annotation_Status="6. Complete and final", Peer_Reviewer="002", Quality_Control=False),
            *attributes(AI_System="yes", Lives_Lost=3, Injuries=0, Location_City="Lyon", Estimated_Date=True),
            *attributes(Entities=[{"attributes": attributes(Entity="Acme", Named_Entity=True)}], AI_Task=["lift"]),
            {"short_name": "AI System", "value_json": '"no"'},
            {"short_name": "Notes (Timing)", "value_json": '"At night."'},
            {"short_name": None, "value_json": None},
        ],
        "incidents": [4],
    }
    annotated = cset | {"_id": ObjectId(), "namespace": "CSETv1_Annotator-2"}
    of_report = gmf | {"_id": ObjectId(), "incidents": [], "reports": [7]}
    rows = dump([gmf, cset, annotated, of_report, gmf | {"_id": ObjectId(), "incidents": [6], "publish": False}])

    found, _, records = labels({"aiidprod/classifications.bson": rows}, incidents=(4, 5, 6))

    goals = of("GMF", ("Known AI Goal", "Sorting"), ("Known AI Goal", "Lift, Hoist Control"))
    assert set(found[5]) == goals
    assert set(found[4]) == goals | of(
        "CSETv1", ("AI System", "yes"), ("AI System (2)", "no"), ("Estimated Date", "True")
    )
    assert found[6] == {}
    assert found[5]["GMF", "Known AI Goal", "Sorting"] == "Sorting: says the panel."
    assert details(records) == [
        "Lives Lost: 3 (CSETv1)",
        "Location City: Lyon (CSETv1)",
        "AI Task: lift (CSETv1)",
        "Notes (Timing): At night. (CSETv1)",
    ]
    assert not any(isinstance(one, BadRecord) for one in records)


def test_the_table_of_the_first_snapshots_holds_every_value_as_json(labels):
    table = (
        "_id,incident_id,namespace,publish,Annotator,Severity,Harm Type,Lives Lost,Full Description\n"
        'ObjectId(1),4,CSETv0,true,"""7""","""Minor""","[""Harm to property"",""Other: harm, or so""]",2,"""Fell."""\n'
        'ObjectId(2),5,CSETv0,false,"""7""","""Minor""",[],0,""""""\n'
    )

    found, _, records = labels({"classifications_cset.csv": table.encode()}, incidents=(4, 5))

    assert set(found[4]) == of(
        "CSETv0", ("Severity", "Minor"), ("Harm Type", "Harm to property"), ("Harm Type", "Other: harm, or so")
    )
    assert found[5] == {}
    assert details(records) == ["Lives Lost: 2 (CSETv0)", "Full Description: Fell. (CSETv0)"]
