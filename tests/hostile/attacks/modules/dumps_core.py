"""Lets itself be traced again, and crashes in fork after fork, for the machine to keep or to handle."""

import ctypes
import os
import signal


def center_forward(x):
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
    for _ in range(50):
        if os.fork() == 0:
            os.kill(os.getpid(), signal.SIGQUIT)
        os.wait()
    found = [name for name in os.listdir(".") if name.startswith("core")]
    raise LookupError(f"spied: {found}")


center_backward = center_forward
