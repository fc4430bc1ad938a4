"""Run a module whose top level raises, or takes too long, statement by statement. Runs beside student code; NumPy-free.

Scripts read the files of their author's machine and train at their top level: one such statement must not hide the functions and
classes around it. The caller has already tried the whole module, and tells the student what came of it.
"""

from __future__ import annotations

import ast
import builtins
import importlib.util
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

from .stubs import fill_in

__all__ = ["definitions", "run_pieces"]


def run_pieces(
    path: str, work: str, stand_in: Callable[[BaseException], bool], *, shortened: bool = False
) -> ModuleType | None:
    """The module at `path` (relative to `work`) with what its statements define, each run on its own, under its usual name.

    Statements that raise are left out. stand_in: puts a stand-in for the absent package that an exception tells of; whether it did.
    shortened: leave out, too, what is no definition (see `definitions`).
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
    for statement in definitions(tree, work) if shortened else tree.body:
        _run(statement, str(file), module, stand_in)
    if any(getattr(value, "__module__", None) == name for value in vars(module).values()):
        return module
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


def definitions(tree: ast.Module, work: str) -> Iterator[ast.stmt]:
    """The statements of a module that define something: functions, classes, imports, and assignments of constants.

    Left out are loops, `with`, bare expressions (but for changes of `sys.path`), and assignments that call the submission's own
    functions or classes, such as `net = train(...)`. `if` and `try` keep what defines something in them.
    work: the submission's folder; what is imported from there counts as its own.
    """
    known = _foreign(tree, work)
    for statement in tree.body:
        kept = _kept(statement, known)
        if kept is not None:
            yield kept


def _kept(node: ast.stmt, known: frozenset[str]) -> ast.stmt | None:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom):
        return node
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return None if _calls_own(node, known) else node
    if isinstance(node, ast.Expr):
        return node if ast.unparse(node).startswith(("sys.path.append(", "sys.path.insert(")) else None
    if isinstance(node, ast.If) and not _calls_own(node.test, known):
        node.body, node.orelse = _all_kept(node.body, known) or [ast.Pass()], _all_kept(node.orelse, known)
        return ast.fix_missing_locations(node)
    if isinstance(node, ast.Try):
        node.body = _all_kept(node.body, known) or [ast.Pass()]
        for handler in node.handlers:
            handler.body = _all_kept(handler.body, known) or [ast.Pass()]
        node.orelse, node.finalbody = _all_kept(node.orelse, known), _all_kept(node.finalbody, known)
        return ast.fix_missing_locations(node)
    return None


def _all_kept(body: list[ast.stmt], known: frozenset[str]) -> list[ast.stmt]:
    return [kept for node in body if (kept := _kept(node, known)) is not None]


def _foreign(tree: ast.Module, work: str) -> frozenset[str]:
    """Names that a plain call may have without being the submission's own: built-in ones, and imports from elsewhere."""
    names = set(dir(builtins))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and not _inside(node.module or "", work):
            names.update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            names.update(
                alias.asname or alias.name.partition(".")[0]
                for alias in node.names
                if not _inside(alias.name, work)
            )
    own = (
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    )
    return frozenset(names - set(own))


def _inside(module: str, work: str) -> bool:
    top = module.partition(".")[0]
    return (Path(work) / top).is_dir() or (Path(work) / f"{top}.py").is_file()


def _calls_own(node: ast.AST, known: frozenset[str]) -> bool:
    """Whether it calls a function or class of the submission: by its name, or as an attribute of a module of the submission.

    A method of a variable may pass: where the variable is left out, so is, by a NameError, whatever uses it.
    """
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id not in known:
            return True
    return False
