"""What a reader asks of the map, as its address says it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from kb.filters import BadFilter, EntryFilter
from kb.listing import short_params
from search.map.groups import COLOURS
from search.map.region import Region


@dataclass(frozen=True)
class Asked:
    """Which entries are shown, what their colour says, and the region whose entries are listed."""

    filter: EntryFilter
    colour: str = "kind"
    region: Region | None = None

    @classmethod
    def from_params(cls, params: Mapping[str, str]) -> "Asked":
        """Raises BadFilter, with the name of the parameter, for what makes no sense."""
        colour = params.get("colour", "").strip() or "kind"
        if colour not in COLOURS:
            raise BadFilter("colour", f"Points have no colour by “{colour[:40]}”: choose {', '.join(COLOURS)}.")
        return cls(EntryFilter.from_params(params), colour, Region.from_params(params))

    def params(self, **changes: Any) -> dict[str, str]:
        """What is set, with some of it changed, for an address."""
        asked = replace(self, **changes)
        colour = {} if asked.colour == "kind" else {"colour": asked.colour}
        return {**short_params(asked.filter), **colour, **(asked.region.params() if asked.region else {})}

    def address(self, path: str = "", **changes: Any) -> str:
        """The same with some of it changed; of the page itself where no path is given."""
        params = self.params(**changes)
        return f"{path}?{urlencode(params)}" if params else path or "."
