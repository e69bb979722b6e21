"""Workbooks that are broken, hostile, or of another program: bounded, and said plainly."""

import time
import zipfile

import pytest

from ingest.sources import SourceError
from ingest.sources.tables import workbook
from ingest.sources.tables.workbook import Workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PARTS = {
    "_rels/.rels": f'<Relationships><Relationship Id="r1" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>",
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>'
    '<sheet name="One" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships><Relationship Id="r1" Type="{RELATIONS}/worksheet" '
    f'Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="{RELATIONS}/sharedStrings" '
    'Target="sharedStrings.xml"/></Relationships>',
}


def sheet(rows, after=""):
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{after}</worksheet>'


def cell(name, text):
    return f'<c r="{name}" t="inlineStr"><is><t>{text}</t></is></c>'


@pytest.fixture
def pack(tmp_path):
    """`pack(sheet's XML, part=text …)` -> the path of a workbook with those parts."""

    def pack_workbook(xml, **parts):
        path = tmp_path / "a.xlsx"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in {**PARTS, "xl/worksheets/sheet1.xml": xml, **parts}.items():
                archive.writestr(name, text)
        return path

    return pack_workbook


def rows(path):
    (only,) = Workbook(path).sheets.values()
    return [(row.place, list(row.cells) or row.problem) for row in only.rows()]


def test_cells_of_every_type(pack):
    styles = f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="200" formatCode="d/m/yy"/></numFmts><cellXfs>'
    styles += '<xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="200"/><xf numFmtId="bad"/></cellXfs></styleSheet>'
    strings = f'<sst xmlns="{MAIN}"><si><t>one</t></si><si><r><t>t</t></r><r><t>wo_x000A_</t></r><rPh><t>x</t></rPh>'
    strings += "</si></sst>"
    xml = sheet(
        '<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="s"><v>1</v></c><c r="D2"><v>7.0</v></c>'
        "<c><v>.5</v></c></row>"
        '<row><c s="1"><v>45413</v></c><c s="2"><v>45413.25</v></c><c t="b"><v>1</v></c><c t="e"><v>#N/A</v></c>'
        '<c t="d"><v>2024-05-01</v></c><c s="1"><v>1e99</v></c><c t="s"><v>99</v></c>'
        "<c><v>12345678901234567890</v></c></row>"
    )
    first, second = rows(pack(xml, **{"xl/styles.xml": styles, "xl/sharedStrings.xml": strings}))
    assert first == ("row 2", ["one", "two\n", None, 7, 0.5])
    assert second[0] == "row 3"
    assert [str(value) for value in second[1]] == [
        *("2024-05-01", "2024-05-01 06:00:00", "True", "None", "2024-05-01", "1e99", "None", "12345678901234567890")
    ]


def test_names_of_parts_as_other_programs_write_them(tmp_path):
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**PARTS, "xl/Worksheets/Sheet1.xml": sheet(f"<row>{cell('A1', 'a')}</row>")}.items():
            archive.writestr(zipfile.ZipInfo(name.replace("/", "\\")), text)
    assert rows(path) == [("row 1", ["a"])]


def test_a_workbook_of_the_strict_format(pack):
    strict = {
        name: text.replace(
            "http://schemas.openxmlformats.org/officeDocument/2006", "http://purl.oclc.org/ooxml/officeDocument"
        )
        for name, text in PARTS.items()
    }
    xml = sheet(f'<row r="1">{cell("A1", "a")}</row>').replace(MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main")
    assert rows(pack(xml, **strict)) == [("row 1", ["a"])]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no workbook"),
        (b"title,year\n", "is no workbook"),
        (b"PK\x03\x04" + b"x" * 100, "is no workbook, or a damaged one"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "is a workbook of the old format (.xls)"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "is protected by a password; save it without one",
        ),
    ],
)
def test_other_files_are_refused(write, content, said):
    with pytest.raises(SourceError) as error:
        Workbook(write("a.xlsx", content))
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"_rels/.rels": "<a/>"}, "is a .zip without a workbook"),
        ({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<a/>"}, "OpenDocument"),
        ({"xl/workbook.bin": "x"}, "binary workbook (.xlsb)"),
        ({"xl/workbook.xml": "<workbook"}, "is broken"),
        ({"xl/_rels/workbook.xml.rels": "<Relationships/>"}, "without a sheet"),
        ({"xl/workbook.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}, "declares entities of its own"),
        ({"xl/workbook.xml": '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'}, "declares entities of its own"),
    ],
)
def test_other_archives_are_refused(pack, parts, said):
    with pytest.raises(SourceError) as error:
        Workbook(pack(sheet(""), **parts))
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("xml", "said"),
    [
        (f'<!DOCTYPE a [<!ENTITY b "{"c" * 99}">]>' + sheet(f'<row r="1">{cell("A1", "&b;" * 99)}</row>'), "DOCTYPE"),
        (sheet('<row r="99999999"><c r="A1"/></row>'), "a sheet has at most 1,048,576 rows"),
        (sheet('<row r="5"/><row r="5"/>'), "row 5 comes after row 5"),
        (sheet('<row r="1"><c r="A1"><v>1</v></row>'), "is broken: mismatched tag"),
        (sheet(f'<row r="1">{cell("A1", "x" * 1_000_001)}</row>'), "holds more than 1,000,000 characters"),
        (f'<worksheet a="{"x" * 9_000_000}"/>', "has a tag of more than"),
        (sheet("<row>" * 200_000), "nests deeper than 100 elements"),
        (sheet("<c/>" * 8_000_000), "inflates to more than 200 times"),
    ],
)
def test_what_breaks_a_sheet_is_told_in_its_place(pack, xml, said):
    began = time.monotonic()
    ((place, problem),) = rows(pack(xml))
    assert place == "after the first row"
    assert said in problem
    assert time.monotonic() - began < 20


def test_rows_before_the_damage_are_read(pack):
    xml = sheet("".join(f'<row r="{n}">{cell(f"A{n}", "x" * 99)}</row>' for n in range(1, 2000)) + "<row r='2000'></c>")
    found = rows(pack(xml))
    assert found[0] == ("row 1", ["x" * 99])
    assert len(found) > 1000
    assert "is broken" in found[-1][1]


def test_more_cells_than_are_read(pack, monkeypatch):
    monkeypatch.setattr(workbook, "MAX_CELLS", 100)
    found = rows(pack(sheet("".join(f'<row r="{n}">{cell(f"Z{n}", "x")}</row>' for n in range(1, 9)))))
    assert "more than 100 cells" in found[-1][1]


def test_shared_texts_are_bounded(pack, monkeypatch):
    monkeypatch.setattr(workbook, "MAX_STRINGS", 1000)
    strings = f'<sst xmlns="{MAIN}"><si><t>{"x" * 2000}</t></si></sst>'
    found = rows(pack(sheet('<row><c t="s"><v>0</v></c></row>'), **{"xl/sharedStrings.xml": strings}))
    assert "xl/sharedStrings.xml" in found[0][1]
    assert "is larger than 1,000 bytes" in found[0][1]


def test_merged_cells_over_the_whole_sheet_cost_nothing(pack):
    began = time.monotonic()
    merged = '<mergeCells><mergeCell ref="A1:XFD1048576"/><mergeCell ref="B1"/><mergeCell ref="nonsense"/></mergeCells>'
    xml = sheet(f'<row r="1">{cell("A1", "a")}</row><row r="1048576">{cell("B1048576", "b")}</row>', merged)
    assert rows(pack(xml)) == [("row 1", ["a"]), ("row 1048576", ["a", "b"])]
    assert time.monotonic() - began < 5


def test_a_password_on_the_archive(pack):
    path = pack(sheet(""))
    data = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(signature)
        while place >= 0:
            data[place + flags] |= 1
            place = data.find(signature, place + 4)
    path.write_bytes(bytes(data))
    with pytest.raises(SourceError, match="is protected by a password"):
        Workbook(path)


def test_too_many_parts(tmp_path):
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(6000):
            archive.writestr(f"{number}", "")
    with pytest.raises(SourceError, match="holds more than 5,000 files"):
        Workbook(path)
