"""What a notebook imports and is not here: absent packages are stood in for, Colab's modules do nothing.

Runs beside student code, inside the room.
"""

from __future__ import annotations

import ast
import sys
import types
from collections.abc import Callable, Iterator
from importlib.machinery import ModuleSpec
from typing import Any

from IPython import display as public_display
from IPython.core import display as core_display
from IPython.core import display_functions
from matplotlib_inline import backend_inline

from ..probe.imports import stand_in_for

__all__ = ["STAND_IN", "ColabFinder", "give_old_names", "guard_imports", "make_stand_in"]


#: The name under which a notebook's builtins have what `make_stand_in` makes.
STAND_IN = "_gradecheck_stand_in"

#: What an import becomes, in place of its `pass`.
LOOP = f"while True:\n try:\n  pass\n  break\n except ImportError as _missing:\n  if not {STAND_IN}(_missing):\n   raise"

#: What defines something for later, and what asks itself whether an import fails: both keep their meaning.
LEFT_ALONE = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Try | ast.TryStar


def guard_imports(tree: ast.Module) -> ast.Module:
    """Let absent packages that a cell's top level imports be stood in for, as in the modules. Changes `tree`, and returns it."""
    blocks = [tree.body]
    while blocks:
        block = blocks.pop()
        for place, statement in enumerate(block):
            if isinstance(statement, ast.Import) or _is_from_import(statement):
                block[place] = _guarded(statement)
            elif not isinstance(statement, LEFT_ALONE):
                blocks += _blocks_of(statement)
    return tree


def _is_from_import(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module != "__future__"


def _blocks_of(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for holder in (statement, *getattr(statement, "cases", ())):
        for name in ("body", "orelse"):
            if block := getattr(holder, name, None):
                yield block


def _guarded(statement: ast.stmt) -> ast.stmt:
    (loop,) = ast.parse(LOOP).body
    for part in ast.walk(loop):
        if hasattr(part, "lineno"):
            ast.copy_location(part, statement)
    next(part for part in ast.walk(loop) if isinstance(part, ast.Try)).body[0] = statement
    return loop


def make_stand_in(work: str) -> Callable[[ImportError], bool]:
    """Make the function that guarded imports call: whether something was stood in for, so that a second try is worth it."""
    seen: set[str] = set()

    def stand_in(error: ImportError) -> bool:
        name = stand_in_for(error, work)
        if name is None or name in seen:
            return False
        seen.add(name)
        sys.stderr.write(
            f"{name} is not installed here; importing it is passed over, using it raises ImportError\n"
        )
        return True

    return stand_in


def give_old_names() -> None:
    """Put names back where notebooks of before IPython 8 and 9 import them from. To be called in the warm parent."""
    for name in display_functions.__all__:
        vars(core_display).setdefault(name, getattr(display_functions, name))
    for name in ("set_matplotlib_formats", "set_matplotlib_close"):
        for module in (core_display, public_display):
            vars(module).setdefault(name, getattr(backend_inline, name))


class ColabFinder:
    """Answers `import google.colab` with a module whose functions do nothing. It comes last, after every real finder."""

    NAMES = ("google", "google.colab", "google.colab.drive", "google.colab.files", "google.colab.output")

    @classmethod
    def find_spec(cls, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:  # noqa: ARG003
        """Find one of NAMES; anything else is not ours."""
        return ModuleSpec(name, cls, is_package=name in cls.NAMES[:2]) if name in cls.NAMES else None  # type: ignore[arg-type]

    @staticmethod
    def create_module(spec: ModuleSpec) -> None:  # the protocol's signature
        """Let the import system make the module."""

    @staticmethod
    def exec_module(module: types.ModuleType) -> None:
        """Fill in what course notebooks call."""
        if module.__name__ == "google.colab":
            import google.colab.drive  # type: ignore[import-not-found]  # noqa: PLC0415
            import google.colab.files  # type: ignore[import-not-found]  # noqa: PLC0415
            import google.colab.output  # type: ignore[import-not-found]  # noqa: F401, PLC0415
        for function in ("mount", "flush_and_unmount", "download", "clear"):
            setattr(module, function, _does_nothing)
        module.upload = dict  # type: ignore[attr-defined]  # files.upload() gives {name: bytes}


def _does_nothing(*args: object, **kwargs: object) -> None:  # whatever is given
    """Stand in for a Colab function that has no meaning here."""
