"""Figures into the words and tables of `docs/validity.md` and `docs/validity-by-course.md`. Pure: values in, Markdown out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grader.assignment import Assignment
from grader.probe import Check

__all__ = ["Course", "Margin", "margins", "section", "summary"]

WANTED = 0.95  # of the runs of one known mistake, named right

UNCAUGHT = "not caught"

Run = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What was measured of one course. survey: of its mutants, or None if it was not made; runs: the figures by seed."""

    assignment: Assignment
    checks: Sequence[Check]
    survey: Mapping[str, Any] | None
    runs: Mapping[int, Run]


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """Where one check's tolerance stands. right: the worst error of a right answer, None if none ran; wrong: the mildest known
    mistake's; both relative errors over all seeds. tolerance: None where it differs by array.
    """

    check: str
    right: float | None
    tolerance: float | None
    wrong: float


def summary(courses: Sequence[Course]) -> str:
    """All courses in one table, a line each; those that were not measured are left out."""
    lines = [
        "| course | known mistakes caught | named with certainty | named wrongly with certainty | source mutants caught"
        " | right answers x seeds | that lost points | worst right error | mildest wrong error |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for course in courses:
        told = sum(_by_entry(course.runs).values(), Counter())
        if course.survey is None or not told:
            continue
        known = course.survey["misconceptions"]
        tried = sum(run["variants"] for run in course.runs.values())
        lost = sum(len(run["lost"]) for run in course.runs.values())
        near = [one for one in margins(course.checks, course.runs) if one.tolerance]
        right = max(
            (one.right / one.tolerance for one in near if one.right is not None and one.tolerance),
            default=0.0,
        )
        wrong = min((one.wrong / one.tolerance for one in near if one.tolerance), default=float("inf"))
        cells = [
            course.assignment.spec.course.partition(",")[0],
            f"{known} of {known + len(course.survey['missed'])}",
            _share(told["certain"], told.total()),
            str(told["wrong"]),
            _share(round(1e4 * course.survey["score"]), 10_000),
            f"{max(run['variants'] for run in course.runs.values())} x {len(course.runs)} = {tried}",
            str(lost) if lost else "none",
            f"{right:.1g} of its tolerance",
            f"{wrong:.1f} times its tolerance",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def section(course: Course) -> str:
    """One course's section, with a table of all its checks."""
    spec, survey, runs = course.assignment.spec, course.survey, course.runs
    lines = [f"## {spec.course}: {spec.title}", ""]
    if not runs and survey is None:
        return "\n".join([*lines, "Not measured yet.", ""])
    lines += [*_known(survey, runs), *_mutants(survey), *_spared(runs), *_table(margins(course.checks, runs))]
    return "\n".join([*lines, ""])


def margins(checks: Sequence[Check], runs: Mapping[int, Run]) -> tuple[Margin, ...]:
    """Of every check in whose function a mistake is known, in the assignment's order."""
    found = []
    for check in checks:
        wrong = [run["wrong"][check.id] for run in runs.values() if check.id in run["wrong"]]
        right = [run["right"][check.id] for run in runs.values() if check.id in run["right"]]
        if wrong:
            tolerance = check.tolerance if isinstance(check.tolerance, float) else None
            found.append(
                Margin(check=check.id, right=max(right, default=None), tolerance=tolerance, wrong=min(wrong))
            )
    return tuple(found)


def _known(survey: Mapping[str, Any] | None, runs: Mapping[int, Run]) -> Iterator[str]:
    by_entry = _by_entry(runs)
    told = sum(by_entry.values(), Counter())
    total = told.total()
    if not total:
        return
    if survey is not None:
        missed = (
            f" Not caught: {', '.join(f'`{name}`' for name in survey['missed'])}." if survey["missed"] else ""
        )
        yield f"**Known mistakes.** The checks catch {survey['misconceptions']} of the catalogue's.{missed}"
    yield (
        f"Named in {total} runs ({_seeds(runs)}): with certainty {_share(told['certain'], total)}, together with one that gives"
        f" the same numbers in every check {_share(told['twin'], total)}, as one of several {_share(told['among'], total)},"
        f" unnamed {_share(told['silent'], total)}, not caught {_share(told[UNCAUGHT], total)};"
        f" **named wrongly with certainty: {told['wrong']}**."
    )
    yield ""
    yield from _seldom(by_entry)


def _by_entry(runs: Mapping[int, Run]) -> dict[str, Counter[str]]:
    """How each entry was named, and on how many seeds; one that shows on some seeds only was not caught on the others."""
    names = sorted({name for run in runs.values() for name in run["named"]})
    return {name: Counter(run["named"].get(name, UNCAUGHT) for run in runs.values()) for name in names}


def _seldom(by_entry: Mapping[str, Counter[str]]) -> Iterator[str]:
    """The entries that are named for certain less often than is asked for."""
    listed = False
    for name, told in by_entry.items():
        if told["certain"] < WANTED * told.total():
            listed = True
            rest = ", ".join(f"{how} {count}" for how, count in told.items() if how != "certain")
            yield f"- `{name}`: certain in {told['certain']} of {told.total()} runs ({rest})."
    if listed:
        yield ""


def _mutants(survey: Mapping[str, Any] | None) -> Iterator[str]:
    if survey is None or not survey["mutants"]:
        return
    yield (
        f"**Source mutants.** Of {survey['mutants']}, {survey['equivalent']} are equivalent to the solution; of the others the"
        f" checks catch **{survey['score']:.1%}**."
    )
    yield ""
    gaps = [f"- Not noticed: `{name}`. {reason or 'Not looked into yet.'}" for name, reason in survey["gaps"]]
    yield from [*gaps, ""] if gaps else []


def _spared(runs: Mapping[int, Run]) -> Iterator[str]:
    variants = max((run["variants"] for run in runs.values()), default=0)
    if not variants:
        return
    lost = Counter((name, check) for run in runs.values() for name, check, _ in run["lost"])
    yield (
        f"**Right answers.** {variants} implementations over {_seeds(runs)}, with 1 and 2 threads of linear algebra: "
        + ("none lost a point." if not lost else f"{lost.total()} times a point was lost:")
    )
    yield ""
    worst = [f"- `{name}` in `{check}`: {count} times." for (name, check), count in lost.most_common()]
    yield from [*worst, ""] if worst else []


def _table(found: Sequence[Margin]) -> Iterator[str]:
    """The table of tolerances between the worst right and the mildest wrong error."""
    if not found:
        return
    yield "| check | worst right | tolerance | mildest wrong |"
    yield "| --- | --- | --- | --- |"
    for one in found:
        tolerance = f"{one.tolerance:.0e}" if one.tolerance is not None else "by array"
        yield f"| `{one.check}` | {'-' if one.right is None else _error(one.right)} | {tolerance} | {_error(one.wrong)} |"


def _error(value: float) -> str:
    return "other shape" if value == float("inf") else "0" if value == 0 else f"{value:.0e}"


def _seeds(runs: Mapping[int, Run]) -> str:
    return f"{len(runs)} seed{'s' if len(runs) != 1 else ''}"


def _share(count: int, total: int) -> str:
    """100 % and 0 only where exact."""
    if count in (0, total):
        return "0" if count == 0 else "100 %"
    return f"{min(max(100 * count / total, 0.1), 99.9):.1f} %"
