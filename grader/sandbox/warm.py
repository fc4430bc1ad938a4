"""The warm parents: small single-threaded processes that have imported what members need, know no secret, and fork on request.

There are two. The *lean* one has what runners need: NumPy, and what probes are run with. Its fork, the *full* one, has what kernels
need as well. A fork costs by what its parent has in memory, and so does each fork of a fork: a check in a runner of the lean
parent takes a third less CPU. The full one dies with the lean one; if either is gone, the driver starts both anew.

They are started by `parent.py` with a clean environment and without `site` (no `.pth` file of the environment runs, and the
project's checkout is not on their path). They never run student code themselves: the forks do, after they have given up every
right.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import threading
import traceback
from collections.abc import Mapping
from typing import NoReturn

from ..probe import runner
from ..probe.forks import fork_bare
from . import seccomp, syscalls, trial
from .member import Entry, become
from .pages import collapse_memory

__all__ = ["LEAN", "serve"]

#: What a member of the lean parent may become. Names from the wire are looked up here, and nowhere else.
LEAN: Mapping[str, Entry] = {"runner": runner.main, "trial": trial.main}

REQUEST_BYTES = 128 * 1024
MAX_DESCRIPTORS = 64


def serve(lean: socket.socket, full: socket.socket) -> None:
    """Become the lean parent, and make the full one: each says `ready` on its socket, and forks a member for each request on it.

    Returns when the driver has closed its end; the driver's death ends both.
    """
    syscalls.die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's to handle
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # watchers report for themselves and need no burial
    runner.preload()
    seccomp.filter_program()
    own = os.getpid()
    if os.fork() == 0:
        lean.close()
        _be_full(full, own)
    full.close()
    _fork_on_request(lean, LEAN)


def _be_full(control: socket.socket, parent: int) -> NoReturn:
    """Import what kernels need, and serve. Never returns."""
    try:
        syscalls.die_with_parent()
        if os.getppid() == parent:  # else it died before
            from . import kernel_main  # noqa: PLC0415  # the lean parent must not have it

            kernel_main.preload()
            _fork_on_request(control, {**LEAN, "kernel": kernel_main.main})
    except BaseException:  # noqa: BLE001  # this fork must not return into the lean parent's code
        traceback.print_exc()  # for the driver, which reads what its process wrote last
    finally:
        os._exit(1)


def _fork_on_request(control: socket.socket, entries: Mapping[str, Entry]) -> None:
    if threading.active_count() != 1:
        control.send(b"failed: a preloaded module started a thread, which a fork would lose")
        return
    gc.collect()
    gc.freeze()  # collections in the forks would otherwise touch, and so copy, every page
    gc.enable()  # off while modules were imported, of which hardly anything is garbage
    collapse_memory()
    own = os.getpid()
    control.send(f"ready {own}".encode())
    while True:
        data, fds, _, _ = socket.recv_fds(control, REQUEST_BYTES, MAX_DESCRIPTORS)
        if not data:
            return
        if fork_bare() == 0:
            control.close()
            become({**json.loads(data), "parent": own}, fds, entries)
        for descriptor in fds:
            os.close(descriptor)
