"""Check that bytes are a plain PNG, and keep only what draws it. Reads chunk headers; decodes no pixels."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

__all__ = ["PlainPng", "plain_png"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_SIDE = 12_000  # pixels
MAX_PIXELS = 25_000_000  # a browser unpacks 4 bytes a pixel: 100 MB
DRAWING = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}  # no text, no profiles, no animation
HEADER_BYTES = 13
DEPTHS = {
    0: (1, 2, 4, 8, 16),
    2: (8, 16),
    3: (1, 2, 4, 8),
    4: (8, 16),
    6: (8, 16),
}  # by colour type, PNG (3rd ed.) table 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainPng:
    """A checked picture: the drawing chunks alone, with width and height in pixels."""

    data: bytes
    width: int
    height: int


def plain_png(data: bytes) -> PlainPng | None:
    """The picture without its side chunks, or None if the bytes are not one whole, reasonably sized PNG."""
    if not data.startswith(SIGNATURE):
        return None
    kept, place, size = [SIGNATURE], len(SIGNATURE), None
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        end = place + 12 + length
        if end > len(data) or not _sum_holds(data, place, length):
            return None
        kind = data[place + 4 : place + 8]
        if size is None:
            size = _size(kind, data[place + 8 : place + 8 + length])
            if size is None:
                return None
        elif kind == b"IHDR":  # another size, and nobody can say which a browser takes
            return None
        if kind in DRAWING:
            kept.append(data[place:end])
        if kind == b"IEND":
            return PlainPng(data=b"".join(kept), width=size[0], height=size[1])
        place = end
    return None


def _sum_holds(data: bytes, place: int, length: int) -> bool:
    (stored,) = struct.unpack_from(">I", data, place + 8 + length)
    return bool(zlib.crc32(data[place + 4 : place + 8 + length]) == stored)


def _size(kind: bytes, body: bytes) -> tuple[int, int] | None:
    if kind != b"IHDR" or len(body) != HEADER_BYTES:
        return None
    width, height, depth, colour, compression, filtering, _ = struct.unpack(">IIBBBBB", body)
    if depth not in DEPTHS.get(colour, ()) or compression or filtering:
        return None
    fits = 0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_PIXELS
    return (width, height) if fits else None
