"""A note with all that notes hold, in a real browser."""

import struct
import zlib

import pytest
from playwright.sync_api import Page, expect

from kb import files
from kb.models import Attachment
from tests.factories import make_entry

pytestmark = pytest.mark.usefixtures("transactional_db")

BODY = """## Rings

![Two colours|40](files/My%20rings.png)

> [!warning]- Mind the *heartwood*
> Dry wood lies about $n = 2$ years.

See [the bark](/known-as/markdown/Garden/trees/Elm.md#s-bark) and [[Beech|a note not written yet]].
"""


def picture(width: int, height: int) -> bytes:
    """A PNG of one grey."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x80" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.fixture
def oak(tmp_path, transactional_db):
    """An entry with a picture of 4 by 2 points, and a callout that is folded."""
    make_entry(kind="note", slug="elm", body="text\n\n" * 80 + "## Bark\n", ids={"markdown": "Garden/trees/Elm.md"})
    path = tmp_path / "rings.png"
    path.write_bytes(picture(4, 2))
    entry = make_entry(kind="note", slug="trees/oak", body=BODY)
    fields = {"name": "My rings.png", "media_type": "image/png", "sha256": files.store(path)}
    Attachment.objects.create(entry=entry, size=path.stat().st_size, **fields)
    return entry


def test_a_picture_a_callout_and_a_link_to_a_note(page: Page, live_server, oak):
    page.goto(f"{live_server.url}{oak.get_absolute_url()}")

    shown = page.get_by_role("img", name="Two colours")
    expect(shown).to_be_visible()
    assert shown.evaluate("image => [image.naturalWidth, image.naturalHeight, image.width]") == [4, 2, 40]
    inside = page.get_by_text("Dry wood lies about")
    expect(inside).to_be_hidden()
    page.get_by_text("Mind the heartwood").click()
    expect(inside).to_be_visible()
    expect(page.locator(".callout .katex")).to_be_visible()
    expect(page.locator(".no-note")).to_have_text("a note not written yet")

    page.get_by_role("link", name="the bark").click()

    expect(page).to_have_url(f"{live_server.url}/entries/elm/#s-bark")
    expect(page.get_by_role("heading", name="Bark")).to_be_in_viewport()


def test_a_picture_that_is_opened_alone_is_a_picture(page: Page, live_server, oak):
    response = page.goto(f"{live_server.url}/entries/trees/oak/files/My%20rings.png")

    assert response is not None
    assert (response.status, response.header_value("content-type")) == (200, "image/png")
