"""What was measured, when and where: one part for each workload, kept as JSON, so that one can be measured anew by itself."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from grader.files import write_atomically

from .measure import Cost

__all__ = ["Part", "Record", "load_record", "machine", "save_record"]


def machine() -> str:
    """This machine and what is installed, in a line."""
    info = Path("/proc/cpuinfo")
    names = [
        line.partition(":")[2].strip()
        for line in info.read_text().splitlines()
        if line.startswith("model name")
    ]
    memory = Path("/proc/meminfo").read_text().split()[1]
    return (
        f"{len(os.sched_getaffinity(0))} cores ({names[0] if names else platform.machine()}), "
        f"{int(memory) / 1e6:.0f} GB of memory, Linux {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}, NumPy {version('numpy')}, "
        f"ipykernel {version('ipykernel')}, nbclient {version('nbclient')}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One workload, measured. costs: by tool or by what was done, each run. own_s: CPU seconds of the students' own cells alone,
    bare. inside_s: as `costs` where it was counted, CPU seconds in the students' cells and checks within each run. beside_s: as
    `costs` where a run stands between two of this grader, the mean of their wall seconds: a machine's speed drifts. ceiling:
    which part of all cores' time endless loops got, before and after.

    count: submissions. when: date. where: the machine and what is installed. peers: versions of the other graders. quick: a few
    small runs only, which say that everything works and not how fast it is.
    """

    name: str
    count: int
    costs: Mapping[str, Sequence[Cost]]
    own_s: Sequence[float] = ()
    inside_s: Mapping[str, Sequence[float]] = field(default_factory=dict)
    beside_s: Mapping[str, Sequence[float]] = field(default_factory=dict)
    ceiling: Sequence[float] = ()
    when: str = field(default_factory=lambda: datetime.now(UTC).date().isoformat())
    where: str = field(default_factory=machine)
    cores: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    peers: Mapping[str, str] = field(default_factory=dict)
    quick: bool = False

    def numbered(self, word: str) -> dict[int, Cost]:
        """The costs that are named "<word> <number>", by number; of several runs the last."""
        found = {}
        for name, costs in self.costs.items():
            head, _, tail = name.rpartition(" ")
            if head == word:
                found[int(tail)] = costs[-1]
        return dict(sorted(found.items()))


#: Parts by name.
Record = dict[str, Part]


def load_record(path: Path) -> Record:
    """Read what was measured before; nothing if there is no such file."""
    if not path.exists():
        return {}
    document = json.loads(path.read_text())
    return {name: _part(fields) for name, fields in document.items()}


def save_record(path: Path, record: Record) -> None:
    """Write everything that was measured."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {name: asdict(part) for name, part in record.items()}
    write_atomically(path, (json.dumps(document, indent=1) + "\n").encode())


def _part(fields: Mapping[str, object]) -> Part:
    costs = fields["costs"]
    assert isinstance(costs, dict)
    known = {name: [Cost(**cost) for cost in several] for name, several in costs.items()}
    return Part(**{**fields, "costs": known})  # type: ignore[arg-type]  # as `save_record` wrote them
