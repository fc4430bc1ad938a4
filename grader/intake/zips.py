"""Read a zip as a `Tree`, trusting nothing in it. Members are checked before any is opened and are read with a byte counter.

A name that leads out of the archive, a duplicate, an encrypted member, an unknown method or a device refuses the archive as a
whole; links are left out; sizes that lie are found when the member is read. Nothing is ever put on disk under a name of its own.
"""

from __future__ import annotations

import io
import stat
import struct
import tempfile
import time
import weakref
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from ..composed import composed
from ..errors import SubmissionError
from .caps import DEFAULT_CAPS, MIB, Caps
from .junk import PACKAGES, VENV_MARK, environment_part, file_kind, folder_kind
from .tree import FOLDER_LEVELS, Entry, LeftOut, Refusal, Tree, path_fault, readable_size, shown

__all__ = ["ZipSource", "read_zip"]

_UTF8_FLAG = 0x800
_ENCRYPTED_FLAG = 0x1
_METHODS = (
    zipfile.ZIP_STORED,
    zipfile.ZIP_DEFLATED,
)  # what every zip tool writes; LZMA can ask for gigabytes of dictionary
_CHUNK_BYTES = 1 << 18
_SPOOL_BYTES = 8 * MIB
_EOCD = struct.Struct("<4s4H2LH")
_EOCD64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_MEMBER = b"PK\x01\x02"  # begins each in the directory
_COMMENT_BYTES = 1 << 16
_REZIP = "make the zip again with your system's own command"
_LEAVE_OUT = "zip the notebook and the modules only, without data sets, environments and caches"

# What zipfile and zlib raise on bytes that are no sound zip; its own checks are few, so the list is long.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
    struct.error,
    ValueError,
    OverflowError,
    IndexError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    """How much an archive may list, and what to do if it is more."""

    entries: int
    directory_bytes: int
    advice: str


class ZipSource:
    """Bytes of members of one open archive; keys are `ZipInfo`. The archive is closed when its last entry is let go."""

    def __init__(self, archive: zipfile.ZipFile, stream: BinaryIO) -> None:
        self._archive = archive
        weakref.finalize(
            self, stream.close
        )  # a class of zips is read one by one: each lets go of its file in time

    def read(self, key: zipfile.ZipInfo, limit_bytes: int) -> bytes:
        """All bytes of a member. Raises: SubmissionError if there are more than declared or allowed, or they are damaged."""
        return b"".join(self._chunks(key, limit_bytes))

    def _chunks(self, key: zipfile.ZipInfo, limit_bytes: int) -> Iterator[bytes]:
        name = shown(key.filename)
        if key.file_size > limit_bytes:
            raise SubmissionError(
                f"{name} is {readable_size(key.file_size)}, the limit is {readable_size(limit_bytes)}"
            )
        count = 0
        try:
            with self._archive.open(key) as stream:
                while chunk := stream.read(_CHUNK_BYTES):
                    count += len(chunk)
                    if count > limit_bytes:
                        raise SubmissionError(
                            f"{name} unpacks to more than {readable_size(limit_bytes)}; {_REZIP}"
                        )
                    yield chunk
        except _DAMAGE as exc:
            raise SubmissionError(f"{name} is damaged in the zip ({_reason(exc)}); {_REZIP}") from exc
        if count != key.file_size:
            raise SubmissionError(
                f"{name} unpacks to {count} bytes, but the zip says {key.file_size}; {_REZIP}"
            )

    def open(self, key: zipfile.ZipInfo, limit_bytes: int) -> BinaryIO:
        """A member as a stream, in memory or, if large, in a nameless temporary file. Raises: SubmissionError as `read` does."""
        kept = cast(BinaryIO, tempfile.SpooledTemporaryFile(_SPOOL_BYTES))  # noqa: SIM115  # the caller closes it
        try:
            for chunk in self._chunks(key, limit_bytes):
                kept.write(chunk)
        except BaseException:
            kept.close()
            raise
        kept.seek(0)
        return kept


def read_zip(
    source: Path | BinaryIO, label: str, caps: Caps = DEFAULT_CAPS, *, of_class: bool = False
) -> Tree:
    """The members of a zip, sorted by path; nothing is unpacked yet.

    Args: label: the zip's name for messages. of_class: it may hold a class, and as many members as one.
    Raises: SubmissionError if it is no zip, or its directory is damaged, too large or has too many members.
    """
    limit = _Limit(
        entries=caps.class_entries if of_class else caps.archive_entries,
        directory_bytes=caps.directory_bytes if of_class else caps.archive_directory_bytes,
        advice=_REZIP if of_class else _LEAVE_OUT,
    )
    stream = source if not isinstance(source, Path) else _opened(source, label)
    try:
        _check_directory(stream, label, limit)
        archive = zipfile.ZipFile(stream)
    except _DAMAGE as exc:
        stream.close()
        raise SubmissionError(f"{label} is not a readable zip ({_reason(exc)}); {_REZIP}") from exc
    except SubmissionError:
        stream.close()
        raise
    if len(archive.filelist) > limit.entries:
        stream.close()
        raise SubmissionError(
            f"{label} lists {len(archive.filelist)} members, the limit is {limit.entries}; {limit.advice}"
        )
    return _members(archive, stream, caps)


def _opened(path: Path, label: str) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as exc:
        raise SubmissionError(f"{label} cannot be read: {exc.strerror}") from exc


def _reason(exc: BaseException) -> str:
    return shown(str(exc)) or type(exc).__name__


def _check_directory(stream: BinaryIO, label: str, limit: _Limit) -> None:
    """Refuse a central directory that would fill memory: `zipfile` reads it whole before it can be asked anything.

    Its end says how many members it lists, which nobody checks, and how long it is, twice if it is a 64-bit one: so what counts is
    what `zipfile` would read.
    """
    end, size_bytes, count = _directory(stream, label)
    if size_bytes <= limit.directory_bytes:
        stream.seek(max(0, end - size_bytes))
        count = stream.read(size_bytes).count(_MEMBER)
    if size_bytes > limit.directory_bytes or count > limit.entries:
        limits = f"{limit.entries} and {readable_size(limit.directory_bytes)}"
        came = f"{count} members in {readable_size(size_bytes)}"
        raise SubmissionError(f"{label} lists {came}, the limits are {limits}; {limit.advice}")
    stream.seek(0)


def _directory(stream: BinaryIO, label: str) -> tuple[int, int, int]:
    """Where the central directory ends, its size in bytes, as `zipfile` takes both, and how many members it claims."""
    length = stream.seek(0, io.SEEK_END)
    tail_start = max(0, length - _COMMENT_BYTES - _EOCD.size)
    stream.seek(tail_start)
    tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + _EOCD.size > len(tail):
        raise SubmissionError(f"{label} is not a zip{_looks_like(stream)}; {_REZIP}")
    *_, count, size_bytes, _offset, _comment = _EOCD.unpack_from(tail, at)
    end = tail_start + at
    start64 = end - _LOCATOR64.size - _EOCD64.size
    stream.seek(max(0, start64))
    before = stream.read(_EOCD64.size + _LOCATOR64.size)
    if start64 >= 0 and before.startswith(b"PK\x06\x06") and before[_EOCD64.size :].startswith(b"PK\x06\x07"):
        *_, count, size_bytes, _offset = _EOCD64.unpack_from(before)
        end = start64
    return end, size_bytes, count


def _looks_like(stream: BinaryIO) -> str:
    """What the first bytes say a file is instead of a zip, for the message."""
    stream.seek(0)
    head = stream.read(262)
    known = {
        b"Rar!": "a rar archive",
        b"7z\xbc\xaf": "a 7z archive",
        b"\x1f\x8b": "gzip data",
        b"BZh": "bzip2 data",
        b"%PDF": "a PDF",
    }
    for magic, text in known.items():
        if head.startswith(magic):
            return f" but {text}"
    if head[257:262] == b"ustar":
        return " but a tar archive"
    if head.startswith(b"PK\x03\x04"):
        return ": its end is missing, so the upload was cut short"
    return " (it is empty)" if not head else ""


def _members(archive: zipfile.ZipFile, stream: BinaryIO, caps: Caps) -> Tree:
    infos = archive.infolist()
    source = ZipSource(archive, stream)
    names = _names(infos)
    virtual = {name.rpartition("/")[0] for name in names if name.rpartition("/")[2] == VENV_MARK}
    entries: dict[str, Entry] = {}
    refusals: list[Refusal] = []
    left_out: dict[str, LeftOut] = {}
    sound = []
    for info, name in zip(infos, names, strict=True):
        fault = path_fault(name, caps)
        if not fault and "/" in name:
            sound.append(name.split("/")[:-1])
        if fault:
            fatal = any(word in fault for word in ("absolute", "drive", "leads out", "backslash"))
            refusals.append(Refusal(_harmless(name), f"{fault}: {shown(name)}", fatal))
        elif not (name.endswith("/") or info.is_dir()):
            junk = _junk(name, info.file_size, virtual, caps)
            if junk:
                left_out.setdefault(junk.path, junk)
            elif refusal := _refused(info, name, entries):
                refusals.append(refusal)
            else:
                entries[name] = Entry(name, info.file_size, _modified(info), source, info)
    folders = {
        "/".join(parts[:depth]) for parts in sound for depth in range(1, min(len(parts), FOLDER_LEVELS) + 1)
    }
    ordered = tuple(entries[name] for name in sorted(entries))
    bare = virtual - {above for name in entries for above in _above(name)} if virtual else set()
    return Tree(
        ordered,
        tuple(refusals),
        tuple(left_out.values()),
        frozenset(folders - left_out.keys() - bare),
        len(infos),
    )


def _names(infos: Iterable[zipfile.ZipInfo]) -> list[str]:
    """Members' names as NFC text with forward slashes.

    macOS writes UTF-8 without setting the flag for it, so `zipfile` reads it as code page 437. Some Windows tools write backslashes
    throughout; those are separators if no member has a slash.
    """
    names = []
    for info in infos:
        name = info.orig_filename
        if not info.flag_bits & _UTF8_FLAG:
            try:
                name = name.encode("cp437").decode("utf-8")
            except UnicodeError:
                name = info.orig_filename
        names.append(composed(name.removeprefix("./")))
    if not any("/" in name for name in names):
        names = [name.replace("\\", "/") for name in names]
    return names


def _above(name: str) -> Iterator[str]:
    """The folders above a path."""
    folder, slash, _ = name.rpartition("/")
    while slash:
        yield folder
        folder, slash, _ = folder.rpartition("/")


def _harmless(name: str) -> str:
    """The first component of an unsafe name, if it is safe itself: it tells whose part of a class archive this is."""
    top = name.partition("/")[0]
    return "" if path_fault(top, DEFAULT_CAPS) else top


def _junk(name: str, size_bytes: int, environments: set[str], caps: Caps) -> LeftOut | None:
    *folders, last = name.split("/")
    for depth, folder in enumerate([*folders, last]):
        above = "/".join(folders[:depth])
        kind = PACKAGES if above in environments and environment_part(folder) else None
        kind = kind or (folder_kind(folder) if depth < len(folders) else None)
        if kind:
            return LeftOut(f"{above}/{folder}" if above else folder, kind)
    kind = file_kind(last, size_bytes, caps)
    return LeftOut(name, kind) if kind else None


def _refused(info: zipfile.ZipInfo, name: str, entries: dict[str, Entry]) -> Refusal | None:
    mode = stat.S_IFMT(info.external_attr >> 16)
    if mode == stat.S_IFLNK:
        return Refusal(name, "is a link; links are not followed, hand in the file itself")
    if mode not in (0, stat.S_IFREG):
        return Refusal(name, f"is a device, pipe or socket; {_REZIP}", fatal=True)
    if name in entries:
        return Refusal(
            name, f"is in the zip more than once, and nobody can say which counts; {_REZIP}", fatal=True
        )
    if info.flag_bits & _ENCRYPTED_FLAG:
        return Refusal(name, "is encrypted; make the zip again without a password", fatal=True)
    if info.compress_type not in _METHODS:
        return Refusal(
            name,
            f"is compressed with method {info.compress_type}, which is not read here; {_REZIP}",
            fatal=True,
        )
    return None


def _modified(info: zipfile.ZipInfo) -> float:
    """A member's time. Zips keep local time without a zone; ours is the best guess."""
    try:
        return time.mktime((*info.date_time, 0, 0, -1))
    except (ValueError, OverflowError):
        return 0.0
