"""Who has handed in what, as last taken in: lets a class be re-scored without its files. One small document per student."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..files import write_atomically
from ..model import Submission
from .codec import CodecError, dumps, loads

__all__ = ["Entry", "Roster"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A submission and the key of its evidence."""

    submission: Submission
    evidence: str


class Roster:
    """The entries of one assignment, in `folder/<student>.json`. Student ids are safe file names (intake sees to that)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def enter(self, submission: Submission, evidence: str) -> None:
        """Keep the student's submission, replacing an earlier one. Writes nothing where nothing changed."""
        data = dumps(Entry(submission=submission, evidence=evidence))
        path = self.folder / f"{submission.student}.json"
        if not path.is_file() or path.read_bytes() != data:
            write_atomically(path, data)

    def __iter__(self) -> Iterator[Entry]:
        """All entries, sorted by student; one that cannot be read (another version) is left out."""
        for path in sorted(self.folder.glob("*.json")):
            entry = self._read(path)
            if entry is not None:
                yield entry

    def find(self, student: str) -> Entry | None:
        """One student's entry, or None."""
        return self._read(self.folder / f"{student}.json")

    def _read(self, path: Path) -> Entry | None:
        try:
            return loads(Entry, path.read_bytes())
        except (CodecError, FileNotFoundError):
            return None
