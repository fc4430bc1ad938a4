"""Small wrong variants of source code: one operator, number, axis, function or statement changed at a time. Pure: nothing is run.

Only lines between `# BEGIN SOLUTION` and `# END SOLUTION` (any number of `#`) are changed: what students write.
"""

from __future__ import annotations

import ast
import copy
import difflib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Mutant", "mutants"]

BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"  # behind any number of `#`

OPERATORS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.Mult,),
}
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
NAMES = {
    "sum": "mean",
    "mean": "sum",
    "var": "std",
    "std": "var",
    "sqrt": "abs",
    "maximum": "minimum",
    "exp": "abs",
}
NAMES |= {"zeros_like": "ones_like", "ones_like": "zeros_like", "zeros": "ones", "ones": "zeros"}
MOST_CHANGED_LINES = 12  # of a diff that is shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One changed file. id: path, function and change, the same from run to run. line: of the change. diff: what a person reads."""

    id: str
    path: str
    function: str
    line: int
    source: str
    diff: str


def mutants(path: str, source: str) -> Iterator[Mutant]:
    """All mutants of the solution regions of one module, in the order of its lines.

    Raises: SyntaxError if it is not Python.
    """
    tree = ast.parse(source)
    lines = _solution_lines(source)
    plain = ast.unparse(tree)
    numbered: Counter[str] = Counter()
    # What docstrings and errors say is nobody's mistake.
    texts = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and _is_text(node)}
    texts |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.Raise) for part in ast.walk(node)}
    for function in _functions(tree):
        for node in [
            node
            for node in ast.walk(function)
            if getattr(node, "lineno", 0) in lines and id(node) not in texts
        ]:
            for changed in _changes(node):
                before, after = _text(node), _text(changed)
                name = f"{path}: {function.name}: {before} -> {after}"
                numbered[name] += 1
                mutated = ast.unparse(_with(tree, node, changed))
                if mutated == plain:
                    continue
                yield Mutant(
                    id=name if numbered[name] == 1 else f"{name} ({numbered[name]})",
                    path=path,
                    function=function.name,
                    line=node.lineno,  # type: ignore[attr-defined] # only nodes with lines are chosen
                    source=mutated,
                    diff=_diff(plain, mutated),
                )


def _solution_lines(source: str) -> frozenset[int]:
    inside, lines = False, set()
    for number, line in enumerate(source.splitlines(), 1):
        marker = line.strip().lstrip("#").strip() if line.lstrip().startswith("#") else ""
        inside = (inside or marker == BEGIN) and marker != END
        if inside:
            lines.add(number)
    return frozenset(lines)


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """Functions and methods; what is defined inside of one belongs to it."""
    for node in tree.body:
        members = node.body if isinstance(node, ast.ClassDef) else [node]
        yield from (member for member in members if isinstance(member, ast.FunctionDef))


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    """What a node may be turned into."""
    if isinstance(node, (ast.Assign, ast.AugAssign, ast.Expr)) and not _is_text(node):
        yield ast.Pass()
    if isinstance(node, (ast.BinOp, ast.AugAssign)):
        yield from (_replaced(node, op=operator()) for operator in OPERATORS.get(type(node.op), ()))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not)):
        yield node.operand
    elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in COMPARISONS:
        yield _replaced(node, ops=[COMPARISONS[type(node.ops[0])]()])
    elif isinstance(node, ast.BoolOp):
        yield _replaced(node, op=ast.And() if isinstance(node.op, ast.Or) else ast.Or())
    elif isinstance(node, ast.Constant):
        yield from _constants(node)
    elif isinstance(node, ast.Attribute) and node.attr in NAMES:
        yield _replaced(node, attr=NAMES[node.attr])
    elif isinstance(node, ast.Call) and node.keywords:
        for keyword in node.keywords:
            yield _replaced(node, keywords=[other for other in node.keywords if other is not keyword])


def _constants(node: ast.Constant) -> Iterator[ast.Constant]:
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield ast.Constant(node.value + 1)
        if node.value > 0:
            yield ast.Constant(node.value - 1)
    elif isinstance(node.value, float):
        yield ast.Constant(2 * node.value + (node.value == 0))
    elif isinstance(node.value, str) and node.value:
        yield ast.Constant(node.value + "_")


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _replaced(node: ast.AST, **fields: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _with(tree: ast.Module, node: ast.AST, changed: ast.AST) -> ast.Module:
    """The tree with one node exchanged; the tree itself stays as it is."""

    class Exchange(ast.NodeTransformer):
        def visit(self, visited: ast.AST) -> ast.AST:
            if visited is node:
                return changed
            found = copy.copy(visited)
            self.generic_visit(found)
            return found

        def generic_visit(self, visited: ast.AST) -> ast.AST:
            for name, value in ast.iter_fields(visited):
                if isinstance(value, list):
                    setattr(visited, name, [self.visit(v) if isinstance(v, ast.AST) else v for v in value])
                elif isinstance(value, ast.AST):
                    setattr(visited, name, self.visit(value))
            return visited

    made = Exchange().visit(tree)
    if not isinstance(made, ast.Module):
        raise TypeError(f"a mutated module is {type(made).__name__}")
    return ast.fix_missing_locations(made)


def _text(node: ast.AST) -> str:
    return ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).replace("\n", " ")[:120]


def _diff(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return "\n".join(line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---"))[
        : MOST_CHANGED_LINES * 120
    ]
