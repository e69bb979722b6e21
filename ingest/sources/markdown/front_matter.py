"""The YAML block at the head of a Markdown file, read without trusting it."""

import re
from typing import Any, ClassVar

import yaml
from yaml.nodes import MappingNode, ScalarNode

from ingest.sources import safe_yaml
from ingest.sources.safe_yaml import NAME, YamlError

MAX_SIZE = 65536  # characters

OPENING = re.compile(r"---[ \t]*\n")
CLOSING = re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.MULTILINE)
# A file may also begin with a rule (---). What follows front matter is a key, a comment, or its end.
KEY = re.compile(r"\s*(?:#|---|\.\.\.|\{|['\"]?[\w .-]+['\"]?\s*:)")


def split(text: str) -> tuple[str | None, str]:
    """`text` as (front matter without its fences, or None where there is none; the rest)."""
    opening = OPENING.match(text)
    if not opening or not KEY.match(text, opening.end()):
        return None, text
    closing = CLOSING.search(text, opening.end(), opening.end() + MAX_SIZE)
    if not closing:
        raise YamlError(f"line 1: front matter is opened by --- and not closed within {MAX_SIZE:,} characters")
    return text[opening.end() : closing.start()], text[closing.end() :]


def parse(block: str) -> dict[str, Any]:
    """The keys and values of a block that `split` returned.

    Dates, yes and no, and numbers whose text would change (`1.10`, `007`) stay the text they are. References (`&a`,
    `*a`), tags (`!!python/…`), repeated keys and deep nesting are refused: no note needs them.
    """
    value = safe_yaml.load("\n" + block, _Loader)  # the block begins on the second line of the file
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise YamlError("line 2: front matter is not a list of `key: value`")
    return value


class _Loader(safe_yaml.Loader):
    """The core of YAML 1.2, which surprises less: `no`, `12:30` and `2024-02-14` are text."""

    deepest = 12
    follows_references = False
    yaml_implicit_resolvers: dict[str, Any] = {}
    yaml_constructors: ClassVar[dict[str | None, Any]] = {}

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[Any, Any]:
        names: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, ScalarNode)):
            if key.value in names:
                raise yaml.MarkedYAMLError(problem=f"{key.value!r} stands here twice", problem_mark=key.start_mark)
            names.add(key.value)
            key.tag = NAME + "str"  # also 2024 and true
        return super().construct_mapping(node, deep)


def _number(loader: _Loader, node: ScalarNode) -> int | float | str:
    text = str(node.value)
    number = float(text) if "." in text or "e" in text.lower() else int(text)
    return number if str(number) == text else text


def _truth(loader: _Loader, node: ScalarNode) -> bool | str:
    text = str(node.value)
    return {"true": True, "false": False}.get(text.lower(), text)


_Loader.add_implicit_resolver(NAME + "null", re.compile(r"(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver(NAME + "bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF"))
_Loader.add_implicit_resolver(NAME + "int", re.compile(r"-?[0-9]{1,18}\Z"), list("-0123456789"))
_Loader.add_implicit_resolver(NAME + "float", re.compile(r"-?[0-9]{1,18}\.[0-9]{1,18}\Z"), list("-0123456789"))
_Loader.yaml_constructors |= {
    NAME + kind: yaml.SafeLoader.yaml_constructors[NAME + kind] for kind in ("null", "str", "seq", "map")
}
_Loader.yaml_constructors |= {
    NAME + "bool": _truth,
    NAME + "int": _number,
    NAME + "float": _number,
    None: _Loader.refuse,
}
