"""Differences between two texts are told word by word, in time that does not grow with the square of the text."""

import random
import time

import pytest

from kb.differences import SHOWN_CHANGES, SHOWN_PASSAGE, Difference, Part, difference, word_parts


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


def numbered(count: int) -> list[str]:
    return [f"w{number}" for number in range(count)]


def changed_words(parts: list[Part]) -> list[tuple[str, str]]:
    return [(op, text.strip()) for op, text in parts if op in ("out", "in")]


def test_changes_that_are_far_apart_are_told_one_by_one():
    words = numbered(20_000)
    before, after = [*words], [*words]
    for place in (10, 5_000, 5_003, 19_990):
        after[place] = f"NEW{place}"

    parts = word_parts(" ".join(before), " ".join(after))

    assert changed_words(parts) == [
        pair for place in (10, 5_000, 5_003, 19_990) for pair in (("out", f"w{place}"), ("in", f"NEW{place}"))
    ]
    assert [part.op for part in parts].count("skipped") == 2


def test_a_passage_that_is_gone_from_a_long_text_is_one_change():
    words = numbered(10_000)

    parts = word_parts(" ".join(words), " ".join([*words[:3_000], *words[5_000:]]))

    assert changed_words(parts) == [("out", " ".join(words[3_000:5_000]))]


def test_where_little_is_the_same_for_long_it_is_found_all_the_same():
    words = numbered(3_000)
    after = [word if place % 5 else "NEW" for place, word in enumerate(words)]

    parts = word_parts(" ".join(words), " ".join(after))

    assert "".join(part.text for part in parts if part.op != "in") == " ".join(words)
    assert "".join(part.text for part in parts if part.op != "out") == " ".join(after)
    assert len(changed_words(parts)) == 2 * 600


@pytest.mark.parametrize("seed", range(20))
def test_long_texts_can_be_put_together_again(seed):
    chance = random.Random(seed)
    old = [chance.choice("abcdefgh") * chance.randint(1, 4) for _ in range(2_000)]
    new = [word for word in old if chance.random() > 0.1]
    for _ in range(30):
        new.insert(chance.randrange(len(new)), "new")
        new[chance.randrange(len(new))] = "other"

    parts = word_parts(" ".join(old), " ".join(new))

    assert "".join(part.text for part in parts if part.op != "in") == " ".join(old)
    assert "".join(part.text for part in parts if part.op != "out") == " ".join(new)


def test_of_very_many_changes_the_first_are_shown_and_the_others_counted():
    words = numbered(8_000)
    after = [word if place % 100 else "NEW" for place, word in enumerate(words)]

    shown = difference(" ".join(words), " ".join(after))

    assert (shown.left_out, shown.shortened) == (80 - SHOWN_CHANGES, False)
    assert changed_words(list(shown.parts))[-2:] == [("out", "w4900"), ("in", "NEW")]


def test_a_long_passage_is_shortened_and_what_comes_after_it_is_shown():
    shown = difference(f"Here: {'word ' * 10_000}so it ended. Last.", "Here: so it ended. Lost.")

    assert shown.shortened
    assert [len(part.text) <= SHOWN_PASSAGE + 3 for part in shown.parts if part.op == "out"] == [True, True]
    assert changed_words(list(shown.parts))[-2:] == [("out", "Last."), ("in", "Lost.")]
    assert difference("a", "b") == Difference((Part("out", "a"), Part("in", "b")))


def test_of_long_passages_there_are_as_many_as_fit_on_a_page():
    same = [" ".join(f"s{number}-{place}" for place in range(20)) for number in range(30)]
    new = " ".join(f"{words} {'new ' * 500}" for words in same)

    shown = difference(" ".join(same), new)

    assert shown.left_out == 30 - 8
    assert len(changed_words(list(shown.parts))) == 8
