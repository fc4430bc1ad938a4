"""A notebook's code cells as a Python file: where an assignment asks for a module, some hand in a notebook that defines it all."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from ..errors import SubmissionError
from ..jsonfile import joined, read_json
from ..probe.definitions import definitions
from .caps import MIB
from .parsing import parsed
from .tree import Entry

__all__ = ["ENDING", "as_module", "code_of", "defining"]

ENDING = ".ipynb.py"  # of the made file's path, behind the notebook's own name

_MOST_CHARACTERS = 4 * MIB
_MOST_STATEMENTS = 10_000
_LEFT_OUT = "#: "  # in front of lines that are not run
_GUARD = 'with __import__("contextlib").suppress(ImportError): '
_MAGIC = re.compile(r"^(\s*+)([%!?].*|.*\?)$")


def code_of(data: bytes) -> str:
    """The code cells one after the other, each under a comment with its number; b"" or no notebook gives no text.

    Code of more megabytes than anybody writes stays as it is, for whoever asks for it to refuse. Magics, shell commands and cells
    that are no Python become comments, in place, so that the rest keeps its meaning.
    """
    try:
        cells = read_json(data)["cells"]
        sources = [joined(cell["source"]) if cell["cell_type"] == "code" else None for cell in cells]
    except (ValueError, KeyError, TypeError):
        return ""
    if sum(len(source or "") for source in sources) > _MOST_CHARACTERS:
        return "\n".join(source or "" for source in sources)
    return "\n".join(
        f"# cell {number}\n{_python(source)}"
        for number, source in enumerate(sources, 1)
        if source is not None
    )


def _python(source: str) -> str:
    lines = [_MAGIC.sub(r"\1pass  # \2", line) for line in source.splitlines()]
    if parsed("\n".join(lines)) is None:
        return "".join(f"# {line}\n" for line in source.splitlines())
    return "\n".join(lines) + "\n"


def _names(node: ast.AST, context: type[ast.expr_context]) -> set[str]:
    return {
        part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, context)
    }


def defining(code: str) -> str:
    """The same code with every statement that runs something, such as training, as comments; lines keep their numbers.

    Of ten thousand statements, which nobody writes by hand, none is looked at.
    """
    before, after = parsed(code), parsed(code)
    if before is None or after is None or len(before.body) > _MOST_STATEMENTS:
        return code
    whole = {ast.dump(node, include_attributes=True) for node in definitions(after, lambda _module: True)}
    stays: dict[ast.stmt, bool] = {}
    absent: set[str] = set()  # names that only what is left out gives a value
    for node in before.body:
        bound, used = _names(node, ast.Store), _names(node, ast.Load)
        assigns = isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign)
        stays[node] = ast.dump(node, include_attributes=True) in whole and not (assigns and used & absent)
        absent = absent - bound if stays[node] else absent | bound
    lines = code.splitlines()
    held: dict[bool, set[int]] = {True: set(), False: set()}
    for node in before.body:
        first = min([node.lineno, *(item.lineno for item in getattr(node, "decorator_list", []))])
        held[stays[node]].update(range(first - 1, node.end_lineno or first))
    for index in held[False] - held[True]:  # a line with both kinds of statement stays
        lines[index] = _LEFT_OUT + lines[index]
    return "\n".join(lines) + "\n"


def _guarded(code: str, own: Collection[str]) -> str:
    """The same code in which an import of the modules `own` may fail; lines keep their numbers.

    Cells that take the place of one of these modules import it, and others that import it in turn: here they would run in a circle.
    """
    tree = parsed(code)
    if tree is None:
        return code
    lines = code.splitlines()
    for node in tree.body:
        if (
            isinstance(node, ast.Import | ast.ImportFrom)
            and node.col_offset == 0
            and _imported(node) & set(own)
        ):
            lines[node.lineno - 1] = _GUARD + lines[node.lineno - 1]
    return "\n".join(lines) + "\n"


def _imported(node: ast.Import | ast.ImportFrom) -> set[str]:
    """The full names of the modules that it may be about."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    module = node.module or ""
    return {module, *(f"{module}.{alias.name}" for alias in node.names)}


@dataclass(frozen=True, slots=True)
class _Cells:
    """Reads a notebook's entry as the file that its cells make; if `only_definitions`, without what they run."""

    notebook: Entry
    limit_bytes: int
    only_definitions: bool = False
    own: tuple[str, ...] = ()

    def read(self, _key: Any, limit_bytes: int) -> bytes:
        """The file's bytes. Raises: SubmissionError if the notebook cannot be read, or its code is more than the limit."""
        text = code_of(self.notebook.read(self.limit_bytes))
        text = defining(text) if self.only_definitions else text
        code = (_guarded(text, self.own) if self.own else text).encode(errors="replace")
        if len(code) > limit_bytes:
            raise SubmissionError(
                f"the code of {self.notebook.path} is {len(code)} bytes, the limit is {limit_bytes}"
            )
        return code

    def open(self, key: Any, limit_bytes: int) -> BinaryIO:
        """The same as a stream."""
        return io.BytesIO(self.read(key, limit_bytes))


def as_module(
    notebook: Entry, *, limit_bytes: int, only_definitions: bool = False, own: Sequence[str] = ()
) -> Entry:
    """An entry for the Python file that the notebook's code cells make, beside the notebook.

    only_definitions: without what the cells run, for the notebook itself may import the file. limit_bytes: of the notebook.
    own: names of the assignment's modules, of which the file is to be one: its imports of them may fail.
    The made file's size is not known before it is read, and counts as 0.
    """
    source = _Cells(notebook, limit_bytes, only_definitions, tuple(own))
    return Entry(notebook.path.removesuffix(".ipynb") + ENDING, 0, notebook.modified, source, None)
