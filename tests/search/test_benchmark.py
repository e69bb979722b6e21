"""The benchmark of imports: real processes on a made-up snapshot, and the instance's own data left alone."""

import json

import pytest
from django.core.management import CommandError, call_command

from ingest.records import EntryRecord
from ingest.sources import open_source
from kb.models import Entry
from search import health, indexing
from search.benchmarks.made_collection import questions
from search.benchmarks.made_snapshot import make
from search.models import Passage
from tests.factories import make_entry
from tests.search.judged import collection

pytestmark = pytest.mark.django_db


def test_a_made_up_snapshot_is_read_like_a_published_one(tmp_path):
    folder = make(tmp_path, incidents=3, reports_each=4, characters=900)

    records = [record for record in open_source("aiid", str(folder)).records() if isinstance(record, EntryRecord)]

    assert [record.external_ids for record in records] == [[("aiid", "1")], [("aiid", "2")], [("aiid", "3")]]
    texts = [reference.text for record in records for reference in record.references]
    assert len(set(texts)) == 12
    assert all(800 < len(text) < 1400 for text in texts)
    assert [record.warnings for record in records] == [[], [], []]


def test_the_same_snapshot_is_made_every_time(tmp_path):
    one, other = (make(tmp_path / name, incidents=2, reports_each=2, characters=300) for name in ("one", "other"))

    assert (one / "reports.csv").read_bytes() == (other / "reports.csv").read_bytes()


@pytest.mark.once
@pytest.mark.thorough
def test_an_import_is_measured_from_end_to_end(capsys):
    call_command("benchmark", "import", incidents=3, reports=2, characters=400, json=True)

    found = json.loads(capsys.readouterr().out)
    assert found["said"] == "created 3, updated 0, unchanged 0, failed 0"
    assert (found["incidents"], found["reports"]) == (3, 6)
    assert found["passages"] == found["encoder"]["passages"] >= 9
    assert 0 <= found["share_of_encoder"] < 1
    assert found["memory"]["peak_mb"] > 20
    assert Entry.objects.count() == 0


def test_the_encoder_alone_is_measured_on_what_is_here(capsys):
    with pytest.raises(CommandError, match="There is nothing to encode"):
        call_command("benchmark", "encoder")
    make_entry(summary="A lift sang.")
    indexing.index_pending()

    call_command("benchmark", "encoder", json=True)

    found = json.loads(capsys.readouterr().out)
    assert (found["passages"], found["all_passages"], found["encoder"]) == (1, 1, "hashing:256")


@pytest.mark.thorough
def test_what_the_encoder_costs_in_quality_is_measured_beside_the_model_as_it_came(tmp_path, capsys, real_model):
    folder = collection(tmp_path / "small")

    call_command("benchmark", "encoder", judged=[folder], json=True)

    found = json.loads(capsys.readouterr().out)["quality"][str(folder)]
    assert found["queries"] == 2
    assert found["reference"].endswith(":torch-fp32")
    assert found["encoder"].partition(":")[0] == found["reference"].partition(":")[0]
    assert found["encoder"] != found["reference"]
    for mode in ("vector", "hybrid"):
        assert found[mode] == {"ndcg@10": 1.0, "reference": 1.0, "difference": 0.0, "from": 0.0, "to": 0.0}


def test_quality_is_measured_of_models_and_of_collections_alone(tmp_path, settings):
    with pytest.raises(CommandError, match=r"hashing:256 stands in for no other library"):
        call_command("benchmark", "encoder", judged=[collection(tmp_path / "small")])
    settings.KB_EMBEDDER = "all-MiniLM-L6-v2"
    with pytest.raises(CommandError, match=r"queries\.jsonl is missing"):
        call_command("benchmark", "encoder", judged=[tmp_path])


@pytest.mark.once
@pytest.mark.thorough
def test_searches_are_measured_over_http_in_a_collection_of_their_own(capfd):
    call_command("benchmark", "search", passages=120, requests=2, rate=20, seconds=0.2, json=True)

    found = json.loads(capfd.readouterr().out)  # also nothing that the server and the worker say
    assert (found["passages"], found["entries"], found["encoder"]) == (120, 12, "hashing:256")
    ways = {"api", "page", "api one-percent", "page one-percent", "api ninety-percent", "page ninety-percent"}
    assert set(found["http"]) == ways
    assert {measured["failed"] for measured in found["http"].values()} == {0}
    assert found["recall_at_10"]["all"] == found["recall_at_10"]["ninety-percent"] == 1.0
    assert found["web_process_mb"] > 20
    assert found["torch_imported"] is False
    assert found["ready_to_search_s"] > 0
    assert (found["sustained"]["answers"], found["sustained"]["errors"]) == (4, 0)
    assert Entry.objects.count() == 0


@pytest.mark.once
@pytest.mark.thorough
def test_every_page_is_measured_as_kept_and_right_after_a_write(capsys):
    call_command("benchmark", "pages", passages=120, requests=2, json=True)

    pages = json.loads(capsys.readouterr().out)["pages"]
    assert {name for name, measured in pages.items() if measured["failed"]} == set()
    for after in ("after_a_write_ms", "after_a_write_elsewhere_ms"):
        assert all(measured[after] > 0 for name, measured in pages.items() if name != "search")
    assert max(measured["kB"] for measured in pages.values()) < 100


def test_questions_are_distinct_and_the_same_every_time():
    asked = questions(300)

    assert len(set(asked)) == 300
    assert asked == questions(300)
    assert all(1 <= len(question.split()) <= 16 for question in asked)


def test_a_made_up_collection_is_written_into_an_empty_instance_alone(capsys):
    call_command("benchmark", "fill", passages=20, json=True)
    assert json.loads(capsys.readouterr().out) == {"entries": 2, "passages": 20}
    assert not health.examine().missing_from_vector
    assert [row.text for row in Passage.objects.all()] == [
        row.entry.body[row.start : row.end] for row in Passage.objects.select_related("entry")
    ]

    with pytest.raises(CommandError, match="an empty instance only"):
        call_command("benchmark", "fill", passages=20)
