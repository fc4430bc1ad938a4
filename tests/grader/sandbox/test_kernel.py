"""The driver's side of a kernel: what it takes for a message, and that it never hangs on one that misbehaves."""

import asyncio
import json
import shutil
import socket
from pathlib import Path

import pytest

from grader.assignment import Limits
from grader.errors import SandboxError
from grader.sandbox import kernel as kernel_module
from grader.sandbox.kernel import HungUpError, Line, MalformedMessageError, open_kernel
from grader.sandbox.line import packets
from grader.sandbox.room import RoomSpec
from grader.sandbox.sandbox import Sandbox

MIB = 1024 * 1024
needs_bubblewrap = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")


def received(*messages, limit_bytes=MIB):
    """What the driver makes of the messages, and of a line that is cut after them."""

    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)

    def send():
        with theirs:
            for message in messages:
                for packet in packets(message, 1):
                    theirs.send(packet)

    async def receive():
        sending = asyncio.ensure_future(asyncio.to_thread(send))
        line, found = Line(ours, limit_bytes), []
        while True:
            try:
                found.append(await line.receive())
            except MalformedMessageError as exc:
                found.append(type(exc))
            except HungUpError as exc:
                await sending
                return [*found, type(exc)]

    with ours:
        return asyncio.run(receive())


STREAM = json.dumps({"kind": "stream", "request": "request", "content": {"text": "x"}}).encode()


def test_receive_gives_kind_request_and_content():
    message, end = received(STREAM)
    assert (message.kind, message.request, message.content) == ("stream", "request", {"text": "x"})
    assert end is HungUpError


@pytest.mark.parametrize(("text", "counts"), [("x", 512), ("x" * 1000, 1000), ("x" * 100_000, 100_000)])
def test_message_counts_for_what_it_costs(text, counts):
    data = json.dumps({"kind": "stream", "request": "request", "content": {"text": text}}).encode()
    message, _ = received(data)
    assert counts <= message.size_bytes < counts + 100


def test_receive_passes_over_what_is_too_large():
    *lost, message, _ = received(b"y" * 5 * MIB, STREAM)
    assert {one.kind for one in lost} == {""}
    assert 4 * MIB < sum(one.size_bytes for one in lost) <= 5 * MIB + 1000
    assert message.kind == "stream"


def test_packets_that_come_to_nothing_end_as_a_message_that_counts():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    begin = next(packets(b"x" * 100_000, 1))[:5]

    async def receive():
        line = Line(ours, 4000)
        for _ in range(20):
            theirs.send(begin)
        return [await asyncio.wait_for(line.receive(), 5) for _ in range(2)]

    with ours, theirs:
        assert [(message.kind, message.size_bytes) for message in asyncio.run(receive())] == [("", 4096)] * 2


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[", id="not-json"),
        pytest.param(b"\xff", id="not-utf8"),
        pytest.param(b'{"n": ' + b"1" * 5000 + b"}", id="number-too-long"),
        pytest.param(b"[" * 10_000, id="nested-too-deep"),
        pytest.param(b'"x"', id="text"),
        pytest.param(b"{}", id="empty"),
        pytest.param(b'{"kind": [], "request": "", "content": {}}', id="kind-is-a-list"),
        pytest.param(b'{"kind": "stream", "request": 3, "content": {}}', id="request-is-a-number"),
        pytest.param(b'{"kind": "stream", "request": "", "content": [1]}', id="content-is-a-list"),
        pytest.param(b'{"kind": "stream", "content": {}}', id="no-request"),
    ],
)
def test_receive_refuses_what_is_no_message(data):
    assert received(data) == [MalformedMessageError, HungUpError]


class RoomWithoutKernel:
    """A room in which the kernel ends before it says a word."""

    spec = RoomSpec()
    work = "/work"

    class Member:
        pid = 1

        async def wait(self):
            return 1

        def kill(self):
            pass

    def path(self, inner):
        return Path("/nowhere") / inner.lstrip("/")

    async def fork(self, entry, config, fds):
        return self.Member()


def test_open_kernel_that_ends_early_is_the_sandboxs_error():
    async def opened():
        async with open_kernel(RoomWithoutKernel(), message_bytes=MIB, total_bytes=MIB):
            pytest.fail("a kernel was opened")

    with pytest.raises(SandboxError, match=r"ended before it was ready; run `grader doctor`"):
        asyncio.run(opened())


def in_kernel(talk):
    """Open a kernel in a real room and let `talk` have it."""

    async def session():
        async with Sandbox() as sandbox, sandbox.room(RoomSpec(limits=Limits())) as room:
            async with open_kernel(room, message_bytes=MIB, total_bytes=MIB) as kernel:
                result = await talk(kernel)
            return result, await kernel.died(), kernel.usage()

    return asyncio.run(session())


async def reply(kernel, request):
    while (message := await kernel.line.receive()).kind != "reply" or message.request != request:
        pass
    return message.content["status"]


@pytest.mark.sandbox
@needs_bubblewrap
def test_open_kernel_kills_the_kernel_and_tells_its_use():
    async def talk(kernel):
        return await reply(kernel, await kernel.line.execute("1 + 1"))

    status, ending, usage = in_kernel(talk)
    assert (status, ending) == ("ok", -9)
    assert usage.cpu_s > 0


@pytest.mark.sandbox
@needs_bubblewrap
def test_code_of_many_packets_arrives():
    async def talk(kernel):
        return await reply(kernel, await kernel.line.execute("x = 1\n" * 50_000))

    assert in_kernel(talk)[0] == "ok"


@pytest.mark.sandbox
@needs_bubblewrap
def test_room_has_no_socket_that_student_code_could_take_the_place_of():
    code = (
        "import glob, os, stat\nfound = glob.glob('/*') + glob.glob('/work/*') + glob.glob('/tmp/*') + glob.glob('/dev/**')\n"
        "assert '/work' in found and not [name for name in found if stat.S_ISSOCK(os.lstat(name).st_mode)]"
    )

    async def talk(kernel):
        return await reply(kernel, await kernel.line.execute(code))

    assert in_kernel(talk)[0] == "ok"


@pytest.mark.sandbox
@needs_bubblewrap
def test_kernel_that_hung_up_is_noticed_when_reading_and_when_sending():
    async def talk(kernel):
        await kernel.line.execute("import os; os.closerange(3, 1000)")
        with pytest.raises(HungUpError, match="it has hung up"):
            await reply(kernel, "never")
        with pytest.raises(HungUpError, match="it takes no requests: BrokenPipeError"):
            await kernel.line.execute("1")

    in_kernel(talk)


@pytest.mark.sandbox
@needs_bubblewrap
def test_kernel_that_takes_nothing_does_not_hold_the_driver_up(monkeypatch):
    monkeypatch.setattr(kernel_module, "SENDING_S", 0.5)

    async def talk(kernel):
        await kernel.line.execute("import time; time.sleep(60)")
        with pytest.raises(HungUpError, match="it takes no requests: TimeoutError"):
            await kernel.line.execute("x = 1\n" * 1_000_000)

    in_kernel(talk)
