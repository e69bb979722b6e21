"""A paper as people print it: what it is called, who wrote it, what it says and on which page."""

import pytest

from ingest.extracting.pdf import PdfText, read_pdf
from ingest.records import clean_text
from tests.ingest.extracting.papers import PICTURE, Printed, flow, paper

TITLE = [Printed("Watering Ferns and Cats:", 17, True), Printed("A Study of Garden Robots", 17, True)]
FIRST = flow(
    *TITLE,
    "",
    Printed("Ada Hose1, Bo van der Fern2* and C. D. Leaf1", 12),
    Printed("1University of Lawn, 2Green Thumb Inc.", 9),
    Printed("{ada,bo}@lawn.example", 9),
    "",
    Printed("Abstract", 12, True),
    "A robot that waters gardens took a cat for a fern. We mea-",
    "sure how often this happens, and propose a well-known rem-",
    "edy that no cat objected to.",
    "",
    Printed("1 Introduction", 14, True),
    "Garden robots water what is green. The first of them was well-known",
    "for its patience, and patience is",
)
SECOND = flow(
    "what a garden needs.",
    "",
    Printed("1.1 Cats", 12, True),
    "Cats are not green.",
    "• They walk away.",
    "• They do not like water at",
    "all.",
    "",
    Printed("References", 14, True),
    "[1] A. Hose. Ferns. 2019.",
    "[2] B. Fern. Cats. Journal of Cats,",
    "2020.",
)


@pytest.fixture
def read(tmp_path):
    def read(pages, *arguments, **options) -> PdfText:
        path = tmp_path / "paper.pdf"
        path.write_bytes(pages if isinstance(pages, bytes) else paper(pages, *arguments, **options))
        return read_pdf(path)

    return read


def pages(found: PdfText) -> list[str]:
    return [found.text[start:end] for start, end in zip(found.pages, [*found.pages[1:], None], strict=True)]


def test_a_paper(read):
    found = read([FIRST, SECOND], {"Title": "Microsoft Word - ferns_v3.docx", "Author": "user"})
    assert found.title == "Watering Ferns and Cats: A Study of Garden Robots"
    assert found.authors == ["Ada Hose", "Bo van der Fern", "C. D. Leaf"]
    assert found.abstract == (
        "A robot that waters gardens took a cat for a fern. We measure how often this happens, and propose a "
        "well-known remedy that no cat objected to."
    )
    assert (found.doi, found.arxiv, found.published, found.language, found.problems) == ("", "", "", "", [])


def test_its_text_has_headings_and_whole_paragraphs(read):
    assert read([FIRST, SECOND]).text.split("\n\n") == [
        "# Watering Ferns and Cats: A Study of Garden Robots",
        "Ada Hose1, Bo van der Fern2* and C. D. Leaf1",
        "1University of Lawn, 2Green Thumb Inc. {ada,bo}@lawn.example",
        "## Abstract",
        "A robot that waters gardens took a cat for a fern. We measure how often this happens, and propose a "
        "well-known remedy that no cat objected to.",
        "## 1 Introduction",
        "Garden robots water what is green. The first of them was well-known for its patience, and patience is what a "
        "garden needs.",
        "### 1.1 Cats",
        "Cats are not green.",
        "- They walk away.",
        "- They do not like water at all.",
        "## References",
        "[1] A. Hose. Ferns. 2019.",
        "[2] B. Fern. Cats. Journal of Cats, 2020.",
    ]


def test_every_page_is_a_stretch_of_the_text(read):
    first, second = pages(read([FIRST, SECOND]))
    assert first.startswith("# Watering Ferns")
    assert first.endswith("and patience is ")
    assert second.startswith("what a garden needs.\n\n### 1.1 Cats")


def test_a_page_without_text_is_an_empty_stretch(read):
    found = read([FIRST, b"", SECOND])
    _, second, third = pages(found)
    assert (second, third[:4], found.problems) == ("", "what", [])
    assert pages(read([b"", SECOND]))[0] == ""


def test_offsets_hold_after_the_cleaning_that_records_do(read):
    odd = flow(Printed("Soft\u00ad and hard\u00a0blanks \udc81 \udc9f\x00\x0b"), Printed("and \u0192 \x7f more"))
    found = read([odd, SECOND])
    assert clean_text(found.text) == found.text
    assert pages(found)[1].startswith("what a garden")


def test_what_stands_on_every_page_is_left_out(read):
    def with_head(lines, number):
        return [Printed(f"Garden Review 12 ({number})", 8, y=760), *lines, Printed(str(number), 8, x=300, y=30)]

    third = flow("No cat was asked.", "", "No fern was.")
    found = read([with_head(lines, number) for number, lines in enumerate([FIRST, SECOND, third], start=41)])
    assert "Garden Review" not in found.text
    assert "43" not in found.text
    assert pages(found)[1].startswith("what a garden needs.")
    assert pages(found)[2] == "No cat was asked.\n\nNo fern was."


def test_what_little_a_page_says_is_not_its_head(read):
    found = read([flow(f"Fern {number}") for number in (1, 2, 3)])
    assert [page.strip() for page in pages(found)] == ["Fern 1", "Fern 2", "Fern 3"]


def test_titles_of_pages_stay_though_only_their_number_differs(read):
    asked = ["Is it a cat or a fern?", "Does it drink the water?", "Who waters the robot?"]
    slides = [flow(Printed(f"Question {number}", 20), "", text) for number, text in enumerate(asked, start=1)]
    assert [page.strip() for page in pages(read(slides))[1:]] == [
        "## Question 2\n\nDoes it drink the water?",
        "## Question 3\n\nWho waters the robot?",
    ]


def test_the_metadata_are_believed_when_the_page_agrees(read):
    info = {"Title": "Watering ferns and cats: a study of garden robots", "Author": "Hose, Ada; Fern, Bo van der"}
    found = read([FIRST], info)
    assert found.title == "Watering ferns and cats: a study of garden robots"
    assert found.authors == ["Ada Hose", "Bo van der Fern"]
    assert found.text.startswith("# Watering Ferns and Cats: A Study of Garden Robots\n")


def test_what_a_template_left_in_the_metadata_is_not(read):
    info = {"Title": "Sample paper for the Garden Conference", "Author": "Tem Plate"}
    found = read([FIRST], info)
    assert found.title == "Watering Ferns and Cats: A Study of Garden Robots"
    assert found.authors == ["Ada Hose", "Bo van der Fern", "C. D. Leaf"]


def test_the_metadata_help_where_the_page_shows_no_title(read):
    assert read([flow("All of one size.", "Not much to see.")], {"Title": "Green Things"}).title == "Green Things"
    assert read([flow("All of one size.", "Not much to see.")]).title == ""


@pytest.mark.parametrize(
    ("lines", "authors"),
    [
        (["Ada Hose*†, Bo Fern and Carla d’Arc", "Vienna, Austria"], ["Ada Hose", "Bo Fern", "Carla d’Arc"]),
        (["Ada Hose", "Department of Ferns", "Oslo, Norway", "Bo Fern"], ["Ada Hose", "Bo Fern"]),
        (
            ["Ada Maria Hose1,2, Bo Fern2, Carla van der Leaf1, Dan", "Dew2 and Eve Ivy1"],
            ["Ada Maria Hose", "Bo Fern", "Carla van der Leaf", "Dan Dew", "Eve Ivy"],
        ),
        (["Technical Report 12", "Garden Robots Group"], []),
    ],
)
def test_authors_are_told_from_places(read, lines, authors):
    places = [Printed(line, 9 if line.startswith(("Vienna", "Oslo", "Department")) else 12) for line in lines]
    found = read([flow(*TITLE, "", *places, "", Printed("Abstract", 12, True), "Ferns.", "And more of them.")])
    assert found.authors == authors


def test_names_that_cannot_be_told_apart_are_left_out_and_named(read):
    found = read([flow(*TITLE, "", "Ada Hose Bo Fern", "Carla Leaf", "", "Abstract", "Ferns.")])
    assert found.authors == ["Carla Leaf"]
    assert found.problems == [
        "authors left out, for one name cannot be told from the next: Ada Hose Bo Fern",
    ]


def test_a_journal_is_no_title_however_large(read):
    found = read([[Printed("Gardens", 20, y=770), *FIRST]])
    assert found.title == "Watering Ferns and Cats: A Study of Garden Robots"


@pytest.mark.parametrize(
    ("line", "doi"),
    [
        ("https://doi.org/10.5555/Fern.2020.12", "10.5555/fern.2020.12"),
        ("Garden Review 12 (2020) 3-9. DOI: 10.5555/(SICI)12:3<9.", "10.5555/(sici)12:3"),
        ("Digital Object Identifier 10.5555/FERN.12", "10.5555/fern.12"),
        ("1 https://doi.org/10.5555/of-a-footnote", ""),
        ("no doi: 10.5/12", ""),
    ],
)
def test_the_doi_of_the_first_page(read, line, doi):
    assert read([[*FIRST, Printed(line, 7, y=40)]]).doi == doi


def test_of_several_dois_none_is_taken_and_that_is_said(read):
    lines = [Printed("doi:10.5555/fern", 7, y=40), Printed("data at https://doi.org/10.5555/data", 7, y=30)]
    found = read([[*FIRST, *lines]])
    assert found.doi == ""
    assert found.problems == [
        "the first page names 2 DOIs, so none was taken as the paper's: 10.5555/fern, 10.5555/data"
    ]
    assert read([[*FIRST, *lines]], {"doi": "10.5555/fern"}).doi == "10.5555/fern"


def test_a_doi_among_the_references_is_another_papers(read):
    found = read([[*FIRST, *flow("References", "[1] B. Fern. https://doi.org/10.5555/other", top=300)]])
    assert found.doi == ""


def test_the_stamp_of_arxiv_along_the_margin(read):
    stamp = Printed("arXiv:2301.01234v2 [cs.RO] 5 Jan 2023", 20, x=30, y=220, turned=True)
    found = read([[*FIRST, stamp]])
    assert (found.arxiv, found.published) == ("2301.01234", "5 Jan 2023")
    assert found.title == "Watering Ferns and Cats: A Study of Garden Robots"
    assert "arXiv" not in found.text


def test_what_arxiv_and_publishers_write_into_the_file(read):
    found = read([FIRST], {"DOI": "https://doi.org/10.48550/arXiv.2301.01234"})
    assert (found.doi, found.arxiv) == ("10.48550/arxiv.2301.01234", "2301.01234")
    assert read([FIRST], {"arXivID": "https://arxiv.org/abs/2301.01234v1"}).arxiv == "2301.01234"
    xmp = "<x><prism:doi>10.5555/FERN</prism:doi><prism:coverDate>2020-05-17</prism:coverDate></x>"
    found = read([FIRST], xmp=xmp)
    assert (found.doi, found.published) == ("10.5555/fern", "2020-05-17")


def test_an_abstract_that_begins_its_line(read):
    found = read(
        [flow(*TITLE, "", "Abstract—Cats are not ferns.", "Robots differ.", "", "Index Terms—cats", "", "I am.")]
    )
    assert found.abstract == "Cats are not ferns. Robots differ."


def test_accents_ligatures_and_language(read):
    found = read([flow(Printed("Über G¨odel und Fran¸cois"), Printed("na¨ive caf´ e"))], catalog="/Lang (de-CH)")
    assert found.text == "Über Gödel und François naïve café"
    assert found.language == "de-CH"


def test_two_columns_are_read_one_after_the_other(read):
    left = flow("The left column ends with", "a sentence that goes", top=700)
    right = flow("on in the right one.", "It ends there.", top=700, x=320)
    assert (
        read([[*left, *right]]).text
        == "The left column ends with a sentence that goes on in the right one. It ends there."
    )


def test_a_page_that_is_shown_turned(read):
    lines = [Printed(line.text, line.size, line.bold, 800 - line.y, line.x, turned=True) for line in FIRST]
    turned = paper([lines]).replace(b"/MediaBox [0 0 612 792]", b"/MediaBox [0 0 792 612] /Rotate 90")
    straight = read([FIRST])
    found = read(turned)
    assert (found.title, found.authors, found.text) == (straight.title, straight.authors, straight.text)


def test_what_tables_call_their_columns_is_no_heading(read):
    found = read([flow("Some words.", "", "Model", "", "Results", "", Printed("Results", bold=True), "They grew.")])
    assert found.text == "Some words.\n\nModel\n\nResults\n\n## Results\n\nThey grew."


def test_a_page_that_is_a_picture_is_named(read):
    found = read([FIRST, b"q 100 0 0 100 0 0 cm /I Do Q"], extra={1000: PICTURE})
    assert found.problems == ["page 2: only a picture, without text"]
