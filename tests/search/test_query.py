"""What a search gives to whom: the same path behind the page, the API and the command."""

import numpy as np
import pytest
from django.contrib.auth.models import AnonymousUser

from kb.filters import BadFilter, EntryFilter
from kb.models import Entry, EntryReference
from kb.rights import QUOTE_CHARS
from search import index, indexing
from search.models import Indexing, Passage
from search.query import SearchQuery, search
from search.related import related_to
from tests.factories import make_entry, make_reference, make_user

pytestmark = pytest.mark.django_db

MODES = ["hybrid", "keyword", "vector"]


def titles(text: str, user=None, **params: str) -> list[str]:
    results = search(SearchQuery.from_params({"q": text, **params}), user)
    assert results.total == len(results.hits)
    return [hit.entry.title for hit in results.hits]


@pytest.fixture
def three():
    """An entry of each kind."""
    found = {
        "ferry": make_entry(title="Ferry", summary="A ferry steered itself onto a reef.", tags=["ships"]),
        "study": make_entry(kind="case_study", title="Autopilot", summary="How a ferry line shipped an autopilot."),
        "note": make_entry(kind="note", title="Control", body="Notes on steering a ship past a reef."),
    }
    indexing.index_pending()
    return found


def test_the_best_comes_first_and_says_why(three):
    hit = search(SearchQuery("ferry on a reef"), None).hits[0]

    assert hit.entry.title == "Ferry"
    assert hit.words == ["ferry", "reef"]
    assert hit.score == pytest.approx(hit.keyword + hit.semantic)
    assert 0 < hit.keyword < hit.score <= 1
    (passage,) = hit.passages
    assert (passage.source, passage.reference) == ("summary", None)
    assert passage.text == three["ferry"].summary[passage.start : passage.end]
    assert [passage.text[a:b] for a, b in passage.marks] == ["ferry", "reef"]


def test_words_of_one_half_alone(three):
    assert set(titles("reef", mode="keyword")) == {"Ferry", "Control"}
    keyword = search(SearchQuery("reef", mode="keyword"), None).hits[0]
    vector = search(SearchQuery("reef", mode="vector"), None).hits[0]

    assert (keyword.semantic, vector.keyword) == (0, 0)


def test_marks_are_the_words_that_were_asked_for_and_no_others():
    make_entry(title="x", summary="The refunds, refunded: REFUND! Café-owner naïve; not the Thing.")
    indexing.index_pending()

    (passage,) = search(SearchQuery("the refund cafe NAIVE", mode="keyword"), None).hits[0].passages

    assert [passage.text[a:b] for a, b in passage.marks] == ["refunds", "refunded", "REFUND", "Café", "naïve"]


@pytest.mark.parametrize("mode", MODES)
def test_a_deleted_entry_is_gone_before_the_index_knows(three, mode):
    three["ferry"].delete()

    assert "Ferry" not in titles("ferry reef", mode=mode)
    assert index.reader().keyword("reef", None, 10)[0].entry_id  # the index still holds it


@pytest.mark.parametrize("change", [{"visibility": "internal"}, {"status": "draft"}])
def test_who_may_see_an_entry_changes_at_once(three, change):
    Entry.objects.filter(pk=three["ferry"].pk).update(**change)
    curator = make_user(is_staff=True)

    for mode in MODES:
        assert "Ferry" not in titles("ferry reef", mode=mode)
        assert "Ferry" not in titles("ferry reef", make_user(), mode=mode)
        assert titles("ferry reef", curator, mode=mode)[0] == "Ferry"
    assert "Ferry" not in titles("ferry reef", tag="ships")

    Entry.objects.filter(pk=three["ferry"].pk).update(status="published", visibility="public")
    assert titles("ferry reef", AnonymousUser())[0] == "Ferry"


def test_a_text_that_may_not_be_republished_is_quoted_around_the_words():
    text = ("Nobody knew. " * 60) + "Then the lighthouse went dark. " + ("All was quiet. " * 60)
    entry = make_entry(title="Coast", references=[make_reference(text=text)])
    indexing.index_pending()

    hit = search(SearchQuery("lighthouse", mode="keyword"), None).hits[0]

    assert hit.entry == entry
    for passage in hit.passages:
        assert len(passage.text) <= QUOTE_CHARS
        assert passage.text == text[passage.start : passage.end]
    assert hit.passages[0].text.startswith("Nobody knew. Nobody")  # where a sentence begins
    assert "Then the lighthouse went dark." in hit.passages[0].text
    assert [hit.passages[0].text[a:b] for a, b in hit.passages[0].marks] == ["lighthouse"]


def test_a_quote_holds_the_word_in_scripts_without_spaces():
    text = "电" * 400 + "灯塔" + "车" * 20
    make_entry(title="x", references=[make_reference(text=text)])
    indexing.index_pending()

    quotes = search(SearchQuery("灯塔", mode="keyword"), None).hits[0].passages

    assert any("灯塔" in quote.text for quote in quotes)
    assert all(len(quote.text) <= QUOTE_CHARS and text[quote.start : quote.end] == quote.text for quote in quotes)


def test_the_last_word_of_a_long_sentence_is_quoted():
    text = "word " * 150 + "lighthouse"
    make_entry(title="x", references=[make_reference(text=text)])
    indexing.index_pending()

    hit = search(SearchQuery("lighthouse", mode="keyword"), None).hits[0]

    assert hit.passages[0].text.endswith("lighthouse")
    assert len(hit.passages[0].text) <= QUOTE_CHARS


def test_a_passage_of_a_paper_says_its_page():
    pages = ["The harbour. " * 100, "", "Then the lighthouse went dark. " * 3, "All was quiet. " * 100]
    starts = [sum(map(len, pages[:number])) for number in range(4)]
    make_entry(title="x", references=[make_reference(text="".join(pages), page_starts=starts)])
    make_entry(title="y", references=[make_reference(text="A lighthouse without pages.")])
    indexing.index_pending()

    first, second = search(SearchQuery("lighthouse", mode="keyword"), None).hits
    assert sorted([first.passages[0].page or 0, second.passages[0].page or 0]) == [0, 3]
    (paper,) = search(SearchQuery("quiet", mode="keyword"), None).hits
    assert {passage.page for passage in paper.passages} == {4}


def test_a_text_that_may_be_republished_is_shown_as_the_passage_it_is():
    text = "The lighthouse went dark. " * 20
    make_entry(title="x", references=[make_reference(text=text, text_licence="CC-BY-4.0")])
    indexing.index_pending()

    passage = search(SearchQuery("lighthouse"), None).hits[0].passages[0]

    assert len(passage.text) > QUOTE_CHARS
    assert passage.text == text[passage.start : passage.end]


def test_what_waits_is_counted_for_those_who_may_see_it(three):
    make_entry(title="New")
    make_entry(title="Secret", visibility="internal")
    three["note"].delete()

    assert search(SearchQuery("ferry"), None).waiting == 1
    assert search(SearchQuery("ferry"), make_user(is_staff=True)).waiting == 2
    assert search(SearchQuery(""), None).waiting == 1


def test_a_narrow_filter_over_many_entries_gives_full_results():
    many = [Entry(kind="incident", title=f"Ferry {n}", slug=f"f{n}", summary="A ferry on a reef.") for n in range(500)]
    Entry.objects.bulk_create(many)
    few = [
        make_entry(title=f"Other {n}", summary="Nothing like it: a tram and a reef.", tags=["rare"]) for n in range(7)
    ]
    Indexing.objects.want(Entry.objects.values_list("pk", flat=True))
    indexing.index_pending()

    for mode in MODES:
        results = search(SearchQuery("ferry reef", EntryFilter(tag="rare"), mode, limit=100), None)  # type: ignore[arg-type]
        assert {hit.entry.pk for hit in results.hits} == {entry.pk for entry in few}
        assert results.total == 7


@pytest.mark.parametrize("mode", MODES)
def test_without_the_model_words_are_searched_and_the_reader_is_told(three, settings, tmp_path, mode):
    settings.KB_EMBEDDER = str(tmp_path)  # a folder without a model

    results = search(SearchQuery("reef", mode=mode), None)

    assert {hit.entry.title for hit in results.hits} == {"Ferry", "Control"}
    assert all(hit.semantic == 0 for hit in results.hits)
    notices = ["Search by meaning is not available right now: these results match your words only."]
    assert results.notices == ([] if mode == "keyword" else notices)
    assert [entry.title for entry in related_to(three["ferry"], None)["case_study"]] == ["Autopilot"]


def test_with_another_model_than_the_index_was_made_with_the_reader_is_told(three, settings):
    settings.KB_EMBEDDER = "hashing:64"

    results = search(SearchQuery("reef"), None)

    assert {hit.entry.title for hit in results.hits} == {"Ferry", "Control"}
    assert len(results.notices) == 1
    assert related_to(three["ferry"], None) == {}


def test_an_index_that_cannot_be_read_is_told_and_breaks_nothing(three, data_folder, settings):
    (data_folder / "index" / "CURRENT").write_text("{")
    index._readers.clear()

    results = search(SearchQuery("reef"), None)

    assert (results.hits, results.total) == ([], 0)
    assert results.notices == [
        "Search is not available right now: the index cannot be read. Lists and pages are all there."
    ]
    assert related_to(three["ferry"], None) == {}


def test_before_anything_is_indexed_there_is_nothing_and_it_is_told():
    make_entry(summary="A ferry.")

    results = search(SearchQuery("ferry"), None)

    assert (results.hits, results.total, results.waiting, results.notices) == ([], 0, 1, [])


def test_related_entries_come_from_every_kind_and_never_from_itself(three):
    twin = make_entry(title="Ferry two", summary="A ferry steered itself onto a reef again.")
    far = make_entry(title="Loans", summary="A bank refused mortgages by postcode.")
    indexing.index_pending()

    found = related_to(three["ferry"], None)

    assert {kind: [entry.title for entry in entries] for kind, entries in found.items()} == {
        "incident": ["Ferry two", "Loans"],
        "case_study": ["Autopilot"],
        "note": ["Control"],
    }
    assert [entry.pk for entry in related_to(twin, None, per_kind=1)["incident"]] == [three["ferry"].pk]
    assert related_to(far, None)["note"] == [three["note"]]


def test_related_entries_are_those_the_reader_may_see(three):
    Entry.objects.filter(pk=three["study"].pk).update(visibility="internal")

    assert related_to(three["ferry"], None)["case_study"] == []
    assert related_to(three["ferry"], make_user(is_staff=True))["case_study"] == [three["study"]]


def test_one_entry_with_many_passages_does_not_keep_the_others_out(three):
    long = make_entry(title="Long", references=["A ferry steered itself onto a reef. " * 2000])
    indexing.index_pending()
    assert Passage.objects.filter(entry=long).count() > 3 * 24

    assert [entry.title for entry in related_to(long, None)["incident"]] == ["Ferry"]
    for number in range(3):
        make_entry(title=f"Reef {number}", summary="A reef.")
    indexing.index_pending()
    assert len(related_to(three["ferry"], None)["incident"]) == 3


def test_an_entry_that_is_not_indexed_has_no_neighbours(three):
    assert related_to(make_entry(summary="A ferry."), None) == {}


def test_an_entry_cited_by_two_is_found_for_both():
    shared = make_reference(text="The lighthouse went dark.")
    first = make_entry(title="First", references=[shared])
    second = make_entry(title="Second")
    EntryReference.objects.create(entry=second, reference=shared)
    indexing.index_pending()

    hits = search(SearchQuery("lighthouse"), None).hits

    assert {hit.entry.pk for hit in hits} == {first.pk, second.pk}
    assert {hit.passages[0].reference for hit in hits} == {shared}


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"mode": "magic"}, "mode"),
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"limit": "²"}, "limit"),
        ({"limit": "9" * 5000}, "limit"),
        ({"cursor": "x"}, "cursor"),
        ({"cursor": "-20"}, "cursor"),
        ({"cursor": "9" * 5000}, "cursor"),
        ({"kind": "poem"}, "kind"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused_by_name(params, name):
    with pytest.raises(BadFilter) as refused:
        SearchQuery.from_params(params)
    assert refused.value.name == name


def test_what_is_left_empty_means_the_usual():
    asked = SearchQuery.from_params({"q": " a\0b ", "limit": "", "cursor": " ", "mode": "", "kind": ""})

    assert asked == SearchQuery("a b")


def test_the_vectors_of_the_twin_are_of_one_length(three):
    vectors = index.reader().vectors(list(Passage.objects.values_list("pk", flat=True)))

    assert np.linalg.norm(np.stack(list(vectors.values())), axis=1) == pytest.approx(1, abs=1e-6)
