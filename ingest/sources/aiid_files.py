"""The files of an AIID snapshot: found in an unpacked folder, or copied out of its archive into a scratch folder."""

import lzma
import tarfile
import tempfile
import weakref
import zlib
from pathlib import Path, PurePosixPath
from shutil import rmtree
from typing import IO

from ingest.sources.base import SourceError

# What is read, by its path below the snapshot's folder. CSV files lie at the top, the database dump in its own folder.
TABLES = ("incidents.csv", "reports.csv", "duplicates.csv")
DUMPS = ("incidents.bson", "reports.bson", "duplicates.bson", "entities.bson")
MAX_FILE = 2_000_000_000  # bytes of one file that is read
MAX_TOTAL = 8_000_000_000  # bytes of everything in the archive
MAX_MEMBERS = 100_000
CHUNK = 1 << 20
DAMAGE = (tarfile.TarError, EOFError, OSError, zlib.error, lzma.LZMAError, ValueError)


def check(path: Path) -> None:
    """Look at no more than the start of an archive; SourceError when it is none, or a folder has no snapshot."""
    if path.is_dir():
        files_in(path, None)
        return
    try:
        with tarfile.open(path, "r|*") as archive:
            archive.next()
    except DAMAGE as error:
        raise _damaged(path, error) from error


def files_in(path: Path, scratch: Path | None) -> dict[str, Path]:
    """Name (`incidents.csv`) -> file of what the snapshot at `path` holds; empty files count as missing."""
    found = _unpacked(path) if path.is_dir() else _from_archive(path, scratch)
    for name in [name for name, file in found.items() if not file.stat().st_size]:
        del found[name]
    if "incidents.bson" not in found and "incidents.csv" not in found:
        raise SourceError(
            f"{path} holds neither incidents.csv nor incidents.bson; "
            "give the backup-….tar.bz2 of the AI Incident Database, or its unpacked mongodump_full_snapshot folder"
        )
    return found


def wanted(member: str) -> str:
    """The name of the file that this path in the archive is, or ''.

    >>> wanted("./mongodump_full_snapshot/aiidprod/entities.bson")
    'entities.bson'
    """
    parts = [part for part in PurePosixPath(member).parts if part != "."]
    if not parts or ".." in parts or len(parts) > 3:
        return ""
    folders = parts[:-1]
    is_dump = bool(folders) and folders[-1] == "aiidprod"
    return parts[-1] if parts[-1] in (DUMPS if is_dump else TABLES) else ""


def _unpacked(path: Path) -> dict[str, Path]:
    for folder in (path, path / "mongodump_full_snapshot"):
        dump = folder if folder.name == "aiidprod" else folder / "aiidprod"
        found = {name: folder / name for name in TABLES if (folder / name).is_file()}
        found |= {name: dump / name for name in DUMPS if (dump / name).is_file()}
        if found:
            return found
    return {}


def _from_archive(path: Path, scratch: Path | None) -> dict[str, Path]:
    """Copy the wanted members out in one pass, under names of our own: no path of the archive reaches the disk."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="aiid-", dir=scratch))
    except OSError as error:
        raise SourceError(f"cannot make a temporary folder in {scratch or tempfile.gettempdir()}: {error}") from error
    found: dict[str, Path] = {}
    try:
        with tarfile.open(path, "r|*") as archive:
            total = 0
            for number, member in enumerate(archive):
                total += member.size
                if total > MAX_TOTAL or number > MAX_MEMBERS:
                    raise SourceError(f"{path} unpacks to more than {MAX_TOTAL:,} bytes or {MAX_MEMBERS:,} files")
                archive.members = []  # type: ignore[attr-defined]  # tarfile remembers every member it has passed
                name = wanted(member.name)
                if not name or not member.isreg():
                    continue
                if name in found:
                    raise SourceError(f"{path} holds {name} twice; unpack it and give the folder that is meant")
                found[name] = folder / name
                _copy(archive.extractfile(member), found[name], path)
    except SourceError:
        rmtree(folder, ignore_errors=True)
        raise
    except DAMAGE as error:
        rmtree(folder, ignore_errors=True)
        raise _damaged(path, error) from error
    except BaseException:
        rmtree(folder, ignore_errors=True)
        raise
    return _Spooled(found, folder)


def _damaged(path: Path, error: Exception) -> SourceError:
    return SourceError(f"{path} is not a .tar.bz2 archive, or is damaged ({error}); download the snapshot again")


class _Spooled(dict[str, Path]):
    """Files in a temporary folder, which goes when nobody holds them any more, and at exit."""

    def __init__(self, files: dict[str, Path], folder: Path) -> None:
        super().__init__(files)
        weakref.finalize(self, rmtree, folder, ignore_errors=True)


def _copy(source: IO[bytes] | None, target: Path, path: Path) -> None:
    size = 0
    with target.open("xb") as file:
        while source and (chunk := source.read(CHUNK)):
            size += len(chunk)
            if size > MAX_FILE:
                raise SourceError(f"{target.name} in {path} is larger than {MAX_FILE:,} bytes")
            file.write(chunk)
