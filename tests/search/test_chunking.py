"""Passages: what stays together, where text is cut, and that nothing is lost."""

import random
import time

import pytest

from search.chunking import MAX_CHARS, passages


def texts(text: str, max_chars: int = MAX_CHARS) -> list[str]:
    return [text[start:end] for start, end in passages(text, max_chars)]


def check_covers(text: str, max_chars: int) -> None:
    """In order, without overlap, and nothing but white space in between."""
    at = 0
    for start, end in passages(text, max_chars):
        assert at <= start < end
        assert not text[at:start].strip()
        assert text[start:end] == text[start:end].strip()
        at = end
    assert not text[at:].strip()


def test_a_short_text_is_one_passage():
    assert passages("  A chatbot made a promise.\n\nThe airline had to keep it.\n") == [(2, 56)]


def test_nothing_gives_nothing():
    assert passages("") == passages(" \n\t\r\n") == []


def test_a_heading_starts_a_passage_and_stays_with_its_section():
    text = "Intro.\n\n# What happened\n\nIt refunded.\n\n## Why\nNo check.\n"
    assert texts(text) == ["Intro.", "# What happened\n\nIt refunded.", "## Why\nNo check."]


def test_headings_that_follow_one_another_open_their_section_together():
    assert texts("# Report\n\n## Summary\n\nIt failed.\n") == ["# Report\n\n## Summary\n\nIt failed."]


def test_underlined_headings_are_headings():
    assert texts("One\n===\n\nfirst\n\nTwo\n---\nsecond") == ["One\n===\n\nfirst", "Two\n---\nsecond"]


def test_a_hash_without_a_space_is_not_a_heading():
    assert texts("a\n#tag and more\nb") == ["a\n#tag and more\nb"]


def test_small_neighbours_of_a_section_share_a_passage_up_to_the_limit():
    assert texts("aaaa\n\nbbbb\n\ncccc", 10) == ["aaaa\n\nbbbb", "cccc"]


def test_long_prose_is_cut_after_a_sentence():
    text = "The first sentence is here. The second one, e.g. this, follows. And a third."
    assert texts(text, 66) == ["The first sentence is here. The second one, e.g. this, follows.", "And a third."]


def test_a_long_sentence_is_cut_between_words():
    assert texts("one two three four five", 10) == ["one two", "three four", "five"]


def test_a_long_word_is_cut_anywhere():
    assert texts("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]


def test_chinese_is_cut_after_its_full_stop():
    assert texts("系统拒绝了申请。没有人复核。用户提出申诉。", 15) == ["系统拒绝了申请。没有人复核。", "用户提出申诉。"]


def test_a_long_list_is_cut_between_its_items():
    assert texts("- first item here\n- second item here\n- third", 40) == [
        "- first item here\n- second item here",
        "- third",
    ]


@pytest.mark.parametrize(
    "block",
    [
        "```python\n# not a heading\n\nx = 1\n\nprint(x)\n```",
        "~~~\n```\n# inside\n~~~",
        "$$\n\\sum_i x_i\n\n+ 1\n$$",
        "\\[\na = b\n\nc\n\\]",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "a | b\n--- | ---\n1 | 2",
    ],
)
def test_code_tables_and_formulas_stay_whole(block: str):
    text = f"Before it.\n\n{block}\n\nAfter it."
    assert block in texts(text, len(block) // 2 + 1)


def test_whole_blocks_have_a_limit_too():
    code = "```\n" + "line of code\n" * 100 + "```"
    found = texts(code, 100)
    assert max(map(len, found)) <= 100
    assert len(found) > 10


def test_dollars_in_prose_swallow_nothing():
    assert texts("$$ is a price sign.\n\n# Next\n\nText.") == ["$$ is a price sign.", "# Next\n\nText."]


def test_an_unclosed_fence_reaches_to_the_end():
    assert texts("```\n# code\n\n# more") == ["```\n# code\n\n# more"]


def test_offsets_are_code_points_and_carriage_returns_are_kept():
    text = "🙂 naïve\r\n\r\n# Ünïcode\r\n\r\nTëxt\r\n"
    assert texts(text) == ["🙂 naïve", "# Ünïcode\r\n\r\nTëxt"]


def test_ordinary_passages_respect_the_limit():
    text = "\n\n".join(f"# Part {n}\n\n" + "Some words of a sentence. " * n for n in range(80))
    found = texts(text)
    assert max(map(len, found)) <= MAX_CHARS
    check_covers(text, MAX_CHARS)


def test_a_limit_below_one_is_refused():
    with pytest.raises(ValueError, match="at least 1, not 0"):
        passages("text", 0)


def test_any_text_is_covered_exactly():
    pieces = ["#", "# H\n", "\n", "\n\n", "word ", "A sentence. ", "```\n", "~~~", "$$", "$$\n", "| a |\n", "|---|\n"]
    pieces += [
        "---\n",
        "===\n",
        "智能。",
        "é",
        "\r\n",
        "- x\n",
        "\\[",
        "\\]",
        "x" * 50,
        "\u2028",
        "🙂",
        "\x0b",
        "\ud800",
    ]
    rng = random.Random(0)
    for _ in range(2000):
        text = "".join(rng.choice(pieces) for _ in range(rng.randrange(50)))
        check_covers(text, rng.choice([1, 2, 7, 40, MAX_CHARS]))


@pytest.mark.parametrize(
    "unit",
    [
        "x",
        "word ",
        "#",
        "#\n",
        ".",
        ". ",
        "\n",
        " ",
        "```\n",
        "$$\n",
        "$$ a\n\n",
        "|",
        "|\n",
        "a|b\n",
        "---\n",
        "智",
        "- x\n",
    ],
)
def test_time_is_linear_in_the_length(unit: str):
    text = unit * (1_000_000 // len(unit))
    started = time.perf_counter()
    passages(text)
    # A tenth of a second is usual; a quadratic step takes minutes. The limit only has to tell the two apart.
    assert time.perf_counter() - started < 15
