"""Measure this grader beside others and write docs/performance.md: `python -m tests.benchmarks [--quick]`.

One command, under 15 minutes on two cores; `--quick` takes about two and writes where it is told to, for its figures are too few to
be kept. Nothing else should run on the machine: the load found before each measurement stands in the report.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from .document import Figures, Tool, write_document
from .tools import CORES, Bench, find_peers
from .workloads import HEAVY, LIGHT, Workload

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "docs" / "performance.md"
MIXED = ROOT / "assignments" / "cs231n_batchnorm"
PEERS = Path(tempfile.gettempdir()) / "gradecheck-peers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured. light, heavy: submissions. growth: of this grader's own classes. repeats: runs of the quick tools."""

    light: int = 20
    heavy: int = 4
    growth: tuple[int, ...] = (20, 100, 1000)
    repeats: int = 3
    mixed: bool = True
    heavy_class: Workload = HEAVY


FULL = Size()
QUICK = Size(
    light=4,
    heavy=2,
    growth=(4, 12),
    repeats=1,
    mixed=False,
    heavy_class=replace(HEAVY, steps=HEAVY.steps // 20),
)


@dataclass(slots=True)
class Session:
    """One run of the benchmarks: measures everything in turn, telling what it is at."""

    bench: Bench
    size: Size
    started: float = field(default_factory=time.monotonic)

    def say(self, what: str) -> None:
        """Tell on the terminal what is measured now."""
        print(f"{time.monotonic() - self.started:6.0f} s  {what}", flush=True)

    def all(self) -> Figures:
        """Measure everything."""
        size = self.size
        light, light_own = self.compared(LIGHT, size.light, repeats=size.repeats)
        heavy, heavy_own = self.compared(size.heavy_class, size.heavy, repeats=max(1, size.repeats - 1))
        growth, again, rescored = {}, {}, {}
        for count in size.growth:
            self.say(f"growth: {count} light submissions, then a second run, then rescore")
            growth[count] = self.bench.grader(LIGHT, count)
            again[count] = self.bench.grader(LIGHT, count, again="run")
            rescored[count] = self.bench.grader(LIGHT, count, again="rescore")
        clusters = {}
        for workers in (1, 2):
            self.say(f"cluster of {workers}")
            clusters[workers] = self.bench.cluster(size.heavy_class, size.heavy, workers=workers)
        mixed = None
        if size.mixed:
            self.say("mixed class: the samples of an assignment, time-outs among them")
            mixed = self.bench.grade(MIXED, MIXED / "samples", accepted=(0, 3))
        return Figures(
            cores=CORES,
            light=light,
            light_count=size.light,
            light_own_s=light_own,
            heavy=heavy,
            heavy_count=size.heavy,
            heavy_own_s=heavy_own,
            growth=growth,
            again=again,
            rescored=rescored,
            clusters=clusters,
            mixed=mixed,
            quick=size is QUICK,
            mixed_count=len(list((MIXED / "samples").iterdir())),
        )

    def compared(self, workload: Workload, count: int, *, repeats: int) -> tuple[list[Tool], list[float]]:
        """Every tool on the same class; and what the students' own cells take, in CPU seconds, each time it was measured."""
        bench = self.bench
        ours, kernels, scripts, own = (
            Tool("this grader"),
            Tool("nbclient alone, nothing checked"),
            Tool("plain scripts"),
            [],
        )
        for number in range(repeats):
            self.say(f"{workload.name}: this grader, nbclient, plain scripts ({number + 1} of {repeats})")
            ours.costs.append(bench.grader(workload, count))
            kernels.costs.append(bench.floor("nbclient", workload, count))
            if number == 0 or workload.name == "light":  # minutes, where each takes ten seconds
                scripts.costs.append(bench.floor("scripts", workload, count))
                own.append(bench.own_cpu_s(workload, count))
        tools = [ours, kernels, scripts]
        if "nbgrader" in bench.peers:
            graded, told = Tool("nbgrader autograde"), Tool("nbgrader generate_feedback, on top")
            for _ in range(max(1, repeats - 1)):
                self.say(f"{workload.name}: nbgrader")
                costs = bench.nbgrader(workload, count)
                graded.costs.append(costs[0])
                told.costs.append(costs[1])
            tools += [graded, told]
        if "otter" in bench.peers:
            self.say(f"{workload.name}: otter, {CORES} at once")
            tools.append(Tool(f"otter run, {CORES} at once", [bench.otter(workload, count, at_once=CORES)]))
        return tools, own


def main() -> None:
    """Measure, and write the document."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="few and small runs, to see that everything works"
    )
    parser.add_argument("--out", type=Path, help="the document; docs/performance.md unless quick")
    parser.add_argument(
        "--peers", type=Path, default=PEERS, help="environments of the other graders; made where absent"
    )
    parser.add_argument(
        "--no-install", action="store_true", help="leave out other graders that are not there"
    )
    options = parser.parse_args()
    out = options.out or (Path(tempfile.gettempdir()) / "performance-quick.md" if options.quick else TARGET)
    with tempfile.TemporaryDirectory(prefix="gradecheck-bench-") as folder:
        peers = find_peers(options.peers, install=not options.no_install)
        session = Session(Bench(folder=Path(folder), peers=peers), QUICK if options.quick else FULL)
        figures = session.all()
        session.say("done")
    write_document(out, figures, peers)
    print(out)


if __name__ == "__main__":
    main()
