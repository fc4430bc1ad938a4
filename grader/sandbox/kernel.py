"""The driver's side of a notebook's kernel: a jupyter_client provisioner that forks it into a room, and a wary client.

Everything that a kernel sends is student-made: messages are bounded in size by the socket, checked for form, and never acted upon.
The driver connects once, before any student code runs, and never again: a path inside the room may lead anywhere afterwards.
"""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import zmq
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase
from jupyter_client.session import DELIM
from traitlets import Any as AnyTrait

from ..errors import SandboxError
from .bwrap import WORK
from .members import Member, Usage
from .room import Room

__all__ = [
    "Kernel",
    "MalformedMessageError",
    "Message",
    "RoomClient",
    "RoomManager",
    "RoomProvisioner",
    "open_kernel",
]

SOCKETS = "/k/k"  # inside the room; short, for a unix socket's path ends at about 104 bytes
PORTS: KernelConnectionInfo = {
    "shell_port": 1,
    "iopub_port": 2,
    "stdin_port": 3,
    "control_port": 4,
    "hb_port": 5,
}
MIB = 1024 * 1024
STARTUP_S = 30.0  # from the fork to the kernel's word that its sockets are bound
QUEUED_MESSAGES = 8  # that libzmq may hold for us, each bounded in size
NO_KEY = "the room is the wall; whoever is in it may speak"  # a secret would be the student's, too
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


class RoomProvisioner(KernelProvisionerBase):
    """Forks the kernel from the warm parent into `room`, and signals and kills it there."""

    room = AnyTrait()
    config_sent = AnyTrait()  # for the kernel's entry
    channel = AnyTrait()
    member: Member | None = None
    _ending: asyncio.Task[int | None] | None = None

    @property
    def has_process(self) -> bool:
        """Whether a kernel was forked."""
        return self.member is not None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:  # noqa: ARG002  # the base's signature
        """Fork the kernel; the socket's other end goes with it.

        Raises: SandboxError if the room or the warm parent does not answer.
        """
        self.member = await self.room.fork("kernel", self.config_sent, (self.channel.fileno(),))
        self.channel.close()
        self._ending = asyncio.ensure_future(self.member.wait())
        return self.connection_info

    async def poll(self) -> int | None:
        """Return the exit status, or None while the kernel lives."""
        if self._ending is None or not self._ending.done():
            return None
        status = self._ending.result()
        return LOST if status is None else status

    async def wait(self) -> int | None:
        """Wait until the kernel has ended; return its exit status."""
        if self._ending is not None:
            await asyncio.shield(self._ending)
        return await self.poll()

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel alone."""
        if self.member is not None:
            self.member.signal(signum)

    async def kill(self, restart: bool = False) -> None:  # noqa: ARG002  # the base's signature
        """Kill at once. A graceful shutdown may stall for seconds, and nothing in there is worth it."""
        if self.member is not None:
            self.member.kill()

    async def terminate(self, restart: bool = False) -> None:
        """Kill at once, too."""
        await self.kill(restart)

    async def cleanup(self, restart: bool = False) -> None:  # the base's signature
        """Leave the room to its owner."""


class RoomClient(AsyncKernelClient):
    """A client whose sockets are bounded and never reconnect."""

    message_bytes = 1 << 20

    def _create_connected_socket(self, channel: str, identity: bytes | None = None) -> zmq.Socket[Any]:
        kind = {"shell": zmq.DEALER, "iopub": zmq.SUB, "control": zmq.DEALER}[channel]
        sock = self.context.socket(kind)
        sock.linger = 0
        sock.setsockopt(zmq.MAXMSGSIZE, self.message_bytes)
        sock.setsockopt(zmq.RCVHWM, QUEUED_MESSAGES)
        sock.setsockopt(zmq.RECONNECT_IVL, -1)
        sock.setsockopt(zmq.SNDTIMEO, 0)  # a kernel that has hung up must not block the driver
        if identity:
            sock.identity = identity
        sock.connect(self._make_url(channel))
        return sock


class RoomManager(AsyncKernelManager):
    """A kernel manager that writes no connection file, reads no kernelspec from disk, and unlinks nothing in the room."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """Say the same for every notebook: our kernel."""
        return KernelSpec(argv=[], language="python", display_name="Python 3")

    async def _async_pre_start_kernel(self, **kwargs: Any) -> tuple[list[str], dict[str, Any]]:
        return [], kwargs

    async def _async_launch_kernel(self, kernel_cmd: list[str], **kwargs: Any) -> None:
        assert self.provisioner is not None  # noqa: S101  # given by open_kernel; tells mypy
        self.load_connection_info(await self.provisioner.launch_kernel(kernel_cmd, **kwargs))

    async def _async_post_start_kernel(self, **kwargs: Any) -> None:
        """Open no control socket of the manager's own."""

    def cleanup_ipc_files(self) -> None:
        """Leave the sockets alone: their path belongs to the student by now."""


@dataclass(slots=True, kw_only=True)
class Kernel:
    """A running kernel: its manager and client, and the socket over which the notebook's namespace is probed."""

    manager: RoomManager
    client: RoomClient
    provisioner: RoomProvisioner
    probes: socket.socket

    def usage(self) -> Usage:
        """CPU and memory of the kernel; complete once it has ended."""
        member = self.provisioner.member
        return member.usage() if member is not None else Usage()

    async def receive(self, channel: Literal["shell", "iopub"]) -> Message:
        """Wait for the next message.

        Raises: MalformedMessageError for anything that is none.
        """
        source = self.client.iopub_channel if channel == "iopub" else self.client.shell_channel
        frames = await source.socket.recv_multipart()
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

    async def interrupt(self) -> None:
        """Send SIGINT to the kernel."""
        await self.provisioner.send_signal(signal.SIGINT)

    async def died(self) -> int | None:
        """Wait until the kernel's process has ended; return its exit status."""
        return await self.provisioner.wait()

    async def taken(self) -> bool:
        """Whether something outside of the room ended it, which says nothing about the notebook. It must have ended."""
        member = self.provisioner.member
        return member is not None and await self.provisioner.room.took(await member.wait())


def _message(frames: Sequence[bytes]) -> Message:
    """Read what Jupyter's wire protocol sends: identities, a delimiter, a signature, and four parts of JSON.

    jupyter_client's own reader costs three times as much, mostly for dates that nobody asks for. The signature is passed over: its
    key is the student's, too, and proves nothing.

    Raises: ValueError, RecursionError for anything else.
    """
    start = frames.index(DELIM) + 2
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
    config = {
        "connection": _connection(room),
        "message_bytes": message_bytes // 2,
        "total_bytes": total_bytes,
        "evidence_bytes": int(room.spec.limits.evidence_mib * MIB),
        "alone": room.work == WORK,
    }
    provisioner = RoomProvisioner(room=room, config_sent=config, channel=theirs)
    provisioner.connection_info = _connection(room)
    manager = RoomManager(context=zmq.asyncio.Context())
    manager.provisioner = provisioner
    try:
        await manager.start_kernel()
        await _ready(ours)
        client = _client(manager, str(room.path(SOCKETS)), message_bytes)
        kernel = Kernel(manager=manager, client=client, provisioner=provisioner, probes=ours)
        await _subscribed(kernel)
        yield kernel
    finally:
        await provisioner.kill()
        await provisioner.wait()
        manager.context.destroy(linger=0)
        theirs.close()
        ours.close()


def _connection(room: Room) -> KernelConnectionInfo:
    """The kernel's sockets as it sees them: without a sandbox, both sides see the same paths."""
    seen = SOCKETS if room.work == WORK else str(room.path(SOCKETS))
    return {"transport": "ipc", "ip": seen, "key": NO_KEY, "signature_scheme": "hmac-sha256", **PORTS}


def _client(manager: RoomManager, sockets: str, message_bytes: int) -> RoomClient:
    info = {**manager.get_connection_info(session=True), "ip": sockets}
    client = RoomClient(**info, context=manager.context, parent=manager)
    client.message_bytes = message_bytes
    client.start_channels(stdin=False, hb=False, control=False)
    return client


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
