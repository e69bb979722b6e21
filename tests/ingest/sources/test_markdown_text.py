"""Plain notes: title, date, tags, links, questions and a summary, from text as people write it."""

import pytest

from ingest.sources.markdown import own_words
from ingest.sources.markdown.own_words import links, questions, read, summary


def test_title_date_and_tags_leave_the_body():
    note = read("# Trees\nCreated: 2025-03-04\nText with $x^2$.\n\ntags: forests, slow growth\n")
    assert note.title == "Trees"
    assert str(note.created) == "2025-03-04"
    assert note.tags == ["forests", "slow growth"]
    assert note.body == "Text with $x^2$."


def test_a_note_with_none_of_them_is_all_body():
    text = "Some words.\n\n## A section\n    indented"
    note = read(text)
    assert (note.title, note.created, note.tags, note.body) == ("", None, [], text)


def test_an_empty_tags_line_is_no_tags_and_no_text():
    note = read("# T\nText\ntags: ")
    assert (note.tags, note.body) == ([], "Text")


def test_a_tags_line_in_the_middle_is_text():
    assert read("# T\ntags: a\n\nMore").body == "tags: a\n\nMore"


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("a, b;c", ["a", "b", "c"]),
        ("[a, 'b']", ["a", "b"]),
        ("#a #b", ["a", "b"]),
        ("deep sea", ["deep sea"]),
        ("", []),
    ],
)
def test_split_tags(text, tags):
    assert own_words.split_tags(text) == tags


def test_a_date_that_is_none_stays_in_the_text():
    note = read("# T\nCreated: last spring\nText")
    assert note.created is None
    assert "Created: last spring" in note.body
    assert "last spring" in note.warnings[0]


def test_headings_in_code_are_code():
    note = read("```\n# not a title\ntags: x\n```\n# A title\n~~~~\n~~~\n# still code\n~~~~\nText")
    assert note.title == "A title"
    assert "# not a title" in note.body
    assert "# still code" in note.body


def test_an_underlined_title():
    note = read("Trees\n=====\nText")
    assert (note.title, note.body) == ("Trees", "Text")


def test_links_in_every_shape():
    text = """See [a *good* page](https://a.example/x_(y)?q=1#z "with a title"), and <https://b.example/> for oaks

Bare https://c.example/path, and again https://a.example/x_(y)?q=1#z.

Ash (https://d.example/in-parens) ![a picture](https://e.example/p.png)
[label]: https://f.example/def "The F page"
[mail](mailto:x@example.org) [local](other.md)
```
https://code.example/
```
"""
    assert links(text) == [
        ("https://a.example/x_(y)?q=1#z", "a good page"),
        ("https://b.example/", "See a good page, and for oaks"),
        ("https://c.example/path", "Bare and again"),
        ("https://d.example/in-parens", "Ash"),
        ("https://f.example/def", "The F page"),
    ]


def test_a_link_that_is_its_own_text_is_named_by_its_line():
    short = "https://sho.rt/1"
    assert links(f"- The oak book: [{short}]({short})") == [(short, "The oak book")]
    assert links(f"Paper: {short} Roots and leaves") == [(short, "Paper: Roots and leaves")]
    assert links(f"[{short}]({short})") == [(short, "")]


def test_a_link_in_a_list_items_text_is_named_by_its_first_line():
    text = "3. Growing rings (Ash et al., 2019)  \nWorth it for the method alone: [https://sho.rt/2](https://sho.rt/2)"
    assert links(text) == [("https://sho.rt/2", "Growing rings (Ash et al., 2019)")]


def test_questions_are_the_bullets_below_their_heading():
    text = "## Questions\n- Why rings?\n* How old?\n  on average\n\n### Later\n- Who counts?\n## Else\n- no question"
    assert questions(text) == ["Why rings?", "How old? on average", "Who counts?"]
    assert questions("- a\n# Open questions:\n1. One\n2. Two") == ["One", "Two"]
    assert questions("## Answers\n- a") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "## A\n\nTrees **grow** a [ring](https://a.example) every year of their life.\n\nMore.",
            "Trees grow a ring every year of their life.",
        ),
        ("Here they are:\n\n- one\n- two\n\n## Oak\n\n## Ash\n", "Oak; Ash"),
        ("```\ncode that is long enough to be taken for a paragraph\n```\n", ""),
        ("| a table | that is long | enough to be | taken for one |", ""),
        ("", ""),
    ],
)
def test_summary(text, expected):
    assert summary(text) == expected


def test_a_long_summary_ends_at_a_sentence_or_a_word():
    sentence = "A sentence that goes on until " + "it has passed " * 8 + "the middle."
    assert summary(sentence + " word" * 100) == sentence
    cut = summary("word " * 100)
    assert cut.endswith("word…")
    assert len(cut) <= 240


@pytest.mark.parametrize(
    "text", ["[" * 50_000, "[a" * 50_000, "*a" * 50_000, "[x](https://a.b)" * 20_000, "a https://b.c/d " * 20_000]
)
def test_odd_texts_are_read_in_linear_time(text):
    # Quadratic reading takes minutes here.
    read(text), links(text), questions(text), summary(text)
