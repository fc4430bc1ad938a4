"""The few Linux calls that Python 3.11 lacks: prctl, setns, capset, and the owner of a namespace. Standard library only."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import resource
import struct
from collections.abc import Iterable

__all__ = [
    "CAP_KILL",
    "CLONE_NEWUSER",
    "close_all_but",
    "die_with_parent",
    "drop_bounding_set",
    "drop_capabilities",
    "namespace_owner",
    "no_new_privileges",
    "set_dumpable",
    "set_subreaper",
    "setns",
]

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
NS_GET_USERNS = 0xB701  # _IO(0xb7, 1), linux/nsfs.h
LINUX_CAPABILITY_VERSION_3 = 0x20080522
CAP_KILL = 5
CAPABILITIES = 64  # room for every capability that version 3 of the interface can name
SIGKILL = 9
SYS_CLOSE_RANGE = 436  # the same number on every architecture; since Linux 5.9
HIGHEST_DESCRIPTOR = 2**31 - 1
FALLBACK_DESCRIPTORS = 2**20  # the kernel's default for the highest limit

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, call: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")


def _prctl(option: int, *args: int) -> int:
    padded = [*args, 0, 0, 0, 0][:4]
    return int(_libc.prctl(ctypes.c_int(option), *(ctypes.c_ulong(arg) for arg in padded)))


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent dies. A change of credentials clears it: call it again after one."""
    _checked(_prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl(PR_SET_PDEATHSIG)")


def set_dumpable(*, dumpable: bool) -> None:
    """Say whether processes of the same user may trace this one and read its memory; forks inherit it."""
    _checked(_prctl(PR_SET_DUMPABLE, int(dumpable)), "prctl(PR_SET_DUMPABLE)")


def set_subreaper() -> None:
    """Become the parent of every orphaned descendant, so that none of them is left as a zombie."""
    _checked(_prctl(PR_SET_CHILD_SUBREAPER, 1), "prctl(PR_SET_CHILD_SUBREAPER)")


def no_new_privileges() -> None:
    """Make set-user-id programs and file capabilities powerless for this process and its descendants."""
    _checked(_prctl(PR_SET_NO_NEW_PRIVS, 1), "prctl(PR_SET_NO_NEW_PRIVS)")


def drop_bounding_set() -> None:
    """Give up every capability for whatever is executed later. Takes CAP_SETPCAP, so it comes before a change of user.

    Raises: OSError if the right to do so is not there.
    """
    for capability in range(CAPABILITIES):
        if _prctl(PR_CAPBSET_DROP, capability) != 0:
            if ctypes.get_errno() == errno.EINVAL:
                return  # the kernel knows no capability of this number, nor any higher one
            _checked(-1, "prctl(PR_CAPBSET_DROP)")


def drop_capabilities(*, keep: int | None = None) -> None:
    """Empty the ambient, effective, permitted and inheritable sets. The bounding set goes first: see `drop_bounding_set`.

    keep: the number of one capability below 32 that stays permitted and effective.

    Raises: OSError if a set cannot be changed.
    """
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    header = struct.pack("=Ii", LINUX_CAPABILITY_VERSION_3, 0)
    kept = 0 if keep is None else 1 << keep
    _checked(_libc.capset(header, struct.pack("=6I", kept, kept, 0, 0, 0, 0)), "capset")


def setns(descriptor: int, kind: int = 0) -> None:
    """Join the namespace behind an open descriptor. kind: a CLONE_NEW* constant to insist on, or 0 for any."""
    _checked(_libc.setns(ctypes.c_int(descriptor), ctypes.c_int(kind)), "setns")


def namespace_owner(descriptor: int) -> int:
    """Give a new descriptor of the user namespace that owns the namespace behind `descriptor`."""
    return fcntl.ioctl(descriptor, NS_GET_USERNS)


def close_all_but(keep: Iterable[int]) -> None:
    """Close every descriptor of this process except those in `keep`, whatever their number."""
    low = 0
    for descriptor in sorted(set(keep)):
        _close_range(low, descriptor - 1)
        low = descriptor + 1
    _close_range(low, HIGHEST_DESCRIPTOR)


def _close_range(first: int, last: int) -> None:
    """`os.closerange` takes minutes for all numbers where it cannot use this call, and /proc/self is not there in a watcher."""
    if first > last:
        return
    if (
        _libc.syscall(
            ctypes.c_long(SYS_CLOSE_RANGE), ctypes.c_uint(first), ctypes.c_uint(last), ctypes.c_uint(0)
        )
        != 0
    ):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        os.closerange(first, min(last, hard if hard != resource.RLIM_INFINITY else FALLBACK_DESCRIPTORS) + 1)
