"""Paths inside a hand-in and inside its layout: joined, compared, taken. Pure; reads no file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..model import SubmittedFile
from .tree import Entry, shown

__all__ = ["Taken", "common_folder", "join", "listed", "nearest", "place"]


@dataclass(slots=True)
class Taken:
    """Paths that are staged, and the folders above them: a path can be a file or a folder, not both."""

    files: dict[str, SubmittedFile] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)

    def free(self, path: str) -> bool:
        """Could a file stand at `path`?"""
        return (
            path not in self.files
            and path not in self.folders
            and not any(up in self.files for up in _above(path))
        )

    def keep_folder(self, path: str) -> None:
        """Let a folder stand at `path`, whatever is staged: no file takes its place, or that of a folder above it."""
        self.folders.update((*_above(path), path))

    def add(self, file: SubmittedFile) -> None:
        """Take the file's path."""
        self.files[file.path] = file
        self.folders.update(_above(file.path))


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def place(path: str, places: Sequence[tuple[str, str]]) -> str | None:
    """Where a path of the hand-in stands in the layout; places: (folder there, folder here), the first that fits counts."""
    for folder, target in places:
        if not folder:
            return join(target, path)
        if path.startswith(folder + "/"):
            return join(target, path[len(folder) + 1 :])
    return None


def join(folder: str, path: str) -> str:
    """The path below a folder; "" is the top."""
    return f"{folder}/{path}" if folder else path


def nearest(folder: str, others: Sequence[str]) -> int:
    """The fewest steps from `folder` to one of `others`, up and down; 0 if there are none."""
    parts = folder.split("/") if folder else []

    def steps(other: str) -> int:
        theirs = other.split("/") if other else []
        shared = next(
            (at for at, pair in enumerate(zip(parts, theirs, strict=False)) if pair[0] != pair[1]),
            min(len(parts), len(theirs)),
        )
        return len(parts) + len(theirs) - 2 * shared

    return min(map(steps, others), default=0)


def common_folder(entries: Sequence[Entry]) -> str:
    """The deepest folder that holds every entry."""
    if not entries:
        return ""
    folders = [
        entry.folder.split("/") if entry.folder else []
        for entry in (min(entries, key=_path), max(entries, key=_path))
    ]
    shared = []
    for first, last in zip(*folders, strict=False):
        if first != last:
            break
        shared.append(first)
    return "/".join(shared)


def _path(entry: Entry) -> str:
    return entry.path


def listed(items: Sequence[Entry] | Sequence[str]) -> str:
    """Up to three names, and how many more."""
    names = [shown(item if isinstance(item, str) else item.path) for item in items]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
