"""Self-checks of what a notebook defines: in its own kernel, or, from a terminal, by running what the saved file defines.

Students receive a copy of this module, so it keeps to the standard library and to what Python 3.8 knows.
"""

from __future__ import annotations

import ast
import contextlib
import json
import re
import signal
import sys
import threading
from pathlib import Path
from typing import Any, Iterator  # noqa: UP035 - Python 3.8 needs these

from .definitions import definitions

__all__ = ["Namespace", "NotNowError", "defined_by", "kernel_namespace", "limited"]

_MAGIC = re.compile(r"^\s*([%!?].*|.*\?)$")


class NotNowError(AttributeError):
    """The notebook does not define a name. An AttributeError, so that probes may ask with hasattr."""


class Namespace:
    """What a probe gets: the names of a notebook. where: how it is called in a reason."""

    def __init__(self, names: dict[str, Any], where: str) -> None:
        self.__dict__.update(_names=names, _where=where)

    def __getattr__(self, name: str) -> Any:
        """Give the notebook's own. Raises: NotNowError."""
        if name not in self._names:
            raise NotNowError(f"{name} is not defined in {self._where}")
        return self._names[name]

    def __dir__(self) -> list[str]:
        """All names there are."""
        return sorted(self._names)


def kernel_namespace() -> dict[str, Any] | None:
    """The names of the notebook that this is called in; None outside of IPython."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return None if shell is None else shell.user_ns


def defined_by(notebook: Path, provided: list[str]) -> tuple[dict[str, Any], list[str]]:
    """Run what the saved notebook defines: imports, functions, classes and plain assignments of its code cells.

    provided: modules of the course, whose functions may be called. Returns: the names, and what went wrong, a sentence each.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    faults = []
    document = json.loads(notebook.read_text(encoding="utf-8"))
    for number, cell in enumerate(document["cells"], 1):
        if cell["cell_type"] != "code":
            continue
        lines = "".join(cell["source"]).splitlines()
        code = "\n".join("pass" if _MAGIC.match(line) else line for line in lines)
        place = f"{notebook.name}, cell {number}"
        try:
            tree = ast.parse(code, place)
        except SyntaxError as exc:
            faults.append(f"{place}, line {exc.lineno}: SyntaxError: {exc.msg}")
            continue
        for statement in definitions(tree, lambda module: _is_own(module, notebook.parent, provided)):
            try:
                exec(compile(ast.Module([statement], []), place, "exec"), names)  # noqa: S102 - the student's own, as their kernel would
            except Exception as exc:  # noqa: BLE001 - the student's code runs here and may raise anything
                faults.append(f"{place}, line {statement.lineno}: {type(exc).__name__}: {exc}")
    return names, faults


def _is_own(module: str, folder: Path, provided: list[str]) -> bool:
    top = module.partition(".")[0]
    there = (folder / top).is_dir() or (folder / (top + ".py")).is_file()
    return there and module not in provided


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in what runs too long, where the system can: on Linux and macOS, in the main thread.

    Elsewhere "interrupt the kernel" is what ends an endless loop.
    """
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def late(*_: Any) -> None:
        raise TimeoutError(f"did not end within {seconds:g} s; look for an endless loop")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
