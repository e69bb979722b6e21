"""The YAML block at the head of a Markdown file, read without trusting it."""

import re
from collections.abc import Hashable
from typing import Any, ClassVar

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode

MAX_SIZE = 65536  # characters
MAX_DEPTH = 12

OPENING = re.compile(r"---[ \t]*\n")
CLOSING = re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.MULTILINE)
# A file may also begin with a rule (---). What follows front matter is a key, a comment, or its end.
KEY = re.compile(r"\s*(?:#|---|\.\.\.|\{|['\"]?[\w .-]+['\"]?\s*:)")


class FrontMatterError(ValueError):
    """The block cannot be read; the text names the line of the file."""


def split(text: str) -> tuple[str | None, str]:
    """`text` as (front matter without its fences, or None where there is none; the rest)."""
    opening = OPENING.match(text)
    if not opening or not KEY.match(text, opening.end()):
        return None, text
    closing = CLOSING.search(text, opening.end(), opening.end() + MAX_SIZE)
    if not closing:
        raise FrontMatterError(f"line 1: front matter is opened by --- and not closed within {MAX_SIZE:,} characters")
    return text[opening.end() : closing.start()], text[closing.end() :]


def parse(block: str) -> dict[str, Any]:
    """The keys and values of a block that `split` returned.

    Dates, yes and no, and numbers whose text would change (`1.10`, `007`) stay the text they are. References (`&a`,
    `*a`), tags (`!!python/…`), repeated keys and deep nesting are refused: no note needs them.
    """
    try:
        value = yaml.load(block, _Loader)  # noqa: S506 - a loader that constructs less than the safe one
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # The block starts on the second line of the file, and marks count from 0.
        line = mark.line + 2 if mark else 2
        hint = " (put values that hold ': ' or '#' in quotes)" if isinstance(error, yaml.scanner.ScannerError) else ""
        raise FrontMatterError(f"line {line}: {error.problem or error.context}{hint}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise FrontMatterError(f"front matter: {error}") from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise FrontMatterError("line 2: front matter is not a list of `key: value`")
    return value


class _Loader(yaml.SafeLoader):
    """The core of YAML 1.2, which surprises less: `no`, `12:30` and `2024-02-14` are text."""

    yaml_implicit_resolvers: dict[str, Any] = {}
    yaml_constructors: ClassVar[dict[str | None, Any]] = {}

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.depth = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(problem="references (& and *) are not read", problem_mark=event.start_mark)
        if self.depth > MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem=f"nested deeper than {MAX_DEPTH} levels", problem_mark=event.start_mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        mapping: dict[Hashable, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                raise yaml.MarkedYAMLError(problem="a key must be text", problem_mark=key_node.start_mark)
            key = str(key_node.value)
            if key in mapping:
                raise yaml.MarkedYAMLError(problem=f"{key!r} stands here twice", problem_mark=key_node.start_mark)
            mapping[key] = self.construct_object(value_node, deep=True)
        return mapping

    def refuse(self, node: Node) -> None:
        raise yaml.MarkedYAMLError(problem=f"the tag {node.tag} is not read", problem_mark=node.start_mark)


def _number(loader: _Loader, node: ScalarNode) -> int | float | str:
    text = str(node.value)
    number = float(text) if "." in text or "e" in text.lower() else int(text)
    return number if str(number) == text else text


NAME = "tag:yaml.org,2002:"
_Loader.add_implicit_resolver(NAME + "null", re.compile(r"(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver(NAME + "bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF"))
_Loader.add_implicit_resolver(NAME + "int", re.compile(r"-?[0-9]{1,18}\Z"), list("-0123456789"))
_Loader.add_implicit_resolver(NAME + "float", re.compile(r"-?[0-9]{1,18}\.[0-9]{1,18}\Z"), list("-0123456789"))
_Loader.yaml_constructors |= {
    NAME + kind: yaml.SafeLoader.yaml_constructors[NAME + kind] for kind in ("null", "bool", "str", "seq", "map")
}
_Loader.yaml_constructors |= {NAME + "int": _number, NAME + "float": _number, None: _Loader.refuse}
