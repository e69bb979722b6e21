"""Judged collections: reading them, and measuring on them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from search.beir import CollectionError, documents, judgements, queries
from search.evaluation import evaluate
from search.hashing_encoder import HashingEncoder
from tests.search.judged import collection

ROOT = Path(__file__).resolve().parents[2]


def test_the_product_path_finds_what_was_judged(tmp_path: Path):
    steps: list[tuple[str, int, int]] = []
    found = evaluate(collection(tmp_path / "c"), HashingEncoder(256), progress=lambda *step: steps.append(step))
    perfect = {"ndcg@10": 1.0, "recall@10": 1.0, "recall@100": 1.0}
    assert found == {"keyword": perfect, "vector": perfect, "hybrid": perfect}
    assert steps == [("index", 3, 0), ("search", 1, 2), ("search", 2, 2)]


def test_values_are_averages_over_judged_queries(tmp_path: Path):
    asked = [{"_id": "q1", "text": "refund"}, {"_id": "q2", "text": "zebra"}, {"_id": "q3", "text": "not judged"}]
    qrels = "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td3\t1\n"
    found = evaluate(collection(tmp_path, asked=asked, qrels=qrels), HashingEncoder(256))
    assert found["keyword"] == {"ndcg@10": 0.5, "recall@10": 0.5, "recall@100": 0.5}


def test_long_documents_are_found_by_any_of_their_passages(tmp_path: Path):
    long = "Filler words about nothing much at all. " * 200 + "\n\nAn aardvark appeared. " + "More filler here. " * 200
    corpus = [{"_id": "long", "title": "", "text": long}, {"_id": "other", "title": "", "text": "Filler words."}]
    asked = [{"_id": "q", "text": "aardvark"}]
    found = evaluate(collection(tmp_path, corpus, asked, "q\tlong\t1\n"), HashingEncoder(256))
    assert found["hybrid"]["ndcg@10"] == 1


def test_judgements_with_and_without_header_in_either_place(tmp_path: Path):
    expected = {"q1": {"d1": 1, "d2": 3}}
    for number, (name, text) in enumerate(
        [
            ("qrels.tsv", "query-id\tcorpus-id\tscore\r\nq1\td1\t1\r\nq1\td2\t3\r\n"),
            ("qrels/test.tsv", "q1\td1\t1\nq1\td2\t3\nq1\td9\t0\nq5\td1\t-1\n"),
            ("qrels.tsv", "q1\t0\td1\t1\n\nq1\t0\td2\t3\n"),
        ]
    ):
        assert judgements(collection(tmp_path / str(number), qrels=text, name=name)) == expected


def test_ids_may_be_numbers_and_titles_missing(tmp_path: Path):
    folder = collection(tmp_path, [{"_id": 7, "text": "x"}, {"_id": "8", "title": None, "text": "y"}])
    assert list(documents(folder)) == [("7", "", "x"), ("8", "", "y")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("corpus.jsonl", '{"_id": "a", "text": "x"}\nnonsense\n', r"corpus\.jsonl, line 2: not JSON"),
        ("corpus.jsonl", '{"text": "x"}\n', r"corpus\.jsonl, line 1: _id is missing"),
        ("corpus.jsonl", '\n{"_id": "a"}\n', r"corpus\.jsonl, line 2: text is missing"),
        ("corpus.jsonl", '{"_id": "a", "text": "x"}\n{"_id": "a", "text": "y"}\n', r"line 2: _id 'a' was used before"),
        ("corpus.jsonl", "[1]\n", r"line 1: expected an object"),
        ("queries.jsonl", '{"_id": "q1", "text": 5}\n', r"queries\.jsonl, line 1: text is missing or not a string"),
        ("qrels.tsv", "a\tb\tscore\nq1 d1 1\n", r"qrels\.tsv, line 2: expected query, document and a whole grade"),
        ("qrels.tsv", "a\tb\tscore\nq9\td1\t1\n", "no query of queries.jsonl has a relevant document"),
    ],
)
def test_errors_name_file_and_line(tmp_path: Path, name: str, content: str, message: str):
    folder = collection(tmp_path)
    (folder / name).write_text(content)
    with pytest.raises(CollectionError, match=message):
        evaluate(folder, HashingEncoder(16))


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "qrels.tsv"])
def test_missing_files_are_named(tmp_path: Path, name: str):
    folder = collection(tmp_path)
    (folder / name).unlink()
    with pytest.raises(CollectionError, match=name):
        evaluate(folder, HashingEncoder(16))


def test_files_that_are_not_utf8_are_named(tmp_path: Path):
    folder = collection(tmp_path)
    (folder / "queries.jsonl").write_bytes(b'{"_id": "q1", "text": "caf\xe9"}\n')
    with pytest.raises(CollectionError, match=r"queries\.jsonl: not UTF-8"):
        queries(folder)


@pytest.mark.once
def test_the_command_needs_no_instance(tmp_path: Path):
    surroundings = {name: value for name, value in os.environ.items() if name[:3] != "KB_"}
    surroundings |= {"KB_DATA_DIR": str(tmp_path / "data"), "KB_EMBEDDER": "hashing:64"}
    surroundings["DJANGO_SETTINGS_MODULE"] = "kb.settings"
    command = [sys.executable, "manage.py", "evaluate", str(collection(tmp_path / "judged")), "--json"]
    told = subprocess.run(command, env=surroundings, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert json.loads(told.splitlines()[-1])["keyword"] == {"ndcg@10": 1.0, "recall@10": 1.0, "recall@100": 1.0}
