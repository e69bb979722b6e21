"""MITRE ATLAS as taxonomies and incidents, in the layouts it has had."""

import tarfile
from collections import Counter
from typing import Any

import pytest

from ingest.records import BadRecord, EntryRecord, SameRecord, TaxonomyRecord
from ingest.sources import SourceError, open_source
from tests.ingest.sources.reading import read
from tests.real_inputs import real_input

FIVE = """\
---
id: ATLAS
version: 5.9.0
matrices:
- id: ATLAS
  name: ATLAS Matrix
  tactics:
  - id: AML.TA0002
    name: Reconnaissance
    object-type: tactic
    description: Looking around, as in [Discovery](/tactics/AML.TA0008).
  - {id: AML.TA0011, name: Impact, object-type: tactic, description: Harm.}
  techniques:
  - id: AML.T0900
    name: Ask the Lift
    object-type: technique
    description: It answers.
    tactics: [AML.TA0002, AML.TA0011]
  - id: AML.T0900.001
    name: Ask Twice
    object-type: technique
    description: It answers twice.
    subtechnique-of: AML.T0900
  mitigations:
  - id: AML.M0900
    name: Mute the Lift
    object-type: mitigation
    description: Silence.
    techniques:
    - id: AML.T0900.001
      use: |
        It cannot
        answer.
case-studies:
- id: AML.CS0901
  name: Lift Says Which Floor Is Empty
  object-type: case-study
  summary: |
    A [lift](https://example.org/lift) told strangers who was out.

    It was asked by voice.
  incident-date: 2031-05-01
  incident-date-granularity: MONTH
  procedure:
  - tactic: AML.TA0002
    technique: AML.T0900
    description: They asked. See [Ask Twice](/techniques/AML.T0900.001).
  - tactic: AML.TA0011
    technique: AML.T0900.001
    description: They asked again.
  - tactic: AML.TA0002
    technique: AML.T0900
    description: And once more.
  target: Lift Panel, Door (Front, Back)
  actor: Ann Lee, Bob Ray
  reporter: Up Research
  case-study-type: exercise
  references:
  - title: "AIID Incident 4711: Talkative lift"
    url: https://incidentdatabase.ai/cite/4711/
  - title: A talk without a page
    url: null
- id: AML.CS0900
  name: Older One
  object-type: case-study
  summary: Nothing much.
  incident-date: 2030-01-01
  incident-date-granularity: YEAR
  procedure: []
  target: Lift users
  actor: Unknown
  case-study-type: incident
"""
SIX = """\
format-version: 6.0.0
collection: {id: ATLAS-collection, version: "2031.05", name: ATLAS}
matrix: {id: ATLAS-matrix, name: ATLAS, object-type: matrix}
tactics:
  AML.TA0002:
    name: Reconnaissance
    description: Looking around, as in [Discovery](/tactics/AML.TA0008).
    id: AML.TA0002
    object-type: tactic
  AML.TA0011: {name: Impact, description: Harm., id: AML.TA0011, object-type: tactic}
techniques:
  AML.T0900:
    name: Ask the Lift
    description: It answers.
    platforms: [Predictive AI]
    id: AML.T0900
    object-type: technique
  AML.T0900.001: {name: Ask Twice, description: It answers twice., id: AML.T0900.001, object-type: technique}
mitigations:
  AML.M0900: {name: Mute the Lift, description: Silence., id: AML.M0900, object-type: mitigation}
case-studies:
  AML.CS0901:
    name: Lift Says Which Floor Is Empty
    description: |
      A [lift](https://example.org/lift) told strangers who was out.

      It was asked by voice.
    references:
    - {id: ref-1, title: "AIID Incident 4711: Talkative lift", url: "https://incidentdatabase.ai/cite/4711/"}
    - {id: ref-2, title: A talk without a page}
    date: '2031-05-01'
    date-granularity: Month
    type: Exercise
    target: Lift Panel, Door (Front, Back)
    actor: Ann Lee, Bob Ray
    reporter: Up Research
    id: AML.CS0901
    object-type: case-study
  AML.CS0900:
    name: Older One
    description: Nothing much.
    date: '2030-01-01'
    date-granularity: Year
    type: Incident
    target: Lift users
    actor: Unknown
    id: AML.CS0900
    object-type: case-study
relationships:
  ATLAS-matrix:
    sequences:
    - {source: ATLAS-matrix, target: AML.TA0002, relationship-type: sequences}
  AML.T0900:
    achieves:
    - {source: AML.T0900, target: AML.TA0002, relationship-type: achieves}
    - {source: AML.T0900, target: AML.TA0011, relationship-type: achieves}
  AML.T0900.001:
    specializes:
    - {source: AML.T0900.001, target: AML.T0900, relationship-type: specializes}
  AML.M0900:
    mitigates:
    - {source: AML.M0900, target: AML.T0900.001, relationship-type: mitigates, description: It cannot answer.}
  AML.CS0901:
    employs:
    - source: AML.CS0901
      target: AML.T0900
      relationship-type: employs
      description: And once more.
      tactic: AML.TA0002
      step-id: S10
      leads-to: []
    - source: AML.CS0901
      target: AML.T0900
      relationship-type: employs
      description: They asked. See [Ask Twice](/techniques/AML.T0900.001).
      tactic: AML.TA0002
      step-id: S00
      leads-to: [S02]
    - source: AML.CS0901
      target: AML.T0900.001
      relationship-type: employs
      description: They asked again.
      tactic: AML.TA0011
      step-id: S02
      leads-to: [S10]
"""
EARLY = """\
case-studies:
- id: AML.CS0900
  name: Older One
  object-type: case-study
  summary: Nothing much.
  incident-date: 2030-01-01
  incident-date-granularity: YEAR
  procedure:
  - {tactic: AML.TA0002, technique: AML.T0900.001, description: They asked.}
  references: null
  reported-by: Ann Lee and others
id: ATLAS
tactics:
- {id: AML.TA0002, name: Reconnaissance, object-type: tactic, description: Looking.}
techniques:
- {id: AML.T0900, name: Ask the Lift, object-type: technique, description: It answers., tactics: [AML.TA0002]}
- id: AML.T0900.001
  name: "Ask the Lift: Ask Twice"
  object-type: technique
  description: It answers twice.
  subtechnique-of: AML.T0900
version: '2.4'
"""
BODY = """\
It was asked by voice.

- **Actor:** Ann Lee, Bob Ray
- **Target:** Lift Panel, Door (Front, Back)
- **Reported by:** Up Research

## Procedure

### 1. Reconnaissance: Ask the Lift

They asked. See [Ask Twice](https://atlas.mitre.org/techniques/AML.T0900.001).

Technique [AML.T0900](https://atlas.mitre.org/techniques/AML.T0900)

### 2. Impact: Ask the Lift › Ask Twice

They asked again.

Technique [AML.T0900.001](https://atlas.mitre.org/techniques/AML.T0900.001)

### 3. Reconnaissance: Ask the Lift

And once more.

Technique [AML.T0900](https://atlas.mitre.org/techniques/AML.T0900)

## Further sources

- A talk without a page"""


@pytest.fixture(params=[FIVE, SIX], ids=["5", "6"])
def released(request, write):
    """A file in the layout of format 5, or the same in that of format 6."""
    return write("ATLAS.yaml", request.param)


def entries(location: Any) -> list[Any]:
    return [one for one in read("atlas", location) if isinstance(one, EntryRecord)]


def test_a_case_study(released):
    entry = entries(released)[1]
    assert (entry.key, entry.kind, entry.title) == ("AML.CS0901", "incident", "Lift Says Which Floor Is Empty")
    assert (entry.licence, entry.attribution, entry.language) == ("Apache-2.0", "MITRE ATLAS", "en")
    assert entry.external_ids == [("atlas", "AML.CS0901"), ("aiid", "4711")]
    assert entry.summary == "A lift told strangers who was out."
    assert entry.body == BODY
    assert str(entry.occurred) == "2031-05"
    assert [(role.role, role.name) for role in entry.roles] == [
        ("system", "Lift Panel"),
        ("system", "Door (Front, Back)"),
        ("author", "Up Research"),
        ("author", "Ann Lee"),
        ("author", "Bob Ray"),
    ]
    assert [one.url for one in entry.references] == [
        "https://incidentdatabase.ai/cite/4711/",
        "https://example.org/lift",
    ]
    assert [(one.taxonomy, one.category, one.evidence) for one in entry.classifications] == [
        ("MITRE ATLAS case study type", ("Exercise",), ""),
        ("MITRE ATLAS", ("Reconnaissance", "Ask the Lift"), "They asked. See Ask Twice.\n\nAnd once more."),
        ("MITRE ATLAS", ("Impact", "Ask the Lift", "Ask Twice"), "They asked again."),
    ]
    assert entry.page.url == "https://atlas.mitre.org/studies/AML.CS0901"
    assert entry.warnings == []


def test_an_incident_by_nobody_known(released):
    entry = entries(released)[0]
    assert (entry.key, str(entry.occurred)) == ("AML.CS0900", "2030")
    assert [(role.role, role.name) for role in entry.roles] == [("harmed", "Lift users")]


def test_techniques_and_mitigations_are_taxonomies(released):
    techniques, mitigations = (one for one in read("atlas", released) if isinstance(one, TaxonomyRecord))
    assert (techniques.name, techniques.licence) == ("MITRE ATLAS", "Apache-2.0")
    expected: dict[tuple[str, ...], str] = {
        ("Reconnaissance",): "Looking around, as in [Discovery](https://atlas.mitre.org/tactics/AML.TA0008).\n\n"
        "[AML.TA0002](https://atlas.mitre.org/tactics/AML.TA0002)",
        ("Impact",): "Harm.\n\n[AML.TA0011](https://atlas.mitre.org/tactics/AML.TA0011)",
        ("Reconnaissance", "Ask the Lift"): "It answers.\n\n[AML.T0900](https://atlas.mitre.org/techniques/AML.T0900)",
        ("Impact", "Ask the Lift"): "It answers.\n\n[AML.T0900](https://atlas.mitre.org/techniques/AML.T0900)",
        **{
            (tactic, "Ask the Lift", "Ask Twice"): "It answers twice.\n\n"
            "[AML.T0900.001](https://atlas.mitre.org/techniques/AML.T0900.001)"
            for tactic in ("Reconnaissance", "Impact")
        },
    }
    assert {one.path: one.description for one in techniques.categories} == expected
    (mitigation,) = mitigations.categories
    assert mitigation.path == ("Mute the Lift",)
    assert mitigation.description == (
        "Silence.\n\nIt works against\n\n"
        "- [Ask the Lift › Ask Twice](https://atlas.mitre.org/techniques/AML.T0900.001): It cannot answer.\n\n"
        "[AML.M0900](https://atlas.mitre.org/mitigations/AML.M0900)"
    )


def test_the_record_that_another_database_has_of_the_event_is_named(released):
    source = open_source("atlas", str(released))
    found = list(source.records())
    assert [one.ids for one in found if isinstance(one, SameRecord)] == [[("atlas", "AML.CS0901"), ("aiid", "4711")]]
    assert (source.count(), source.collection) == (len(found), "studies")


def test_incidents_that_are_only_compared_with_are_linked(write):
    more = "  - {title: 'AIID Incident 12: Other', url: 'https://incidentdatabase.ai/cite/12'}\n  - title: A talk"
    entry = entries(write("ATLAS.yaml", FIVE.replace("  - title: A talk", more)))[1]
    assert entry.external_ids == [("atlas", "AML.CS0901")]
    assert [link.target for link in entry.links] == [("aiid", "4711"), ("aiid", "12")]


def test_the_layout_before_there_were_matrices(write):
    (entry,) = entries(write("ATLAS.yaml", EARLY))
    assert entry.classifications[0].category == ("Reconnaissance", "Ask the Lift", "Ask Twice")
    assert [role.name for role in entry.roles] == ["Ann Lee and others"]


def test_a_study_from_the_website_and_a_list_of_studies(write):
    alone = write("study.yaml", "meta: {email: a@example.org}\nstudy:\n  name: Mine\n  summary: S.\n  procedure: []\n")
    entry = read("atlas", alone)[0]
    assert (entry.title, entry.external_ids, entry.page) == ("Mine", [], None)
    listed = FIVE[FIVE.index("- id: AML.CS0901") :]
    assert [one.key for one in entries(write("case-studies.yaml", listed))] == ["AML.CS0900", "AML.CS0901"]
    assert open_source("atlas", str(alone)).collection is None


def test_unknown_names_are_kept_as_ids(write):
    text = FIVE.replace("technique: AML.T0900.001", "technique: AML.T0999").replace("tactic: AML.TA0011", "tactic: X")
    entry = entries(write("ATLAS.yaml", text))[1]
    assert entry.classifications[2].category == ("X", "AML.T0999")


def test_what_cannot_be_understood_is_told(write):
    text = FIVE.replace("incident-date: 2031-05-01", "incident-date: 2031-02-30").replace("  name: Older One\n", "")
    text += (
        "- just text\n- {id: AML.CS0901, name: Again}\nrelationships:\n- {source: A, target: B, relationship-type: c}"
    )
    found = read("atlas", write("ATLAS.yaml", text))
    assert [(one.key, one.reason) for one in found if isinstance(one, BadRecord)] == [
        ("case-study 3", "not an object but str"),
        ("AML.CS0901", "stands there twice; the first was read"),
        ("AML.CS0900", "title: must not be empty"),
    ]
    (entry,) = [one for one in found if isinstance(one, EntryRecord)]
    assert (entry.occurred, entry.warnings) == (None, ["date left out: no such date: '2031-02-30'"])


def test_an_id_that_is_none_costs_the_page_only(write):
    entry = entries(write("ATLAS.yaml", FIVE.replace("id: AML.CS0900", "id: AML. 900")))[0]
    assert (entry.title, entry.page) == ("Older One", None)
    assert entry.warnings[0].startswith("page 1 left out: url: address with blanks")


def test_the_newest_release_of_a_repository_is_read(write, tmp_path):
    root = tmp_path / "atlas-data-main"
    for name, year in (
        ("ATLAS.yaml", "5"),
        ("legacy/ATLAS-5.6.0.yaml", "56"),
        ("v6/ATLAS-2030.12.yaml", "2030.12"),
        ("v6/ATLAS-2031.05.yaml", "2031.05"),
        ("v6/ATLAS-2031.04.2.yaml", "2031.04"),
    ):
        write(f"atlas-data-main/dist/{name}", SIX.replace('"2031.05"', f'"{year}"'))
    (root / "dist" / "ATLAS-latest.yaml").write_text("v6/ATLAS-2031.05.yaml")
    archive = tmp_path / "atlas.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(root, "atlas-data-main")
    for place in (root, root / "dist", archive):
        taxonomy = read("atlas", place)[0]
        assert taxonomy.description.endswith("Version 2031.05.")


def test_what_is_not_atlas_is_refused(write, tmp_path):
    write("data/data.yaml", "matrices:\n  - !include .\n")
    for place, reason in (
        (tmp_path, "templates that it is made from"),
        (tmp_path / "data" / "data.yaml", "the tag !include is not read"),
        (write("a.yaml", "a: 1"), "neither case studies nor techniques"),
        (write("b.yaml", "[]"), "neither case studies nor techniques"),
        (write("c.yaml", "v6/ATLAS-2031.05.yaml\n"), "only names the file that is meant, v6/ATLAS-2031.05.yaml"),
        (write("d.yaml", "case-studies: [" * 100), "nested deeper"),
        (write("e.yaml", b"\x89PNG\r\n\x1a\n" + bytes(200)), "not text"),
        (write("f.yaml", ""), "neither case studies"),
    ):
        with pytest.raises(SourceError, match=reason):
            read("atlas", place)


def test_the_real_release():
    found = read("atlas", real_input("atlas/ATLAS.yaml"))
    assert Counter(type(one).__name__ for one in found) == {"TaxonomyRecord": 2, "EntryRecord": 57, "SameRecord": 4}
    studies = [one for one in found if isinstance(one, EntryRecord)]
    assert sum(one.body.count("\n### ") for one in studies) == 449
    assert all(one.summary and one.occurred and not one.warnings for one in studies)
    assert not any(mark in one.body for one in studies for mark in ("<div", "<span", "](/", "][1]"))
