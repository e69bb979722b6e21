"""Bibliographies as entries: BibTeX, RIS, CSL-JSON."""

import json
import time
from typing import Any

import pytest

from ingest.records import BadRecord
from ingest.sources import open_source
from tests.ingest.sources.reading import read, read_one

BIBTEX = r"""
% Written by a reference manager
@string{jol = "Journal of Lifts"}
@comment{jabref-meta: databaseType:bibtex;}

@article{lee_lift_2031,
	title = {The {GPT}-{Lift}: {\'E}l{\"e}vation \& 50\% of {$x_1^2$}},
	author = {Lee, Ann and {Up Research Group} and Bob Ray and others},
	journal = jol,
	year = 2031,
	month = mar,
	doi = {10.1234/ABC.5},
	url = {https://example.org/lift_1?a=1\&b=2},
	abstract = {First, "it" went up.

It came down.},
	keywords = {lifts, voice control; doors},
	note = {My note: {Read} it twice},
	language = {english},
}
@inproceedings{ray_doors_2030, title = "Doors -- again", author = "Ray, Bob", booktitle = {Proc. of Doors},
  year = {2030}, eprint = {2401.00001v2}, archivePrefix = {arXiv}}
@book{book, title={A Book}, author={Rossi, Carla}, date={2029-04-05}, isbn={978-0-00-000000-2}}
@misc{web, title={A page}, howpublished={\url{https://example.org/web}}, title={Another title}}
@article{broken, title = {Never closed,
@misc{last, title = {Last}, url = {https://example.org/last}}
"""
RIS = """\
TY  - JOUR
TI  - The lift
AU  - Lee, Ann
AU  - Ray, Bob, Jr.
JO  - Journal of Lifts
PY  - 2031/03/02/
AB  - It went up
 and came down.
KW  - lifts
KW  - doors; handles
DO  - 10.1234/ABC.5
UR  - https://example.org/lift;jsessionid=1?a=b
N1  - <p>My <b>note</b></p>
LA  - eng
ER  -

TY - BOOK
T1 - A book
A1 - Rossi, Carla
Y1 - 2029
UR  - https://example.org/book
"""
CSL: list[Any] = [
    {
        "id": "http://zotero.org/users/1/items/ABC",
        "type": "article-journal",
        "title": "The <i>lift</i>",
        "container-title": "Journal of Lifts",
        "author": [{"family": "Lee", "given": "Ann"}, {"literal": "Up Research"}],
        "issued": {"date-parts": [["2031", 3]]},
        "DOI": "https://doi.org/10.1234/ABC.5",
        "URL": "https://example.org/lift",
        "abstract": "It went up.",
        "note": "arXiv:2401.00001 [cs]\nMy note",
        "keyword": "lifts, doors",
        "language": "en-GB",
    },
    {"id": 7, "type": "book", "title": "A book", "issued": {"raw": "May 2029"}, "author": [{"family": "Rossi"}]},
    {"type": "dataset", "title": "Data", "URL": "https://example.org/data", "issued": {"date-parts": [[]]}},
    "text",
]


def told(entry):
    authors = [role.name for role in entry.roles if role.role == "author"]
    return entry.title, authors, str(entry.occurred or ""), entry.facts.get("resource")


def test_bibtex(write):
    found = read("links", write("mine.bib", BIBTEX))
    paper, doors, book, web, broken, last = found
    assert told(paper) == (
        "The GPT-Lift: Élëvation & 50% of $x_1^2$",
        ["Ann Lee", "Up Research Group", "Bob Ray"],
        "2031-03",
        "paper",
    )
    assert paper.key == "lee_lift_2031"
    assert paper.external_ids == [("doi", "10.1234/abc.5")]
    assert (paper.page.url, paper.page.publisher) == ("https://example.org/lift_1?a=1&b=2", "Journal of Lifts")
    assert (paper.summary, paper.body, paper.language) == (
        'First, "it" went up. It came down.',
        "My note: Read it twice",
        "en",
    )
    assert paper.tags == ["lifts", "voice control", "doors"]
    assert told(doors) == ("Doors – again", ["Bob Ray"], "2030", "paper")
    assert (doors.external_ids, doors.page.url) == ([("arxiv", "2401.00001")], "https://arxiv.org/abs/2401.00001")
    assert told(book) == ("A Book", ["Carla Rossi"], "2029-04-05", "book")
    assert (book.page, book.external_ids) == (None, [])
    assert (web.title, web.page.url) == ("A page", "https://example.org/web")
    assert isinstance(broken, BadRecord)
    assert (broken.key, broken.reason) == ("line 25", "not BibTeX: Unexpectedly reached end of file.")
    assert last.title == "Last"


def test_ris(write):
    paper, book = read("links", write("mine.txt", RIS.replace("\n", "\r\n")))
    assert told(paper) == ("The lift", ["Ann Lee", "Jr. Ray, Bob"], "2031-03-02", "paper")
    assert paper.summary == "It went up and came down."
    assert paper.tags == ["lifts", "doors", "handles"]
    assert (paper.page.url, paper.page.publisher) == ("https://example.org/lift;jsessionid=1?a=b", "Journal of Lifts")
    assert (paper.external_ids, paper.body, paper.language) == ([("doi", "10.1234/abc.5")], "My note", "en")
    assert told(book) == ("A book", ["Carla Rossi"], "2029", "book")


@pytest.mark.parametrize("content", [CSL, {"items": CSL}])
def test_csl_json(write, content):
    paper, book, data, bad = read("links", write("mine.json", json.dumps(content, indent=1)))
    assert told(paper) == ("The lift", ["Ann Lee", "Up Research"], "2031-03", "paper")
    assert paper.external_ids == [("doi", "10.1234/abc.5"), ("arxiv", "2401.00001")]
    assert (paper.body, paper.tags, paper.language) == ("My note", ["lifts", "doors"], "en-GB")
    assert told(book) == ("A book", ["Rossi"], "2029-05", "book")
    assert told(data) == ("Data", [], "", "database")
    assert (bad.key, bad.reason) == ("item 4", "not an object")


def test_one_csl_item(write):
    assert read_one("links", write("one.json", json.dumps(CSL[1]))).title == "A book"


def test_the_same_work_twice_is_one_entry(write):
    text = (
        "@misc{a, title={A}, doi={10.1234/x}, keywords={one}}\n"
        "@misc{b, title={B}, url={https://doi.org/10.1234/X}, keywords={two}}"
    )
    source = open_source("links", str(write("a.bib", text)))
    entry: Any
    (entry,) = source.records()
    assert (entry.title, entry.tags) == ("A", ["one", "two"])
    assert source.notices == ["1 links stand there more than once, and became one entry each"]


def test_keys_are_ids_where_a_namespace_is_given(write):
    entry = read_one("links", write("a.bib", "@book{key1, title={A}}"), namespace="my-zotero")
    assert entry.external_ids == [("my-zotero", "key1")]


def test_a_kind_without_a_resource(write):
    assert read_one("links", write("a.bib", "@book{key1, title={A}}"), kind="case_study").facts == {}


@pytest.mark.parametrize(
    "content",
    [
        "@misc{a, title={" + "{" * 100_000 + "}" * 100_000 + "}}",
        "@misc{a, title={" + "\\a" * 100_000 + "}}",
        "@misc{a, title={x" + "$" * 15_000 + "\\}}",
        "@misc{a, abstract={\\" + "x" * 900_000 + "}, title={x}}",
        "@misc{a, title={" * 50_000,
        "@string{a = {x}}\n" * 20_000 + "@misc{a, title=a}",
        "@misc{a" + ", x = {y}" * 20_000 + "}",
        "@misc{a, author={" + "A and " * 50_000 + "}, title={x}}",
        "TY  - JOUR\n" * 5_000,
        "TY  - JOUR\n" + "AU  - A, B\n" * 50_000,
        "TY  - JOUR\nAB  - " + "x" * 2_000_000,
        "TY  - JOUR\nnot a tag\nER  - \n",
        '[{"title": ' + "[" * 4000 + "]" * 4000 + "}]",
        '[{"title": "' + "x" * 5_000_000 + '"}]',
        '[{"author": {"a": 1}, "issued": [1], "title": {"b": 2}, "note": 7, "keyword": {"x": 1}}]',
    ],
)
def test_hostile_bibliographies_take_bounded_time(write, content):
    started = time.monotonic()
    read("links", write("a.file", content))
    assert time.monotonic() - started < 8
