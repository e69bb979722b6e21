"""Where the tables of the AI Incident Database may lie: in a snapshot's archive, its unpacked folder, or a file."""

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ingest.sources import archives
from ingest.sources.aiid.links import LINK_COLUMNS, LinkTables
from ingest.sources.aiid.rows import COLUMNS, SnapshotTables
from ingest.sources.aiid.tables import Tables
from ingest.sources.aiid.workbook import WorkbookTables
from ingest.sources.base import SourceError
from ingest.sources.files import OLE, ZIP

ROOT = "mongodump_full_snapshot"
# The database's dump lies in a folder of its own; others lie beside it, with tables of the same names.
DUMP = "aiidprod"
OTHER_DUMPS = ("translations", "history", "customData", "auth", "admin")
TABLE = re.compile(rf"(?:(?:{'|'.join(COLUMNS)})\.(?:bson|csv)|classifications_[\w.-]{{1,60}}\.csv)(?:\.gz)?")


def check(path: Path) -> None:
    """Look at the start of what lies at `path`, or at a list of links; SourceError when it is nothing to be read."""
    if not os.access(path, os.R_OK):
        raise SourceError(f"{path} may not be read by this user; change its permissions")
    if path.is_dir():
        if not _has_incidents(_unpacked(path)):
            raise _no_incidents(path)
    elif is_list_of_links(path):
        LinkTables(path).check()
    elif not is_table(path) and not _is_workbook(path):
        archives.check(path)


def tables_at(path: Path, scratch: Path | None) -> Tables:
    """The tables of the snapshot, workbook or list of links at `path`; archives are unpacked below `scratch`."""
    if is_list_of_links(path):
        return LinkTables(path)
    if path.is_file() and _is_workbook(path):
        return WorkbookTables(path)
    if is_table(path):
        return SnapshotTables({path.name: path})
    found = _unpacked(path) if path.is_dir() else archives.copy_out(path, wanted, scratch, "aiid-")
    if not _has_incidents(found):
        raise _no_incidents(path)
    return SnapshotTables(found)


def files_at(path: Path) -> list[Path]:
    """What the fingerprint of the location is made from."""
    return [file for _, file in sorted(_unpacked(path).items())] if path.is_dir() else [path]


def wanted(member: str) -> str:
    """The name of the file that this path in the archive is, or ''.

    >>> [wanted(f"mongodump_full_snapshot/{folder}/reports.bson") for folder in ("aiidprod", "translations")]
    ['reports.bson', '']
    """
    *folders, name = PurePosixPath(member).parts
    folder = folders[-1] if folders else ""
    if not TABLE.fullmatch(name) or len(folders) > 3:
        return ""
    if folder == DUMP:
        return name if ".bson" in name else ""
    return name if folder == ROOT or (len(folders) < 2 and folder not in OTHER_DUMPS) else ""


def _unpacked(path: Path) -> dict[str, Path]:
    for folder in (path, path / ROOT, *sorted(path.glob(f"*/{ROOT}")), *sorted(path.glob(f"*/*/{ROOT}"))):
        found = dict(_tables_in(folder)) | dict(_tables_in(folder / DUMP))
        if found:
            return found
    return {}


def _tables_in(folder: Path) -> Iterator[tuple[str, Path]]:
    if folder.is_dir():
        for file in folder.iterdir():
            if TABLE.fullmatch(file.name) and file.is_file():
                yield file.name, file


def _has_incidents(files: dict[str, Path]) -> bool:
    return any(file.stat().st_size for name, file in files.items() if name.startswith("incidents."))


def _no_incidents(path: Path) -> SourceError:
    return SourceError(
        f"{path} holds neither incidents.csv nor incidents.bson; "
        f"give the backup-….tar.bz2 of the AI Incident Database, or its unpacked {ROOT} folder"
    )


def is_table(path: Path) -> bool:
    """Whether the file is a snapshot's table of incidents alone."""
    return path.is_file() and TABLE.fullmatch(path.name) is not None and path.name.startswith("incidents.")


def is_list_of_links(path: Path) -> bool:
    """Whether the file begins as JSON does, or with the columns of that list."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        start = file.read(256).removeprefix(b"\xef\xbb\xbf").lstrip()
    return start.startswith((b"[", b"{")) or all(name.encode() in start.partition(b"\n")[0] for name in LINK_COLUMNS)


def _is_workbook(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(8)
    return start == OLE or (start.startswith(ZIP) and archives.holds(path, lambda name: name.startswith("xl/")))
