"""The golden set keeps its form, and an instance is measured by it."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

import kb
from search import indexing
from search.beir import CollectionError, judgements, queries
from search.golden import ask, evaluate_instance, scores, worst
from tests.factories import make_entry, make_user

GOLDEN = Path(__file__).parent / "golden"
STARTER = Path(kb.__file__).parent / "starter"
# What a third of the questions is at least, and how many words one of them has.
STYLES = {"keywords": (40, 1, 5), "question": (40, 4, 30), "description": (40, 40, 150)}


def rows(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (GOLDEN / name).read_text("utf-8").splitlines()]


# The set


def test_every_style_is_there_and_kept_to():
    asked = rows("queries.jsonl")
    counts = Counter(row["style"] for row in asked)
    assert sum(counts.values()) >= 120
    assert {style: counts[style] >= least for style, (least, _, _) in STYLES.items()} == dict.fromkeys(STYLES, True)
    for row in [*asked, *rows("nothing.jsonl")]:
        _, fewest, most = STYLES[row["style"]]
        assert fewest <= len(row["text"].split()) <= most, row["_id"]


def test_questions_and_their_ids_differ():
    for key in ("_id", "text"):
        values = [row[key].lower() for row in [*rows("queries.jsonl"), *rows("nothing.jsonl")]]
        assert [value for value, times in Counter(values).items() if times > 1] == []


def test_every_question_has_an_exact_answer_in_the_collection():
    texts, graded = queries(GOLDEN), judgements(GOLDEN)
    slugs = {path.stem for path in STARTER.glob("*/*.md")}
    assert texts.keys() == graded.keys()
    assert {slug for grades in graded.values() for slug in grades} <= slugs
    assert [id for id, grades in graded.items() if max(grades.values()) != 3 or min(grades.values()) < 1] == []


def test_answers_are_of_every_kind():
    folder_of = {path.stem: path.parent.name for path in STARTER.glob("*/*.md")}
    kinds_of_grade = {
        least: [
            {folder_of[slug] for slug, grade in each.items() if grade >= least} for each in judgements(GOLDEN).values()
        ]
        for least in (2, 3)
    }
    for kind in ("incidents", "case-studies", "notes"):
        assert sum(kinds == {kind} for kinds in kinds_of_grade[3]) >= 15, kind
    assert sum(len(kinds) == 3 for kinds in kinds_of_grade[2]) >= 10


def test_nothing_is_copied_from_the_collection():
    """A question that repeats the words of its answer measures how well words are matched, and nothing else."""
    words = {path.stem: _words(path.read_text("utf-8")) for path in STARTER.glob("*/*.md")}
    runs = {run for text in words.values() for run in _runs(text)}
    assert [row["_id"] for row in rows("queries.jsonl") if any(run in runs for run in _runs(_words(row["text"])))] == []


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _runs(words: list[str], length: int = 6) -> set[tuple[str, ...]]:
    return {tuple(words[first : first + length]) for first in range(len(words) - length + 1)}


# Measuring an instance


def folder(path: Path, asked: dict[str, tuple[str, str]], graded: dict[str, dict[str, int]]) -> Path:
    """A set of questions, id → text and style, and their grades."""
    lines = [json.dumps({"_id": id, "text": text, "style": style}) for id, (text, style) in asked.items()]
    (path / "queries.jsonl").write_text("\n\n".join(lines), "utf-8")
    grades = [f"{id}\t{slug}\t{grade}" for id, each in graded.items() for slug, grade in each.items()]
    (path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n" + "\n".join(grades), "utf-8")
    return path


@pytest.fixture
def set_of_three(tmp_path: Path):
    asked = {"a": ("ferry reef", "keywords"), "b": ("Who sees the lighthouse?", "question"), "c": ("gone", "keywords")}
    return folder(tmp_path, asked, {"a": {"ferry": 3, "reef": 1, "gone": 3}, "b": {"lighthouse": 2}, "c": {"gone": 3}})


@pytest.fixture
def harbour():
    make_entry(slug="ferry", title="Ferry", summary="A ferry steered itself onto a reef.")
    make_entry(slug="reef", title="Reef", summary="Notes on a reef.")
    make_entry(slug="lighthouse", title="Lighthouse", summary="A lighthouse.", visibility="internal")
    indexing.index_pending()


@pytest.mark.django_db
def test_what_the_reader_cannot_see_is_neither_asked_for_nor_missed(harbour, set_of_three):
    steps: list[tuple[str, int, int]] = []
    perfect = {"ndcg@10": 1.0, "recall@10": 1.0, "recall@100": 1.0}

    found = evaluate_instance(set_of_three, progress=lambda *step: steps.append(step))

    assert found == {"keyword": perfect, "vector": perfect, "hybrid": perfect}
    assert steps == [("search", 1, 1)]
    assert [each.id for each in ask(set_of_three, make_user(is_staff=True))] == ["a", "b"]


@pytest.mark.django_db
def test_each_question_can_be_looked_at(harbour, tmp_path: Path):
    asked = {"good": ("ferry", "keywords"), "bad": ("ferry onto", "question")}
    answered = ask(folder(tmp_path, asked, {"good": {"ferry": 1}, "bad": {"reef": 1}}), depth=1)

    assert [(each.id, each.style, each.found["keyword"]) for each in answered] == [
        ("good", "keywords", ["ferry"]),
        ("bad", "question", ["ferry"]),
    ]
    assert [each.id for each in worst(answered, 1, mode="keyword")] == ["bad"]
    assert scores(answered, ["recall@10"])["keyword"] == {"recall@10": 0.5}


@pytest.mark.django_db
def test_an_instance_without_the_answers_says_so(set_of_three):
    with pytest.raises(CollectionError, match="none of the entries"):
        evaluate_instance(set_of_three)


@pytest.mark.django_db
def test_the_command_measures_the_instance(harbour, set_of_three, capsys):
    call_command("evaluate", set_of_three, instance=True, json=True)

    told = capsys.readouterr().out.splitlines()
    perfect = {"ndcg@10": 1.0, "recall@10": 1.0, "recall@100": 1.0}
    assert json.loads(told[-1]) == {"keyword": perfect, "vector": perfect, "hybrid": perfect}
    with pytest.raises(CommandError, match="--options"):
        call_command("evaluate", set_of_three, instance=True, options=True)
