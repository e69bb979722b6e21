"""Which source can read a file or an address, guessed from its name and from how it begins."""

import json
import os
import re
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import islice
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ingest.sources import SOURCES, SourceError, zip_directory
from ingest.sources.archives import DAMAGE
from ingest.sources.files import ZIP, beginning

LOOKED_AT = 65_536  # bytes of a file, or of one member of an archive
ARCHIVE_LOOKED_AT = 2_000_000  # bytes of a tar archive, as it is packed
INFLATED = 50_000_000  # bytes that are unpacked for a look at what follows
MEMBERS = 2_000  # of an archive; a bigger one is told by those
MEMBERS_OF_ZIP = 50_000

BY_ENDING = {
    "csv": "csv",
    "tsv": "csv",
    "tab": "csv",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "json": "jsonl",
    "xlsx": "xlsx",
    "xlsm": "xlsx",
    "md": "markdown",
    "markdown": "markdown",
    "txt": "url",
    "yaml": "atlas",
    "yml": "atlas",
    "opml": "links",
    "bib": "links",
    "ris": "links",
    "html": "links",
    "htm": "links",
    "pdf": "pdf",
    "rss": "feed",
    "atom": "feed",
    "xml": "feed",
    "bson": "aiid",
    "zip": "markdown",
    "bz2": "aiid",
}
# What the beginning of a text says, the surest first.
BY_CONTENT = (
    (r'\s*\{"precedent": \{', "jsonl"),  # an export of ours, whatever its entries are about
    (r'(?s)\s*\{.{0,500}"https?://(www\.)?jsonfeed\.org/version/', "feed"),
    (r"(?s).{0,3000}\bAIAAIC ID", "aiaaic"),
    (r"%PDF-", "pdf"),
    (r"(?is).{0,300}<opml\b", "links"),
    (r"(?is).{0,300}<!doctype netscape-bookmark", "links"),
    (r"(?is).{0,500}<(rss|feed|rdf:rdf)\b", "feed"),
    (r"(?s)\s*(%[^\n]*\n\s*)*@[A-Za-z]+\s*\{", "links"),
    (r"\s*TY  ?- ", "links"),
    (r"(?s).{0,4000}\bAML\.(T|M|CS|TA)\d{4}", "atlas"),
    (r'(?s).{0,4000}"data_version"', "avid"),
    (r'(?s).{0,4000}"sameAs"', "aiid"),
    (r'(?s)\s*\[?\s*\{.{0,2000}"(DOI|container-title|citation-key|issued)"', "links"),
)
# What a member's path in an archive says.
BY_MEMBER = (
    (r"(^|/)mongodump_full_snapshot/|(^|/)(incidents\.(csv|bson)|aiidprod/)", "aiid"),
    (r"(^|/)AVID-\d{4}-[RV]\d+.*\.json$", "avid"),
    (r"(^|/)ATLAS(-latest)?\.yaml$|(^|/)case-studies/AML\.CS", "atlas"),
    (r"(?i)(^|/)\.obsidian/|\.md$", "markdown"),  # before the papers that are attached to notes
    (r"(?i)\.pdf$", "pdf"),
)
ARCHIVES = ("tar", "tgz", "tbz", "tbz2", "txz", "gz", "bz2", "xz", "zip")
LINK = re.compile(r"^\s*([-*+]|\d+\.|\|)\s*.{0,120}\[[^\]\n]+\]\(https?://", re.M)


def guess_file(path: Path) -> str:
    """The name of the source that can probably read the file; "" where nothing tells."""
    try:
        return _of_file(path)
    except (*DAMAGE, SourceError):
        return _known(BY_ENDING.get(_ending(path.name), ""))


def guess_folder(path: Path) -> str:
    """The same for a folder, by the names of what lies in it and below."""
    below = (Path(place, name).relative_to(path).as_posix() for place, _, names in os.walk(path) for name in names)
    return _known(_of_members(islice(below, MEMBERS)))


def guess_address(address: str) -> str:
    """The same for an address: a file by its ending, a feed by its name, else a page to be read."""
    path = unquote(urlsplit(address).path)
    ending = _ending(path)
    if ending in ("html", "htm", "pdf", "txt", "md") or not ending:
        return _known("feed" if re.search(r"(^|/)(feed|rss|atom)/?$", path, re.I) else "url")
    if ending in ARCHIVES:
        name = path.rpartition("/")[2].lower()
        avid = "avid" if "avid" in path.lower() else BY_ENDING.get(ending, "")
        return _known("aiid" if name.startswith("backup-") else avid)
    return _known(BY_ENDING.get(ending, "url"))


def _of_file(path: Path) -> str:
    ending = _ending(path.name)
    with path.open("rb") as file:
        begin = file.read(LOOKED_AT)
    if begin.startswith(ZIP):
        zip_directory.check(path, MEMBERS_OF_ZIP)
        with zipfile.ZipFile(path) as archive:
            return _known(_of_zip(archive, ending))
    if ending in ARCHIVES:
        return _known(_of_members(_tar_names(path)) or BY_ENDING.get(ending, ""))
    text = beginning(begin)
    for form, source in BY_CONTENT:
        if re.match(form, text):
            return _known(source)
    if ending in ("md", "markdown", "") and len(LINK.findall(text)) >= 3:
        return _known("links")
    if ending == "txt" and not re.match(r"\s*(#.*\s*)*https?://", text):
        return _known(_of_plain(text))
    return _known(BY_ENDING.get(ending, "") or _of_plain(text))


def _of_plain(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    if first.lstrip().startswith(("{", "[")):
        return "jsonl" if _is_json(first) else ""
    return "csv" if re.search(r"[,;\t|]", first) else ""


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return line.strip() in ("[", "{", "[{")
    return True


def _of_zip(archive: zipfile.ZipFile, ending: str) -> str:
    names = archive.namelist()[:MEMBERS]
    if "xl/workbook.xml" not in names:
        return _of_members(names) or BY_ENDING.get(ending, "")
    words = b""
    for name in ("xl/sharedStrings.xml", "xl/worksheets/sheet1.xml", "xl/workbook.xml"):
        if name in names:
            with archive.open(name) as member:
                words += member.read(LOOKED_AT)
    if b"AIAAIC" in words:
        return "aiaaic"
    return "aiid" if re.search(rb"(?i)incident[ _]id", words) and re.search(rb"(?i)report[ _]number", words) else "xlsx"


def _tar_names(path: Path) -> Iterator[str]:
    """The paths of the first members, as far as little of the archive tells them."""
    with path.open("rb") as file:
        begin = BytesIO(file.read(ARCHIVE_LOOKED_AT))
    inflated = 0
    try:
        with tarfile.open(fileobj=begin, mode="r|*") as archive:
            for member in islice(archive, MEMBERS):
                yield member.name
                inflated += member.size
                if inflated > INFLATED:
                    return
    except (*DAMAGE, TypeError):
        return  # TypeError: tarfile's own, of a gzip header that ends early


def _of_members(names: Iterable[str]) -> str:
    """By the surest sign that any member gives."""
    found = {place for name in names for place, (form, _) in enumerate(BY_MEMBER) if re.search(form, name)}
    return BY_MEMBER[min(found)][1] if found else ""


def _ending(name: str) -> str:
    stem, dot, ending = name.rpartition("/")[2].rpartition(".")
    return ending.lower() if dot and stem and re.fullmatch(r"[A-Za-z0-9]{1,8}", ending) else ""


def _known(source: str) -> str:
    return source if source in SOURCES else ""
