"""A judged collection of three documents."""

import json
from pathlib import Path


def collection(folder: Path, corpus=None, asked=None, qrels: str | None = None, name: str = "qrels.tsv") -> Path:
    """`folder`, with the files of one in the BEIR layout; without a word of what is to be in it, something to find."""
    corpus = corpus or [
        {"_id": "d1", "title": "Chatbot", "text": "A chatbot promised refunds."},
        {"_id": "d2", "title": "", "text": "A camera took a bald head for a ball."},
        {"_id": "d3", "title": "Only a title about hiring", "text": ""},
    ]
    asked = asked or [{"_id": "q1", "text": "refund chatbots"}, {"_id": "q2", "text": "hiring"}]
    folder.mkdir(exist_ok=True)
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in corpus), "utf-8")
    (folder / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in asked), "utf-8")
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(qrels or "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td3\t2\nq2\td1\t0\n", "utf-8")
    return folder
