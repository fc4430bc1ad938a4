"""The warm parent: a small single-threaded process that has imported what members need, knows no secret, and forks on request.

It is started by `parent.py` with a clean environment and without `site` (no `.pth` file of the environment runs, and the project's
checkout is not on its path). It never runs student code itself: the forks do, after they have given up every right.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import threading

from ..probe import runner
from . import kernel_main, syscalls, trial
from .member import Entry, become
from .pages import collapse_memory

__all__ = ["ENTRIES", "serve"]

#: What a member may become. Names from the wire are looked up here and nowhere else.
ENTRIES: dict[str, Entry] = {"runner": runner.main, "kernel": kernel_main.main, "trial": trial.main}

REQUEST_BYTES = 128 * 1024
MAX_DESCRIPTORS = 64


def serve(control: socket.socket) -> None:
    """Preload, say `ready`, then fork a member for each request until the driver closes its end or dies."""
    syscalls.die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's to handle
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # watchers report for themselves and need no burial
    runner.preload()
    kernel_main.preload()
    if threading.active_count() != 1:
        control.send(b"failed: a preloaded module started a thread, which a fork would lose")
        return
    gc.collect()
    gc.freeze()  # collections in the forks would otherwise touch, and so copy, every page
    collapse_memory()
    own = os.getpid()
    control.send(b"ready")
    while True:
        data, fds, _, _ = socket.recv_fds(control, REQUEST_BYTES, MAX_DESCRIPTORS)
        if not data:
            return
        if os.fork() == 0:
            control.close()
            become({**json.loads(data), "parent": own}, fds, ENTRIES)
        for descriptor in fds:
            os.close(descriptor)
