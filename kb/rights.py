"""What of other people's text may be shown."""

import re

QUOTE_CHARS = 280
# Whole words: npm writes UNLICENSED for what may not be used at all.
FREE = re.compile(r"(CC0|CC-BY|APACHE|MIT|BSD|PDDL|ODC-BY|PUBLIC DOMAIN|UNLICENSE|OGL)(?![A-Z])", re.IGNORECASE)


def may_show_whole(licence: str) -> bool:
    """Whether a text under this licence (an SPDX name) may be republished whole; without a licence it may not.

    Licences that forbid changes or commercial use still allow showing the text with its attribution.
    """
    return FREE.match(licence.strip()) is not None
