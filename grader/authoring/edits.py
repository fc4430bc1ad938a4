"""The edits by which a recipe turns the instructor's files into a sample submission. Pure: bytes in, bytes out.

An edit that does not find what it names is an error, never a sample that is silently right.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Literal

from pydantic import Field, model_validator

from ..errors import AssignmentError
from ..yamlfile import InnerPath, Strict
from .cells import (
    Cell,
    Notebook,
    dump_notebook,
    new_cell,
    parse_notebook,
    question_of,
    set_source,
    source_of,
)

__all__ = ["Edit", "EditError", "answer", "apply_edit", "minimal"]


class EditError(AssignmentError):
    """An edit does not fit; the message lacks the place in the recipe, which the caller knows."""


class Edit(Strict):
    """One change of one file. `with` is the new text; what it stands for is named in one of these ways:

    replace: a text that occurs in the file, or in the cell, exactly `count` times.
    function: a function, class or `Class.method` of a module, replaced from its first decorator to its last line.
    cell: a notebook cell, by its id or a text that it alone contains; with `replace` a text in it, else all of it.
    insert: before or after the `cell`, or (without one) the `function` or the whole file, put a new cell or new lines.
    """

    file: InnerPath
    replace: str | None = Field(None, min_length=1)
    with_: str = Field("", alias="with")
    count: int = Field(1, ge=1)
    function: str | None = None
    cell: str | None = Field(None, min_length=1)
    insert: Literal["before", "after"] | None = None

    @model_validator(mode="after")
    def _addressed(self) -> Edit:
        if (self.replace, self.function, self.cell, self.insert) == (None, None, None, None):
            raise ValueError(
                "expected `replace`, `function`, `cell` or `insert`: an edit has to say what it changes"
            )
        if self.replace is not None and (self.function is not None or self.insert is not None):
            raise ValueError(
                "`replace` goes with `cell` alone; `function` and `insert` name their place themselves"
            )
        if (self.cell is not None) and not self.file.endswith(".ipynb"):
            raise ValueError("`cell` is for notebooks; name a `function` or a text to `replace`")
        if (self.function is not None) and self.file.endswith(".ipynb"):
            raise ValueError("`function` is for modules; name a `cell`")
        return self


def apply_edit(files: Mapping[str, bytes], edit: Edit) -> dict[str, bytes]:
    """`files` with one edit done.

    Raises: EditError if the file, function, cell or text is not there, or not as often as the edit says.
    """
    if edit.file not in files:
        raise EditError(f"{edit.file} is not among the sample's files: {', '.join(sorted(files))}")
    data = files[edit.file]
    if edit.file.endswith(".ipynb"):
        notebook = parse_notebook(data, edit.file)
        _edit_notebook(notebook, edit)
        changed = dump_notebook(notebook)
    else:
        changed = _edit_text(data.decode("utf-8"), edit).encode("utf-8")
    if changed == data:
        raise EditError(f"{edit.file} is the same after the edit as before")
    return {**files, edit.file: changed}


def answer(data: bytes, question: str, text: str, place: str) -> bytes:
    """The notebook with the answer to one question replaced.

    Raises: EditError if no markdown cell is marked as that question's answer.
    """
    notebook = parse_notebook(data, place)
    cells = [cell for cell in notebook["cells"] if question_of(cell) == question]
    if not cells:
        raise EditError(f"{place} has no cell for question {question}")
    set_source(cells[-1], text)  # the question itself may carry the mark, too; its answer comes last
    return dump_notebook(notebook)


def minimal(data: bytes, place: str) -> bytes:
    """The notebook without its prose: code, answers and headings stay, so that samples are small and still found."""
    notebook = parse_notebook(data, place)
    kept = []
    for cell in notebook["cells"]:
        headings = [line for line in source_of(cell).splitlines() if line.startswith("#")]
        if cell["cell_type"] != "code" and question_of(cell) is None:
            if not headings:
                continue
            set_source(cell, "\n".join(headings))
        kept.append(cell)
    return dump_notebook(notebook | {"cells": kept})


def _edit_text(text: str, edit: Edit) -> str:
    if edit.replace is not None:
        return _replaced(text, edit.replace, edit.with_, edit.count, edit.file)
    lines = text.splitlines(keepends=True)
    first, last = (0, len(lines)) if edit.function is None else _span(text, edit.function, edit.file)
    if edit.insert is not None:
        first = last = first if edit.insert == "before" else last
    new = edit.with_ if edit.with_.endswith("\n") or not edit.with_ else edit.with_ + "\n"
    return "".join([*lines[:first], new, *lines[last:]])


def _replaced(text: str, old: str, new: str, count: int, place: str) -> str:
    found = text.count(old)
    if found != count:
        raise EditError(
            f"{place} holds the text to replace {found} times, expected {count}: {old.splitlines()[0]!r}"
        )
    return text.replace(old, new)


def _span(text: str, name: str, place: str) -> tuple[int, int]:
    """First line of a function or class, from 0, and the line after its last one."""
    block: list[ast.stmt] = ast.parse(text).body
    for part in name.split("."):
        named = [
            node
            for node in block
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef) and node.name == part
        ]
        if not named:
            raise EditError(f"{place} defines no {name}")
        found = named[-1]
        block = found.body
    first = min([found.lineno, *(decorator.lineno for decorator in found.decorator_list)])
    return first - 1, found.end_lineno or found.lineno


def _edit_notebook(notebook: Notebook, edit: Edit) -> None:
    cells = notebook["cells"]
    if edit.cell is None:
        if edit.replace is not None:
            _replace_in_cells(cells, edit)
        else:
            at = 0 if edit.insert == "before" else len(cells)
            cells.insert(at, _inserted(cells, edit))
        return
    at = _find(cells, edit)
    if edit.insert is not None:
        cells.insert(at + (edit.insert == "after"), _inserted(cells, edit))
    elif edit.replace is not None:
        cell = cells[at]
        set_source(
            cell,
            _replaced(source_of(cell), edit.replace, edit.with_, edit.count, f"{edit.file}, cell {at + 1}"),
        )
    elif edit.with_:
        set_source(cells[at], edit.with_)
    else:
        del cells[at]


def _replace_in_cells(cells: list[Cell], edit: Edit) -> None:
    old = edit.replace or ""
    found = sum(source_of(cell).count(old) for cell in cells)
    if found != edit.count:
        raise EditError(
            f"{edit.file} holds the text to replace {found} times, expected {edit.count}: {old.splitlines()[0]!r}"
        )
    for cell in cells:
        set_source(cell, source_of(cell).replace(old, edit.with_))


def _inserted(cells: list[Cell], edit: Edit) -> Cell:
    return new_cell("code", edit.with_, f"inserted-{len(cells)}")


def _find(cells: list[Cell], edit: Edit) -> int:
    wanted = edit.cell or ""
    tests: tuple[Callable[[Cell], bool], ...] = (
        lambda cell: cell.get("id") == wanted,
        lambda cell: wanted in source_of(cell),
    )
    for test in tests:
        numbers = [number for number, cell in enumerate(cells) if test(cell)]
        if len(numbers) == 1:
            return numbers[0]
        if numbers:
            names = ", ".join(str(number + 1) for number in numbers)
            raise EditError(
                f"{edit.file}: cells {names} contain {wanted!r}; name a text that one cell alone contains"
            )
    raise EditError(f"{edit.file}: no cell has the id, or contains, {wanted!r}")
