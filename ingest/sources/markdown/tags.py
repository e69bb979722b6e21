"""Tags within the text: `#tag` and `#field/part`, as Obsidian reads them."""

import re
from collections.abc import Iterable

# What may not be in one: white space, every punctuation of ASCII but - _ /, and the signs of other scripts.
SIGNS = r"\s!-,.:-@\[-^`{-~\x00\u00a1-\u00bf\u2000-\u206f\u2e00-\u2e7f\u3000-\u303f\uff00-\uff0f\uff1a-\uff20"
TAG = re.compile(rf"(?<!\S)#([^{SIGNS}]{{1,200}})(?![^{SIGNS}])")
ONLY_TAGS = re.compile(rf"^[ \t]*(?:#[^{SIGNS}]{{1,200}}[ \t,]*)+$", re.MULTILINE)


def inline_tags(masked: str) -> list[str]:
    """The tags of a text whose code, formulas and links are filled; a number alone (`#12`) is none."""
    found = (match[1].strip("/") for match in TAG.finditer(masked))
    return unique(tag for tag in found if re.search(r"[^\W\d_]|[^\x00-\u2fff]", tag))


def unique(tags: Iterable[str]) -> list[str]:
    """The tags as they are first written, each once: `#ML` and `#ml` are one."""
    by_name: dict[str, str] = {}
    for tag in tags:
        by_name.setdefault(tag.casefold() if isinstance(tag, str) else tag, tag)
    return list(by_name.values())


def without_tag_lines(text: str) -> str:
    """`text` with the lines that hold nothing but tags emptied."""
    return ONLY_TAGS.sub("", text)


def without_last_tags(line: str) -> str:
    """`line` without the tags that stand after its words."""
    words = line.split()
    while len(words) > 1 and TAG.fullmatch(words[-1]):
        words.pop()
    return " ".join(words)
