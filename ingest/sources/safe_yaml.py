"""YAML of strangers: quick, bounded, and text where it is text.

The C parser is twenty times as fast as PyYAML's own, but composes whatever it is given. So the events are counted
first, which takes no memory: how deep the document nests, and how large it is once its references are followed.
"""

from typing import Any, ClassVar

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode

MAX_CHARACTERS = 40_000_000
MAX_NODES = 1_000_000

NAME = "tag:yaml.org,2002:"
PLAIN = ("str", "int", "float", "bool", "timestamp", "binary")


class YamlError(ValueError):
    """The document cannot be read; the text says why, and in which line."""


def load(text: str, loader: type["Loader"] | None = None) -> Any:
    """The document as dicts, lists, texts and None, or as another `loader` makes of it.

    Nothing is guessed from how a text looks: `2024-02-30`, `1.10` and `no` are the text that stands there. Tags that
    stand for more than text, lists and mappings, such as `!include` and `!!python/object`, are refused, and so are
    references to what they stand in, documents that nest deeply, and those that are, or expand to, too much.
    """
    if len(text) > MAX_CHARACTERS:
        raise YamlError(f"longer than {MAX_CHARACTERS:,} characters")
    try:
        loader = loader or Loader
        _check(text, loader)
        return yaml.load(text, loader)  # noqa: S506 - a loader that constructs less than the safe one
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        hint = " (put values that hold ': ' or '#' in quotes)" if isinstance(error, yaml.scanner.ScannerError) else ""
        raise YamlError(f"{where}{error.problem or error.context or 'not YAML'}{hint}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise YamlError(" ".join(str(error).split())[:200] or "nested too deeply") from None


def _check(text: str, loader: type["Loader"]) -> None:
    total = 0
    open_sizes: list[int] = []  # of the collections that the event stands in, what was counted before them
    open_anchors: list[str | None] = []
    sizes: dict[str, int] = {}
    for event in yaml.parse(text, yaml.CSafeLoader):
        if not loader.follows_references and getattr(event, "anchor", None):
            raise _at(event, "references (& and *) are not read")
        if isinstance(event, yaml.AliasEvent):
            anchor = str(event.anchor)
            if anchor in open_anchors:
                raise _at(event, f"*{anchor} refers to what it stands in")
            total += sizes.get(anchor, 1)
        elif isinstance(event, yaml.ScalarEvent):
            total += 1
            if event.anchor:
                sizes[event.anchor] = 1
        elif isinstance(event, yaml.CollectionStartEvent):
            open_sizes.append(total)
            open_anchors.append(event.anchor)
            total += 1
            if len(open_sizes) > loader.deepest:
                raise _at(event, f"nested deeper than {loader.deepest} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            named, before = open_anchors.pop(), open_sizes.pop()
            if named:
                sizes[named] = total - before
        if total > MAX_NODES:
            raise _at(event, f"more than {MAX_NODES:,} values, references followed")


def _at(event: yaml.Event, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)  # type: ignore[arg-type]  # the C one


class Loader(yaml.CSafeLoader):
    """What is made of a document; those of other sources differ in what they make of a scalar, and allow less."""

    deepest = 40
    follows_references = True
    yaml_implicit_resolvers: dict[str, Any] = {
        sign: [pair for pair in pairs if pair[0] in (NAME + "null", NAME + "merge")]
        for sign, pairs in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }
    yaml_constructors: ClassVar[dict[str | None, Any]] = {
        NAME + kind: yaml.CSafeLoader.yaml_constructors[NAME + kind] for kind in ("null", "seq", "map")
    }

    def text(self, node: Node) -> str:
        return str(self.construct_scalar(node))  # type: ignore[arg-type]  # what is no scalar it refuses

    def refuse(self, node: Node) -> None:
        raise yaml.MarkedYAMLError(problem=f"the tag {node.tag} is not read", problem_mark=node.start_mark)

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[Any, Any]:
        for key, _ in node.value:
            if not isinstance(key, ScalarNode):
                raise yaml.MarkedYAMLError(problem="a key must be text", problem_mark=key.start_mark)
        return super().construct_mapping(node, deep)


Loader.yaml_constructors |= {NAME + kind: Loader.text for kind in PLAIN} | {None: Loader.refuse}
