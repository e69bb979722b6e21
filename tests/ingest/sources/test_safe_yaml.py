"""YAML that somebody else wrote, perhaps to do harm."""

import time

import pytest

from ingest.sources import safe_yaml
from ingest.sources.safe_yaml import YamlError, load


def test_what_looks_like_something_else_stays_text():
    text = (
        "day: 2024-02-30\nno: no\nversion: 1.10\nnothing: ~\nempty:\n"
        "number: !!int x\nlist: [1, 0x1f]\n<<: {more: 'yes'}\n1: one"
    )
    assert load(text) == {
        "day": "2024-02-30",
        "no": "no",
        "version": "1.10",
        "nothing": None,
        "empty": None,
        "number": "x",
        "list": ["1", "0x1f"],
        "more": "yes",
        "1": "one",
    }


def test_references_are_followed():
    assert load("a: &a {b: c}\nd: *a") == {"a": {"b": "c"}, "d": {"b": "c"}}


def chain(line):
    letters = "bcdefghij"
    return "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        line.format(own=own, refs=",".join([f"*{chr(ord(own) - 1)}"] * 10)) for own in letters
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 200_000, "line 1: nested deeper than 40 levels"),
        ("{a: " * 100_000, "nested deeper"),
        ("- " * 100_000 + "a", "nested deeper"),
        ("? " * 100_000, "nested deeper"),
        ("\n".join(" " * n + "a:" for n in range(3000)), "line 41: nested deeper"),
        (chain("{own}: &{own} [{refs}]\n"), "more than 1,000,000 values"),
        (chain("{own}: &{own} {{<<: [{refs}]}}\n"), "more than 1,000,000 values"),
        ("a: &a [*a]", "refers to what it stands in"),
        ('!!python/object/apply:os.system ["id"]', "python/object/apply:os.system is not read"),
        ("a: 1\nb: !include c.yaml", "line 2: the tag !include is not read"),
        ("!!set {a}", "is not read"),
        ("? [a]\n: b", "a key must be text"),
        ("a: [b", "line 2: did not find"),
        ("a: 'b", "line 1"),
        ("a:\n\t- b", "line 2: found character"),
        ("a: b\n---\nc: d", "another document"),
        ("a: \x01", "control characters"),
        ("*a", "undefined alias"),
    ],
)
def test_what_does_harm_or_is_broken_is_refused_at_once(text, reason):
    started = time.monotonic()
    with pytest.raises(YamlError, match=reason):
        load(text)
    assert time.monotonic() - started < 5


def test_there_is_a_largest_document(monkeypatch):
    monkeypatch.setattr(safe_yaml, "MAX_CHARACTERS", 10)
    with pytest.raises(YamlError, match="longer than 10 characters"):
        load("a: 12345678")
