"""Run a module whose top level raises statement by statement, leaving out those that raise. Runs beside student code; NumPy-free.

Scripts read the files of their author's machine and train at their top level: one such statement must not hide the functions and
classes around it. The caller has already tried the whole module, and tells the student what it raised.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
import warnings
from pathlib import Path
from types import ModuleType

from .stubs import fill_in

__all__ = ["run_pieces"]


def run_pieces(path: str, work: str) -> ModuleType | None:
    """The module at `path` (relative to `work`) with what its statements define, each run on its own, under its usual name.

    Returns: None if it is not Python, or if no function and no class of its own came of it.
    """
    file = Path(work) / path
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # said already, when the whole module was tried
            tree = ast.parse(file.read_bytes(), str(file))
    except (SyntaxError, ValueError, RecursionError, MemoryError, OSError):
        return None
    name = ".".join(Path(path).with_suffix("").parts)
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None:
        return None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # other modules of the submission import it from here
    for statement in tree.body:
        try:
            code = compile(ast.Module(body=[statement], type_ignores=[]), str(file), "exec")
        except (SyntaxError, ValueError, RecursionError, MemoryError):  # what only the whole could not show
            continue
        try:
            exec(code, vars(module))  # noqa: S102  # the student's own statement, as an import would run it
        except BaseException as exc:  # noqa: BLE001  # a student's statement may raise anything, SystemExit included
            fill_in(code, exc, vars(module))
    if any(getattr(value, "__module__", None) == name for value in vars(module).values()):
        return module
    del sys.modules[name]
    return None
