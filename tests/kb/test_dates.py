"""Dates keep the precision they were written with."""

import datetime as dt

import pytest

from kb.dates import PartialDate, parse_date


@pytest.mark.parametrize(
    ("value", "expected", "precision"),
    [
        ("2024", "2024", "year"),
        (2024, "2024", "year"),
        ("2024-02", "2024-02", "month"),
        ("2024/2", "2024-02", "month"),
        ("Feb 2024", "2024-02", "month"),
        ("february, 2024", "2024-02", "month"),
        ("Sept. 2024", "2024-09", "month"),
        ("2024-02-14", "2024-02-14", "day"),
        (" 2024-2-4 ", "2024-02-04", "day"),
        ("20240214", "2024-02-14", "day"),
        ("2024-02-14T23:30:00Z", "2024-02-14", "day"),
        ("2024-02-14 23:30:00.123+05:30", "2024-02-14", "day"),
        ("14 February 2024", "2024-02-14", "day"),
        ("14-Feb-2024", "2024-02-14", "day"),
        ("1st of May 2024", "2024-05-01", "day"),
        ("Feb 14th, 2024", "2024-02-14", "day"),
        ("Wednesday, February 14, 2024", "2024-02-14", "day"),
        ("Wed, 14 Feb 2024 09:12:00 GMT", "2024-02-14", "day"),
        ("2024-Feb", "2024-02", "month"),
        ("14/02/2024", "2024-02-14", "day"),
        ("02/14/2024", "2024-02-14", "day"),
        ("05/05/2024", "2024-05-05", "day"),
        (dt.date(2024, 2, 14), "2024-02-14", "day"),
        (dt.datetime(2024, 2, 14, 23, 59, tzinfo=dt.UTC), "2024-02-14", "day"),
    ],
)
def test_reads(value, expected, precision):
    date = parse_date(value)
    assert (str(date), date.precision) == (expected, precision)


def test_what_is_unknown_is_the_first():
    assert parse_date("2024").date == dt.date(2024, 1, 1)
    assert parse_date("2024-02").date == dt.date(2024, 2, 1)


def test_a_partial_date_is_itself():
    date = PartialDate(dt.date(2024, 2, 1), "month")
    assert parse_date(date) is date
    assert parse_date(str(date)) == date


@pytest.mark.parametrize(
    "value",
    [
        "",
        "soon",
        "2024-13",
        "2024-02-30",
        "0000",
        "24-02-14",
        "2024-02-14x",
        "٢٠٢٤",
        None,
        True,
        3.5,
        10**70,
        "9" * 999,
    ],
)
def test_refuses_and_quotes_it(value):
    with pytest.raises(ValueError, match=r"date"):
        parse_date(value)


def test_quotes_the_offending_text():
    with pytest.raises(ValueError, match="'soonish'"):
        parse_date("soonish")


def test_two_readings_are_refused():
    with pytest.raises(ValueError, match=r"ambiguous.*03/04/2024"):
        parse_date("03/04/2024")
