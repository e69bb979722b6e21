"""Words, fingerprints and figures, by hand-made cases."""

import datetime as dt

import pytest

from ingest.matching.accounts import Account, name_of_article
from ingest.matching.pool import LIKELY, Pool
from ingest.matching.signals import dates
from ingest.matching.words import fingerprint, spelled, words
from kb.dates import parse_date

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The airline's chatbots, it said, gave café discounts", ["airline", "chatbot", "gave", "cafe", "discount"]),
        ("GPT-4 & x-(twitter)", ["gpt", "4", "x", "twitter"]),
        ("特斯拉汽车", ["特斯", "斯拉", "拉汽", "汽车"]),
        ("자율주행 car", ["자율", "율주", "주행", "car"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("the of and", []),
        ("", []),
    ],
)
def test_words_that_tell_something(text, found):
    assert words(text) == found


def test_a_curator_reads_words_as_they_were_written():
    assert spelled("Massachusetts cafés; the café's 汽车") == {
        "massachusett": "massachusetts",
        "cafe": "cafes",
        "汽车": "汽车",
    }


def test_fingerprints_tell_how_much_is_the_same():
    text = [f"word{number}" for number in range(200)]

    same = fingerprint(text).jaccard(fingerprint(list(text)))
    half = fingerprint(text).jaccard(fingerprint(text[:100] + [f"other{number}" for number in range(100)]))

    assert same == 1
    assert half == pytest.approx(1 / 3, abs=0.12)
    assert fingerprint(text).jaccard(fingerprint(["other"])) == 0


@pytest.mark.parametrize(
    ("one", "other", "near", "far"),
    [
        ("2024-02-14", "2024-02-14", 1.0, 0.0),
        ("2024-02-14", "2024-02", 0.6, 0.0),
        ("2024-02-14", "2024", 0.25, 0.0),
        ("2024-02-14", "2024-03-15", 0.368, 0.041),
        ("2019", "2024-02-14", 0.0, 1.0),
        ("2024", "", 0.0, 0.0),
        ("", "", 0.0, 0.0),
    ],
)
def test_dates_are_near_no_more_exactly_than_they_are_known(one, other, near, far):
    first, second = (parse_date(text) if text else None for text in (one, other))

    assert dates(first, second) == pytest.approx((near, far), abs=0.001)
    assert dates(second, first) == dates(first, second)


def test_an_article_is_compared_by_what_it_is_the_page_of():
    assert name_of_article("https://arxiv.org/abs/1706.03762v5") == "arxiv 1706.03762"
    assert name_of_article("https://news.example/1") == "https://news.example/1"


def test_candidates_are_few_however_many_entries_there_are():
    """Nobody compares each with each: with four times the entries an entry has no more candidates."""
    pool = Pool(
        Account(
            number,
            "incident",
            f"Robot {number} in hall {number % 7} stops",
            f"A robot in hall {number % 7} stopped; part {number % 50} was worn, said engineer {number % 90}.",
            parse_date(dt.date(2024, 1, 1 + number % 28)),
        )
        for number in range(1, 2001)
    )

    assert max(len(pool.candidates(id)) for id in range(1, 200)) <= 3 * LIKELY


def test_who_cites_the_page_of_an_incident_is_a_candidate_for_it():
    pool = Pool(
        [
            Account(1, "incident", "A ferry", identifiers=frozenset({("aiid", "7")})),
            Account(2, "incident", "Grounding", references=frozenset({"aiid 7"})),
            Account(3, "incident", "A loan"),
        ]
    )

    assert pool.candidates(1) == {2}
    assert pool.candidates(3) == set()
