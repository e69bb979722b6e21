"""What of other people's text may be shown."""

QUOTE_CHARS = 280
FREE = ("CC0", "CC-BY", "APACHE", "MIT", "BSD", "PDDL", "ODC-BY", "PUBLIC DOMAIN", "UNLICENSE", "OGL")


def may_show_whole(licence: str) -> bool:
    """Whether a text under this licence (an SPDX name) may be republished whole; without a licence it may not.

    Licences that forbid changes or commercial use still allow showing the text with its attribution.
    """
    return licence.strip().upper().startswith(FREE)
