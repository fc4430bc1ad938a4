"""Cut a `checks.py` down to what may leave the instructor's hands. Pure: source in, source out; nothing is imported or executed.

The sandbox gets probes with `of` and `where` alone; students get the public probes with tolerances and hints. Either way judges,
hidden checks, docstrings, comments, and whatever the kept probes do not use, go.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from .errors import AssignmentError

__all__ = ["imported_names", "strip_checks", "strip_imported"]

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class _Unit:
    """A top-level statement, with the module-level names that it binds and those that it uses."""

    node: ast.stmt
    binds: frozenset[str]
    uses: frozenset[str]


def strip_checks(
    source: str,
    *,
    terms: frozenset[str],
    keep: Callable[[str], bool],
    titles: bool = False,
    place: str = "checks.py",
) -> str:
    """The part of `source` that the top-level names chosen by `keep` need, directly or through others.

    Args: terms: the keywords that `@check(...)` keeps. keep: whether a top-level name (of a check, or of a helper that other
        modules import) is wanted for its own sake. titles: keep the first line of a check's docstring; else it is the check's name,
        for a check has to have one. place: names the file in errors.
    Returns: Python source without comments and docstrings, statements in their order.
    Raises: AssignmentError, with the line, for what cannot be cut safely: `import *`, `**` in the terms of a check, a top-level
        statement that binds no name; or if it is not Python.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError as exc:
        raise AssignmentError(f"{place}:{exc.lineno}: not Python: {exc.msg}") from exc
    stripper = _Stripper(_check_names(tree), terms, titles=titles, place=place)
    units = [_unit(stripper.visit(node), place) for node in tree.body if not _is_docstring(node)]
    needed = _needed(units, keep)
    body = [node for unit in units for node in _wanted(unit, needed)]
    return ast.unparse(ast.Module(body=body, type_ignores=[])) + "\n"


def imported_names(source: str, package: str) -> dict[str, frozenset[str]]:
    """What `source` imports at its top from modules of `package`: module -> names ("*" where the module itself is imported).

    `from package.module import a`, `from package import module` and `import package.module` are understood, and, for a module of
    the package itself, `from .module import a`.
    """
    found: dict[str, set[str]] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.ImportFrom):
            base = f"{package}.{node.module or ''}".rstrip(".") if node.level == 1 else node.module or ""
            names = {alias.name for alias in node.names}
            if base == package:
                for name in names:
                    found.setdefault(f"{package}.{name}", set()).add("*")
            elif base.startswith(package + "."):
                found.setdefault(base, set()).update(names)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith(package + "."):
                    found.setdefault(alias.name, set()).add("*")
    return {module: frozenset(names) for module, names in found.items()}


def strip_imported(
    sources: Iterable[str],
    package: str,
    read: Callable[[str], str],
    *,
    terms: frozenset[str],
    titles: bool = False,
) -> dict[str, str]:
    """The modules of `package` that `sources` import, directly or through others, each stripped to the names that are used.

    Args: read: gives a module's source by its full name. terms, titles: as of `strip_checks`.
    Returns: module -> stripped source.
    Raises: AssignmentError as `strip_checks`.
    """
    wanted: dict[str, frozenset[str]] = {}
    waiting = [imported_names(source, package) for source in sources]
    stripped: dict[str, str] = {}
    while waiting:
        for module, names in waiting.pop().items():
            known = wanted.get(module, frozenset())
            if names <= known:
                continue
            wanted[module] = known | names
            keep = _everything if "*" in wanted[module] else wanted[module].__contains__
            stripped[module] = strip_checks(read(module), terms=terms, keep=keep, titles=titles, place=module)
            waiting.append(imported_names(stripped[module], package))
    return stripped


def _everything(_name: str) -> bool:
    return True


class _Stripper(ast.NodeTransformer):
    """Takes docstrings and terms out of a top-level statement."""

    def __init__(
        self, check_names: frozenset[str], terms: frozenset[str], *, titles: bool, place: str
    ) -> None:
        self._check_names = check_names
        self._terms = terms
        self._titles = titles
        self._place = place

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """A function: a check keeps the allowed terms and a title, any other loses its docstring."""
        return self._definition(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        """As a function."""
        return self._definition(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """As a function."""
        return self._definition(node)

    def _definition(self, node: _Definition) -> ast.AST:
        calls = [call for decorator in node.decorator_list if (call := self._check_call(decorator))]
        for call in calls:
            if any(keyword.arg is None for keyword in call.keywords):
                raise AssignmentError(
                    f"{self._place}:{call.lineno}: check {node.name}: `**` hides which terms leave; write them out"
                )
            call.keywords = [keyword for keyword in call.keywords if keyword.arg in self._terms]
        title = (ast.get_docstring(node) or "").partition("\n")[0] if self._titles else node.name
        body = node.body[1:] if _is_docstring(node.body[0]) else node.body
        if calls and title:
            body = [ast.Expr(ast.Constant(title)), *body]
        node.body = body or [ast.Pass()]
        self.generic_visit(node)
        return node

    def _check_call(self, decorator: ast.expr) -> ast.Call | None:
        if isinstance(decorator, ast.Call):
            name = decorator.func
            if isinstance(name, ast.Attribute) and name.attr == "check":
                return decorator
            if isinstance(name, ast.Name) and name.id in self._check_names:
                return decorator
        return None


def _check_names(tree: ast.Module) -> frozenset[str]:
    """The local names of the decorator: `check`, or what an import calls it."""
    aliases = (alias for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names)
    return frozenset(
        {"check"} | {alias.asname for alias in aliases if alias.name == "check" and alias.asname}
    )


def _unit(node: ast.stmt, place: str) -> _Unit:
    binds = frozenset(_bound(node))
    if "*" in binds:
        raise AssignmentError(f"{place}:{node.lineno}: `import *` hides what is used; name what is needed")
    if not binds and not isinstance(node, ast.Pass):
        raise AssignmentError(
            f"{place}:{node.lineno}: a top-level statement that binds no name cannot be told needed; put it into a function"
        )
    return _Unit(node, binds, frozenset(_used(symtable.symtable(ast.unparse(node), place, "exec"))))


def _bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, _Definition):
        yield node.name
        return
    for inner in _outside_functions(node):
        if isinstance(inner, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in inner.names)
        elif isinstance(inner, _Definition):
            yield inner.name
        elif isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            yield inner.id
        elif isinstance(inner, ast.Attribute | ast.Subscript) and isinstance(inner.ctx, ast.Store):
            yield from (part.id for part in ast.walk(inner.value) if isinstance(part, ast.Name))


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    """The node and its parts, without the bodies of functions and classes."""
    yield node
    if not isinstance(node, _Definition | ast.Lambda):
        for child in ast.iter_child_nodes(node):
            yield from _outside_functions(child)


def _used(table: symtable.SymbolTable) -> Iterator[str]:
    """Names that a piece of source takes from its module, by Python's own scoping: a local of the same name does not count."""
    top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (top or symbol.is_global()):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _used(child)


def _needed(units: Sequence[_Unit], keep: Callable[[str], bool]) -> frozenset[str]:
    waiting = {
        name
        for unit in units
        for name in unit.binds
        if not isinstance(unit.node, ast.Import | ast.ImportFrom) and keep(name)
    }
    needed: set[str] = set()
    while waiting:
        needed |= waiting
        used = {name for unit in units if unit.binds & waiting for name in unit.uses}
        waiting = used - needed
    return frozenset(needed)


def _wanted(unit: _Unit, needed: frozenset[str]) -> list[ast.stmt]:
    node = unit.node
    if isinstance(node, ast.ImportFrom) and node.module == "__future__":
        return [node]
    if not unit.binds & needed:
        return []
    if isinstance(node, ast.Import | ast.ImportFrom):
        node.names = [
            alias for alias in node.names if (alias.asname or alias.name.partition(".")[0]) in needed
        ]
    return [node]


def _is_docstring(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
