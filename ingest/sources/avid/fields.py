"""The fields of an AVID record, whichever version of the schema it was written in.

0.1 says `problemtype.class` and `affects.artifact`, and gives categories as `{"id": …, "name": …}`; 0.2 says `classof`,
`artifacts`, and `"E0101: Group fairness"`. 0.3 adds CVSS, CWE and 0DIN to the impact. What is missing is '' or [].
"""

import re
from typing import Any

from ingest.records import clean_line, text_or_nothing
from ingest.sources.languages import two_letters
from ingest.sources.lists import as_list

ID = re.compile(r"AVID-\d{4}-([VR])\d+", re.IGNORECASE)
NOBODY = {"", "n/a", "na", "none", "null", "unknown", "undefined", "unspecified", "all", "various", "multiple", "-"}


def record_id(doc: dict[str, Any], name: str) -> str:
    """`AVID-2023-V001` from the metadata, else from the name of the file; '' where neither says so."""
    metadata = part(doc, "metadata")
    for value in (*(holder.get(key) for holder in (metadata, doc) for key in ("vuln_id", "report_id", "id")), name):
        if isinstance(value, str) and (match := ID.search(value)):
            return match[0].upper()
    return ""


def is_vulnerability(doc: dict[str, Any], identity: str) -> bool:
    if match := ID.fullmatch(identity):
        return match[1].upper() == "V"
    return "vuln_id" in part(doc, "metadata")


def is_avid(doc: dict[str, Any]) -> bool:
    return text_or_nothing(doc.get("data_type")).upper() == "AVID" or "problemtype" in doc


def title(doc: dict[str, Any]) -> str:
    """What the problem is called; else the first sentence of its description."""
    called = clean_line(text(part(doc, "problemtype").get("description"))) or clean_line(text(doc.get("title")))
    if called:
        return called
    first = clean_line(re.split(r"(?<=[.!?])\s|\n", description(doc).strip(), maxsplit=1)[0])
    return first if len(first) <= 200 else first[:199] + "…"


def description(doc: dict[str, Any]) -> str:
    return text(doc.get("description")).strip()


def language(doc: dict[str, Any]) -> str:
    """The language of the description as two letters (`eng` → `en`), '' where it is not known."""
    said = doc.get("description")
    said = said[0] if isinstance(said, list) and said else said
    return two_letters(text_or_nothing(said.get("lang"))) if isinstance(said, dict) else ""


def problem_class(doc: dict[str, Any]) -> tuple[str, str]:
    """What kind of record it is, and of problem: ("AIID Incident", ""), ("CVE Entry", "Advisory")."""
    problem = part(doc, "problemtype")
    named = clean_line(text(problem.get("classof") or problem.get("class")))
    return named, clean_line(text(problem.get("type")))


def affected(doc: dict[str, Any], who: str) -> list[str]:
    """The names of developers, deployers or artifacts, without those that say that there is none."""
    said = part(doc, "affects").get(who)
    names = [clean_line(text(item.get("name") if isinstance(item, dict) else item)) for item in as_list(said)]
    return list(dict.fromkeys(plain for name in names if (plain := _plain(name)).lower() not in NOBODY))


def systems(doc: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(affected(doc, "artifacts") + affected(doc, "artifact")))


def credits(doc: dict[str, Any]) -> list[str]:
    """Who is credited, as written: "Sean McGregor, AIID"."""
    names = (clean_line(text(item)) for key in ("credit", "credits") for item in as_list(doc.get(key)))
    return list(dict.fromkeys(re.sub(r",\s*n/?a$", "", name, flags=re.IGNORECASE) for name in names if name))


def references(doc: dict[str, Any]) -> list[dict[str, str]]:
    """`url`, and `title` where the label is more than the address again."""
    found = []
    for item in as_list(doc.get("references")):
        url = clean_line(text(item.get("url") if isinstance(item, dict) else item))
        label = clean_line(text(item.get("label"))) if isinstance(item, dict) else ""
        if url.startswith("www."):
            url = "https://" + url
        if url:
            found.append({"url": url, "title": "" if label == url or "://" in label.split(" ")[0] else label})
    return found


def listed_reports(doc: dict[str, Any]) -> dict[str, str]:
    """id -> name of the reports that a vulnerability lists."""
    found: dict[str, str] = {}
    for item in as_list(doc.get("reports")):
        match = ID.search(text(item.get("report_id") or item.get("id")) if isinstance(item, dict) else text(item))
        if match:
            name = clean_line(text(item.get("name") or item.get("title"))) if isinstance(item, dict) else ""
            found.setdefault(match[0].upper(), name)
    return found


def vulnerabilities(doc: dict[str, Any]) -> list[str]:
    """Ids of the vulnerabilities that a report says it is an instance of."""
    said = (text(item) for item in as_list(avid_impact(doc).get("vuln_id")))
    return [match[0].upper() for one in said for match in ID.finditer(one)]


def avid_impact(doc: dict[str, Any]) -> dict[str, Any]:
    return part(part(doc, "impact"), "avid")


def part(holder: Any, key: str) -> dict[str, Any]:
    """The object at `key`, {} where there is none."""
    value = holder.get(key) if isinstance(holder, dict) else None
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str:
    """The text in `"…"`, in `{"lang": "eng", "value": "…"}`, or in a list of these, English first."""
    if isinstance(value, dict):
        return text(value.get("value") or value.get("name") or "")
    if isinstance(value, list):
        ordered = sorted(value, key=lambda one: isinstance(one, dict) and not str(one.get("lang")).startswith("en"))
        return text(ordered[0]) if ordered else ""
    return text_or_nothing(value)


def _plain(name: str) -> str:
    """The name without an address in brackets: "Lift (https://lift.example/)"."""
    return re.sub(r"\s*\(https?://[^)]*\)", "", name).strip()
