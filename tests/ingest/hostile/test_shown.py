"""What imports bring is shown as text, whatever it says: no page of ours runs, loads or opens anything of theirs."""

import re
from collections import Counter, deque
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

import pytest

from ingest.pipeline import start_import
from ingest.records import (
    BadRecord,
    CategoryRecord,
    ClassificationRecord,
    EntityRecord,
    EntityRelationRecord,
    EntryRecord,
    LinkRecord,
    Record,
    ReferenceRecord,
    RoleRecord,
    TaxonomyRecord,
)
from ingest.sources import SOURCES
from kb.kinds import KINDS
from kb.models import Entry
from tests.ingest.lifts import done, save
from tests.ingest.telling import LOCATED, NAME, told
from tests.ingest.test_curated import decide

pytestmark = [pytest.mark.django_db, pytest.mark.once]

EVIL = """"'></p></textarea></title><script>run()</script><img src=//evil.example/x onerror=run()>{{ 7999998|add:3 }}"""
LEADS = (
    "javascript:run()",
    "JAVASCRIPT:run()",
    "data:text/html,<script>run()</script>",
    "vbscript:run()",
    "//evil.example/",
)
BODY = "\n\n".join(
    [
        *(f"[go]({to}) ![go]({to}) <{to}> [[{to}|{EVIL}]]\n\n[x]: {to}\n\n[x]" for to in LEADS),
        "[go](java&#10;script:run()) [go](javascript&colon;run()) [go](<java\tscript:run()>)",
        f"> [!{EVIL}] {EVIL}",
        f"> [!note]- {EVIL}\n> ==<b onclick=run()>==",
        f"$<script>run()</script>$\n\n$$\n\\href{{javascript:run()}}{{x}} {EVIL}\n$$",
        f"# {EVIL}\n\n```<script>run()</script>\n{EVIL}\n```",
        f"| {EVIL} |\n|---|\n| {EVIL} |",
        f"Said[^1]\n\n[^1]: {EVIL}",
        "<iframe src='javascript:run()'></iframe>\n<a href='javascript:run()'>x</a>\n<style>*{}</style>",
        f"- [ ] {EVIL} ^block",
    ]
)
OURS = ("", "testserver")
NUMBER = re.compile(r"/\d+/")
ENOUGH = 2  # pages that differ by a number alone, or by what they are asked for
PASSED_OVER = re.compile(
    r"/(?:api|static)/|/admin/(?:auth|logout|password_change)/|.*/(?:add|history|delete)/|.*/files/"
)


class Harm(HTMLParser):
    """Collects what in a page would run or load what is not ours, and where its links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if any(name.startswith("on") or name == "srcdoc" for name in given):
            self.found.append(self.get_starttag_text() or tag)
        if tag in ("iframe", "object", "embed", "base") or (tag == "script" and not self._is_data_or_ours(given)):
            self.found.append(self.get_starttag_text() or tag)
        for name in ("href", "src", "action", "formaction", "xlink:href", "srcset", "poster", "data", "ping"):
            to = given.get(name, "")
            scheme, host = urlsplit(to).scheme.lower(), urlsplit(to).netloc
            if scheme not in ("", "http", "https", "mailto") or (tag not in ("a", "form") and host not in OURS):
                self.found.append(self.get_starttag_text() or tag)
            if tag == "a" and host in OURS and scheme in ("", "http"):
                self.links.append(to)

    def _is_data_or_ours(self, given: dict[str, str]) -> bool:
        is_ours = given.get("src", "").startswith(("/static/", "/admin/jsi18n/"))
        return is_ours or given.get("type") in ("application/json", "application/ld+json")

    def handle_data(self, data: str) -> None:
        self.text += data


def evil() -> list[Record]:
    page: dict[str, Any] = {
        "title": EVIL,
        "publisher": EVIL,
        "authors": [EVIL],
        "text": BODY,
        "text_licence": "CC-BY-4.0",
    }
    entries: list[Record] = [
        EntryRecord(
            key=EVIL,
            kind=kind,
            title=f"{EVIL} {kind}",
            slug=f"{kind}-'\"><script>run()<",
            summary=EVIL,
            body=BODY,
            licence=EVIL[:60],
            attribution=EVIL,
            tags=[EVIL, f"javascript:{EVIL}"],
            roles=[RoleRecord(role="developer", name=EVIL, namespace="evil", key="1")],
            references=[
                ReferenceRecord(url=f"https://e.example/'\"><script>run()</script>{kind}", **page),
                ReferenceRecord(urn="urn:sha256:" + "0" * 64, **page),
            ],
            external_ids=[("evil", f"{EVIL}{kind}"), ("doi", f"javascript:{EVIL}{kind}")],
            classifications=[ClassificationRecord(taxonomy=f"Ways {EVIL}", category=(EVIL, EVIL), evidence=EVIL)],
            links=[LinkRecord(relation=EVIL[:40], target=("evil", f"{EVIL}note"))],
            warnings=[EVIL],
        )
        for kind in KINDS
    ]
    return [
        TaxonomyRecord(
            name=f"Ways {EVIL}",
            description=EVIL,
            licence=EVIL[:60],
            attribution=EVIL,
            categories=[CategoryRecord(path=(EVIL, EVIL), description=BODY)],
        ),
        EntityRecord(namespace="evil", key="1", name=EVIL, aliases=[f"{EVIL} again"]),
        EntityRecord(namespace="evil", key="2", name=f"Other {EVIL}"),
        EntityRelationRecord(namespace="evil", key="1", other="2", relation=EVIL[:40]),
        *entries,
        BadRecord(key=EVIL, reason=EVIL),
    ]


@pytest.fixture
def imported(monkeypatch, tmp_path):
    """Everything imported, previewed as a change of it, and disagreed with by a curator."""
    monkeypatch.setitem(SOURCES, NAME, LOCATED)
    job = told(tmp_path / "<img src=x onerror=run()>.jsonl", *evil())
    assert job.counts["created"] == len(KINDS)
    decide(Entry.objects.get(kind="note"), title=f"Decided {EVIL}")
    changed = [
        one.model_copy(update={"title": f"New {one.title}"}) if isinstance(one, EntryRecord) else one for one in evil()
    ]
    told(tmp_path / "changed.jsonl", *changed, dry_run=True)
    told(tmp_path / "changed.jsonl", *changed)
    columns = save(tmp_path / "columns.jsonl", {"title": EVIL, EVIL: EVIL, "url": "javascript:run()"})
    done(start_import("jsonl", str(columns), {}, ring=False, dry_run=True))


def test_no_page_runs_it(imported, admin_client):
    asked = {"q": EVIL, "source": EVIL, "action": EVIL, "tag": EVIL, "category": EVIL, "year": EVIL, "state": EVIL}
    places = ["search", "changes", "jobs", "proposals", "entities", *(info.path for info in KINDS.values())]
    waiting = deque(["/", "/admin/", "/import/", "/status/", *(f"/{place}/?{urlencode(asked)}" for place in places)])
    waiting += [f"/{place}/{quote(EVIL)}/" for place in ("known-as/evil", "entries", "entities")]
    visits: Counter[str] = Counter()
    text = ""
    while waiting:
        path = waiting.popleft()
        alike = NUMBER.sub("/N/", urlsplit(path).path)
        if visits[path] or visits[alike] >= ENOUGH or PASSED_OVER.match(path):
            continue
        visits.update({path, alike})
        response = admin_client.get(path)
        assert response.status_code < 500, path
        if response.status_code in (301, 302):
            waiting.append(response["Location"])
            continue
        if not response["Content-Type"].startswith("text/html"):
            assert response["X-Content-Type-Options"] == "nosniff", path
            continue
        page = Harm()
        page.feed(response.content.decode())
        assert page.found == [], path
        text += page.text
        waiting += [urljoin(path, link).partition("#")[0] for link in page.links]
    assert EVIL in text
    assert "8000001" not in text  # which is what a template would make of it
    assert {"/import/N/", "/jobs/N/", "/changes/", "/admin/kb/jobproblem/N/change/"} <= set(visits)
    assert sum(path.startswith("/entries/") for path in visits) > len(KINDS)
