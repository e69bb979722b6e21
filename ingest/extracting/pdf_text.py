"""From printed lines to text that reads: paragraphs, headings in Markdown's form, no running heads, no broken words."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ingest.extracting.pdf_lines import Line

EDGE_LINES = 3  # lines at the top and at the bottom of a page among which running heads are looked for
FEW_LINES = 4  # a page with fewer says nothing but what might be taken for its head
MAX_HEADING_CHARS = 150
LONGEST_WORD = 80
MAX_HEADING_LINES = 4

# The names by which papers call their parts, whatever the print looks like; and those that are also what tables call
# their columns, which are headings only in the print of one.
SECTIONS = re.compile(
    r"abstract|a b s t r a c t|executive summary|(general )?introduction|background|related works?|previous work|"
    r"preliminaries|problem (statement|setting|formulation)|materials and methods|methodology|"
    r"experimental (setup|results)|results and discussion|ablation stud(y|ies)|(general )?discussion|limitations?|"
    r"broader impacts?|ethics statement|ethical considerations|conclusions?( and future work)?|"
    r"discussion and conclusions?|future work|acknowledge?ments?|"
    r"references|bibliography|literature cited|author contributions|appendix|appendices|supplementary materials?|"
    r"zusammenfassung|einleitung|literatur(verzeichnis)?|résumé|resumen|introducción|referencias",
    re.IGNORECASE,
)
AMBIGUOUS = re.compile(
    r"summary|key ?words|motivation|methods?|approach|models?|experiments?|evaluation|results|analysis|funding",
    re.IGNORECASE,
)
NUMBER = re.compile(r"((?:\d{1,2}|[A-Z])(?:\.\d{1,2}){0,3}|[IVX]{1,5})[.):]?\s+(?=\S)")
SENTENCE_ENDS = re.compile(r"[.!?:…。！？][\"'”’)\]]*$")
BULLET = re.compile(r"[•‣▪●◦∙·–]\s+")
ENTRY = re.compile(r"\[\d{1,4}\]\s|\[[A-Z][\w+]{1,9}\d{2}[a-z]?\]\s")
LISTED = re.compile(r"(\d{1,3}|[a-z])[.)]\s")
HYPHENATED = re.compile(r"(\w*[^\W\d_])[-‐\u00ad]$")
WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
UNSPOKEN = re.compile(r"[\d_=<>]")  # stands in capitals that are no heading: of tables, of code
WITHOUT_SPACES = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")  # Chinese and Japanese
DIGITS = re.compile(r"\d+")
PAGE_NUMBER = re.compile(r"(?:page\s+|p\.\s*|[-–—|]\s*)?(\d{1,5})(?:\s*(?:/|of)\s*\d{1,5}|\s*[-–—|])?", re.IGNORECASE)
NUMBER_BESIDE_HEAD = re.compile(r"(?P<before>\d{1,5})\s[^\d].*|.*[^\d]\s(?P<after>\d{1,5})", re.DOTALL)


Sign = tuple[str | int, int]  # a text, or a page's number less its place; and the height on the page


@dataclass
class Block:
    """What belongs together: a heading (its `level` 1 to 6), or with level 0 a paragraph. Lines with their page, from
    0; `text` is what they say together, once they are composed."""

    level: int
    lines: list[tuple[int, Line]] = field(default_factory=list)
    text: str = ""


@dataclass(frozen=True)
class Composed:
    """`text[pages[i]:pages[i + 1]]` is what page i + 1 says, and the last reaches to the end."""

    text: str
    pages: list[int]


def compose(pages: Sequence[Sequence[Line]], title: Sequence[Line] = ()) -> tuple[Composed, list[Block]]:
    """The text of `pages`, and the blocks that it was made of. The lines of `title` become its first heading."""
    kept = without_running_heads(pages)
    found = list(blocks(kept, title))
    return _write(found, len(pages), _words(kept)), found


def body_size(pages: Sequence[Sequence[Line]]) -> float:
    """The size in which most of the text is set, in points."""
    sizes: Counter[float] = Counter()
    for line in (line for lines in pages for line in lines):
        sizes[round(line.size * 2) / 2] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def without_running_heads(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """`pages` without the lines that stand on page after page at the same edge, and without page numbers."""
    size = body_size(pages)
    edges = [_edges(lines) for lines in pages]
    seen: Counter[Sign] = Counter()
    for page, edge in enumerate(edges):
        seen.update({sign for index in edge for sign in _signs(pages[page][index], page, size)})
    enough = 2 if len(pages) <= 4 else 3

    def runs(page: int, index: int) -> bool:
        signs = _signs(pages[page][index], page, size) if index in edges[page] else ()
        return any(seen[sign] >= enough for sign in signs)

    return [[line for index, line in enumerate(lines) if not runs(page, index)] for page, lines in enumerate(pages)]


def _edges(lines: Sequence[Line]) -> set[int]:
    """The places in `lines` of those nearest to the top and to the bottom of the page."""
    if len(lines) < FEW_LINES:
        return set()
    upright = sorted((index for index, line in enumerate(lines) if line.upright), key=lambda index: -lines[index].y)
    return {*upright[:EDGE_LINES], *upright[-EDGE_LINES:]}


def _signs(line: Line, page: int, size: float) -> Iterator[Sign]:
    """By what a running head is known again on other pages at the same height: what it says, but for its numbers, or
    a number that grows with the pages. Titles of pages, "Question 1" and "Question 2", are larger and stay."""
    height = round(line.y / 4)
    small = line.size <= size * 1.05
    if len(line.text) > 200:
        return
    if sum(char.isalpha() for char in line.text) >= 3:
        yield DIGITS.sub("#", line.text).casefold() if small else line.text, height
    if number := PAGE_NUMBER.fullmatch(line.text):
        yield int(number[1]) - page, height
    elif small and (number := NUMBER_BESIDE_HEAD.fullmatch(line.text)):
        yield int(number["before"] or number["after"]) - page, height


def blocks(pages: Sequence[Sequence[Line]], title: Sequence[Line] = ()) -> Iterator[Block]:
    """The lines of all pages, grouped into headings and paragraphs, in their order."""
    size = body_size(pages)
    leading = _leading(pages, size)
    titles = set(map(id, title))
    block: Block | None = None
    below_title = None
    for page, line in ((page, line) for page, lines in enumerate(pages) for line in lines):
        if id(line) in titles:
            level, below_title = 1, page
        else:
            level = heading_level(line, size)
            # Authors are set as large as headings, so below the title only what is called like one is one.
            if page == below_title and not is_section(line.text) and not NUMBER.match(line.text):
                level = 0
            else:
                below_title = None
        if block and _goes_on(block, level, page, line, leading):
            block.lines.append((page, line))
            continue
        if block:
            yield block
        block = Block(level, [(page, line)])
    if block:
        yield block


def is_section(text: str) -> bool:
    """Whether a line says nothing but what papers call a part, such as "Abstract" or "3. Related work"."""
    number = NUMBER.match(text)
    return bool(SECTIONS.fullmatch((text[number.end() :] if number else text).strip(" .:—–-")))


def heading_level(line: Line, size: float) -> int:
    """How deep a heading the line is, or 0: by its number, its name, its size, its weight."""
    text = line.text
    if len(text) > MAX_HEADING_CHARS or not line.upright or sum(char.isalpha() for char in text) < 3:
        return 0
    number = NUMBER.match(text)
    name = text[number.end() :] if number else text
    level = min(6, 2 + number[1].count(".")) if number else 2
    distinct = line.bold or (name.isupper() and len(name) > 3 and not UNSPOKEN.search(name))
    if is_section(text) or ((distinct or number) and AMBIGUOUS.fullmatch(name.strip(" .:—–-"))):
        return level
    if not number and not name[0].isupper() and not name[0].isdigit():
        return 0
    if line.size >= size * 1.08 + 0.3 and not text.endswith((".", ",", ";")):
        return level
    plausible = name[0].isupper() and not name.endswith((".", ",", ";")) and len(name.split()) <= 14
    return level if number and distinct and plausible else 0


def _goes_on(block: Block, level: int, page: int, line: Line, leading: float) -> bool:
    """Whether `line` continues the block."""
    before, last = block.lines[-1]
    down = last.y - line.y if page == before else None
    if block.level or level:
        if block.level != level or len(block.lines) >= MAX_HEADING_LINES:
            return level == 1 == block.level
        alike = abs(last.size - line.size) <= 0.6 and last.bold == line.bold
        near = down is not None and -1 <= down <= 1.7 * max(last.size, line.size)
        return level == 1 or (alike and near and not NUMBER.match(line.text) and not is_section(line.text))
    ended = bool(SENTENCE_ENDS.search(last.text))
    if BULLET.match(line.text) or ENTRY.match(line.text) or (ended and LISTED.match(line.text)):
        return False
    if abs(last.size - line.size) > 0.6 or last.upright != line.upright:
        return False
    if down is None or down < -1:
        return not ended
    if down > 1.35 * leading * max(line.size, 1):
        return False
    indented = 0.8 * line.size < line.x - last.x < 4 * line.size
    return not (ended and indented)


def _leading(pages: Sequence[Sequence[Line]], size: float) -> float:
    """The usual distance between baselines, in multiples of the letters' size."""
    steps: Counter[float] = Counter()
    for lines in pages:
        for upper, lower in pairwise(lines):
            if abs(upper.size - size) <= 0.6 and abs(lower.size - size) <= 0.6 and lower.size > 0:
                step = (upper.y - lower.y) / lower.size
                if 0.8 < step < 3:
                    steps[round(step, 1)] += 1
    usual = max(steps.values(), default=0) / 4  # in short documents gaps may be as frequent as lines
    return min((step for step, count in steps.items() if count >= usual), default=1.2)


def _words(pages: Sequence[Sequence[Line]]) -> set[str]:
    """Every word as it stands inside a line, to tell a hyphen that belongs to it from one where the line ended."""
    return {word.lower() for lines in pages for line in lines for word in WORD.findall(line.text)}


def _write(found: Sequence[Block], count: int, words: set[str]) -> Composed:
    parts: list[str] = []
    length = 0
    starts: list[int | None] = [None] * count

    def add(text: str) -> None:
        nonlocal length
        parts.append(text)
        length += len(text)

    for block in found:
        if parts:
            add("\n\n")
        first = len(parts)
        for number, (page, line) in enumerate(block.lines):
            text = line.text
            if number:
                before = parts[-1][-LONGEST_WORD:]
                hyphen = HYPHENATED.search(before)
                if hyphen and text[0].isalnum():
                    if not _keeps_hyphen(before, hyphen, text, words):
                        parts[-1] = parts[-1][:-1]
                        length -= 1
                elif not (WITHOUT_SPACES.match(parts[-1][-1]) and WITHOUT_SPACES.match(text)):
                    add(" ")
            if starts[page] is None:
                starts[page] = length
            if not number:
                text = f"{'#' * block.level} {text}" if block.level else BULLET.sub("- ", text, count=1)
            add(text)
        block.text = "".join(parts[first:]).removeprefix("#" * block.level).lstrip()
    return Composed("".join(parts), _filled(starts, length))


def _keeps_hyphen(before: str, hyphen: re.Match[str], after: str, words: set[str]) -> bool:
    """Whether the hyphen at a line's end is part of the word. What the rest of the text writes decides; else a word
    that goes on with a small letter was broken."""
    if before.endswith("\u00ad"):
        return False
    if not after[0].islower():
        return True
    first, rest = hyphen[1].lower(), (WORD.match(after) or hyphen)[0].lower()
    if first + rest in words:
        return False
    return f"{first}-{rest}" in words or before[: hyphen.start()].endswith("-")


def _filled(starts: Sequence[int | None], length: int) -> list[int]:
    """Pages without text begin where the next one does; the first page begins with the text."""
    filled: list[int] = []
    following = length
    for start in reversed(starts):
        following = start if start is not None else following
        filled.append(following)
    filled.reverse()
    return [0, *filled[1:]] if filled else []
