"""The commands of search: what they print, how they exit, and what they mend."""

import json
import shutil

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from kb.models import Entry
from search import health, index, indexing
from search.models import Embedding, Indexing, Passage
from tests.factories import make_entry, make_reference

pytestmark = pytest.mark.django_db


@pytest.fixture
def three():
    make_entry(title="Ferry", summary="A ferry steered itself onto a reef.", occurred_on="2024-02", ids={"aiid": "7"})
    make_entry(kind="case_study", title="Autopilot", summary="How a ferry line shipped an autopilot.")
    make_entry(title="Coast", references=[make_reference(text="The lighthouse keeper saw it. " * 40)])
    make_entry(title="Secret", summary="The secret ferry on a reef.", visibility="internal")
    indexing.index_pending()


def run(capsys, *arguments: str, status: int = 0) -> tuple[str, str]:
    """What the command wrote: to the screen, and as errors."""
    try:
        call_command(*arguments)
        left: object = 0
    except SystemExit as exit:
        left = exit.code
    assert left == status
    told = capsys.readouterr()
    return told.out, told.err


def test_search_prints_what_the_public_sees(three, capsys):
    out, err = run(capsys, "search", "ferry on a reef")

    lines = out.splitlines()
    assert lines[0] == " 1. Ferry"
    assert lines[1].startswith("    incident, 2024-02, /entries/ferry/   ")
    assert " = words " in lines[1]
    assert lines[2] == "    A ferry steered itself onto a reef."
    assert lines[3] == " 2. Autopilot"
    assert "    case study, no date, /entries/autopilot/" in lines[4]
    assert "Secret" not in out
    assert err == ""


def test_search_quotes_what_is_not_licensed(three, capsys):
    out, _ = run(capsys, "search", "lighthouse keeper", "--mode", "keyword")

    assert out.count("The lighthouse keeper saw it.") <= 280 // 30
    assert len(out) < 500


def test_search_with_json_is_the_answer_of_the_api(three, capsys):
    for params in ({}, {"kind": "case_study"}, {"mode": "vector", "limit": "1"}):
        options = [part for name, value in params.items() for part in (f"--{name}", value)]
        printed = json.loads(run(capsys, "search", "ferry on a reef", "--json", *options)[0])
        served = Client().get("/api/v1/search", {"q": "ferry on a reef", "limit": "10", **params}).json()
        for result in served["results"]:
            for shown in (result["entry"], *result["passages"]):
                shown["url"] = shown["url"].removeprefix("http://testserver")
        assert printed == served
        assert printed["results"]


def test_search_takes_a_kind_as_addresses_write_it(three, capsys):
    out, _ = run(capsys, "search", "ferry", "--kind", "case-study")

    assert " 1. Autopilot" in out
    assert "Ferry" not in out


def test_search_says_what_it_cannot_do(three, capsys, settings, tmp_path):
    assert run(capsys, "search", "zebra", "--mode", "keyword")[0] == "Nothing found.\n"
    assert run(capsys, "search", "")[0] == "Nothing found.\n"
    with pytest.raises(CommandError, match="whole number from 1 to 100"):
        run(capsys, "search", "ferry", "--limit", "101")
    with pytest.raises(CommandError, match="There is no kind “poem”"):
        run(capsys, "search", "ferry", "--kind", "poem")

    make_entry(title="New")
    settings.KB_EMBEDDER = str(tmp_path)
    out, err = run(capsys, "search", "ferry")
    assert " 1. " in out
    assert err.splitlines() == [
        "Search by meaning is not available right now: these results match your words only.",
        "1 entry is waiting to be indexed.",
    ]


@pytest.mark.parametrize("typed", ['"half', "title:x", "\udcff\udc80 ferry", "🚢", "\0", "x" * 100_000])
def test_search_takes_whatever_a_shell_hands_over(three, capsys, typed):
    out, _ = run(capsys, "search", typed, "--json")

    assert json.loads(out)["notices"] == []


def test_doctor_finds_nothing_where_nothing_is_wrong(three, capsys):
    out, _ = run(capsys, "doctor")

    assert out.splitlines()[-1] == "All agree."
    report = json.loads(run(capsys, "doctor", "--json")[0])
    assert (report["ok"], report["problems"], report["entries"]) == (True, [], 4)
    assert report["in_keyword_index"] == report["in_vector_index"] == report["passages"] == Passage.objects.count()
    assert report["model"] == "hashing:256"


def test_doctor_takes_waiting_for_no_fault(three, capsys):
    new = make_entry(title="New")

    assert json.loads(run(capsys, "doctor", "--json")[0])["pending_entries"] == [new.pk]
    assert "1 waiting to be indexed" in run(capsys, "doctor")[0]


def test_doctor_names_what_is_wrong_and_fails(three, capsys):
    ferry = Passage.objects.get(entry__title="Ferry")
    with index.writer() as engine:
        engine.delete([ferry.pk])
    Entry.objects.filter(title="Autopilot").update(summary="Said behind everybody's back.")
    Embedding.objects.filter(text_hash=ferry.text_hash).delete()

    out, _ = run(capsys, "doctor", status=1)

    wrong = [line for line in out.splitlines() if line.startswith("WRONG: ")]
    study = Entry.objects.get(title="Autopilot")
    assert wrong == [
        f"WRONG: 1 entries say something else than their passages, and nothing is pending for them: {study.pk}",
        f"WRONG: 1 passages have no embedding: {ferry.text_hash}",
        f"WRONG: 1 passages are missing from the keyword index: {ferry.pk}",
        f"WRONG: 1 passages are missing from the vector index: {ferry.pk}",
    ]
    assert out.splitlines()[-1] == "manage.py reindex mends what can be mended."
    report = json.loads(run(capsys, "doctor", "--json", status=1)[0])
    assert report["ok"] is False
    assert len(report["problems"]) == 4
    assert report["stale_entries"] == [study.pk]


def test_doctor_says_that_the_model_is_missing(three, capsys, settings, tmp_path):
    settings.KB_EMBEDDER = str(tmp_path)

    out, _ = run(capsys, "doctor", status=1)

    assert f"WRONG: {tmp_path} holds no model weights" in out


def test_doctor_says_that_the_model_is_another(three, capsys, settings):
    settings.KB_EMBEDDER = "hashing:64"

    out, _ = run(capsys, "doctor", status=1)

    assert "The index was made with hashing:256, the model in use is hashing:64: run manage.py reindex --rebuild" in out


def test_reindex_pending_does_what_waits_and_nothing_else(three, capsys, data_folder):
    make_entry(title="New", summary="A new ferry.")
    Entry.objects.filter(title="Autopilot").update(summary="Behind everybody's back.")

    assert run(capsys, "reindex", "--pending")[0] == "indexed 1\n"
    assert run(capsys, "reindex", "--pending")[0] == "indexed 0\n"
    assert run(capsys, "reindex", "--pending", "--quiet-when-idle")[0] == ""
    assert health.examine().stale_entries


def well(capsys) -> bool:
    run(capsys, "doctor")
    return "Ferry" in run(capsys, "search", "reef")[0]


def test_reindex_mends_what_doctor_names(three, capsys):
    ferry = Passage.objects.get(entry__title="Ferry")
    with index.writer() as engine:
        engine.delete([ferry.pk])
    Embedding.objects.filter(text_hash=ferry.text_hash).delete()
    Entry.objects.filter(title="Autopilot").update(summary="Said behind everybody's back.")
    gone = Entry.objects.get(title="Coast").pk
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM search_indexing WHERE entry_id = %s", [gone])

    run(capsys, "reindex")

    assert well(capsys)


def test_reindex_builds_a_deleted_index_anew(three, capsys, data_folder):
    shutil.rmtree(data_folder / "index")

    out, _ = run(capsys, "reindex")

    assert out.splitlines()[-1] == "indexed 4"
    assert well(capsys)


def test_reindex_builds_a_damaged_index_anew(three, capsys, data_folder):
    (data_folder / "index" / "CURRENT").write_text("{")

    out, _ = run(capsys, "reindex")

    assert out.startswith("The index does not fit: ")
    assert well(capsys)


def test_reindex_follows_another_model_and_back_without_embedding_again(three, capsys, settings, monkeypatch):
    settings.KB_EMBEDDER = "hashing:64"

    out, _ = run(capsys, "reindex")

    assert out.startswith("The index does not fit: the index was made with hashing:256")
    assert out.splitlines()[-1] == "indexed 4"
    assert well(capsys)
    settings.KB_EMBEDDER = "hashing:256"
    monkeypatch.setattr(type(index.encoder()), "encode", None)
    run(capsys, "reindex")
    assert json.loads(run(capsys, "doctor", "--json")[0])["model"] == "hashing:256"


def test_reindex_pending_with_another_model_says_what_to_do(three, capsys, settings):
    make_entry(title="New")
    settings.KB_EMBEDDER = "hashing:64"

    with pytest.raises(CommandError, match="reindex --rebuild"):
        run(capsys, "reindex", "--pending")
    assert Indexing.objects.pending().count() == 1


@pytest.mark.parametrize("option", ["", "--pending", "--rebuild"])
def test_reindex_without_a_model_says_so_and_keeps_what_there_is(three, capsys, settings, tmp_path, option):
    make_entry(title="New")
    settings.KB_EMBEDDER = str(tmp_path)

    with pytest.raises(CommandError, match=r"Nothing was indexed: .* holds no model weights"):
        run(capsys, "reindex", *filter(None, [option]))
    assert "Ferry" in run(capsys, "search", "reef")[0]


def test_rebuilding_indexes_everything_and_forgets_what_is_gone(three, capsys):
    with connection.cursor() as cursor:  # behind everybody's back
        cursor.execute(
            "DELETE FROM search_passage WHERE entry_id IN (SELECT id FROM kb_entry WHERE title = 'Autopilot')"
        )
        cursor.execute("DELETE FROM kb_entry WHERE title = 'Autopilot'")

    run(capsys, "reindex", "--rebuild")

    assert well(capsys)
    assert len(index.reader().state().ids) == Passage.objects.count()


def test_pending_and_rebuild_are_one_or_the_other(capsys):
    with pytest.raises(CommandError, match="not allowed with"):
        call_command("reindex", "--pending", "--rebuild")
