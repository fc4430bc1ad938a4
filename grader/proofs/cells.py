"""A notebook's cells as Python that can be changed and run again: for mutants of solutions that stand in cells.

The first code cell is the set-up: it runs once, as it is. The others run as they are, experiments and all, or as what they define:
imports, functions and classes alone. The instructor's own source only, for it runs in this process.
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..authoring.cells import parse_notebook, source_of
from ..errors import AssignmentError

__all__ = ["Cells", "namespace", "read_cells", "set_up"]

DEFINE = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
DRAW_NOWHERE = {"MPLBACKEND": "agg"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """path: of the notebook. first: its first code cell. rest: the others, one after the other, with markers of solutions."""

    path: str
    first: str
    rest: str


def read_cells(path: str, data: bytes, place: str) -> Cells:
    """A notebook's code. place: names it in errors. Raises: AssignmentError if it cannot be read."""
    first, *others = [
        _without_magics(source_of(cell))
        for cell in parse_notebook(data, place)["cells"]
        if cell["cell_type"] == "code"
    ] or [""]
    return Cells(path=path, first=first, rest="\n\n".join(others))


def _without_magics(text: str) -> str:
    """IPython's own lines become `pass`, at the same place."""
    return "\n".join(
        line[: len(line) - len(line.lstrip())] + "pass" if line.lstrip()[:1] in {"%", "!", "?"} else line
        for line in text.split("\n")
    )


def set_up(cells: Cells, folder: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    """What the first cell leaves behind, run beside the files of `folder`. Raises: AssignmentError if it raises."""
    space: dict[str, Any] = {"__name__": "notebook"}
    with _beside(folder, environment):
        _run(ast.parse(cells.first), f"{cells.path}, first code cell", space)
    return space


def namespace(cells: Cells, space: Mapping[str, Any], rest: str, *, experiments: bool) -> dict[str, Any]:
    """The set-up's names with those of `rest`, the notebook's other cells as they are or changed.

    Args: experiments: run all of it; else only what defines something. Raises: AssignmentError if it raises.
    """
    tree = ast.parse(rest)
    if not experiments:
        tree.body = [statement for statement in tree.body if isinstance(statement, DEFINE)]
    made = dict(space)
    _run(tree, cells.path, made)
    return made


def _run(tree: ast.Module, name: str, space: dict[str, Any]) -> None:
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(tree, name, "exec"), space)  # noqa: S102 - the instructor's own source
    except TimeoutError:
        raise
    except Exception as exc:  # whatever it raises is the instructor's to mend
        raise AssignmentError(f"{name}: {type(exc).__name__}: {exc}") from exc
    finally:
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close("all")


@contextlib.contextmanager
def _beside(folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Import from `folder` and see the variables, for a `with` block; modules from there are forgotten afterwards."""
    kept, known, bytecode = dict(os.environ), set(sys.modules), sys.dont_write_bytecode
    os.environ.update({**DRAW_NOWHERE, **environment})
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = bytecode
        sys.path.remove(str(folder))
        os.environ.clear()
        os.environ.update(kept)
        for name in set(sys.modules) - known:
            if str(getattr(sys.modules[name], "__file__", None)).startswith(str(folder)):
                del sys.modules[name]
