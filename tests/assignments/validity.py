"""Figures into the words and tables of `docs/validity.md`. Pure: values in, Markdown out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grader.assignment import Assignment
from grader.probe import Check

__all__ = ["section"]

WANTED = 0.95  # of the runs of one known mistake, named right

UNCAUGHT = "not caught"

Run = Mapping[str, Any]


def section(
    assignment: Assignment, checks: Sequence[Check], survey: Mapping[str, Any] | None, runs: Mapping[int, Run]
) -> str:
    """One course's section. survey: of its mutants, or None if it was not made; runs: the figures by seed."""
    lines = [f"## {assignment.spec.course}: {assignment.spec.title}", ""]
    if not runs and survey is None:
        return "\n".join([*lines, "Not measured yet.", ""])
    lines += [*_known(survey, runs), *_mutants(survey), *_spared(runs), *_margins(checks, runs)]
    return "\n".join([*lines, ""])


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


def _margins(checks: Sequence[Check], runs: Mapping[int, Run]) -> Iterator[str]:
    """The table of tolerances between the worst right and the mildest wrong error."""
    shown = [check for check in checks if any(check.id in run["wrong"] for run in runs.values())]
    if not shown:
        return
    yield "| check | worst right | tolerance | mildest wrong |"
    yield "| --- | --- | --- | --- |"
    for check in shown:
        right = [run["right"][check.id] for run in runs.values() if check.id in run["right"]]
        wrong = min(run["wrong"][check.id] for run in runs.values() if check.id in run["wrong"])
        tolerance = f"{check.tolerance:.0e}" if isinstance(check.tolerance, float) else "by array"
        yield f"| `{check.id}` | {_error(max(right)) if right else '-'} | {tolerance} | {_error(wrong)} |"


def _error(value: float) -> str:
    return "other shape" if value == float("inf") else "0" if value == 0 else f"{value:.0e}"


def _seeds(runs: Mapping[int, Run]) -> str:
    return f"{len(runs)} seed{'s' if len(runs) != 1 else ''}"


def _share(count: int, total: int) -> str:
    """100 % and 0 only where exact."""
    if count in (0, total):
        return "0" if count == 0 else "100 %"
    return f"{min(max(100 * count / total, 0.1), 99.9):.1f} %"
