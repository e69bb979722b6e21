"""Differences between two texts are told word by word, in time that does not grow with the square of the text."""

import time

from kb.differences import Part, word_parts


def told(old: str, new: str) -> str:
    marks = {"same": "{}", "out": "[-{}-]", "in": "[+{}+]", "skipped": "~"}
    return "".join(marks[part.op].format(part.text) for part in word_parts(old, new))


def test_words_that_left_and_words_that_came():
    assert told("A ferry hit a reef.", "A tram hit a wall.") == "A [-ferry -][+tram +]hit a [-reef.-][+wall.+]"


def test_what_is_new_or_gone_altogether():
    assert word_parts("", "New.") == [Part("in", "New.")]
    assert word_parts("Old.", "") == [Part("out", "Old.")]
    assert word_parts("", "") == []


def test_of_what_is_the_same_only_the_words_beside_the_change():
    before = [f"w{number}" for number in range(100)]
    after = [*before[:50], "NEW", *before[50:]]

    parts = word_parts(" ".join(before), " ".join(after))

    assert [part.op for part in parts] == ["skipped", "same", "in", "same", "skipped"]
    assert parts[1].text.split() == before[38:50]
    assert parts[3].text.split() == before[50:62]


def test_a_text_that_is_the_same_is_skipped_and_a_short_one_shown():
    assert word_parts("a b c", "a b c") == [Part("same", "a b c")]
    assert [part.op for part in word_parts("a " * 50, "a " * 50)] == ["skipped"]


def test_both_texts_can_be_put_together_again():
    old, new = "One  two\n\nthree four", "One two\n\nthree  five"
    parts = word_parts(old, new)

    assert "".join(part.text for part in parts if part.op in ("same", "out")) == old
    assert "".join(part.text for part in parts if part.op in ("same", "in")) == new


def test_long_texts_that_share_nothing_are_told_in_bounded_time():
    old = " ".join(f"a{number % 7}" for number in range(100_000))
    new = " ".join(f"b{number % 7}" for number in range(100_000))

    started = time.monotonic()
    parts = word_parts(old, new)

    assert [part.op for part in parts] == ["out", "in"]
    assert time.monotonic() - started < 5
