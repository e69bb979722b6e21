"""JSON lines as entries."""

import json
from typing import Any

import pytest

from ingest.records import BadRecord
from ingest.sources import Options, SourceError, open_source
from ingest.sources.tables import json_lines
from ingest.sources.tables.json_lines import JsonLines, getter, paths
from tests.ingest.sources.reading import read, read_one

ROW = {
    "name": "Lift greets the wrong floor",
    "when": {"said": "2023-05"},
    "links": [{"url": "https://example.org/lift"}],
    "labels": ["lifts", "a, b"],
    "makers": ["Up, Inc.", "Down"],
    "n": 7,
}
MAP = ["title=name", "date=when.said", "url=links.0.url", "tags=labels", "developer=makers", "id=n"]


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_a_mapped_line(write):
    entry = read_one("jsonl", write("a.jsonl", lines(ROW)), map=MAP, namespace="lifts")
    assert (entry.key, entry.title, str(entry.occurred)) == ("line 1", ROW["name"], "2023-05")
    assert entry.tags == ["lifts", "a, b"]
    assert [role.name for role in entry.roles] == ["Up, Inc.", "Down"]
    assert [one.url for one in entry.references] == ["https://example.org/lift"]
    assert entry.external_ids == [("lifts", "7")]


def test_keys_are_guessed(write):
    entry = read_one("jsonl", write("a.jsonl", lines({"title": "A", "authors": ["X", "Y"], "year": 2024})))
    assert (entry.title, str(entry.occurred), [role.name for role in entry.roles]) == ("A", "2024", ["X", "Y"])


def test_objects_where_texts_are_wanted(write):
    row = {
        "title": {"rendered": "A"},
        "tags": [{"id": 1, "name": "lifts"}, {"id": 2, "name": "doors"}],
        "links": [{"url": "https://a.example/", "rel": "self"}],
        "authors": [{"name": "Ada"}],
        "published": {"start": "2024-05-06", "end": None},
    }
    entry = read_one("jsonl", write("a.jsonl", lines(row)))
    assert (entry.title, entry.tags, str(entry.occurred)) == ("A", ["lifts", "doors"], "2024-05-06")
    assert (entry.page.url, [role.name for role in entry.roles]) == ("https://a.example/", ["Ada"])


def test_a_key_that_comes_late_may_be_mapped(write):
    path = write("a.jsonl", lines(*({"title": str(n)} for n in range(300)), {"title": "last", "rare": {"tag": "x"}}))
    assert read("jsonl", path, map=["title=title", "tags=rare.tag"])[-1].tags == ["x"]


def test_bad_lines_are_told_and_stop_nothing(write, monkeypatch):
    monkeypatch.setattr(json_lines, "MAX_LINE", 300_000)
    bad = [
        b'{"title": "A"',
        b"[1]",
        b"null",
        b'{"title": NaN}',
        b'{"title": "\xff"}',
        b'{"title": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"title": "' + b"x" * 300_000 + b'"}',
        b'{"title": {"a": 1}}',
        b'{"summary": "S"}',
    ]
    path = write("a.jsonl", b'\xef\xbb\xbf{"title": "First"}\n\n' + b"\n".join(bad) + b'\n{"title": "Last"}')
    records = read("jsonl", path)
    assert [records[0].title, records[-1].title] == ["First", "Last"]
    reasons = [record.reason for record in records if isinstance(record, BadRecord)]
    assert [record.key for record in records[1:-1]] == [f"line {n}" for n in range(3, 12)]
    for reason, said in zip(
        reasons,
        [
            "not JSON: Expecting",
            "not an object but list",
            "not an object but NoneType",
            "not JSON: NaN is no number",
            "not UTF-8 at byte 12",
            "nested too deeply",
            "longer than 300,000 bytes",
            "title: must be text, not dict",
            "title: is required",
        ],
        strict=True,
    ):
        assert said in reason
    assert open_source("jsonl", str(path)).count() == len(records) == 11


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("[]", {}, "has no line with a JSON object"),
        ('{"a": [{"title": 1}], "b": [{"title": 2}]}', {}, "holds several lists (a, b); keep one (jq '.a[]' does)"),
        ('{\n"a": [{"title": 1}', {}, "is not JSON: the file ends within a value"),
        ("", {}, "has no line with a JSON object"),
        ('{"a": {"b": 1}}', {}, "say which column is the title (--map title=COLUMN); a.jsonl has a.b"),
        ('{"a": {"b": 1}}', {"map": ["title=a.c"]}, "a.jsonl has no column 'a.c' (for title); it has a.b"),
    ],
)
def test_refusals_list_what_there_is(write, text, options, said):
    with pytest.raises(SourceError) as error:
        open_source("jsonl", str(write("a.jsonl", text)), options)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        ('[{"title": "A, ]}", "year": 2024}, {"title": "B"}]', ""),
        ('[\n  {\n "title": "A, ]}",\n "year": 2024\n },\n {"title": "B"}\n]\n', ""),
        ('{"n": 2, "items": [{"title": "A, ]}", "year": 2024}, {"title": "B"}], "next": null}', "read the list items"),
        ('{\n"data": {"cases": [\n{"title": "A, ]}", "year": 2024},\n{"title": "B"}]}}', "read the list data.cases"),
        ('{\n"title": "A, ]}",\n"year": 2024\n}\n{\n"title": "B"\n}\n', ""),
    ],
)
def test_lists_and_objects_over_many_lines(write, text, notice):
    for path in (write("a.json", text), write("b.json", text.encode("utf-16")), write("c.json", "\ufeff" + text)):
        source = JsonLines(str(path), Options())
        records: list[Any] = list(source.records())
        assert [(record.key, record.title) for record in records] == [("item 1", "A, ]}"), ("item 2", "B")]
        assert str(records[0].occurred) == "2024"
        assert source.count() == 2
        assert not notice or notice in source.notices


def test_a_single_entry_is_no_list_of_its_references(write):
    text = '{"title": "A", "links": [{"title": "L", "url": "https://example.org/"}]}'
    assert read_one("jsonl", write("a.jsonl", text)).title == "A"
    assert read_one("jsonl", write("a.json", json.dumps(json.loads(text), indent=1)), map=["title=title"]).title == "A"


def test_a_list_that_is_cut_off_gives_what_is_whole(write):
    path = write("a.json", '[{"title": "A"}, {"title": "B"}, {"titl')
    first, second, broken = read("jsonl", path)
    assert (first.title, second.title) == ("A", "B")
    assert (broken.key, broken.reason) == ("item 3", "the file ends within a value; it may have been cut off")


def test_bad_items_of_a_list_stop_nothing(write):
    path = write("a.json", '[{"title": "A"}, 7, {"title": x}, , {"title": "B"}]')
    records = read("jsonl", path)
    assert [getattr(record, "title", record.key) for record in records] == ["A", "item 2", "item 3", "B"]


def test_brackets_without_end_are_bounded(write):
    with pytest.raises(SourceError, match="has no line with a JSON object"):
        open_source("jsonl", str(write("a.json", '[{"title":' + "[" * 5_000_000)))


def test_numbers_that_are_too_long_cost_their_line(write):
    digits = "9" * 10_000
    records = read("jsonl", write("a.jsonl", '{"title": "A"}\n{"title": ' + digits + '}\n{"title": 1e999}\n'))
    assert [type(record).__name__ for record in records[:2]] == ["EntryRecord", "BadRecord"]
    assert "4300 digits" in records[1].reason


def test_paths_lead_where_getter_goes():
    row = {"a": {"b": [{"c": 1}, {"c": 2}]}, "d.e": 3, "f": [1, 2]}
    assert list(paths(row)) == ["a", "a.b", "a.b.0", "a.b.0.c", "a.b.1", "a.b.1.c", "d.e", "f"]
    get = getter(row)
    assert [get(path) for path in ("a.b.1.c", "d.e", "f.1", "f.9", "a.x", "d.e.f")] == [2, 3, 2, None, None, None]
