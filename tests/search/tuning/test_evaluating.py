"""`evaluate DIR --tune`: adapted to the corpus of DIR, never to its questions, and both shown."""

import json

import pytest
from django.core.management import CommandError, call_command

from search import prepared
from search.models import Evaluation, TunedEncoder
from search.tuning import pairs, recipe, training
from tests.search.tuning.conftest import QUICK, THINGS, text, title

pytestmark = [pytest.mark.once, pytest.mark.thorough, pytest.mark.django_db]


@pytest.fixture
def collection(tmp_path, tiny, settings, monkeypatch):
    """The questions have the words of titles; the texts have others, and the judged ones have no title to find."""
    settings.KB_EMBEDDER = str(tiny)
    monkeypatch.setattr(prepared, "_make", lambda *_: "tests run it on torch, which need not be converted")
    monkeypatch.setattr(pairs, "FEWEST", 40)
    monkeypatch.setattr(pairs, "HELD_OUT", 0.3)
    monkeypatch.setattr(recipe, "RECIPE", QUICK)
    folder = tmp_path / "c"
    folder.mkdir()
    documents = [{"_id": f"d{n}", "title": title(n), "text": text(n)} for n in range(THINGS * 2)]
    documents += [{"_id": f"e{n}", "title": "", "text": text(n + THINGS * 2)} for n in range(20)]
    questions = [{"_id": f"q{n}", "text": title(n + THINGS * 2)} for n in range(20)]
    for name, rows in (("corpus", documents), ("queries", questions)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "qrels.tsv").write_text("".join(f"q{n}\te{n}\t1\n" for n in range(20)))
    return folder


def test_before_and_after_are_shown_and_the_last_line_is_after(collection, capsys, data_folder, monkeypatch):
    seen = []
    real = training.prepare
    monkeypatch.setattr(training, "prepare", lambda *args: seen.extend(args[2]) or real(*args))  # type: ignore[func-returns-value]

    call_command("evaluate", str(collection), "--tune", "--json")

    lines = capsys.readouterr().out.splitlines()
    before, after = (json.loads(line) for line in lines[-2:])
    assert list(after) == ["keyword", "vector", "hybrid"]
    assert after["vector"]["recall@10"] > before["vector"]["recall@10"]
    assert after["keyword"] == before["keyword"]
    assert "Kept: everything that was measured improved." in lines
    assert {pair.subject[0] for pair in seen} == {"d"}
    assert not TunedEncoder.objects.exists()
    assert not [path for path in (data_folder / "models").iterdir() if "+tuned-" in path.name]


def test_a_corpus_without_titles_is_left_as_it_is(collection, capsys, monkeypatch):
    monkeypatch.setattr(pairs, "FEWEST", 500)

    call_command("evaluate", str(collection), "--tune", "--json")

    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == lines[-2]
    assert "As before:" in lines
    assert "Not adapted: there are 80 pairs of a title and its text to learn from; 500 are needed." in lines


def test_recipes_are_shown_one_after_the_other_kept_or_not(collection, capsys):
    """A rate of nothing teaches nothing: what comes of it is the base, refused, and shown all the same."""
    recipes = ["--recipe", "rate=0", "--recipe", "passes=6,both_ways=yes"]
    call_command("evaluate", str(collection), "--tune", "--json", *recipes)

    lines = capsys.readouterr().out.splitlines()
    before, nothing, more = (json.loads(line)["vector"]["recall@10"] for line in lines[-3:])
    assert nothing == before < more
    assert [line for line in lines if line.startswith("Adapted")] == [
        "Adapted (rate=0):",
        "Adapted (passes=6,both_ways=yes):",
    ]
    assert [line.partition(":")[0] for line in lines if line.startswith(("Kept", "Refused"))] == ["Refused", "Kept"]


@pytest.mark.parametrize(
    ("recipes", "whose"),
    [
        (["passes=6,both_ways=yes", "rate=0"], "the encoder adapted with passes=6,both_ways=yes"),
        (["rate=0"], "the encoder before, as no adapted one was kept"),
    ],
)
def test_the_figures_that_are_kept_are_of_an_encoder_that_was(collection, capsys, tmp_path, recipes, whose):
    """Whichever comes last: a rate of nothing is refused."""
    file = tmp_path / "report.json"
    given = [part for one in recipes for part in ("--recipe", one)]
    call_command("evaluate", str(collection), "--tune", "--json", "--keep", "ours", "--report", str(file), *given)

    lines = capsys.readouterr().out.splitlines()
    first, second, *_ = (json.loads(line)["vector"]["recall@10"] for line in lines if line.startswith("{"))
    kept = Evaluation.objects.get().report
    assert f"Kept as “ours”, the figures of {whose}: see /status/quality/." in lines
    assert f"{file} has the figures of {whose}." in lines
    assert kept["variants"]["vector"]["recall@10"] == round(second if "passes" in whose else first, 6)
    assert ("+tuned-" in kept["model"]) == ("passes" in whose)
    assert json.loads(file.read_text("utf-8"))["model"] == kept["model"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--tune", "--recipe", "colour=red"], "'colour' is not in a recipe: batch, tokens, rate"),
        (["--tune", "--recipe", "batch=many"], "batch is a number, not 'many'"),
        (["--tune", "--recipe", "both_ways=1"], "both_ways is yes or no, not '1'"),
        (["--tune", "--recipe", "passes=0"], "passes is 1 to 100, not 0"),
        (["--tune", "--recipe", "share=nan"], "share is 0 to 1, not nan"),
        (["--recipe", "batch=16"], "it goes with --tune"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused_at_once(collection, given, said):
    with pytest.raises(CommandError, match=said):
        call_command("evaluate", str(collection), *given)
