"""A fork without the hooks that packages registered: they make ready for a long life what lives for one check.

`os.fork` runs them before and after: locks of loggers are made anew, `random` is seeded, IPython looks for a thread to stop. In a
kernel that is a fifth of what a check costs, most of it pages that the child has to copy for it.
"""

from __future__ import annotations

import ctypes
import os
import sys

__all__ = ["fork_bare"]

# PyDLL keeps the interpreter's lock during the call, and so the child has it, as after `os.fork`.
_fork = ctypes.PyDLL(None, use_errno=True).fork if sys.platform == "linux" else None


def fork_bare() -> int:
    """Fork as `os.fork` does, and run no hook where this process has one thread. Returns: 0 in the child.

    With other threads about, what they held would stay locked in the child: then it is `os.fork`, whose hooks see to that.
    The child is to end by `os._exit`, and to start no event loop of this process's anew.

    Raises: OSError if no process can be made.
    """
    if _fork is None or len(sys._current_frames()) > 1:  # the only list that has threads without `threading`
        return os.fork()
    child = int(_fork())
    if child < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"fork: {os.strerror(number)}")
    if child == 0 and "asyncio" in sys.modules:
        sys.modules["asyncio"]._set_running_loop(None)  # from Python 3.12 on a hook does that
    return child
