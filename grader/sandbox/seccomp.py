"""A system call filter for members: refuse what grading never needs and kernels were attacked through. Standard library only.

The filter is classic BPF, written out here, so that no library is needed. It is a second wall: namespaces, empty capability sets
and `no_new_privs` already refuse most of this. It is the first wall against address families that network namespaces do not hold
back (AF_VSOCK reaches a virtual machine's host), against memory that belongs to no process and no bounded file system (System V's
semaphores take gigabytes of the kernel's; reserved huge pages), and against what a machine has a fixed number of (io_setup).
It keeps the limit of core files where it was set: at 0, a machine whose `core_pattern` names a program runs it for each crash.

Rooms share the system's files, and with them what the kernel keeps for a file: who holds a lock on it, who wants to know when it is
opened. By that, two rooms could send each other what a hidden check asks, or stop a program outside that takes a lock. So locks are
granted and lock nothing, as one room needs no more, and what tells of others' is refused. The same goes for what is asked of
the machine's disks: a room can write to memory only, of which nothing has to reach a disk, so calls that wait for one are granted
and do nothing, and nobody throws others' files out of the machine's memory.

A socket of a protocol that is not there has the kernel look for a module of that number, and load it: seldom used ones have had
most of the holes. So nobody asks for any but the usual.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["filter_program", "install_filter", "supported"]

_libc = ctypes.CDLL(None, use_errno=True)

PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
RET_ALLOW, RET_ERRNO, RET_KILL = 0x7FFF0000, 0x00050000, 0x80000000
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
# Offsets in struct seccomp_data; the low half of an argument, on little-endian machines.
NUMBER, ARCHITECTURE, ARGUMENT_0, ARGUMENT_1, ARGUMENT_2, ARGUMENT_3 = 0, 4, 16, 24, 32, 40
HIGH_HALF = 4
RLIMIT_CORE = 4  # asm-generic/resource.h
MAP_HUGETLB = 0x40000
NEW_NAMESPACES = 0x7E020080  # CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET and TIME
AF_UNIX, AF_INET, AF_INET6, AF_NETLINK = 1, 2, 10, 16
FAMILIES = (AF_UNIX, AF_INET, AF_INET6, AF_NETLINK)  # what an empty network namespace holds back
PROTOCOLS = (0, 1, 6, 17)  # the family's own, ICMP (and, of AF_UNIX, itself), TCP, UDP
NETLINK_ROUTE = 0  # by which the C library lists addresses
REFUSE = RET_ERRNO | errno.EPERM
GRANT_NOTHING = RET_ERRNO  # with the error number 0: the caller is told that it succeeded
LOCKING = (6, 7, 37, 38)  # fcntl's F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW
TELLING = (5, 36, 1024, 1026)  # F_GETLK, F_OFD_GETLK, F_SETLEASE, F_NOTIFY
DONT_NEED = 4  # POSIX_FADV_DONTNEED
X32 = 0x40000000  # system calls of the x32 interface have this bit

#: System calls with the same number everywhere, being newer than 2019.
COMMON = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428, "move_mount": 429, "fsopen": 430,
    "fsconfig": 431, "fsmount": 432, "fspick": 433, "pidfd_getfd": 438, "mount_setattr": 442, "quotactl_fd": 443,
    "memfd_secret": 447, "open_tree_attr": 467,
}  # fmt: skip
X86_64 = {
    "shmget": 29, "semget": 64, "msgget": 68, "memfd_create": 319, "io_setup": 206,
    "ptrace": 101, "syslog": 103, "vhangup": 153, "modify_ldt": 154, "pivot_root": 155, "chroot": 161, "acct": 163, "mount": 165,
    "umount2": 166, "swapon": 167, "swapoff": 168, "reboot": 169, "iopl": 172, "ioperm": 173, "init_module": 175,
    "delete_module": 176, "quotactl": 179, "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250,
    "inotify_init": 253, "inotify_init1": 294,
    "migrate_pages": 256, "unshare": 272, "move_pages": 279, "perf_event_open": 298, "fanotify_init": 300,
    "name_to_handle_at": 303, "open_by_handle_at": 304, "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311,
    "kcmp": 312, "finit_module": 313, "kexec_file_load": 320, "bpf": 321, "userfaultfd": 323,
}  # fmt: skip
AARCH64 = {
    "shmget": 194, "semget": 190, "msgget": 186, "memfd_create": 279, "io_setup": 0, "inotify_init1": 26,
    "umount2": 39, "mount": 40, "pivot_root": 41, "chroot": 51, "vhangup": 58, "quotactl": 60, "acct": 89, "unshare": 97,
    "kexec_load": 104, "init_module": 105, "delete_module": 106, "syslog": 116, "ptrace": 117, "reboot": 142, "add_key": 217,
    "request_key": 218, "keyctl": 219, "swapon": 224, "swapoff": 225, "migrate_pages": 238, "move_pages": 239,
    "perf_event_open": 241, "fanotify_init": 262, "name_to_handle_at": 264, "open_by_handle_at": 265, "setns": 268,
    "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "finit_module": 273, "bpf": 280, "userfaultfd": 282,
    "kexec_file_load": 294,
}  # fmt: skip
#: System calls that are granted and do nothing: all of them wait for disks.
X86_64_IDLE = {"msync": 26, "fsync": 74, "fdatasync": 75, "sync": 162, "sync_file_range": 277, "syncfs": 306}
AARCH64_IDLE = {"msync": 227, "fsync": 82, "fdatasync": 83, "sync": 81, "sync_file_range": 84, "syncfs": 267}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Machine:
    """audit: AUDIT_ARCH_* of linux/audit.h. refused, idle: names and numbers. x32: the architecture has that second interface."""

    audit: int
    refused: Mapping[str, int]
    idle: Mapping[str, int]
    clone: int
    socket: int
    socketpair: int
    mmap: int
    setrlimit: int
    prlimit: int
    flock: int
    fcntl: int
    fadvise: int
    x32: bool = False
    clone3: int = 435


MACHINES = {
    "x86_64": _Machine(
        audit=0xC000003E,
        refused={**COMMON, **X86_64},
        idle=X86_64_IDLE,
        clone=56,
        socket=41,
        socketpair=53,
        mmap=9,
        setrlimit=160,
        prlimit=302,
        flock=73,
        fcntl=72,
        fadvise=221,
        x32=True,
    ),
    "aarch64": _Machine(
        audit=0xC00000B7,
        refused={**COMMON, **AARCH64},
        idle=AARCH64_IDLE,
        clone=220,
        socket=198,
        socketpair=199,
        mmap=222,
        setrlimit=164,
        prlimit=261,
        flock=32,
        fcntl=25,
        fadvise=223,
    ),
}


def supported() -> bool:
    """Whether a filter for this architecture is written here."""
    return platform.machine() in MACHINES


@lru_cache
def filter_program() -> bytes:
    """The filter as the kernel and bubblewrap take it; empty where none is written for this architecture.

    Put together once in each process: the warm parents do it for their forks.
    """
    machine = MACHINES.get(platform.machine())
    return b"" if machine is None else _program(machine)


def install_filter() -> None:
    """Refuse the calls from now on, for this process and its descendants. Takes `no_new_privs`.

    Raises: OSError if the kernel does not take the filter.
    """
    code = filter_program()
    if not code:
        return
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    if _libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.c_char_p(program), 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl(PR_SET_SECCOMP): {errno.errorcode.get(number, number)}")


#: One instruction: code, jump if true, jump if false, value. Jumps are counted from the next instruction.
Step = tuple[int, int, int, int]


def _program(machine: _Machine) -> bytes:
    """The filter as an array of struct sock_filter."""
    steps = [
        *_of_this_architecture(machine),
        *_refused_calls(machine),
        *_namespaces_and_huge_pages(machine),
        *_core_files(machine),
        *_locks(machine),
        *_disks(machine),
        *_sockets(machine),
        (RETURN, 0, 0, RET_ALLOW),
    ]
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def _on(call: int, *steps: Step) -> list[Step]:
    """Take the steps for one call, and go on after them for any other, and where they decide nothing."""
    return [(LOAD, 0, 0, NUMBER), (EQUAL, 0, len(steps), call), *steps]


def _of_this_architecture(machine: _Machine) -> list[Step]:
    steps = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, machine.audit),
        (RETURN, 0, 0, RET_KILL),
    ]
    if machine.x32:
        steps += [(LOAD, 0, 0, NUMBER), (AT_LEAST, 0, 1, X32), (RETURN, 0, 0, RET_KILL)]
    return steps


def _refused_calls(machine: _Machine) -> list[Step]:
    steps = [(LOAD, 0, 0, NUMBER)]
    for number in sorted(machine.refused.values()):
        steps += [(EQUAL, 0, 1, number), (RETURN, 0, 0, REFUSE)]
    # clone3 hides its flags behind a pointer; refused as unknown, so that the C library takes clone.
    return [*steps, (EQUAL, 0, 1, machine.clone3), (RETURN, 0, 0, RET_ERRNO | errno.ENOSYS)]


def _namespaces_and_huge_pages(machine: _Machine) -> list[Step]:
    return [
        *_on(
            machine.clone, (LOAD, 0, 0, ARGUMENT_0), (ANY_BIT, 0, 1, NEW_NAMESPACES), (RETURN, 0, 0, REFUSE)
        ),
        *_on(machine.mmap, (LOAD, 0, 0, ARGUMENT_3), (ANY_BIT, 0, 1, MAP_HUGETLB), (RETURN, 0, 0, REFUSE)),
    ]


def _core_files(machine: _Machine) -> list[Step]:
    """Keep the limit of core files. prlimit may ask for one; a pointer to a new one, in either half, sets it."""
    return [
        *_on(machine.setrlimit, (LOAD, 0, 0, ARGUMENT_0), (EQUAL, 0, 1, RLIMIT_CORE), (RETURN, 0, 0, REFUSE)),
        *_on(
            machine.prlimit,
            (LOAD, 0, 0, ARGUMENT_1),
            (EQUAL, 0, 5, RLIMIT_CORE),
            (LOAD, 0, 0, ARGUMENT_2),
            (EQUAL, 0, 2, 0),
            (LOAD, 0, 0, ARGUMENT_2 + HIGH_HALF),
            (EQUAL, 1, 0, 0),
            (RETURN, 0, 0, REFUSE),
        ),
    ]


def _locks(machine: _Machine) -> list[Step]:
    """Grant locks that lock nothing; refuse what tells of others' doings."""
    steps: list[Step] = [(LOAD, 0, 0, ARGUMENT_1)]
    for commands, verdict in ((LOCKING, GRANT_NOTHING), (TELLING, REFUSE)):
        for command in commands:
            steps += [(EQUAL, 0, 1, command), (RETURN, 0, 0, verdict)]
    return [*_on(machine.flock, (RETURN, 0, 0, GRANT_NOTHING)), *_on(machine.fcntl, *steps)]


def _disks(machine: _Machine) -> list[Step]:
    """Grant what waits for disks, and what throws files out of memory, without doing either."""
    steps: list[Step] = [(LOAD, 0, 0, NUMBER)]
    for number in sorted(machine.idle.values()):
        steps += [(EQUAL, 0, 1, number), (RETURN, 0, 0, GRANT_NOTHING)]
    advice = (LOAD, 0, 0, ARGUMENT_3)
    return [*steps, *_on(machine.fadvise, advice, (EQUAL, 0, 1, DONT_NEED), (RETURN, 0, 0, GRANT_NOTHING))]


def _sockets(machine: _Machine) -> list[Step]:
    """Let the families and protocols be asked for that do no harm. A pair of any family but one does not work, but asking for it
    loads the kernel's module."""
    unsupported = (RETURN, 0, 0, RET_ERRNO | errno.EAFNOSUPPORT)
    no_protocol = (RETURN, 0, 0, RET_ERRNO | errno.EPROTONOSUPPORT)
    family, protocol = (LOAD, 0, 0, ARGUMENT_0), (LOAD, 0, 0, ARGUMENT_2)
    routes = [(EQUAL, 0, 3, AF_NETLINK), protocol, (EQUAL, 1, 0, NETLINK_ROUTE), no_protocol]
    return [
        *_on(machine.socketpair, family, (EQUAL, 1, 0, AF_UNIX), unsupported),
        *_on(machine.socket, family, *_one_of(FAMILIES), unsupported),
        *_on(machine.socket, protocol, *_one_of(PROTOCOLS), no_protocol),
        *_on(machine.socket, family, *routes),
    ]


def _one_of(values: Sequence[int]) -> list[Step]:
    """For each of the values, jump over the step that stands behind these."""
    return [(EQUAL, len(values) - position, 0, value) for position, value in enumerate(values)]
