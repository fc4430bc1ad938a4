"""The kernel's end of the line to the driver: its messages and what it prints, bounded.

Runs beside student code, inside the room.
"""

from __future__ import annotations

import contextlib
import io
import json
import numbers
import os
import socket
import sys
import tempfile
import threading
import time
from binascii import b2a_base64
from collections.abc import Iterable, Mapping
from typing import Any

from .line import PACKET_BYTES, Assembly, packets

__all__ = ["KernelLine", "Outlet", "RoomStream", "pack"]

REQUEST_BYTES = 1 << 30  # the driver's requests are a notebook's cells, and bounded there

#: Counted against the notebook's output. The names are those of Jupyter's messages.
OUTPUTS = frozenset({"stream", "display_data", "update_display_data", "execute_result", "error"})
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


class Outlet:
    """What a kernel says: one message after another over the line, all about the request that is being answered.

    streams: standard output and error, which stay the ones that are flushed, whatever the notebook puts in their place.
    Says nothing larger than `message_bytes`, which would be lost to the driver, and no more outputs than `total_bytes` and MAX_SENT
    in all.
    """

    def __init__(self, line: KernelLine, *, message_bytes: int, total_bytes: int) -> None:
        self.line = line
        self.streams = RoomStream(self, "stdout", 1), RoomStream(self, "stderr", 2)
        self.request = ""
        self._message_bytes, self._total_bytes = message_bytes, total_bytes
        self._sent_bytes = self._sent_messages = 0

    def flush(self) -> None:
        """Send what was printed, also by what the notebook has put in the place of standard output and error."""
        for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
            if all(stream is not own for own in self.streams):
                with contextlib.suppress(Exception):  # it is the student's
                    stream.flush()  # type: ignore[union-attr]  # or there is none
        for own in self.streams:
            own.flush()

    def send_printed(self, last: RoomStream) -> None:
        """Send what was printed: the other stream's first, so that a warning does not overtake what was printed before it."""
        for stream in self.streams:
            if stream is not last:
                stream.send()
        last.send()

    def send(self, kind: str, content: Mapping[str, Any]) -> bool:
        """Send a message, shortened where it is too large, unless the notebook has said enough; whether it was sent.

        Raises: OSError if the line is cut; TypeError, ValueError, RecursionError for content that is not JSON.
        """
        if kind in OUTPUTS:
            silent = self._sent_bytes > self._total_bytes or self._sent_messages > MAX_SENT
            if silent and kind != "error":  # why a cell failed is told in any case
                return False
            self._sent_bytes += _size(content)
            self._sent_messages += 1
        message = {"kind": kind, "request": self.request, "content": content}
        data = pack(message)
        if len(data) > self._message_bytes:
            message["content"] = _shortened(kind, content, self._message_bytes // 8)
            data = pack(message)
        self.line.send(data)
        return True


class RoomStream(io.TextIOBase):
    """Standard output or error as messages: of what Python prints, and of what is written to the descriptor of the same name.

    descriptor: 1 or 2. What arrives there, from libraries or from programs that the notebook starts, lies in a file until the next
    flush: a pipe would have to be emptied by a thread, lest they wait for ever.
    """

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, outlet: Outlet, name: str, descriptor: int) -> None:
        self.name = name
        self._outlet = outlet
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
            self._outlet.send_printed(last=self)
        return len(text)

    def flush(self) -> None:
        """Send what was printed, and what the descriptor got."""
        if self._parts:
            self.send()
        with contextlib.suppress(OSError, ValueError):  # student code may have closed it
            while data := os.pread(self._written.fileno(), BUFFERED_CHARACTERS, self._read):
                self._read += len(data)
                self._send_text(data.decode(self.encoding, self.errors))

    def send(self) -> None:
        """Send what was printed."""
        with self._lock:  # or another thread's words would be lost, or overtake
            text, self._parts, self._buffered = "".join(self._parts), [], 0
            if text:
                self._send_text(text)

    def _send_text(self, text: str) -> None:
        self._sent_at = time.monotonic()
        self._outlet.send("stream", {"name": self.name, "text": text})


def pack(content: object) -> bytes:
    """Make JSON of `content`. A lone surrogate, which a student can print, is no UTF-8: it goes as an escape.

    Raises: TypeError, ValueError, RecursionError for what is not JSON.
    """
    try:
        return json.dumps(content, ensure_ascii=False, default=_plain).encode()
    except UnicodeEncodeError:
        return json.dumps(content, default=_plain).encode()


def _plain(value: object) -> Any:
    """What JSON has for `value`, as Jupyter's messages have it: pictures as base64, numbers of whatever kind as numbers."""
    match value:
        case bytes():
            return b2a_base64(value, newline=False).decode()
        case numbers.Integral():
            return int(value)
        case numbers.Real():
            return float(value)
        case Iterable():
            return list(value)
    raise TypeError(f"an output of type {type(value).__name__} cannot be sent")


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
    kept = {"status": content["status"]} if "status" in content else {}
    return {**kept, **{key: str(content[key])[:characters] for key in ("ename", "evalue") if key in content}}
