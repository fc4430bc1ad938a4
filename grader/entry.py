"""The program `grader`: start what takes a second to get ready, and meanwhile import the rest, which takes as long.

Imports nothing else at its top, so that it can be first.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from .sandbox.launch import ahead, forget

__all__ = ["main", "runs_here"]

#: The driver computes beside its slots, which have a core each: threads of its own would take them away. Read when NumPy is loaded.
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

RUNNING = ("run", "check")  # commands that run student code
ELSEWHERE = ("-h", "--help", "--cluster")


def runs_here(arguments: Sequence[str]) -> bool:
    """Whether a command line will want a sandbox on this machine. A guess: a wrong one costs a second of CPU, or saves none."""
    elsewhere = any(word.partition("=")[0] in ELSEWHERE for word in arguments)
    return bool(arguments) and arguments[0] in RUNNING and not elsewhere


def main() -> NoReturn:
    """Run the command that was given; see `cli.py`."""
    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")
    if runs_here(sys.argv[1:]):
        ahead()
    gc.disable()
    try:
        from .cli import main as command  # noqa: PLC0415  # takes most of a second, in which the warm parent gets ready

        gc.freeze()  # what was imported stays: no collection has to look through it
        gc.enable()
        command()
    finally:
        forget()
