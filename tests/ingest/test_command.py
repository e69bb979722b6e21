"""`manage.py ingest`: what is said where, and what the exit status tells a script."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from kb.models import Entity, Entry, Job
from search.models import Indexing

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "lifts.jsonl"
    rows = [
        {"nr": 1, "headline": "Lift chose its own floors", "maker": "Acme"},
        {"nr": 2},
        {"nr": 3, "headline": "Lift sang", "maker": "Acme"},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


MAPPED = ["--map", "title=headline", "id=nr", "developer=maker", "--kind", "incident", "--namespace", "lifts"]


def ingest(*arguments) -> tuple[list[str], list[str]]:
    """Lines on standard output and standard error."""
    out, err = StringIO(), StringIO()
    call_command("ingest", *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue().splitlines(), err.getvalue().splitlines()


def test_now_does_it_all_and_ends_with_the_counts(file):
    out, _ = ingest("jsonl", file, *MAPPED, "--now")

    assert out[-1] == "created 2, updated 0, unchanged 0, failed 1"
    assert sorted(Entry.objects.values_list("kind", "title")) == [
        ("incident", "Lift chose its own floors"),
        ("incident", "Lift sang"),
    ]
    assert Entry.objects.with_external_id("lifts", "3").get().title == "Lift sang"
    assert Entity.objects.get().name == "Acme"
    assert not Indexing.objects.pending().exists(), "indexing included"


def test_problems_are_told_on_standard_error(file):
    out, err = ingest("jsonl", file, *MAPPED, "--now")

    assert err == ["line 2: title: is required"]
    assert "required" not in "\n".join(out)


def test_of_many_problems_the_first_are_told_and_the_rest_counted(tmp_path):
    path = tmp_path / "bad.jsonl"
    path.write_text('{"title": "Good"}\n' + "nonsense\n" * 30)

    out, err = ingest("jsonl", path, "--map", "title=title", "--kind", "note", "--now")

    assert out[-1] == "created 1, updated 0, unchanged 0, failed 30"
    assert err[0].startswith("line 2: not JSON")
    assert err[-1] == f"… and 10 more: see job {Job.objects.get(kind='ingest').pk}"
    assert len(err) == 21


def test_without_now_a_job_waits_and_its_id_is_printed(file):
    out, err = ingest("jsonl", file, *MAPPED)

    job = Job.objects.get()
    assert (out, err) == ([str(job.pk)], [])
    assert (job.kind, job.state) == ("ingest", "pending")
    assert job.parameters == {
        "source": "jsonl",
        "location": str(file),
        "options": {
            "map": {"title": "headline", "id": "nr", "developer": "maker"},
            "kind": "incident",
            "namespace": "lifts",
        },
    }
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["jsonl", "nowhere.jsonl"], "there is no such path; name the path of a file of JSON lines"),
        (["jsonl"], "Where is it? Say: manage.py ingest jsonl PATH"),
        (["jsonl", "{file}", "--map", "title"], "map must be field=column, such as title=Headline, not 'title'"),
        (["jsonl", "{file}", "--map", "title=a", "title=b"], "map names the field title twice"),
        (
            ["jsonl", "{file}", "--map", "title=name"],
            "has no column 'name' (for title); it has nr, headline",
        ),
        (["jsonl", "{file}", "--namespace", "No Blanks"], "namespace must be 1 to 40 of a-z"),
        (["markdown", "{file}"], "is not a Markdown file; its name should end in .md or .markdown"),
        (["aiid", "{file}"], "is no list of links; AIID's holds objects with incident_id"),
        (["starter", "--kind", "note"], "the source starter does not take kind; it takes no options"),
        (["csv", "ftp://example.org/a.csv"], "is an address; download it and give the path of a CSV file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
@pytest.mark.parametrize("now", [[], ["--now"]], ids=["queued", "now"])
def test_what_cannot_be_done_is_said_in_a_plain_sentence(file, arguments, said, now):
    with pytest.raises(CommandError) as refused:
        ingest(*(argument.replace("{file}", str(file)) for argument in arguments), *now)

    assert said in str(refused.value)
    assert refused.value.returncode == 1
    assert not Job.objects.exists()


@pytest.mark.parametrize("arguments", [["xml", "a.xml"], ["csv", "a.csv", "--kind", "poem"]])
def test_an_unknown_source_or_kind_is_refused_with_the_choices(arguments):
    with pytest.raises(CommandError, match="invalid choice"):
        ingest(*arguments)


def test_an_import_that_stops_says_why(file, monkeypatch):
    from ingest.sources import SourceError
    from ingest.sources.tables.json_lines import JsonLines

    def breaks_off(self):
        raise SourceError("the disk is gone")

    monkeypatch.setattr(JsonLines, "records", breaks_off)

    with pytest.raises(CommandError, match="The import stopped: the disk is gone"):
        ingest("jsonl", file, *MAPPED, "--now")
    assert Job.objects.get().state == "failed"


def test_an_import_that_a_worker_was_faster_to_take_is_watched_to_its_end(file, monkeypatch):
    from kb import jobs

    def taken(job_id, **_):
        run(job_id, budget_s=None)  # the worker, in the meantime

    run = jobs.run
    monkeypatch.setattr("ingest.management.commands.ingest.jobs.run", taken)

    out, _ = ingest("jsonl", file, *MAPPED, "--now")

    assert out[-1] == "created 2, updated 0, unchanged 0, failed 1"


def test_retrying_says_what_it_cannot_retry(file):
    ingest("jsonl", file, *MAPPED, "--now")
    job = Job.objects.get(kind="ingest")

    with pytest.raises(CommandError, match=f"Job {job.pk} is an import of jsonl. Say: manage.py ingest jsonl --retry"):
        ingest("csv", "--retry", job.pk)
    with pytest.raises(CommandError, match="There is no import 999999"):
        ingest("jsonl", "--retry", 999999)
    out, _ = ingest("jsonl", "--retry", job.pk)

    assert out == [str(Job.objects.latest("pk").pk)]
    assert Job.objects.latest("pk").parameters["only"] == ["line 2"]
