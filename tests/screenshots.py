"""Pictures of every page of a running instance, in light, in dark and on a phone, to be looked at.

    python -m tests.screenshots http://127.0.0.1:8000 --to DIR
    python -m tests.screenshots http://127.0.0.1:8000 --to DIR --only search --also /search/saved/abc/

It only reads. Of what there are many of, entries, entities, categories, it takes the last in the sitemap. A page that
does not answer 200, or is wider than its window, is told, and the exit status is 1.
"""

import argparse
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

from playwright.sync_api import Browser, sync_playwright

from tests.services import launch_options, service

LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"
LOOKS = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "is_mobile": True, "has_touch": True},
}
# Besides those in the sitemap.
PAGES = {
    "incidents-compact": "/incidents/?view=compact",
    "incidents-table": "/incidents/?view=table",
    "incidents-none": "/incidents/?since=1901&until=1901",
    "map-region": "/map/?left=0&right=400&top=200&bottom=700",
    "search-found": "/search/?q=a+support+chatbot+that+can+issue+refunds",
    "search-nothing": "/search/?q=zzzz&mode=keyword",
    "precedents-found": "/precedents/?text=a+support+chatbot+that+can+issue+refunds",
    "questions": "/notes/questions/",
    "compare": "/compare/",
    "compare-entities": "/compare/entities/",
    "status": "/status/",
    "quality": "/status/quality/",
    "not-here": "/no-such-page/",
}
TALLEST = 6000  # pixels; what is further down is left out


def pages(site: str) -> dict[str, str]:
    """Name of the picture -> path: every page of its own, and one of each sort."""
    found: dict[str, str] = {}
    for part in _addresses(f"{site}/sitemap.xml"):
        section = urlsplit(part).path.removeprefix("/sitemap-").removesuffix(".xml")
        paths = [urlsplit(one).path for one in _addresses(part)]
        if section == "pages":
            found |= {path.strip("/").replace("/", "-") or "home": path for path in paths}
        elif paths:
            found[f"one-of-{section}"] = paths[-1]
            if section in ("incidents", "case-studies", "notes"):
                found[f"one-of-{section}-history"] = f"{paths[-1]}history/"
    slugs = [found[name].split("/")[-2] for name in ("one-of-incidents", "one-of-case-studies") if name in found]
    if len(slugs) == 2:
        found["compared"] = f"/compare/?a={slugs[0]}&b={slugs[1]}"
    return found | PAGES


def take(browser: Browser, site: str, wanted: dict[str, str], to: Path) -> Iterator[str]:
    """Take the pictures; yields what is wrong with pages, in words."""
    for look, options in LOOKS.items():
        context = browser.new_context(**options)  # type: ignore[arg-type]
        page = context.new_page()
        for name, path in wanted.items():
            answer = page.goto(f"{site}{path}", wait_until="networkidle")
            status = answer.status if answer else 0
            if status != (404 if name == "not-here" else 200):
                yield f"{name}: {path} is answered with {status}"
            width, height = page.evaluate("[document.documentElement.scrollWidth, document.body.scrollHeight]")
            if width > options["viewport"]["width"]:  # type: ignore[index]
                yield f"{name}, {look}: {width} pixels wide"
            size = {"x": 0, "y": 0, "width": options["viewport"]["width"], "height": min(height, TALLEST)}  # type: ignore[index]
            page.screenshot(path=to / f"{name}-{look}.png", full_page=True, clip=size)  # type: ignore[arg-type]
        context.close()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__.partition("\n")[0])
    parser.add_argument("site", help="address of a running instance, such as http://127.0.0.1:8000")
    parser.add_argument("--to", type=Path, required=True, help="folder for the pictures; made if missing")
    parser.add_argument("--only", default="", help="only pages with this in their names")
    parser.add_argument("--also", action="append", default=[], help="one more path, such as that of a saved search")
    asked = parser.parse_args(arguments)
    site = asked.site.rstrip("/")
    wanted = pages(site) | {path.strip("/").replace("/", "-"): path for path in asked.also}
    wanted = {name: path for name, path in wanted.items() if asked.only in name or path in asked.also}
    chromium = service("chromium")
    if chromium.problem:
        print(chromium.problem)
        return 2
    asked.to.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        wrong = list(take(playwright.chromium.launch(**launch_options(chromium.address)), site, wanted, asked.to))
    print("\n".join([*wrong, f"{len(wanted) * len(LOOKS)} pictures in {asked.to}"]))
    return 1 if wrong else 0


def _addresses(sitemap: str) -> list[str]:
    with urllib.request.urlopen(sitemap, timeout=30) as answer:
        found = ElementTree.parse(answer).iter(LOC)
        return [one.text or "" for one in found]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
