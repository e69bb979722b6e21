"""What lies in a folder of notes: notes, pictures, and what is passed over."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ingest.records import BadRecord
from ingest.sources.base import SourceError
from ingest.sources.markdown.pictures import is_picture

SUFFIXES = (".md", ".markdown")
SETTINGS = ".obsidian"  # the folder that makes a folder a vault
NO_TEXT = (".canvas", ".base", ".excalidraw.md")  # Obsidian's own kinds of files that are no notes
MAX_SETTINGS = 1_000_000  # bytes
# Where the core plugin and the one that most use instead of it keep the folder of their templates.
TEMPLATES = (("templates.json", "folder"), ("plugins/templater-obsidian/data.json", "templates_folder"))
USUAL_TEMPLATES = ("templates", "_templates")
FEW = 5000  # files that are looked at around a note that is read alone


@dataclass
class Listing:
    """Notes and pictures as paths below the folder, in the order of these paths; what cannot be read; what was left
    out, by kind."""

    notes: list[PurePosixPath] = field(default_factory=list)
    pictures: list[PurePosixPath] = field(default_factory=list)
    refused: list[BadRecord] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def is_vault(folder: Path) -> bool:
    return (folder / SETTINGS).is_dir()


def vault_of(note: Path) -> Path | None:
    """The nearest folder above a note that is a vault."""
    return next((folder for folder in note.parents if is_vault(folder)), None)


def listing(root: Path, *, near: bool = False) -> Listing:
    """What lies below `root`; with `near`, a few files of it and of its own folders only.

    Names that begin with a dot, templates and what leads out of the folder are passed over. SourceError when the
    folder itself cannot be read.
    """
    found = Listing()
    templates = _templates(root)
    for path in _files(root, found, near=near):
        below = PurePosixPath(path.relative_to(root).as_posix())
        name = path.name.lower()
        if is_picture(name):
            if not path.is_symlink() or _inside(path, root):
                found.pictures.append(below)
        elif name.endswith(NO_TEXT):
            found.left_out[next(suffix for suffix in NO_TEXT if name.endswith(suffix))] += 1
        elif name.endswith(SUFFIXES):
            if any(below.as_posix().lower().startswith(f"{folder.lower()}/") for folder in templates):
                found.left_out["template"] += 1
            elif path.is_symlink() and not _inside(path, root):
                found.refused.append(_leads_out(below))
            # A pipe or a device could be waited on for ever.
            elif path.is_file():
                found.notes.append(below)
            else:
                found.refused.append(BadRecord(key=below.as_posix(), reason="not a regular file"))
    found.notes.sort(key=lambda path: path.parts)
    found.pictures.sort(key=lambda path: path.parts)
    return found


def _files(root: Path, found: Listing, *, near: bool) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        folder = Path(error.filename or root)
        if folder == root:
            raise SourceError(f"cannot read {folder}: {error.strerror}; change its permissions") from error
        key = folder.relative_to(root).as_posix()
        found.refused.append(BadRecord(key=key, reason=f"the folder cannot be read: {error.strerror}"))

    seen = 0
    for folder, folders, files in os.walk(root, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            path = Path(folder, name)
            if path.is_symlink() and not _inside(path, root):
                found.refused.append(_leads_out(PurePosixPath(path.relative_to(root).as_posix())))
        if near and Path(folder) != root:
            folders.clear()
        for name in sorted(files):
            seen += 1
            if near and seen > FEW:
                return
            if not name.startswith("."):
                yield Path(folder, name)


def _inside(path: Path, root: Path) -> bool:
    """Whether a symbolic link leads to something below `root`."""
    try:
        return path.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):
        return False


def _leads_out(path: PurePosixPath) -> BadRecord:
    reason = "a symbolic link that leads out of the folder, or nowhere, is not followed"
    return BadRecord(key=path.as_posix(), reason=reason)


def _templates(root: Path) -> list[str]:
    """The folders, relative to a vault, that hold templates and no notes."""
    if not is_vault(root):
        return []
    folders = []
    for name, key in TEMPLATES:
        path = root / SETTINGS / name
        try:
            if path.stat().st_size > MAX_SETTINGS:
                continue
            stated = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError):
            continue
        if isinstance(stated, dict) and isinstance(folder := stated.get(key), str) and folder.strip("/ "):
            folders.append(folder.strip("/ "))
    return folders or [name for name in os.listdir(root) if name.lower() in USUAL_TEMPLATES]
