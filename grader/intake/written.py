"""Files that a hand-in's notebooks write when they run (`%%writefile cs231n/layers.py`): many on Colab hand in nothing else."""

from __future__ import annotations

import io
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from ..errors import SubmissionError
from ..jsonfile import joined, read_json
from ..model import Note
from .caps import Caps
from .places import join
from .reading import Reader
from .tree import Entry, Tree, path_fault, shown

__all__ = ["with_written"]

_WRITES = re.compile(r"\s*%%(?:writefile|file)[ \t]+(?P<more>-a[ \t]+|--append[ \t]+)?(?P<path>[^\n]+)\n?")
MOST_CHARACTERS = (
    4_096  # of a path: no longer one is taken, and normalizing millions of folders takes seconds
)
_MAGICS = (b"%%writefile", b"%%file")


def with_written(tree: Tree, reader: Reader) -> tuple[Tree, list[Note]]:
    """The hand-in with the Python files that its notebooks would write and that are not there, and a note for each.

    A path that leads nowhere inside the hand-in, as `/content/drive/$FOLDER/layers.py` does, keeps the file's name alone.
    """
    there = {entry.path for entry in tree.entries}
    made: dict[str, Entry] = {}
    notes: list[Note] = []
    for notebook in [entry for entry in tree.entries if entry.suffix == ".ipynb"]:
        for path, text in _written(reader.peek(notebook), notebook.folder, reader.caps).items():
            if path in there or path in made or len(made) >= reader.caps.candidates:
                continue
            data = text.encode(errors="replace")
            made[path] = Entry(path, len(data), notebook.modified, _Text(data), None)
            notes.append(
                Note(
                    about=path,
                    text=f"Taken from the cell of {shown(notebook.path)} that writes it; no such file was handed in.",
                )
            )
    if not made:
        return tree, []
    entries = sorted((*tree.entries, *made.values()), key=lambda entry: entry.path)
    return replace(tree, entries=tuple(entries)), notes


def _written(data: bytes, folder: str, caps: Caps) -> dict[str, str]:
    """The texts that a notebook's cells write, by path in the hand-in; the last one counts."""
    texts: dict[str, list[str]] = {}
    if not any(magic in data for magic in _MAGICS):
        return {}
    for source in _code_cells(data):
        found = _WRITES.match(source)
        path = _path(found["path"], folder, caps) if found else ""
        if found and path and (path in texts or len(texts) < caps.candidates):
            if not found["more"]:
                texts.pop(path, None)
            texts.setdefault(path, []).append(source[found.end() :] + "\n")
    return {path: "".join(parts) for path, parts in texts.items()}


def _code_cells(data: bytes) -> Iterator[str]:
    try:
        cells = read_json(data)["cells"]
        yield from [joined(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError):
        return


def _path(given: str, folder: str, caps: Caps) -> str:
    """Where the file would lie in the hand-in; "" for what is no Python file or has no usable name."""
    if len(given) > MOST_CHARACTERS:
        return ""
    plain = posixpath.normpath(given.strip().strip("\"'").replace("\\", "/"))
    if not plain.endswith(".py"):
        return ""
    inside = join(folder, plain)
    if (
        not re.search(r"[${}~]", plain)
        and path_fault(plain, caps) is None
        and path_fault(inside, caps) is None
    ):
        return inside
    named = join(folder, plain.rpartition("/")[2])
    return "" if path_fault(named, caps) else named


@dataclass(frozen=True, slots=True)
class _Text:
    """The bytes of a file that a cell holds."""

    data: bytes

    def read(self, _key: Any, limit_bytes: int) -> bytes:
        """The bytes. Raises: SubmissionError if they are more than the limit."""
        if len(self.data) > limit_bytes:
            raise SubmissionError(f"the file is {len(self.data)} bytes, the limit is {limit_bytes}")
        return self.data

    def open(self, key: Any, limit_bytes: int) -> BinaryIO:
        """The same as a stream."""
        return io.BytesIO(self.read(key, limit_bytes))
