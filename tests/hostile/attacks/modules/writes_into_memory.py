"""Writes into memory that is not its own: through /proc, and through ctypes into what the harness holds."""

import ctypes
import os

import numpy as np

done = []
for pid in ["self", os.getppid(), 1, os.getpid()]:
    for name in ("mem", "clear_refs", "oom_adj", "oom_score_adj", "coredump_filter", "uid_map", "setgroups"):
        try:
            with open(f"/proc/{pid}/{name}", "r+b", buffering=0) as file:
                file.write(b"-1000")
            if pid in (os.getppid(), 1) or name == "mem":
                done.append(f"{pid} {name}")
        except OSError:
            pass


def center_forward(x):
    out = np.zeros(x.shape)
    frozen = memoryview(b"answered")
    ctypes.memmove(id(frozen.obj) + bytes.__basicsize__ - 1, b"passed!!", 8)
    raise LookupError(f"spied: {done} {bytes(frozen.obj) == b'passed!!' and out.shape != x.shape}")


center_backward = center_forward
