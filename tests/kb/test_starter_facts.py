"""The starter collection keeps its form; and where the databases are at hand, it says what they say."""

import csv
import io
import json
import re
import tarfile
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

import kb
from kb.kinds import KINDS
from kb.models import Role
from tests.real_inputs import FOLDER, needs_real_inputs

ROOT = Path(kb.__file__).parents[1]
STARTER = ROOT / "kb" / "starter"

FOLDERS = {"incidents": "incident", "case-studies": "case_study", "notes": "note"}
AT_LEAST = {"incident": 120, "case_study": 60, "note": 25}
LONGEST = {"incident": 200, "case_study": 200, "note": 320}  # words of the body
KEYS = {"title", "kind", "date", "summary", "tags", "entities", "ids", "facts", "references", "links"}
WORDS = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
NAMESPACES = {"aiid", "oecd", "aiaaic", "atlas", "avid"}
PARTIES = {
    "deployer": "Alleged deployer of AI system",
    "developer": "Alleged developer of AI system",
    "harmed": "Alleged harmed or nearly harmed parties",
}
READING_LIST = {
    "Anthropic's prompt engineering tutorial": "anthropic-prompt-engineering-tutorial",
    "OpenAI's practice of fine-tuning": "openai-fine-tuning-best-practices",
    "Llama 3, post-training data": "llama-3-post-training-data",
    "Pope et al., inference": "efficiently-scaling-transformer-inference",
    "Chameleon": "chameleon-llm-tool-planning",
    "AI Incident Database": "ai-incident-database",
    "LinkedIn": "linkedin-generative-ai-assistant",
    "Pinterest's text-to-SQL": "pinterest-text-to-sql",
    "Smart Compose": "gmail-smart-compose",
    "Grab": "grab-llm-data-classification",
    "the transformer paper": "attention-is-all-you-need",
    "layers and neurons": "layers-and-neurons",
    "multi-head attention": "multi-head-attention",
    "positional encoding": "positional-encoding",
    "auto-completion": "how-autocomplete-picks-words",
    "feed-forward networks": "feed-forward-layers",
    "PCA": "principal-component-analysis",
    "transpose and covariance": "matrix-transpose-and-covariance",
    "inversion": "matrix-inversion",
}


@dataclass(frozen=True)
class StarterFile:
    path: Path
    front: dict[str, Any]
    body: str

    @property
    def slug(self) -> str:
        return self.path.stem

    @property
    def ids(self) -> dict[str, str]:
        return self.front.get("ids", {})

    @property
    def entities(self) -> dict[str, list[str]]:
        return self.front.get("entities", {})

    @property
    def see_also(self) -> list[str]:
        return self.front.get("links", {}).get("see_also", [])

    @property
    def references(self) -> list[dict[str, str]]:
        return self.front["references"]


def read(path: Path) -> StarterFile:
    """The file, its front matter all text: `BaseLoader` makes dates and numbers of nothing."""
    _, front, body = path.read_text("utf-8").split("---\n", 2)
    return StarterFile(path, yaml.load(front, yaml.BaseLoader), body)


FILES = {path.stem: read(path) for path in sorted(STARTER.glob("*/*.md"))}


def failing(holds: Callable[[StarterFile], bool], files: Iterable[StarterFile] = FILES.values()) -> list[str]:
    """The slugs of the files for which something does not hold. A test asserts that there are none."""
    return [file.slug for file in files if not holds(file)]


# The form


def test_there_is_something_of_every_kind():
    assert len(FILES) == len(list(STARTER.rglob("*.md"))), "two files share a name"
    counts = Counter(file.front["kind"] for file in FILES.values())
    assert {kind: counts[kind] >= least for kind, least in AT_LEAST.items()} == dict.fromkeys(AT_LEAST, True)


def test_front_matter_is_complete():
    assert failing(lambda file: WORDS.fullmatch(file.slug) is not None) == []
    assert failing(lambda file: file.front["kind"] == FOLDERS[file.path.parent.name]) == []
    assert failing(lambda file: bool(file.front["title"]) and 0 < len(file.front["summary"]) <= 240) == []
    assert failing(lambda file: DATE.fullmatch(file.front["date"]) is not None) == []
    assert failing(lambda file: set(file.front) <= KEYS) == []


def test_facts_are_those_of_the_kind():
    for file in FILES.values():
        KINDS[file.front["kind"]].facts.model_validate(file.front["facts"])


def test_bodies_are_neither_stubs_nor_essays():
    assert failing(lambda file: 60 <= len(file.body.split()) <= LONGEST[file.front["kind"]]) == []


def test_entities_have_known_roles():
    assert failing(lambda file: file.entities.keys() <= set(Role.values)) == []


def test_names_of_entities_have_no_odd_spaces():
    """Else one name would make two entities."""
    assert failing(lambda file: all(name == " ".join(name.split()) for name in chain(*file.entities.values()))) == []


def test_every_entry_names_its_sources():
    assert failing(lambda file: len(file.references) > 0) == []
    assert failing(lambda file: all({"url", "title", "publisher"} <= ref.keys() for ref in file.references)) == []
    assert failing(lambda file: all(re.match("https?://", ref["url"]) for ref in file.references)) == []


def test_links_lead_to_other_entries():
    assert failing(lambda file: set(file.see_also) <= FILES.keys() - {file.slug}) == []
    assert failing(lambda file: len(file.see_also) == len(set(file.see_also)) > 0) == []


def test_an_id_belongs_to_one_entry():
    ids = [pair for file in FILES.values() for pair in file.ids.items()]
    assert {namespace for namespace, _ in ids} <= NAMESPACES
    assert [pair for pair, uses in Counter(ids).items() if uses > 1] == []


def test_tags_are_few_enough_to_browse_and_used_more_than_once():
    uses = Counter(tag for file in FILES.values() for tag in file.front["tags"])
    assert 60 <= len(uses) <= 110
    assert [tag for tag, count in uses.items() if count == 1 or not WORDS.fullmatch(tag)] == []
    assert failing(lambda file: 2 <= len(file.front["tags"]) <= 5) == []


def test_countries_have_one_name_each():
    names = {country for file in FILES.values() for country in file.front["facts"].get("country", [])}
    assert names & {"us", "usa", "u.s.", "uk", "u.k.", "global"} == set()
    assert [name for name in names if name != name.lower()] == []


@pytest.mark.parametrize("slug", READING_LIST.values(), ids=READING_LIST.keys())
def test_reading_list_is_covered(slug: str):
    assert slug in FILES


# The facts, against the databases themselves


def with_id(namespace: str) -> list[StarterFile]:
    return [file for file in FILES.values() if namespace in file.ids]


def members(archive: Path, ending: str) -> Iterator[str]:
    """The text of each file in `archive` whose name ends in `ending`."""
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            content = tar.extractfile(member) if member.name.endswith(ending) else None
            if content:
                yield content.read().decode("utf-8")


FAST_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def aiid() -> dict[str, list[dict[str, str]]]:
    """The versions of each AIID incident, newest last."""
    versions = defaultdict(list)
    for archive in sorted((FOLDER / "aiid").glob("*.tar.bz2")):
        for table in members(archive, "/incidents.csv"):
            for row in csv.DictReader(io.StringIO(table, newline="")):
                versions[row["incident_id"]].append(row)
    return dict(versions)


@cache
def oecd() -> dict[str, set[str]]:
    """OECD id → the AIID incidents it is said to be."""
    [path] = (FOLDER / "links").glob("aiid-oecd-*.json")
    incidents_of = defaultdict(set)
    for link in json.loads(path.read_text("utf-8")):
        incidents_of[link["sameAs"].rsplit("/", 1)[1]].add(str(link["incident_id"]))
    return dict(incidents_of)


@cache
def aiaaic() -> dict[str, list[str]]:
    """AIAAIC id → its row: the id, the headline, the year it occurred, …, the address of its page."""
    [path] = (FOLDER / "aiaaic").glob("*.csv")
    with path.open(encoding="utf-8", newline="") as sheet:
        return {row[0]: row for row in csv.reader(sheet) if row and re.fullmatch(r"AIAAIC\d+", row[0])}


@cache
def atlas() -> dict[str, dict[str, Any]]:
    """ATLAS id → its case study."""
    document = yaml.load((FOLDER / "atlas" / "ATLAS.yaml").read_text("utf-8"), FAST_LOADER)
    return {study["id"]: study for study in document["case-studies"]}


@cache
def avid() -> dict[str, dict[str, Any]]:
    """AVID id → its vulnerability or report."""
    [archive] = (FOLDER / "avid").glob("*.tar.bz2")
    documents = [json.loads(text) for text in members(archive, ".json")]
    # A report that AVID has not accepted yet has no metadata, and so no id.
    accepted = [document for document in documents if "metadata" in document]
    return {document["metadata"].get("vuln_id") or document["metadata"]["report_id"]: document for document in accepted}


@cache
def catalogue() -> dict[str, set[str]]:
    """Address of a case study → its titles in the catalogue."""
    [path] = (FOLDER / "case-studies").glob("*.csv")
    titles = defaultdict(set)
    with path.open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            titles[row["source_url"].strip()].add(plain(row["title"]))
    return dict(titles)


@cache
def titles_of_sources() -> dict[str, set[str]]:
    """Address → every title that the databases give it."""
    titles: dict[str, set[str]] = defaultdict(set)
    for number, versions in aiid().items():
        titles[f"https://incidentdatabase.ai/cite/{number}/"] |= {plain(row["title"]) for row in versions}
    for row in aiaaic().values():
        titles[row[-1].strip()].add(plain(row[1]))
    for number, study in atlas().items():
        titles[f"https://atlas.mitre.org/studies/{number}"].add(plain(study["name"]))
        for reference in study.get("references") or []:
            titles[reference["url"]].add(plain(reference["title"]))
    for document in avid().values():
        for reference in document["references"]:
            titles[reference["url"]].add(plain(reference["label"]))
    for address, names in catalogue().items():
        titles[address] |= names
    return dict(titles)


def letters(name: str) -> str:
    """What is left of a name in AIID's identifier of it: "Waddell & Reed" and `waddell-and-reed` are equal."""
    return re.sub(r"\W", "", name.lower().replace("&", "and"))


def plain(title: str) -> str:
    """A title without the stray spaces that it has in some tables."""
    return " ".join(title.split())


@needs_real_inputs
def test_ids_exist():
    known: dict[str, Container[str]] = {
        "aiid": aiid(),
        "oecd": oecd(),
        "aiaaic": aiaaic(),
        "atlas": atlas(),
        "avid": avid(),
    }
    assert failing(lambda file: all(value in known[namespace] for namespace, value in file.ids.items())) == []


@needs_real_inputs
def test_dates_are_those_in_aiid():
    dates = {number: {row["date"] for row in versions} for number, versions in aiid().items()}
    assert failing(lambda file: file.front["date"] in dates[file.ids["aiid"]], with_id("aiid")) == []


@needs_real_inputs
@pytest.mark.parametrize("role", PARTIES)
def test_parties_are_those_in_aiid(role: str):
    def named_by_aiid(file: StarterFile) -> bool:
        theirs = json.loads(aiid()[file.ids["aiid"]][-1][PARTIES[role]] or "[]")
        return {letters(name) for name in file.entities.get(role, [])} <= {letters(identifier) for identifier in theirs}

    assert failing(named_by_aiid, with_id("aiid")) == []


@needs_real_inputs
def test_an_oecd_id_is_this_incident_alone():
    """AIID gives some OECD ids to several of its incidents; here they would merge what is not the same."""
    assert failing(lambda file: oecd()[file.ids["oecd"]] == {file.ids["aiid"]}, with_id("oecd")) == []


@needs_real_inputs
def test_an_aiaaic_id_is_an_event_and_not_the_profile_of_a_system():
    """AIAAIC says of events, and of nothing else, when they occurred."""
    assert failing(lambda file: bool(aiaaic()[file.ids["aiaaic"]][2]), with_id("aiaaic")) == []


@needs_real_inputs
def test_references_are_titled_as_in_the_databases():
    titles = titles_of_sources()

    def titled_as_there(reference: dict[str, str]) -> bool:
        return reference["url"] not in titles or reference["title"] in titles[reference["url"]]

    assert failing(lambda file: all(titled_as_there(reference) for reference in file.references)) == []


@needs_real_inputs
def test_addresses_at_the_databases_exist():
    """A mistyped address would be in no database, and so pass the test of titles."""
    titles = titles_of_sources()
    at_a_database = re.compile(r"https://(incidentdatabase\.ai/cite|www\.aiaaic\.org|atlas\.mitre\.org)/")
    cited = [ref["url"] for file in FILES.values() for ref in file.references if at_a_database.match(ref["url"])]
    assert [address for address in cited if address not in titles] == []


@needs_real_inputs
def test_incidents_of_aiid_cite_its_page():
    pages = {file.slug: f"https://incidentdatabase.ai/cite/{file.ids['aiid']}/" for file in with_id("aiid")}
    assert failing(lambda file: pages[file.slug] in {ref["url"] for ref in file.references}, with_id("aiid")) == []


@needs_real_inputs
def test_case_studies_are_in_the_catalogue():
    studies = [file for file in FILES.values() if file.front["kind"] == "case_study"]
    assert failing(lambda file: all(ref["url"] in catalogue() for ref in file.references), studies) == []
