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
from typing import Any

from IPython.core.profiledir import ProfileDir
from IPython.display import display
from matplotlib_inline.backend_inline import configure_inline_support
from traitlets.config import Application, Config

from .kernel_figures import draw_figures_once
from .kernel_input import CellInput
from .kernel_shell import CellCompiler, CourseShell

__all__ = ["NotebookApplication", "build_shell", "take_up"]

PROMPTS = ("ps1", "ps2", "ps3")  # of `sys`; matplotlib takes them for a person at a terminal
BUILTINS = ("__IPYTHON__", "display")


class NotebookApplication(Application):
    """What notebooks find as `IPython.Application.instance()`, whose kernel they ask to be started anew."""

    kernel: Any = None


def _settings() -> Config:
    chosen = Config()
    chosen.HistoryManager.enabled = False
    chosen.InteractiveShell.colors = "nocolor"
    chosen.InlineBackend.figure_formats = {"png"}
    chosen.IPKernelApp.name = "gradecheck"  # by which tqdm and others know that they are in a notebook
    return chosen


def build_shell() -> CourseShell:
    """Build a shell that belongs to no kernel yet. To be called in the warm parent, which it leaves as it was."""
    with _unchanged():
        shell = CourseShell(  # type: ignore[no-untyped-call]  # IPython has no types here
            config=_settings(),
            ipython_dir="/",  # there, and not written to; each kernel sets its own
            profile_dir=ProfileDir(),
            compiler_class=CellCompiler,
        )
        shell.input_transformer_manager = CellInput()
        shell.magics_manager.load_all_lazy_magics()  # which the first `%config` of a notebook does, in 20 ms
        configure_inline_support(shell, "inline")  # type: ignore[no-untyped-call]  # as above
        draw_figures_once(shell)
        shell.application = NotebookApplication()
    # By these names notebooks and packages tell Jupyter from a terminal.
    CourseShell.__name__ = CourseShell.__qualname__ = "ZMQInteractiveShell"
    CourseShell.__module__ = "ipykernel.zmqshell"
    return shell


def take_up(shell: CourseShell) -> CourseShell:
    """Make `shell` the one of this process, as if it had been built here and now; returns it."""
    for one in (shell, shell.application):
        for kind in type(one)._walk_mro():  # as traitlets' `instance` does with the one that it makes
            setattr(kind, "_instance", one)  # noqa: B010  # declared as None there
    shell.init_environment()
    shell.init_sys_modules()  # type: ignore[no-untyped-call]  # IPython has no types here
    shell.init_prompts()  # type: ignore[no-untyped-call]  # as above
    shell.user_ns_hidden.update(shell.user_ns)
    vars(builtins).update({"__IPYTHON__": True, "display": display})
    return shell


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
