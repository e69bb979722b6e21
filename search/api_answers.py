"""What searching over the API answers, as its description tells it: see `kb.api_answers`."""

from ninja import Field, Schema

from kb.api_answers import EntryOut, Envelope


class SentenceOut(Schema):
    start: int
    end: int
    text: str


class PassageOut(Schema):
    text: str
    start: int = Field(description="code point of the stored text that `source` names")
    end: int
    source: str = Field(description="title, summary, body or reference")
    reference_url: str | None
    page: int | None = Field(description="of a paper")
    marks: list[tuple[int, int]] = Field(description="ranges within `text` whose words were asked for")
    sentence: SentenceOut | None = Field(description="the one that matched best")
    url: str = Field(description="opens the entry's page at the passage")
    score: float


class WhyOut(Schema):
    keyword: float
    semantic: float
    words: list[str] = Field(description="of the question, those that the entry has")


class HitOut(Schema):
    entry: EntryOut
    score: float
    passages: list[PassageOut]
    why: WhyOut


class FacetValueOut(Schema):
    value: str
    label: str
    count: int
    chosen: bool


class SearchOut(Envelope):
    results: list[HitOut]
    did_you_mean: str | None
    facets: dict[str, list[FacetValueOut]] = Field({}, description="where they were asked for")


class BridgeOut(Schema):
    entry: EntryOut
    strength: float = Field(description="0 for unrelated things, 1 for the same")
    passage: PassageOut | None


class SpanOut(Schema):
    kind: str
    label: str
    bridges: list[BridgeOut]


class BridgesOut(Schema):
    results: list[SpanOut]
    least: float = Field(description="strength below which a bridge is left out")


class RelatedOut(Schema):
    incident: list[EntryOut]
    case_study: list[EntryOut]
    note: list[EntryOut]
