"""How long a process was kept waiting by a busy machine. Used beside student code and by the driver. Standard library only."""

from __future__ import annotations

import os

__all__ = ["is_alone", "kept_waiting_s"]


def kept_waiting_s(pid: int) -> float:
    """Seconds that a process's first thread was ready to run and had no processor, until now; 0 where the kernel does not tell."""
    try:
        return int(_read(f"/proc/{pid}/schedstat").split()[1]) / 1e9
    except (OSError, IndexError, ValueError):  # built without these figures, or it is gone
        return 0.0


def is_alone(pid: int) -> bool:
    """Whether a process has one thread and no children: what it waited for, if anything, was not its own."""
    try:
        return len(os.listdir(f"/proc/{pid}/task")) == 1 and not _read(f"/proc/{pid}/task/{pid}/children")  # noqa: PTH208  # as below
    except OSError:
        return False


def _read(path: str) -> str:
    with open(path) as file:  # noqa: PTH123  # student code may have changed pathlib
        return file.read()
