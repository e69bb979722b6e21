"""Records: what is cleaned, what is refused, and how the refusal reads."""

import datetime as dt

import pytest
from pydantic import ValidationError

from ingest.records import (
    BadRecord,
    ClassificationRecord,
    EntryRecord,
    LinkRecord,
    ReferenceRecord,
    RoleRecord,
    entry_or_bad,
    keep_valid,
    why,
)
from kb.dates import PartialDate


def make_entry(**fields):
    return EntryRecord(**{"key": "row 1", "kind": "incident", "title": "A robot mowed the roses"} | fields)


def reason(**fields):
    bad = entry_or_bad("row 1", **{"kind": "incident", "title": "A robot mowed the roses"} | fields)
    assert isinstance(bad, BadRecord)
    return bad.reason


def test_a_full_entry():
    entry = make_entry(
        kind="Case Study",
        slug="roses",
        occurred="Feb 2024",
        tags=["gardens", "gardens", ""],
        roles=[{"role": "harmed", "name": "Roses", "namespace": "aiid", "key": "roses"}],
        references=[{"url": "https://example.org/roses", "published": "2024"}],
        external_ids=[("aiid", "7"), ("aiid", "7"), ("doi", "10.1/x")],
        links=[{"relation": "see_also", "target": "tulips"}, {"relation": "similar", "target": ("aiid", "8")}],
        facts={"on": dt.date(2024, 2, 3), "n": 2},
    )
    assert entry.kind == "case_study"
    assert entry.occurred == PartialDate(dt.date(2024, 2, 1), "month")
    assert entry.tags == ["gardens"]
    assert entry.roles == [RoleRecord(role="harmed", name="Roses", namespace="aiid", key="roses")]
    assert entry.external_ids == [("aiid", "7"), ("doi", "10.1/x")]
    assert entry.links[1] == LinkRecord(relation="similar", target=("aiid", "8"))
    assert entry.facts == {"on": "2024-02-03", "n": 2}
    assert (entry.status, entry.visibility) == ("", "")


def test_text_is_cleaned_and_keeps_its_shape():
    entry = make_entry(title=" Two\n lines\x00\t", body="a\r\n\tb\x00\x1b[31m\n\n  c\ud800 é")
    assert entry.title == "Two lines"
    assert entry.body == "a\n\tb[31m\n\n  c é"


def test_numbers_that_were_titles():
    assert make_entry(title=1984).title == "1984"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"title": ""}, "title: must not be empty"),
        ({"title": "x" * 501}, "title: is longer than the 500 allowed"),
        ({"title": ["a"]}, "title: must be text, not list"),
        ({"kind": "poem"}, "kind: must be one of incident, case_study, note, not 'poem'"),
        ({"occurred": "soon"}, "occurred: not a date: 'soon'"),
        ({"slug": "a/b"}, "slug: must not hold blanks or any of / \\ ? # %: 'a/b'"),
        ({"language": "english please"}, "language: not a language code such as 'en': 'english please'"),
        ({"colour": "red"}, "colour: is not a known field"),
        ({"facts": {"n": float("nan")}}, "facts: not a number: nan"),
        ({"facts": {"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}}}, "facts: nested deeper than 6 levels"),
        ({"external_ids": [("AI ID", "1")]}, "external_ids.0.0: must be 1 to 40 of a-z, 0-9, '-', '_', '.': 'AI ID'"),
    ],
)
def test_refusals_say_what_and_where(fields, expected):
    assert reason(**fields) == expected


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("javascript:alert(1)", "not an http or https address"),
        ("ftp://example.org/a", "not an http or https address"),
        ("//example.org/a", "not an http or https address"),
        ("https://", "without a host"),
        ("https://exa mple.org", "blanks"),
        ("https://example.org/\x00", "blanks or control"),
        ("https://[::1", "not an address"),
        ("https://example.org:port/", "not an address"),
        ("https://example.org/" + "a" * 2000, "longer than 2000"),
        (None, "needs an address"),
        (7, "must be text, not int"),
    ],
)
def test_addresses_refused(url, said):
    with pytest.raises(ValidationError) as error:
        ReferenceRecord(url=url)
    assert said in why(error.value)


def test_an_address_is_kept_as_it_is():
    url = "HTTPS://Example.org/%7Ea?b=1&c=ü#d"
    assert ReferenceRecord(url=f" {url}\n").url == url


def test_a_slug_may_be_any_script_and_has_one_form():
    assert make_entry(slug="caf\u0065\u0301-机器人").slug == "caf\u00e9-机器人"


def test_a_category_is_a_path():
    assert ClassificationRecord(taxonomy="Harms", category=("Domain", "yes")).category == ("Domain", "yes")
    with pytest.raises(ValidationError):
        ClassificationRecord(taxonomy="Harms", category=())


def test_one_bad_reference_costs_itself_only():
    warnings: list[str] = []
    kept = keep_valid(ReferenceRecord, [{"url": "https://a.example/"}, {"url": "mailto:a@b"}], "reference", warnings)
    assert [reference.url for reference in kept] == ["https://a.example/"]
    assert warnings == ["reference 2 left out: url: not an http or https address: 'mailto:a@b'"]


def test_models_share_no_lists():
    make_entry().tags.append("a")
    assert make_entry().tags == []
