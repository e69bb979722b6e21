"""Rows of delimited text: quoting, and what a broken quote may cost."""

import io
import time

import pytest

from ingest.sources.tables import delimited
from ingest.sources.tables.delimited import read_rows


def rows(text, **how):
    return [(row.line, row.values or row.problem) for row in read_rows(io.StringIO(text, newline=""), **how)]


def test_rows_know_the_line_they_start_on():
    text = 'a,b\r\n\r\n"one\nand ""two""",2\n,\n3,"x, y"'
    assert rows(text) == [(1, ["a", "b"]), (3, ['one\nand "two"', "2"]), (6, ["3", "x, y"])]


def test_backslash_escapes():
    text = '"a","b"\n"say \\"hi\\", and \\\\","2"\n'
    assert rows(text, escape="\\") == [(1, ["a", "b"]), (2, ['say "hi", and \\', "2"])]


def test_a_quote_that_is_never_closed_costs_its_line():
    text = 'a,b\n1,"open\n2,two\n3,three\n'
    assert rows(text) == [
        (1, ["a", "b"]),
        (2, "a quote is opened here and never closed"),
        (3, ["2", "two"]),
        (4, ["3", "three"]),
    ]


def test_a_quote_closed_by_a_later_rows_is_noticed():
    text = 'a,b\n1,"open\n2,"two"\n3,three\n'
    found = rows(text)
    assert [line for line, _ in found] == [1, 2, 3, 4]
    assert found[1][1].startswith("broken quoting")
    assert found[2:] == [(3, ["2", "two"]), (4, ["3", "three"])]


def test_bounds(monkeypatch):
    monkeypatch.setattr(delimited, "MAX_RECORD", 50)
    monkeypatch.setattr(delimited, "MAX_LOOKAHEAD", 4)
    text = "a,b\n1," + "x" * 200 + "\n2,two\n" + '3,"' + "\n" * 9 + "4,four\n"
    found = rows(text)
    assert [(line, values) for line, values in found if isinstance(values, list)] == [
        (1, ["a", "b"]),
        (3, ["2", "two"]),
        (13, ["4", "four"]),
    ]
    assert [line for line, values in found if isinstance(values, str)] == [2, 4]
    assert "longer than 50 characters or 4 lines" in found[1][1]


def test_a_file_of_one_endless_line(monkeypatch):
    monkeypatch.setattr(delimited, "MAX_RECORD", 1000)
    assert [line for line, _ in rows('"' + "x" * 100_000)] == [1]


def test_many_quotes_that_never_close_cost_no_more_than_reading_some_times(monkeypatch):
    monkeypatch.setattr(delimited, "MAX_REREAD", 100_000)
    # Each line closes the quote of the one before and opens another, so that each row would be all lines after it.
    began = time.monotonic()
    found = rows('x","y\n' * 30_000 + "1,2\n")
    assert time.monotonic() - began < 10
    assert [line for line, _ in found] == list(range(1, 30_002))
    assert found[-1] == (30_001, ["1", "2"])


def test_nul_is_dropped():
    assert rows("a\0b,c\n") == [(1, ["ab", "c"])]


@pytest.mark.parametrize("text", ["", "\n\n", " , \n"])
def test_no_rows(text):
    assert rows(text) == []
