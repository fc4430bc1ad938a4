"""The project's targets beside what was measured. Whatever falls short is named, with the reason."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .measure import Cost, spread
from .record import Part, Record
from .workloads import PROBES

__all__ = [
    "ALL_CHECKS",
    "AUTOGRADE",
    "FEEDBACK",
    "ONE_CHECK",
    "OURS",
    "SCRIPTS",
    "Target",
    "check_cost",
    "fixed_cost",
    "mean_walls",
    "otters",
    "targets",
]

MB = 1e6
OURS = "this grader"
ALL_CHECKS = "all checks"  # this grader, in turns with the next
ONE_CHECK = "one check"  # this grader, of one function in place of all
SCRIPTS = "plain scripts"
AUTOGRADE = "nbgrader autograde"
FEEDBACK = "nbgrader generate_feedback, on top"
RIVALS = "nbgrader (autograde and feedback)", "otter at its best"
LEFT = (
    "What is left: eight checks, each in a fork of its own (some 5 ms), the kernel's start, the driver (30 ms) and making "
    "the room (10 ms). Forks and start are page faults of copied memory more than work, and cost more on a busy machine."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is wanted and what came of it. reason: why it may fall short; said only if it does."""

    name: str
    wanted: str
    measured: str
    met: bool
    reason: str


def otters(at_once: int) -> str:
    """The name under which otter's runs are kept."""
    return f"otter run, {at_once} at once"


def targets(record: Record) -> list[Target]:
    """The targets of every part that was measured."""
    found = {
        "growth": _growth_targets,
        "light": _light_targets,
        "heavy": _heavy_targets,
        "efficiency": _heavy_targets,
        "mixed": _mixed_targets,
        "cluster": _cluster_targets,
    }
    return [target for name, rule in found.items() if name in record for target in rule(record[name])]


def slope_s(growth: Part) -> float:
    """CPU seconds for each further submission, all told: from the smallest class to the largest, without the start."""
    runs = growth.numbered("run")
    small, large = min(runs), max(runs)
    return (runs[large].cpu_s - runs[small].cpu_s) / (large - small)


def fixed_cost(growth: Part) -> float:
    """What of `slope_s` is not the student's own cells."""
    return slope_s(growth) - min(growth.own_s) / growth.count


def check_cost(growth: Part) -> float | None:
    """CPU seconds of one check of a further submission, its fork included; None where no class with one check was measured.

    From what a submission costs with all checks and with one, between the same two sizes of class, each run several times in turns.
    """
    sizes = sorted(growth.numbered(ONE_CHECK))
    if len(sizes) < 2:
        return None
    small, large = sizes
    slopes = []
    for word in (ALL_CHECKS, ONE_CHECK):
        most, least = (min(one.cpu_s for one in growth.costs[f"{word} {size}"]) for size in (large, small))
        slopes.append((most - least) / (large - small))
    return (slopes[0] - slopes[1]) / (len(PROBES) - 1)


def _growth_targets(part: Part) -> Iterator[Target]:
    runs = part.numbered("run")
    large = max(runs)
    cost, check = fixed_cost(part), check_cost(part)
    if check is not None:
        without = cost - len(PROBES) * check
        yield Target(
            name="fixed cost of a light submission: CPU beyond the student's cells and checks, pages included",
            wanted="under 0.10 s",
            measured=f"{without:.3f} s",
            met=without < 0.10,
            reason=LEFT,
        )
    yield Target(
        name="stricter, checks and their forks included: CPU of a light submission beyond its cells",
        wanted="under 0.10 s",
        measured=f"{cost:.3f} s",
        met=cost < 0.10,
        reason=LEFT,
    )
    times = slope_s(part) * part.count / min(part.own_s)
    yield Target(
        name="CPU of each further light submission, as a multiple of its bare cells in a warm process",
        wanted="under 3",
        measured=f"{times:.2f}",
        met=times < 3,
        reason="See the fixed cost.",
    )
    memory = max(one.own_bytes for one in runs.values()) / MB
    yield Target(
        name=f"peak memory of the driver, from {min(runs)} to {large} submissions",
        wanted="under 400 MB",
        measured=f"{runs[min(runs)].own_bytes / MB:.0f} to {memory:.0f} MB",
        met=memory < 400,
        reason="It should not grow with the class: look at what holds results.",
    )
    for name, word, most in (("second run over an unchanged class", "again", 5), ("rescore", "rescore", 10)):
        wanted = max(most * large / 1000, 2.0)
        wall = part.numbered(word)[large].wall_s
        yield Target(
            name=f"{name} of {large}",
            wanted=f"under {wanted:g} s",
            measured=f"{wall:.1f} s",
            met=wall < wanted,
            reason="Every submission's evidence is read and judged anew, its result compared with the gradebook's, its page "
            "written.",
        )
    yield from _large_class_targets(part)


def _light_targets(part: Part) -> Iterator[Target]:
    ours = _median(part, OURS)
    if SCRIPTS in part.costs:
        share = ours.cpu / _median(part, SCRIPTS).cpu
        yield Target(
            name="CPU of a light class, start and reports included, as a multiple of the same cells as plain scripts",
            wanted="under 3",
            measured=f"{share:.2f}",
            met=share < 3,
            reason=f"The start (imports, the warm parent, pages) is spread over {part.count} submissions alone.",
        )
    for name, times in _leads(part):
        yield Target(
            name=f"throughput of {part.count} light submissions against {name}",
            wanted="at least 20 times",
            measured=f"{times:.1f} times",
            met=times >= 20,
            reason=f"The start of this grader, more than a second, is spread over {part.count} submissions alone; and the "
            "students' own cells, which no grader can save, bound the rest.",
        )


def _leads(part: Part) -> Iterator[tuple[str, float]]:
    """How many times faster this grader is than others, each of their runs between two of ours; the median."""
    if AUTOGRADE in part.beside_s:
        walls = [
            a.wall_s + b.wall_s for a, b in zip(part.costs[AUTOGRADE], part.costs[FEEDBACK], strict=True)
        ]
        yield RIVALS[0], _lead(walls, part.beside_s[AUTOGRADE])
    leads = [
        _lead([cost.wall_s for cost in part.costs[name]], beside)
        for name, beside in part.beside_s.items()
        if name.startswith("otter")
    ]
    if leads:
        yield RIVALS[1], min(leads)


def _lead(theirs: Sequence[float], beside: Sequence[float]) -> float:
    return statistics.median(wall / ours for wall, ours in zip(theirs, beside, strict=True))


def _large_class_targets(part: Part) -> Iterator[Target]:
    """The largest class, against what others took for the smallest right before and after it."""
    runs = part.numbered("run")
    large = max(runs)
    ours_s = runs[large].wall_s / large
    walls = {
        name: statistics.mean(cost.wall_s for cost in part.costs[name]) / part.count
        for name in part.costs
        if name in (AUTOGRADE, FEEDBACK) or name.startswith("otter")
    }
    rivals = []
    if AUTOGRADE in walls:
        rivals.append((RIVALS[0], walls[AUTOGRADE] + walls[FEEDBACK]))
    if others := [wall for name, wall in walls.items() if name.startswith("otter")]:
        rivals.append((RIVALS[1], min(others)))
    for name, theirs_s in rivals:
        times = theirs_s / ours_s
        yield Target(
            name=f"throughput of {large} light submissions against {name}, whose {part.count} stand for as many",
            wanted="at least 20 times",
            measured=f"{times:.1f} times",
            met=times >= 20,
            reason="The students' own cells, run in a kernel, take more than half of this grader's CPU; the rest is the fixed "
            "cost above.",
        )


def _heavy_targets(part: Part) -> Iterator[Target]:
    """The target as it was set, of the cells and checks within the runs; and a stricter one, of the same cells without a grader."""
    reason = (
        "Start and reports take more than a second, in which no cell runs, and at the end one core waits for the last submission: "
        "both weigh in a small class. In a large one it is what the machine keeps to itself, and what the driver takes."
    )
    if OURS in part.inside_s:
        inside = statistics.median(
            seconds / (part.cores * cost.wall_s)
            for seconds, cost in zip(part.inside_s[OURS], part.costs[OURS], strict=True)
        )
        yield Target(
            name=f"efficiency of {part.count} heavy submissions: CPU of the students' cells and checks / (cores x wall)",
            wanted="at least 0.95",
            measured=f"{inside:.3f}",
            met=inside >= 0.95,
            reason=reason,
        )
        if part.ceiling:
            share = inside / statistics.mean(part.ceiling)
            yield Target(
                name="the same, of the time that endless loops get of all cores here, right before and after",
                wanted="at least 0.95",
                measured=f"{share:.3f}",
                met=share >= 0.95,
                reason=reason,
            )
    bare = statistics.mean(part.own_s) / (part.cores * _median(part, OURS).wall)
    yield Target(
        name=f"stricter, {part.count} heavy submissions: CPU of their cells bare, without checks / (cores x wall)",
        wanted="at least 0.95",
        measured=f"{bare:.3f}",
        met=bare >= 0.95,
        reason=f"{reason} Bare cells are run at other times, when the machine may be faster or slower.",
    )


def _mixed_targets(part: Part) -> Iterator[Target]:
    cost = _median(part, OURS)
    yield Target(
        name=f"a class of {part.count} samples, with endless loops and floods",
        wanted="under 60 s",
        measured=f"{cost.wall:.1f} s",
        met=cost.wall < 60,
        reason="Endless loops cost their whole time limit; the more such samples, the longer.",
    )
    memory = max(one.own_bytes for one in part.costs[OURS]) / MB
    yield Target(
        name="peak memory of the grader itself in that class",
        wanted="under 400 MB",
        measured=f"{memory:.0f} MB",
        met=memory < 400,
        reason="Look at what holds evidence.",
    )


def _cluster_targets(part: Part) -> Iterator[Target]:
    walls = mean_walls(part, "workers")
    gain = walls[1] / walls[2]
    yield Target(
        name=f"{part.count} heavy submissions on a cluster: two workers of one core against one",
        wanted="at least 1.8 times",
        measured=f"{gain:.2f} times",
        met=gain >= 1.8,
        reason="Driver and scheduler share the two cores with the workers, and start and reports take the same time for both.",
    )


def mean_walls(part: Part, word: str) -> dict[int, float]:
    """Mean wall seconds of the runs that are named "<word> <number>", by number."""
    return {
        number: statistics.mean(cost.wall_s for cost in part.costs[f"{word} {number}"])
        for number in part.numbered(word)
    }


@dataclass(frozen=True, slots=True)
class _Medians:
    wall: float
    cpu: float


def _median(part: Part, name: str) -> _Medians:
    costs = part.costs[name]

    def wall(cost: Cost) -> float:
        return cost.wall_s

    return _Medians(spread(costs, wall).median, spread(costs, lambda cost: cost.cpu_s).median)
