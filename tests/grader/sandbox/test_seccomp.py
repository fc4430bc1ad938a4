"""The system call filter: its program is interpreted here, step by step, for calls that must pass and calls that must not."""

from __future__ import annotations

import errno
import struct

import pytest

from grader.sandbox.seccomp import MACHINES, RET_ALLOW, RET_ERRNO, RET_KILL, _program

X86, ARM = MACHINES["x86_64"], MACHINES["aarch64"]
REFUSED = RET_ERRNO | errno.EPERM


def decide(machine, number, *, argument=0, second=0, third=0, flags=0, audit=None):
    """Interpret classic BPF as the kernel does (Documentation/networking/filter.rst)."""
    code = _program(machine)
    steps = [struct.unpack_from("HBBI", code, offset) for offset in range(0, len(code), 8)]
    data = struct.pack(
        "<IIQ4Q", number, audit if audit is not None else machine.audit, 0, argument, second, third, flags
    )
    register, position = 0, 0
    while True:
        kind, if_true, if_false, value = steps[position]
        position += 1
        if kind == 0x06:
            return value
        if kind == 0x20:
            (register,) = struct.unpack_from("<I", data, value)
        else:
            met = {0x15: register == value, 0x35: register >= value, 0x45: bool(register & value)}[kind]
            position += if_true if met else if_false


@pytest.mark.parametrize("machine", [X86, ARM], ids=["x86_64", "aarch64"])
def test_every_named_call_is_refused(machine):
    assert {name for name, number in machine.refused.items() if decide(machine, number) != REFUSED} == set()


@pytest.mark.parametrize(
    ("machine", "number"),
    [
        pytest.param(X86, 0, id="x86-read"),
        pytest.param(X86, 9, id="x86-mmap"),
        pytest.param(X86, 57, id="x86-fork"),
        pytest.param(X86, 59, id="x86-execve"),
        pytest.param(X86, 202, id="x86-futex"),
        pytest.param(X86, 257, id="x86-openat"),
        pytest.param(ARM, 63, id="arm-read"),
        pytest.param(ARM, 222, id="arm-mmap"),
        pytest.param(ARM, 221, id="arm-execve"),
        pytest.param(ARM, 56, id="arm-openat"),
    ],
)
def test_ordinary_call_passes(machine, number):
    assert decide(machine, number) == RET_ALLOW


@pytest.mark.parametrize("machine", [X86, ARM], ids=["x86_64", "aarch64"])
def test_memory_is_mapped_unless_in_reserved_huge_pages(machine):
    assert decide(machine, machine.mmap, flags=0x22) == RET_ALLOW
    assert decide(machine, machine.mmap, flags=0x40022) == REFUSED


@pytest.mark.parametrize("machine", [X86, ARM], ids=["x86_64", "aarch64"])
@pytest.mark.parametrize(
    ("flags", "verdict"),
    [
        pytest.param(0x003D0F00, RET_ALLOW, id="thread"),
        pytest.param(0x01200011, RET_ALLOW, id="fork"),
        pytest.param(0x10000011, REFUSED, id="user-namespace"),
        pytest.param(0x00020011, REFUSED, id="mount-namespace"),
        pytest.param(0x40000011, REFUSED, id="net-namespace"),
    ],
)
def test_clone_passes_unless_it_makes_a_namespace(machine, flags, verdict):
    assert decide(machine, machine.clone, argument=flags) == verdict
    assert decide(machine, machine.clone3) == RET_ERRNO | errno.ENOSYS


@pytest.mark.parametrize("machine", [X86, ARM], ids=["x86_64", "aarch64"])
@pytest.mark.parametrize(
    ("family", "allowed"),
    [
        pytest.param(1, True, id="unix"),
        pytest.param(2, True, id="inet"),
        pytest.param(10, True, id="inet6"),
        pytest.param(16, True, id="netlink"),
        pytest.param(17, False, id="packet"),
        pytest.param(38, False, id="crypto"),
        pytest.param(40, False, id="vsock"),
        pytest.param(0, False, id="unspecified"),
    ],
)
def test_socket_passes_for_families_that_the_network_namespace_holds_back(machine, family, allowed):
    verdict = RET_ALLOW if allowed else RET_ERRNO | errno.EAFNOSUPPORT
    assert decide(machine, machine.socket, argument=family) == verdict


@pytest.mark.parametrize("machine", [X86, ARM], ids=["x86_64", "aarch64"])
@pytest.mark.parametrize(
    ("family", "protocol", "allowed"),
    [
        pytest.param(2, 6, True, id="tcp"),
        pytest.param(10, 17, True, id="udp"),
        pytest.param(1, 1, True, id="unix"),
        pytest.param(2, 132, False, id="sctp"),
        pytest.param(10, 262, False, id="mptcp"),
        pytest.param(16, 0, True, id="routes"),
        pytest.param(16, 6, False, id="xfrm"),
        pytest.param(16, 12, False, id="netfilter"),
    ],
)
def test_socket_of_a_protocol_for_which_a_module_would_be_loaded_is_refused(
    machine, family, protocol, allowed
):
    verdict = RET_ALLOW if allowed else RET_ERRNO | errno.EPROTONOSUPPORT
    assert decide(machine, machine.socket, argument=family, third=protocol) == verdict


@pytest.mark.parametrize("machine", [X86, ARM], ids=["x86_64", "aarch64"])
def test_what_waits_for_disks_is_granted_and_does_nothing(machine):
    assert {number for number in machine.idle.values() if decide(machine, number) != RET_ERRNO} == set()
    assert decide(machine, machine.fadvise, flags=4) == RET_ERRNO
    assert decide(machine, machine.fadvise, flags=2) == RET_ALLOW


def test_other_interfaces_of_the_kernel_are_closed():
    assert decide(X86, 0, audit=0x40000003) == RET_KILL  # 32-bit calls have other numbers
    assert decide(X86, 0x40000000) == RET_KILL  # as have those of x32


@pytest.mark.parametrize("machine", [X86, ARM], ids=["x86_64", "aarch64"])
@pytest.mark.parametrize(
    ("family", "allowed"), [pytest.param(1, True, id="unix"), pytest.param(30, False, id="tipc")]
)
def test_pair_of_sockets_is_of_the_one_family_that_has_them(machine, family, allowed):
    refused = RET_ERRNO | errno.EAFNOSUPPORT
    assert decide(machine, machine.socketpair, argument=family) == (RET_ALLOW if allowed else refused)


@pytest.mark.parametrize("machine", [X86, ARM], ids=["x86_64", "aarch64"])
def test_limit_of_core_files_stays_where_it_was_set(machine):
    assert decide(machine, machine.setrlimit, argument=4) == REFUSED
    assert decide(machine, machine.setrlimit, argument=7) == RET_ALLOW
    assert decide(machine, machine.prlimit, second=4, third=0x7FFF_0000_1000) == REFUSED
    assert decide(machine, machine.prlimit, second=4, third=0x7FFF_0000_0000) == REFUSED
    assert decide(machine, machine.prlimit, second=4, third=0) == RET_ALLOW
    assert decide(machine, machine.prlimit, second=7, third=0x7FFF_0000_1000) == RET_ALLOW


@pytest.mark.parametrize("machine", [X86, ARM], ids=["x86_64", "aarch64"])
def test_locks_are_granted_and_lock_nothing(machine):
    assert decide(machine, machine.flock, second=2) == RET_ERRNO
    assert {decide(machine, machine.fcntl, second=command) for command in (6, 7, 37, 38)} == {RET_ERRNO}
    assert {decide(machine, machine.fcntl, second=command) for command in (5, 36, 1024, 1026)} == {REFUSED}
    assert {decide(machine, machine.fcntl, second=command) for command in (0, 1, 2, 3, 4, 1030, 1031)} == {
        RET_ALLOW
    }
