"""Bibliographies as reference managers export them: BibTeX, RIS and CSL-JSON.

Each is cut into its records first, so that one that is broken costs that one.
"""

import html
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import bibtexparser
import rispy
from bibtexparser.model import Entry
from pylatexenc.latex2text import LatexNodes2Text

from ingest.records import clean_line, clean_text
from ingest.sources.base import SourceError
from ingest.sources.languages import two_letters
from ingest.sources.links.found import Found
from ingest.sources.tables import json_values
from ingest.sources.works import work_address, work_ids

# It warns of what is broken, which is told here as the reason of the record.
logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)

BIBTEX_START = re.compile(r"^[ \t]*@[ \t]*(\w+)[ \t]*[{(]", re.MULTILINE)
RIS_LINE = re.compile(r"\s?([A-Z][A-Z0-9]) {1,2}-(?: (.*)|)")
MAX_RECORD = 1_000_000  # characters
MAX_STRINGS = 1_000_000  # characters of all @string together
# Beyond it a text is left as it is written: reading TeX takes more than linear time.
MAX_TEX = 20_000
TEX = LatexNodes2Text(math_mode="verbatim", strict_latex_spaces=False)

PAPER, BOOK, ARTICLE = "paper", "book", "article"
RESOURCES = {
    **dict.fromkeys(
        (
            "article",
            "inproceedings",
            "conference",
            "incollection",
            "techreport",
            "report",
            "phdthesis",
            "mastersthesis",
        ),
        PAPER,
    ),
    **dict.fromkeys(
        ("thesis", "unpublished", "proceedings", "article-journal", "paper-conference", "manuscript"), PAPER
    ),
    **dict.fromkeys(("jour", "conf", "cpaper", "rprt", "thes", "unpb", "ejour", "inpr", "preprint", "standard"), PAPER),
    **dict.fromkeys(("book", "inbook", "booklet", "collection", "mvbook", "chapter", "chap", "ebook", "edbook"), BOOK),
    **dict.fromkeys(("dataset", "data", "dbase", "aggr"), "database"),
}


def is_bibtex(text: str) -> bool:
    """Whether there is an entry before anything else but comments; `@string` and the like count."""
    for line in text.splitlines():
        if BIBTEX_START.match(line):
            return True
        if line.strip() and not line.lstrip().startswith("%"):
            return False
    return False


def is_ris(text: str) -> bool:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return bool((match := RIS_LINE.fullmatch(first)) and match[1] == "TY")


def read_bibtex(text: str) -> Iterator[Found]:
    """Each entry of a BibTeX or BibLaTeX file; `@string` abbreviations are resolved, LaTeX becomes plain text."""
    starts = [match.start() for match in BIBTEX_START.finditer(text)]
    kinds = [match[1].lower() for match in BIBTEX_START.finditer(text)]
    strings: dict[str, str] = {}
    spans = zip(starts, [*starts[1:], len(text)], kinds, strict=True)
    line, counted = 1, 0
    for start, end, kind in spans:
        line += text.count("\n", counted, start)
        counted = start
        block = text[start:end]
        if kind in ("comment", "preamble"):
            continue
        if kind == "string":
            name = re.match(r"\s*@\s*string\s*[{(]\s*([^\s=]+)", block, re.IGNORECASE)
            if name and sum(map(len, strings.values())) + len(block) <= MAX_STRINGS:
                strings[name[1].lower()] = block
            continue
        if len(block) > MAX_RECORD:
            yield Found(f"line {line}", problem=f"the entry is longer than {MAX_RECORD:,} characters")
            continue
        words = {word.lower() for word in re.findall(r"[\w:-]+", block[:100_000])} if strings else set()
        used = "".join(strings[name] for name in strings if name in words)
        yield _bibtex_entry(used + block, f"line {line}", kind)


def read_ris(text: str) -> Iterator[Found]:
    """Each record of a RIS file, from `TY` to `ER` or to the next."""
    block: list[str] = []
    begun = 0
    for number, line in enumerate(text.splitlines(), start=1):
        match = RIS_LINE.fullmatch(line)
        if match and match[1] == "TY":
            if block:
                yield _ris_record(block, f"line {begun}")
            block, begun = [], number
        if match and match[1] == "ER":
            if block:
                yield _ris_record(block, f"line {begun}")
            block = []
        elif begun and (block or (match and match[1] == "TY")):
            block.append(f"{match[1]}  - {(match[2] or '').strip()}" if match else line.strip())
        elif line.strip():
            yield Found(f"line {number}", problem=f"stands outside a record: {line.strip()[:60]!r}")
    if block:
        yield _ris_record(block, f"line {begun}")


def read_csl(path: Path) -> Iterator[Found]:
    """Each item of a CSL-JSON file: a list, or an object that has one."""
    with path.open("rb") as file:
        try:
            spans = _items(file)
        except (json_values.JsonStructureError, StopIteration) as error:
            raise SourceError(f"{path} is not JSON: {error or 'there is nothing in it'}") from None
        for number, (start, end) in enumerate(spans, start=1):
            where = f"item {number}"
            if end - start > MAX_RECORD * 4:
                yield Found(where, problem=f"longer than {MAX_RECORD * 4:,} bytes")
                continue
            file.seek(start)
            try:
                item = json.loads(file.read(end - start).decode("utf-8-sig"))
            except (ValueError, RecursionError) as error:
                yield Found(where, problem=f"not JSON: {str(error)[:200]}")
                continue
            yield _csl_item(item, where) if isinstance(item, dict) else Found(where, problem="not an object")


def _items(file: BinaryIO) -> list[json_values.Span]:
    """Where the items stand: the members of the list, or of the first list in an object that is no item itself."""
    begin, end = next(json_values.document_spans(file))
    file.seek(begin)
    if file.read(1) == b"{":
        file.seek(begin)
        is_item = re.search(rb'"(?:title|URL|DOI)"\s*:', file.read(min(end - begin, MAX_RECORD)))
        lists = json_values.lists_of_objects(file, begin)
        named = next((lists[key] for key in ("items", "references") if key in lists), None)
        place = next(iter(lists.values()), None) if named is None and not is_item else named
        if place is None:
            return [(begin, end)]
        begin = place
    spans = json_values.member_spans(file, begin)
    return [(start, stop) for start, stop in spans if stop > start and not _is_blank(file, start, stop)]


def _is_blank(file: BinaryIO, start: int, stop: int) -> bool:
    file.seek(start)
    return not file.read(min(stop - start, 100)).strip()


def _bibtex_entry(block: str, where: str, kind: str) -> Found:
    try:
        library = bibtexparser.parse_string(block)
    except Exception as error:  # what it cannot answer itself it raises, in whichever form
        return Found(where, problem=f"not BibTeX: {type(error).__name__}: {str(error)[:200]}")
    # An entry that names a field twice is there, and its first value is what most programs would show.
    repeated = (block.ignore_error_block for block in library.failed_blocks)
    entries = [*library.entries, *(entry for entry in repeated if isinstance(entry, Entry))]
    if not entries:
        errors = (getattr(block.error, "abort_reason", "") for block in library.failed_blocks)
        return Found(
            where, problem=f"not BibTeX: {' '.join(next(errors, '').split()) or 'no entry was understood'}"[:300]
        )
    entry = entries[0]
    said: dict[str, str] = {}
    for item in entry.fields:
        said.setdefault(item.key.lower(), clean_text(str(item.value)))
    return _from_bibtex(said, kind, entry.key or where)


def _from_bibtex(said: dict[str, str], kind: str, where: str) -> Found:
    url = said.get("url", "") or next(iter(re.findall(r"https?://[^\s{}]+", said.get("howpublished", ""))), "")
    archive = said.get("archiveprefix", said.get("eprinttype", "")).lower()
    arxiv = (
        said.get("eprint", "")
        if archive == "arxiv" or re.fullmatch(r"\d{4}\.\d{4,5}(v\d+)?", said.get("eprint", ""))
        else ""
    )
    url = url.replace("\\_", "_").replace("\\%", "%").replace("\\&", "&").replace("\\#", "#").replace("\\~{}", "~")
    ids = work_ids(url, said.get("doi", ""), arxiv)
    names = [name for key in ("author", "editor") if said.get(key) for name in _people(said[key])]
    year, month = said.get("year", ""), said.get("month", "")
    holder = (
        "journal",
        "journaltitle",
        "booktitle",
        "publisher",
        "institution",
        "school",
        "organization",
        "eprinttype",
    )
    return Found(
        where,
        url.strip() or work_address(ids),
        _tex(said.get("title", "")) + (f": {_tex(said['subtitle'])}" if said.get("subtitle") else ""),
        _keywords(said, ("keywords", "keyword", "mendeley-tags", "groups", "tags")),
        authors=list(dict.fromkeys(names)),
        published=said.get("date", "") or _year_and_month(year, month),
        publisher=next((_tex(said[key]) for key in holder if said.get(key)), ""),
        language=two_letters(said.get("language", said.get("langid", ""))),
        resource=RESOURCES.get(kind, PAPER if dict(ids) else ARTICLE),
        summary=_tex(said.get("abstract", "")),
        body="\n\n".join(
            _tex(said[key]) for key in ("note", "annote", "annotation", "comment", "addendum") if said.get(key)
        ),
        ids=ids,
    )


def _ris_record(block: list[str], where: str) -> Found:
    text = "\n".join([*block, "ER  - "])
    if len(text) > MAX_RECORD:
        return Found(where, problem=f"the record is longer than {MAX_RECORD:,} characters")
    try:
        # Addresses hold semicolons, which rispy would cut them at.
        parsed = rispy.loads(text, delimiter_tags_mapping={}, enforce_list_tags=False)
    except Exception as error:  # it has no exception of its own for what it does not expect
        return Found(where, problem=f"not RIS: {type(error).__name__}: {str(error)[:200]}")
    if not parsed:
        return Found(where, problem="not RIS: no record was understood")
    said = parsed[0]
    urls = [url for key in ("urls", "file_attachments1", "file_attachments2") for url in _texts(said.get(key))]
    url = next((url for url in urls if re.match(r"https?://", url)), "")
    ids = work_ids(url, _first(said, "doi"))
    kind = str(said.get("type_of_reference", "")).lower()
    names = [name for key in ("first_authors", "authors", "secondary_authors") for name in _texts(said.get(key))]
    return Found(
        where,
        url or work_address(ids),
        _first(said, "title", "primary_title", "short_title", "translated_title"),
        list(
            dict.fromkeys(
                tag for part in _texts(said.get("keywords")) for tag in re.split(r"[;\n]", part) if tag.strip()
            )
        ),
        authors=list(dict.fromkeys(map(_forwards, names))),
        published=re.sub(r"/+$", "", _first(said, "date", "year", "publication_year").split("///")[0]).replace(
            "/", "-"
        ),
        publisher=_first(said, "journal_name", "alternate_title3", "secondary_title", "alternate_title2", "publisher"),
        language=two_letters(_first(said, "language")),
        resource=RESOURCES.get(kind, PAPER if dict(ids) else ARTICLE),
        summary=_plain(_first(said, "abstract", "notes_abstract")),
        body="\n\n".join(_plain(note) for key in ("notes", "research_notes") for note in _texts(said.get(key)) if note),
        ids=ids,
    )


def _csl_item(item: dict[str, Any], where: str) -> Found:
    def said(*keys: str) -> str:
        return next((text for key in keys if (text := _line(item.get(key)))), "")

    note, extra = _extra(clean_text(item["note"]) if isinstance(item.get("note"), str) else "")
    url = said("URL", "url")
    ids = work_ids(url, said("DOI") or extra.get("doi", ""), extra.get("arxiv", ""))
    names = [name for key in ("author", "editor") for name in _csl_names(item.get(key))]
    keywords = item.get("keyword", item.get("keywords", ""))
    tags = keywords if isinstance(keywords, list) else re.split(r"[,;]", _line(keywords))
    return Found(
        said("id", "citation-key") or where,
        url or work_address(ids),
        _plain(said("title", "title-short")),
        [tag for tag in map(_line, tags) if tag],
        authors=list(dict.fromkeys(names)),
        published=_csl_date(item.get("issued")),
        publisher=said("container-title", "publisher", "collection-title"),
        language=two_letters(said("language")),
        resource=RESOURCES.get(said("type"), PAPER if dict(ids) else ARTICLE),
        summary=_plain(clean_text(item["abstract"])) if isinstance(item.get("abstract"), str) else "",
        body="\n\n".join(part for part in (note, _plain(said("annote"))) if part),
        ids=ids,
    )


def _csl_names(value: Any) -> Iterator[str]:
    for one in value if isinstance(value, list) else []:
        if isinstance(one, dict):
            parts = (
                one.get(key) for key in ("given", "dropping-particle", "non-dropping-particle", "family", "suffix")
            )
            if name := _line(one.get("literal")) or " ".join(filter(None, map(_line, parts))):
                yield name
        elif name := _line(one):
            yield name


def _csl_date(value: Any) -> str:
    """`{"date-parts": [[2020, 1, 2]]}`, `{"raw": "2020-01"}` or a text as the date it says."""
    if not isinstance(value, dict):
        return _line(value)
    parts = value.get("date-parts")
    first = parts[0] if isinstance(parts, list) and parts and isinstance(parts[0], list) else []
    numbers = [_line(part) for part in first if _line(part)]
    return "-".join(number.zfill(2) for number in numbers[:3]) or _line(value.get("raw")) or _line(value.get("literal"))


def _extra(note: str) -> tuple[str, dict[str, str]]:
    """A note without the lines in which Zotero keeps fields that CSL has not, and these fields."""
    kept, fields = [], {}
    for line in note.split("\n"):
        match = re.fullmatch(
            r"\s*(arXiv|DOI|PMID|PMCID|Citation Key|ISBN|original-date|Publisher|Version)\s*:\s*(.*)", line, re.I
        )
        if match:
            fields[match[1].lower()] = match[2].split(" ")[0]
        else:
            kept.append(line)
    return _plain("\n".join(kept).strip()), fields


def _people(text: str) -> Iterator[str]:
    """Names of `Last, First and {Some Group}`; "and others" is nobody."""
    depth = 0
    name: list[str] = []
    for word in re.split(r"(\s+)", text):
        if not depth and word.lower() == "and":
            yield from _person("".join(name))
            name = []
        else:
            name.append(word)
            depth += word.count("{") - word.count("}")
    yield from _person("".join(name))


def _person(text: str) -> Iterator[str]:
    text = text.strip()
    grouped = text.startswith("{") and text.endswith("}") and text.count("{") == 1
    name = _tex(text) if grouped else _forwards(_tex(text))
    if name and name.lower() != "others":
        yield name


def _forwards(name: str) -> str:
    """`Lovelace, Ada` as Ada Lovelace, `King, Jr., Martin` as Martin King, Jr."""
    parts = [part.strip() for part in name.split(",")]
    if len(parts) == 2 and all(parts):
        return f"{parts[1]} {parts[0]}"
    return f"{parts[2]} {parts[0]}, {parts[1]}" if len(parts) == 3 and all(parts) else name.strip()


def _keywords(said: dict[str, str], keys: tuple[str, ...]) -> list[str]:
    tags = (_tex(tag) for key in keys for tag in re.split(r"[,;]", said.get(key, "")))
    return list(dict.fromkeys(tag for tag in tags if tag))


def _year_and_month(year: str, month: str) -> str:
    """What `year = 2020, month = mar` says; a month that is none leaves the year."""
    year = _tex(year)
    word = re.match(r"[a-z]{3}", _tex(month).lower())
    if word and re.fullmatch(r"\d{4}", year):
        months = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
        return f"{year}-{months.index(word[0]) + 1:02}" if word[0] in months else year
    return f"{year}-{int(month):02}" if re.fullmatch(r"0?[1-9]|1[0-2]", month) and year.isdigit() else year


def _tex(text: str) -> str:
    """LaTeX as plain text; math stays as it is. What TeX would take for a comment is meant as a per cent sign."""
    if len(text) > MAX_TEX or not re.search(r"[\\{}~]|--", text):
        return clean_line(text)
    try:
        return clean_line(TEX.latex_to_text(re.sub(r"(?<!\\)%", r"\\%", text)))
    except Exception:  # its errors have no common class, and the text is readable as it stands
        return clean_line(re.sub(r"[{}]", "", text))


def _plain(text: str) -> str:
    """HTML, which Zotero writes into notes and titles, as text."""
    if not re.search(r"</?[a-zA-Z][^<>]{0,200}>", text):
        return html.unescape(text).strip()
    text = re.sub(r"</(?:p|div|li|h\d)\s*>|<br\s*/?>", "\n", text, flags=re.IGNORECASE)
    return html.unescape(re.sub(r"</?[a-zA-Z][^<>]{0,2000}>", "", text)).strip()


def _texts(value: Any) -> list[str]:
    return [clean_text(one).strip() for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def _first(said: dict[str, Any], *keys: str) -> str:
    return next((text for key in keys for text in _texts(said.get(key)) if text), "")


def _line(value: Any) -> str:
    return clean_line(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
