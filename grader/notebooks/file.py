"""Read whatever students call a notebook into clean cells of format 4.5, and write executed ones. Runs nothing, touches no disk."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping
from typing import Any

import nbformat
from nbformat import NotebookNode

from ..errors import SubmissionError
from ..jsonfile import read_json

__all__ = ["read_notebook", "write_notebook"]

MAX_CELLS = 2000
MOST_METADATA = 100  # entries and tags of one cell; each is copied and written many times
CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
}


def read_notebook(data: bytes, path: str) -> NotebookNode:
    """Read a notebook of format 2 to 4 as format 4.5, without its recorded outputs, its kernelspec and most of its metadata.

    Recorded outputs may be forged, a kernelspec may name any program: neither is looked at. Cells get unique ids.

    Args: data: the file's bytes. path: the name to give in messages.
    Returns: a notebook of format 4.5 with sources, attachments, and the metadata by which questions are found.
    Raises: SubmissionError if the bytes are no notebook; the message names the file and says what is wrong.
    """
    document = _document(data, path)
    cells = _cells(document, path)
    if len(cells) > MAX_CELLS:
        raise SubmissionError(f"{path}: {len(cells)} cells; expected at most {MAX_CELLS}")
    used: set[str] = set()
    clean = [_cell(cell, _unused_id(cell, index, used)) for index, cell in enumerate(cells)]
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": NOTEBOOK_METADATA, "cells": clean}
    notebook: NotebookNode = nbformat.from_dict(document)  # type: ignore[no-untyped-call]  # nbformat has no types
    return notebook


def write_notebook(notebook: NotebookNode) -> bytes:
    """Return the notebook as the bytes of an .ipynb file, the same for the same cells."""
    return (json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode(
        "utf-8", "replace"
    )


def _document(data: bytes, path: str) -> Mapping[str, Any]:
    if not data.strip():
        raise SubmissionError(
            f"{path}: the file is empty; expected a Jupyter notebook; save it again and hand it in again"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise SubmissionError(
            f"{path}: byte {exc.start} is not UTF-8; save the notebook again from Jupyter"
        ) from exc
    try:
        document = read_json(text)
    except json.JSONDecodeError as exc:
        raise SubmissionError(
            f"{path}: not JSON at line {exc.lineno}, column {exc.colno} ({exc.msg}); expected a notebook, saved from Jupyter"
        ) from exc
    except (
        ValueError
    ) as exc:  # nested a thousand deep, a number of thousands of digits, or millions of values
        raise SubmissionError(
            f"{path}: JSON that no notebook holds ({exc}); save it again from Jupyter"
        ) from exc
    if not isinstance(document, dict):
        raise SubmissionError(
            f"{path}: the file holds a JSON {_json_name(document)}; expected a notebook, an object with `cells`"
        )
    return document


def _cells(document: Mapping[str, Any], path: str) -> list[Mapping[str, Any]]:
    cells = document.get("cells")
    if cells is None and isinstance(document.get("worksheets"), list):  # formats 2 and 3
        sheets = [sheet for sheet in document["worksheets"] if isinstance(sheet, dict)]
        cells = [cell for sheet in sheets for cell in sheet.get("cells") or []]
    if not isinstance(cells, list):
        raise SubmissionError(
            f"{path}: `cells` is {_json_name(cells)}; expected a list of cells (nbformat 3 or 4); save it again from Jupyter"
        )
    for index, cell in enumerate(cells):
        if not isinstance(cell, dict):
            raise SubmissionError(
                f"{path}: entry {index + 1} of `cells` is {_json_name(cell)}; expected an object"
            )
    return cells


def _cell(cell: Mapping[str, Any], cell_id: str) -> dict[str, Any]:
    kind = cell.get("cell_type")
    source = _text(cell.get("source", cell.get("input")))  # code cells of format 3 say `input`
    clean = {"id": cell_id, "metadata": _metadata(cell.get("metadata"))}
    if kind == "code":
        return {**clean, "cell_type": "code", "source": source, "execution_count": None, "outputs": []}
    if kind == "raw":
        return {**clean, "cell_type": "raw", "source": source}
    if kind == "heading":  # format 3
        level = cell.get("level")
        source = f"{'#' * level if isinstance(level, int) and 1 <= level <= 6 else '#'} {source}"
    attachments = _attachments(cell.get("attachments"))
    return {
        **clean,
        "cell_type": "markdown",
        "source": source,
        **({"attachments": attachments} if attachments else {}),
    }


def _unused_id(cell: Mapping[str, Any], index: int, used: set[str]) -> str:
    wanted = cell.get("id")
    fits = isinstance(wanted, str) and CELL_ID.fullmatch(wanted) and wanted not in used
    chosen = wanted if fits and isinstance(wanted, str) else f"cell-{index}"
    while chosen in used:
        chosen += "x"
    used.add(chosen)
    return chosen


def _text(value: object) -> str:
    """A source as text; terminal codes stay (they are the student's), lone surrogates cannot."""
    if isinstance(value, list):
        value = "".join(part for part in value if isinstance(part, str))
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _metadata(value: object) -> dict[str, Any]:
    """The entries by which questions and provided cells are found, as far as they have their form."""
    if not isinstance(value, dict):
        return {}
    kept: dict[str, Any] = {}
    for key in ("gradecheck", "nbgrader"):
        entries = value.get(key)
        if isinstance(entries, dict):
            few = itertools.islice(entries.items(), MOST_METADATA)
            kept[key] = {name: entry for name, entry in few if isinstance(entry, str | int)}
    tags = value.get("tags")
    if isinstance(tags, list):
        kept["tags"] = sorted(
            {tag for tag in tags[:MOST_METADATA] if isinstance(tag, str) and "," not in tag}
        )
    return kept


def _attachments(value: object) -> dict[str, dict[str, str]]:
    """Pictures pasted into an answer: {name: {mime type: base64}}; what has another form is left out."""
    if not isinstance(value, dict):
        return {}
    kept = {
        name: {
            mime: data for mime, data in bundle.items() if mime.startswith("image/") and isinstance(data, str)
        }
        for name, bundle in value.items()
        if isinstance(bundle, dict)
    }
    return {name: bundle for name, bundle in kept.items() if bundle}


def _json_name(value: object) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}
    return "null" if value is None else names[type(value)]
