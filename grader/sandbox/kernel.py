"""The driver's side of a notebook's kernel: fork it into a room, and speak with it, warily.

Everything that a kernel sends is student-made: messages are bounded in size by the socket, checked for form, and never acted upon.
The driver connects once, before any student code runs, and never again: a path inside the room may lead anywhere afterwards.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import zmq
import zmq.asyncio

from ..errors import SandboxError
from .bwrap import WORK
from .members import Member, Usage
from .room import Room

__all__ = ["Client", "Kernel", "MalformedMessageError", "Message", "open_kernel"]

SOCKETS = "/k/k"  # inside the room; short, for a unix socket's path ends at about 104 bytes
PORTS: Mapping[str, int] = {"shell": 1, "iopub": 2}
DELIMITER = b"<IDS|MSG>"  # of Jupyter's wire protocol
PROTOCOL = "5.3"
MIB = 1024 * 1024
STARTUP_S = 30.0  # from the fork to the kernel's word that its sockets are bound
QUEUED_MESSAGES = 8  # that libzmq may hold for us, each bounded in size
LOST = 255  # exit status of a kernel whose end nobody could report


class MalformedMessageError(Exception):
    """The kernel sent something that is no Jupyter message; only student code can make it do so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A Jupyter message as far as it matters here. parent: id of the request that it answers. size_bytes: as received."""

    kind: str
    parent: str
    content: Mapping[str, Any] = field(default_factory=dict)
    size_bytes: int = 0


class Client:
    """Sends requests, and has the sockets on which answers and outputs come: bounded ones that never reconnect.

    Messages are not signed: the room is the wall, and whoever is in it may speak.
    """

    def __init__(self, context: zmq.asyncio.Context, sockets: str, message_bytes: int) -> None:
        self.shell = self._connected(context, zmq.DEALER, f"ipc://{sockets}-{PORTS['shell']}", message_bytes)
        self.iopub = self._connected(context, zmq.SUB, f"ipc://{sockets}-{PORTS['iopub']}", message_bytes)
        self.iopub.setsockopt(zmq.SUBSCRIBE, b"")
        self._sending: zmq.Socket[bytes] = zmq.Socket.shadow(self.shell.underlying)
        self._session = secrets.token_hex(16)

    @staticmethod
    def _connected(
        context: zmq.asyncio.Context, kind: int, address: str, message_bytes: int
    ) -> zmq.asyncio.Socket:
        sock = context.socket(kind)
        sock.linger = 0
        sock.setsockopt(zmq.MAXMSGSIZE, message_bytes)
        sock.setsockopt(zmq.RCVHWM, QUEUED_MESSAGES)
        sock.setsockopt(zmq.RECONNECT_IVL, -1)
        sock.setsockopt(zmq.SNDTIMEO, 0)  # a kernel that has hung up must not block the driver
        sock.connect(address)
        return sock

    def execute(
        self, code: str, *, silent: bool = False, store_history: bool = True, stop_on_error: bool = False
    ) -> str:
        """Ask for code to be run; returns the request's id. Raises: zmq.Again if the kernel takes no requests.

        The header has no date, for the kernel would parse it, keep it, and send it back with every answer.
        """
        request = secrets.token_hex(16)
        header = {
            "msg_id": request,
            "msg_type": "execute_request",
            "username": "grader",
            "session": self._session,
            "version": PROTOCOL,
        }
        content = {
            "code": code,
            "silent": silent,
            "store_history": store_history and not silent,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": stop_on_error,
        }
        parts = (json.dumps(part).encode() for part in (header, {}, {}, content))
        self._sending.send_multipart([DELIMITER, b"", *parts])
        return request


@dataclass(slots=True, kw_only=True)
class Kernel:
    """A running kernel in its room, a client that speaks with it, and the socket over which the notebook's namespace is probed."""

    room: Room
    member: Member
    client: Client
    probes: socket.socket

    def usage(self) -> Usage:
        """CPU and memory of the kernel; complete once it has ended."""
        return self.member.usage()

    def kept_waiting_s(self) -> float:
        """Seconds that it was ready to run and had no processor, until now."""
        return self.member.kept_waiting_s()

    async def receive(self, channel: Literal["shell", "iopub"]) -> Message:
        """Wait for the next message.

        Raises: MalformedMessageError for anything that is none.
        """
        source = self.client.iopub if channel == "iopub" else self.client.shell
        frames = await source.recv_multipart()
        try:
            return _message(frames)
        except (ValueError, RecursionError) as exc:
            raise MalformedMessageError(f"{type(exc).__name__} on {channel}: {exc}"[:300]) from exc

    async def reply_to(self, request: str) -> Message:
        """Wait for the reply to `request`, passing over replies to others.

        Raises: MalformedMessageError.
        """
        while (message := await self.receive("shell")).parent != request:
            await asyncio.sleep(0)  # a flood of replies must not keep other notebooks waiting
        return message

    def interrupt(self) -> None:
        """Send SIGINT to the kernel."""
        self.member.signal(signal.SIGINT)

    async def died(self) -> int:
        """Wait until the kernel's process has ended; return its exit status."""
        status = await self.member.wait()
        return LOST if status is None else status

    async def taken(self) -> bool:
        """Whether something outside of the room ended it, which says nothing about the notebook. It must have ended."""
        return await self.room.took(await self.member.wait())


def _message(frames: Sequence[bytes]) -> Message:
    """Read what Jupyter's wire protocol sends: identities, a delimiter, a signature, and four parts of JSON.

    jupyter_client's own reader costs three times as much, mostly for dates that nobody asks for. A signature is passed over: its
    key would be the student's, too, and prove nothing.

    Raises: ValueError, RecursionError for anything else.
    """
    start = frames.index(DELIMITER) + 2
    parts = [json.loads(frame.decode("utf-8", "replace")) for frame in frames[start : start + 4]]
    match parts:
        case [{"msg_type": str(kind)}, dict(parent), dict(), dict(content)]:
            request = parent.get("msg_id", "")
        case _:
            raise ValueError("a message without type, parent, metadata or content")
    if not isinstance(request, str):
        raise ValueError("a message that answers to something other than text")  # noqa: TRY004  # a value that came
    return Message(kind=kind, parent=request, content=content, size_bytes=sum(map(len, frames)))


@asynccontextmanager
async def open_kernel(room: Room, *, message_bytes: int, total_bytes: int) -> AsyncIterator[Kernel]:
    """Fork a kernel into the room, connect to it, and kill it at the end.

    message_bytes: the largest message that is taken from it; total_bytes: what it may say before it falls silent by itself.

    Raises: SandboxError if the kernel does not come up: no student code has run by then.
    """
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    # Without a sandbox, both sides see the same paths.
    inside = SOCKETS if room.work == WORK else str(room.path(SOCKETS))
    config = {
        "sockets": inside,
        "ports": dict(PORTS),
        "message_bytes": message_bytes // 2,
        "total_bytes": total_bytes,
        "evidence_bytes": int(room.spec.limits.evidence_mib * MIB),
        "alone": room.work == WORK,
    }
    context = zmq.asyncio.Context()
    member: Member | None = None
    try:
        member = await room.fork("kernel", config, (theirs.fileno(),))
        theirs.close()
        await _ready(ours)
        client = Client(context, str(room.path(SOCKETS)), message_bytes)
        kernel = Kernel(room=room, member=member, client=client, probes=ours)
        await _subscribed(kernel)
        yield kernel
    finally:
        if member is not None:
            member.kill()
            await member.wait()
        context.destroy(linger=0)
        theirs.close()
        ours.close()


async def _ready(ours: socket.socket) -> None:
    try:
        async with asyncio.timeout(STARTUP_S):
            word = await asyncio.get_running_loop().sock_recv(ours, 1)
    except TimeoutError as exc:
        raise SandboxError(
            f"the notebook's kernel was not ready after {STARTUP_S:g} s; run `grader doctor`"
        ) from exc
    if not word:
        raise SandboxError("the notebook's kernel ended before it was ready; run `grader doctor`")


async def _subscribed(kernel: Kernel) -> None:
    """Wait for the kernel's welcome: what it says from here on is heard."""
    try:
        async with asyncio.timeout(STARTUP_S):
            while (await kernel.receive("iopub")).kind != "iopub_welcome":
                pass
    except TimeoutError as exc:
        raise SandboxError(
            f"the notebook's kernel was not heard after {STARTUP_S:g} s; run `grader doctor`"
        ) from exc
