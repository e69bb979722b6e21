"""What a Markdown text says of itself without front matter: title, date, tags, links, questions, a summary."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from kb.dates import PartialDate, parse_date

FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})")
HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*\s*$")
UNDERLINE = re.compile(r"\s{0,3}(=+|-+)\s*$")
BULLET = re.compile(r"\s*(?:[-*+]|\d{1,4}[.)])\s+(.*)$")
CREATED = re.compile(r"\s*(?:\*\*)?(?:created|date)(?:\*\*)?\s*:(?:\*\*)?\s*(.{1,80}?)\s*$", re.IGNORECASE)
TAGS = re.compile(r"\s*tags\s*:\s*(.*?)\s*$", re.IGNORECASE)

# One pattern a shape of link. Repeats are bounded, because notes are not always written by friends.
INLINE = r"(?P<image>!?)\[(?P<text>(?:[^\[\]]|\[[^\[\]]{0,200}\]){0,400})\]\(\s*<?(?P<inline>https?://(?:[^\s()<>]|\([^\s()<>]*\))+)>?(?:\s+(?:\"[^\"]{0,400}\"|'[^']{0,400}'))?\s*\)"
DEFINED = r"^\s{0,3}\[(?P<label>[^\[\]]{1,200})\]:\s*<?(?P<defined>https?://[^\s<>]+)>?(?:\s+[\"'(](?P<said>[^\"')]{1,400})[\"')])?"
BARE = r"(?P<bare>https?://(?:[^\s<>()\[\]\"`|]|\([^\s<>()]*\))+)"
LINK = re.compile(f"{DEFINED}|{INLINE}|{BARE}", re.IGNORECASE)

HEAD_LINES = 20  # a `Created:` line further down is part of the text
TITLE_LENGTH = 200
SUMMARY_LENGTH = 240
LINE_LENGTH = 4000  # a longer line is data, and is not read for the title of a link in it


@dataclass
class Plain:
    """What `read` found. `body` is the text less the lines that became title, date and tags."""

    title: str = ""
    created: PartialDate | None = None
    tags: list[str] = field(default_factory=list)
    body: str = ""
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Line:
    """A line outside code: its number from 0, its text, and its heading level (0: none)."""

    number: int
    text: str
    level: int = 0


def prose_lines(text: str) -> Iterator[Line]:
    """The lines of `text` outside fenced code; a heading comes without its marks."""
    fence = ""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        marks = FENCE.match(line)
        if marks and (not fence or (marks[1].startswith(fence) and not line.strip(" `~"))):
            fence = "" if fence else marks[1]
            continue
        if fence:
            continue
        if heading := HEADING.match(line):
            yield Line(number, heading[2], len(heading[1]))
        else:
            below = UNDERLINE.match(lines[number + 1]) if number + 1 < len(lines) and line.strip() else None
            level = (1 if below[1][0] == "=" else 2) if below and not BULLET.match(line) and len(below[1]) > 2 else 0
            yield Line(number, line.strip() if level else line, level)


def read(text: str) -> Plain:
    """Title, date and tags of a note that writes them as people do: `# Title`, `Created: 2025-02-05`, `tags: a, b`."""
    found = Plain()
    lines = text.split("\n")
    left_out: set[int] = set()
    prose = list(prose_lines(text))
    title = next((line for line in prose if line.level == 1 and line.text), None)
    if title:
        found.title = title.text
        underlined = not lines[title.number].lstrip().startswith("#")
        left_out |= {title.number, title.number + 1} if underlined else {title.number}
    for line in prose[:HEAD_LINES]:
        if match := CREATED.match(line.text):
            try:
                found.created = parse_date(match[1])
                left_out.add(line.number)
            except ValueError as error:
                found.warnings.append(f"the line {line.text.strip()!r} stays in the text: {error}")
            break
    last = next((line for line in reversed(prose) if line.text.strip()), None)
    if last and (match := TAGS.match(last.text)) and not any(row.strip() for row in lines[last.number + 1 :]):
        found.tags = split_tags(match[1])
        left_out.add(last.number)
    kept = "\n".join(line for number, line in enumerate(lines) if number not in left_out)
    found.body = kept.strip("\n").rstrip()
    return found


def split_tags(text: str) -> list[str]:
    """`a, b; c`, `[a, b]` or `#a #b` as tags; a text with neither comma nor # is one tag."""
    text = text.strip().strip("[]")
    parts = text.split() if text.startswith("#") and not re.search("[,;]", text) else re.split("[,;]", text)
    return [tag for part in parts if (tag := part.strip().strip("#\"'").strip())]


def links(text: str) -> list[tuple[str, str]]:
    """(address, title) of every web link outside code, in order, each address once and exactly as it is written.

    The title is the link's own text; where that is the address again, what the line around it says.
    """
    found: dict[str, str] = {}
    paragraph = ""  # the first line of the list item or paragraph that the line belongs to
    for line in prose_lines(text):
        fresh = BULLET.match(line.text)
        if fresh or not paragraph or line.level or not line.text.strip():
            paragraph = line.text
        for match in LINK.finditer(line.text):
            url, said = _link(match)
            if url and (url not in found or not found[url]):
                found[url] = said or _around(line.text, paragraph)
    return list(found.items())


def _link(match: re.Match[str]) -> tuple[str, str]:
    if match["defined"]:
        label = "" if match["label"].isdigit() else match["label"]
        return match["defined"], match["said"] or label
    if match["inline"]:
        said = plain(match["text"])
        return ("", "") if match["image"] else (match["inline"], "" if "://" in said else _shorten(said, TITLE_LENGTH))
    return match["bare"].rstrip(".,;:!?'*"), ""


def _around(line: str, paragraph: str) -> str:
    """What the line says beside the link; in a list item's later lines, the first line, which names the thing."""
    said, head = (_without_links(text) if len(text) <= LINE_LENGTH else "" for text in (line, paragraph))
    return _shorten(head if head and (BULLET.match(paragraph) or not said) else said, TITLE_LENGTH)


def _without_links(line: str) -> str:
    bullet = BULLET.match(line)
    said = plain(LINK.sub(lambda match: _link(match)[1], bullet[1] if bullet else line))
    said = re.sub(r"<>|\(\)|\[\]", "", said)
    return re.sub(r"\s+", " ", said).strip(" :;,-–—|")


def questions(text: str) -> list[str]:
    """The bullets under each heading `Questions`, up to the next heading that is as high."""
    found: list[str] = []
    level = 0
    for line in prose_lines(text):
        if line.level:
            if not level or line.level <= level:
                level = line.level if plain(line.text).strip(" :?").lower() in ("questions", "open questions") else 0
        elif level and (bullet := BULLET.match(line.text)):
            found.append(bullet[1].strip())
        elif level and found and line.text.startswith((" ", "\t")) and line.text.strip():
            found[-1] += " " + line.text.strip()
    return [question for question in found if question]


def summary(text: str) -> str:
    """The first real paragraph, shortened; for a text that starts with a list or a table, the names of its sections.

    '' when there is neither.
    """
    paragraph: list[str] = []
    sections: list[str] = []
    previous = -1
    for line in [*prose_lines(text), Line(-9, "")]:
        broken = line.level or not line.text.strip() or line.number != previous + 1
        previous = line.number
        if not broken and (paragraph or _starts_prose(line.text)):
            paragraph.append(line.text.strip())
            continue
        if paragraph:
            said = re.sub(r"\s+", " ", plain(LINK.sub(lambda match: _link(match)[1], " ".join(paragraph)))).strip()
            if len(said) >= 30 and not said.endswith(":") and len(sections) <= 1:
                return _shorten(said, SUMMARY_LENGTH)
        paragraph = [line.text.strip()] if not line.level and line.text.strip() and _starts_prose(line.text) else []
        if line.level and line.text:
            sections.append(plain(line.text))
    return _shorten("; ".join(sections), SUMMARY_LENGTH)


def _starts_prose(line: str) -> bool:
    return not BULLET.match(line) and not re.match(r"\s*(?:[>|<$]|!\[|\t| {4}|---|\*\*\*|___)", line)


def plain(text: str) -> str:
    """`text` without pictures, the marks of links, emphasis and highlights, and names of paragraphs (`^name`); code and
    formulas stay as they are."""
    text = re.sub(r"!\[[^\[\]]{0,400}\]\(files/[^()\s]{0,2000}\)", "", text)
    text = re.sub(r"!?\[([^\[\]]{0,400})\]\([^()\s]{0,2000}\)", r"\1", text)
    text = re.sub(r"!?\[\[(?:[^\[\]|\n]{0,400}\|)?([^\[\]|\n]{1,400})\]\]", r"\1", text)
    text = re.sub(r"==(?=\S)([^=`$\n]{1,400}?)(?<=\S)==", r"\1", text)
    text = re.sub(r"(?:^|(?<=\s))\^(?=[\d-]*[A-Za-z])[A-Za-z0-9-]{2,60}$", "", text)
    return re.sub(r"(?<![\w`$\\])(\*\*|__|\*|_)(?=\S)([^*_`$\n]{1,400}?)(?<=\S)\1(?![\w`])", r"\2", text).strip()


def _shorten(text: str, limit: int) -> str:
    """`text` in at most `limit` characters: whole sentences if they fill half of it, else whole words and '…'."""
    if len(text) <= limit:
        return text
    cut = text[:limit]
    ends = [match.end() for match in re.finditer(r"[.!?。！？](?=\s|$)", cut)]
    if ends and ends[-1] >= limit // 2:
        return cut[: ends[-1]]
    return cut[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"
