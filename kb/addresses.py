"""Addresses of references: one article has many spellings, and they must meet."""

from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

TRACKING = {"fbclid", "gclid", "mc_cid", "mc_eid", "igshid", "ref_src", "cmpid", "smid"}


def canonical_url(url: str) -> str:
    """The form under which two spellings of the same address are equal.

    Scheme and host in lower case, https for http, no default port, fragment, `www.`, tracking parameters or closing
    slash; parameters sorted; an arXiv PDF becomes its abstract. Only for comparing: links go to the address as given.

    >>> canonical_url("HTTP://www.Example.org:80/a/?utm_source=x&b=2&a=1#top")
    'https://example.org/a?a=1&b=2'
    """
    parts = urlsplit(url.strip())
    host = (parts.hostname or "").removeprefix("www.").rstrip(".")
    if ":" in host:
        host = f"[{host}]"
    if parts.port and parts.port not in (80, 443):
        host = f"{host}:{parts.port}"
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~-._").rstrip("/")
    if host == "arxiv.org" and path.startswith("/pdf/"):
        path = "/abs/" + path.removeprefix("/pdf/").removesuffix(".pdf")
    query = sorted(
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name.lower() not in TRACKING and not name.lower().startswith("utm_")
    )
    scheme = "https" if parts.scheme.lower() in ("http", "https") else parts.scheme.lower()
    return urlunsplit((scheme, host, path, urlencode(query), ""))
