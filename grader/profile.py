"""Where a run's time goes: wall and CPU seconds of each submission in each phase. Adds up and writes down; judges nothing.

Phases: intake (the driver reads and sorts the files), start (rooms, kernel and runner come up and go), cells, checks (with
imports of the modules), score, report (the pages). CPU of start, cells and checks is that of the rooms, of the others our own.
"""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .files import write_atomically
from .model import Evidence
from .records.tables import neutralised
from .report import PhaseTime

__all__ = ["PHASES", "Profile", "Spent", "evidence_costs"]

PHASES = ("intake", "start", "cells", "checks", "score", "report")
MOST_CELLS = 20  # slowest cells of the class that are named


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Seconds, by the clock and of CPU."""

    wall_s: float = 0.0
    cpu_s: float = 0.0

    def __add__(self, other: Spent) -> Spent:
        """Both together."""
        return Spent(wall_s=self.wall_s + other.wall_s, cpu_s=self.cpu_s + other.cpu_s)


def evidence_costs(evidence: Evidence, in_notebooks: frozenset[str]) -> dict[str, Spent]:
    """What start, cells and checks took. in_notebooks: the checks that were answered by a notebook's kernel."""
    answered = [check for check in evidence.checks if check.check in in_notebooks]
    own = [check for check in evidence.checks if check.check not in in_notebooks]
    beside = Spent(wall_s=sum(c.wall_s for c in answered), cpu_s=sum(c.cpu_s for c in answered))
    cells = Spent(
        wall_s=sum(cell.wall_s for notebook in evidence.notebooks for cell in notebook.cells),
        cpu_s=max(0.0, sum(notebook.cpu_s for notebook in evidence.notebooks) - beside.cpu_s),
    )
    probes = Spent(wall_s=evidence.phases.get("probes", 0.0), cpu_s=sum(check.cpu_s for check in own))
    checks = beside + probes
    together = sum(evidence.phases.values())
    start = Spent(
        wall_s=max(0.0, together - cells.wall_s - checks.wall_s),
        cpu_s=max(0.0, evidence.cpu_s - cells.cpu_s - checks.cpu_s),
    )
    return {"start": start, "cells": cells, "checks": checks}


@dataclass(slots=True)
class _Line:
    phases: dict[str, Spent] = field(default_factory=dict)
    peak_memory_bytes: int = 0
    reused: bool = False


class Profile:
    """Collects what submissions took, in any order; then `phases` for the class's page, and `write`."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}
        self._cells: list[tuple[float, str, str, int]] = []

    def add(self, student: str, phase: str, spent: Spent) -> None:
        """Count something for a student. Raises: KeyError for an unknown phase."""
        if phase not in PHASES:
            raise KeyError(phase)
        phases = self._lines.setdefault(student, _Line()).phases
        phases[phase] = phases.get(phase, Spent()) + spent

    @contextmanager
    def timed(self, student: str, phase: str) -> Iterator[None]:
        """Count what the block takes in this process."""
        wall, cpu = time.monotonic(), time.process_time()
        try:
            yield
        finally:
            self.add(student, phase, Spent(wall_s=time.monotonic() - wall, cpu_s=time.process_time() - cpu))

    def add_evidence(
        self, student: str, evidence: Evidence, in_notebooks: frozenset[str], *, reused: bool
    ) -> None:
        """Count what running the submission took; where its evidence was kept, that was in an earlier run, and is not counted."""
        line = self._lines.setdefault(student, _Line())
        line.reused, line.peak_memory_bytes = reused, evidence.peak_memory_bytes
        if reused:
            return
        for phase, spent in evidence_costs(evidence, in_notebooks).items():
            self.add(student, phase, spent)
        self._cells += [
            (cell.wall_s, student, notebook.path, cell.index)
            for notebook in evidence.notebooks
            for cell in notebook.cells
        ]
        self._cells = sorted(self._cells, reverse=True)[:MOST_CELLS]

    def paged(self, student: str, wall_s: float, cpu_s: float) -> None:
        """Count a student's pages (see `report.Costs`)."""
        self.add(student, "report", Spent(wall_s=wall_s, cpu_s=cpu_s))

    def phases(self) -> tuple[PhaseTime, ...]:
        """The class's seconds by phase, as the class's page shows them: by the clock, then the CPU of each."""
        lines = self._lines.values()
        found = []
        for phase in PHASES:
            spent = [line.phases[phase] for line in lines if phase in line.phases]
            for name, seconds in (
                (phase, [one.wall_s for one in spent]),
                (f"{phase}: CPU", [one.cpu_s for one in spent]),
            ):
                if spent:
                    found.append(PhaseTime(phase=name, total_s=sum(seconds), longest_s=max(seconds)))
        return tuple(found)

    def document(self) -> dict[str, object]:
        """Everything as plain JSON values: `submissions`, the class's `phases`, and its `slowest_cells`."""
        return {
            "submissions": [
                {
                    "student": student,
                    "reused": line.reused,
                    "peak_memory_bytes": line.peak_memory_bytes,
                    "phases": {phase: _spent(line.phases[phase]) for phase in PHASES if phase in line.phases},
                }
                for student, line in sorted(self._lines.items())
            ],
            "phases": {
                phase: _spent(
                    sum((line.phases.get(phase, Spent()) for line in self._lines.values()), Spent())
                )
                for phase in PHASES
            },
            "slowest_cells": [
                {"student": student, "notebook": notebook, "cell": index, "wall_s": round(wall_s, 6)}
                for wall_s, student, notebook, index in self._cells
            ],
        }

    def write(self, folder: Path) -> None:
        """Write `profile.json` and `profile.csv`. Raises: OSError if the folder cannot be written."""
        write_atomically(folder / "profile.json", (json.dumps(self.document(), indent=1) + "\n").encode())
        write_atomically(folder / "profile.csv", self._table().encode("utf-8-sig", "backslashreplace"))

    def _table(self) -> str:
        file = io.StringIO()
        writer = csv.writer(file)
        columns = [f"{phase}_{kind}_s" for phase in PHASES for kind in ("wall", "cpu")]
        writer.writerow(["student", "reused", "peak_memory_bytes", *columns])
        for student, line in sorted(self._lines.items()):
            spent = [line.phases.get(phase, Spent()) for phase in PHASES]
            seconds = [f"{value:.6f}" for one in spent for value in (one.wall_s, one.cpu_s)]
            writer.writerow([neutralised(student), int(line.reused), line.peak_memory_bytes, *seconds])
        return file.getvalue()


def _spent(spent: Spent) -> Mapping[str, float]:
    return {"wall_s": round(spent.wall_s, 6), "cpu_s": round(spent.cpu_s, 6)}
