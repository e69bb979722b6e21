"""Front matter: what it may hold, and that a hostile block is an error that names its line."""

import pytest

from ingest.sources.markdown.front_matter import parse, split
from ingest.sources.safe_yaml import YamlError


def test_split():
    assert split("---\ntitle: A\n---\n\nBody\n---\nmore\n") == ("title: A\n", "\nBody\n---\nmore\n")
    assert split("---\ntitle: A\n...\nBody") == ("title: A\n", "Body")
    assert split("---\n---\nBody") == ("", "Body")


@pytest.mark.parametrize(
    "text", ["", "Body", "---", "---\n\nA rule above\n\n---\n", "--- title\n", " ---\na: b\n---\n"]
)
def test_what_is_no_front_matter_is_body(text):
    assert split(text) == (None, text)


def test_values_stay_what_was_written():
    block = (
        "a: 2024-02-14\nb: no\nc: 12:30\nd: 1.10\ne: 007\nf: 5\ng: true\nh: ~\ni: [x, 2.5]\nj: 639\nk: 1_000\n"
        "2024: x\ntrue: {3: ~}\n<<: {l: 1}\nm: !!bool maybe\n"
    )
    assert parse(block) == {
        "a": "2024-02-14",
        "b": "no",
        "c": "12:30",
        "d": "1.10",
        "e": "007",
        "f": 5,
        "g": True,
        "h": None,
        "i": ["x", 2.5],
        "j": 639,
        "k": "1_000",
        "2024": "x",
        "true": {"3": None},
        "<<": {"l": 1},
        "m": "maybe",
    }


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("title: A\nsummary: one: two\n", "line 3: mapping values are not allowed in this context (put values"),
        ("title: A\nlist: [a, b\nnext: c\n", "line 4:"),
        ("title: 'A\n", "line 3:"),
        ("a: &x [1]\n", "line 2: references"),
        ("a: 1\nb: *x\n", "line 3: references"),
        ("a: 1\nb: !!python/object/apply:os.system ['true']\n", "line 3: the tag"),
        ("a: !!binary aGVsbG8=\n", "line 2: the tag"),
        ("a: !!int x\n", "invalid literal"),
        ("a: !thing x\n", "line 2: the tag"),
        ("a: 1\na: 2\n", "line 3: 'a' stands here twice"),
        ("? [a, b]\n: c\n", "line 2: a key must be text"),
        ("- a\n- b\n", "line 2: front matter is not a list of `key: value`"),
        ("just words\n", "line 2: front matter is not"),
        ("a: " + "[" * 30 + "]" * 30 + "\n", "line 2: nested deeper than 12 levels"),
        ("a: " + "{b: " * 3000 + "\n", "line 2: nested deeper"),
        ("a: b\n\tc: d\n", "line 3:"),
        ("a: %broken\n", "line 2:"),
    ],
)
def test_what_cannot_be_read_names_its_line(block, said):
    with pytest.raises(YamlError) as error:
        parse(block)
    assert str(error.value).startswith(said)


def test_an_alias_bomb_is_refused_at_once():
    bomb = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    with pytest.raises(YamlError, match="references"):
        parse(bomb)


def test_a_block_that_is_never_closed():
    with pytest.raises(YamlError, match="line 1: front matter is opened by --- and not closed"):
        split("---\ntitle: A\n\nBody")
    with pytest.raises(YamlError, match="line 1"):
        split("---\n" + "a: b\n" * 20_000 + "---\n")
