"""The kernel's end of the line to the driver: its messages and what it prints, bounded. Runs beside student code, inside the room.

ipykernel would open ZeroMQ sockets, with two threads for them, one for outputs and two that watch descriptors: a third of what a
kernel's start costs, and paths in the room that student code can put its own sockets in the place of.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
import tempfile
import threading
import time
from collections.abc import Mapping
from typing import Any

from jupyter_client.jsonutil import json_default
from jupyter_client.session import Session, json_packer

from .line import PACKET_BYTES, Assembly, packets

__all__ = ["KernelLine", "LineSession", "RoomStream", "pack"]

REQUEST_BYTES = 1 << 30  # the driver's requests are a notebook's cells, and bounded there

#: What the kernel tells everybody; counted against the notebook's output.
OUTPUTS = frozenset(
    {"stream", "display_data", "update_display_data", "execute_result", "error", "comm_open", "comm_msg"}
)
MAX_SENT = 20_000  # outputs; the driver kills a kernel that sends five times as many messages
BUFFERED_CHARACTERS = 16 * 1024  # that are printed before they are sent
BUFFERED_S = 0.2  # or, at a line's end, so long after the last were


class KernelLine:
    """The socket, with one message at a time on it: threads wait for each other, forks begin with a lock of their own."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(True)
        self._socket = sock
        self._assembly = Assembly(REQUEST_BYTES)
        self._new_lock()
        os.register_at_fork(after_in_child=self._new_lock)

    def _new_lock(self) -> None:
        self._lock = threading.RLock()  # what is collected meanwhile may print

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._socket.fileno()

    def send(self, data: bytes) -> None:
        """Send a message; waits while the driver has no time for it. Raises: OSError if the line is cut."""
        with self._lock:
            for packet in packets(data, os.getpid()):
                self._socket.send(packet)

    def receive(self) -> bytes | None:
        """Take one packet; the request that it completes, None if there is more to come, b"" if the driver has hung up."""
        packet = self._socket.recv(PACKET_BYTES)
        return self._assembly.add(packet) if packet else b""


class LineSession(Session):
    """Sends nothing larger than `message_bytes`, and no more outputs than `total_bytes` and MAX_SENT in all.

    A larger message would be lost to the driver.
    """

    line: KernelLine
    message_bytes = 1 << 20
    total_bytes = 1 << 24
    _sent_bytes = 0
    _sent_messages = 0

    def _new_auth(self) -> None:
        """Sign nothing: a key would be the student's, too, and the driver believes nobody."""
        self.auth = None

    def send(
        self,
        stream: Any,  # noqa: ARG002  # the base's signature; there is one line
        msg_or_type: Any,
        content: Any = None,
        parent: Any = None,
        *_args: Any,
        **_kwargs: Any,
    ) -> dict[str, Any] | None:
        """Send a message, shortened where it is too large, unless the notebook has said enough.

        Returns: the message, if it was sent.
        """
        if isinstance(msg_or_type, Mapping):
            kind, content, parent = (msg_or_type.get(key) for key in ("msg_type", "content", "parent_header"))
        else:
            kind, parent = msg_or_type, (parent or {}).get("header", parent)
        content = {} if content is None else content
        if kind in OUTPUTS:
            silent = self._sent_bytes > self.total_bytes or self._sent_messages > MAX_SENT
            if silent and kind != "error":  # why a cell failed is told in any case
                return None
            self._sent_bytes += _size(content)
            self._sent_messages += 1
        message = {"kind": kind, "parent": (parent or {}).get("msg_id", ""), "content": content}
        data = pack(message)
        if len(data) > self.message_bytes:
            message["content"] = _shortened(str(kind), content, self.message_bytes // 8)
            data = pack(message)
        self.line.send(data)
        return message


class RoomStream(io.TextIOBase):
    """Standard output or error as messages: of what Python prints, and of what is written to the descriptor of the same name.

    descriptor: 1 or 2. What arrives there, from libraries or from programs that the notebook starts, lies in a file until the next
    flush: a pipe would have to be emptied by a thread, lest they wait for ever.
    """

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, session: LineSession, name: str, descriptor: int) -> None:
        self.name = name
        self._session = session
        self._parent: Mapping[str, Any] = {}
        self._sent_at = 0.0
        self._forget()
        self._written = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # as long as the process
        self._read = 0
        os.dup2(self._written.fileno(), descriptor)
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        """Begin with nothing printed; a fork leaves to its parent what that has yet to send, and whoever sends it."""
        self._parts: list[str] = []
        self._buffered = 0
        self._lock = threading.RLock()  # what is collected meanwhile may print

    def set_parent(self, parent: Mapping[str, Any]) -> None:
        """Say which request the output belongs to from here on."""
        self._parent = parent

    def writable(self) -> bool:
        """Return True."""
        return True

    def isatty(self) -> bool:
        """Return False: nobody sits at a terminal."""
        return False

    def write(self, text: str) -> int:
        """Buffer `text`, and send it soon. Raises: TypeError if it is no string."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        with self._lock:
            self._parts.append(text)
            self._buffered += len(text)
        due = ("\n" in text or "\r" in text) and time.monotonic() - self._sent_at > BUFFERED_S
        if due or self._buffered > BUFFERED_CHARACTERS:
            self._send()
        return len(text)

    def flush(self) -> None:
        """Send what was printed, and what the descriptor got."""
        if self._parts:
            self._send()
        with contextlib.suppress(OSError, ValueError):  # student code may have closed it
            while data := os.pread(self._written.fileno(), BUFFERED_CHARACTERS, self._read):
                self._read += len(data)
                self._send_text(data.decode(self.encoding, self.errors))

    def _send(self) -> None:
        with self._lock:  # or another thread's words would be lost, or overtake
            text, self._parts, self._buffered = "".join(self._parts), [], 0
            if text:
                self._send_text(text)

    def _send_text(self, text: str) -> None:
        self._sent_at = time.monotonic()
        self._session.send(None, "stream", {"name": self.name, "text": text}, self._parent)


def pack(content: object) -> bytes:
    """Make JSON of `content`. A lone surrogate, which a student can print, is no UTF-8: it goes as an escape."""
    try:
        return json_packer(content)
    except UnicodeEncodeError:
        return json.dumps(content, default=json_default).encode()


def _size(content: object) -> int:
    """About how many characters `content` holds; exact enough to stop at a bound."""
    if isinstance(content, str | bytes):
        return len(content)
    if isinstance(content, Mapping):
        return 64 + sum(_size(value) for value in content.values())
    if isinstance(content, list | tuple):
        return sum(_size(value) for value in content)
    return 8


def _shortened(kind: str, content: Mapping[str, Any], characters: int) -> dict[str, Any]:
    if kind == "stream":
        return {
            "name": content.get("name", "stdout"),
            "text": content.get("text", "")[:characters] + "\n(cut: too large)\n",
        }
    if "data" in content:
        return {**content, "data": {"text/plain": "(left out: this output is too large)"}, "metadata": {}}
    kept = {key: content[key] for key in ("status", "execution_count") if key in content}
    texts = {key: str(content[key])[:characters] for key in ("ename", "evalue") if key in content}
    return {**kept, **texts, "traceback": [], "payload": [], "user_expressions": {}}
