"""What a run over a class is told, whom it tells how it goes on, and what it comes to. Values only."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..execute import Executor
from ..model import Result, Status
from ..profile import Profile
from ..seed import Seed
from ..state import State

__all__ = ["Line", "Progress", "Settings", "Silence", "Summary"]


class Progress(Protocol):
    """Hears how a run goes on. Called from the run's own thread."""

    def found(self, total: int) -> None:
        """Intake is done: so many submissions."""

    def finished(self, result: Result, *, reused: bool) -> None:
        """One submission has its result; reused: nothing was executed for it."""


class Silence:
    """A progress that nobody watches."""

    def found(self, total: int) -> None:
        """Say nothing."""

    def finished(self, result: Result, *, reused: bool) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a class is graded. out: where files for people go. jobs: submissions at once; 0 means one per core.

    unsafe: run without a sandbox, and mark every result so. executor: makes what runs them where it is not this machine.
    profile: notes where time goes; written beside the reports.
    """

    out: Path
    state: State
    jobs: int = 0
    seed: Seed | None = None
    data: Path | None = None
    unsafe: bool = False
    executor: Callable[[], Executor] | None = None
    profile: Profile | None = None

    @property
    def slots(self) -> int:
        """How many submissions run at once."""
        return self.jobs or len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One student in the summary. noticed: the first thing that a person should know."""

    student: str
    name: str = ""
    status: Status
    score: str
    max_score: str
    pending: int
    failed: int
    noticed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a run came to. executed: submissions that were run; reused: whose evidence was kept.

    others: students whom the gradebook has for the assignment, and who were not among what this run was given.
    passed_over: files that were named and are nobody's work.
    """

    lines: tuple[Line, ...]
    executed: int
    reused: int
    wall_s: float
    index: Path
    others: int = 0
    passed_over: tuple[str, ...] = ()

    def count(self, status: Status) -> int:
        """How many students have this status."""
        return sum(line.status is status for line in self.lines)

    def document(self) -> dict[str, Any]:
        """The summary as plain JSON values, for other programs. Every mark is in results.json."""
        return {
            "submissions": len(self.lines),
            "executed": self.executed,
            "reused": self.reused,
            "others": self.others,
            "passed_over": list(self.passed_over),
            "wall_s": round(self.wall_s, 3),
            "status": {status.value: self.count(status) for status in Status},
            "index": str(self.index),
            "students": [
                {
                    "student": line.student,
                    "name": line.name,
                    "status": line.status.value,
                    "score": line.score,
                    "max_score": line.max_score,
                }
                for line in self.lines
            ],
        }
