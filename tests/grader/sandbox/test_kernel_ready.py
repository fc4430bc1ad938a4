"""The shell that the warm parent builds for all kernels: invisible until one takes it up. In a process of its own, as there."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BUILD = """
import builtins, os, sys, warnings
from IPython import get_ipython
from grader.sandbox.kernel_ready import build_shell, take_up

def traces():
    return (
        sys.modules["__main__"], dict(os.environ), list(warnings.filters),
        [name for name in ("__IPYTHON__", "display") if hasattr(builtins, name)],
        [name for name in ("ps1", "ps2", "ps3") if hasattr(sys, name)], get_ipython(),
    )

before = traces()
shell = build_shell()
"""


def outcome(code):
    environment = {**os.environ, "MPLBACKEND": "Agg", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", BUILD + code], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_building_a_shell_leaves_its_process_as_it_was():
    assert outcome("print(traces() == before, before[3:])") == ["True", "([],", "[],", "None)"]


def test_shell_taken_up_is_what_a_notebook_finds():
    said = outcome(
        "take_up(shell); print(get_ipython() is shell, sys.ps1, builtins.__IPYTHON__, os.environ['PAGER'])\n"
        "print(sys.modules['__main__'] is shell.user_module, shell.execution_count, shell.history_manager.enabled)"
    )
    assert said == ["True", "In", ":", "True", "cat", "True", "1", "False"]


def test_every_magic_is_there_and_ours_stay_ours():
    said = outcome(
        "from IPython.core.magic import LazyMagic\n"
        "magics = shell.magics_manager.magics\n"
        "print([name for kind in magics.values() for name, found in kind.items() if isinstance(found, LazyMagic)])\n"
        "print(*(magics['line'][name].__module__ for name in ('pip', 'conda', 'config')))"
    )
    assert said == [
        "[]",
        "grader.sandbox.kernel_shell",
        "grader.sandbox.kernel_shell",
        "IPython.core.magics.config",
    ]


def test_shell_draws_figures_as_png_and_leaves_the_backend_alone():
    said = outcome(
        "import matplotlib; from matplotlib.figure import Figure\n"
        "formatter = shell.display_formatter.formatters['image/png']\n"
        "print(matplotlib.get_backend().lower(), Figure in formatter.type_printers)"
    )
    assert said == ["agg", "True"]


def test_everything_that_a_kernel_needs_is_built_and_nothing_of_it_shows():
    """What the warm parent builds for kernels must not make a notebook of a runner, which is forked from it, too."""
    said = outcome(
        "from grader.sandbox import kernel_main; from traitlets.config import Application\n"
        "kernel_main.preload(); print(traces()[0] == before[0], traces()[3:], Application.initialized())\n"
        "take_up(kernel_main._READY[0]); print(type(Application.instance()).__name__)"
    )
    assert said == ["True", "([],", "[],", "None)", "False", "NotebookApplication"]
