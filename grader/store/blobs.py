"""Content-addressed bytes on disk: a file that many submissions share is kept once. Knows nothing of what the bytes mean."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..errors import EvidenceError

__all__ = ["BlobStore"]

DIGEST = re.compile(r"[0-9a-f]{64}")


class BlobStore:
    """Bytes under their sha256, in `folder/ab/cdef...`. Safe with concurrent writers: equal content has equal names.

    A blob's name is its checksum, so a torn write (a crash, a full disk) cannot pass for a whole one: files appear by rename.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made: set[str] = set()

    def put(self, data: bytes) -> str:
        """Keep `data`; return its sha256 as 64 hexadecimal digits.

        Raises: OSError if the disk is full or the folder cannot be written.
        """
        digest = hashlib.sha256(data).hexdigest()
        target = self.path(digest)
        if target.exists():
            os.utime(target)  # in use again: `grader gc` goes by age
            return digest
        if digest[:2] not in self._made:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(digest[:2])
        descriptor, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=target.parent)
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes kept under `digest`.

        Raises: EvidenceError if they are not there, or are no longer what was kept.
        """
        path = self.path(digest)
        try:
            data = path.read_bytes()
        except FileNotFoundError as exc:
            raise EvidenceError(f"{path}: not kept any more; run the submission again") from exc
        if hashlib.sha256(data).hexdigest() != digest:
            path.unlink(missing_ok=True)
            raise EvidenceError(
                f"{path}: damaged (its content is not what its name says) and removed; run the submission again"
            )
        return data

    def path(self, digest: str) -> Path:
        """Where the bytes of `digest` lie or would lie.

        Raises: ValueError if `digest` is not 64 lower-case hexadecimal digits.
        """
        if not DIGEST.fullmatch(digest):
            raise ValueError(f"expected 64 hexadecimal digits, got {digest[:80]!r}")
        return self.folder / digest[:2] / digest[2:]

    def __contains__(self, digest: str) -> bool:
        """Whether bytes are kept under `digest`."""
        return self.path(digest).exists()

    def __iter__(self) -> Iterator[str]:
        """All digests kept, in no order."""
        for shard in self.folder.glob("[0-9a-f][0-9a-f]"):
            for file in shard.iterdir():
                if DIGEST.fullmatch(shard.name + file.name):
                    yield shard.name + file.name
