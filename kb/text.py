"""What of an entry can be searched, as plain values that an indexer can take without knowing kinds or tables."""

from dataclasses import dataclass
from typing import Literal

SourceName = Literal["title", "summary", "body", "reference"]


@dataclass(frozen=True)
class SearchableText:
    """One stored text of an entry. Passage offsets count code points in `text`, exactly as it is stored."""

    source: SourceName
    text: str
    reference_id: int | None = None
