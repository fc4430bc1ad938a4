"""Keep evidence and find it again by its key, so that nothing is executed twice. Judges nothing.

One file holds one submission's evidence: a checksum, a JSON document, and the arrays' raw bytes. Never pickle. A file that is torn
or damaged is as good as absent: the submission is run again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import EvidenceError
from ..files import write_atomically
from ..model import Array, Ending, Evidence
from .arrays import DTYPES, array_at
from .codec import CodecError, Json, dumps, loads

__all__ = ["EvidenceStore", "complete", "evidence_key", "pack_evidence", "unpack_evidence"]

MAGIC = b"gradecheck evidence 1\n"


def evidence_key(**parts: str | float | Mapping[str, Any]) -> str:
    """The key of everything that bears on what student code returns: submission, checks, seed, environment, limits, data set."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


class EvidenceStore:
    """Evidence in `folder/ab/<key>`. Safe with concurrent writers: a file appears whole, by rename."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, evidence: Evidence) -> None:
        """Write the evidence under its key, replacing what was there.

        Raises: OSError if the disk is full or the folder cannot be written; nothing is left half-written then.
        """
        write_atomically(self._path(evidence.key), pack_evidence(evidence), 0o600)

    def find(self, key: str) -> Evidence | None:
        """The evidence kept under `key`, or None if there is none, it is damaged, or our machinery failed when it was made."""
        try:
            evidence = self._read(self._path(key))
        except (FileNotFoundError, EvidenceError):
            return None
        return evidence if complete(evidence) else None

    def get(self, key: str) -> Evidence:
        """The evidence kept under `key`, complete or not.

        Raises: EvidenceError if there is none or it is damaged.
        """
        path = self._path(key)
        try:
            return self._read(path)
        except FileNotFoundError as exc:
            raise EvidenceError(f"{path}: no such evidence is kept; run the submission again") from exc

    def __iter__(self) -> Iterator[Path]:
        """The files of all evidence kept, in no order."""
        return (path for path in self.folder.glob("[0-9a-f][0-9a-f]/*") if not path.name.startswith("."))

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key

    def _read(self, path: Path) -> Evidence:
        return unpack_evidence(path.read_bytes(), str(path))


def pack_evidence(evidence: Evidence) -> bytes:
    """Evidence as bytes: magic, checksum, and the JSON document with the arrays' raw bytes behind it. Equal values, equal bytes."""
    chunks: list[bytes] = []
    data = dumps(evidence, put_array=_Appender(chunks))
    body = len(data).to_bytes(8, "big") + data + b"".join(chunks)
    return MAGIC + hashlib.sha256(body).digest() + body


def unpack_evidence(data: bytes, place: str) -> Evidence:
    """Read what `pack_evidence` made. place: where it came from, for messages.

    Raises: EvidenceError if it is damaged or of another version.
    """
    start = len(MAGIC) + 32
    body = memoryview(data)[start:]
    if data[: len(MAGIC)] != MAGIC or hashlib.sha256(body).digest() != data[len(MAGIC) : start]:
        raise EvidenceError(f"{place}: damaged or of another version; run the submission again")
    length = int.from_bytes(body[:8], "big")
    arrays = body[8 + length :]
    try:
        return loads(Evidence, bytes(body[8 : 8 + length]), get_array=lambda where: _array(where, arrays))
    except (CodecError, ValueError, KeyError, TypeError, RecursionError) as exc:
        raise EvidenceError(f"{place}: of another version ({exc}); run the submission again") from exc


def complete(evidence: Evidence) -> bool:
    """Whether everything in it ended by the student's own doing: then running it again would tell nothing new."""
    endings = [check.ending for check in evidence.checks] + [
        notebook.ending for notebook in evidence.notebooks
    ]
    return Ending.NOT_RUN not in endings


class _Appender:
    """Puts an array's bytes behind the document and writes down where they stand."""

    def __init__(self, chunks: list[bytes]) -> None:
        self.chunks = chunks
        self.offset = 0

    def __call__(self, array: Array) -> Json:
        data = np.ascontiguousarray(array).tobytes()
        place: Json = {"dtype": array.dtype.str, "shape": list(array.shape), "offset": self.offset}
        self.chunks.append(data)
        self.offset += len(data)
        return place


def _array(place: Any, data: memoryview) -> Array:
    if not isinstance(place, dict):
        raise CodecError(
            f"array: got {type(place).__name__}, expected a mapping with dtype, shape and offset"
        )
    dtype = np.dtype(place["dtype"])
    if dtype.char not in DTYPES:
        raise CodecError(f"array: dtype {dtype} is not a number's")
    return array_at(data, dtype, tuple(int(n) for n in place["shape"]), int(place["offset"]))
