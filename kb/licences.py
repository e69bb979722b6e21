"""Where the text of a licence stands, by its SPDX name."""

import re

CREATIVE_COMMONS = re.compile(r"CC-(BY(?:-(?:NC|ND|SA|NC-ND|NC-SA))?)-(\d\.\d)", re.IGNORECASE)
# Others that texts about software are under; the SPDX list has a page for each.
LISTED = {
    name.lower(): name
    for name in (
        *("MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Unlicense", "MPL-2.0", "PDDL-1.0", "ODC-By-1.0"),
        *(
            "GPL-2.0-only",
            "GPL-3.0-only",
            "GPL-3.0-or-later",
            "AGPL-3.0-only",
            "ODbL-1.0",
            "OGL-UK-3.0",
            "GFDL-1.3-only",
        ),
    )
}


def licence_url(name: str) -> str:
    """The address of the licence; "" for a name that is not one of SPDX.

    >>> licence_url("CC-BY-SA-4.0")
    'https://creativecommons.org/licenses/by-sa/4.0/'
    """
    name = name.strip()
    if name.upper() == "CC0-1.0":
        return "https://creativecommons.org/publicdomain/zero/1.0/"
    if found := CREATIVE_COMMONS.fullmatch(name):
        return f"https://creativecommons.org/licenses/{found[1].lower()}/{found[2]}/"
    listed = LISTED.get(name.lower(), "")
    return f"https://spdx.org/licenses/{listed}.html" if listed else ""
