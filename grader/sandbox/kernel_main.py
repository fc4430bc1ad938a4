"""Become a notebook's kernel, inside the room: prepared for student code, and saying no more than it may.

`preload` is called once in the warm parent, `main` in the child that has joined the room. Both run beside student code: they hold
no secret, and the bounds that they keep are manners, not walls. The driver keeps its own (`outputs.py`, `sandbox/kernel.py`).
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import os
import pdb  # to take its teeth out
import random
import socket
import sys
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from IPython.core import debugger  # as above

from ..probe.imports import prepare_path, refuse_input
from ..probe.in_kernel import serve_namespace
from .kernel_figures import png_of
from .kernel_imports import STAND_IN, ColabFinder, give_old_names, make_stand_in
from .kernel_line import KernelLine, Outlet
from .kernel_loop import CourseKernel
from .kernel_ready import build_shell, take_up
from .kernel_reload import leave_alone_what_is_loaded
from .kernel_shell import CellCompiler, CourseShell, pass_breakpoint

__all__ = ["main", "preload"]

INLINE = "module://matplotlib_inline.backend_inline"

#: Modules that IPython imports only once it runs; in the warm parent it is done for all kernels.
LATE = (
    "IPython.core.completerlib",
    "IPython.core.logger",
    "IPython.core.magics",
    "IPython.core.oinspect",
    "IPython.core.pylabtools",
    "IPython.utils.text",
    "PIL.PngImagePlugin",
    "matplotlib_inline.backend_inline",
)

#: The shell, built by `preload`.
_READY: list[CourseShell] = []

#: Modules that a notebook must not find; filled by `preload`, for looking through all names costs each kernel 1 ms.
_OURS: list[str] = []


def preload() -> None:
    """Do once, in the warm parent, what every kernel would do: import, and draw one figure, which loads fonts and the PNG writer.

    Leaves no thread and no open figure behind.
    """
    for name in LATE:
        importlib.import_module(name)
    import matplotlib.pyplot as plt  # noqa: PLC0415  # only the warm parent pays for it
    from matplotlib import font_manager, mathtext, text  # noqa: PLC0415  # as above

    plt.switch_backend(INLINE)  # looks through all installed packages for others
    plt.switch_backend("Agg")
    figure, axes = plt.subplots()
    axes.plot([0, 1], label="x")
    axes.set_title("$x$")  # builds the parser of formulas, which a logarithmic axis has at its ticks, too
    axes.set(xlabel="x", ylabel="y")
    axes.legend()
    png_of(figure)
    plt.close(figure)
    for holder in (font_manager, font_manager.FontManager, text, mathtext.MathTextParser):
        _forget_fonts(holder)
    _READY.append(build_shell())
    give_old_names()
    _OURS[:] = [name for name in sys.modules if name.startswith("grader.sandbox")]
    leave_alone_what_is_loaded()


def _forget_fonts(holder: object) -> None:
    """Empty the caches of `holder`: open font files do not outlive the fork, and a font's path here is not its path in the room."""
    for value in vars(holder).values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()


def main(config: Mapping[str, Any], fds: Sequence[int]) -> None:
    """Run a kernel until it is killed.

    Args: config: "message_bytes" and "total_bytes" (the bounds of what it sends), "work" (the submission's folder),
        "evidence_bytes" and "alone" (see `serve_namespace`).
        fds: the line to the driver, and a socket: a byte goes out over it when all is ready, and later the probes of the notebook's
        namespace come in.
    """
    line_descriptor, channel = fds
    work = str(config["work"])
    tempfile.tempdir = os.environ["TMPDIR"]  # which it would find out by writing a file
    os.environ["MPLBACKEND"] = INLINE
    os.environ["IPYTHONDIR"] = tempfile.tempdir
    _offer_python(tempfile.tempdir)
    os.chdir(work)
    CellCompiler.work = CourseShell.work = work
    shell = take_up(_READY.pop())
    line = KernelLine(socket.socket(fileno=line_descriptor))
    outlet = Outlet(line, message_bytes=int(config["message_bytes"]), total_bytes=int(config["total_bytes"]))
    sys.stdout, sys.stderr = outlet.streams
    shell.outlet = outlet
    shell.kernel = shell.application.kernel = CourseKernel(shell)
    _prepare_for_student(shell, work)

    def serve_probes() -> None:
        # Each fork empties the cache of fonts, which costs it 150 page faults if there are any.
        with contextlib.suppress(Exception):  # what student code made of it
            sys.modules["matplotlib.font_manager"]._get_font.cache_clear()
        serve_namespace(
            shell.user_ns,
            channel,
            work=work,
            evidence_bytes=int(config["evidence_bytes"]),
            alone=bool(config["alone"]),
        )

    shell.serve_probes = serve_probes
    os.write(channel, b"k")  # no student code has run
    shell.kernel.serve(line)


def _offer_python(folder: str) -> None:
    """Let `!python script.py` find this interpreter, and the packages that the notebook has."""
    programs = Path(folder, ".python")
    with contextlib.suppress(OSError):  # without it, all else is as before
        programs.mkdir()
        for name in ("python", "python3"):
            (programs / name).symlink_to(sys.executable)
    os.environ["PATH"] = f"{programs}:{os.environ['PATH']}"
    packages = [path for path in sys.path if not path.startswith(sys.base_prefix)]
    os.environ["PYTHONPATH"] = os.pathsep.join(packages)


def _prepare_for_student(shell: CourseShell, work: str) -> None:
    """Let figures, old NumPy names, Colab's modules and absent packages pass; start random numbers alike; forget the harness."""
    # IPython's advice at `sys.exit()`, which is for a terminal.
    warnings.filterwarnings("ignore", message="To exit: use 'exit'", category=UserWarning)
    np.random.seed(0)  # a notebook that seeds nothing still gives the same in every run
    random.seed(0)
    prepare_path(work)
    refuse_input()
    sys.breakpointhook = pdb.set_trace = debugger.set_trace = pass_breakpoint
    shell.enable_matplotlib()  # figures show without `%matplotlib inline`, as in Jupyter
    sys.meta_path.append(ColabFinder)
    setattr(builtins, STAND_IN, make_stand_in(work))
    for name in _OURS:
        sys.modules.pop(name, None)  # no business of student code
