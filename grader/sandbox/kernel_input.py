"""A cell's text made Python. IPython reads each cell token by token, in Python, to find magics and `!commands`; most have none.

Runs beside student code, inside the room.
"""

from __future__ import annotations

import ast
import warnings
from functools import lru_cache
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

__all__ = ["CellInput"]

QUIET: Any = ("ignore", None, Warning, None, 0)  # as `warnings` keeps a filter


class CellInput(TransformerManager):
    """IPython's transformations, without those that look for its own syntax where a cell is Python as it stands.

    None of that syntax is valid Python, so nothing would be found there. Looking costs 0.4 ms a cell, and IPython looks twice.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # IPython has no types here
        self._own = list(self.token_transformers)

    def do_token_transforms(self, lines: list[str]) -> list[str]:
        """Return the lines with IPython's syntax replaced. A notebook that has added a transformer of its own gets all of them."""
        if self.token_transformers == self._own and _is_python("".join(lines)):
            return lines
        return super().do_token_transforms(lines)  # type: ignore[no-untyped-call, no-any-return]  # as above


@lru_cache(maxsize=1)  # IPython transforms each cell twice
def _is_python(text: str) -> bool:
    # Not `catch_warnings`: it makes Python forget which warnings it has shown, and the next cell would show them again.
    warnings.filters.insert(0, QUIET)  # type: ignore[attr-defined]  # a list, whatever its stub says
    try:
        compile(text, "<cell>", "exec", flags=ast.PyCF_ONLY_AST, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return False
    finally:
        warnings.filters.remove(QUIET)  # type: ignore[attr-defined]  # as above
    return True
