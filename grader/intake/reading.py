"""The bytes that sorting a hand-in needs: the instructor's own files, read once for a class, and the student's candidates."""

from __future__ import annotations

from ..assignment import Assignment
from ..errors import SubmissionError
from ..model import SubmittedFile
from ..store.blobs import BlobStore
from .caps import MIB, Caps
from .tree import Entry, readable_size

__all__ = ["Intake", "Reader"]

_KEPT_BYTES = 16 * MIB  # of one hand-in, so that many large candidates do not fill memory


class Intake:
    """What sorting a class's hand-ins needs: the assignment, the blob store, the caps; provided files are read and kept once."""

    def __init__(self, assignment: Assignment, blobs: BlobStore, caps: Caps) -> None:
        self.assignment, self.blobs, self.caps = assignment, blobs, caps
        self._known: dict[str, tuple[str, int, bytes]] = {}

    def file(self, path: str, staged: str) -> SubmittedFile:
        """The instructor's `path` to be staged as `staged`."""
        digest, size, _ = self._get(path)
        return SubmittedFile(path=staged, digest=digest, size_bytes=size, provided=True)

    def data(self, path: str) -> bytes:
        """The bytes of the instructor's `path`."""
        return self._get(path)[2]

    def _get(self, path: str) -> tuple[str, int, bytes]:
        if path not in self._known:
            data = (self.assignment.source / path).read_bytes()
            self._known[path] = (self.blobs.put(data), len(data), data)
        return self._known[path]


class Reader:
    """Reads one hand-in's files; what was looked into to choose, and is small, is kept for staging."""

    def __init__(self, caps: Caps) -> None:
        self.caps = caps
        self._bytes: dict[str, bytes] = {}
        self._kept_bytes = 0
        self._left_bytes = caps.looked_into_bytes

    def limit(self, entry: Entry) -> int:
        """The cap, in bytes, for a file's kind."""
        return self.caps.notebook_bytes if entry.suffix == ".ipynb" else self.caps.module_bytes

    def peek(self, entry: Entry) -> bytes:
        """A candidate's bytes; empty if it cannot be read, for then it is not the one.

        Raises: SubmissionError once more was looked into than a hand-in may ask for.
        """
        known = self._bytes.get(entry.path)
        if known is not None:
            return known
        self._left_bytes -= min(entry.size, self.limit(entry))
        if self._left_bytes < 0:
            raise SubmissionError(
                f"its notebooks and modules are more than {readable_size(self.caps.looked_into_bytes)} to look into; "
                "hand in the assignment's own, and clear the outputs of large notebooks"
            )
        try:
            data = entry.read(self.limit(entry))
        except SubmissionError:
            return b""
        self._kept_bytes += len(data)
        if self._kept_bytes <= _KEPT_BYTES:
            self._bytes[entry.path] = data
        return data

    def read(self, entry: Entry, limit_bytes: int) -> bytes:
        """A file's bytes. Raises: SubmissionError if it cannot be read, or is larger."""
        known = self._bytes.get(entry.path)
        return known if known is not None else entry.read(limit_bytes)
