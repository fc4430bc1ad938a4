"""Take an array of one entry for a number where student code was written for a NumPy that did; runs beside student code.

Up to NumPy 2.3, `a[0] = np.ones(1)`, `float(np.ones((1, 1)))` and `math.sqrt(np.ones(1))` worked; since 2.4 they raise. Code that
was right when it was written is not wrong for that. Where a check ends in that error, the student's functions get the code of the
same source with such places wrapped, and the check runs once more. An array of more entries raises now as it did then.
"""

from __future__ import annotations

import ast
import builtins
import copy
import gc
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import numpy as np

__all__ = ["NOTICE", "is_refused", "take_one_entry"]

REFUSAL = "only 0-dimensional arrays can be converted to Python scalars"
NOTICE = "DeprecationWarning: an array of one entry stands where a number belongs; NumPy refuses that since version 2.4"
NUMBER, STORED = "_gradecheck_number", "_gradecheck_stored"


def is_refused(exc: BaseException) -> bool:
    """Whether NumPy refused an array where a number belongs, be it of one entry or of more."""
    if type(exc) not in (TypeError, ValueError):  # no class of a student's, whose text could run code
        return False
    return any(type(one) is TypeError and REFUSAL in str(one) for one in (exc, exc.__cause__))


def take_one_entry(work: str) -> bool:
    """Exchange the code of all functions that were read from files under `work`; whether there was any to exchange."""
    vars(builtins).update({NUMBER: _number, STORED: _stored})
    changed = False
    codes: dict[str, dict[tuple[str, int], CodeType]] = {}
    for function in [value for value in gc.get_objects() if type(value) is FunctionType]:
        code = function.__code__
        if not code.co_filename.startswith(work + "/"):
            continue
        if code.co_filename not in codes:
            codes[code.co_filename] = _wrapped(code.co_filename)
        new = codes[code.co_filename].get((code.co_qualname, code.co_firstlineno))
        if new is not None and new.co_freevars == code.co_freevars:
            function.__code__ = new
            changed = True
    return changed


def _number(value: Any) -> Any:
    return value.reshape(()) if isinstance(value, np.ndarray) and value.size == 1 else value


def _stored(value: Any, target: Any) -> Any:
    return _number(value) if isinstance(target, np.ndarray) and target.dtype != object else value


def _wrapped(file: str) -> dict[tuple[str, int], CodeType]:
    """The functions of a file with the places wrapped, by qualified name and first line; none if it cannot be read."""
    try:
        tree = ast.fix_missing_locations(_Wrap().visit(ast.parse(Path(file).read_bytes(), file)))
        module = compile(tree, file, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OSError):
        return {}
    return {(code.co_qualname, code.co_firstlineno): code for code in _codes(module)}


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


class _Wrap(ast.NodeTransformer):
    """Wraps what is stored in an entry of an array, and what is handed to float, int and the functions of math."""

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        if len(node.targets) == 1:
            node.value = _wrap_stored(node.value, node.targets[0])
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        node.value = _wrap_stored(node.value, node.target)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        by_name = isinstance(node.func, ast.Name) and node.func.id in ("float", "int")
        of_math = isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") == "math"
        if (by_name or of_math) and len(node.args) == 1 and not isinstance(node.args[0], ast.Starred):
            node.args = [_call(NUMBER, node.args[0])]
        return node


def _wrap_stored(value: ast.expr, target: ast.expr) -> ast.expr:
    if not isinstance(target, ast.Subscript) or not _is_plain(target.value):
        return value
    place = copy.deepcopy(target.value)
    return _call(STORED, value, place)


def _is_plain(node: ast.expr) -> bool:
    """Whether naming the array a second time does nothing but name it."""
    if isinstance(node, ast.Attribute):
        return _is_plain(node.value)
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Name | ast.Constant) and _is_plain(node.value)
    return isinstance(node, ast.Name)


def _call(name: str, *given: ast.expr) -> ast.Call:
    function = ast.Name(id=name, ctx=ast.Load())
    return ast.copy_location(ast.Call(func=function, args=list(given), keywords=[]), given[0])
