"""Run a command and say what it took: wall and CPU seconds and peak memory of everything that it started, and of itself alone.

CPU and memory are those of a control group of version 1 where one can be made, for a grader's kernels need not be its children;
elsewhere of the processes that were waited for, which is said in `Cost.how`.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Cost", "Spread", "measured", "spread"]

ROOT = Path("/sys/fs/cgroup")
CONTROLLERS = ("cpuacct", "memory")
SAMPLE_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one command took. memory_bytes: anonymous memory of all its processes at the worst moment. own_bytes: of its first one.

    load: the machine's load average over one minute right before.
    """

    wall_s: float
    cpu_s: float
    memory_bytes: int
    own_bytes: int
    load: float
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Median, least and most of several runs."""

    median: float
    least: float
    most: float


def spread(costs: Sequence[Cost], value: Callable[[Cost], float]) -> Spread:
    """One figure over several runs of the same command."""
    values = [value(cost) for cost in costs]
    return Spread(median=statistics.median(values), least=min(values), most=max(values))


def _names() -> Iterator[str]:
    """Names for a group, the same in every run while no other one holds them."""
    return (f"gradecheck-bench-{number}" for number in itertools.count())


class _Group:
    """A control group of version 1 around the command, or None of it where it cannot be made."""

    def __init__(self) -> None:
        # One name for all runs: a grader tries its limits once for each place that it is run in, and a user's is always the same.
        name = next(name for name in _names() if not any((ROOT / one / name).exists() for one in CONTROLLERS))
        self.folders: dict[str, Path] = {}
        for controller in CONTROLLERS:
            with contextlib.suppress(OSError):
                folder = ROOT / controller / name
                folder.mkdir()
                self.folders[controller] = folder
        if len(self.folders) < 2:
            self.remove()

    def enter(self) -> None:
        """Called in the command's process before it becomes the command."""
        for folder in self.folders.values():
            (folder / "cgroup.procs").write_text("0")

    def cpu_s(self) -> float | None:
        folder = self.folders.get("cpuacct")
        return None if folder is None else int((folder / "cpuacct.usage").read_text()) / 1e9

    def memory(self) -> int:
        folder = self.folders.get("memory")
        if folder is None:
            return 0
        fields = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        return int(fields.get("total_rss", 0))

    def remove(self) -> None:
        for folder in self.folders.values():
            for _ in range(50):
                for inner in folder.glob("*/"):
                    with contextlib.suppress(OSError):
                        inner.rmdir()
                try:
                    folder.rmdir()
                except OSError:
                    time.sleep(0.02)
                else:
                    break
        self.folders = {}


def measured(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    log: Path,
    accepted: Sequence[int] = (0,),
) -> Cost:
    """Run a command to its end. log: where its output goes. accepted: exit statuses of work that was done.

    Raises: RuntimeError, with the end of the log, if it fails: a figure of work not done would be worse than none.
    """
    group, load = _Group(), os.getloadavg()[0]
    peak, own = [0], [0]
    before = os.times()
    started = time.monotonic()
    with log.open("ab") as file:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **(environment or {})},
            stdout=file,
            stderr=file,
            preexec_fn=group.enter,  # noqa: PLW1509  # one thread here, and the group must hold the first moment, too
        )
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(SAMPLE_S):
            peak[0] = max(peak[0], group.memory())
            own[0] = max(own[0], _own(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    status = process.wait()
    wall_s = time.monotonic() - started
    ended.set()
    watcher.join()
    after = os.times()
    waited_s = after.children_user + after.children_system - before.children_user - before.children_system
    cpu_s = group.cpu_s()
    group.remove()
    if status not in accepted:
        words = log.read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{' '.join(command)} ended with status {status}:\n{words}")
    return Cost(
        wall_s=wall_s,
        cpu_s=waited_s if cpu_s is None else cpu_s,
        memory_bytes=peak[0],
        own_bytes=own[0],
        load=load,
        how="children that were waited for" if cpu_s is None else "control group",
    )


def _own(pid: int) -> int:
    """The largest resident memory that a process has had until now."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0
