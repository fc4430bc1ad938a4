"""What is known of a member from outside, asked of plain processes."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from grader.sandbox.members import Member, Usage

BUSY = "while True: pass"


@contextlib.contextmanager
def busy(processor):
    """A process that computes without end on one processor."""
    process = subprocess.Popen([sys.executable, "-I", "-S", "-c", BUSY])
    try:
        os.sched_setaffinity(process.pid, {processor})
        yield process.pid
    finally:
        process.kill()
        process.wait()


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="the kernel does not count it")
def test_member_without_a_processor_is_seen_to_wait():
    processor = min(os.sched_getaffinity(0))

    async def waited():
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with busy(processor) as pid, busy(processor):
            member = Member(pid, ours)
            try:
                async with asyncio.timeout(60):
                    while member.kept_waiting_s() < 0.1:
                        await asyncio.sleep(0.05)
                return member.kept_waiting_s()
            finally:
                theirs.close()
                await member.close()

    assert asyncio.run(waited()) >= 0.1


def test_member_that_is_gone_waits_for_nothing():
    async def waited():
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with busy(min(os.sched_getaffinity(0))) as pid:
            member = Member(pid, ours)
        theirs.close()
        await member.close()
        return member.kept_waiting_s()

    assert asyncio.run(waited()) == 0


def test_member_that_ended_before_it_was_heard_of_is_one_that_has_ended():
    async def heard():
        ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with busy(min(os.sched_getaffinity(0))) as pid:
            pass
        theirs.send(b"ended 3 0.25 4096")
        theirs.close()
        member = Member(pid, ours)
        member.kill()
        status = await member.wait()
        await member.close()
        return status, member.usage()

    assert asyncio.run(heard()) == (3, Usage(cpu_s=0.25, peak_memory_bytes=4096))
