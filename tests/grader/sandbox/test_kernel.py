"""The driver's side of a kernel: what it takes for a message, and that it never hangs on one that misbehaves."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest
import zmq
from jupyter_client.session import Session

from grader.assignment import Limits
from grader.errors import SandboxError
from grader.sandbox import kernel as kernel_module
from grader.sandbox.kernel import Kernel, MalformedMessageError, open_kernel
from grader.sandbox.room import RoomSpec
from grader.sandbox.sandbox import Sandbox

MIB = 1024 * 1024
needs_bubblewrap = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")


class Frames:
    """A channel whose socket gives the frames it was given."""

    def __init__(self, frames):
        self.frames = frames

    async def recv_multipart(self):
        return self.frames


class Client:
    def __init__(self, frames):
        self.iopub = self.shell = Frames(frames)


def receive(frames):
    kernel = Kernel(room=None, member=None, client=Client(frames), probes=None)
    return asyncio.run(kernel.receive("iopub"))


def signed(*parts):
    session = Session(key=b"k")
    return [b"<IDS|MSG>", session.sign(list(parts)), *parts]


HEADER = json.dumps(
    {"msg_id": "1", "msg_type": "stream", "version": "5.3", "date": "2024-01-01T00:00:00Z"}
).encode()
PARENT = json.dumps({"msg_id": "request"}).encode()


def test_receive_gives_kind_parent_and_content():
    frames = signed(HEADER, PARENT, b"{}", b'{"text": "x"}')
    message = receive(frames)
    assert (message.kind, message.parent, message.content) == ("stream", "request", {"text": "x"})
    assert message.size_bytes == sum(map(len, frames))


def test_receive_takes_any_signature_for_the_student_has_the_key_too():
    frames = [
        b"kernel.1.stream",
        b"<IDS|MSG>",
        b"0" * 64,
        HEADER,
        PARENT,
        b"{}",
        b'{"text": "x"}',
        b"a buffer",
    ]
    assert receive(frames).content == {"text": "x"}


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param([], id="nothing"),
        pytest.param([b"a", b"b"], id="no-delimiter"),
        pytest.param(signed(HEADER, PARENT, b"{}"), id="too-short"),
        pytest.param(signed(HEADER, PARENT, b"{}", b"["), id="not-json"),
        pytest.param(signed(HEADER, PARENT, b"{}", b"\xff"), id="not-utf8"),
        pytest.param(signed(HEADER, PARENT, b"[]", b"{}"), id="metadata-is-a-list"),
        pytest.param(signed(HEADER, PARENT, b"{}", b'{"n": ' + b"1" * 5000 + b"}"), id="number-too-long"),
        pytest.param(signed(HEADER, PARENT, b"{}", b"[" * 10_000), id="nested-too-deep"),
        pytest.param(signed(HEADER, PARENT, b"{}", b"[1]"), id="content-is-a-list"),
        pytest.param(signed(HEADER, b"[]", b"{}", b"{}"), id="parent-is-a-list"),
        pytest.param(signed(HEADER, b'{"msg_id": 3}', b"{}", b"{}"), id="parent-id-is-a-number"),
        pytest.param(signed(b"{}", PARENT, b"{}", b"{}"), id="header-without-type"),
        pytest.param(signed(b'{"msg_type": [], "msg_id": 1}', PARENT, b"{}", b"{}"), id="type-is-a-list"),
        pytest.param(signed(b'"x"', PARENT, b"{}", b"{}"), id="header-is-text"),
    ],
)
def test_receive_refuses_what_is_no_message(frames):
    with pytest.raises(MalformedMessageError, match="on iopub"):
        receive(frames)


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


@pytest.mark.sandbox
@needs_bubblewrap
def test_open_kernel_kills_the_kernel_and_tells_its_use():
    async def talk(kernel):
        request = kernel.client.execute("1 + 1")
        return (await kernel.reply_to(request)).content["status"]

    status, ending, usage = in_kernel(talk)
    assert (status, ending) == ("ok", -9)
    assert usage.cpu_s > 0


@pytest.mark.sandbox
@needs_bubblewrap
def test_connection_is_never_made_again():
    """After the first one the path belongs to the student, who may make it lead to a socket of the host."""
    sent = "import os; [os.rename(f'/k/{n}', f'/k/moved-{n}') for n in os.listdir('/k')]"

    async def talk(kernel):
        await kernel.reply_to(kernel.client.execute(sent))
        options = [sock.getsockopt(zmq.RECONNECT_IVL) for sock in (kernel.client.shell, kernel.client.iopub)]
        still = (await kernel.reply_to(kernel.client.execute("1"))).content["status"]
        return options, still

    (options, still), _, _ = in_kernel(talk)
    assert options == [-1, -1]
    assert still == "ok"


@pytest.mark.sandbox
@needs_bubblewrap
def test_sending_to_a_kernel_that_hung_up_does_not_block():
    close = "import os; os.closerange(3, 1000)"

    async def talk(kernel):
        kernel.client.execute(close)
        for _ in range(100):
            await asyncio.sleep(0.05)
            try:
                kernel.client.execute("1")
            except zmq.Again:
                return "refused"
        return "queued"

    answer, _, _ = in_kernel(talk)
    assert answer == "refused"


def test_socket_path_fits_into_a_unix_address():
    longest = f"/proc/{2**22}/root{kernel_module.SOCKETS}-{max(kernel_module.PORTS.values())}"
    assert len(longest) < 104
