"""The OpenAPI description of the API as a page has it: each operation in words, with a request to copy."""

import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from kb.api_sketch import Sketch, kind_of

Described = Mapping[str, Any]
Absolute = Callable[[str], str]

NAMES = re.compile(r"{(\w+)}")
TOKEN = "Authorization: Bearer kb_…"  # noqa: S105 - the shape of one


@dataclass(frozen=True)
class Field:
    """What a request may say: a parameter of its address, or a field of its body."""

    name: str
    takes: str
    default: str
    is_needed: bool
    about: str


@dataclass(frozen=True)
class Operation:
    """One thing that a program may ask for.

    `open` is the example's address where a browser may simply go there, and empty elsewhere.
    """

    id: str
    method: str
    path: str
    summary: str
    about: str
    who: str
    parameters: list[Field]
    body: list[Field]
    media_type: str
    status: str
    answer: str
    curl: str
    open: str


def groups(description: Described, absolute: Absolute, known: Mapping[str, object]) -> dict[str, list[Operation]]:
    """The operations by their tag, a list before what is in it.

    `known` fills in the names in their paths, such as `entry_id`, for examples that find something.
    """
    found: dict[str, list[Operation]] = {}
    for path, methods in description["paths"].items():
        for method, described in methods.items():
            operation = _operation(description, path, method, described, absolute, known)
            found.setdefault(described["tags"][0], []).append(operation)
    return {tag: sorted(ones, key=lambda one: one.path) for tag, ones in found.items()}


def _operation(
    description: Described,
    path: str,
    method: str,
    described: Described,
    absolute: Absolute,
    known: Mapping[str, object],
) -> Operation:
    named = description["components"]["schemas"]
    parameters = described.get("parameters", [])
    media_type, body = _content(described.get("requestBody", {}), named)
    wanted = set(body.get("required", ()))
    fields = sorted(body.get("properties", {}).items(), key=lambda field: field[0] not in wanted)
    status, answer = next((str(status), one) for status, one in described["responses"].items() if int(status) < 300)
    _, shape = _content(answer, {})
    address = absolute(_example_path(path, parameters, known))
    is_open = method == "get" and "security" not in described and set(NAMES.findall(path)) <= set(known)
    return Operation(
        id=f"{method}{path.replace('/', '-').translate(str.maketrans('', '', '{}'))}",
        method=method.upper(),
        path=path,
        summary=described["summary"],
        about=described.get("description", ""),
        who=_who(description, described),
        parameters=[_field(one["name"], one["schema"], one["required"]) for one in parameters],
        body=[_field(name, schema, name in wanted) for name, schema in fields],
        media_type=media_type,
        status=f"{status} {answer['description']}",
        answer=Sketch(named).of(shape) if shape else "",
        curl=" \\\n  ".join(_curl(method, address, media_type, fields, needs_token="security" in described)),
        open=address if is_open else "",
    )


def _content(holder: Described, named: Described) -> tuple[str, Described]:
    """The media type of a body or an answer, and its schema: what a name stands for, where it is in `named`."""
    for media_type, content in holder.get("content", {}).items():
        schema = content["schema"]
        return media_type, named.get(schema.get("$ref", "").rpartition("/")[2], schema)
    return "", {}


def _field(name: str, schema: Described, is_needed: bool) -> Field:
    limits = [f"from {schema['minimum']}"] if "minimum" in schema else []
    limits += [f"to {schema['maximum']}"] if "maximum" in schema else []
    limits += [f"up to {schema['maxLength']:,} characters"] if "maxLength" in schema else []
    default = schema.get("default")
    shown = "" if default in (None, "", {}, []) else json.dumps(default).strip('"')
    return Field(name, " ".join([kind_of(schema), *limits]), shown, is_needed, schema.get("description", ""))


def _who(description: Described, described: Described) -> str:
    schemes = description["components"].get("securitySchemes", {})
    return next((schemes[name]["description"] for one in described.get("security", ()) for name in one), "")


def _example_path(path: str, parameters: list[Described], known: Mapping[str, object]) -> str:
    path = NAMES.sub(lambda name: quote(str(known.get(name[1], "ID")), safe=""), path)
    asked = {
        one["name"]: one["schema"]["examples"][0]
        for one in parameters
        if one["in"] == "query" and "examples" in one["schema"]
    }
    return f"{path}?{urlencode(asked)}" if asked else path


def _curl(method: str, address: str, media_type: str, fields: list[Any], *, needs_token: bool) -> Iterator[str]:
    """The parts of a command line, which are its lines."""
    verb = "" if method == "get" or (method == "post" and media_type) else f"-X {method.upper()} "
    yield f"curl {verb}{shlex.quote(address)}"
    if needs_token:
        yield f"-H {shlex.quote(TOKEN)}"
    given = {name: schema["examples"][0] for name, schema in fields if "examples" in schema}
    if media_type == "multipart/form-data":
        files = [name for name, schema in fields if kind_of(schema) == "file"]
        yield from (f"-F {name}=@incidents.csv" for name in files)
        yield from (f"-F {shlex.quote(f'{name}={value}')}" for name, value in given.items())
    elif media_type:
        yield f"-H 'Content-Type: {media_type}'"
        yield f"-d {shlex.quote(json.dumps(given, ensure_ascii=False))}"
