"""Bookmarks as browsers export them (the Netscape format), and OPML: links in folders, which become tags."""

import html
import re
from collections.abc import Iterator
from io import BytesIO

from lxml import etree

from ingest.records import clean_line
from ingest.sources.base import SourceError
from ingest.sources.links.found import Found
from ingest.sources.works import work_ids

ELEMENT = re.compile(r"<(/?)(h[1-6]|dl|dt|dd|a)\b((?:[^<>\"']|\"[^\"]*+\"|'[^']*+')*+)>", re.IGNORECASE)
ATTRIBUTE = re.compile(r"([\w-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
# What browsers call the folders that everybody has.
ROOTS = {
    *("bookmarks", "bookmarks bar", "bookmarks toolbar", "bookmarks menu", "other bookmarks", "mobile bookmarks"),
    *("favorites", "favorites bar", "favourites", "imported", "unsorted bookmarks", "reading list", "unfiled"),
}
MAX_DEPTH = 200


def read_netscape(text: str, notices: list[str]) -> Iterator[Found]:
    """Each `<A HREF=…>` under the names of its folders, with its `TAGS`, and the `<DD>` after it as a note."""
    folders: list[str] = []
    heading = ""
    current: Found | None = None
    skipped = 0
    number = 0
    elements = list(ELEMENT.finditer(text))
    for place, match in enumerate(elements):
        closing, name = bool(match[1]), match[2].lower()
        end = elements[place + 1].start() if place + 1 < len(elements) else len(text)
        said = clean_line(html.unescape(re.sub(r"<[^<>]*>", "", text[match.end() : end])))
        if name == "dl" and not closing:
            folders.append(heading)
            heading = ""
        elif name == "dl":
            folders = folders[:-1]
        elif name.startswith("h") and not closing:
            heading = said
        elif name == "dd" and not closing and current:
            current.body = said
        elif name == "a" and not closing:
            if current:
                yield current
            current = None
            number += 1
            attributes = _attributes(match[3])
            url = attributes.get("href", "").strip()
            if not re.match(r"https?://", url, re.IGNORECASE):
                skipped += 1
                continue
            tags = [tag.strip() for tag in attributes.get("tags", "").split(",") if tag.strip()]
            current = Found(f"bookmark {number}", url, said, [*_names(folders), *tags], ids=work_ids(url))
    if current:
        yield current
    if skipped:
        notices.append(f"{skipped} bookmarks that lead to no web address (javascript:, place:, file:) were left out")


def read_opml(raw: bytes, notices: list[str]) -> Iterator[Found]:
    """Each outline with an address, under the names of those it stands in. A feed's page goes before the feed."""
    folders: list[str] = []
    number = skipped = 0
    # Entities are not resolved and nothing is fetched; libxml2 itself refuses what nests too deep or expands too far.
    events = etree.iterparse(
        BytesIO(raw), events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        for event, element in events:
            if event == "start" and element.getroottree().docinfo.internalDTD is not None:
                raise SourceError(
                    "the OPML declares a document type of its own, which is not read; remove <!DOCTYPE …>"
                )
            if _name(element) != "outline":
                continue
            if event == "end":
                folders.pop()
                element.clear()
                continue
            said = {key.lower(): value for key, value in element.attrib.items()}
            title = clean_line(said.get("title") or said.get("text") or "")
            folders.append(title)
            if len(folders) > MAX_DEPTH:
                raise SourceError(f"the OPML nests deeper than {MAX_DEPTH} outlines")
            addresses = [said[key] for key in ("htmlurl", "url", "link", "xmlurl") if said.get(key, "").strip()]
            urls = [url.strip() for url in addresses if re.match(r"\s*https?://", url, re.IGNORECASE)]
            skipped += bool(addresses) and not urls
            if urls:
                number += 1
                yield _outline(f"outline {number}", title, urls, said, folders[:-1])
    except etree.XMLSyntaxError as error:
        if not number:
            raise SourceError(f"the OPML cannot be read: {str(error)[:200]}") from None
        notices.append(f"the OPML is damaged, and what follows outline {number} could not be read: {str(error)[:200]}")
    if skipped:
        notices.append(f"{skipped} outlines that lead to no web address were left out")


def _outline(where: str, title: str, urls: list[str], said: dict[str, str], folders: list[str]) -> Found:
    categories = [part.strip("/ ") for part in said.get("category", "").split(",") if part.strip("/ ")]
    return Found(
        where,
        urls[0],
        title,
        [*_names(folders), *categories],
        published=said.get("created", "") if said.get("type", "").lower() not in ("rss", "atom") else "",
        language=said.get("language", ""),
        summary=clean_line(said.get("description", "")),
        body=said.get("_note", "").strip(),
        references=[{"url": url, "title": f"{title} (feed)"} for url in urls[1:]],
        ids=work_ids(urls[0]),
    )


def _names(folders: list[str]) -> list[str]:
    return [name for name in folders if name and name.lower() not in ROOTS]


def _attributes(text: str) -> dict[str, str]:
    return {m[1].lower(): html.unescape(m[2] or m[3] or m[4] or "") for m in ATTRIBUTE.finditer(text)}


def _name(element: etree._Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1].lower()
