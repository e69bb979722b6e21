"""The index follows the database, through edits, deletions, failures and kills."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kb.models import Entry, Tag
from search import health, index, indexing
from search.models import Embedding, Indexing, Passage
from tests.factories import make_entity, make_entry, make_reference

pytestmark = pytest.mark.django_db


def found(words: str) -> list[str]:
    """Titles of the entries whose passages hold the words, best first."""
    hits = index.reader().keyword(words, None, 20)
    titles = dict(Entry.objects.values_list("pk", "title"))
    return list(dict.fromkeys(titles.get(hit.entry_id, "gone") for hit in hits))


def test_a_new_entry_waits_and_is_then_found():
    make_entry(title="Ferry", summary="A ferry steered itself onto a reef.")
    assert Indexing.objects.pending().count() == 1
    assert found("reef") == []

    assert indexing.index_pending() == 1

    assert found("reef") == ["Ferry"]
    assert Indexing.objects.pending().count() == 0
    assert health.examine().problems() == []


def test_where_a_link_leads_is_not_found():
    make_entry(title="Ferry", body="It [hit a reef](https://news.example/lighthouse-keeper?utm_source=buoy).")
    indexing.index_pending()

    assert found("reef") == ["Ferry"]
    assert found("lighthouse keeper buoy") == []
    assert Passage.objects.get(source="body").text.endswith("utm_source=buoy).")


def test_passages_are_exactly_the_stored_text_at_their_offsets():
    body = "## What happened\n\nThe ferry turned.\n\n## Why\n\n" + "The map was old. " * 100
    entry = make_entry(summary="Ünïcode 🛳 first.", body=body, references=["A report.\r\n\r\nIts second paragraph."])

    indexing.index_pending()

    texts: dict[tuple[str, int | None], str] = {("summary", None): entry.summary, ("body", None): entry.body}
    texts |= {("reference", reference.pk): reference.text for reference in entry.references.all()}
    passages = list(Passage.objects.all())
    assert len(passages) >= 4
    for passage in passages:
        assert texts[passage.source, passage.reference_id][passage.start : passage.end] == passage.text


def test_an_edit_replaces_what_changed_and_embeds_nothing_else():
    entry = make_entry(title="Ferry", summary="A ferry hit a reef.", body="The pilot slept.")
    indexing.index_pending()
    kept = Passage.objects.get(source="body").pk
    embeddings = Embedding.objects.count()

    entry.summary = "A ferry hit a lighthouse."
    entry.save()
    indexing.index_pending()

    assert (found("reef"), found("lighthouse")) == ([], ["Ferry"])
    assert Passage.objects.get(source="body").pk == kept
    assert Embedding.objects.count() == embeddings + 1
    assert health.examine().problems() == []


def test_equal_text_is_embedded_once():
    for number in range(3):
        make_entry(title="Same", slug=f"same-{number}", summary="The very same words.")

    indexing.index_pending()

    assert Passage.objects.count() == 3
    assert Embedding.objects.count() == 1


def test_a_deleted_entry_leaves_the_index():
    entry = make_entry(title="Ferry", summary="A ferry hit a reef.")
    indexing.index_pending()

    entry.delete()
    indexing.index_pending()

    assert len(index.reader().state().ids) == 0
    assert not Indexing.objects.exists()
    assert health.examine().problems() == []


@pytest.mark.parametrize("change", ["entity", "tag", "reference", "identifier"])
def test_everything_that_can_be_searched_makes_the_entry_wait_when_it_changes(change):
    reference = make_reference(text="About a harbour.")
    entry = make_entry(summary="A ferry.", entities={"developer": ["Acme"]}, tags=["ships"], references=[reference])
    indexing.index_pending()

    if change == "entity":
        entity = make_entity("Acme")
        entity.name = "Zenith"
        entity.save()
    elif change == "tag":
        entry.tags.add(Tag.objects.create(name="zenith"))
    elif change == "reference":
        reference.text = "About Zenith."
        reference.save()
    else:
        entry.external_ids.create(namespace="aiid", value="zenith")
    assert Indexing.objects.pending().count() == 1
    indexing.index_pending()

    assert found("zenith") == [entry.title]


def test_a_change_during_indexing_is_not_lost():
    entry = make_entry(summary="A ferry hit a reef.")
    row = Indexing.objects.get()
    Entry.objects.get(pk=entry.pk).save()

    indexing._mark([row])

    assert Indexing.objects.pending().count() == 1


def refuse(monkeypatch, what: str) -> None:
    """Make the model fail on texts that hold `what`."""
    real = type(index.encoder()).encode

    def encode(self, texts):
        if any(what in text for text in texts):
            raise RuntimeError("cannot read this")
        return real(self, texts)

    monkeypatch.setattr(type(index.encoder()), "encode", encode)


@pytest.mark.parametrize("bring_up_to_date", [indexing.index_pending, indexing.rebuild])
def test_one_entry_that_cannot_be_indexed_does_not_stop_the_others(monkeypatch, caplog, bring_up_to_date):
    make_entry(title="Good", summary="A ferry.")
    make_entry(title="Bad", summary="A poisoned ferry.")
    refuse(monkeypatch, "poisoned")

    bring_up_to_date()
    indexing.index_pending()

    assert found("ferry") == ["Good"]
    report = health.examine()
    assert list(report.failed_entries.values()) == ["RuntimeError: cannot read this"]
    assert [problem.split(":")[0] for problem in report.problems()] == ["1 entries cannot be indexed"]


def test_a_model_that_fails_on_everything_is_no_entrys_fault(monkeypatch, caplog):
    make_entry(summary="A ferry.")
    refuse(monkeypatch, "")

    with pytest.raises(RuntimeError, match="cannot read this"):
        indexing.index_pending()

    assert Indexing.objects.workable().count() == 1
    assert not Indexing.objects.exclude(error="").exists()


def test_rebuilding_gives_the_same_index_without_embedding_again(monkeypatch):
    for name in ("Ferry", "Tram", "Lift"):
        make_entry(title=name, summary=f"A {name.lower()} went wrong.")
    indexing.index_pending()
    before = index.reader().state()
    monkeypatch.setattr(type(index.encoder()), "encode", None)

    assert indexing.rebuild() == 3

    after = index.reader().state()
    assert after.ids.tolist() == before.ids.tolist()
    assert after.generation > before.generation
    assert found("tram") == ["Tram"]
    assert health.examine().problems() == []


def test_what_the_index_lost_or_kept_too_long_is_seen_and_mended():
    make_entry(title="Ferry", summary="A ferry hit a reef.")
    gone = make_entry(title="Tram", summary="A tram hit a wall.")
    indexing.index_pending()
    ferry = Passage.objects.get(text__contains="ferry").pk
    tram = Passage.objects.get(text__contains="tram").pk
    with index.writer() as engine:
        engine.delete([ferry])
    with connection.cursor() as cursor:  # behind everybody's back
        cursor.execute("DELETE FROM search_passage WHERE id = %s", [tram])
        cursor.execute("DELETE FROM kb_entry WHERE id = %s", [gone.pk])
        cursor.execute("DELETE FROM search_indexing WHERE entry_id = %s", [gone.pk])

    report = health.examine()
    assert (report.missing_from_keyword, report.missing_from_vector) == ([ferry], [ferry])
    assert (report.extra_in_keyword, report.extra_in_vector) == ([tram], [tram])

    assert health.reconcile() == 2
    indexing.index_pending()
    assert health.examine().problems() == []
    assert found("ferry") == ["Ferry"]


def test_the_number_of_queries_does_not_grow_with_the_entries():
    def queries_for(count: int) -> int:
        for _ in range(count):
            make_entry(summary="A ferry.", tags=["ships"], entities={"developer": ["Acme"]}, references=["Text."])
        with CaptureQueriesContext(connection) as captured, index.writer() as engine:
            indexing._put(engine, index.encoder(), list(Indexing.objects.pending().values_list("pk", flat=True)))
        Indexing.objects.all().delete()
        return len([q for q in captured if q["sql"].startswith("SELECT")])

    queries_for(1)  # whatever is asked once in a process
    assert queries_for(2) == queries_for(4)


def test_a_transaction_rings_once_however_much_it_changes(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        for _ in range(3):
            make_entry(summary="A ferry.", tags=["ships"])

    assert len(callbacks) == 1
