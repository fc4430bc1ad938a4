"""`%autoreload` for a kernel's notebook: IPython's own, but for modules that the warm parent has imported, which cannot change.

Before each cell IPython looks at the file of every module, and at first reads all their sources: 0.2 s of CPU in a notebook of
twenty cells, for the warm parent has imported some 1,500. In a room their files are mounted read-only.

Runs beside student code, inside the room.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from IPython.extensions import autoreload

__all__ = ["CourseReloader", "leave_alone_what_is_loaded"]

#: Modules of the warm parent. The objects and not only their names: a student's module may bear the name of one.
_FIXED: dict[str, ModuleType] = {}


class CourseReloader(autoreload.ModuleReloader):
    """Checks modules that a notebook has imported, in IPython's way."""

    def check(self, check_all: bool = False, do_reload: bool = True, execution_info: Any = None) -> None:
        """Reload what has changed: of all modules if `check_all` or in modes 2 and 3, else of those that `%aimport` names."""
        sources = self.deduper_reloader.source_by_modname
        if not sources:  # this is the first time; what stands there is not read
            sources.update({name: "" for name, module in _FIXED.items() if sys.modules.get(name) is module})
        if not (check_all or (self.enabled and self.check_all)):
            super().check(check_all, do_reload, execution_info)  # type: ignore[no-untyped-call]  # IPython has no types here
            return
        kept = self.enabled, self.check_all, self.modules
        self.enabled, self.check_all, self.modules = True, False, dict.fromkeys(_changeable(), True)
        try:
            super().check(False, do_reload, execution_info)  # type: ignore[no-untyped-call]  # as above
        finally:
            self.enabled, self.check_all, self.modules = kept


def _changeable() -> list[str]:
    return [name for name, module in list(sys.modules.items()) if _FIXED.get(name) is not module]


def leave_alone_what_is_loaded() -> None:
    """Let `%autoreload` pass over all modules that this process has by now. To be called in the warm parent."""
    _FIXED.update(sys.modules)
    autoreload.ModuleReloader = CourseReloader  # type: ignore[misc]  # where `%load_ext autoreload` looks it up
