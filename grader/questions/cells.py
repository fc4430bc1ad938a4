"""A notebook's cells as `answers` reads them: composed text, without pictures that are written out, and cut to what people write.

Pure. Whatever a hand-in holds, no pattern meets more than the characters that stand here. What is cut says so in its place, and
counts as an answer's text: a person looks, and nobody gets a zero for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..composed import composed

__all__ = ["CELL_CHARACTERS", "CODE_CELL_CHARACTERS", "NOTEBOOK_CHARACTERS", "Cell", "read_cells"]

CELL_CHARACTERS = 100_000  # of a cell of prose; the longest answer seen has some thousands
CODE_CELL_CHARACTERS = 20_000
NOTEBOOK_CHARACTERS = 500_000  # of all prose, and of all code

_PICTURE = re.compile(r"(data:[\w.+-]{1,40}/[\w.+-]{1,40};base64,)[A-Za-z0-9+/=\s]{200,}")
_LEFT_OUT = "[what follows is left out here for its length: a person has to look]"  # no number in it: it might be read as a choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """kind: the cell's type. source: NFC. question: the question's id in its metadata, whatever stands there.

    solution: of an instructor's notebook, whether the cell is the answer itself, which students do not receive.
    """

    kind: str
    source: str
    question: object
    solution: bool = False


def read_cells(notebook: Mapping[str, Any]) -> tuple[Cell, ...]:
    """The cells of a notebook of nbformat 4; those that are not as the format says are passed over."""
    left = {True: NOTEBOOK_CHARACTERS, False: NOTEBOOK_CHARACTERS}  # by whether it is code
    found = []
    for cell in _mappings(notebook):
        kind = str(cell.get("cell_type", ""))
        is_code = kind == "code"
        text = _text(cell.get("source", ""))
        limit = min(CODE_CELL_CHARACTERS if is_code else CELL_CHARACTERS, left[is_code])
        kept = _cut(text, limit, is_code=is_code)
        left[is_code] -= min(limit, len(text))
        metadata = cell.get("metadata")
        ours = metadata.get("gradecheck") if isinstance(metadata, Mapping) else None
        ours = ours if isinstance(ours, Mapping) else {}
        source = composed(kept).replace("\r\n", "\n")
        question, solution = ours.get("question"), ours.get("solution") is True
        found.append(Cell(kind=kind, source=source, question=question, solution=solution))
    return tuple(found)


def _mappings(notebook: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    cells = notebook.get("cells")
    yield from (cell for cell in cells if isinstance(cell, Mapping)) if isinstance(cells, list) else ()


def _text(source: object) -> str:
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return ""
    return _PICTURE.sub(r"\1...", source) if len(source) > CODE_CELL_CHARACTERS else source


def _cut(text: str, limit: int, *, is_code: bool) -> str:
    if len(text) <= limit:
        return text
    return f"{text[:limit]}\n{'# ' if is_code else ''}{_LEFT_OUT}"
