"""A notebook's shell, built once in the warm parent, and taken up by each kernel: IPython takes 20 ms of CPU to build one.

Building it leaves nothing behind in the process but the shell itself: a runner, which is forked from the same parent, must not look
like a notebook to the code that it imports.
"""

from __future__ import annotations

import builtins
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from IPython.core.profiledir import ProfileDir
from IPython.display import display
from matplotlib_inline.backend_inline import configure_inline_support
from traitlets.config import Config

from .kernel_figures import draw_figures_once
from .kernel_input import CellInput
from .kernel_shell import CellCompiler, CourseShell

__all__ = ["build_shell", "settings", "take_up"]

PROMPTS = ("ps1", "ps2", "ps3")  # of `sys`; matplotlib takes them for a person at a terminal
BUILTINS = ("__IPYTHON__", "display")


def settings() -> Config:
    """Give what is set for every kernel."""
    chosen = Config()
    chosen.HistoryManager.enabled = False
    chosen.InteractiveShell.colors = "nocolor"
    chosen.InlineBackend.figure_formats = {"png"}
    return chosen


def build_shell() -> CourseShell:
    """Build a shell that belongs to no kernel yet. To be called in the warm parent, which it leaves as it was."""
    with _unchanged():
        shell = CourseShell(  # type: ignore[no-untyped-call]  # IPython has no types here
            config=settings(),
            ipython_dir="/",  # there, and not written to; each kernel sets its own
            profile_dir=ProfileDir(),
            compiler_class=CellCompiler,
        )
        shell.input_transformer_manager = CellInput()
        shell.magics_manager.load_all_lazy_magics()  # which the first `%config` of a notebook does, in 20 ms
        configure_inline_support(shell, "inline")  # type: ignore[no-untyped-call]  # as above
        draw_figures_once(shell)
    return shell


def take_up(shell: CourseShell) -> None:
    """Make `shell` the one that the kernel of this process will find, as if it had been built here and now."""
    for kind in CourseShell._walk_mro():  # as traitlets' `instance` does with the one that it makes
        setattr(kind, "_instance", shell)  # noqa: B010  # declared as None there
    shell.init_environment()  # type: ignore[no-untyped-call]  # IPython has no types here
    shell.init_sys_modules()  # type: ignore[no-untyped-call]  # as above
    shell.init_prompts()  # type: ignore[no-untyped-call]  # as above
    vars(builtins).update({"__IPYTHON__": True, "display": display})


@contextmanager
def _unchanged() -> Iterator[None]:
    """Put back what building a shell changes in its process."""
    environment, main = dict(os.environ), sys.modules["__main__"]
    absent = [name for name in BUILTINS if not hasattr(builtins, name)]
    without = [name for name in PROMPTS if not hasattr(sys, name)]
    with warnings.catch_warnings():
        yield
    os.environ.clear()
    os.environ.update(environment)
    sys.modules["__main__"] = main
    for name in absent:
        delattr(builtins, name)
    for name in without:
        delattr(sys, name)
