"""JSON lines as entries."""

import json

import pytest

from ingest.records import BadRecord
from ingest.sources import SourceError, json_lines, open_source
from ingest.sources.json_lines import getter, paths
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
            "the line is longer than 300,000 bytes",
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
        ('[{"title": "A"}]', {}, "is one JSON list; write one object a line"),
        ("", {}, "has no line with a JSON object"),
        ('{"a": {"b": 1}}', {}, "say which column is the title (--map title=COLUMN); a.jsonl has a, a.b"),
        ('{"a": {"b": 1}}', {"map": ["title=a.c"]}, "a.jsonl has no column 'a.c' (for title); it has a, a.b"),
    ],
)
def test_refusals_list_what_there_is(write, text, options, said):
    with pytest.raises(SourceError) as error:
        open_source("jsonl", str(write("a.jsonl", text)), options)
    assert said in str(error.value)


def test_paths_lead_where_getter_goes():
    row = {"a": {"b": [{"c": 1}, {"c": 2}]}, "d.e": 3, "f": [1, 2]}
    assert list(paths(row)) == ["a", "a.b", "a.b.0", "a.b.0.c", "a.b.1", "a.b.1.c", "d.e", "f"]
    get = getter(row)
    assert [get(path) for path in ("a.b.1.c", "d.e", "f.1", "f.9", "a.x", "d.e.f")] == [2, 3, 2, None, None, None]
