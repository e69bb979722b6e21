"""Markdown notes: one file, or a folder of them, with front matter or as plain as people write them."""

import hashlib
import os
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from ingest.records import MAX_ITEMS, MAX_RELATION, BadRecord, LinkRecord, Record, clean_text, entry_or_bad, keep_valid
from ingest.sources.archives import copy_out, is_archive
from ingest.sources.base import Options, SourceError, slugify
from ingest.sources.files import fingerprint, local_path, read_text
from ingest.sources.markdown import front_matter, own_words
from ingest.sources.markdown.code import prose
from ingest.sources.markdown.folder import SETTINGS, SUFFIXES, Listing, is_vault, listing, vault_of
from ingest.sources.markdown.front_matter_fields import entry_fields, is_known, lower_keys, references_in
from ingest.sources.markdown.links import names_in, settle
from ingest.sources.markdown.pictures import is_picture
from ingest.sources.markdown.tags import inline_tags, unique, without_last_tags, without_tag_lines
from ingest.sources.markdown.vault import MAX_BYTES, Vault

EXPORTED = "precedent"  # the `format` of what this program exported: its front matter says all there is to say
SHOWN = 3  # examples in a notice
# A folder that a program made for the one file in it, as for what is sent or downloaded; its name says nothing.
MADE_UP = re.compile(r"[0-9a-f]{16,64}")
NOT_TAKEN = {
    ".canvas": "of .canvas, which hold no notes",
    ".base": "of .base, which hold no notes",
    ".excalidraw.md": "of .excalidraw.md, which hold no notes",
    "template": "in the folder of templates",
}


class MarkdownNotes:
    """Each `*.md` and `*.markdown` file under a folder, in the order of their paths, or the one file named.

    A note is known by the name of its folder and its path below, `notes/ml/attention.md`, in the namespace
    `markdown`: reading the same folder again, or one file of it alone, finds the same entries, also from a copy of the
    folder elsewhere, or in an archive. A note that was sent or downloaded alone has no folder: its file's name and its
    title tell it from others. Who keeps two folders of one name apart gives each its namespace; who renames
    files often gives them a `slug` in their front matter, which then is what they are known by.
    """

    name = "markdown"
    takes = frozenset({"kind", "namespace"})
    fetches = False
    what = "a Markdown file, or a folder or an archive of them"

    def __init__(self, location: str, options: Options, scratch: Path | None = None) -> None:
        self.options = options
        self.notices: list[str] = []
        self._unknown, self._examples = 0, list[str]()
        self.path = local_path(location, self.what)
        self._alone = self.path.is_file() and self.path.suffix.lower() in (*SUFFIXES, ".txt")
        self._archive = self.path.is_file() and not self._alone
        if self._archive:
            if not is_archive(self.path):
                raise SourceError(f"{self.path} is not a Markdown file; its name should end in .md or .markdown")
            self.root, self.root_name = self._unpacked(scratch)
        else:
            self.root = (vault_of(self.path) or self.path.parent) if self._alone else self.path
            self.root_name = self.root.name
        if self._alone:
            self._found = Listing(notes=[PurePosixPath(self.path.relative_to(self.root).as_posix())])
        else:
            self._found = listing(self.root)
        self.collection = None if self._alone else options.namespace or self.root_name
        if not self._found.notes and not self._found.refused:
            raise SourceError(f"{self.path} holds no .md or .markdown file; name the folder that does")

    def count(self) -> int:
        return len(self._found.refused) + len(self._found.notes)

    def fingerprint(self) -> str:
        if self._archive:
            return fingerprint([self.path])
        notes = fingerprint((self.root / note for note in self._found.notes), self.root)
        digest = hashlib.sha256(notes.encode())
        for picture in self._found.pictures:
            status = os.stat(self.root / picture)
            digest.update(f"{picture!r} {status.st_size} {status.st_mtime_ns}".encode(errors="surrogateescape"))
        return digest.hexdigest()

    def records(self) -> Iterator[Record]:
        self._unknown, self._examples = 0, []
        yield from self._found.refused
        for note in self._found.notes:
            yield self._record(note)
        self.notices = self._notices()

    def identity(self, relative: PurePosixPath, slug: str) -> tuple[str, str]:
        """The (namespace, value) that a file is known by; `slug` is its front matter's, or ''."""
        return self.options.namespace or self.name, slug or f"{self.root_name}/{relative}"

    def defaults(self) -> dict[str, Any]:
        """Fields of every entry of this source that its own file does not state."""
        return {"kind": self.options.kind or "note"}

    @cached_property
    def _vault(self) -> Vault:
        """What the notes may name: for a note alone, what its vault holds, or what lies about it."""
        around = self._found
        if self._alone:
            around = listing(self.root, near=not is_vault(self.root))
        return Vault(self.root, around.notes, around.pictures, self.identity)

    def _unpacked(self, scratch: Path | None) -> tuple[Path, str]:
        """The folder that the archive was made of, copied out, and its name; the archive's own where it is none."""
        self._copies = copy_out(self.path, _wanted, scratch, "notes-")
        if not self._copies:
            raise SourceError(f"{self.path} holds no .md or .markdown file; name the archive that does")
        folder = next(iter(self._copies.values()))
        for _ in PurePosixPath(next(iter(self._copies))).parts:
            folder = folder.parent
        folder = folder.resolve()
        tops = {PurePosixPath(name).parts[0] for name in self._copies}
        if len(tops) == 1 and (folder / (top := tops.pop())).is_dir():
            return folder / top, top
        return folder, self.path.name.split(".")[0]

    def _notices(self) -> list[str]:
        notices = [f"left out: {number} {NOT_TAKEN[kind]}" for kind, number in sorted(self._found.left_out.items())]
        if self._unknown:
            examples = ", ".join(self._examples)
            notices.append(f"links that lead to no note here stay text: {self._unknown}, such as {examples}")
        return notices

    def _record(self, note: PurePosixPath) -> Record:
        key = str(note)
        try:
            text, warnings = read_text(self.root / note, MAX_BYTES)
            block, rest = front_matter.split(clean_text(text))
            stated = lower_keys(front_matter.parse(block)) if block is not None else None
        except (OSError, ValueError) as error:
            return BadRecord(key=key, reason=str(error))
        fields = self.defaults()
        linked = settle(prose(rest), note, self._vault)
        warnings += linked.warnings
        links = linked.links
        if stated is None:
            fields["slug"] = slugify(str(note.with_suffix("")))
        else:
            named = {name: value for name, value in stated.items() if not is_known(name) and [*names_in(value)]}
            links = links + self._links_of(named, note, linked.unknown, warnings)
            fields |= entry_fields(stated, warnings, named) | {"slug": stated.get("slug") or slugify(note.stem)}
        exported = (stated or {}).get("format") == EXPORTED
        fields["attachments"] = linked.attachments
        fields["links"] = _once([*fields.get("links", []), *([] if exported else links)])
        if exported and fields.get("external_ids"):
            fields["body"] = linked.text.removeprefix("\n").removesuffix("\n")
            fields.pop("clipped", None)
            return entry_or_bad(key, **fields, warnings=warnings)
        _add_what_the_text_says(fields, linked.text, note.stem, warnings)
        own = self.identity(note, str((stated or {}).get("slug") or self._told_by_title(note, fields["title"])))
        fields["external_ids"] = [own, *fields.get("external_ids", [])]
        fields["tags"] = unique([*(fields.get("tags") or []), *inline_tags(linked.masked)])
        self._unknown += len(linked.unknown)
        self._examples += (f"{name[:100]!r} in {key}" for name in linked.unknown[: SHOWN - len(self._examples)])
        return entry_or_bad(key, **fields, warnings=warnings)

    def _told_by_title(self, note: PurePosixPath, title: object) -> str:
        """What a note is known by that came without its folder: its file's name and its title; '' where it has one."""
        if not self._alone or not MADE_UP.fullmatch(self.root_name):
            return ""
        return f"{note.name[-90:]}#{slugify(str(title))}"

    def _links_of(
        self, named: dict[str, Any], note: PurePosixPath, unknown: list[str], warnings: list[str]
    ) -> list[LinkRecord]:
        """Links to the notes that front matter names, each by the key it stands under: `parent: "[[Trees]]"`."""
        items = []
        for relation, value in named.items():
            for name in names_in(value):
                if target := self._vault.note(name, note):
                    items.append({"relation": relation[:MAX_RELATION], "target": self._vault.known_by(target)})
                else:
                    unknown.append(name)
        return keep_valid(LinkRecord, items, "link", warnings)


def _wanted(name: str) -> str:
    """The name itself of what is copied out of an archive of notes."""
    *folders, last = PurePosixPath(name).parts
    if SETTINGS in folders:
        return name if last.endswith(".json") else ""
    if "__MACOSX" in folders or any(part.startswith(".") for part in (*folders, last)):
        return ""
    return name if last.lower().endswith(SUFFIXES) or is_picture(last) else ""


def _once(links: list[LinkRecord]) -> list[LinkRecord]:
    return list({(link.relation, link.target): link for link in links}.values())


def _add_what_the_text_says(fields: dict[str, Any], text: str, stem: str, warnings: list[str]) -> None:
    """Fill in `fields` from the note's own words whatever front matter did not state."""
    fields["body"] = text.strip("\n").rstrip()
    if "title" not in fields:
        plain = own_words.read(text)
        fields |= {"title": without_last_tags(own_words.plain(plain.title)) or stem, "body": plain.body}
        fields.setdefault("tags", plain.tags)
        fields.setdefault("occurred", plain.created)
        warnings += plain.warnings
    body = fields["body"]
    fields.setdefault("summary", without_last_tags(own_words.summary(without_tag_lines(body))))
    clipped = fields.pop("clipped", [])
    if "references" not in fields:
        fields["references"] = [*clipped, *references_in(body, warnings)][:MAX_ITEMS]
    if fields["kind"] == "note" and (questions := own_words.questions(body)):
        fields["facts"] = {"questions": questions} | fields.get("facts", {})
