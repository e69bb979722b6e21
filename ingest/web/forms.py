"""The form in which somebody says what is to be imported."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django import forms
from django.core import signing

from ingest.sources import SourceError
from ingest.sources.base import read_map
from ingest.web import uploads
from ingest.web.asking import OFFERED, NotAllowed, NotTold, location_for, source_for
from kb.job_words import source_label
from kb.kinds import KINDS

SALT = "ingest.held"
LABELS = {
    "aiaaic": "AIAAIC sheet",
    "aiid": "AI Incident Database: snapshot, Excel export or OECD links",
    "atlas": "MITRE ATLAS",
    "avid": "AVID",
    "csv": "CSV table",
    "feed": "RSS or Atom feed",
    "jsonl": "JSON lines",
    "links": "Page of links, bookmarks, Zotero export",
    "markdown": "Markdown notes",
    "pdf": "Papers (PDF)",
    "url": "Web pages by address",
    "xlsx": "Excel table",
}
BARE = re.compile(r"(?i)[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}(/|$)")  # an address without https://, as people type it
EMPTY = ("", "as the source says")


class ImportForm(forms.Form):
    """One of a file, an address and a path; which source reads it; and what the source may be told.

    When it is valid, `location`, `source` and `options` are in `cleaned_data`.
    """

    file = forms.FileField(required=False, label="File")
    held = forms.CharField(required=False, widget=forms.HiddenInput)
    address = forms.CharField(required=False, max_length=4000, label="Address")
    path = forms.CharField(required=False, max_length=1000, label="Path on the server")
    source = forms.ChoiceField(required=False, label="What it is")
    kind = forms.ChoiceField(required=False, label="Kind of entry")
    status = forms.ChoiceField(
        required=False, choices=[EMPTY, ("draft", "Drafts"), ("published", "Published")], label="State"
    )
    visibility = forms.ChoiceField(
        required=False, choices=[EMPTY, ("public", "Public"), ("internal", "Internal")], label="Who may see them"
    )
    namespace = forms.CharField(required=False, max_length=40, label="Namespace of its ids")
    sheet = forms.CharField(required=False, max_length=100, label="Sheet of the workbook")
    title = forms.CharField(required=False, max_length=2000, label="Which column is the title?")
    map = forms.CharField(
        required=False, max_length=20_000, label="Columns", widget=forms.Textarea(attrs={"rows": 3, "cols": 40})
    )

    def __init__(self, user: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.asks_for_title = False
        sources = [(name, LABELS.get(name) or source_label(name)) for name in OFFERED]
        self.fields["source"].choices = [("", "Find out"), *sources]  # type: ignore[attr-defined]
        self.fields["kind"].choices = [EMPTY, *((kind, info.label) for kind, info in KINDS.items())]  # type: ignore[attr-defined]

    def ask_for_title(self, columns: Sequence[str]) -> None:
        """Let one of the table's columns be chosen, as none of their names says that it is the title."""
        choices = [("", "Choose"), *((column, column) for column in columns)]
        self.fields["title"].widget = forms.Select(choices=choices)
        self.fields["title"].widget.attrs |= {"required": True}
        self.asks_for_title = True
        self.add_error("title", "The names of the columns do not say it. The others can be chosen in the preview.")

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"].strip()
        return f"https://{address}" if BARE.match(address) else address

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        stored, held = said.get("file"), held_file(said.get("held", ""))
        given = [place for place in (stored or held, said.get("address"), said.get("path")) if place]
        if len(given) != 1:
            if not self.errors:
                self.add_error(None, "Give one of a file, an address and a path." if given else "Say what to import.")
            return said
        try:
            if stored or held:
                location = str(stored.path if stored else held)
            else:
                location = location_for(self.user, said["address"] or said["path"])
            said["location"] = location
            said["source"] = self._source(said, location)
            said["options"] = self._options(said)
        except (SourceError, NotAllowed) as error:
            self.add_error(None, sentence(error))
        return said

    @property
    def upload(self) -> Path | None:
        """The file that was sent with this form, or with an earlier one that had something wrong with it."""
        stored = self.cleaned_data.get("file") if hasattr(self, "cleaned_data") else None
        return stored.keep() if stored else held_file(self["held"].value() or "")

    def _source(self, said: dict[str, Any], location: str) -> str:
        try:
            return source_for(said.get("source", ""), location)
        except NotTold as error:
            self.add_error("source", f"It cannot be told what {error.name} is. Choose it here.")
            return ""

    def _options(self, said: dict[str, Any]) -> dict[str, Any]:
        names = ("kind", "status", "visibility", "namespace", "sheet")
        options = {name: said[name].strip() for name in names if said.get(name, "").strip()}
        if lines := [line for line in said.get("map", "").splitlines() if line.strip()]:
            options["map"] = read_map(lines)
        if said.get("title"):
            options["map"] = {**options.get("map", {}), "title": said["title"]}
        return options


def sentence(error: Exception) -> str:
    """An error as a page says it: `there is no file x` → `There is no file x.`"""
    text = str(error)
    first = text.partition(" ")[0].rstrip(",:;")
    text = text[:1].upper() + text[1:] if first.isalpha() else text  # names of files and addresses are what they are
    return text + ("" if text.endswith((".", "!", "?")) else ".")


def hold(path: Path) -> str:
    """A word for a sent file, with which the form can be sent again without it; nobody else can make one."""
    return signing.dumps(f"{path.parent.name}/{path.name}", salt=SALT)


def held_file(word: str) -> Path | None:
    """The file that `hold` gave the word for; None where there is none, or no more."""
    try:
        name: str = signing.loads(word, salt=SALT, max_age=uploads.KEPT) if word else ""
    except signing.BadSignature:
        return None
    path = uploads.folder() / name
    return path if name and uploads.is_upload(str(path)) and path.is_file() else None
