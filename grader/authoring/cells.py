"""Notebooks as plain data, read and written so that the same cells always give the same bytes. Pure; runs and judges nothing.

For the instructor's own notebooks (nbformat 4). What students hand in is read by `grader/notebooks/file.py`, which forgives more.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ..errors import AssignmentError

__all__ = [
    "clean_notebook",
    "dump_notebook",
    "new_cell",
    "parse_notebook",
    "question_of",
    "set_source",
    "source_of",
]

Cell = dict[str, Any]
Notebook = dict[str, Any]

_ID = re.compile(r"^[A-Za-z0-9_-]{1,64}$")
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def parse_notebook(data: bytes, place: str) -> Notebook:
    """The notebook in `data`. place: names the file in errors.

    Raises: AssignmentError if it is not JSON in UTF-8 or not of nbformat 4.
    """
    try:
        notebook = json.loads(data.decode("utf-8"))
    except UnicodeDecodeError as exc:
        raise AssignmentError(f"{place}: byte {exc.start} is not UTF-8; save the notebook as UTF-8") from exc
    except json.JSONDecodeError as exc:
        raise AssignmentError(f"{place}:{exc.lineno}:{exc.colno}: not JSON: {exc.msg}") from exc
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise AssignmentError(f"{place}: not a notebook; expected a JSON object with a list `cells`")
    if notebook.get("nbformat") != 4:
        raise AssignmentError(
            f"{place}: nbformat is {notebook.get('nbformat')!r}, expected 4; open and save it in a current Jupyter"
        )
    return notebook


def dump_notebook(notebook: Notebook) -> bytes:
    """The notebook as Jupyter writes it: sorted keys, one space of indent, UTF-8, a newline at the end."""
    text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True, separators=(",", ": "))
    return (text + "\n").encode("utf-8")


def source_of(cell: Cell) -> str:
    """The cell's text, whether it is stored as one string or as lines."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def set_source(cell: Cell, text: str) -> None:
    """Store the cell's text as lines, as Jupyter does."""
    cell["source"] = text.splitlines(keepends=True)


def question_of(cell: Cell) -> str | None:
    """The id of the question that the cell's metadata names."""
    marks = cell.get("metadata", {}).get("gradecheck", {})
    question = marks.get("question")
    return question if isinstance(question, str) else None


def new_cell(kind: str, text: str, cell_id: str) -> Cell:
    """A cell of the kind "code" or "markdown" that was never run."""
    cell: Cell = {"cell_type": kind, "id": cell_id, "metadata": {}}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    set_source(cell, text)
    return cell


def clean_notebook(notebook: Notebook) -> Notebook:
    """A copy without outputs, counts, attachments and metadata; cells keep their ids and the ids of questions."""
    cells, used = [], set()
    for number, cell in enumerate(notebook["cells"]):
        cell_id = cell.get("id")
        if not isinstance(cell_id, str) or not _ID.match(cell_id) or cell_id in used:
            cell_id = f"cell-{number + 1:03d}"
        used.add(cell_id)
        clean = new_cell(cell["cell_type"], source_of(cell), cell_id)
        question = question_of(cell)
        if question is not None:
            clean["metadata"] = {"gradecheck": {"question": question}}
        cells.append(clean)
    return {"cells": cells, "metadata": _METADATA, "nbformat": 4, "nbformat_minor": 5}
