"""Which words are marked."""

from search.highlight import matched_terms


def marked(query: str, text: str) -> list[str]:
    return [text[start:end] for start, end in matched_terms(query, text)]


def test_words_of_the_same_stem_are_marked():
    assert marked("refunding chatbots", "The Chatbot refunded two refunds.") == ["Chatbot", "refunded", "refunds"]


def test_offsets_are_code_points():
    assert matched_terms("cafés", "🙂 the Cafe\u0301 of 人") == [(6, 11)]
    assert matched_terms("refunds for GPT-4", "A refund, by GPT-4.") == [(2, 8), (13, 16), (17, 18)]


def test_stop_words_are_not_marked_unless_asked_alone():
    assert marked("the bot", "the bot and the cat") == ["bot"]
    assert marked("to be", "not to be") == ["to", "be"]


def test_nothing_asked_nothing_marked():
    assert matched_terms("", "text") == matched_terms("🙂", "text 🙂") == matched_terms("x", "") == []


def test_where_a_link_leads_is_not_marked():
    text = (
        'The [ferry](https://ferry.example/ferry_(ship) "A ferry") left; see ![ferry](<my ferry.png>), a ferry (ferry).'
    )
    assert matched_terms("ferry", text) == [
        (5, 10),
        *((at, at + 5) for at in (text.index("![") + 2, text.index("a ferry (") + 2, text.index("(ferry).") + 1)),
    ]
