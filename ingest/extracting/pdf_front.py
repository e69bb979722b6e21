"""What a paper's first page and its metadata say of the paper: title, authors, abstract, identifiers, date."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from ingest.extracting.pdf_lines import Line
from ingest.extracting.pdf_text import Block, heading_level, is_section

MAX_TITLE_CHARS = 300
MAX_ABSTRACT_CHARS = 5000
MAX_AUTHORS = 500
SINGLE_WORD = 0.75  # the name of a journal may be larger than the title
AUTHOR_LINES = 60
LONGEST_LINE = 400  # characters; of print so small that more fit on a line, no names are set
FULL_LINE = 50  # characters, from which on a line was broken because it was full
FRONT_LINES = 400  # of the first page; more is no first page of a paper

# What programs and templates write where the title belongs.
NO_TITLE = re.compile(
    r"microsoft (word|powerpoint)\b.*|untitled.*|document ?\d*|slide ?\d*|presentation ?\d*|layout ?\d*|main|paper|"
    r"manuscript|article|title|doi:.*|arxiv:.*|https?://.*|.*\.(docx?|tex|dvi|pdf|indd|rtf|odt|pptx?|qxd|ps|html?|txt)|"
    r"[\w.-]*\d[\w.-]*[_.-][\w.-]*|\w*\d{3}\w*",
    re.IGNORECASE | re.DOTALL,
)
# What stands large above titles.
BANNER = re.compile(
    r"(arxiv|doi|https?:|www\.|issn|isbn|vol(ume|\.)|issue|proceedings of|journal of|published (as|in|by)|"
    r"under review|preprint|available online|open access|research article|original article|review article|"
    r"article in press|letters?$|technical report$|white ?paper$|contents lists)",
    re.IGNORECASE,
)
NO_AUTHOR = re.compile(
    r"(user|admin(istrator)?|owner|unknown|author|anonymous.*|latex.*|microsoft.*|.*@.*|.*\d.*)$", re.IGNORECASE
)
AFFILIATION = re.compile(
    r"\b(university|universit\w+|college|institut\w*|department|dept|school|faculty|laborator\w+|labs?|cent(er|re)|inc|"
    r"ltd|llc|gmbh|corp|corporation|company|research|google|microsoft|deepmind|openai|hospital|academy|foundation|"
    r"group|team|street|avenue|usa|uk|china|germany|france|e-?mail|equal|correspond\w*|contribut\w*|received|accepted|"
    r"published|version|abstract|conference|proceedings|journal|preprint|report|workshop|symposium|draft|paper|article|"
    r"editorial|letter|review|edition|supplement\w*)\b|[@/]|https?:|www\.",
    re.IGNORECASE,
)
MARK = r"[*∗†‡§¶‖#✉⋆]"
MARKERS = re.compile(rf"(?<=[^\W\d_.])(?:\d|{MARK})+(?:\s*,\s*(?:\d|{MARK})+)*|{MARK}+|(?<=\s)\d+(?:,\d+)*(?=[\s,;]|$)")
BETWEEN_NAMES = re.compile(r"\s*[,;·•|]\s*(?:and\s+)?|\s+(?:and|&|und|et)\s+")
PARTICLE = re.compile(r"(?:de|da|dos?|del|della|der|den|di|du|van|von|la|ter)$|[dl]['’]")
SHORT_NAME = re.compile(r"[\u4e00-\u9fff]{2,4}|[\uac00-\ud7a3]{2,4}")  # family and given name in one word
NAME_WORD = re.compile(r"[^\W\d_][\w.’'-]*")

EMAIL = re.compile(r"[({]?[^\s({]*@[^\s)}]*[)}]?")

ABSTRACT = re.compile(r"(?:a\s?b\s?s\s?t\s?r\s?a\s?c\s?t|summary|zusammenfassung|résumé|resumen)\s*[.:—–-]*\s*", re.I)
INLINE_ABSTRACT = re.compile(r"(?:abstract|ABSTRACT|Abstract)\s*(?:[.:—–]|-\s)\s*(?=\S)")
AFTER_ABSTRACT = re.compile(
    r"(key ?words?|index terms|ccs concepts|acm reference|categories and subject|general terms|jel|msc|"
    r"\d*\s*©|copyright|permission to make|1\.?\s+introduction|i\.\s+introduction|introduction$)",
    re.IGNORECASE,
)

DOI = re.compile(r"\b(10\.\d{4,9}/[^\s\"<>{}|\\^`]+)", re.IGNORECASE)
ARXIV_DOI = re.compile(r"10\.48550/arxiv\.(.+)", re.IGNORECASE)
ARXIV_ID = r"(\d{4}\.\d{4,5}|[a-z]+(?:-[a-z]+)?(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?"
ARXIV_STAMP = re.compile(rf"arXiv:\s?{ARXIV_ID}\s+\[[\w.-]+\](?:\s+(\d{{1,2}} \w{{3}} \d{{4}}))?")
ARXIV_NAME = re.compile(rf"(?:arxiv:|https?://(?:www\.)?arxiv\.org/(?:abs|pdf)/){ARXIV_ID}", re.IGNORECASE)
PUBLISHED = re.compile(
    r"\bpublished(?: online)?(?: on)?\s*:?\s+(\d{1,2} [A-Z][a-z]+ \d{4}|[A-Z][a-z]+ \d{1,2}, \d{4}|\d{4}-\d\d-\d\d)",
    re.IGNORECASE,
)


def find_title(first: Sequence[Line], said: str, size: float) -> tuple[str, list[Line]]:
    """The title, and the lines of the first page that print it.

    What the metadata say (`said`) counts when the page says it too, or when the page shows no title of its own.
    """
    printed = _printed_title(first[:FRONT_LINES], size)
    said = said if _is_title(said) else ""
    if said:
        lines = _lines_saying(said, first[:FRONT_LINES])
        if lines:
            return said, lines
    if printed:
        return " ".join(line.text for line in printed)[:MAX_TITLE_CHARS], printed
    return said, []


def _is_title(text: str) -> bool:
    letters = sum(char.isalpha() for char in text)
    return letters >= 4 and len(text) <= MAX_TITLE_CHARS and not NO_TITLE.fullmatch(text.strip())


def _lines_saying(title: str, lines: Sequence[Line]) -> list[Line]:
    """The neighbouring lines that together are the title, letter for letter."""
    wanted = _letters(title)
    for first in range(len(lines)):
        said = ""
        for last in range(first, min(first + 6, len(lines))):
            said += _letters(lines[last].text)
            if said == wanted:
                return list(lines[first : last + 1])
            if not wanted.startswith(said):
                break
    return []


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _printed_title(lines: Sequence[Line], size: float) -> list[Line]:
    """The largest print of the page that reads like a title; a single word has to be larger still."""
    groups: list[list[Line]] = []
    for line in lines:
        if not line.upright or BANNER.match(line.text) or sum(char.isalpha() for char in line.text) < 2:
            continue
        last = groups[-1][-1] if groups else None
        if last and abs(last.size - line.size) <= 0.6 and -1 <= last.y - line.y <= 2.2 * max(last.size, 1):
            groups[-1].append(line)
        else:
            groups.append([line])
    fit = [
        group
        for group in groups
        if group[0].size >= size * 1.12
        and len(group) <= 6
        and _is_title(text := " ".join(line.text for line in group))
        and not is_section(text)
    ]
    if fit:
        return max(fit, key=lambda group: group[0].size * (1 if " " in group[0].text else SINGLE_WORD))
    first = groups[0] if groups else []
    if first and first[0].bold and len(first) <= 3 and _is_title(" ".join(line.text for line in first)):
        return first
    return []


def find_authors(
    first: Sequence[Line], title: Sequence[Line], said: str, size: float, problems: list[str]
) -> list[str]:
    """Names from the metadata when the page knows them too, else those printed below the title, else the former."""
    stated = names(said)
    words = set(re.findall(r"[^\W\d_]+", " ".join(line.text for line in first[:FRONT_LINES]).casefold()))
    if stated and all(name.casefold().replace(".", " ").split()[-1] in words for name in stated):
        return stated
    return _printed_authors(first[:FRONT_LINES], title, size, problems) or stated


def _printed_authors(first: Sequence[Line], title: Sequence[Line], size: float, problems: list[str]) -> list[str]:
    """The names between title and abstract, in the print of the first of them: places are set otherwise."""
    found: list[str] = []
    unclear: list[str] = []
    print_of_names: Line | None = None
    for line, text in _author_lines(_below(first, title), size):
        if print_of_names and (abs(line.size - print_of_names.size) > 0.6 or line.bold != print_of_names.bold):
            continue
        parts = [part for part in _parts(MARKERS.sub(",", text)) if _is_name(part)]
        print_of_names = print_of_names or (line if parts else None)
        for part in parts:
            (unclear if _may_be_two(part) else found).append(part)
    if unclear:
        problems.append(f"authors left out, for one name cannot be told from the next: {'; '.join(unclear)[:300]}")
    return list(dict.fromkeys(found))[:MAX_AUTHORS]


def _below(first: Sequence[Line], title: Sequence[Line]) -> Sequence[Line]:
    after = [index for index, line in enumerate(first) if title and line is title[-1]]
    return first[after[0] + 1 :][:AUTHOR_LINES] if after else []


def _author_lines(lines: Sequence[Line], size: float) -> Iterator[tuple[Line, str]]:
    """The lines up to the first part of the paper, without those about places; a list that runs on is one line."""
    running: tuple[Line, str] | None = None
    for line in lines:
        if len(line.text) > LONGEST_LINE or INLINE_ABSTRACT.match(line.text) or heading_level(line, size) > 2:
            break
        text = EMAIL.sub("", line.text).strip()
        if is_section(text):
            break
        if not line.upright or not text or AFFILIATION.search(text):
            continue
        if running and _runs_on(*running) and line.size == running[0].size:
            running = (running[0], f"{running[1]} {text}")
            continue
        if running:
            yield running
        running = (line, text)
    if running:
        yield running


def _runs_on(line: Line, text: str) -> bool:
    return text.endswith((",", "&", " and")) or (len(line.text) >= FULL_LINE and "," in text)


def names(text: str) -> list[str]:
    """The people in "Ada Lovelace, Charles Babbage and L. F. Menabrea", or in "Lovelace, Ada; Babbage, Charles"; what
    does not read like a name is left out."""
    parts = _parts(text)
    if ";" in text:
        parts = [_turned_round(part) for part in text.split(";")]
    elif len(parts) == 2 and "," in text and not any(" " in part for part in parts):
        parts = [_turned_round(text)]
    return [part for part in parts if _is_name(part)][:MAX_AUTHORS]


def _parts(text: str) -> list[str]:
    return [part.strip() for part in BETWEEN_NAMES.split(text.strip())]


def _turned_round(name: str) -> str:
    """ "Lovelace, Ada" as "Ada Lovelace"."""
    last, comma, given = (part.strip() for part in name.partition(","))
    return f"{given} {last}" if comma and given and "," not in given else name.strip()


def _is_name(text: str) -> bool:
    words = text.split()
    if SHORT_NAME.fullmatch(text):
        return True
    if not 2 <= len(words) <= 8 or len(text) > 80 or NO_AUTHOR.fullmatch(text) or AFFILIATION.search(text):
        return False
    return all(NAME_WORD.fullmatch(word) and (PARTICLE.match(word) or not word[0].islower()) for word in words)


def _may_be_two(name: str) -> bool:
    """Whether four words or more, initials and particles aside, stand together as two printed names do."""
    return len([word for word in name.split() if len(word.strip(".")) > 1 and not PARTICLE.fullmatch(word)]) >= 4


def find_abstract(blocks: Sequence[Block]) -> str:
    """What stands between "Abstract" and the next heading on the first pages; '' where nothing is called so."""
    for index, block in enumerate(blocks):
        if block.lines[0][0] > 2:
            break
        if block.level and ABSTRACT.fullmatch(block.text):
            return _paragraphs(block.text for block in _until_heading(blocks[index + 1 :]))
        if not block.level and (found := INLINE_ABSTRACT.match(block.text)):
            rest = [block.text[found.end() :], *(other.text for other in _until_heading(blocks[index + 1 :]))]
            return _paragraphs(rest[:1] if len(rest[0]) > 300 else rest)
    return ""


def _until_heading(blocks: Sequence[Block]) -> Iterable[Block]:
    for block in blocks[:8]:
        if block.level or AFTER_ABSTRACT.match(block.text):
            return
        yield block


def _paragraphs(texts: Iterable[str]) -> str:
    kept: list[str] = []
    for text in texts:
        if AFTER_ABSTRACT.match(text) or sum(map(len, kept)) + len(text) > MAX_ABSTRACT_CHARS:
            break
        kept.append(text)
    return "\n\n".join(kept)


def find_doi(first: Sequence[Line], metadata: Mapping[str, str], problems: list[str]) -> str:
    """The paper's own DOI in lower case: the metadata's, else the only one on the first page.

    Of several on the page none is taken, and `problems` says so: a wrong one would make two papers one.
    """
    for name in ("doi", "subject", "identifier"):
        if found := DOI.search(metadata.get(name, "")):
            return _tidy(found[1])
    own: dict[str, None] = {}
    for line, following in pairwise([*_before_references(first), None]):
        if line is None or re.match(r"\[?\d{1,3}\]?\s*(https?:|doi)", line.text):
            continue  # a footnote
        for found in DOI.finditer(line.text):
            value = found[1]
            if found.end() == len(line.text) and value[-1] in "/.-_" and following:
                value += following.text.split()[0]
            own[_tidy(value)] = None
    own = {value: None for value in own if not ARXIV_DOI.fullmatch(value)} or own
    if len(own) > 1:
        problems.append(
            f"the first page names {len(own)} DOIs, so none was taken as the paper's: {', '.join(own)}"[:500]
        )
    return next(iter(own)) if len(own) == 1 else ""


def _tidy(doi: str) -> str:
    doi = doi.rstrip(".,;:'\"*†‡")
    while doi.endswith((")", "]")) and doi.count(doi[-1]) > doi.count("(" if doi[-1] == ")" else "["):
        doi = doi[:-1].rstrip(".,;:")
    return doi.lower()


def find_arxiv(first: Sequence[Line], metadata: Mapping[str, str], doi: str) -> tuple[str, str]:
    """The arXiv id without its version, and the day of the version as the stamp says it; each may be ''."""
    if found := ARXIV_DOI.fullmatch(doi):
        return re.sub(r"v\d+$", "", found[1]), ""
    for name in ("arxivid", "identifier", "doi"):
        value = metadata.get(name, "")
        if found := ARXIV_NAME.search(value) or ARXIV_DOI.search(value) or re.fullmatch(ARXIV_ID, value):
            return re.sub(r"v\d+$", "", found[1]), ""
    for line in first:
        if stamp := ARXIV_STAMP.search(line.text):
            return stamp[1], stamp[2] or ""
    return "", ""


def find_published(first: Sequence[Line], metadata: Mapping[str, str]) -> str:
    """The day of publication in the words of the metadata or the first page, else ''; when the file was made is not
    when the paper appeared."""
    if said := metadata.get("publicationdate") or metadata.get("coverdate"):
        return said[:40]
    for line in first:
        if found := PUBLISHED.search(line.text):
            return found[1]
    return ""


def _before_references(lines: Sequence[Line]) -> list[Line]:
    for index, line in enumerate(lines[:FRONT_LINES]):
        if re.fullmatch(r"(\d+\.?\s+)?(references|bibliography)", line.text, re.IGNORECASE):
            return list(lines[:index])
    return list(lines[:FRONT_LINES])


def without_stamps(lines: Sequence[Line]) -> list[Line]:
    """`lines` without what archives print along the margin."""
    return [
        line for line in lines if line.upright or not (ARXIV_STAMP.search(line.text) or ARXIV_NAME.match(line.text))
    ]
