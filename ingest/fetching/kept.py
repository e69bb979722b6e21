"""Pages as they were fetched, so that what is in them can be read again without the network.

A page lies in a folder of its address: `page.json` says what the server said, and names the file with the content by
its digest. Of one address the last content is kept. The whole folder may be removed; pages are then fetched again.
"""

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path

# What later readers ask for. A cookie is nobody's business, and stays out.
HEADERS = frozenset(
    {
        "content-type",
        "content-language",
        "content-disposition",
        "content-location",
        "date",
        "etag",
        "last-modified",
        "link",
        "x-robots-tag",
    }
)


@dataclass(frozen=True)
class Page:
    """A page as it was fetched. `address` was asked for, `url` is where it was found after redirects. `file` holds the
    content on this machine."""

    address: str
    url: str
    status: int
    headers: dict[str, str]
    fetched: datetime
    file: Path

    @property
    def content(self) -> bytes:
        """Raises OSError when the file was removed meanwhile."""
        return self.file.read_bytes()

    @property
    def media_type(self) -> str:
        """As the server says, in lower case without parameters: 'text/html'; '' when it says nothing."""
        return self._type.get_content_type() if self.headers.get("content-type") else ""

    @property
    def charset(self) -> str:
        """As the server says, or ''."""
        return (self._type.get_content_charset() or "") if self.headers.get("content-type") else ""

    @property
    def _type(self) -> Message:
        message = Message()
        message["content-type"] = " ".join(self.headers["content-type"].split())
        return message

    def age_s(self) -> float:
        return (datetime.now(UTC) - self.fetched).total_seconds()


class Kept:
    """The pages under `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, address: str) -> Page | None:
        """What was last fetched from this very address; None when nothing was, or it is damaged."""
        folder = self._place(address)
        try:
            said = json.loads((folder / "page.json").read_text(encoding="utf-8"))
            page = Page(
                address=said["address"],
                url=said["url"],
                status=said["status"],
                headers=said["headers"],
                fetched=datetime.fromisoformat(said["fetched"]),
                file=folder / Path(said["sha256"]).name,
            )
            intact = page.file.stat().st_size == said["size"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return page if intact and page.address == address else None

    def keep(self, address: str, url: str, status: int, headers: Mapping[str, str], content: bytes) -> Page:
        """Keep what came, in place of what was kept of this address before. Raises OSError when it cannot be."""
        folder = self._place(address)
        folder.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256(content).hexdigest()
        file = folder / digest
        kept = {name: value for name, value in headers.items() if name in HEADERS}
        page = Page(address, url, status, kept, datetime.now(UTC), file)
        with (folder / ".lock").open("w") as lock:  # two at once would each remove what the other just wrote
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not file.exists() or file.stat().st_size != len(content):
                _write(file, content)
            self._say(page, digest, len(content))
            for other in folder.iterdir():
                if other.name not in (digest, "page.json") and not other.name.startswith("."):
                    other.unlink(missing_ok=True)
        return page

    def confirm(self, page: Page) -> Page:
        """The server says that `page` is as it was: it is as good as fetched now."""
        fresh = Page(page.address, page.url, page.status, page.headers, datetime.now(UTC), page.file)
        self._say(fresh, page.file.name, page.file.stat().st_size)
        return fresh

    def _say(self, page: Page, digest: str, size: int) -> None:
        said = asdict(page) | {"fetched": page.fetched.isoformat(), "sha256": digest, "size": size}
        del said["file"]
        text = json.dumps(said, ensure_ascii=False, indent=1)
        _write(page.file.parent / "page.json", text.encode("utf-8", errors="replace"))

    def _place(self, address: str) -> Path:
        key = hashlib.sha256(address.encode("utf-8", errors="replace")).hexdigest()
        return self._folder / key[:2] / key


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: a reader never sees half a file."""
    descriptor, draft = tempfile.mkstemp(prefix=".", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(draft, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft)
        raise
