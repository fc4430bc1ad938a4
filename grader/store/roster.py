"""Who has handed in what, as last taken in: lets a class be re-scored without its files. One small document per student."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..files import write_atomically
from ..model import Submission
from .codec import CodecError, dumps, loads

__all__ = ["Entry", "Roster", "TurnedAway"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A submission and the key of its evidence."""

    submission: Submission
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedAway:
    """What a student handed in last and could not be read at all; nothing of it is kept."""

    student: str
    name: str
    origin: str
    reason: str


class Roster:
    """The entries of one assignment, in `folder/<student>.json`. Student ids are safe file names (intake sees to that)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def enter(self, submission: Submission, evidence: str) -> None:
        """Keep the student's submission, replacing an earlier one. Writes nothing where nothing changed."""
        self._keep(submission.student, dumps(Entry(submission=submission, evidence=evidence)))

    def turn_away(self, one: TurnedAway) -> None:
        """Keep that what a student handed in last could not be read: an earlier submission counts no more."""
        self._keep(one.student, dumps(one))

    def strike(self, student: str) -> None:
        """Forget what a student handed in, if anything."""
        self._path(student).unlink(missing_ok=True)

    def __iter__(self) -> Iterator[Entry]:
        """The submissions, sorted by student; one that cannot be read (another version) is left out."""
        return (one for one in map(self._read, self._paths()) if isinstance(one, Entry))

    def turned_away(self) -> Iterator[TurnedAway]:
        """Those whose last hand-in could not be read, sorted by student."""
        return (one for one in map(self._read, self._paths()) if isinstance(one, TurnedAway))

    def find(self, student: str) -> Entry | None:
        """One student's submission, or None."""
        found = self._read(self._path(student))
        return found if isinstance(found, Entry) else None

    def _path(self, student: str) -> Path:
        return self.folder / f"{student}.json"

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("*.json"))

    def _keep(self, student: str, data: bytes) -> None:
        path = self._path(student)
        if not path.is_file() or path.read_bytes() != data:
            write_atomically(path, data)

    def _read(self, path: Path) -> Entry | TurnedAway | None:
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        kinds: tuple[type[Entry | TurnedAway], ...] = (Entry, TurnedAway)
        for kind in kinds:
            with contextlib.suppress(CodecError):
                return loads(kind, data)
        return None
