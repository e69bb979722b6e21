"""Pages of links in Markdown: a link a list item or table row, with what stands beside it.

Headings, and list items above it that have no link, become tags. The first link of an item is what the item is about;
further ones are references of it where they are called Paper, Code, Part 2 or the like, or stand in brackets, and
items of their own otherwise. Words in `code` beside most links are companies where years stand there too, as in
`Airbnb` `2016`, and tags elsewhere. A table says by its heads what stands where.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ingest.sources.links.found import Found
from ingest.sources.markdown import own_words
from ingest.sources.markdown.lead_paragraph import inlined
from ingest.sources.works import work_ids

LINK = re.compile(
    r"\[(?P<text>(?:[^\[\]\n]|\[[^\[\]\n]{0,200}\]){0,400}+)\]\(\s*<?(?P<inline>https?://(?:[^\s()<>]|\([^\s()<>]*+\))++)>?"
    r"(?:\s+(?:\"[^\"\n]{0,400}\"|'[^'\n]{0,400}'))?\s*\)"
    r"|<(?P<auto>https?://[^\s<>]++)>"
    r"|(?P<bare>https?://(?:[^\s<>()\[\]\"`|]|\([^\s<>()]*+\))++)",
    re.IGNORECASE,
)
IMAGE = re.compile(r"!\[[^\[\]\n]{0,400}\]\([^()\n]{0,2000}\)")
ANCHOR = re.compile(
    r"<a\b[^<>\n]{0,500}?\bhref\s*=\s*[\"'](https?://[^\"'<>\s]{1,2000})[\"'][^<>\n]{0,500}>([^<>\[\]\n]{1,400})</a>",
    re.IGNORECASE,
)
TAG = re.compile(r"</?[a-zA-Z][^<>\n]{0,400}>")
CODE = re.compile(r"`([^`\n]{1,100})`")
YEAR = re.compile(r"(?:19|20)\d\d")
DATED = re.compile(r"[(\[]((?:19|20)\d\d(?:-\d\d(?:-\d\d)?)?)[)\]]")
ITEM = re.compile(r"(\s*)(?:[-*+•]|\d{1,4}[.)])\s+(?:\[[ xX]\]\s+)?(.*)", re.DOTALL)
RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*")
FURTHER = re.compile(
    r"\W*(?:papers?|code|pdf|videos?|slides?|talk|blog|blog ?post|post|article|github|repo(?:sitory)?|website|site|demo"
    r"|arxiv|summary|thread|tweet|data(?:set)?|notebook|docs?|documentation|link|here|model|poster|project"
    r"|alternative|appendix|part \d+|\d+|📄|💻|📹)\b.{0,30}",
    re.IGNORECASE,
)
EDGES = re.compile(r"^[^\w(]+|[^\w)+#!?.]+$")  # the emoji of headings
CONTENTS = {"contents", "table of contents", "toc", "index"}
HEADS = {
    "company": ("company", "companies", "organization", "organisation", "org", "who", "team"),
    "title": ("title", "name", "paper", "article", "project", "case study", "use case", "post", "what", "resource"),
    "published": ("year", "date", "published", "when"),
    "link": ("link", "links", "url", "source", "address", "read"),
    "tags": ("tags", "tag", "category", "categories", "topic", "topics", "industry", "domain", "type", "keywords"),
    "authors": ("author", "authors", "by"),
    "summary": ("description", "summary", "about", "short description", "details", "tldr"),
    "notes": ("notes", "note", "comment", "comments", "remarks"),
}
MAX_SUMMARY = 600
MAX_DEPTH = 20  # list items within list items
MAX_LINE = 20_000  # characters; a longer line is data


@dataclass
class _Item:
    """Where it stands, what it says, and under which names."""

    line: int
    indent: int
    text: str
    above: list[str]
    notes: list[str] = field(default_factory=list)
    cells: dict[str, str] = field(default_factory=dict)
    is_prose: bool = False
    codes: list[str] = field(default_factory=list)


def read(text: str, notices: list[str]) -> Iterator[Found]:
    """Every link of the page in its order. `notices` tell of links that stand within sentences and were passed over."""
    text = ANCHOR.sub(lambda match: f"[{match[2]}]({match[1]})", inlined(text))
    items = [item for item in _items(text) if LINK.search(item.text) or any(map(LINK.search, item.cells.values()))]
    listed = [item for item in items if not item.is_prose]
    if listed:
        leading = [item for item in items if item.is_prose and _leads(item.text)]
        left = sum(len(_links(item.text)) for item in items if item.is_prose) - len(leading)
        if left:
            notices.append(f"{left} links within sentences were left out; those of lists and tables were read")
        items = [item for item in items if not item.is_prose or _leads(item.text)]
    coded = [item for item in items if any(not YEAR.fullmatch(code) for code in item.codes)]
    dated = sum(1 for item in coded if any(YEAR.fullmatch(code) for code in item.codes))
    for item in items:
        yield from _from_row(item) if item.cells else _from_item(item, code_is_company=dated * 2 > len(coded))


def _items(text: str) -> Iterator[_Item]:
    """List items, table rows and paragraphs, in order."""
    headings: dict[int, str] = {}
    stack: list[_Item] = []  # list items that the next one may be within
    item: _Item | None = None
    heads: list[str] = []
    previous = ""
    alone = sum(1 for line in own_words.prose_lines(text) if line.level == 1) == 1
    for line in own_words.prose_lines(text):
        said = line.text[:MAX_LINE]
        if line.level:
            headings = {level: name for level, name in headings.items() if level < line.level}
            name = EDGES.sub("", _words(said))
            if name and name.lower() not in CONTENTS and not (alone and line.level == 1):
                headings[line.level] = name
            stack, item, heads = [], None, []
            continue
        above = [headings[level] for level in sorted(headings)]
        if heads and "|" in said:
            if not RULE.fullmatch(said):
                cells = dict(zip(heads, _cells(said), strict=False))
                yield _Item(line.number + 1, 0, said, above, cells=cells)
        elif "|" in previous and "-" in said and RULE.fullmatch(said):
            heads = [_words(cell).lower() or str(number) for number, cell in enumerate(_cells(previous))]
            stack, item = [], None
        elif match := ITEM.fullmatch(said):
            heads = []
            indent = len(match[1].expandtabs(4))
            stack = [one for one in stack if one.indent < indent][-MAX_DEPTH:]
            within = stack[-1] if stack else None
            if within and LINK.search(within.text) and not LINK.search(match[2]):
                within.notes.append(f"- {match[2].strip()}")
            elif within and LINK.search(within.text) and _only_further(match[2]):
                within.text += " " + match[2]
            else:
                groups = [name for one in stack if not LINK.search(one.text) and (name := _words(one.text))]
                item = _Item(line.number + 1, indent, match[2], [*above, *groups], codes=CODE.findall(match[2]))
                stack.append(item)
                yield item
        elif not said.strip():
            heads = []
        elif item and (previous.strip() or (stack and said.startswith((" ", "\t")))):
            item.text += "\n" + said.strip()
            item.codes += CODE.findall(said)
        else:
            item = _Item(line.number + 1, 0, said.strip(), above, is_prose=True, codes=CODE.findall(said))
            yield item
        previous = said


def _leads(text: str) -> bool:
    """Whether a paragraph is a link with a line of words, and no sentence with a link in it."""
    links = _links(text)
    if len(links) != 1:
        return False
    before, beside = text[: links[0].start()], len(text) - len(links[0][0])
    return not before.strip(" *_-–—:>") or (links[0]["text"] is None and beside < 100)


def _links(text: str) -> list[re.Match[str]]:
    """Links in the text; pictures, and links that only hold one, are none."""
    return [match for match in LINK.finditer(IMAGE.sub("", text)) if match["text"] is None or match["text"].strip()]


def _only_further(text: str) -> bool:
    return all(match["text"] and FURTHER.fullmatch(match["text"]) for match in _links(text))


def _from_item(item: _Item, code_is_company: bool) -> Iterator[Found]:
    text = IMAGE.sub("", item.text)
    links = _links(item.text)
    if not links:
        return
    first = links[0]
    before, after = text[: first.start()], text[first.end() :]
    own = [match for match in links[1:] if not _is_further(text, match) or (item.is_prose and match["text"] is None)]
    codes = [code.strip() for code in CODE.findall(LINK.sub(" ", text))]
    named = [code for code in codes if not YEAR.fullmatch(code)]
    label = _label(before)
    title = _title(first) or _words(before).strip(" :-–—|") or _words(_without(after)).strip(" :-–—|")
    if FURTHER.fullmatch(title) and len(_words(before).split()) > 1:
        title, label = f"{_words(before).strip(' :-–—|')} ({title})", title
    around = after if label or not _title(first) else f"{before} {after}"
    said = _said(around, [match[0] for match in own])
    years = [code for code in codes if YEAR.fullmatch(code)] or DATED.findall(LINK.sub(" ", text))
    short = said if len(said) <= MAX_SUMMARY and not _is_title(title, said) else ""
    yield Found(
        where=f"line {item.line}",
        url=_address(first),
        title=title,
        tags=[*item.above, *(_label_tags(label) if label != title else []), *([] if code_is_company else named)],
        companies=named if code_is_company else [],
        published=years[0] if years else YEAR.findall(label)[0] if YEAR.search(label) else "",
        summary=short,
        body="\n".join([*([said] if len(said) > MAX_SUMMARY else []), *item.notes]),
        references=[
            {"url": _address(match), "title": f"{title} ({_title(match).strip('() ')})"[:500]}
            for match in links[1:]
            if match not in own
        ],
        ids=work_ids(_address(first)),
    )
    for match in own:
        url = _address(match)
        yield Found(where=f"line {item.line}", url=url, title=_title(match), tags=list(item.above), ids=work_ids(url))


def _from_row(item: _Item) -> Iterator[Found]:
    cells = {kind: cell for kind, names in HEADS.items() if (cell := _cell(item.cells, names))}
    order = [cells.get("title", ""), cells.get("link", ""), *item.cells.values()]
    links = list({_address(match): match for cell in order for match in _links(cell)}.values())
    if not links:
        return
    first = next((match for match in links if not FURTHER.fullmatch(_title(match) or "-")), links[0])
    title = _words(cells.get("title", "")) or _title(first)
    known = {name for names in HEADS.values() for name in names}
    rest = [f"{head}: {_words(cell)}" for head, cell in item.cells.items() if head not in known and _words(cell)]
    rest = [line for line in rest if not _is_title(title, line.partition(": ")[2])]
    yield Found(
        where=f"line {item.line}",
        url=_address(first),
        title=title,
        tags=[*item.above, *_listed(cells.get("tags", ""))],
        companies=_listed(cells.get("company", "")),
        authors=_listed(cells.get("authors", "")),
        published=_words(cells.get("published", "")),
        summary=_words(cells.get("summary", "")),
        body="\n\n".join([*filter(None, [_words(cells.get("notes", ""))]), *rest]),
        references=[
            {"url": _address(match), "title": f"{title} ({_title(match)})".removesuffix(" ()")[:500]}
            for match in links
            if match is not first
        ],
        ids=work_ids(_address(first)),
    )


def _cell(cells: dict[str, str], names: tuple[str, ...]) -> str:
    return next((cells[name] for name in names if cells.get(name, "").strip()), "")


def _cells(line: str) -> list[str]:
    parts = re.split(r"(?<!\\)\|", line.strip())
    parts = parts[1:] if parts and not parts[0].strip() else parts
    parts = parts[:-1] if parts and not parts[-1].strip() else parts
    return [part.strip().replace("\\|", "|") for part in parts]


def _address(match: re.Match[str]) -> str:
    if match["bare"]:
        return match["bare"].rstrip(".,;:!?'*")
    return match["inline"] or match["auto"]


def _title(match: re.Match[str]) -> str:
    said = _words(match["text"]) if match["text"] else ""
    whole = re.fullmatch(r"`([^`]+)`", said)
    return "" if "://" in said else whole[1] if whole else said


def _is_further(text: str, match: re.Match[str]) -> bool:
    """Whether a link after the first is about the same thing: so it is called, or it stands in brackets."""
    return bool(
        match["text"] is None
        or FURTHER.fullmatch(match["text"])
        or re.search(r"[(\[]\s*$", text[: match.start()])
        or match["text"].startswith("(")
    )


def _label(before: str) -> str:
    """`Netflix` of `**Netflix**: [Title](…)`; '' where the words before the link are no label."""
    words = _words(before)
    label = words.rstrip(" :-–—|")
    return label if label != words and 0 < len(label.split()) <= 5 else ""


def _label_tags(label: str) -> list[str]:
    return [label] if label and not YEAR.search(label) and not FURTHER.fullmatch(label) else []


def _said(text: str, own: list[str]) -> str:
    """What is left of the words beside a link: no further links, no code, no dates, no marks."""
    for link in own:
        text = text.replace(link, "")
    words = _words(_without(text))
    words = DATED.sub("", words)
    words = re.sub(r"[(\[][\s,;&|/]*[)\]]", "", words).strip(" :;,-–—|•·")
    words = " ".join(words.split())
    return words if len(words) >= 12 else ""


def _without(text: str) -> str:
    return CODE.sub("", LINK.sub(lambda match: "" if _is_further(match.string, match) else match[0], text))


def _words(text: str) -> str:
    """The text in plain words on one line: the words of links, no marks, no HTML, no emoji at its ends."""
    text = LINK.sub(lambda match: match["text"] or "", IMAGE.sub("", text))
    text = re.sub(r"\[([^\[\]\n]{0,200})\]\(#[^()\n]{0,200}\)", "", text)
    return html.unescape(" ".join(own_words.plain(TAG.sub("", text)).split())).strip(" *_#")


def _listed(text: str) -> list[str]:
    return [name for part in re.split(r"[,;]|<br\s*/?>", CODE.sub(r"\1,", text)) if (name := _words(part))]


def _is_title(title: str, said: str) -> bool:
    return said.casefold() == title.casefold()
