"""Solution regions in Python source: what the instructor wrote, as a solution or as the blank that students receive. Pure text.

A region is a pair of comment lines `# BEGIN SOLUTION` ... `# END SOLUTION` (any number of `#`), or one statement that ends in
`# SOLUTION`. `# BEGIN HIDDEN` ... `# END HIDDEN` (or `HIDDEN TESTS`) is for the instructor alone and enters neither version.
Nothing is executed; cells with IPython's `%` and `!` lines are understood.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..errors import AssignmentError

__all__ = ["PROMPT", "Region", "blanked", "regions", "solution_blocks", "solved", "unwritten"]

PROMPT = "# YOUR CODE HERE"

_MARKER = re.compile(r"^\s*#+\s*(BEGIN|END)\s+(SOLUTION|HIDDEN)(?:\s+TESTS)?\s*$")
_MARKER_LIKE = re.compile(r"#+\s*(?:BEGIN|END)\s+(?:SOLUTION|HIDDEN)\b")
_SUFFIX = re.compile(r"\s*#+\s*SOLUTION\s*$")
_MAGIC = re.compile(r"^(\s*)(?:[%!?].*|[\w\s,.]+=\s*[%!].*|[\w.]+\?+\s*)$")

_Block = list[ast.stmt]
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Lines `first` to `last` (from 0), the markers among them; a one-line region has no marker lines."""

    hidden: bool
    first: int
    last: int

    @property
    def one_line(self) -> bool:
        """Whether it is a statement that ends in `# SOLUTION`."""
        return self.first == self.last


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where a block stands: its qualified name, and the function that it belongs to, if any."""

    name: str = ""
    function: _Function | None = None

    def enter(self, statement: ast.stmt) -> _Scope:
        """The scope of the blocks of `statement`."""
        if not isinstance(statement, ast.ClassDef | _Function):
            return self
        name = f"{self.name}.{statement.name}".lstrip(".")
        return _Scope(name, None if isinstance(statement, ast.ClassDef) else statement)


@dataclass(frozen=True, slots=True)
class _Suite:
    """The statements of a region, the block that they stand in, and the scope of it."""

    inside: _Block
    block: _Block
    scope: _Scope


def regions(text: str, place: str) -> tuple[Region, ...]:
    """The regions of `text`, in order. place: names the file or cell in errors.

    Raises: AssignmentError, with the line, for a marker that is nested, unclosed, closed unopened or not alone on its line.
    """
    found: list[Region] = []
    opened: tuple[str, int] | None = None
    for number, line in enumerate(text.split("\n")):
        marker = _MARKER.match(line)
        if marker is None:
            if _MARKER_LIKE.search(line):
                raise AssignmentError(
                    f"{_at(place, number)}: a marker has to be alone on its line and carry no other words, got {line.strip()!r}"
                )
            if _SUFFIX.search(line):
                if opened is not None:
                    raise AssignmentError(
                        f"{_at(place, number)}: # SOLUTION inside the region of line {opened[1] + 1}; "
                        "the region marks the line already, remove the comment"
                    )
                found.append(Region(hidden=False, first=number, last=number))
            continue
        verb, kind = marker.groups()
        if verb == "BEGIN":
            if opened is not None:
                raise AssignmentError(
                    f"{_at(place, number)}: BEGIN {kind} inside the region of line {opened[1] + 1}; close that first"
                )
            opened = (kind, number)
            continue
        if opened is None or opened[0] != kind:
            raise AssignmentError(
                f"{_at(place, number)}: END {kind} without a BEGIN {kind}; remove it or open the region"
            )
        found.append(Region(hidden=kind == "HIDDEN", first=opened[1], last=number))
        opened = None
    if opened is not None:
        raise AssignmentError(
            f"{_at(place, opened[1])}: BEGIN {opened[0]} is never closed; add # END {opened[0]}"
        )
    return tuple(found)


def solved(text: str, place: str) -> str:
    """The instructor's solution as a student would hand it in: markers gone, hidden regions gone.

    Raises: AssignmentError as `regions`.
    """
    lines = text.split("\n")
    for region in reversed(regions(text, place)):
        if region.one_line:
            lines[region.first] = _SUFFIX.sub("", lines[region.first])
        else:
            lines[region.first : region.last + 1] = (
                [] if region.hidden else lines[region.first + 1 : region.last]
            )
    return "\n".join(lines)


def blanked(text: str, place: str) -> str:
    """What students receive: each region becomes `# YOUR CODE HERE`, hidden ones nothing.

    A region that is a function's whole body, or holds a `return` with a value, also raises NotImplementedError, so that a function
    that is not written says so. A block that would be empty gets `pass`. What stands around a region stays as it is: names used
    after it have to be set before it.

    Raises: AssignmentError as `regions`; if the text is not Python; if a region cuts through a statement or block.
    """
    found = regions(text, place)
    if not found:
        return text
    tree = _parse(text, place)
    lines = text.split("\n")
    for region in reversed(found):
        if region.one_line:
            lines[region.first] = _blank_line(lines[region.first], _at(place, region.first))
        else:
            lines[region.first : region.last + 1] = (
                [] if region.hidden else _blank(region, lines, tree, place)
            )
    blank = "\n".join(lines)
    _parse(blank, f"{place}, without its solutions")
    return blank


def unwritten(blank: str) -> tuple[str, ...]:
    """The top-level functions and classes of a blanked module in which students write.

    Raises: SyntaxError if it is not Python.
    """
    lines = blank.split("\n")
    return tuple(
        node.name
        for node in ast.parse(blank).body
        if isinstance(node, ast.ClassDef | _Function)
        and any(PROMPT in line for line in lines[node.lineno - 1 : _last_line(node)])
    )


def solution_blocks(text: str, place: str) -> tuple[tuple[str, ...], ...]:
    """The lines inside each region, hidden ones too, without markers and as they stand.

    Raises: AssignmentError as `regions`.
    """
    lines = text.split("\n")
    return tuple(
        (_SUFFIX.sub("", lines[region.first]),)
        if region.one_line
        else tuple(lines[region.first + 1 : region.last])
        for region in regions(text, place)
    )


def _at(place: str, number: int) -> str:
    return f"{place}, line {number + 1}"


def _parse(text: str, place: str) -> ast.Module:
    plain = "\n".join(_MAGIC.sub(r"\1pass", line) for line in text.split("\n"))
    if text.startswith("%%"):
        plain = ""  # a cell magic hands the cell to something that need not be Python
    try:
        return ast.parse(plain)
    except SyntaxError as exc:
        raise AssignmentError(f"{_at(place, (exc.lineno or 1) - 1)}: not Python: {exc.msg}") from exc


def _blank(region: Region, lines: Sequence[str], tree: ast.Module, place: str) -> list[str]:
    begin = lines[region.first]
    indent = begin[: len(begin) - len(begin.lstrip())]
    suites = list(_suites(region, tree.body, _Scope(), _at(place, region.first)))
    if len(suites) > 1:
        raise AssignmentError(
            f"{_at(place, region.first)}: the region spans several blocks; give each block a region of its own"
        )
    if not suites:
        return [indent + PROMPT]
    suite, function = suites[0], suites[0].scope.function
    rest = [statement for statement in suite.block if statement not in suite.inside]
    whole = function is not None and suite.block is function.body and not _without_docstring(rest)
    if whole or (function is not None and _returns(suite.inside)):
        return [
            indent + PROMPT,
            f'{indent}raise NotImplementedError("{suite.scope.name} is not written yet")',
        ]
    if not rest and suite.block is not tree.body:
        return [indent + PROMPT, indent + "pass"]
    return [indent + PROMPT]


def _suites(region: Region, block: _Block, scope: _Scope, at: str) -> Iterator[_Suite]:
    """The outermost blocks that have statements of their own in the region."""
    begin, end = region.first + 1, region.last + 1  # ast counts lines from 1
    inside = [statement for statement in block if begin < _first_line(statement) < end]
    around = [statement for statement in block if _first_line(statement) < begin <= _last_line(statement)]
    if (inside and around) or any(_last_line(statement) > end for statement in inside):
        raise AssignmentError(f"{at}: the region cuts through a statement; move its markers outside of it")
    if inside:
        yield _Suite(inside, block, scope)
    for statement in around:
        for inner in _blocks(statement):
            yield from _suites(region, inner, scope.enter(statement), at)


def _blocks(statement: ast.AST) -> Iterator[_Block]:
    for field in ("body", "orelse", "finalbody"):
        block = getattr(statement, field, None)
        if isinstance(block, list) and block:
            yield block
    for field in ("handlers", "cases"):
        for branch in getattr(statement, field, ()):
            yield from _blocks(branch)


def _first_line(statement: ast.stmt) -> int:
    decorators: Sequence[ast.expr] = getattr(statement, "decorator_list", ())
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _last_line(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno


def _without_docstring(block: _Block) -> _Block:
    if block and isinstance(block[0], ast.Expr) and isinstance(block[0].value, ast.Constant):
        return block[1:]
    return block


def _returns(block: Sequence[ast.AST]) -> bool:
    """Whether a `return` with a value stands in the block itself, and not in a function defined there."""
    for node in block:
        if isinstance(node, ast.Return) and node.value is not None:
            return True
        if isinstance(node, ast.Lambda | ast.ClassDef | _Function):
            continue
        if _returns(list(ast.iter_child_nodes(node))):
            return True
    return False


def _blank_line(line: str, at: str) -> str:
    code = _SUFFIX.sub("", line)
    indent = code[: len(code) - len(code.lstrip())]
    try:
        statements = ast.parse(f"def f():\n {code.strip()}").body[0].body  # type: ignore[attr-defined]
    except SyntaxError as exc:
        raise AssignmentError(
            f"{at}: # SOLUTION marks a statement on one line; use BEGIN and END SOLUTION for more"
        ) from exc
    statement = statements[0] if len(statements) == 1 else None
    if isinstance(statement, ast.Return):
        return f'{indent}raise NotImplementedError("not written yet")  {PROMPT}'
    if isinstance(statement, ast.Assign):
        targets = " = ".join(ast.unparse(target) for target in statement.targets)
        return f"{indent}{targets} = ...  {PROMPT}"
    if isinstance(statement, ast.AnnAssign):
        return f"{indent}{ast.unparse(statement.target)}: {ast.unparse(statement.annotation)} = ...  {PROMPT}"
    return f"{indent}...  {PROMPT}"
