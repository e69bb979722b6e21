"""PDFs that are broken, locked, or made to do harm: a sentence about it, within a bounded time and memory."""

import io
import os
import resource
import time
import zlib
from collections.abc import Callable

import psutil
import pytest
from pypdf import PdfReader, PdfWriter

from ingest.extracting.pdf import PdfText, read_pdf
from tests.ingest.extracting.papers import PICTURE, Printed, assemble, flow, paper, stream

SOON_S = 30
SAID = flow(Printed("Ferns That Answer Back", 18, True), "", "Ferns are quiet.")
FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


@pytest.fixture
def read(tmp_path):
    def read(data: bytes, *, seconds: float = SOON_S, megabytes: int = 1024) -> PdfText:
        path = tmp_path / "paper.pdf"
        path.write_bytes(data)
        began, others = time.monotonic(), set(psutil.Process().children())
        try:
            return read_pdf(path, seconds=seconds, megabytes=megabytes)
        finally:
            assert time.monotonic() - began < SOON_S + 5
            assert set(psutil.Process().children()) == others  # nothing is left running

    return read


def one_page(content: bytes, objects: dict[int, bytes] | None = None, resources: str = "") -> bytes:
    """A document whose only page has this object as its content; `objects` are added or replace ours."""
    page = f"<< /Type /Page /Parent 2 0 R /Contents 5 0 R /Resources << /Font << /F1 4 0 R >> {resources} >> >>"
    own = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        3: page.encode(),
        4: FONT,
        5: content,
    }
    return assemble({**own, **(objects or {})}, "/Root 1 0 R")


def text_of(*lines: Printed) -> bytes:
    return b"".join(line.operators() for line in lines)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it is not a PDF"),
        (b"<html><h1>404</h1>", "it is not a PDF"),
        (b"%PDF-1.7\n", "it is damaged"),
        (b"%PDF-1.7\n" + os.urandom(5000), "it is damaged"),
        (assemble({1: b"<< /Type /Catalog >>"}, "/Root 1 0 R"), "it is damaged: its pages cannot be found"),
        (assemble({1: b"<< /Type /Catalog /Pages 1 0 R >>"}, "/Root 1 0 R"), "it has no pages"),
        (paper([]), "it has no pages"),
        (paper([b"", b""]), "no text could be found in it"),
    ],
)
def test_what_holds_nothing_to_read(read, data, said):
    with pytest.raises(ValueError, match=said):
        read(data)


def test_a_scan_is_called_one(read):
    with pytest.raises(ValueError, match=r"pictures without text \(a scan\).*OCR"):
        read(paper([b"q 9 0 0 9 0 0 cm /I Do Q"] * 2, extra={1000: PICTURE}))


def locked(user: str, owner: str, algorithm: str = "AES-256") -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(paper([SAID]))))
    writer.encrypt(user, owner, algorithm=algorithm)
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def test_a_password(read):
    with pytest.raises(ValueError, match="needs a password"):
        read(locked("secret", "owner"))
    for algorithm in ("RC4-128", "AES-128", "AES-256"):
        # May be read, not printed.
        assert read(locked("", "owner", algorithm)).title == "Ferns That Answer Back", algorithm


def test_encryption_that_cannot_be_read(read):
    with pytest.raises(ValueError, match="encrypted in a way that cannot be read"):
        read(paper([SAID], trailer="/Encrypt << /Filter /Adobe.PubSec /V 4 >>"))


def test_half_a_file_gives_what_is_there_or_says_that_it_is_damaged(read):
    data = paper([SAID] * 40)
    for cut in (len(data) // 3, len(data) // 2, len(data) - 200):
        try:
            assert "Ferns" in read(data[:cut]).text
        except ValueError as error:
            assert str(error)  # noqa: PT017


def test_a_wrong_cross_reference_table_is_made_anew(read):
    data = paper([SAID]).replace(b"startxref\n", b"startxref\n9")
    assert read(data).title == "Ferns That Answer Back"


LOOPS = {
    "cross-reference tables": paper([SAID], trailer="/Prev 15"),
    "the page tree": one_page(stream(text_of(*SAID)), {2: b"<< /Type /Pages /Count 9 /Kids [2 0 R 3 0 R] >>"}),
    "a page that is its own parent": one_page(
        stream(text_of(*SAID)), {3: b"<< /Type /Page /Parent 3 0 R /Contents 5 0 R /Resources 3 0 R >>"}
    ),
    "an object that is a reference to itself": one_page(b"5 0 R"),
    "two that refer to each other": one_page(b"6 0 R", {6: b"5 0 R"}),
    "a length that is the stream's own": one_page(b"<< /Length 5 0 R >>\nstream\nBT ET\nendstream"),
    "a form that draws itself": one_page(
        stream(b"/X Do"),
        {6: stream(b"/X Do", "/Type /XObject /Subtype /Form /Resources << /XObject << /X 6 0 R >> >>")},
        "/XObject << /X 6 0 R >>",
    ),
    "an object stream inside itself": one_page(
        stream(text_of(*SAID)), {7: stream(b"7 0 << >>", "/Type /ObjStm /N 1 /First 4 /Extends 7 0 R")}
    ),
    "a title that is itself": paper([SAID], {"Title": "x"}, extra={5: b"<< /Title 5 0 R >>"}),
}


@pytest.mark.parametrize("what", LOOPS)
def test_loops_end(read, what):
    try:
        assert "Ferns" in read(LOOPS[what]).text
    except ValueError as error:
        assert str(error).startswith(("it is damaged", "no text could be found in it"))  # noqa: PT017


def many_forms(depth: int, each: int) -> dict[int, bytes]:
    """Forms from number 100 on, each of which draws the next so many times."""
    forms = {}
    for number in range(100, 100 + depth):
        last = number == 99 + depth
        inner = text_of(Printed("again ")) if last else b"/X Do " * each
        resources = f"/Resources << /Font << /F1 4 0 R >> /XObject << /X {number + 1} 0 R >> >>"
        forms[number] = stream(inner, f"/Type /XObject /Subtype /Form {resources}")
    return forms


def packed(data: bytes, times: int) -> bytes:
    for _ in range(times):
        data = zlib.compress(data)
    filters = "/FlateDecode " * times
    return f"<< /Filter [{filters}] /Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream"


def document(kids: bytes, count: int) -> bytes:
    tree = f"<< /Type /Pages /Count {count} /Kids [".encode() + kids + b"] >>"
    return assemble(
        {1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: tree, 3: b"<< /Type /Page /Parent 2 0 R >>"}, "/Root 1 0 R"
    )


MANY = 150_000_000  # bytes, twice of what a page may unpack to
WIDE = FONT.replace(b">>", b"/ToUnicode 6 0 R >>")
MAP = b"/CIDInit /ProcSet findresource begin begincmap 1 beginbfrange <00000000> <7fffffff> <0041> endbfrange endcmap"
PREDICTOR = "/DecodeParms << /Predictor 12 /Columns 2000000000 /Colors 4 >>"
BOMBS: dict[str, Callable[[], bytes]] = {
    "a page of blanks without end": lambda: one_page(packed(b" " * MANY, 1)),
    "packed five times": lambda: one_page(packed(b" " * MANY, 5)),
    "packed a hundred times": lambda: one_page(packed(b"BT ET", 100)),
    "a map of two billion characters": lambda: one_page(stream(text_of(*SAID)), {4: WIDE, 6: stream(MAP)}),
    "millions of operators": lambda: one_page(stream(b"q Q " * 1_100_000)),
    "arrays in arrays": lambda: one_page(stream(b"[" * 1_000_000 + b"]" * 1_000_000 + b" TJ")),
    "dictionaries in dictionaries": lambda: one_page(stream(text_of(*SAID)), {5: b"<< /A " * 100_000}),
    "a number of ten million digits": lambda: one_page(stream(b"9" * 10_000_000 + b" Tz")),
    "a name of ten million letters": lambda: one_page(stream(b"/" + b"a" * 10_000_000 + b" 1 Tf")),
    "a stream said to be huge": lambda: one_page(b"<< /Length 999999999999 >>\nstream\nBT ET\nendstream"),
    "rows said to be huge": lambda: one_page(stream(b"x" * 100, PREDICTOR)),
    "a billion pages that are not there": lambda: document(b"", 999_999_999),
    "one page a million times": lambda: document(b"3 0 R " * 1_000_000, 1),
}


@pytest.mark.parametrize("what", BOMBS)
def test_bombs_are_refused_in_bounded_time_and_memory(read, what):
    data = BOMBS[what]()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match=r"^it |^no text could be found in it"):
        read(data)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kilobytes


def test_forms_in_forms_in_forms_end(read):
    found = read(one_page(stream(b"/X Do"), many_forms(12, 10), "/XObject << /X 100 0 R >>"))
    assert found.text.startswith("again again")


def test_a_bad_page_costs_that_page_only(read):
    found = read(paper([SAID, b" " * 80_000_000, flow("They stayed quiet.")]))
    assert found.text[found.pages[2] :] == "They stayed quiet."
    (problem,) = found.problems
    assert problem.startswith("page 2: it asks for more than a page may")


def test_a_text_without_end_is_cut_and_that_is_said(read):
    line = text_of(Printed("Ferns are quiet. " * 5_000))
    found = read(paper([SAID, line * 60, SAID]))
    assert 3_000_000 < len(found.text) < 4_000_000
    assert found.problems == ["only the first 2 of 3 pages were read: no more than 3,990,000 characters are"]


def test_lines_without_end_take_no_time_without_end(read):
    lines = [Printed("Ferns That Answer Back", 18, y=730)]
    for letters in ("@", "(", "a", "9", ".", "-", "doi10.", "1 ", "* ", "# ") * 3:
        lines.append(Printed(letters * (19_000 // len(letters)), y=lines[-1].y - 15))
    found = read(paper([lines, lines], {"Title": "a" * 5_000, "Author": "a," * 5_000}), seconds=20)
    assert (found.title, found.authors, found.doi) == ("Ferns That Answer Back", [], "")


def test_a_thousand_pages(read):
    found = read(paper([[Printed(f"Fern {number}.", y=400)] for number in range(1, 1_001)]))
    assert len(found.pages) == 1_000
    assert found.text[found.pages[699] : found.pages[700]].strip() == "Fern 700."


def test_what_takes_too_long_keeps_the_pages_that_were_read(read):
    slow = b"q Q " * 450_000  # more than a second
    found = read(paper([SAID, *[slow] * 20, SAID]), seconds=4)
    assert found.title == "Ferns That Answer Back"
    assert any("no time for more" in problem for problem in found.problems)


def test_a_reader_that_does_not_answer_in_time_is_ended(read):
    with pytest.raises(ValueError, match=r"could not be read within 0\.05 seconds|takes more than 0\.05 seconds"):
        read(paper([SAID]), seconds=0.05)


def test_a_reader_without_memory_is_told(read):
    with pytest.raises(ValueError, match=r"needs more than 90 MB of memory|its reader died of it"):
        read(one_page(packed(b" " * 70_000_000, 1)), megabytes=90)
