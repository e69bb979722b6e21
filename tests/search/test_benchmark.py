"""The benchmark of imports: real processes on a made-up snapshot, and the instance's own data left alone."""

import json

import pytest
from django.core.management import CommandError, call_command

from ingest.records import EntryRecord
from ingest.sources import open_source
from kb.models import Entry
from search import indexing
from search.benchmarks.made_snapshot import make
from tests.factories import make_entry

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
