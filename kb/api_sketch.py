"""What an answer of the API looks like, drawn from its JSON Schema."""

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]
INDENT = "  "


def kind_of(schema: Schema) -> str:
    """What a value is, in a word or two.

    >>> kind_of({"anyOf": [{"type": "string", "format": "binary"}, {"type": "null"}]})
    'file'
    >>> kind_of({"enum": ["lesson", "question"], "type": "string"})
    '"lesson" or "question"'
    """
    if "enum" in schema:
        return " or ".join(f'"{value}"' for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(kind_of(one) for one in schema["anyOf"] if one.get("type") != "null")
    if schema.get("format") == "binary":
        return "file"
    kind = str(schema.get("type", "anything"))
    return "true or false" if kind == "boolean" else kind


class Sketch:
    """Draws a schema as the JSON that it describes, with what is said about a field beside it.

    >>> print(Sketch({}).of({"properties": {"id": {"type": "integer", "description": "its number"}}}))
    {
      "id": integer  // its number
    }
    """

    def __init__(self, named: Mapping[str, Schema]) -> None:
        """`named` has the schemas that others refer to; each is drawn once, where it comes first."""
        self.named = named
        self.drawn: dict[str, str] = {}

    def of(self, schema: Schema, place: str = "", level: int = 0) -> str:
        if "$ref" in schema:
            return self._named(schema["$ref"].rpartition("/")[2], place, level)
        if "anyOf" in schema:
            kinds = [self.of(one, place, level) for one in schema["anyOf"]]
            return " or ".join(kinds)
        if "properties" in schema:
            return self._object(schema["properties"], place, level)
        if "prefixItems" in schema:
            return f"[{', '.join(self.of(one, place, level) for one in schema['prefixItems'])}]"
        if schema.get("type") == "array":
            return f"[{self.of(schema['items'], f'{place}[]', level)}, …]"
        if isinstance(values := schema.get("additionalProperties"), Mapping):
            return f'{{"…": {self.of(values, place, level)}}}'
        return "{…}" if schema.get("type") == "object" else kind_of(schema)

    def _named(self, name: str, place: str, level: int) -> str:
        if name in self.drawn:
            return f"as {self.drawn[name]}"
        self.drawn[name] = place
        return self.of(self.named[name], place, level)

    def _object(self, fields: Mapping[str, Schema], place: str, level: int) -> str:
        lines = [self._line(name, schema, f"{place}.{name}".strip("."), level + 1) for name, schema in fields.items()]
        return "\n".join(["{", *lines, f"{INDENT * level}}}"])

    def _line(self, name: str, schema: Schema, place: str, level: int) -> str:
        first, *rest = f'{INDENT * level}"{name}": {self.of(schema, place, level)}'.split("\n")
        said = schema.get("description", "")
        return "\n".join([f"{first}  // {said}" if said else first, *rest])
