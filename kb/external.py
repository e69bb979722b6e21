"""What the outside world calls an entry, and where that name leads."""

from typing import NamedTuple
from urllib.parse import quote

# Namespace -> how it is written, and the page of one identifier; no page where the identifier does not lead to one.
NAMESPACES = {
    "aiid": ("AIID", "https://incidentdatabase.ai/cite/{}/"),
    "oecd": ("OECD", "https://oecd.ai/en/incidents/{}"),
    "avid": ("AVID", "https://avidml.org/database/{}/"),
    "atlas": ("MITRE ATLAS", "https://atlas.mitre.org/studies/{}"),
    "aiaaic": ("AIAAIC", ""),
    "arxiv": ("arXiv", "https://arxiv.org/abs/{}"),
    "doi": ("DOI", "https://doi.org/{}"),
}
LOWER_CASE_ADDRESS = {"avid"}


class Outside(NamedTuple):
    """An identifier for a page to show; `url` is empty where none is known."""

    label: str
    url: str


def is_telling(namespace: str, source: str) -> bool:
    """Whether an identifier means something outside: not the key under which a source keeps its own files."""
    return namespace in NAMESPACES or namespace != source


def outside(namespace: str, value: str) -> Outside:
    """The identifier with its label and address; an unknown namespace is shown as it is called."""
    label, address = NAMESPACES.get(namespace, (namespace, ""))
    key = value.lower() if namespace in LOWER_CASE_ADDRESS else value
    shown = value if value.lower().startswith(label.lower()) else f"{label} {value}"
    return Outside(shown, address.format(quote(key, safe="/.:;()-_")) if address else "")
