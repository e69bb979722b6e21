"""Texts that are made to do harm, as jobs: bounded time and memory, a reason for each, and the good beside them."""

import resource
import sys
import time
from collections.abc import Iterator

import pytest

from ingest.pipeline import start_import
from ingest.sources import SourceError
from kb.models import Entry
from kb.models.jobs import JobState
from tests.ingest.lifts import counts, done

pytestmark = [pytest.mark.django_db, pytest.mark.once]

MANY = 10_000_000
LINE = b"a" * MANY
LONGEST_S = 30.0
MOST_BYTES = 250_000_000  # that a job may add to what the process took at its most
ALIASES = b"a: &a [x, x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (name, name, b", ".join([b"*%c" % (name - 1)] * 9)) for name in range(ord("b"), ord("m"))
)
# Source, name of the file, what it says, what was created, and a part of the reason for the rest.
TEXTS = {
    "a long row": ("csv", "a.csv", b"title\n" + LINE + b"\nA lift stands still\n", 1, "is longer than"),
    "an open quote": ("csv", "a.csv", b'title,summary\n"Never,closed\nA lift stands still,it\n', 1, "never closed"),
    "NUL in a table": ("csv", "a.csv", b"title\nA lift\0 stands still\n", 1, ""),
    "broken UTF-8 in a table": ("csv", "a.csv", b"title\nA lift \xff\xc3( stands still\n", 1, "not UTF-8"),
    "a million columns": ("csv", "a.csv", b"title" + b",a" * 1_000_000, 0, "1,000,001 columns"),
    "a long line": ("jsonl", "a.jsonl", b'{"title": "' + LINE + b'"}\n{"title": "Lift"}\n', 1, "longer than 8,000,000"),
    "nested lists": ("jsonl", "a.jsonl", b'{"title": ' + b"[" * MANY + b'\n{"title": "Lift"}\n', 1, "longer than"),
    "nested a little less": (
        "jsonl",
        "a.jsonl",
        b'{"title": ' + b"[" * 90_000 + b'\n{"title": "Lift"}\n',
        1,
        "nested too deeply",
    ),
    "a long number": ("jsonl", "a.jsonl", b'{"title": ' + b"9" * 90_000 + b'}\n{"title": "Lift"}\n', 1, "digits"),
    "half a character": ("jsonl", "a.jsonl", b'{"title": "Lift \\ud800"}\n{"title": "Sta\\u0000irs"}\n', 2, ""),
    "a wall of brackets": ("links", "a.md", b"- [Lift](https://e.example/)\n- " + b"[" * MANY + b"\n", 1, ""),
    "links in links": ("links", "a.md", b"- [Lift](https://e.example/)\n" + b"[a](" * 1_000_000, 1, ""),
    "nested outlines": ("links", "a.opml", b"<opml><body>" + b'<outline text="a">' * 90_000, 0, "nests deeper"),
    "entities in entities": (
        "links",
        "a.opml",
        b'<!DOCTYPE o [<!ENTITY a "aaaa"><!ENTITY b SYSTEM "file:///etc/passwd">]><opml><body>'
        b'<outline text="&b;&a;" xmlUrl="https://e.example/"/></body></opml>',
        0,
        "document type",
    ),
    "braces": ("links", "a.bib", b"@article{a, title = " + b"{" * MANY, 0, "longer than 1,000,000 characters"),
    "nested JSON of Zotero": ("links", "a.json", b"[" * MANY, 0, "nested deeper"),
    "aliases": ("atlas", "a.yaml", b"id: ATLAS\n" + ALIASES + b"case-studies: *l\n", 0, "references followed"),
    "nested YAML": ("atlas", "a.yaml", b"a: " + b"[" * MANY, 0, "nested deeper than 40"),
    "NUL in YAML": ("atlas", "a.yaml", b"id: ATLAS\nname: a\0b\n", 0, "unacceptable character"),
    "aliases above a note": ("markdown", "a.md", b"---\n" + ALIASES + b"title: *l\n---\nText\n", 0, "are not read"),
    "a long note": ("markdown", "a.md", b"# Lift\n" + LINE, 0, "larger than 4,000,000 bytes"),
    "a note of marks": ("markdown", "a.md", b"# Lift\n\n" + b"*a_ ![[ ==b $c `d #e/ <f " * 10_000, 1, ""),
    "a note of quotes": ("markdown", "a.md", b">" * 300_000 + b" Lift\n", 1, ""),
    "a note of pictures": ("markdown", "a.md", b"\x89PNG\r\n\x1a\n" + bytes(1000), 0, "not text"),
}


@pytest.fixture
def within_bounds() -> Iterator[None]:
    began, before = time.monotonic(), peak()
    yield
    assert time.monotonic() - began < LONGEST_S
    assert peak() - before < MOST_BYTES


def peak() -> int:
    """Bytes that this process took at its most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_does_harm(within_bounds, tmp_path, name):
    source, file, content, created, said = TEXTS[name]
    (tmp_path / file).write_bytes(content)

    try:
        job = done(start_import(source, str(tmp_path / file), {}, ring=False))
    except SourceError as error:
        reasons = str(error)
    else:
        reasons = " ".join([job.error, *job.problems.values_list("reason", flat=True)])
        assert job.state == (JobState.DONE if created or counts(job) else JobState.FAILED)

    assert said in reasons
    assert Entry.objects.count() == created
    assert not any("\0" in title for title in Entry.objects.values_list("title", flat=True))


def test_a_good_one_after_it(tmp_path):
    for name, (source, file, content, _, _) in TEXTS.items():
        if name in ("an open quote", "aliases", "nested outlines"):
            (tmp_path / file).write_bytes(content)
            done(start_import(source, str(tmp_path / file), {}, ring=False))
    (tmp_path / "good.csv").write_bytes(b"title\nAnother lift moves\n")

    job = done(start_import("csv", str(tmp_path / "good.csv"), {}, ring=False))

    assert (job.state, counts(job)) == (JobState.DONE, {"created": 1})
