"""Read a folder as a `Tree`. Follows no link, opens regular files only, and leaves nothing that is odd unsaid."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from ..composed import composed
from ..errors import SubmissionError
from .caps import DEFAULT_CAPS, Caps
from .junk import PACKAGES, VENV_MARK, environment_part, file_kind, folder_kind
from .tree import FOLDER_LEVELS, Entry, LeftOut, Refusal, Tree, path_fault, shown

__all__ = ["DiskSource", "read_files", "read_folder"]

# Without O_NOFOLLOW a link put there since the scan would be followed; without O_NONBLOCK a FIFO would stop the class.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class DiskSource:
    """Bytes of files on disk; keys are native paths."""

    def read(self, key: str, limit_bytes: int) -> bytes:
        """All bytes of a regular file. Raises: SubmissionError if it is none, is too large or cannot be read."""
        with self.open(key, limit_bytes) as stream:
            try:
                data = stream.read(limit_bytes + 1)
            except OSError as exc:
                raise SubmissionError(f"{shown(Path(key).name)} cannot be read: {exc.strerror}") from exc
        if len(data) > limit_bytes:
            raise SubmissionError(
                f"{shown(Path(key).name)} grew beyond {limit_bytes} bytes while it was read"
            )
        return data

    def open(self, key: str, limit_bytes: int) -> BinaryIO:  # noqa: ARG002  # a stream on disk costs no memory, so it needs no limit
        """A regular file as a stream. Raises: SubmissionError if it is none or cannot be opened."""
        try:
            descriptor = os.open(key, _FLAGS)
        except OSError as exc:
            raise SubmissionError(f"{shown(Path(key).name)} cannot be read: {exc.strerror}") from exc
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise SubmissionError(f"{shown(Path(key).name)} is not a regular file")
        return os.fdopen(descriptor, "rb")


class _Walk:
    """One pass over a folder; collects entries, refusals and what is left out."""

    def __init__(self, caps: Caps, ours: frozenset[tuple[int, int]] = frozenset()) -> None:
        self.caps = caps
        self.ours = ours
        self.source = DiskSource()
        self.entries: list[Entry] = []
        self.refusals: list[Refusal] = []
        self.left_out: list[LeftOut] = []
        self.folders: set[str] = set()
        self.taken: set[str] = set()

    def folder(self, native: str, prefix: str, depth: int) -> None:
        """Collect everything below `native`; `prefix` is its path in the tree, "" or ending in a slash."""
        try:
            with os.scandir(native) as scan:
                found = list(scan)
        except OSError as exc:
            self.refusals.append(Refusal(prefix.rstrip("/"), f"cannot be read: {exc.strerror}"))
            return
        if any(item.name == VENV_MARK for item in found):
            parts = {item.name for item in found if environment_part(item.name)}
            self.left_out += [LeftOut(prefix + _legible(name), PACKAGES) for name in sorted(parts)]
            found = [item for item in found if item.name not in parts]
        # The first two levels may be a class: a folder with a file for each of thousands of students is no data set.
        if depth > 1 and len(found) > self.caps.folder_files:
            self.left_out.append(
                LeftOut(
                    prefix.rstrip("/"), f"data sets (more than {self.caps.folder_files} files in a folder)"
                )
            )
            return
        start = len(self.entries)
        for item in sorted(found, key=lambda item: item.name):
            self.item(item, prefix, depth)
        if depth == 2 and len(self.entries) - start > self.caps.entries:
            del self.entries[start:]
            self.refusals.append(Refusal(prefix.rstrip("/"), f"holds more than {self.caps.entries} files"))

    def item(self, item: os.DirEntry[str], prefix: str, depth: int) -> None:
        """Collect one name of a folder."""
        path = prefix + _legible(item.name)
        fault = path_fault(path, self.caps)
        if not fault and path in self.taken and item.is_dir(follow_symlinks=False):
            path = self.another(path)  # of a class, the folder of another student
        if fault or path in self.taken:
            self.refusals.append(
                Refusal(
                    path, fault or "has the same name as another file once both are written in the same way"
                )
            )
            return
        if item.is_symlink():
            self.refusals.append(Refusal(path, "is a link; links are not followed, hand in the file itself"))
            return
        self.taken.add(path)
        if item.is_dir(follow_symlinks=False):
            kind = folder_kind(item.name)
            if self.ours and _identity(item) in self.ours:
                return
            if kind:
                self.left_out.append(LeftOut(path, kind))
                return
            if depth < FOLDER_LEVELS:
                self.folders.add(path)
            self.folder(item.path, path + "/", depth + 1)
            return
        self.file(item, path)

    def another(self, path: str) -> str:
        """A name for a folder whose own is another's once both are written in the same way; numbered as copies are."""
        count = 2
        while f"{path} ({count})" in self.taken:
            count += 1
        return f"{path} ({count})"

    def file(self, item: os.DirEntry[str], path: str) -> None:
        """Collect one name that is neither a folder nor a link."""
        try:
            status = item.stat(follow_symlinks=False)
        except OSError as exc:
            self.refusals.append(Refusal(path, f"cannot be read: {exc.strerror}"))
            return
        if not stat.S_ISREG(status.st_mode):
            self.refusals.append(Refusal(path, "is a pipe, socket or device, not a file"))
            return
        kind = file_kind(item.name, status.st_size, self.caps)
        if kind:
            self.left_out.append(LeftOut(path, kind))
            return
        self.entries.append(Entry(path, status.st_size, status.st_mtime, self.source, item.path))


def _legible(name: str) -> str:
    """A file name as NFC text. Bytes that are no UTF-8 are read as Latin-1, so that their file is not lost."""
    try:
        name.encode()
    except UnicodeEncodeError:
        name = os.fsencode(name).decode("latin-1")
    return composed(name)


def _identity(item: os.DirEntry[str]) -> tuple[int, int] | None:
    try:
        found = item.stat(follow_symlinks=False)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def read_folder(
    folder: Path, caps: Caps = DEFAULT_CAPS, ours: frozenset[tuple[int, int]] = frozenset()
) -> Tree:
    """The files below `folder`, sorted by path. Never raises for what lies in it; odd things are in `refusals`.

    ours: device and inode of folders that are passed over in silence.
    """
    walk = _Walk(caps, ours)
    walk.folder(os.fspath(folder), "", 0)
    entries = tuple(sorted(walk.entries, key=lambda entry: entry.path))
    return Tree(entries, tuple(walk.refusals), tuple(walk.left_out), frozenset(walk.folders))


def read_files(paths: Iterable[Path], caps: Caps = DEFAULT_CAPS) -> Tree:
    """Single files of one folder as a tree of their names; a path that is a link is followed, for the instructor named it."""
    entries: list[Entry] = []
    refusals: list[Refusal] = []
    source = DiskSource()
    for path in sorted(set(paths)):
        name = _legible(path.name)
        fault = path_fault(name, caps)
        target = path.resolve()
        if fault or not target.is_file():
            refusals.append(Refusal(name, fault or "is not a regular file"))
            continue
        status = target.stat()
        entries.append(Entry(name, status.st_size, status.st_mtime, source, os.fspath(target)))
    return Tree(tuple(entries), tuple(refusals))
