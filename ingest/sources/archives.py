"""Archives (.tar, .tar.gz, .tar.bz2, .tar.xz, .zip): the files that are wanted, copied out within bounds.

An archive says anything about itself, so nothing of it is believed: names reach the disk only as the caller spells
them, sizes are counted while they are read, and links, devices and all that leads out of a folder are passed over.
"""

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from shutil import rmtree
from typing import IO, Any

from ingest.sources import zip_directory
from ingest.sources.base import SourceError

CHUNK = 1 << 20
MAX_HEADER = 1 << 20  # bytes that may stand between two files of a tar archive: long names, attributes, sparse maps
XZ_MEMORY = 256 << 20  # bytes; the strongest setting of xz, -9, takes 65 million
RATIO_FREE = 100_000_000  # bytes that may come out of however few
DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    RecursionError,
    NotImplementedError,
)
KINDS = ".tar, .tar.gz, .tar.bz2, .tar.xz or .zip"


@dataclass(frozen=True)
class Limits:
    """What an archive may hold: files, bytes of all of them and of one, and bytes for each byte of the archive."""

    members: int = 100_000
    total: int = 8_000_000_000
    file: int = 2_000_000_000
    ratio: int = 500


class Spooled(dict[str, Path]):
    """Files by name in a temporary folder, which goes when nobody holds them any more, and at exit."""

    def __init__(self, scratch: Path | None, prefix: str) -> None:
        super().__init__()
        try:
            self.folder = Path(tempfile.mkdtemp(prefix=prefix, dir=scratch))
        except OSError as error:
            where = scratch or tempfile.gettempdir()
            raise SourceError(f"cannot make a temporary folder in {where}: {error}") from error
        self.discard = weakref.finalize(self, rmtree, self.folder, ignore_errors=True)


def is_archive(path: Path) -> bool:
    """Whether the first bytes of the file are those of an archive that can be read here."""
    return bool(_form(path))


def check(path: Path) -> None:
    """Look at the start of an archive (the directory of a zip) and no further; SourceError when it is none."""
    _read(path, lambda: next(_members(path, Limits()), None))


def copy_out(
    path: Path, wanted: Callable[[str], str], scratch: Path | None, prefix: str, limits: Limits | None = None
) -> dict[str, Path]:
    """Name -> copy, in a temporary folder below `scratch`, of each file in the archive for which `wanted` has a name.

    `wanted` is given a file's path in the archive (`folder/file.csv`, never absolute, without `.` and `..`) and returns
    a name of its own, with folders if need be, or '' for a file that is not wanted. One pass, in constant memory; the
    copies go with the object that is returned. Raises SourceError for what is no archive, damaged or torn, larger than
    `limits`, and when two files claim one name.
    """
    files = Spooled(scratch, prefix)
    try:
        _read(path, lambda: _copy_wanted(path, wanted, files, limits or Limits()))
    except BaseException:
        files.discard()
        raise
    return files


def holds(path: Path, wanted: Callable[[str], bool]) -> bool:
    """Whether there is a file in the archive whose path `wanted` accepts. SourceError as in `copy_out`."""
    found: list[bool] = []
    _read(path, lambda: found.append(any(wanted(member.path) for member in _members(path, Limits()))))
    return found[0]


def open_plain(path: Path) -> IO[bytes]:
    """The file, to be read inflated where its name ends in `.gz`; reading tells a damaged one by a SourceError."""
    return io.BufferedReader(_Inflated(path)) if path.suffix == ".gz" else path.open("rb")


def _read(path: Path, reader: Callable[[], object]) -> None:
    try:
        reader()
    except DAMAGE as error:
        reason = str(error) or type(error).__name__
        raise SourceError(f"{path} is not a {KINDS} archive, or is damaged ({reason}); download it again") from error


def _copy_wanted(path: Path, wanted: Callable[[str], str], files: Spooled, limits: Limits) -> None:
    total = 0
    for member in _members(path, limits):
        if not (name := wanted(member.path)):
            continue
        if _tidy(name) != name:
            raise SourceError(f"{path} holds {member.path!r}, which cannot be a file of ours")
        if name in files:
            raise SourceError(f"{path} holds {name} twice; unpack it and give the folder that is meant")
        total += _copy(member, name, files.folder, path, limits, total)
        files[name] = files.folder / name


def _copy(member: "_Member", name: str, folder: Path, path: Path, limits: Limits, before: int) -> int:
    """Write the member to the folder; its size. Where it has too much, at the chunk where that shows."""
    target = folder / name
    size = 0
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        file = target.open("xb")
    except OSError as error:
        raise SourceError(f"{path}: no file can be made of {member.path!r}: {error.strerror}") from error
    with file, closing(member.open()) as source:
        while chunk := source.read(CHUNK):
            size += len(chunk)
            if size > limits.file:
                raise SourceError(f"{name} in {path} is larger than {limits.file:,} bytes")
            if before + size > limits.total:
                raise SourceError(f"{path} unpacks to more than {limits.total:,} bytes")
            try:
                file.write(chunk)
            except OSError as error:
                raise SourceError(f"cannot write {target}: {error.strerror}") from error
    return size


@dataclass(frozen=True)
class _Member:
    """A plain file in an archive, to be opened before the next one is asked for."""

    path: str
    open: Callable[[], IO[bytes]]


def _members(path: Path, limits: Limits) -> Iterator[_Member]:
    """The plain files whose paths lead nowhere but below the folder that they are unpacked in."""
    form = _form(path)
    if not form:
        raise ValueError("it does not begin like one")
    members = _zip_members(path, limits) if form == "zip" else _tar_members(path, form, limits)
    for number, member in enumerate(members):
        if number >= limits.members:
            raise SourceError(f"{path} holds more than {limits.members:,} files")
        if member and (tidy := _tidy(member.path)):
            yield _Member(tidy, member.open)


def _tidy(path: str) -> str:
    """The path without `.`, or '' when it is absolute, leads upwards, or is one on other systems.

    >>> [_tidy(path) for path in ("./a/b.csv", "../a", "/a", "a/../../b", "C:\\\\a", "")]
    ['a/b.csv', '', '', '', '', '']
    """
    if path.startswith("/") or any(sign in path for sign in ("\\", "\0")) or path[1:2] == ":":
        return ""
    parts = PurePosixPath(path).parts
    return "" if ".." in parts else "/".join(parts)


def _form(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(512)
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    for form, sign in (("gz", b"\x1f\x8b"), ("bz2", b"BZh"), ("xz", b"\xfd7zXZ\0")):
        if start.startswith(sign):
            return form
    # Archives from before 1988 lack the mark, and are told by the sum over their first header.
    return "tar" if start[257:262] == b"ustar" or _is_old_tar(start) else ""


def _is_old_tar(start: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(start, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


class _Forward:
    """What a tar archive inflates to, read forwards only and counted. tarfile reads whole headers into memory, however
    long they say they are, so there is a bound on what may be read between two files (`room`)."""

    def __init__(self, file: IO[bytes], path: Path, limits: Limits) -> None:
        self.file = file
        self.path = path
        self.limits = limits
        self.size = path.stat().st_size
        self.place = 0
        self.room: int | None = None
        self.last = b""

    def read(self, size: int) -> bytes:
        if self.room is not None:
            self.room -= size
            if self.room < 0:
                raise SourceError(f"{self.path}: a file's header is longer than {MAX_HEADER:,} bytes")
        pieces = []
        while size > 0 and (chunk := self.file.read(min(size, CHUNK))):
            self.place += len(chunk)
            size -= len(chunk)
            self._check()
            pieces.append(chunk)
        self.last = b"".join(pieces)
        return self.last

    def seek(self, place: int) -> None:
        room, self.room = self.room, None
        if place < self.place:
            raise tarfile.ReadError("its parts overlap")
        while self.place < place and self.read(min(CHUNK, place - self.place)):
            pass
        self.room = room

    def tell(self) -> int:
        return self.place

    def _check(self) -> None:
        if self.place > self.limits.total:
            raise SourceError(f"{self.path} unpacks to more than {self.limits.total:,} bytes")
        if self.place > RATIO_FREE and self.place > self.size * self.limits.ratio:
            raise SourceError(f"{self.path} unpacks to more than {self.limits.ratio} times its size: made to do harm")


def _tar_members(path: Path, form: str, limits: Limits) -> Iterator[_Member | None]:
    """Every member in order, None for what is no plain file."""
    with _inflated(path, form) as file:
        stream = _Forward(file, path, limits)
        stream.room = MAX_HEADER
        with tarfile.TarFile(fileobj=stream) as archive:  # type: ignore[arg-type]
            while member := archive.next():
                stream.room = None
                yield _tar_member(archive, member)
                # Both grow with the archive otherwise.
                archive.members.clear()  # type: ignore[attr-defined]
                archive.pax_headers.clear()  # type: ignore[attr-defined]
                stream.room = MAX_HEADER
        # tarfile takes a torn end, and a header that is none, for the end of the archive.
        if stream.last != bytes(tarfile.BLOCKSIZE):
            raise tarfile.ReadError(f"it ends, or breaks off, after {stream.place:,} bytes without its end mark")
        stream.room = None
        while stream.read(CHUNK):  # where the sums over the whole are compared
            pass


def _tar_member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> _Member | None:
    def opened() -> IO[bytes]:
        file = archive.extractfile(member)
        assert file  # only of what is no file there is none
        return file

    return _Member(member.name, opened) if member.isreg() else None


class _Inflated(io.RawIOBase):
    """A gzip file that minds how much comes out of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = gzip.open(path, "rb")  # noqa: SIM115 - closed with this one
        self.left = max(RATIO_FREE, min(Limits().file, path.stat().st_size * Limits().ratio))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            chunk = self.file.read(len(buffer))
        except DAMAGE as error:
            raise SourceError(f"{self.path} is damaged ({error}); download it again") from error
        self.left -= len(chunk)
        if self.left < 0:
            raise SourceError(f"{self.path} unpacks to many times its size, or is far too large")
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        self.file.close()
        super().close()


def _inflated(path: Path, form: str) -> IO[bytes]:
    # These inflate no more at a time than is asked for; tarfile's own streams inflate a block, whatever it comes to.
    match form:
        case "gz":
            return gzip.open(path, "rb")  # type: ignore[return-value]
        case "bz2":
            return bz2.open(path, "rb")
        case "xz":
            return _Xz(path.open("rb"))  # type: ignore[return-value]
    return path.open("rb")


class _Xz:
    """`lzma.open` with a bound on memory: the file says how large its dictionary is, up to 4 GB."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.stream = lzma.LZMADecompressor(memlimit=XZ_MEMORY)

    def __enter__(self) -> "_Xz":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def read(self, size: int) -> bytes:
        while True:
            data = b""
            if self.stream.eof:  # another stream may follow, after padding
                data = self.stream.unused_data.lstrip(b"\0") or self.file.read(CHUNK).lstrip(b"\0")
                if not data:
                    return b""
                self.stream = lzma.LZMADecompressor(memlimit=XZ_MEMORY)
            elif self.stream.needs_input:
                data = self.file.read(CHUNK)
                if not data:
                    raise EOFError("it ends in the middle")
            if chunk := self.stream.decompress(data, max_length=size):
                return chunk


def _zip_members(path: Path, limits: Limits) -> Iterator[_Member | None]:
    """Every member in order of the directory, None for what is no plain file."""
    zip_directory.check(path, limits.members)
    most = max(RATIO_FREE, path.stat().st_size * limits.ratio)
    with zipfile.ZipFile(path) as archive:
        read = [0]  # over all members, which may share their bytes
        for info in archive.infolist():
            mode = info.external_attr >> 16
            plain = not info.is_dir() and stat.S_IFMT(mode) in (0, stat.S_IFREG)
            yield _zip_member(archive, info, path, read, most) if plain else None


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, read: list[int], most: int) -> _Member:
    def opened() -> IO[bytes]:
        if info.flag_bits & 1:
            raise SourceError(f"{info.filename} in {path} is locked with a password; unpack it and give the folder")
        # zipfile inflates the other methods without a bound.
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise SourceError(f"{info.filename} in {path} is packed in an unusual way; unpack it and give the folder")
        return _Counted(archive.open(info), path, read, most)  # type: ignore[return-value]

    return _Member(info.filename, opened)


class _Counted:
    """A zip member that minds what all members together inflate to."""

    def __init__(self, file: IO[bytes], path: Path, read: list[int], most: int) -> None:
        self.file, self.path, self.count, self.most = file, path, read, most
        self.close = file.close

    def read(self, size: int) -> bytes:
        chunk = self.file.read(size)
        self.count[0] += len(chunk)
        if self.count[0] > self.most:
            raise SourceError(f"{self.path} unpacks to many times its size: made to do harm")
        return chunk
