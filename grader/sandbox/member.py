"""What a fork of a warm parent does to become a member of a room: join its namespaces, give up every right, then run an entry.

Two processes are made for each member. The *watcher* joins the room's namespaces, forks (a pid namespace takes only children),
waits and reports how the member ended; nobody in the room can see it. The *member* drops everything and runs student code.
Runs in the warm parent's memory: standard library and `syscalls` only.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import seccomp, syscalls

__all__ = ["Entry", "become"]

#: An entry function gets its configuration and the granted descriptors, and returns when its work is done.
Entry = Callable[[Mapping[str, Any], Sequence[int]], None]

FAILED_TO_ENTER = (
    70  # exit status of a member that could not become one (EX_SOFTWARE); student code never ran in it
)


def become(request: Mapping[str, Any], fds: Sequence[int], entries: Mapping[str, Entry]) -> None:
    """Turn this fork of the warm parent into a watcher with a member. Never returns.

    Args: request: "entry", "config", "room" (numbers of descriptors by role, limits, identity, environment; made by `room.py`),
            and "parent", the warm parent's process number.
        fds: descriptors in the order: status socket, cgroup files, namespaces, granted ones; counts stand in `request`.
    """
    status = socket.socket(fileno=fds[0])
    try:
        _watch(request, fds, entries, status)
    except BaseException as exc:  # noqa: BLE001  # a fork of the warm parent must never return into the parent's loop
        with contextlib.suppress(OSError):
            status.send(f"failed {type(exc).__name__}: {exc}".encode()[:1000])
    finally:
        os._exit(FAILED_TO_ENTER)


def _watch(
    request: Mapping[str, Any], fds: Sequence[int], entries: Mapping[str, Entry], status: socket.socket
) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    room = request["room"]
    groups, spaces, granted = _shared_out(room, fds[1:])
    _join(spaces, room["namespaces"])
    syscalls.die_with_parent()  # not before: joining a user namespace changes the credentials, which takes this back
    if os.getppid() != request["parent"]:
        return  # the warm parent died meanwhile
    child = os.fork()
    if child == 0:
        _enter(request, groups, granted, entries, status)
    syscalls.close_all_but([status.fileno()])
    # The kernel checks the dying parent's right to signal when it delivers the child's PR_SET_PDEATHSIG.
    syscalls.drop_capabilities(keep=syscalls.CAP_KILL)
    status.send(f"pid {child}".encode())
    _, how, usage = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(how)
    status.send(f"ended {code} {usage.ru_utime + usage.ru_stime:.6f} {usage.ru_maxrss * 1024}".encode())
    os._exit(0)


def _shared_out(
    room: Mapping[str, Any], fds: Sequence[int]
) -> tuple[Sequence[int], Sequence[int], Sequence[int]]:
    groups = int(room["groups"])
    spaces = groups + len(room["namespaces"])
    return fds[:groups], fds[groups:spaces], fds[spaces:]


def _join(spaces: Sequence[int], names: Sequence[str]) -> None:
    """Join in an order that both a privileged and an ordinary user may take.

    The user namespace that owns the mounts comes first: it gives the right to join the others. bubblewrap may have nested another
    one in it (`--disable-userns`), which is joined last, for it takes that right away.
    """
    by_name = dict(zip(names, spaces, strict=True))
    if not by_name:
        return
    user = by_name.pop("user")
    owner = syscalls.namespace_owner(by_name["mnt"])
    nested = not os.path.sameopenfile(owner, user)
    syscalls.setns(owner, syscalls.CLONE_NEWUSER)
    if not nested:
        _forbid_user_namespaces()
    for descriptor in by_name.values():
        syscalls.setns(descriptor)
    if nested:
        syscalls.setns(user, syscalls.CLONE_NEWUSER)


def _forbid_user_namespaces() -> None:
    """A user namespace of one's own gives capabilities in it, and with them more of the kernel to attack."""
    with contextlib.suppress(OSError), open("/proc/sys/user/max_user_namespaces", "w") as limit:  # noqa: PTH123  # no pathlib in the fork
        limit.write("0")


def _enter(
    request: Mapping[str, Any],
    groups: Sequence[int],
    granted: Sequence[int],
    entries: Mapping[str, Entry],
    status: socket.socket,
) -> None:
    """Drop everything, say so, and run the entry. Never returns."""
    code = FAILED_TO_ENTER
    try:
        # The watcher stays outside of the control group: were the group out of memory, the watcher must not be what is killed.
        for group in groups:
            os.write(group, b"0")
        syscalls.close_all_but([status.fileno(), *granted])
        try:
            _drop(request["room"], granted)
        except OSError as exc:
            status.send(f"failed {exc}".encode()[:1000])
            raise
        status.send(b"in")
        status.close()
        code = 1
        entries[request["entry"]](request["config"], granted)
        code = 0
    except SystemExit:
        code = 0
    finally:
        os._exit(code)  # also after an exception: whatever student code raised, this fork must not return


def _drop(room: Mapping[str, Any], granted: Sequence[int]) -> None:
    null = os.open("/dev/null", os.O_RDWR)
    for descriptor in range(3):
        if descriptor not in granted:
            os.dup2(null, descriptor)
    os.setsid()
    for signum in (signal.SIGINT, signal.SIGPIPE, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.default_int_handler if signum == signal.SIGINT else signal.SIG_DFL)
    _limit(room["rlimits"])
    if room["namespaces"]:
        syscalls.drop_bounding_set()
    if room["identity"] is not None:
        os.setgroups([])
        os.setresgid(*[room["identity"]] * 3)
        os.setresuid(*[room["identity"]] * 3)
    if room["namespaces"]:
        syscalls.drop_capabilities()
    syscalls.no_new_privileges()
    if room["namespaces"]:
        seccomp.install_filter()
    syscalls.set_dumpable(dumpable=False)
    syscalls.set_subreaper()
    syscalls.die_with_parent()
    os.umask(0o077)
    os.chdir(room["work"])
    os.environ.clear()
    os.environ.update(room["environment"])


def _limit(limits: Mapping[str, int]) -> None:
    """Set soft and hard limits. `AS` is what student code may add to the address space that the fork begins with."""
    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}")  # names come from our own table in room.py
        wanted = value + _address_space() if name == "AS" else value
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            wanted = min(wanted, hard)
        resource.setrlimit(kind, (wanted, wanted))


def _address_space() -> int:
    statm = os.open("/proc/self/statm", os.O_RDONLY)  # a file object would touch, and so copy, more pages
    try:
        return int(os.read(statm, 256).split()[0]) * os.sysconf("SC_PAGE_SIZE")
    finally:
        os.close(statm)
