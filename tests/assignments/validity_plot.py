"""One picture for `docs/validity.md`: how far right and wrong answers stand from the tolerances."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from tests.assignments.validity import Course, margins

__all__ = ["draw_margins", "spread"]

LEAST, MOST = 1e-10, 1e9  # of the tolerance; what lies beyond stands at the edge
DPI = 110
RIGHT, WRONG = "#1b7f4b", "#b3261e"
DISTANCE = 0.17  # of the two kinds of dots from a course's line


def draw_margins(courses: Sequence[Course], path: Path) -> None:
    """Write the picture as PNG: a row for each course, a pair of dots for each check."""
    figure = Figure(figsize=(10, 0.9 * len(courses) + 1.6), layout="constrained")
    axes = figure.subplots()
    for row, course in enumerate(courses):
        near = [one for one in margins(course.checks, course.runs) if one.tolerance]
        right = [one.right / one.tolerance for one in near if one.right is not None and one.tolerance]
        wrong = [one.wrong / one.tolerance for one in near if one.tolerance]
        for values, place, colour, marker in (
            (right, row - DISTANCE, RIGHT, "o"),
            (wrong, row + DISTANCE, WRONG, "D"),
        ):
            heights = [place + offset for offset in spread(len(values))]
            edged = [min(max(value, LEAST), MOST) for value in values]
            axes.scatter(edged, heights, s=22, c=colour, marker=marker, alpha=0.75, linewidths=0)
    axes.axvline(1.0, color="black", linewidth=1.2)
    axes.set_xscale("log")
    axes.set_xlim(LEAST / 3, MOST * 3)
    axes.set_ylim(len(courses) - 0.5, -0.5)
    axes.set_yticks(
        range(len(courses)), [course.assignment.spec.course.partition(",")[0] for course in courses]
    )
    axes.set_xlabel("relative error divided by the check's tolerance")
    axes.set_title(
        "Worst right answer (green dots) and mildest known mistake (red diamonds) of every check", fontsize=11
    )
    axes.grid(axis="x", alpha=0.3)
    figure.savefig(path, dpi=DPI, metadata={"Software": None})


def spread(count: int) -> list[float]:
    """So many heights around 0 that neighbours in a list do not hide each other."""
    return [0.05 * (index % 5 - 2) for index in range(count)]
