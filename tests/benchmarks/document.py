"""docs/performance.md, made of measured figures: tables, targets and what came of them, and how it was measured."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import product
from pathlib import Path

from .measure import Cost, Spread, spread
from .tools import PEERS, version_of

__all__ = ["Figures", "Target", "Tool", "fixed_cost", "targets", "write_document"]

MB = 1e6
SCRIPTS = "plain scripts"
FEEDBACK = "nbgrader generate_feedback, on top"


@dataclass(slots=True)
class Tool:
    """One tool on one class, each run of it."""

    name: str
    costs: list[Cost] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Everything that was measured. *_own_s: CPU seconds of the students' own cells, of the whole class, each time measured.

    growth, again, rescored: by number of submissions, this grader's first run, second run over what had not changed, and rescore.
    clusters: by number of workers, the heavy class.
    """

    cores: int
    light: Sequence[Tool]
    light_count: int
    light_own_s: Sequence[float]
    heavy: Sequence[Tool]
    heavy_count: int
    heavy_own_s: Sequence[float]
    growth: Mapping[int, Cost]
    again: Mapping[int, Cost]
    rescored: Mapping[int, Cost]
    clusters: Mapping[int, Cost]
    mixed: Cost | None
    mixed_count: int
    quick: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is wanted and what came of it. reason: why it may fall short; said only if it does."""

    name: str
    wanted: str
    measured: str
    met: bool
    reason: str


def fixed_cost(figures: Figures) -> float:
    """CPU seconds for each further submission, beyond the student's own cells: the slope of the growth, without the start."""
    small, large = min(figures.growth), max(figures.growth)
    slope = (figures.growth[large].cpu_s - figures.growth[small].cpu_s) / (large - small)
    return slope - min(figures.light_own_s) / figures.light_count


def targets(figures: Figures) -> list[Target]:
    """The project's targets beside the figures."""
    return [*_light_targets(figures), *_growth_targets(figures), *_heavy_targets(figures)]


def _light_targets(figures: Figures) -> Iterator[Target]:
    slope = fixed_cost(figures)
    yield Target(
        name="fixed cost of a light submission, CPU beyond the student's cells",
        wanted="under 0.10 s",
        measured=f"{slope:.3f} s",
        met=slope < 0.10,
        reason="Most of it is the kernel's own start in the fork (IPython builds its shell) and one fork for each of the eight "
        "checks; both are page faults of copied memory more than work, and grow with whatever else the machine does.",
    )
    scripts = next((tool for tool in figures.light if tool.name == SCRIPTS), None)
    own = _median(scripts).cpu if scripts else min(figures.light_own_s)
    share = _median(figures.light[0]).cpu / own
    yield Target(
        name="CPU of a light class, start and reports included, as a multiple of the same cells as plain scripts",
        wanted="under 3",
        measured=f"{share:.2f}",
        met=share < 3,
        reason=f"The class has {figures.light_count} submissions, and the start (imports, the warm parent, pages) is "
        "spread over these alone; the table of growth shows what is left of it in a larger class.",
    )
    ours = _median(figures.light[0]).wall
    largest = max(figures.growth)
    rate = figures.growth[largest].wall_s / largest * figures.light_count
    for name, wall in _rivals(figures.light):
        yield Target(
            name=f"throughput of the light class against {name}",
            wanted="at least 20 times",
            measured=f"{wall / ours:.1f} times; {wall / rate:.1f} times at the rate of {largest} submissions",
            met=wall / ours >= 20,
            reason="The students' own cells bound it: plotting and training take CPU that no grader can save. With "
            f"{figures.light_count} submissions the grader's own start counts, too.",
        )


def _rivals(tools: Sequence[Tool]) -> Iterator[tuple[str, float]]:
    walls = {tool.name: _median(tool).wall for tool in tools}
    if "nbgrader autograde" in walls:
        yield "nbgrader (autograde and feedback)", walls["nbgrader autograde"] + walls[FEEDBACK]
    otters = [wall for name, wall in walls.items() if name.startswith("otter")]
    if otters:
        yield "otter at its best", min(otters)


def _growth_targets(figures: Figures) -> Iterator[Target]:
    large = max(figures.growth)
    memory = max(cost.own_bytes for cost in figures.growth.values()) / MB
    yield Target(
        name=f"peak memory of the driver, up to {large} submissions",
        wanted="under 400 MB",
        measured=f"{memory:.0f} MB",
        met=memory < 400,
        reason="It should not grow with the class: look at what holds results.",
    )
    for name, cost, most in (
        ("second run over an unchanged class", figures.again[large], 5 * large / 1000),
        ("rescore", figures.rescored[large], 10 * large / 1000),
    ):
        yield Target(
            name=f"{name} of {large}",
            wanted=f"under {max(most, 2.0):g} s",
            measured=f"{cost.wall_s:.1f} s",
            met=cost.wall_s < max(most, 2.0),
            reason="Every submission is read and hashed anew, its evidence judged, its result compared with the gradebook's.",
        )


def _heavy_targets(figures: Figures) -> Iterator[Target]:
    wall = _median(figures.heavy[0]).wall
    efficiency = min(figures.heavy_own_s) / (figures.cores * wall)
    yield Target(
        name="efficiency of the heavy class: CPU of the students' cells / (cores x wall)",
        wanted="at least 0.95",
        measured=f"{efficiency:.2f}",
        met=efficiency >= 0.95,
        reason=f"With {figures.heavy_count} submissions the start of about two seconds weighs; it does not grow with the class.",
    )
    if len(figures.clusters) > 1:
        gain = figures.clusters[1].wall_s / figures.clusters[2].wall_s
        yield Target(
            name="heavy class on a cluster: two workers of one core against one",
            wanted="at least 1.8 times",
            measured=f"{gain:.2f} times",
            met=gain >= 1.8,
            reason="Driver, scheduler and both workers share two cores here, and connecting takes the same time for both.",
        )


@dataclass(frozen=True, slots=True)
class _Medians:
    wall: float
    cpu: float


def _median(tool: Tool) -> _Medians:
    return _Medians(
        spread(tool.costs, lambda cost: cost.wall_s).median,
        spread(tool.costs, lambda cost: cost.cpu_s).median,
    )


def write_document(path: Path, figures: Figures, peers: Mapping[str, Path]) -> None:
    """Write the document as Markdown."""
    training = "half a second" if figures.quick else "some ten seconds"
    parts = [
        _HEAD.format(date=datetime.now(UTC).date().isoformat(), machine=_machine(figures.cores)),
        "## Targets\n",
        *_target_lines(targets(figures)),
        f"\n## Light class: {figures.light_count} submissions\n\nA notebook of 6 cells with 8 checked functions and one plot.\n",
        *_tool_lines(figures.light, figures.light_count, figures.light_own_s),
        *_ratio_lines(figures.light),
        f"\n## Heavy class: {figures.heavy_count} submissions\n\nThe same notebook with {training} of training in NumPy.\n",
        *_tool_lines(figures.heavy, figures.heavy_count, figures.heavy_own_s),
        *_ratio_lines(figures.heavy),
        "\n## Growth\n\nThe light class at several sizes; a second run over it, unchanged; `grader rescore` with other points.\n",
        *_growth_lines(figures),
        "\n## A cluster\n\nThe heavy class with `--cluster`, each worker bound to one core.\n",
        *_cluster_lines(figures),
        *_mixed_lines(figures),
        _FOOT.format(versions=", ".join(_versions(peers)) or "no other grader was there"),
    ]
    if figures.quick:
        parts.insert(1, _QUICK)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(parts))


def _target_lines(found: Sequence[Target]) -> Iterator[str]:
    yield "| figure | wanted | measured | |"
    yield "| --- | --- | --- | --- |"
    for target in found:
        yield f"| {target.name} | {target.wanted} | {target.measured} | {'met' if target.met else '**falls short**'} |"
    yield ""
    for target in found:
        if not target.met:
            yield f"* {target.name}: {target.measured}, wanted {target.wanted}. {target.reason}"


def _tool_lines(tools: Sequence[Tool], count: int, own: Sequence[float]) -> Iterator[str]:
    yield "| tool | runs | wall, s | CPU, s | wall a submission, s | peak memory, MB | load before |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for tool in tools:
        wall = spread(tool.costs, lambda cost: cost.wall_s)
        memory = spread(tool.costs, lambda cost: cost.memory_bytes / MB)
        load = max(cost.load for cost in tool.costs)
        yield (
            f"| {tool.name} | {len(tool.costs)} | {_shown(wall)} | {_shown(spread(tool.costs, lambda cost: cost.cpu_s))} | "
            f"{wall.median / count:.2f} | {memory.median:.0f} | {load:.1f} |"
        )
    yield ""
    yield f"The students' own cells in a warm process: {min(own):.2f} s of CPU, {min(own) / count:.3f} s a submission."
    yield ""


def _ratio_lines(tools: Sequence[Tool]) -> Iterator[str]:
    """Each tool's wall time over this grader's, run by run."""
    ours, *others = tools
    yield "| against this grader | wall: median of the ratios | least | most |"
    yield "| --- | --- | --- | --- |"
    for tool in others:
        ratios = sorted(theirs.wall_s / mine.wall_s for theirs, mine in product(tool.costs, ours.costs))
        yield f"| {tool.name} | {ratios[len(ratios) // 2]:.1f} | {ratios[0]:.1f} | {ratios[-1]:.1f} |"
    yield ""


def _growth_lines(figures: Figures) -> Iterator[str]:
    yield (
        "| submissions | wall, s | CPU, s | wall a submission, s | driver's memory, MB | all memory, MB | second run, s | "
        "rescore, s |"
    )
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for count, cost in figures.growth.items():
        yield (
            f"| {count} | {cost.wall_s:.1f} | {cost.cpu_s:.1f} | {cost.wall_s / count:.3f} | {cost.own_bytes / MB:.0f} | "
            f"{cost.memory_bytes / MB:.0f} | {figures.again[count].wall_s:.1f} | {figures.rescored[count].wall_s:.1f} |"
        )
    yield ""
    yield f"Each further submission costs {fixed_cost(figures):.3f} s of CPU beyond its own cells, checks and pages included."
    yield ""


def _cluster_lines(figures: Figures) -> Iterator[str]:
    yield "| workers | wall, s | throughput |"
    yield "| --- | --- | --- |"
    one = figures.clusters[1].wall_s
    for workers, cost in figures.clusters.items():
        yield f"| {workers} | {cost.wall_s:.1f} | {one / cost.wall_s:.2f} |"
    yield ""


def _mixed_lines(figures: Figures) -> Iterator[str]:
    if figures.mixed is None:
        return
    cost, count = figures.mixed, figures.mixed_count
    yield "\n## Mixed class\n\nThe samples of `assignments/cs231n_batchnorm`: right, wrong and blank ones, endless loops"
    yield "among them, which cost their whole time limit.\n"
    yield "| submissions | wall, s | CPU, s | CPU a submission, s | driver's memory, MB |"
    yield "| --- | --- | --- | --- | --- |"
    yield (
        f"| {count} | {cost.wall_s:.1f} | {cost.cpu_s:.1f} | {cost.cpu_s / count:.2f} | {cost.own_bytes / MB:.0f} |\n"
    )


def _shown(found: Spread) -> str:
    """Median, and least to most where there are several."""
    if found.least == found.most:
        return f"{found.median:.1f}"
    return f"{found.median:.1f} ({found.least:.1f} to {found.most:.1f})"


def _machine(cores: int) -> str:
    info = Path("/proc/cpuinfo")
    names = [
        line.partition(":")[2].strip()
        for line in info.read_text().splitlines()
        if line.startswith("model name")
    ]
    memory = Path("/proc/meminfo").read_text().split()[1]
    return (
        f"{cores} cores ({names[0] if names else platform.machine()}), {int(memory) / 1e6:.0f} GB of memory, Linux "
        f"{platform.release().split('-')[0]}, Python {platform.python_version()}, NumPy {version('numpy')}, "
        f"ipykernel {version('ipykernel')}, nbclient {version('nbclient')}"
    )


def _versions(peers: Mapping[str, Path]) -> Iterator[str]:
    for name, python in peers.items():
        package = PEERS[name].partition("==")[0]
        yield f"{package} {version_of(python, package)}"


_QUICK = """**These are the figures of the quick form**: each tool once, on a handful of submissions, where the start of every
tool weighs most. They show that everything works; `make bench` without `--quick` replaces them.
"""

_HEAD = """# How fast it is

Measured on {date}: {machine}. Made by `make bench`; every figure comes from there, those that fall short among them.
"""

_FOOT = """
## How it was measured

`make bench` (`python -m tests.benchmarks`) writes the classes, runs every tool as a user would, in a fresh process and
from an empty state, and one after another. Other graders ({versions}) stand in environments of their own, made by `uv
venv` and `uv pip install` under the temporary folder. All solutions are right, and no two submissions are the same.
Every tool runs with one BLAS thread, which is the faster setting for each of them when two notebooks run at once. CPU
seconds are those of a control group around the command: all its processes count, whoever started them. Peak memory is
anonymous memory of all processes together, looked at twenty times a second. nbgrader grades one submission at a time;
otter is run on as many at once as there are cores. What nbgrader and otter check are the same
eight functions with the same inputs; they do it in the student's own process, where it can be forged, which costs them
nothing here. The load average before each measurement is in the tables: figures taken on a busy machine say little
about wall time, and overstate CPU.
"""
