"""What `evaluate` says, keeps and shows."""

import json
import re
from html import unescape

import pytest
from django.core.management import CommandError, call_command

from search.models import Evaluation
from tests.search.test_evaluation import collection

pytestmark = pytest.mark.django_db

PAGE = "/status/quality/"


def run(capsys, *arguments: str) -> list[str]:
    capsys.readouterr()
    call_command("evaluate", *arguments)
    return capsys.readouterr().out.splitlines()


def shown(client) -> str:
    response = client.get(PAGE)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", response.content.decode())))


def test_the_last_line_is_the_contract_whatever_else_is_asked(tmp_path, capsys):
    folder = collection(tmp_path / "c")
    line = run(capsys, str(folder), "--options", "--queries", "--keep", "ours", "--json")[-1]
    perfect = {"ndcg@10": 1.0, "recall@10": 1.0, "recall@100": 1.0}
    assert json.loads(line) == {"keyword": perfect, "vector": perfect, "hybrid": perfect}
    assert run(capsys, str(folder), "--json")[-1] == line


def test_a_table_compares_every_way_of_ranking_with_hybrid(tmp_path, capsys):
    asked = [{"_id": "q1", "text": "chatbots"}, {"_id": "q2", "text": "zebra"}]
    qrels = "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t1\n"
    lines = run(capsys, str(collection(tmp_path / "c", asked=asked, qrels=qrels)), "--options", "--queries")
    told = next(line for line in lines if line.startswith("keyword"))
    assert told.split()[1:4] == ["0.5000", "0.5000", "0.5000"]
    assert re.search(r"-0\.5000 \(-1\.0000 to \+0\.0000, may be luck\), 0 won, 1 lost, 1 even$", told)
    assert {line.split()[0] for line in lines[1:7]} >= {"vector", "hybrid", "half-and-half", "reciprocal-ranks"}
    assert lines[-1].endswith("zebra")


def test_a_report_has_every_query(tmp_path, capsys):
    run(capsys, str(collection(tmp_path / "c")), "--report", str(tmp_path / "report.json"))
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert (report["collection"], report["model"], report["documents"]) == ("c", "hashing:256", 3)
    assert report["variants"]["hybrid"]["difference"] is None
    assert report["variants"]["vector"]["difference"]["ties"] == 2
    assert [query["id"] for query in report["per_query"]] == ["q1", "q2"]
    assert report["per_query"][0]["values"]["keyword"]["ndcg@10"] == 1


def test_a_page_shows_what_was_kept(client, tmp_path, capsys, settings):
    assert "Nothing was measured here yet" in shown(client)
    asked = [{"_id": "q1", "text": "chatbots"}, {"_id": "q2", "text": "zebra <b>"}]
    folder = collection(tmp_path / "c", asked=asked, qrels="query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t1\n")
    run(capsys, str(folder), "--keep", " Our own ")
    page = shown(client)
    assert "Our own" in page
    assert "2, over 3 documents in 3 passages" in page
    assert re.search(r"Words 0\.500 0\.500 0\.500 −0\.315 \(−0\.631 to \+0\.000\), may be luck 0, 1, 1", page)
    assert "zebra <b>" in page
    assert "another model" not in page
    assert "Nothing was measured" not in page

    settings.KB_EMBEDDER = "hashing:64"
    assert "Measured with another model than the one in use now, hashing:64" in shown(client)
    assert PAGE in client.get("/status/").content.decode()


def test_keeping_again_replaces(tmp_path, capsys):
    folder = collection(tmp_path / "c")
    run(capsys, str(folder), "--keep", "a")
    before = Evaluation.objects.get().measured_at
    run(capsys, str(folder), "--keep", "a")
    assert Evaluation.objects.get().measured_at > before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--keep", " "], "--keep needs a name"),
        (["--keep", "x" * 101], "--keep needs a name"),
        (["--report", "/nowhere/report.json"], "No such file"),
    ],
)
def test_what_cannot_be_kept_is_told(tmp_path, capsys, options, message):
    with pytest.raises(CommandError, match=message):
        run(capsys, str(collection(tmp_path / "c")), *options)
    assert not Evaluation.objects.exists()


def test_a_curator_takes_a_measurement_off_the_page(admin_client, tmp_path, capsys):
    run(capsys, str(collection(tmp_path / "c")), "--keep", "a")
    address = f"/admin/search/evaluation/{Evaluation.objects.get().pk}/delete/"
    assert admin_client.post(address, {"post": "yes"}).status_code == 302
    assert "Nothing was measured here yet" in shown(admin_client)
