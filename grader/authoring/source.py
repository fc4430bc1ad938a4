"""The instructor's source as students' files: solved (what full marks are made of) or blank (what students receive).

Reads `source/`; writes nothing and runs nothing. See `grader/authoring/regions.py` for what a solution region is.
"""

from __future__ import annotations

from collections.abc import Callable

from ..assignment import Assignment
from ..errors import AssignmentError
from .cells import (
    Cell,
    Notebook,
    clean_notebook,
    dump_notebook,
    parse_notebook,
    question_of,
    set_source,
    source_of,
)
from .regions import blanked, regions, solution_blocks, solved

__all__ = ["blank_files", "given_files", "secret_blocks", "solution_files", "student_paths"]


def solution_files(assignment: Assignment) -> dict[str, bytes]:
    """The students' modules and notebooks as the instructor solved them, by path.

    Raises: AssignmentError, with file and line or cell, if a region or a notebook is not as expected.
    """
    return _files(assignment, solved, _solved_notebook)


def blank_files(assignment: Assignment) -> dict[str, bytes]:
    """The students' modules and notebooks without solutions, by path; answers are the questions' templates.

    Raises: AssignmentError as `solution_files`, and if what is left of a module is not Python or a question has no answer cell.
    """

    def blank_notebook(notebook: Notebook, place: str, path: str) -> Notebook:
        questions = [question for question in assignment.spec.questions if question.notebook == path]
        return _blank_notebook(notebook, place, {question.id: question.template for question in questions})

    return _files(assignment, blanked, blank_notebook)


def secret_blocks(assignment: Assignment) -> tuple[tuple[str, ...], ...]:
    """All that students must not receive, as blocks of lines: solution regions, hidden regions, and written answers.

    Raises: AssignmentError as `solution_files`.
    """
    blocks: list[tuple[str, ...]] = []
    for path in (*student_paths(assignment), *assignment.spec.files.fallback):
        place = _place(assignment, path)
        if not path.endswith(".ipynb"):
            blocks += solution_blocks(_read(assignment, path), place)
            continue
        for number, cell in enumerate(_notebook(assignment, path)["cells"]):
            if cell["cell_type"] == "code":
                blocks += solution_blocks(source_of(cell), _cell_place(place, number))
            elif _is_answer(cell):
                blocks.append(tuple(source_of(cell).splitlines()))
    return tuple(blocks)


def given_files(assignment: Assignment) -> dict[str, bytes]:
    """The files that come with the template: fallback ones (blank, should they have regions) and provided ones, as they are.

    Raises: AssignmentError as `blank_files`, and if a provided file has a solution region.
    """
    spec = assignment.spec.files
    files = {}
    for path in spec.fallback:
        files[path] = blanked(_read(assignment, path), _place(assignment, path)).encode("utf-8")
    for path in spec.provided:
        if path.endswith(".py") and regions(_read(assignment, path), _place(assignment, path)):
            raise AssignmentError(
                f"{_place(assignment, path)}: a provided file is given as it is, so it cannot hold solution regions"
            )
        files[path] = (assignment.source / path).read_bytes()
    return files


def student_paths(assignment: Assignment) -> tuple[str, ...]:
    """The files that students write in: modules, then notebooks."""
    spec = assignment.spec
    return (*(module.path for module in spec.files.modules), *(notebook.path for notebook in spec.notebooks))


def _read(assignment: Assignment, path: str) -> str:
    file = assignment.source / path
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as exc:
        raise AssignmentError(f"{file}: byte {exc.start} is not UTF-8; save the file as UTF-8") from exc


def _files(
    assignment: Assignment,
    of_text: Callable[[str, str], str],
    of_notebook: Callable[[Notebook, str, str], Notebook],
) -> dict[str, bytes]:
    files = {}
    for path in (*student_paths(assignment), *assignment.spec.files.fallback):
        place = _place(assignment, path)
        if path.endswith(".ipynb"):
            files[path] = dump_notebook(clean_notebook(of_notebook(_notebook(assignment, path), place, path)))
        else:
            files[path] = of_text(_read(assignment, path), place).encode("utf-8")
    return files


def _notebook(assignment: Assignment, path: str) -> Notebook:
    return parse_notebook((assignment.source / path).read_bytes(), _place(assignment, path))


def _solved_notebook(notebook: Notebook, place: str, _path: str) -> Notebook:
    return notebook | {"cells": _code_cells(notebook, place, solved)}


def _blank_notebook(notebook: Notebook, place: str, templates: dict[str, str]) -> Notebook:
    cells = _code_cells(notebook, place, blanked)
    missing = set(templates)
    for number, cell in enumerate(cells):
        question = question_of(cell)
        if question is not None and question not in templates:
            raise AssignmentError(
                f"{_cell_place(place, number)}: question {question!r} is not among this notebook's `questions` in assignment.yaml"
            )
        if question is not None and _is_answer(cell):
            set_source(cell, templates[question])
            missing.discard(question)
    if missing:
        raise AssignmentError(
            f"{place}: no cell for the answer to {', '.join(sorted(missing))}; give it the metadata "
            '{"gradecheck": {"question": "<id>", "solution": true}}'
        )
    return notebook | {"cells": cells}


def _code_cells(notebook: Notebook, place: str, transform: Callable[[str, str], str]) -> list[Cell]:
    """All cells, code transformed; a code cell of which nothing is left goes."""
    cells = []
    for number, cell in enumerate(notebook["cells"]):
        copy = dict(cell)
        if cell["cell_type"] == "code":
            before = source_of(cell)
            after = transform(before, _cell_place(place, number))
            if before.strip() and not after.strip():
                continue
            set_source(copy, after)
        cells.append(copy)
    return cells


def _is_answer(cell: Cell) -> bool:
    return cell.get("metadata", {}).get("gradecheck", {}).get("solution") is True


def _place(assignment: Assignment, path: str) -> str:
    return f"{assignment.name}/source/{path}"


def _cell_place(place: str, number: int) -> str:
    return f"{place}, cell {number + 1}"
