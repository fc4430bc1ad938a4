"""Copy a submission into a room, before anything of the student's runs there: no link of theirs can lead the copy astray."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from ..errors import SandboxError

__all__ = ["stage"]


def stage(
    work: Path,
    *,
    files: Mapping[str, Path],
    links: Iterable[tuple[str, str]] = (),
    folders: Iterable[str] = (),
    owner: int | None = None,
) -> None:
    """Fill the working folder of a room.

    Args: work: the folder, seen from here. files: path in it -> host file. links: (link, target), both relative to `work`.
        folders: relative folders that are there already, for mounts, and are to be the student's as well. owner: whose everything
        becomes, or None to leave it ours.
    Raises: SandboxError if a path leads out of the folder, a file cannot be read, or there is no room for it.
    """
    try:
        for folder in folders:
            _give(work / _inside(folder), 0o755, owner)
        for inner, outer in sorted(files.items()):
            target = work / _inside(inner)
            _make_folders(target.parent, work, owner)
            shutil.copyfile(outer, target)
            _give(target, 0o644, owner)
        for link, to in links:
            place = work / _inside(link)
            _make_folders(place.parent, work, owner)
            place.symlink_to(os.path.relpath(work / _inside(to), place.parent))
    except OSError as exc:
        raise SandboxError(
            f"staging the submission's files: {exc}; see `disk_mib` in assignment.yaml"
        ) from exc


def _inside(path: str) -> str:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts:
        raise SandboxError(f"{path!r}: expected a relative path that stays inside the submission")
    return str(pure)


def _make_folders(folder: Path, top: Path, owner: int | None) -> None:
    if folder != top and not folder.exists():
        _make_folders(folder.parent, top, owner)
        folder.mkdir()
        _give(folder, 0o755, owner)


def _give(path: Path, mode: int, owner: int | None) -> None:
    path.chmod(mode)
    if owner is not None:
        os.chown(path, owner, owner)
