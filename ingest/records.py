"""What a source yields: validated, cleaned, and knowing nothing of the database."""

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from kb.addresses import canonical_url
from kb.dates import PartialDate, parse_date
from kb.external import normal_value
from kb.kinds import KINDS
from kb.roles import Role

# The longest each thing may be, in characters: generous for people, small enough that one record cannot hurt. Those
# that a column holds are that column's: SQLite would not say that something is too long, and PostgreSQL says it late.
MAX_TITLE = 500
MAX_NAME = 300
MAX_SLUG = 200
MAX_URL = 2000
MAX_LICENCE = 60
MAX_RELATION = 40
MAX_LANGUAGE = 20
MAX_SUMMARY = 20_000
MAX_TEXT = 4_000_000
MAX_ITEMS = 2000
MAX_PAGES = 20_000
MAX_FACTS_DEPTH = 6

# Everything of the C0 and C1 ranges but white space, and half surrogates, which no database can encode.
UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
NAMESPACE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")


def clean_text(value: object) -> str:
    """`value` as text with `\\n` line ends, without control characters and half surrogates; None is ''."""
    if value is None:
        return ""
    if isinstance(value, int | float | dt.date) and not isinstance(value, bool):
        value = str(value)  # YAML and JSON make numbers and dates of titles such as 1984
    if not isinstance(value, str):
        raise ValueError(f"must be text, not {type(value).__name__}")
    return UNPRINTABLE.sub("", value.replace("\r\n", "\n").replace("\r", "\n").replace("\v", " ").replace("\f", " "))


def text_or_nothing(value: object) -> str:
    """`clean_text` of what is a text; '' for what is none."""
    try:
        return clean_text(value)
    except ValueError:
        return ""


def clean_line(value: object) -> str:
    """`clean_text` on one line: every run of white space is one blank, none at the ends."""
    return " ".join(clean_text(value).split())


def check_url(value: str) -> str:
    """`value` when it is an absolute http or https address; ValueError says what is wrong with it."""
    shown = value if len(value) <= 80 else value[:77] + "..."
    too_long = ValueError(f"address longer than {MAX_URL} characters: {shown!r}")
    if len(value) > MAX_URL:
        raise too_long
    if re.search(r"\s", value) or UNPRINTABLE.search(value):
        raise ValueError(f"address with blanks or control characters: {shown!r}")
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"not an address: {shown!r}") from None
    if parts.scheme.lower() not in ("http", "https"):
        raise ValueError(f"not an http or https address: {shown!r}")
    if not host:
        raise ValueError(f"address without a host: {shown!r}")
    if len(canonical_url(value)) > MAX_URL:  # each letter beyond ASCII is three to twelve there
        raise too_long
    return value


def _strip_url(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"must be text, not {type(value).__name__}")
    return value.strip()


def _check_optional_url(value: str) -> str:
    return check_url(value) if value else ""


def _check_language(value: str) -> str:
    if value and not LANGUAGE.fullmatch(value):
        raise ValueError(f"not a language code such as 'en': {value[:40]!r}")
    return value.replace("_", "-")


def _check_namespace(value: str) -> str:
    if not NAMESPACE.fullmatch(value):
        raise ValueError(f"must be 1 to 40 of a-z, 0-9, '-', '_', '.': {value[:60]!r}")
    return value


def _check_urn(value: str) -> str:
    if value and not value.startswith("urn:"):
        raise ValueError(f"must begin with 'urn:': {value[:60]!r}")
    return value


def _check_file_name(value: str) -> str:
    if "/" in value or "\\" in value or value in (".", ".."):
        raise ValueError(f"must be a file's name without a folder: {value[:60]!r}")
    return value


def _check_slug(value: str) -> str:
    if re.search(r"[\s/\\?#%]", value) or value in (".", ".."):
        raise ValueError(f"must not hold blanks or any of / \\ ? # %: {value[:60]!r}")
    return value


def _as_kind(value: object) -> str:
    kind = value.strip().lower().replace("-", "_").replace(" ", "_") if isinstance(value, str) else ""
    if kind not in KINDS:
        raise ValueError(f"must be one of {', '.join(KINDS)}, not {str(value)[:60]!r}")
    return kind


def _check_role(value: str) -> str:
    if value not in Role.values:
        raise ValueError(f"must be one of {', '.join(Role.values)}, not {value[:60]!r}")
    return value


def _unique(values: list[Any]) -> list[Any]:
    return list(dict.fromkeys(value for value in values if value))


def _as_date(value: object) -> object:
    return None if value is None or value == "" else parse_date(value)


def _clean_json(value: object, depth: int = 0) -> Any:
    """`value` as JSON can hold it: texts cleaned, dates as ISO text, keys as text; ValueError for anything else."""
    if depth > MAX_FACTS_DEPTH:
        raise ValueError(f"nested deeper than {MAX_FACTS_DEPTH} levels")
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"not a number: {value}")
        return value
    if isinstance(value, dict):
        return {clean_line(key): _clean_json(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean_json(item, depth + 1) for item in value]
    return str(value) if isinstance(value, PartialDate) else clean_text(value)


Line = Annotated[str, BeforeValidator(clean_line)]
Title = Annotated[Line, StringConstraints(max_length=MAX_TITLE)]
Name = Annotated[Line, StringConstraints(max_length=MAX_NAME)]
Text = Annotated[str, BeforeValidator(clean_text), StringConstraints(max_length=MAX_TEXT)]
Summary = Annotated[Text, StringConstraints(strip_whitespace=True, max_length=MAX_SUMMARY)]
Url = Annotated[str, BeforeValidator(_strip_url), AfterValidator(check_url)]
OptionalUrl = Annotated[str, BeforeValidator(_strip_url), AfterValidator(_check_optional_url)]
Language = Annotated[Line, StringConstraints(max_length=MAX_LANGUAGE), AfterValidator(_check_language)]
Licence = Annotated[Line, StringConstraints(max_length=MAX_LICENCE)]
Namespace = Annotated[Line, AfterValidator(_check_namespace)]
# NFC, so that one name typed on two systems is one slug.
Slug = Annotated[
    Line,
    StringConstraints(max_length=MAX_SLUG),
    AfterValidator(lambda value: unicodedata.normalize("NFC", value)),
    AfterValidator(_check_slug),
]
Required = StringConstraints(min_length=1)
Day = Annotated[PartialDate | None, BeforeValidator(_as_date)]
Kind = Annotated[str, BeforeValidator(_as_kind)]
Names = Annotated[list[Name], Field(max_length=MAX_ITEMS), AfterValidator(_unique)]
Facts = Annotated[dict[str, Any], BeforeValidator(_clean_json)]
ExternalIdPair = Annotated[
    tuple[Namespace, Annotated[Name, Required]], AfterValidator(lambda pair: (pair[0], normal_value(*pair)))
]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ReferenceRecord(_Record):
    """A report, article, paper or post. `text` is what it says, `text_licence` '' when it may not be republished.

    What has no address is known by its `urn`, such as the `urn:sha256:…` of a file. `pages` are the offsets in `text`
    at which its pages begin, where it has pages; the first is 0. `role` is what it is to the entry that cites it: a
    response is what those concerned said to it.
    """

    url: OptionalUrl = ""
    urn: Annotated[Line, StringConstraints(max_length=MAX_NAME), AfterValidator(_check_urn)] = ""
    title: Title = ""
    publisher: Name = ""
    authors: Names = []
    published: Day = None
    archive_url: OptionalUrl = ""
    language: Language = ""
    text: Text = ""
    text_licence: Licence = ""
    pages: Annotated[list[int], Field(max_length=MAX_PAGES)] = []
    role: Literal["report", "response"] = "report"

    @model_validator(mode="after")
    def _is_known_by_something(self) -> "ReferenceRecord":
        if not self.url and not self.urn:
            raise ValueError("needs an address (url), or a urn where it has none")
        if self.pages and (self.pages[0] != 0 or self.pages != sorted(self.pages) or self.pages[-1] > len(self.text)):
            raise ValueError("pages must be rising offsets in the text, beginning with 0")
        return self

    @property
    def address(self) -> str:
        """What tells it from all others: its canonical address, else its urn."""
        return canonical_url(self.url) if self.url else self.urn


class RoleRecord(_Record):
    """Who took which part. `namespace` and `key` are the source's own id of the entity, when it has one.

    `name` is for an entity that is not known by its key yet; only an EntityRecord renames one that is.
    """

    role: Annotated[str, AfterValidator(_check_role)]
    name: Annotated[Name, Required]
    namespace: Literal[""] | Namespace = ""
    key: Name = ""


class LinkRecord(_Record):
    """A relation to another entry: `target` is its slug, or its external id as (namespace, value)."""

    relation: Annotated[Line, StringConstraints(min_length=1, max_length=MAX_RELATION)]
    target: Annotated[Slug, Required] | ExternalIdPair


class ClassificationRecord(_Record):
    """A place in a taxonomy: `category` is the path from the top, `("Harm Domain", "yes")`, or one name."""

    taxonomy: Annotated[Name, Required]
    category: Annotated[tuple[Annotated[Name, Required], ...], Field(min_length=1)]
    evidence: Summary = ""


class AttachmentRecord(_Record):
    """A picture beside the entry's text, which shows it as `![…](files/NAME)`. `path` is the file on this machine."""

    name: Annotated[Name, Required, AfterValidator(_check_file_name)]
    path: Path
    media_type: Literal["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"]


class EntryRecord(_Record):
    """One entry as its source has it.

    `key` says where in the source it stands (a path, a line, an id), for messages. '' and empty lists mean that the
    source does not say, so a pipeline leaves `slug`, `status`, `visibility` and `language` to its defaults, or as they
    were. `page` is the record's own page upstream. `warnings` are what was left out, in words for the curator.
    """

    key: Line
    kind: Kind
    title: Annotated[Title, Required]
    slug: Slug = ""
    summary: Summary = ""
    body: Text = ""
    occurred: Day = None
    status: Literal["", "draft", "published"] = ""
    visibility: Literal["", "public", "internal"] = ""
    language: Language = ""
    licence: Licence = ""
    attribution: Name = ""
    tags: Names = []
    roles: list[RoleRecord] = Field(default=[], max_length=MAX_ITEMS)
    references: list[ReferenceRecord] = Field(default=[], max_length=MAX_ITEMS)
    external_ids: Annotated[list[ExternalIdPair], Field(max_length=MAX_ITEMS), AfterValidator(_unique)] = []
    classifications: list[ClassificationRecord] = Field(default=[], max_length=MAX_ITEMS)
    links: list[LinkRecord] = Field(default=[], max_length=MAX_ITEMS)
    facts: Facts = {}
    attachments: list[AttachmentRecord] = Field(default=[], max_length=MAX_ITEMS)
    page: ReferenceRecord | None = None
    warnings: list[str] = []


class EntityRecord(_Record):
    """The source's own name for the entity that its records call `key`."""

    namespace: Namespace
    key: Annotated[Name, Required]
    name: Annotated[Name, Required]
    aliases: Names = []


class DuplicateRecord(_Record):
    """The source withdrew `value` in favour of `of`; both are external ids in `namespace`."""

    namespace: Namespace
    value: Annotated[Name, Required]
    of: Annotated[Name, Required]


class EntityRelationRecord(_Record):
    """How two entities hang together, `key` and `other` being the source's own ids: "owns", "is part of"."""

    namespace: Namespace
    key: Annotated[Name, Required]
    other: Annotated[Name, Required]
    relation: Annotated[Line, StringConstraints(min_length=1, max_length=MAX_RELATION)]


class SameRecord(_Record):
    """Somebody who knows published that these identifiers, of two namespaces or more, name one event."""

    ids: Annotated[list[ExternalIdPair], Field(min_length=2, max_length=50), AfterValidator(_unique)]


class CategoryRecord(_Record):
    """A category of a taxonomy by its path from the top, as in ClassificationRecord, and what it means."""

    path: Annotated[tuple[Annotated[Name, Required], ...], Field(min_length=1)]
    description: Text = ""


class TaxonomyRecord(_Record):
    """A taxonomy as its authors define it. What entries are classified in need not be listed, it is made as named."""

    name: Annotated[Name, Required]
    description: Text = ""
    url: OptionalUrl = ""
    licence: Licence = ""
    attribution: Name = ""
    categories: Annotated[list[CategoryRecord], Field(max_length=20_000)] = []


class BadRecord(_Record):
    """A record that could not be read, where it stands, and why."""

    key: Line
    reason: Text


Record = EntryRecord | EntityRecord | EntityRelationRecord | DuplicateRecord | SameRecord | TaxonomyRecord | BadRecord
Model = TypeVar("Model", bound=BaseModel)


def why(error: ValidationError) -> str:
    """The reasons of a validation error in one line: `title: must not be empty; references.0.url: not an address`."""
    return "; ".join(_reason(detail) for detail in error.errors(include_url=False)[:5])


def _reason(detail: Any) -> str:
    place = ".".join(str(part) for part in detail["loc"])
    context = detail.get("ctx", {})
    match detail["type"]:
        case "value_error":
            said = str(context["error"])
        case "missing":
            said = "is required"
        case "string_too_short" | "too_short":
            said = "must not be empty"
        case "string_too_long" | "too_long":
            said = f"is longer than the {context['max_length']} allowed"
        case "literal_error":
            said = f"must be one of {context['expected']}, not {str(detail['input'])[:60]!r}"
        case "extra_forbidden":
            said = "is not a known field"
        case _:
            said = detail["msg"]
    return f"{place}: {said}" if place else said


def entry_or_bad(key: str, **fields: Any) -> EntryRecord | BadRecord:
    """An EntryRecord of `fields`, or the BadRecord that says why they make none."""
    try:
        return EntryRecord(key=key, **fields)
    except ValidationError as error:
        return BadRecord(key=key, reason=why(error))


def date_or_warn(value: object, what: str, warnings: list[str]) -> PartialDate | None:
    """The date that `value` says, None for nothing; for what is no date None, and why it was left out in `warnings`."""
    try:
        return parse_date(value) if value not in (None, "") else None
    except ValueError as error:
        warnings.append(f"{what} left out: {error}")
        return None


def keep_valid(model: type[Model], items: Iterable[Mapping[str, Any]], what: str, warnings: list[str]) -> list[Model]:
    """A `model` of each of `items` that makes one; why another does not is appended to `warnings`.

    So one unusable reference costs an entry that reference only, and somebody is told.
    """
    kept = []
    for number, item in enumerate(items, start=1):
        try:
            kept.append(model.model_validate(item))
        except ValidationError as error:
            warnings.append(f"{what} {number} left out: {why(error)}")
    return kept
