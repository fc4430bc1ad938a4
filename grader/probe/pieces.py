"""Run a module whose top level raises, or takes too long, statement by statement. Runs beside student code; NumPy-free.

Scripts read the files of their author's machine and train at their top level: one such statement must not hide the functions and
classes around it. The caller has already tried the whole module, and tells the student what came of it.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from .definitions import definitions
from .stubs import fill_in

__all__ = ["module_parts", "run_pieces"]


def module_parts(path: str) -> tuple[str, ...]:
    """The parts of the name under which a file is imported; a package's `__init__.py` goes by its folder."""
    parts = Path(path).with_suffix("").parts
    return parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts


def run_pieces(
    path: str, work: str, stand_in: Callable[[BaseException], bool], *, shortened: bool = False
) -> ModuleType | None:
    """The module at `path` (relative to `work`) with what its statements define, each run on its own, under its usual name.

    Statements that raise are left out. stand_in: puts a stand-in for the absent package that an exception tells of; whether it did.
    shortened: leave out, too, what is no definition (see `definitions.py`).
    Returns: None if it is not Python, or if no function and no class of its own came of it.
    """
    file = Path(work) / path
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # said already, when the whole module was tried
            tree = ast.parse(file.read_bytes(), str(file))
    except (SyntaxError, ValueError, RecursionError, MemoryError, OSError):
        return None
    name = ".".join(module_parts(path))
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None:
        return None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # other modules of the submission import it from here
    wanted = definitions(tree, lambda module: _inside(module, work)) if shortened else tree.body
    for statement in wanted:
        _run(statement, str(file), module, stand_in)
    made = {getattr(value, "__module__", None) for value in vars(module).values()}
    if name in made or (
        file.name == "__init__.py" and any(str(place).startswith(f"{name}.") for place in made)
    ):
        return module  # a package's own names are those of its submodules, too
    del sys.modules[name]
    return None


def _run(
    statement: ast.stmt, file: str, module: ModuleType, stand_in: Callable[[BaseException], bool]
) -> None:
    try:
        code = compile(ast.Module(body=[statement], type_ignores=[]), file, "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # what parsing alone does not show
        return
    again = True
    while again:
        again = False
        try:
            exec(code, vars(module))  # noqa: S102  # the student's own statement, as an import would run it
        except BaseException as exc:  # noqa: BLE001  # a student's statement may raise anything, SystemExit included
            again = stand_in(exc)
            if not again:
                fill_in(code, exc, vars(module))


def _inside(module: str, work: str) -> bool:
    """Whether a module of that name is one of the submission's files."""
    top = module.partition(".")[0]
    return (Path(work) / top).is_dir() or (Path(work) / f"{top}.py").is_file()
