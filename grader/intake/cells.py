"""A notebook's code cells as a Python file: where an assignment asks for a module, some hand in a notebook that defines it all."""

from __future__ import annotations

import ast
import io
import json
import re
import warnings
from dataclasses import dataclass
from typing import Any, BinaryIO

from ..errors import SubmissionError
from .tree import Entry

__all__ = ["ENDING", "as_module", "code_of"]

ENDING = ".ipynb.py"  # of the made file's path, behind the notebook's own name

_MAGIC = re.compile(r"^(\s*)([%!?].*|.*\?)$")


def code_of(data: bytes) -> str:
    """The code cells one after the other, each under a comment with its number; b"" or no notebook gives no text.

    Magics, shell commands and cells that are no Python become comments, in place, so that the rest keeps its meaning.
    """
    try:
        cells = json.loads(data)["cells"]
        sources = ["".join(cell["source"]) if cell["cell_type"] == "code" else None for cell in cells]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return "\n".join(
        f"# cell {number}\n{_python(source)}"
        for number, source in enumerate(sources, 1)
        if source is not None
    )


def _python(source: str) -> str:
    lines = [_MAGIC.sub(r"\1pass  # \2", line) for line in source.splitlines()]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # students' invalid escapes warn at parsing
            ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "".join(f"# {line}\n" for line in source.splitlines())
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class _Cells:
    """Reads a notebook's entry as the file that its cells make."""

    notebook: Entry
    limit_bytes: int

    def read(self, _key: Any, limit_bytes: int) -> bytes:
        """The file's bytes. Raises: SubmissionError if the notebook cannot be read, or its code is more than the limit."""
        code = code_of(self.notebook.read(self.limit_bytes)).encode()
        if len(code) > limit_bytes:
            raise SubmissionError(
                f"the code of {self.notebook.path} is {len(code)} bytes, the limit is {limit_bytes}"
            )
        return code

    def open(self, key: Any, limit_bytes: int) -> BinaryIO:
        """The same as a stream."""
        return io.BytesIO(self.read(key, limit_bytes))


def as_module(notebook: Entry, *, limit_bytes: int) -> Entry:
    """An entry for the Python file that the notebook's code cells make, beside the notebook.

    limit_bytes: of the notebook itself. The made file's size is not known before it is read, and counts as 0.
    """
    source = _Cells(notebook, limit_bytes)
    return Entry(notebook.path.removesuffix(".ipynb") + ENDING, 0, notebook.modified, source, None)
