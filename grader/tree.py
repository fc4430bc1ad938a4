"""A folder of generated files as a value: written whole or not at all, and compared with what lies on the disk."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = ["differences", "write_tree"]

IGNORED = {"__pycache__", ".ipynb_checkpoints", ".DS_Store"}  # left by whoever tried the folder out


def write_tree(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make `folder` hold exactly `files` (path with forward slashes -> bytes); what it held before is replaced as a whole.

    Raises: OSError if the parent folder cannot be written; `folder` is then as it was.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _beside(folder) as new:
        for path, data in files.items():
            target = new / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        if not folder.exists():
            new.rename(folder)
            return
        with _beside(folder) as old:
            folder.rename(old / folder.name)
            try:
                new.rename(folder)
            except OSError:
                (old / folder.name).rename(folder)
                raise


def differences(folder: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """What differs between `folder` and `files`, a sentence for each path, in order of paths. Byte-code caches do not count."""
    there = {
        file.relative_to(folder).as_posix(): file
        for file in folder.rglob("*")
        if file.is_file() and not IGNORED & set(file.relative_to(folder).parts)
    }
    found = []
    for path in sorted({*there, *files}):
        if path not in there:
            found.append(f"{path}: missing")
        elif path not in files:
            found.append(f"{path}: not generated; remove it")
        elif there[path].read_bytes() != files[path]:
            found.append(f"{path}: differs from what is generated")
    return tuple(found)


@contextlib.contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """A temporary folder on the same file system, so that a rename moves it."""
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name[:40]}.", suffix=".tmp", dir=folder.parent))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
