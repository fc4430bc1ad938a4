"""The entry `trial`: try from inside a room which limits hold, and tell. Standard library only; runs no student code.

A limit that is configured is not a limit that holds: RLIMIT_NPROC does nothing for root, a control group may lack a controller.
So each one is driven against, in a room with small limits.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import mmap
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["main"]

CLONE_NEWUSER = 0x10000000  # linux/sched.h
MIB = 1024 * 1024
TEST_ADDRESS = ("192.0.2.1", 9)  # documentation range, RFC 5737: no host has it
CHILD_S = 5.0


def main(config: Mapping[str, Any], fds: Sequence[int]) -> None:
    """Write one JSON object to `fds[0]`: for each trial, whether the limit held.

    Args: config: "processes" (the limit), "memory_bytes" (a size beyond the room's memory together, but within that of one
        process), "address_bytes" (beyond that of one process), "disk_bytes" (beyond the size of /work), "file_bytes", "open_files";
        "only", "skip": names of trials, of which "only" holds all where it is empty.
    """
    trials: dict[str, Callable[[Mapping[str, Any]], bool]] = {
        "address space": _address_space,
        "memory": _memory,
        "processes": _processes,
        "open files": _open_files,
        "file size": _file_size,
        "disk": _disk,
        "network": _network,
        "system calls": _system_calls,
        "capabilities": _capabilities,
        "user namespaces": _user_namespaces,
    }
    wanted = [name for name in config["only"] or trials if name not in config["skip"]]
    found = {name: trials[name](config) for name in wanted}
    os.write(fds[0], json.dumps(found).encode())


def _address_space(config: Mapping[str, Any]) -> bool:
    try:
        mmap.mmap(-1, config["address_bytes"]).close()
    except (OSError, MemoryError):
        return True
    return False


def _memory(config: Mapping[str, Any]) -> bool:
    """Touch more than the room may have: whoever does is killed."""
    return _child(lambda: _touch(config["memory_bytes"])) == -signal.SIGKILL


def _touch(size: int) -> int:
    block = mmap.mmap(-1, size)
    for offset in range(0, size, mmap.PAGESIZE):
        block[offset] = 1
    time.sleep(CHILD_S / 2)  # a watchdog looks from time to time
    return 0


def _child(work: Callable[[], int]) -> int:
    """Run in a fork; its exit status, negative for a signal."""
    pid = os.fork()
    if pid == 0:
        try:
            with contextlib.suppress(OSError):
                score = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
                os.write(score, b"1000")
                os.close(score)
            os._exit(work())
        finally:
            os._exit(99)
    _, how = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(how)


def _processes(config: Mapping[str, Any]) -> bool:
    children: list[int] = []
    held = False
    while len(children) <= 2 * config["processes"]:
        try:
            pid = os.fork()
        except OSError:
            held = True
            break
        if pid == 0:
            time.sleep(CHILD_S)
            os._exit(0)
        children.append(pid)
    for pid in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return held


def _open_files(config: Mapping[str, Any]) -> bool:
    opened: list[int] = []
    with contextlib.suppress(OSError):
        while len(opened) <= config["open_files"]:
            opened.append(os.open("/dev/null", os.O_RDONLY))
    for descriptor in opened:
        os.close(descriptor)
    return len(opened) <= int(config["open_files"])


def _file_size(config: Mapping[str, Any]) -> bool:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    return not _write("large", config["file_bytes"] + 1)


def _disk(config: Mapping[str, Any]) -> bool:
    count = 0
    with contextlib.suppress(OSError):
        while count * config["file_bytes"] <= config["disk_bytes"]:
            if not _write(f"full{count}", config["file_bytes"]):
                return True
            count += 1
    return False


def _write(name: str, size: int) -> bool:
    """Whether a file of the size could be written; it is gone afterwards only if not."""
    descriptor = os.open(name, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        left = size
        while left > 0:
            left -= os.write(descriptor, bytes(min(left, MIB)))
    except OSError as exc:
        if exc.errno not in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
            raise
        os.unlink(name)  # noqa: PTH108  # no pathlib in the fork
        return False
    else:
        return True
    finally:
        os.close(descriptor)


def _network(_config: Mapping[str, Any]) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(TEST_ADDRESS)
        except OSError as exc:
            return exc.errno == errno.ENETUNREACH
    return False


def _status(name: str) -> str:
    with open("/proc/self/status") as status:  # noqa: PTH123  # no pathlib in the fork
        return next((line.split()[1] for line in status if line.startswith(name + ":")), "")


def _system_calls(_config: Mapping[str, Any]) -> bool:
    return _status("Seccomp") == "2"


def _capabilities(_config: Mapping[str, Any]) -> bool:
    sets = (_status(name) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"))
    return all(int(value, 16) == 0 for value in sets) and _status("NoNewPrivs") == "1"


def _user_namespaces(_config: Mapping[str, Any]) -> bool:
    """Whether making one is refused, by the room's own limit or by the system call filter."""
    unshare = ctypes.CDLL(None, use_errno=True).unshare
    return _child(lambda: int(unshare(ctypes.c_int(CLONE_NEWUSER)) == 0)) == 0
