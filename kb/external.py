"""What the outside world calls an entry, and where that name leads."""

import re
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

# Namespace -> how it is written, and the page of one identifier; no page where the identifier does not lead to one.
NAMESPACES = {
    "aiid": ("AIID", "https://incidentdatabase.ai/cite/{}/"),
    "oecd": ("OECD", "https://oecd.ai/en/incidents/{}"),
    "avid": ("AVID", "https://avidml.org/database/{}/"),
    "atlas": ("MITRE ATLAS", "https://atlas.mitre.org/studies/{}"),
    "aiaaic": ("AIAAIC", ""),
    "arxiv": ("arXiv", "https://arxiv.org/abs/{}"),
    "doi": ("DOI", "https://doi.org/{}"),
    "cve": ("CVE", "https://www.cve.org/CVERecord?id={}"),
}
# What tells one entry from another here, and nothing to anybody else: addresses, files, and what files hold.
OURS = {"url", "markdown", "starter", "pdf", "feed", "precedent"}
# Namespace -> the page of who or what a source knows by a key of its own.
ENTITIES = {"aiid": "https://incidentdatabase.ai/entities/{}/"}
LOWER_CASE_ADDRESS = {"avid"}

# Host -> what its paths look like, the identifier being the group; only where an address cannot mean anything else.
# AIID and OECD show one page in several languages; arXiv's older numbers may name a subject class, which tells nothing.
_ARXIV = (
    "arxiv",
    re.compile(r"/(?:abs|pdf|html|format)/(\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?(?:\.pdf)?", re.I),
)
_DOI = ("doi", re.compile(r"/(10\.\d{4,9}/\S+)"))
_NAMED = {
    "incidentdatabase.ai": ("aiid", re.compile(r"(?:/[a-z]{2})?/cite/(\d{1,9})", re.I)),
    "oecd.ai": ("oecd", re.compile(r"(?:/[a-z]{2})?/incidents/(\d{4}-\d{2}-\d{2}-[0-9a-z]+)", re.I)),
    "avidml.org": ("avid", re.compile(r"/database/(avid-\d{4}-[rv]\d+)", re.I)),
    "atlas.mitre.org": ("atlas", re.compile(r"/studies/(aml\.cs\d+)", re.I)),
    "arxiv.org": _ARXIV,
    "export.arxiv.org": _ARXIV,
    "doi.org": _DOI,
    "dx.doi.org": _DOI,
}
_DOI_OF_ARXIV = re.compile(r"10\.48550/arxiv\.(\S+?)(?:v\d+)?")


class Outside(NamedTuple):
    """An identifier for a page to show; `url` is empty where none is known."""

    label: str
    url: str


def is_telling(namespace: str, source: str) -> bool:
    """Whether an identifier means something outside: not the key under which a source keeps its own files."""
    return namespace in NAMESPACES or (namespace != source and namespace not in OURS)


def outside(namespace: str, value: str) -> Outside:
    """The identifier with its label and address; an unknown namespace is shown as it is called."""
    label, address = NAMESPACES.get(namespace, (namespace, ""))
    key = value.lower() if namespace in LOWER_CASE_ADDRESS else value
    shown = value if value.lower().startswith(label.lower()) else f"{label} {value}"
    return Outside(shown, address.format(quote(key, safe="/.:;()-_")) if address else "")


def entity_url(namespace: str, key: str) -> str:
    """The page that the source has of an entity; "" where it has none."""
    return ENTITIES.get(namespace, "").format(quote(key, safe="-._")) if key else ""


def normal_value(namespace: str, value: str) -> str:
    """The one spelling of an identifier that is written in several: as `named_by` tells it.

    >>> normal_value("doi", "https://doi.org/10.1145/ABC"), normal_value("arxiv", "arXiv:1706.03762v5")
    ('10.1145/abc', '1706.03762')
    """
    if namespace not in ("doi", "arxiv", "avid", "atlas"):
        return value
    if "://" in value:
        named = named_by(value)
        return named[1] if named and named[0] == namespace else value
    bare = re.sub(rf"^{namespace}:\s*", "", value, flags=re.I)
    if namespace == "doi":
        return bare.lower()
    return re.sub(r"v\d+$", "", bare) if namespace == "arxiv" else bare.upper()


def named_by(url: str) -> tuple[str, str] | None:
    """The namespace and value of what the address is the page of, as `outside` would be asked for it; None where it
    is the page of nothing known. Spelling, language, version, anchor and query of the address make no difference.

    >>> named_by("http://www.arxiv.org/pdf/1706.03762v5.pdf#page=3")
    ('arxiv', '1706.03762')
    """
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").removeprefix("www.").rstrip(".")
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or host not in _NAMED:
        return None
    namespace, pattern = _NAMED[host]
    match = pattern.fullmatch(unquote(parts.path).rstrip("/"))
    return _normal(namespace, match[1]) if match else None


def _normal(namespace: str, value: str) -> tuple[str, str]:
    match namespace:
        case "aiid":
            return namespace, str(int(value))
        case "avid" | "atlas":
            return namespace, value.upper()
        case "arxiv":
            return namespace, re.sub(r"\.[a-z]{2}/", "/", value.lower())
        case "doi" if number := _DOI_OF_ARXIV.fullmatch(value.lower()):
            return _normal("arxiv", number[1])
        case _:
            return namespace, value.lower()
