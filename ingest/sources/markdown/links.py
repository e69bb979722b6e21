"""Links between notes, and pictures beside them, as people and Obsidian write them, turned into plain Markdown."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import quote, unquote

from ingest.records import MAX_ITEMS, AttachmentRecord, LinkRecord, clean_line, keep_valid
from ingest.sources.markdown.code import FILLER, Prose
from ingest.sources.markdown.pictures import is_picture, media_type
from ingest.sources.markdown.vault import Vault
from kb.headings import block_id, heading_id
from kb.known_as import known_as

# Repeats are bounded, because notes are not always written by friends.
WIKI = r"(?P<wiki_shows>!?)\[\[(?P<name>[^\[\]|\n]{0,400}?)(?:(?P<bar>\\?\|)(?P<says>[^\[\]\n]{0,400}?))?\]\]"
TITLE = r"(?:[ \t]{1,4}(?:\"[^\"\n]{0,400}\"|'[^'\n]{0,400}'))?"
TEXT = r"(?:[^\[\]]|\[[^\[\]]{0,200}\]){0,400}"
TARGET = r"(?:<(?P<angle>[^<>\n]{1,1000})>|(?P<bare>(?:[^\s<>()]|[ ](?! {4})|\([^()\n]{0,200}\)){1,1000}?))"
INLINE = rf"(?P<shows>!?)\[(?P<text>{TEXT})\]\([ \t]{{0,4}}{TARGET}(?P<title>{TITLE})[ \t]{{0,4}}\)"
LABEL = r"(?P<label> {0,3}\[[^\[\]\n^][^\[\]\n]{0,200}\]:[ \t]{0,4})"
DEFINED = rf"^{LABEL}(?P<defined><[^<>\n]{{1,1000}}>|[^\s<>]{{1,1000}})(?={TITLE}[ \t]{{0,4}}$)"
LINK = re.compile(rf"(?<!\\)(?:{WIKI}|{INLINE})|{DEFINED}", re.MULTILINE)
ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
SIZE = re.compile(r"(?:(?P<words>.*)\|)?(?P<size>\d{1,4}(?:x\d{1,4})?)", re.DOTALL)
LINKED, EMBEDDED = "see_also", "embeds"


@dataclass
class Linked:
    """A note's text with its links in plain Markdown, and what they lead to.

    `masked` is the text with links filled too, for whoever looks for something else in it; `unknown` are the names of
    notes that are not there, whose links stand as they were written.
    """

    text: str
    masked: str
    links: list[LinkRecord] = field(default_factory=list)
    attachments: list[AttachmentRecord] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def settle(prose: Prose, note: PurePosixPath, vault: Vault) -> Linked:
    """The text of `note` with every link to a note or picture of its vault leading to what came of that.

    A note becomes its lasting address, a picture `files/NAME`; links that lead elsewhere stay as they are.
    """
    return _Settler(prose, note, vault).settle()


def names_in(value: object) -> Iterator[str]:
    """The notes that `[[…]]` in a value of front matter names, in order."""
    if isinstance(value, str):
        for match in re.finditer(r"\[\[([^\[\]|#\n]{1,400})(?:[|#][^\[\]\n]{0,400})?\]\]", value):
            yield match[1].strip()
    elif isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from names_in(part)


class _Settler:
    def __init__(self, prose: Prose, note: PurePosixPath, vault: Vault) -> None:
        self.prose, self.note, self.vault = prose, note, vault
        self.found = Linked("", "")
        self.links: dict[tuple[str, tuple[str, str]], None] = {}
        self.pictures: dict[PurePosixPath, str | None] = {}  # the name each is attached by; None: it is not kept
        self.taken: set[str] = set()

    def settle(self) -> Linked:
        found = self.found
        found.text, found.masked = self._rewritten(0, len(self.prose.text))
        if len(self.links) > MAX_ITEMS:
            found.warnings.append(f"links to {len(self.links)} notes; the first {MAX_ITEMS} were kept")
        items = [{"relation": relation, "target": target} for relation, target in list(self.links)[:MAX_ITEMS]]
        found.links = keep_valid(LinkRecord, items, "link to a note", found.warnings)
        return found

    def _rewritten(self, start: int, end: int) -> tuple[str, str]:
        """The text from `start` to `end` with its links settled, and the same with code and links filled."""
        text, masked = [], []
        for match in LINK.finditer(self.prose.masked, start, end):
            settled = self._settle(match)
            between = slice(start, match.start())
            text += [self.prose.text[between], self._part(match, 0) if settled is None else settled]
            masked += [self.prose.masked[between], re.sub(r"[^\n]", FILLER, text[-1])]
            start = match.end()
        rest = slice(start, end)
        return "".join([*text, self.prose.text[rest]]), "".join([*masked, self.prose.masked[rest]])

    def _settle(self, match: re.Match[str]) -> str | None:
        """What to write instead of a link; None to leave it."""
        if match["label"] is not None:
            address = self._part(match, "defined")
            settled = self._address(address.strip("<>"), shown=False)
            return None if settled is None else self._part(match, "label") + settled
        if match["name"] is None:
            return self._inline(match)
        name, says, shows = self._part(match, "name"), self._part(match, "says").strip(), match["wiki_shows"] == "!"
        if FILLER in match["name"] or not name.strip():
            return None
        return self._wiki(name.strip().removesuffix("\\"), says, match["bar"] or "|", shows=shows)

    def _part(self, match: re.Match[str], group: str | int) -> str:
        start, end = match.span(group)
        return self.prose.text[start:end] if start >= 0 else ""

    def _wiki(self, name: str, says: str, bar: str, *, shows: bool) -> str | None:
        path, _, fragment = name.partition("#")
        path = path.strip()
        if path and is_picture(path):
            return self._wiki_picture(path, says, bar, shows=shows)
        if not path:
            shown = says or fragment.split("#")[-1].lstrip("^").strip()
            return f"[{shown if says else _escaped(shown)}](#{quote(_fragment(fragment))})" if fragment else None
        target = self.vault.note(path, self.note)
        if target is None:
            self.found.unknown.append(name)
            return None
        last = re.sub(r"\.(?:md|markdown)$", "", path.split("/")[-1], flags=re.IGNORECASE)
        heads = [part.strip() for part in fragment.split("#") if part.strip() and not part.startswith("^")]
        says = "" if SIZE.fullmatch(says) and shows else says
        return f"[{says or _escaped(' > '.join([last, *heads]))}]({self._note(target, fragment, shows=shows)})"

    def _wiki_picture(self, path: str, says: str, bar: str, *, shows: bool) -> str | None:
        picture = self.vault.picture(path, self.note)
        attached = self._attach(picture, path) if picture or shows else None
        if attached is None:
            return None
        sized = SIZE.fullmatch(says.replace("\\|", "|"))
        words = (sized["words"] or "") if sized else says.replace("\\|", "|").replace("|", " ")
        words = words or _escaped(PurePosixPath(path).stem)
        if not shows:
            return f"[{words}]({attached})"
        return f"![{words}{bar + sized['size'] if sized else ''}]({attached})"

    def _inline(self, match: re.Match[str]) -> str | None:
        address = self._part(match, "angle") or self._part(match, "bare")
        known = FILLER not in (match["angle"] or match["bare"])
        settled = self._address(address.strip(), shown=match["shows"] == "!") if known else None
        text = self._part(match, "text")
        inner = self._rewritten(*match.span("text"))[0] if "](" in text or "[[" in text else text
        if settled is None:
            before, after = match.start("text") - match.start(), match.end("text") - match.start()
            as_is = self._part(match, 0)
            return None if inner == text else as_is[:before] + inner + as_is[after:]
        return f"{match['shows']}[{inner}]({settled}{self._part(match, 'title')})"

    def _address(self, address: str, *, shown: bool) -> str | None:
        """Where a Markdown link to `address` should lead instead; None where it leads there already, or nowhere."""
        if ELSEWHERE.match(address):
            return None
        path, _, fragment = address.partition("#")
        path, fragment = unquote(path.strip()), unquote(fragment)
        if not path:
            return f"#{quote(_fragment(fragment))}" if fragment and not fragment.startswith("fn") else None
        if is_picture(path):
            picture = self.vault.picture(path, self.note, near_first=True)
            return self._attach(picture, path) if picture or shown else None
        if target := self.vault.note(path, self.note, near_first=True):
            return self._note(target, fragment, shows=shown)
        if re.search(r"\.(?:md|markdown)$", path, re.IGNORECASE):
            self.found.unknown.append(address)
        elif shown:
            self.found.warnings.append(f"{path[:200]!r} was left out: only pictures are shown")
        return None

    def _note(self, target: PurePosixPath, fragment: str, *, shows: bool) -> str:
        if target == self.note and fragment:
            return f"#{quote(_fragment(fragment))}"
        identity = self.vault.known_by(target)
        if target != self.note:
            self.links[EMBEDDED if shows else LINKED, identity] = None
        return known_as(*identity, _fragment(fragment) if fragment else "")

    def _attach(self, picture: PurePosixPath | None, named: str) -> str | None:
        """The address of a picture as a file of the entry; None, with a warning, where it cannot be one."""
        if picture is None:
            self.found.warnings.append(f"the picture {named[:200]!r} is not there")
            return None
        if picture not in self.pictures:
            self.pictures[picture] = self._take(picture)
        name = self.pictures[picture]
        return None if name is None else f"files/{quote(name, safe='')}"

    def _take(self, picture: PurePosixPath) -> str | None:
        path = self.vault.root / picture
        try:
            if len(self.found.attachments) >= MAX_ITEMS:
                raise ValueError(f"there are more than {MAX_ITEMS} in this note")
            fields = {"name": self._free_name(picture), "path": path, "media_type": media_type(path)}
            record = AttachmentRecord.model_validate(fields)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            self.found.warnings.append(f"the picture {picture.as_posix()[:200]!r} was left out: {reason}")
            return None
        self.taken.add(record.name.casefold())
        self.found.attachments.append(record)
        return record.name

    def _free_name(self, picture: PurePosixPath) -> str:
        name, number = clean_line(picture.name), 1
        while name.casefold() in self.taken:
            number += 1
            name = clean_line(f"{picture.stem}-{number}{picture.suffix}")
        return name


def _fragment(text: str) -> str:
    """`Heading`, `Chapter#Section` or `^block` as the id that the page gives it."""
    last = text.split("#")[-1].strip()
    return block_id(last[1:]) if last.startswith("^") else heading_id(last)


def _escaped(words: str) -> str:
    return re.sub(r"([\\\[\]*`<])", r"\\\1", words)
