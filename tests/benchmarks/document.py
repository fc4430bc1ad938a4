"""docs/performance.md, made of what was measured: targets and what came of them, tables, and how it was measured."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

from .measure import Spread, spread
from .record import Part, Record
from .targets import AUTOGRADE, FEEDBACK, ONE_CHECK, OURS, Target, check_cost, fixed_cost, mean_walls, targets

__all__ = ["write_document"]

MB = 1e6


def write_document(path: Path, record: Record) -> None:
    """Write the document as Markdown. What was not measured is left out."""
    parts = [_HEAD, *_origin_lines(record)]
    if any(part.quick for part in record.values()):
        parts.append(_QUICK)
    parts += ["\n## Targets\n", *_target_lines(targets(record))]
    for name, lines in _SECTIONS.items():
        if name in record:
            parts += lines(record[name])
    peers = {name: version for part in record.values() for name, version in part.peers.items()}
    versions = ", ".join(f"{name} {version}" for name, version in peers.items())
    parts.append(_FOOT.format(versions=versions or "none was there"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(parts))


def _origin_lines(record: Record) -> Iterator[str]:
    """When and where each part was measured, said once where it is the same for all."""
    origins: dict[tuple[str, str], list[str]] = {}
    for part in record.values():
        origins.setdefault((part.when, part.where), []).append(part.name)
    for (when, where), names in origins.items():
        what = "Measured" if len(origins) == 1 else f"{', '.join(names)}: measured"
        yield f"{what} on {when}: {where}.\n"


def _target_lines(found: Sequence[Target]) -> Iterator[str]:
    yield "| figure | wanted | measured | |"
    yield "| --- | --- | --- | --- |"
    for target in found:
        yield f"| {target.name} | {target.wanted} | {target.measured} | {'met' if target.met else '**falls short**'} |"
    yield ""
    for target in found:
        if not target.met:
            yield f"* {target.name}: {target.measured}, wanted {target.wanted}. {target.reason}"


def _light_lines(part: Part) -> Iterator[str]:
    yield f"\n## Light class: {part.count} submissions\n\nA notebook of 6 cells with 8 checked functions and one plot.\n"
    yield from _tool_lines(part)
    yield from _ratio_lines(part)


def _heavy_lines(part: Part) -> Iterator[str]:
    training = "half a second" if part.quick else "some ten seconds"
    yield f"\n## Heavy class: {part.count} submissions\n\nThe same notebook with {training} of training in NumPy.\n"
    yield from _tool_lines(part)
    yield from _ratio_lines(part)


def _efficiency_lines(part: Part) -> Iterator[str]:
    yield f"\n## A larger heavy class: {part.count} submissions\n"
    yield from _tool_lines(part)
    if part.ceiling:
        yield (
            f"Right before and after it, endless loops, one on each core, got {_several(part.ceiling, 3)} of all cores' time: "
            "the rest is the machine's own, and no process's."
        )
        yield ""


def _tool_lines(part: Part) -> Iterator[str]:
    yield "| tool | runs | wall, s | CPU, s | wall a submission, s | peak memory, MB | load before |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for name, costs in part.costs.items():
        wall = spread(costs, lambda cost: cost.wall_s)
        memory = spread(costs, lambda cost: cost.memory_bytes / MB)
        load = max(cost.load for cost in costs)
        yield (
            f"| {name} | {len(costs)} | {_shown(wall)} | {_shown(spread(costs, lambda cost: cost.cpu_s))} | "
            f"{wall.median / part.count:.2f} | {memory.median:.0f} | {load:.1f} |"
        )
    yield ""
    if OURS in part.inside_s:
        inside = part.inside_s[OURS]
        yield (
            f"Within the runs of this grader, the students' cells and checks: {_several(inside)} s of CPU, "
            f"{statistics.mean(inside) / part.count:.3f} s a submission. By this the efficiency is reckoned."
        )
        yield ""
    yield (
        f"The students' own cells in a warm process, {part.cores} at once: {_several(part.own_s)} s of CPU, "
        f"{_own_s(part) / part.count:.3f} s a submission."
    )
    yield ""


def _own_s(part: Part) -> float:
    """The figure that stands for the bare cells: the least of a light class, where a pause of the machine weighs, else the mean."""
    return statistics.mean(part.own_s) if part.name in ("heavy", "efficiency") else min(part.own_s)


def _several(values: Sequence[float], digits: int = 2) -> str:
    return " and ".join(f"{one:.{digits}f}" for one in values)


def _ratio_lines(part: Part) -> Iterator[str]:
    """Each tool's wall time over this grader's: over the runs right before and after it where there are such, else run by run."""
    ours = part.costs[OURS]
    yield "| against this grader | wall: median of the ratios | least | most |"
    yield "| --- | --- | --- | --- |"
    for name, costs in part.costs.items():
        if name == OURS:
            continue
        beside = part.beside_s.get(AUTOGRADE if name == FEEDBACK else name)
        pairs = zip(costs, beside, strict=True) if beside else product(costs, [one.wall_s for one in ours])
        ratios = sorted(theirs.wall_s / wall_s for theirs, wall_s in pairs)
        yield f"| {name} | {statistics.median(ratios):.1f} | {ratios[0]:.1f} | {ratios[-1]:.1f} |"
    yield ""


def _growth_lines(part: Part) -> Iterator[str]:
    yield "\n## Growth\n\nThe light class at several sizes; a second run over it, unchanged; `grader rescore` with other points.\n"
    yield (
        "| submissions | wall, s | CPU, s | wall a submission, s | driver's memory, MB | all memory, MB | second run, s | "
        "rescore, s | load before |"
    )
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    again, rescored = part.numbered("again"), part.numbered("rescore")
    for count, cost in part.numbered("run").items():
        yield (
            f"| {count} | {cost.wall_s:.1f} | {cost.cpu_s:.1f} | {cost.wall_s / count:.3f} | {cost.own_bytes / MB:.0f} | "
            f"{cost.memory_bytes / MB:.0f} | {again[count].wall_s:.1f} | {rescored[count].wall_s:.1f} | {cost.load:.1f} |"
        )
    yield ""
    yield (
        f"Each further submission costs {fixed_cost(part):.3f} s of CPU beyond its own cells "
        f"({min(part.own_s) / part.count:.3f} s in a warm process), checks and pages included."
    )
    check = check_cost(part)
    if check is not None:
        counts = list(part.numbered(ONE_CHECK))
        sizes, runs = " and ".join(map(str, counts)), len(part.costs[f"{ONE_CHECK} {counts[0]}"])
        yield (
            f"A check costs {1000 * check:.1f} ms of it, its fork included: by classes of {sizes} of which all eight functions are "
            f"checked, and one, the least of {runs} runs of each."
        )
    yield ""
    others = {
        name: costs for name, costs in part.costs.items() if name == AUTOGRADE or name.startswith("otter")
    }
    for name, costs in others.items():
        feedback = part.costs[FEEDBACK] if name == AUTOGRADE else ()
        walls = [
            sum(one.wall_s for one in runs)
            for runs in zip(costs, *([feedback] if feedback else []), strict=True)
        ]
        yield (
            f"Right before and after the class of {max(part.numbered('run'))}, {part.count} submissions: {name}"
            f"{' and feedback' if feedback else ''} {_several(walls)} s."
        )
    yield ""


def _mixed_lines(part: Part) -> Iterator[str]:
    yield "\n## Mixed class\n\nThe samples of `assignments/cs231n_batchnorm`: right, wrong and blank ones, endless loops"
    yield "among them, which cost their whole time limit; from an empty state folder, start and exit of the program included.\n"
    yield "| submissions | wall, s | CPU, s | CPU a submission, s | driver's memory, MB | load before |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for cost in part.costs[OURS]:
        yield (
            f"| {part.count} | {cost.wall_s:.1f} | {cost.cpu_s:.1f} | {cost.cpu_s / part.count:.2f} | {cost.own_bytes / MB:.0f} | "
            f"{cost.load:.1f} |"
        )
    yield ""


def _cluster_lines(part: Part) -> Iterator[str]:
    yield f"\n## A cluster\n\n{part.count} submissions of the heavy class with `--cluster`, each worker bound to one core. Runs of"
    yield "one worker and of two take turns. The cells' CPU says how fast the machine was; what a run took beyond a worker's share"
    yield "of it is ours.\n"
    yield "| workers | runs | wall, s | throughput | cells and checks, s of CPU | beyond them, s | load before |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    walls = mean_walls(part, "workers")
    for workers, wall in walls.items():
        costs = part.costs[f"workers {workers}"]
        inside = part.inside_s.get(f"workers {workers}", ())
        beyond = f"{wall - statistics.mean(inside) / workers:.1f}" if inside else ""
        yield (
            f"| {workers} | {len(costs)} | {_shown(spread(costs, lambda cost: cost.wall_s))} | {walls[1] / wall:.2f} | "
            f"{_several(inside)} | {beyond} | {max(cost.load for cost in costs):.1f} |"
        )
    yield ""


def _shown(found: Spread) -> str:
    """Median, and least to most where there are several."""
    if found.least == found.most:
        return f"{found.median:.1f}"
    return f"{found.median:.1f} ({found.least:.1f} to {found.most:.1f})"


#: What is told of each part, in this order.
_SECTIONS = {
    "light": _light_lines,
    "growth": _growth_lines,
    "heavy": _heavy_lines,
    "efficiency": _efficiency_lines,
    "mixed": _mixed_lines,
    "cluster": _cluster_lines,
}

_QUICK = """**These are the figures of the quick form**: each tool once, on a handful of submissions, where the start of every
tool weighs most. They show that everything works; `make bench` without `--quick` replaces them.
"""

_HEAD = """# How fast it is

Made by `make bench` of what it measured; every figure comes from there, those that fall short among them.
"""

_FOOT = """
## How it was measured

`make bench` (`python -m tests.benchmarks`) writes the classes, runs every tool as a user would, in a fresh process and
from an empty state, and one after another. `python -m tests.benchmarks growth mixed` measures only what is named, and
takes the rest from `tests/benchmarks/measured.json`. Other graders ({versions}) stand in environments of their own, made
by `uv venv` and `uv pip install` under the temporary folder. All solutions of the light and heavy classes are right, and
no two submissions are the same. The byte-code of all packages is there beforehand, as on a machine where a tool has run
before. Every tool runs with one BLAS thread, which is the faster setting for each of them when two notebooks run at once.
CPU seconds are those of a control group around the command: all its processes count, whoever started them. Peak memory is
anonymous memory of all processes together, looked at twenty times a second; the driver's is the resident memory of the
grader's own process. The students' own cells are run in forks of a process that has imported everything, as many at once
as there are cores, with the settings for memory that a room has.

Efficiency is the CPU of the students' own cells and checks over cores times wall time. A machine's speed drifts by a tenth
within minutes, so both are taken from the same run: `--profile` counts the CPU of each notebook's process and of the forks
that answer its checks, from the first cell on. Starting a kernel, making rooms, reading, judging and writing pages are not in
it; what a kernel takes to be told its cells and to fork for checks is. The stricter row takes the cells alone, bare, as above,
run before and after the graded ones: what differs between the two beyond checks is what a room costs, and the drift.

Other graders are run between two runs of this one, and the lead is reckoned with the mean of the two. The largest class
stands between runs of theirs over the smallest, which are taken for as many times as it is larger.

nbgrader grades one submission at a time; otter is run one at a time and on as many at once as there are cores. What
nbgrader and otter check are the same eight functions with the same inputs; they do it in the student's own process, where it
can be forged, which costs them nothing here. The load average before each measurement is in the tables: figures taken on a
busy machine say little about wall time, and overstate CPU.
"""
