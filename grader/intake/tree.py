"""A hand-in as a list of files with safe relative paths, whether it lies in a folder or in a zip. Reads bytes on demand."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, Protocol

from ..errors import SubmissionError
from .caps import Caps

__all__ = [
    "FOLDER_LEVELS",
    "Entry",
    "LeftOut",
    "Refusal",
    "Source",
    "Tree",
    "path_fault",
    "readable_size",
    "shown",
]

FOLDER_LEVELS = 3  # a student's empty folder may lie in a class's folder, in a wrapper, in what was named

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_DRIVE = re.compile(r"^[A-Za-z]:")


class Source(Protocol):
    """Where an entry's bytes are: a folder or an archive."""

    def read(self, key: Any, limit_bytes: int) -> bytes:
        """All bytes of `key`. Raises: SubmissionError if they cannot be had or are more than `limit_bytes`."""
        ...

    def open(self, key: Any, limit_bytes: int) -> BinaryIO:
        """A seekable stream over the bytes of `key`. Raises: SubmissionError as `read` does."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One regular file. path: relative, forward slashes, NFC. modified: seconds since the epoch, 0 if unknown."""

    path: str
    size: int
    modified: float
    source: Source
    key: Any

    @property
    def name(self) -> str:
        """The last component of the path."""
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The path without its last component; "" at the top."""
        return self.path.rpartition("/")[0]

    @property
    def suffix(self) -> str:
        """The name's ending in lower case, with the dot; "" without one."""
        name = self.name
        dot = name.rfind(".")
        return name[dot:].lower() if dot > 0 else ""

    def read(self, limit_bytes: int) -> bytes:
        """The file's bytes. Raises: SubmissionError, naming the file, if it is larger than the limit or cannot be read."""
        if self.size > limit_bytes:
            raise SubmissionError(
                f"{shown(self.path)} is {readable_size(self.size)}, the limit is {readable_size(limit_bytes)}"
            )
        return self.source.read(self.key, limit_bytes)

    def open(self, limit_bytes: int) -> BinaryIO:
        """The file as a stream. Raises: SubmissionError if it cannot be opened."""
        return self.source.open(self.key, limit_bytes)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something in a hand-in that was not read, and why. fatal: nothing around it can be trusted either."""

    path: str
    reason: str
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file or folder that is not part of the work. kind: "cache or system files", "data set", ..."""

    path: str
    kind: str


@dataclass(frozen=True, slots=True)
class Tree:
    """What was found below one place, sorted by path; `refusals` and `left_out` say what is not among the entries."""

    entries: tuple[Entry, ...]
    refusals: tuple[Refusal, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    folders: frozenset[str] = frozenset()  # of the first levels, also empty ones
    listed: int = 0  # members in the archive's own list, if it is one

    def names(self) -> list[str]:
        """First-level names, sorted: files and folders that hold entries or were refused, and empty folders."""
        paths: Iterable[str] = (item.path for group in (self.entries, self.refusals) for item in group)
        return sorted({path.partition("/")[0] for path in (*paths, *self.folders)})

    def under(self, folder: str) -> Tree:
        """The part below `folder` ("" is the whole), with paths relative to it."""
        if not folder:
            return self
        start = len(folder) + 1
        prefix = folder + "/"
        return Tree(
            tuple(
                replace(entry, path=entry.path[start:])
                for entry in self.entries
                if entry.path.startswith(prefix)
            ),
            tuple(
                replace(refusal, path=refusal.path[start:])
                for refusal in self.refusals
                if refusal.path == folder or refusal.path.startswith(prefix)
            ),
            tuple(
                replace(item, path=item.path[start:])
                for item in self.left_out
                if item.path.startswith(prefix)
            ),
            frozenset(path[start:] for path in self.folders if path.startswith(prefix)),
        )

    def split(self) -> dict[str, Tree]:
        """The part below each first-level folder, by its name, in one pass."""
        parts: dict[str, _Part] = {}
        for path in self.folders:
            top, slash, rest = path.partition("/")
            parts.setdefault(top, _Part()).folders.update({rest} if slash else ())
        for entry in self.entries:
            top, slash, rest = entry.path.partition("/")
            if slash:
                parts.setdefault(top, _Part()).entries.append(replace(entry, path=rest))
        for refusal in self.refusals:
            top, _, rest = refusal.path.partition("/")
            parts.setdefault(top, _Part()).refusals.append(replace(refusal, path=rest))
        for item in self.left_out:
            top, slash, rest = item.path.partition("/")
            if slash:
                parts.setdefault(top, _Part()).left_out.append(replace(item, path=rest))
        return {top: parts[top].tree() for top in sorted(parts)}

    def modified(self) -> float:
        """When the newest entry was changed, in seconds since the epoch; 0 if that is unknown."""
        return max((entry.modified for entry in self.entries), default=0.0)


@dataclass(slots=True)
class _Part:
    """A tree that is being collected."""

    entries: list[Entry] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    folders: set[str] = field(default_factory=set)

    def tree(self) -> Tree:
        return Tree(tuple(self.entries), tuple(self.refusals), tuple(self.left_out), frozenset(self.folders))


def path_fault(path: str, caps: Caps) -> str | None:
    """Why a member's name cannot be a path inside the hand-in, or None if it can. `path` has forward slashes."""
    return next(_faults(path, caps), None)


def _faults(path: str, caps: Caps) -> Iterator[str]:
    """One after the other, the cheapest to look for first: archives list many names."""
    parts = path.rstrip("/").split("/")
    if path.startswith("/"):
        yield "is an absolute path"
    if _DRIVE.match(path):
        yield "begins with a drive letter"
    if ".." in parts:
        yield "leads out of its folder"
    if "\\" in path:
        yield "has a backslash in its name"
    if _CONTROL.search(path):
        yield "has control characters in its name"
    if not all(parts) or "." in parts:
        yield "has an empty part in its path"
    if len(parts) - 1 > caps.depth:
        yield f"lies {len(parts) - 1} folders deep, the limit is {caps.depth}"
    if len(path) * 4 > caps.name_bytes:  # no character takes more than four bytes
        longest = max(len(part.encode(errors="replace")) for part in parts)
        if longest > caps.name_bytes:
            yield f"has a name of {longest} bytes, the limit is {caps.name_bytes}"
    if len(path) * 4 > caps.path_bytes:
        whole = len(path.encode(errors="replace"))
        if whole > caps.path_bytes:
            yield f"has a path of {whole} bytes, the limit is {caps.path_bytes}"


def shown(path: str) -> str:
    """A path as it may stand in a message: one line, no control or direction-changing characters, at most 120 characters."""
    text = "".join(
        "?" if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else char for char in path
    )
    return text if len(text) <= 120 else f"{text[:56]}...{text[-56:]}"


def readable_size(size_bytes: int) -> str:
    """A size for people: "812 bytes", "3.4 MiB", "9.8 GiB"."""
    for unit, scale in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if size_bytes >= scale:
            return f"{size_bytes / scale:.1f} {unit}"
    return f"{size_bytes} bytes"
