"""The driver's side of a notebook's kernel: fork it into a room, and speak with it, warily.

Everything that a kernel sends is student-made: messages are bounded in size, checked for form, and never acted upon.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import SandboxError
from ..jsonfile import read_json
from .bwrap import WORK
from .line import PACKET_BYTES, Assembly, TooLargeError, packets
from .members import Member, Usage
from .room import Room

__all__ = ["HungUpError", "Kernel", "Line", "MalformedMessageError", "Message", "open_kernel"]

MIB = 1024 * 1024
STARTUP_S = 30.0  # from the fork to the kernel's word that it is ready
SENDING_S = 10.0  # in which a kernel that is done with the last request takes the next
PACKET_COUNTS_BYTES = 512  # at least: what a packet costs us, however little is in it
LOST = 255  # exit status of a kernel whose end nobody could report


class MalformedMessageError(Exception):
    """The kernel sent something that is no message of ours; only student code can make it do so."""


class HungUpError(Exception):
    """The kernel has closed its end of the line, or takes nothing from it: by its own doing, or because it has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message: an output under its name in Jupyter, or the reply. request: which one it is about. size_bytes: what counts for it.

    One that could not be taken, being too large or never complete, has no kind.
    """

    kind: str = ""
    request: str = ""
    content: Mapping[str, Any] = field(default_factory=dict)
    size_bytes: int = 0


class Line:
    """The driver's end of the line: sends requests, and gives one message after another."""

    def __init__(self, sock: socket.socket, message_bytes: int) -> None:
        self._socket = sock
        self._assembly = Assembly(message_bytes)

    async def execute(self, code: str, *, silent: bool = False) -> str:
        """Ask for code to be run; returns the request's id. Raises: HungUpError if the kernel takes no requests."""
        request = secrets.token_hex(16)
        message = {"id": request, "code": code, "silent": silent}
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(SENDING_S):
                for packet in packets(json.dumps(message).encode(), os.getpid()):
                    await loop.sock_sendall(self._socket, packet)
        except (OSError, TimeoutError) as exc:
            raise HungUpError(f"it takes no requests: {exc!r}") from exc
        return request

    async def receive(self) -> Message:
        """Wait for the next message.

        Raises: MalformedMessageError for anything that is none; HungUpError.
        """
        data, size_bytes = None, 0
        while data is None:
            packet = await self._packet()
            size_bytes += max(len(packet), PACKET_COUNTS_BYTES)
            try:
                data = self._assembly.add(packet)
            except TooLargeError:
                return Message(size_bytes=size_bytes)
            if size_bytes > self._assembly.limit_bytes and data is None:  # packets that come to nothing
                return Message(size_bytes=size_bytes)
            await asyncio.sleep(0)  # a flood must not keep other notebooks waiting
        try:
            return _message(data, size_bytes)
        except ValueError as exc:
            raise MalformedMessageError(f"{type(exc).__name__}: {exc}"[:300]) from exc

    async def _packet(self) -> bytes:
        try:
            packet = await asyncio.get_running_loop().sock_recv(self._socket, PACKET_BYTES)
        except OSError as exc:
            raise HungUpError(f"it has hung up: {exc!r}") from exc
        if not packet:
            raise HungUpError("it has hung up")
        return packet


@dataclass(slots=True, kw_only=True)
class Kernel:
    """A running kernel in its room, the line to it, and the socket over which the notebook's namespace is probed."""

    room: Room
    member: Member
    line: Line
    probes: socket.socket

    def usage(self) -> Usage:
        """CPU and memory of the kernel; complete once it has ended."""
        return self.member.usage()

    def kept_waiting_s(self) -> float:
        """Seconds that it was ready to run and had no processor, until now."""
        return self.member.kept_waiting_s()

    def computed_s(self) -> float:
        """CPU seconds until now: of everything in the room where that is counted, else of the kernel alone."""
        in_room = self.room.computed_s()
        return self.usage().cpu_s if in_room is None else in_room

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


def _message(data: bytes, size_bytes: int) -> Message:
    """Read a message. Raises: ValueError for anything else."""
    match read_json(data.decode("utf-8", "replace")):
        case {"kind": str(kind), "request": str(request), "content": dict(content)}:
            return Message(kind=kind, request=request, content=content, size_bytes=size_bytes)
    raise ValueError("a message without kind, request or content")


@contextlib.asynccontextmanager
async def open_kernel(room: Room, *, message_bytes: int, total_bytes: int) -> AsyncIterator[Kernel]:
    """Fork a kernel into the room, with a line to it, and kill it at the end.

    message_bytes: the largest message that is taken from it; total_bytes: what it may say before it falls silent by itself.

    Raises: SandboxError if the kernel does not come up: no student code has run by then.
    """
    config = {
        "message_bytes": message_bytes // 2,
        "total_bytes": total_bytes,
        "evidence_bytes": int(room.spec.limits.evidence_mib * MIB),
        "alone": room.work == WORK,
    }
    with contextlib.ExitStack() as stack:
        line, its_line = _pair(socket.SOCK_SEQPACKET, stack)
        probes, its_probes = _pair(socket.SOCK_STREAM, stack)
        member = await room.fork("kernel", config, (its_line.fileno(), its_probes.fileno()))
        its_line.close()
        its_probes.close()
        try:
            await _ready(probes)
            yield Kernel(room=room, member=member, line=Line(line, message_bytes), probes=probes)
        finally:
            member.kill()
            await member.wait()


def _pair(kind: socket.SocketKind, stack: contextlib.ExitStack) -> tuple[socket.socket, socket.socket]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
    stack.enter_context(ours)
    stack.enter_context(theirs)
    ours.setblocking(False)
    return ours, theirs


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
