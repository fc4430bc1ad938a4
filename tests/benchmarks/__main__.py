"""Measure this grader beside others and write docs/performance.md: `python -m tests.benchmarks [--quick] [WORKLOAD...]`.

All workloads take an hour on two cores. Each is written down as soon as it is measured: what was interrupted
goes on with the names of the others. `--quick` takes some minutes and writes elsewhere, for its figures are too few to be kept.
Nothing else should run on the machine: the load found before each measurement stands in the report.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from .document import write_document
from .measure import Cost
from .record import Part, load_record, save_record
from .targets import ALL_CHECKS, AUTOGRADE, FEEDBACK, ONE_CHECK, OURS, SCRIPTS, otters
from .tools import CORES, PEERS, Bench, compile_all, find_peers, version_of
from .workloads import HEAVY, LIGHT, Workload

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "docs" / "performance.md"
MEASURED = Path(__file__).with_name("measured.json")
MIXED = ROOT / "assignments" / "cs231n_batchnorm"
ENVIRONMENTS = Path(tempfile.gettempdir()) / "gradecheck-peers"
QUICK_OUT = Path(tempfile.gettempdir()) / "gradecheck-quick"
SEED = "231"  # of the mixed class, whose samples' verdicts are recorded with it
KERNELS = "nbclient alone, nothing checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured. Submissions of each class; growth: of this grader's own; mixed: samples, 0 for all of them.

    efficiency, cluster: of heavy classes in which the start, and the end on one core, weigh as little as in a real one.
    cluster_order: workers, run by run: there and back, so that a machine that grows slower or faster favours neither.
    repeats: runs of the quick tools.
    """

    light: int = 20
    growth: tuple[int, ...] = (20, 100, 1000)
    heavy: int = 4
    efficiency: int = 48
    cluster: int = 16
    cluster_order: tuple[int, ...] = (1, 2, 2, 1)
    mixed: int = 0
    repeats: int = 3
    heavy_class: Workload = HEAVY


FULL = Size()
QUICK = Size(
    light=4,
    growth=(4, 12),
    heavy=2,
    efficiency=4,
    cluster=4,
    cluster_order=(1, 2),
    mixed=3,
    repeats=1,
    heavy_class=replace(HEAVY, steps=HEAVY.steps // 20),
)


@dataclass(slots=True)
class Session:
    """One run of the benchmarks: measures workloads one after another, telling what it is at."""

    bench: Bench
    size: Size
    started: float = field(default_factory=time.monotonic)

    def say(self, what: str) -> None:
        """Tell on the terminal what is measured now."""
        print(f"{time.monotonic() - self.started:6.0f} s  {what}", flush=True)

    def measure(self, name: str) -> Part:
        """Measure one workload."""
        found: Part = getattr(self, f"_{name}")()
        return found

    def _part(
        self,
        name: str,
        count: int,
        costs: Mapping[str, Sequence[Cost]],
        own_s: Sequence[float] = (),
        *,
        inside_s: Mapping[str, Sequence[float]] | None = None,
        beside_s: Mapping[str, Sequence[float]] | None = None,
        ceiling: Sequence[float] = (),
    ) -> Part:
        peers = {
            PEERS[peer].partition("==")[0]: version_of(python, PEERS[peer].partition("==")[0])
            for peer, python in self.bench.peers.items()
        }
        quick = self.size is QUICK
        return Part(
            name=name,
            count=count,
            costs=costs,
            own_s=own_s,
            inside_s=inside_s or {},
            beside_s=beside_s or {},
            ceiling=ceiling,
            peers=peers,
            quick=quick,
        )

    def _light(self) -> Part:
        """Every tool on the same light class."""
        return self._compared("light", LIGHT, self.size.light, repeats=self.size.repeats)

    def _heavy(self) -> Part:
        """Every tool on the same heavy class."""
        return self._compared(
            "heavy", self.size.heavy_class, self.size.heavy, repeats=max(1, self.size.repeats - 1)
        )

    def _growth(self) -> Part:
        """This grader alone on larger and larger classes, the largest between two runs of each other grader."""
        costs: dict[str, list[Cost]] = {}
        for count in self.size.growth:
            largest = count == max(self.size.growth)
            if largest:
                self._run_peers(costs)
            self.say(f"growth: {count} light submissions, then a second run, then rescore")
            costs[f"run {count}"] = [self.bench.grader(LIGHT, count)]
            if largest:
                self._run_peers(costs)
            costs[f"again {count}"] = [self.bench.grader(LIGHT, count, again="run")]
            costs[f"rescore {count}"] = [self.bench.grader(LIGHT, count, again="rescore")]
        for number in range(self.size.repeats):
            self.say(f"growth: all functions checked, and one ({number + 1} of {self.size.repeats})")
            for count in self.size.growth[:2]:
                costs.setdefault(f"{ALL_CHECKS} {count}", []).append(self.bench.grader(LIGHT, count))
                costs.setdefault(f"{ONE_CHECK} {count}", []).append(
                    self.bench.grader_with_one_check(LIGHT, count)
                )
        own = [self.bench.own_cpu_s(LIGHT, self.size.light) for _ in range(self.size.repeats)]
        return self._part("growth", self.size.light, costs, own)

    def _run_peers(self, costs: dict[str, list[Cost]]) -> None:
        """The other graders at their best, on the smallest class: a thousand submissions would take them an hour."""
        if "nbgrader" in self.bench.peers:
            self.say("growth: nbgrader beside it")
            graded, told = self.bench.nbgrader(LIGHT, self.size.light)
            costs.setdefault(AUTOGRADE, []).append(graded)
            costs.setdefault(FEEDBACK, []).append(told)
        if "otter" in self.bench.peers:
            self.say(f"growth: otter beside it, {CORES} at once")
            costs.setdefault(otters(CORES), []).append(
                self.bench.otter(LIGHT, self.size.light, at_once=CORES)
            )

    def _efficiency(self) -> Part:
        """This grader alone on a heavy class in which the start weighs little; before and after, some cells bare, and loops."""
        size, workload = self.size, self.size.heavy_class
        self.say(f"efficiency: {size.efficiency} heavy submissions, between bare cells")
        before = self.bench.own_cpu_s(workload, size.heavy)
        ceiling = [self.bench.ceiling()]
        cost, inside = self.bench.profiled(workload, size.efficiency)
        ceiling.append(self.bench.ceiling())
        after = self.bench.own_cpu_s(workload, size.heavy)
        own = [one * size.efficiency / size.heavy for one in (before, after)]
        return self._part(
            "efficiency", size.efficiency, {OURS: [cost]}, own, inside_s={OURS: [inside]}, ceiling=ceiling
        )

    def _mixed(self) -> Part:
        """The samples of an assignment, some of which cannot be graded: exit status 3."""
        folder = MIXED / "samples"
        if self.size.mixed:
            folder = self.bench.folder / "some-samples"
            for sample in sorted((MIXED / "samples").iterdir())[: self.size.mixed]:
                shutil.copytree(sample, folder / sample.name, symlinks=True, dirs_exist_ok=True)
        count = len(list(folder.iterdir()))
        self.say(f"mixed: {count} samples, time-outs among them")
        cost = self.bench.grade(MIXED, folder, options=["--seed", SEED], accepted=(0, 3))
        return self._part("mixed", count, {OURS: [cost]})

    def _cluster(self) -> Part:
        """The heavy class on one worker and on two."""
        costs: dict[str, list[Cost]] = {}
        inside: dict[str, list[float]] = {}
        for workers in self.size.cluster_order:
            self.say(f"cluster: {self.size.cluster} heavy submissions on {workers}")
            cost, cells = self.bench.cluster(self.size.heavy_class, self.size.cluster, workers=workers)
            costs.setdefault(f"workers {workers}", []).append(cost)
            inside.setdefault(f"workers {workers}", []).append(cells)
        return self._part("cluster", self.size.cluster, costs, inside_s=inside)

    def _compared(self, name: str, workload: Workload, count: int, *, repeats: int) -> Part:
        bench = self.bench
        costs: dict[str, list[Cost]] = {OURS: [], KERNELS: [], SCRIPTS: []}
        inside: dict[str, list[float]] = {}
        own = [bench.own_cpu_s(workload, count)]
        for number in range(repeats):
            self.say(f"{name}: this grader, nbclient, plain scripts ({number + 1} of {repeats})")
            if workload is LIGHT:  # without the profile, which is a part of each submission's cost there
                costs[OURS].append(bench.grader(workload, count))
            else:
                cost, cells = bench.profiled(workload, count)
                costs[OURS].append(cost)
                inside.setdefault(OURS, []).append(cells)
            own.append(
                bench.own_cpu_s(workload, count)
            )  # right after it, as before it: the machine's speed drifts
            costs[KERNELS].append(bench.floor("nbclient", workload, count))
            if number == 0 or workload is LIGHT:  # minutes, where each takes ten seconds
                costs[SCRIPTS].append(bench.floor("scripts", workload, count))
        beside = self._compare_peers(name, workload, count, costs)
        return self._part(name, count, costs, own, inside_s=inside, beside_s=beside)

    def _compare_peers(
        self, name: str, workload: Workload, count: int, costs: dict[str, list[Cost]]
    ) -> dict[str, list[float]]:
        """Run the other graders, each run of a light class between two of this grader; adds to `costs`. Returns: `beside_s`."""
        bench, paired = self.bench, workload is LIGHT
        beside: dict[str, list[float]] = {}

        def ours() -> float:
            return bench.grader(workload, count).wall_s if paired else 0.0

        turns = [AUTOGRADE] * (max(1, self.size.repeats - 1) if paired else 1) * ("nbgrader" in bench.peers)
        turns += [otters(at_once) for at_once in ((1, CORES, CORES) if paired else (CORES,))] * (
            "otter" in bench.peers
        )
        before = ours() if turns else 0.0
        for tool in turns:
            self.say(f"{name}: {tool}")
            if tool == AUTOGRADE:
                graded, told = bench.nbgrader(workload, count)
                costs.setdefault(AUTOGRADE, []).append(graded)
                costs.setdefault(FEEDBACK, []).append(told)
            else:
                at_once = 1 if tool == otters(1) else CORES
                costs.setdefault(tool, []).append(bench.otter(workload, count, at_once=at_once))
            after = ours()
            if paired:
                beside.setdefault(tool, []).append((before + after) / 2)
            before = after
        return beside


WORKLOADS = ("light", "growth", "heavy", "efficiency", "mixed", "cluster")


def main() -> None:
    """Measure, and write the document after each workload."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "workloads", nargs="*", metavar="WORKLOAD", help=f"of {', '.join(WORKLOADS)}; all unless named"
    )
    parser.add_argument(
        "--quick", action="store_true", help="few and small runs, to see that everything works"
    )
    parser.add_argument("--out", type=Path, help="the document; docs/performance.md unless quick")
    parser.add_argument(
        "--peers", type=Path, default=ENVIRONMENTS, help="the other graders' environments; made where absent"
    )
    parser.add_argument(
        "--no-install", action="store_true", help="leave out other graders that are not there"
    )
    options = parser.parse_args()
    unknown = set(options.workloads) - set(WORKLOADS)
    if unknown:
        parser.error(f"no workload {', '.join(sorted(unknown))}; there are {', '.join(WORKLOADS)}")
    out = options.out or (QUICK_OUT / "performance.md" if options.quick else TARGET)
    kept = QUICK_OUT / "measured.json" if options.quick else MEASURED
    with tempfile.TemporaryDirectory(prefix="gradecheck-bench-") as folder:
        peers = find_peers(options.peers, install=not options.no_install)
        compile_all([Path(sys.executable), *peers.values()])
        session = Session(Bench(folder=Path(folder), peers=peers), QUICK if options.quick else FULL)
        for name in options.workloads or WORKLOADS:
            part = session.measure(name)
            record = {**load_record(kept), name: part}
            save_record(kept, record)
            write_document(out, record)
        session.say("done")
    print(out)


if __name__ == "__main__":
    main()
