"""Which names does a Python file define, and is their body written? Parses, never imports; Python 2 is read line by line."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from .parsing import decoded, parsed

__all__ = ["Scan", "folded_names", "scan_source", "united"]

# Calls that starter code makes around an empty body; a function that makes no others and computes nothing is not written yet.
_STARTER_CALLS = frozenset(
    {
        "get",
        "zeros",
        "zeros_like",
        "ones",
        "copy",
        "astype",
        "print",
        "super",
        "seed",
        "format",
        "setdefault",
        "items",
        "pop",
        "range",
    }
)
_LINE_CHARACTERS = 2_000  # longer ones are data or made to break readers
_DEFINITION = re.compile(r"^([ \t]*)(?:async[ \t]+)?(?:def|class)[ \t]+([A-Za-z_]\w*)")
_WORKING_LINE = re.compile(
    r"[-+*/@]=|[^\s=(,\[{:*/@+-]\s*[-+*/@]\s*[^\s=]|\b(?:np|numpy)\.(?!zeros|ones|random\.seed)\w+"
)
_NUMBER = re.compile(r"(?<![\d.])\d[\d.]*+[eE][-+]?\d+")  # the sign of an exponent is no arithmetic
_TRIPLE = re.compile(r"[rRbBuU]{0,2}(\"\"\"|''')[\s\S]*?\1")
_STRING = re.compile(r"'[^'\\\n]*(?:\\.[^'\\\n]*)*'|\"[^\"\\\n]*(?:\\.[^\"\\\n]*)*\"")


@dataclass(frozen=True, slots=True)
class Scan:
    """Of the names asked for: `defined` are there, `written` have a body that does something."""

    defined: frozenset[str]
    written: frozenset[str]

    def of(self, names: Collection[str]) -> Scan:
        """The same of fewer names."""
        return Scan(self.defined & set(names), self.written & set(names))

    def answers(self, names: Collection[str]) -> bool:
        """Are all of `names` there, and some of them written?"""
        return self.defined >= set(names) and bool(self.written & set(names))


def scan_source(
    data: bytes, names: Collection[str], *, by_lines: bool = False, users_of: Collection[str] = ()
) -> Scan:
    """Look for top-level functions and classes called `names` in a source file of any encoding and Python version.

    by_lines: do not parse it, which takes longer and sees more. users_of: modules, without their packages, that are to hold the
    names: a file that imports one from there uses it, and does not have it.
    """
    text = decoded(data)
    tree = None if by_lines else parsed(text)
    return _scan_lines(text, names) if tree is None else _scan_tree(tree, names, users_of)


def united(scans: Iterable[Scan]) -> Scan:
    """What several files define together."""
    found = list(scans)
    return Scan(
        frozenset().union(*(scan.defined for scan in found)),
        frozenset().union(*(scan.written for scan in found)),
    )


def folded_names(data: bytes) -> frozenset[str]:
    """All functions, classes and methods that a source file defines, in lower case and without underscores."""
    found = re.findall(
        r"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+([A-Za-z_]\w*)", decoded(data), re.MULTILINE
    )
    return frozenset(name.replace("_", "").lower() for name in found)


def _scan_tree(tree: ast.Module, names: Collection[str], users_of: Collection[str]) -> Scan:
    found = {
        node.name: node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in names
    }
    bound = {name for node in tree.body for name in _bound(node, users_of)} & set(names)
    written = {name for name, node in found.items() if _works(node)}
    return Scan(frozenset(found.keys() | bound), frozenset(written | (bound - found.keys())))


def _bound(node: ast.stmt, users_of: Collection[str]) -> Iterator[str]:
    """Names that an assignment or a from-import, of other modules than these, binds: `batchnorm_forward = my_forward`."""
    if isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.ImportFrom) and (node.module or "").rpartition(".")[2] not in users_of:
        yield from (alias.asname or alias.name for alias in node.names)


def _works(root: ast.AST) -> bool:
    """Does the body compute anything? Raised errors with their message formatting do not count."""
    pending: list[ast.AST] = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Raise):
            continue
        if isinstance(node, ast.BinOp | ast.AugAssign):
            return True
        if isinstance(node, ast.Call) and _callee(node) not in _STARTER_CALLS:
            return True
        pending.extend(ast.iter_child_nodes(node))
    return False


def _callee(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _scan_lines(text: str, names: Collection[str]) -> Scan:
    lines = _TRIPLE.sub(lambda match: "\n" * match.group().count("\n"), text).splitlines()
    defined: set[str] = set()
    written: set[str] = set()
    current = ""
    for line in lines:
        if len(line) > _LINE_CHARACTERS:
            continue
        code = _NUMBER.sub("0", _STRING.sub("''", line).partition("#")[0].rstrip())
        if not code:
            continue
        opening = _DEFINITION.match(code)
        if opening and not opening.group(1):
            current = opening.group(2) if opening.group(2) in names else ""
            defined |= {current} - {""}
        elif not code[0].isspace():
            current = ""
        elif current and not opening and not code.lstrip().startswith("raise") and _WORKING_LINE.search(code):
            written.add(current)
    return Scan(frozenset(defined), frozenset(written))
