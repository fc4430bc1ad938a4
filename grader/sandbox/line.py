"""The line between a notebook's kernel and the driver: messages over one socket pair, in packets that the kernel keeps whole.

A message is JSON, cut into packets. The head of a packet names the process that sent it, and says whether it begins or ends a
message: forks of a notebook's process speak over the same socket, an interrupt may cut a message off anywhere, and neither may make
others' messages unreadable. Standard library only; both sides.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["PACKET_BYTES", "Assembly", "TooLargeError", "packets"]

HEAD = struct.Struct(">IB")
BEGINS, ENDS = 1, 2
DATA_BYTES = 32 * 1024  # of a packet; a socket's buffer holds several
PACKET_BYTES = HEAD.size + DATA_BYTES
MOST_SENDERS = 256  # in the middle of a message at the same time


class TooLargeError(Exception):
    """A message, or all unfinished ones together, are larger than is taken, or too many are unfinished."""


def packets(data: bytes, sender: int) -> Iterator[bytes]:
    """Cut a message into packets. sender: the process's number."""
    starts = range(0, max(len(data), 1), DATA_BYTES)
    for start in starts:
        flags = BEGINS * (start == 0) | ENDS * (start == starts[-1])
        yield HEAD.pack(sender, flags) + data[start : start + DATA_BYTES]


@dataclass(slots=True)
class Assembly:
    """Puts messages together again. limit_bytes: of all that is unfinished."""

    limit_bytes: int
    _unfinished: dict[int, bytearray] = field(default_factory=dict)
    _size: int = 0

    def add(self, packet: bytes) -> bytes | None:
        """Take a packet; the message that it completes, if it does.

        What was cut off before its end goes when its sender begins another; the rest of a message without its begin is passed
        over.

        Raises: TooLargeError; the message is then lost, and later ones are not.
        """
        if len(packet) < HEAD.size:
            return None
        sender, flags = HEAD.unpack_from(packet)
        if flags & BEGINS:
            self._forget(sender)
            if len(self._unfinished) == MOST_SENDERS:
                raise TooLargeError(f"more than {MOST_SENDERS} unfinished messages")
            self._unfinished[sender] = bytearray()
        if sender not in self._unfinished:
            return None
        self._unfinished[sender] += packet[HEAD.size :]
        self._size += len(packet) - HEAD.size
        if self._size > self.limit_bytes:
            self._forget(sender)
            raise TooLargeError(f"a message of more than {self.limit_bytes} bytes")
        return self._forget(sender) if flags & ENDS else None

    def _forget(self, sender: int) -> bytes:
        data = bytes(self._unfinished.pop(sender, b""))
        self._size -= len(data)
        return data
