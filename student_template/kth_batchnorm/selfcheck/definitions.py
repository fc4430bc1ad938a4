"""Which statements of a script or notebook define something, and which run something. Pure: nothing is run here.

Students receive a copy of this module, so it keeps to what Python 3.8 knows.
"""

from __future__ import annotations

import ast
import builtins
from typing import Callable, Iterator  # noqa: UP035 - subscribed when run, which Python 3.8 needs these for

__all__ = ["definitions"]

DEFINE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
PATH_CHANGES = ("append", "insert", "extend")


def definitions(tree: ast.Module, is_own: Callable[[str], bool]) -> Iterator[ast.stmt]:
    """The statements of a module that define something: functions, classes, imports, and assignments of constants.

    Left out are loops, `with`, bare expressions (but for changes of `sys.path`), and assignments that call the submission's own
    functions or classes, such as `net = train(...)`. `if` and `try` keep what defines something in them.
    is_own: of a module's name, whether what is imported from it is the submission's own.
    """
    known = _foreign(tree, is_own)
    for statement in tree.body:
        kept = _kept(statement, known)
        if kept is not None:
            yield kept


def _kept(node: ast.stmt, known: frozenset[str]) -> ast.stmt | None:
    if isinstance(node, DEFINE):
        return node
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        return None if _calls_own(node, known) else node
    if isinstance(node, ast.Expr):
        return node if _changes_path(node.value) else None
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
    return [kept for node in body for kept in [_kept(node, known)] if kept is not None]


def _changes_path(node: ast.expr) -> bool:
    """Whether it is `sys.path.append(...)` or the like."""
    if not (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in PATH_CHANGES
    ):
        return False
    path = node.func.value
    return (
        isinstance(path, ast.Attribute)
        and path.attr == "path"
        and isinstance(path.value, ast.Name)
        and path.value.id == "sys"
    )


def _foreign(tree: ast.Module, is_own: Callable[[str], bool]) -> frozenset[str]:
    """Names that a plain call may have without being the submission's own: built-in ones, and imports from elsewhere."""
    names = set(dir(builtins))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and not is_own(node.module or ""):
            names.update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            names.update(
                alias.asname or alias.name.partition(".")[0] for alias in node.names if not is_own(alias.name)
            )
    return frozenset(names - {node.name for node in tree.body if isinstance(node, FUNCTIONS)})


def _calls_own(node: ast.AST, known: frozenset[str]) -> bool:
    """Whether it calls a function or class of the submission by its name.

    A method of a variable may pass: where the variable is left out, so is, by a NameError, whatever uses it.
    """
    calls = (call.func for call in ast.walk(node) if isinstance(call, ast.Call))
    return any(isinstance(function, ast.Name) and function.id not in known for function in calls)
