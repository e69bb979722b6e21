"""Differences between two texts are told word by word, in a number of steps that no text makes larger."""

import random
from difflib import SequenceMatcher

import pytest

from kb.differences import (
    CONTEXT_CHARS,
    MOST_STEPS,
    SHOWN_CHANGES,
    SHOWN_CHARS,
    SHOWN_PASSAGE,
    Difference,
    Part,
    Work,
    difference,
    word_parts,
)


@pytest.fixture
def pairs(monkeypatch) -> list[int]:
    """How many pairs of words each search for the longest stretch that is the same looks at."""
    looked_at: list[int] = []
    search = SequenceMatcher.find_longest_match

    def counted(self, alo, ahi, blo, bhi):
        looked_at.append(sum(len(self.b2j.get(word, ())) for word in self.a[alo:ahi]))
        return search(self, alo, ahi, blo, bhi)

    monkeypatch.setattr(SequenceMatcher, "find_longest_match", counted)
    return looked_at


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


def test_long_texts_that_share_nothing_are_one_passage_out_and_one_in(pairs):
    old = " ".join(f"a{number % 7}" for number in range(100_000))
    new = " ".join(f"b{number % 7}" for number in range(100_000))

    assert word_parts(old, new) == [Part("out", old), Part("in", new)]
    assert pairs == []


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


def table(name: str, rows: int) -> str:
    return "".join(f"| {name}{row} " for row in range(rows))


def test_a_table_whose_every_value_changed_is_told_as_one_change(pairs):
    parts = word_parts(f"Before: {table('a', 295)}", f"Before: {table('b', 295)}")

    assert [part.op for part in parts] == ["same", "out", "in"]
    assert parts[0].text == "Before: | "
    assert sum(pairs) < 1_000


def test_in_a_table_the_values_that_changed_are_told_one_by_one(pairs):
    old = table("a", 295)
    new = old.replace("a100 ", "b100 ").replace("a200 ", "b200 ")

    changes = [("out", "a100"), ("in", "b100"), ("out", "a200"), ("in", "b200")]
    assert changed_words(word_parts(old, new)) == changes
    assert sum(pairs) < 5_000


def test_a_small_table_keeps_its_bars():
    assert told("| a | b | c |", "| x | b | z |") == "| [-a -][+x +]| b | [-c -][+z +]|"


def scrambled(seed: int, words: int) -> str:
    """Words of which there are few, in no order: of all texts these take the most."""
    return " ".join(random.Random(seed).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=words))


def test_all_comparisons_of_a_page_together_look_at_so_many_pairs_and_no_more(pairs):
    work = Work()
    for number in range(300):
        old, new = scrambled(number, 600), scrambled(-number - 1, 600)
        parts = word_parts(old, new, work)

        assert "".join(part.text for part in parts if part.op != "in") == old
        assert "".join(part.text for part in parts if part.op != "out") == new

    assert MOST_STEPS // 5 < sum(pairs) < MOST_STEPS
    assert 0 <= work.left < MOST_STEPS // 20


@pytest.mark.parametrize(
    "of",
    [
        lambda name: " ".join(f"anchor{number} of it {table(f'{name}{number}x', 290)}" for number in range(100)),
        lambda name: "\n".join(f"{name}{number}" if number % 2 else f"{number}" for number in range(50_000)),
        lambda name: name + " " * 500_000 + name,
        lambda name: name + "。" * 500_000 + name,
        lambda name: name + "\n" * 500_000 + name,
        lambda name: "".join(chr(0x4E00 + ord(name) * number % 20_000) for number in range(300_000)),
    ],
    ids=["tables", "lines", "white space", "stops", "empty lines", "letters"],
)
def test_a_page_of_any_texts_takes_a_bounded_number_of_steps(pairs, of):
    work, old, new = Work(), of("a"), of("b")

    shown = [difference(old, new, work) for _ in range(20)]

    assert work.left >= 0
    assert len(pairs) < 20_000
    for one in shown:
        assert sum(len(part.text) for part in one.parts if part.op in ("out", "in")) < SHOWN_CHARS + 2 * SHOWN_PASSAGE
        assert all(len(part.text) <= 3 * CONTEXT_CHARS for part in one.parts if part.op == "same")


def test_where_no_work_is_left_what_is_between_the_same_ends_is_told_as_out_and_in():
    parts = word_parts("A ferry hit a reef at night.", "A tram hit a wall at night.", Work(0))

    assert parts == [
        Part("out", "A ferry hit a reef "),
        Part("in", "A tram hit a wall "),
        Part("same", "at night."),
    ]


def test_lines_that_stay_part_a_text_and_cost_next_to_nothing():
    lines = [f"Line {number} of a report.\n" for number in range(3_000)]
    after = [*lines]
    after[5], after[2_990] = "Line 5 of a letter.\n", "Line 2990 of a book.\n"
    work = Work()

    parts = word_parts("".join(lines), "".join(after), work)

    assert changed_words(parts) == [("out", "report."), ("in", "letter."), ("out", "report."), ("in", "book.")]
    assert work.left > MOST_STEPS * 0.9


def test_in_a_text_without_spaces_the_sentence_that_changed_is_told():
    assert (
        told("今天船沉了。乘客都安全。", "今天船沉了。乘客都遇难。") == "今天船沉了。[-乘客都安全。-][+乘客都遇难。+]"
    )
    assert told("第一句。第二句。第三句！", "第一句。新的。第二句。第三句！") == "第一句。[+新的。+]第二句。第三句！"
    assert told("第一句\n第二句\n第三句", "第一句\n另一句\n第三句") == "第一句\n[-第二句\n-][+另一句\n+]第三句"


def test_after_ten_thousand_letters_without_a_space_the_change_itself_is_shown():
    shown = difference("漢" * 10_000 + "甲。", "漢" * 10_000 + "乙。")

    assert [part.op for part in shown.parts] == ["skipped", "same", "out", "in"]
    assert shown.parts[2:] == (Part("out", "甲。"), Part("in", "乙。"))
    assert len(shown.parts[1].text) <= CONTEXT_CHARS
    assert not shown.shortened


def test_within_a_million_letters_both_changes_are_shown_and_the_letters_are_not():
    old = "x" * 500_000 + "a" + "y" * 500_000 + " end"

    parts = word_parts(old, old.replace("a", "b").replace("end", "END"))

    changes = [(op, text) for op, text in parts if op in ("out", "in")]
    assert changes == [("out", "a" + "y" * 39), ("in", "b" + "y" * 39), ("out", "end"), ("in", "END")]
    assert word_parts(old, old.replace("a", "b"))[2:4] == [Part("out", "a"), Part("in", "b")]
    assert sum(len(text) for op, text in parts if op == "same") <= 3 * CONTEXT_CHARS


def test_of_what_is_the_same_no_more_than_so_many_characters_are_shown():
    same = " ".join("w" * 39 + str(number) for number in range(10, 60))

    parts = word_parts(f"a {same} b {same} c", f"A {same} B {same} C")

    assert [part.op for part in parts].count("skipped") == 2
    assert {len(text) <= CONTEXT_CHARS for op, text in parts if op == "same"} == {True}


def test_a_passage_without_spaces_is_shortened_to_its_beginning():
    shown = difference("", "甲 " + "漢" * 5_000)

    assert shown == Difference((Part("in", "甲 " + "漢" * (SHOWN_PASSAGE - 2) + " … "),), 0, shortened=True)


@pytest.mark.parametrize("steps", [0, 20_000, MOST_STEPS])
@pytest.mark.parametrize("seed", range(20))
def test_texts_of_any_characters_can_be_put_together_again(seed, steps):
    chance = random.Random(seed)
    pieces = [
        "a",
        "bb ",
        " ",
        "\n",
        "\r\n",
        "。",
        "漢字",
        "、",
        "\t",
        "é",
        "🙂",
        "x" * 90,
        " " * 90,
        "\u2028",
        "<b>",
        "&amp;",
    ]
    old = chance.choices(pieces, k=chance.choice((3, 40, 1_500)))
    new = [piece for piece in old if chance.random() > 0.05]
    for _ in range(chance.randint(0, 9)):
        new.insert(chance.randint(0, len(new)), chance.choice(pieces))

    parts = word_parts("".join(old), "".join(new), Work(steps))

    assert "".join(part.text for part in parts if part.op != "in") == "".join(old)
    assert "".join(part.text for part in parts if part.op != "out") == "".join(new)


def test_of_very_many_rows_the_first_of_each_list_are_shown_and_the_others_counted():
    gone, come = [f"old {number}" for number in range(70)], [f"new {number}" for number in range(51)]

    shown, left_out = Work().rows([gone, come, ["same"]])

    assert shown == [tuple(gone[:SHOWN_CHANGES]), tuple(come[:SHOWN_CHANGES]), ("same",)]
    assert left_out == 20 + 1


def test_of_long_rows_there_are_as_many_as_fit():
    rows = ["x" * 3_960] * 6

    assert Work().rows([rows, rows]) == ([tuple(rows[:4]), ()], 8)


def test_all_lists_and_texts_of_a_page_share_the_room_that_it_has():
    work, rows = Work(chars=10_000), ["x" * 960] * 4

    assert work.rows([rows]) == ([tuple(rows)], 0)
    shown = difference("", "new " * 700, work)
    assert (shown.left_out, [part.op for part in shown.parts]) == (0, ["in"])
    assert work.chars == 10_000 - 4 * 1_000 - 2_800
    assert work.rows([rows]) == ([tuple(rows)], 0), "what is begun is shown"
    assert work.rows([rows]) == ([()], 4)
    assert difference("A ferry hit a reef.", "A tram hit a reef.", work) == Difference((Part("same", "A "),), 1)
