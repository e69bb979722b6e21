"""An adapted encoder from the job to the search: kept or refused, swapped in without a gap, and gone back from."""

import json
import shutil
from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command

from kb import jobs
from kb.models import Job
from kb.models.jobs import JobState
from search import health, index, indexing
from search.models import Embedding, EncoderState, Indexing, TunedEncoder
from search.query import SearchQuery, search
from search.tuning import chosen, training, verdict, work
from tests.factories import make_entry
from tests.search.tuning.conftest import QUICK, text, title

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]


def tune(**options) -> Job:
    """A tune job done to its end, however many turns that takes."""
    job = jobs.enqueue("tune", {}, ring=False)
    while not job.is_over:
        jobs.run(job.pk, **options)
        job.refresh_from_db()
    return job


def asked(number: int) -> list[str]:
    """Slugs that a search by meaning finds for a title."""
    found = search(SearchQuery(text(number), mode="vector", limit=5), user=None)
    assert found.notices == []
    return [hit.entry.slug for hit in found.hits]


def made_with() -> str:
    return index.reader().state().fingerprint


@pytest.fixture
def tuned(something_to_learn, trained_before) -> TunedEncoder:
    tune(budget_s=None)
    return TunedEncoder.objects.get()


def test_what_is_better_is_used(something_to_learn, trained_before):
    base = made_with()

    job = tune(budget_s=None)

    row = TunedEncoder.objects.get()
    assert (job.state, job.error) == (JobState.DONE, "")
    assert (row.state, row.base, row.previous) == (EncoderState.IN_USE, base.rpartition(":")[0], None)
    assert row.name == f"tiny+tuned-{row.digest}"
    assert row.pairs["title and summary"] + row.pairs["held out"] == len(something_to_learn)
    (figure,) = [verdict.from_json(values) for values in row.figures]
    assert figure.after > figure.before + 0.2
    assert figure.confidence > 0.95
    assert [problem.reason for problem in job.problems.all()] == [str(figure), row.verdict]
    assert made_with().startswith(f"tiny+tuned-{row.digest}:")
    assert index.encoder().fingerprint == index.chosen().fingerprint == made_with()
    assert asked(7)
    assert health.examine().problems() == []
    assert not list(chosen.models().glob("*.training"))

    again = tune(budget_s=None)
    assert again.state == JobState.FAILED
    assert "There is nothing new to learn" in again.error


def test_what_is_not_better_is_refused_and_leaves_nothing(something_to_learn, trained_before, monkeypatch, tiny):
    base = made_with()
    monkeypatch.setattr(work.measuring, "found_again", lambda *_: iter([0.5] * 12))

    job = tune(budget_s=None)

    row = TunedEncoder.objects.get()
    assert (job.state, row.state) == (JobState.DONE, EncoderState.REFUSED)
    assert row.verdict == "Refused: held-out pairs did not improve with 95% confidence."
    assert (made_with(), index.chosen().fingerprint) == (base, base)
    assert not [path for path in chosen.models().iterdir() if "tuned" in path.name]
    assert not Embedding.objects.exclude(fingerprint=base).exists()


def test_searches_go_on_with_the_old_index_until_the_new_one_is_whole(tuned):
    new = made_with()
    engine, model = index.opened()
    vector = model.encode_query(text(3))
    before = [hit.id for hit in engine.nearest(vector, None, 5)]
    told = []

    def look(done: int, total: int) -> None:
        told.append((done, made_with() == new, len(asked(3))))

    work.use(None, look)

    assert len(told) >= 2
    assert all(same and found for _, same, found in told)
    assert made_with() == index.base().fingerprint != new
    assert asked(3)
    # Who was searching when it was swapped ends with the index and the model that it began with.
    assert [hit.id for hit in engine.nearest(vector, None, 5)] == before
    assert index.opened()[1].fingerprint == index.base().fingerprint


def test_one_command_goes_back_by_what_is_stored(tuned, monkeypatch, capsys):
    monkeypatch.setattr(type(index.encoder()), "encode", None)

    call_command("tune", "--back")

    tuned.refresh_from_db()
    assert tuned.state == EncoderState.RETIRED
    assert made_with() == index.chosen().fingerprint == index.base().fingerprint
    assert health.examine().problems() == []
    assert "in use: tiny\n" in capsys.readouterr().out
    with pytest.raises(CommandError, match="nothing to go back from"):
        call_command("tune", "--back")


def test_entries_that_come_while_another_encoder_is_chosen_are_indexed_with_that_of_the_index(tuned):
    """Between choosing and swapping, or where that was cut short, indexing does not stand still."""
    chosen.choose(None)
    make_entry(title=title(200), summary=text(200))

    indexing.index_pending()

    assert Indexing.objects.pending().count() == 0
    assert made_with().startswith(tuned.name)
    assert "the model in use is" in health.examine().problems()[0]
    call_command("reindex", verbosity=0)
    assert made_with() == index.base().fingerprint
    assert health.examine().problems() == []


def test_a_folder_that_is_gone_is_told_with_what_helps(tuned, caplog):
    shutil.rmtree(chosen.folder(tuned.name))
    index._encoders.clear()
    index._readers.clear()

    found = search(SearchQuery(title(3), limit=5), user=None)

    assert found.hits[0].entry.title == title(3)
    assert found.notices == ["Search by meaning is not available right now: these results match your words only."]
    (problem,) = health.examine().problems()
    assert f"{tuned.name} is missing" in problem
    assert "manage.py tune --back" in problem
    call_command("tune", "--back", verbosity=0)
    assert asked(3)
    assert health.examine().problems() == []


def test_another_base_has_nothing_to_do_with_it(tuned, settings):
    settings.KB_EMBEDDER = "hashing:64"

    assert chosen.in_use() is None
    assert index.chosen().fingerprint == "hashing:64"
    call_command("reindex", verbosity=0)
    assert made_with() == "hashing:64"


def test_a_twin_of_an_encoder_learns_nothing(settings):
    settings.KB_EMBEDDER = "hashing:64"
    job = tune(budget_s=None)

    assert job.state == JobState.FAILED
    assert "cannot be adapted" in job.error


def test_a_small_collection_is_left_alone(tiny, settings):
    settings.KB_EMBEDDER = str(tiny)
    make_entry(title=title(1), summary=text(1))
    job = tune(budget_s=None)

    assert (job.state, TunedEncoder.objects.count()) == (JobState.FAILED, 0)
    assert "there are 1 pairs" in job.error


def test_turns_that_are_over_at_once_still_come_to_the_end(something_to_learn, in_this_process, monkeypatch):
    monkeypatch.setattr(training, "CHECKPOINT_S", 0.0)
    monkeypatch.setattr(work, "recipe", lambda: replace(QUICK, passes=2))
    monkeypatch.setattr(work.verdict, "is_kept", lambda changes: True)
    turns = []
    real = jobs.run
    monkeypatch.setattr(jobs, "run", lambda *args, **options: turns.append(1) or real(*args, **options))  # type: ignore[func-returns-value]
    monkeypatch.setattr(work, "SHOW_EVERY_S", 0.0)
    monkeypatch.setattr(work, "EMBEDDED_AT_ONCE", 50)

    job = tune(budget_s=0)

    assert job.state == JobState.DONE
    assert len(turns) > 5
    assert TunedEncoder.objects.get().state == EncoderState.IN_USE


def test_a_cancelled_job_stops_and_the_next_one_goes_on_where_it_was(something_to_learn, in_this_process, monkeypatch):
    monkeypatch.setattr(work, "SHOW_EVERY_S", 0.0)
    job = jobs.enqueue("tune", {}, ring=False)

    def cancel(shown: Job) -> None:
        if shown.done == 5 and shown.total:
            jobs.cancel(job.pk)

    assert jobs.run(job.pk, budget_s=None, progress=cancel) is None
    row = TunedEncoder.objects.get()
    assert row.state == EncoderState.CANDIDATE
    assert (chosen.workshop(row.name) / "checkpoint.pt").exists()
    seen: list[int] = []
    again = jobs.enqueue("tune", {}, ring=False)
    jobs.run(again.pk, budget_s=None, progress=lambda shown: seen.append(shown.done))

    row.refresh_from_db()
    assert row.state == EncoderState.IN_USE
    assert 1 not in [done for done in seen if done]


def test_the_command_tells_what_was_made_and_measured(tuned, capsys):
    call_command("tune", "--list")

    first, made_of, figure, said, in_use = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{tuned.name}   in use, 20")
    assert made_of == f"  from {tuned.base}, on {tuned.pairs['title and summary']} title and summary, " + (
        f"{tuned.pairs['held out']} held out"
    )
    assert figure.startswith("  held-out pairs: 0.")
    assert figure.endswith(" % confidence)")
    assert (said, in_use) == ("  Kept: everything that was measured improved.", f"in use: {tuned.name}")


def test_the_command_does_it_at_once_or_leaves_it_to_the_worker(something_to_learn, trained_before, capsys):
    call_command("tune", "--queue")
    assert capsys.readouterr().out == f"job {Job.objects.get().pk}\n"

    call_command("tune")
    assert "Kept: everything that was measured improved." in capsys.readouterr().out
    with pytest.raises(CommandError, match="nothing new to learn"):
        call_command("tune")


def test_judged_questions_decide_too(something_to_learn, trained_before, data_folder, monkeypatch):
    """A folder of questions with slugs of entries: those of which an answer is not here are left out."""
    monkeypatch.setattr(work.measuring, "FEWEST_QUESTIONS", 5)
    folder = data_folder / "judged" / "ours"
    folder.mkdir(parents=True)
    asked = [{"_id": f"q{n}", "text": f"tell{n} tell0"} for n in range(9)]
    (folder / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in asked))
    rows = [f"q{n}\t{something_to_learn[n].slug}\t2" for n in range(8)]
    (folder / "qrels.tsv").write_text("\n".join([*rows, "q8\tno-such-entry\t1"]) + "\n")

    tune(budget_s=None)

    row = TunedEncoder.objects.get()
    held, meaning, both = [verdict.from_json(values) for values in row.figures]
    assert [one.measure for one in (held, meaning, both)] == [
        "held-out pairs", "ours, meaning", "ours, words and meaning",
    ]  # fmt: skip
    assert (meaning.questions, meaning.must_gain, both.must_gain) == (8, True, False)
    assert (row.state == EncoderState.IN_USE) == (meaning.is_good and both.is_good)
