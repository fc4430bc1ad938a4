"""Hand the results of an assignment over to a learning platform, or as a plain table: one function for every target.

Only complete results go out; who was left out, and why, is returned. How the files look is for `canvas`, `moodle`
and `lms` to know.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path

from ..errors import UsageError
from ..files import write_atomically
from ..model import Result
from .canvas import fill_canvas
from .exports import write_grades
from .filling import Filled, called, left_out
from .gradebook import Gradebook
from .lms import gradescope_document, write_nbgrader
from .moodle import fill_moodle

__all__ = ["Platform", "hand_over"]


class Platform(Enum):
    """Where results can go. CANVAS and MOODLE need a file downloaded from there, which is filled in."""

    CANVAS = "canvas"
    MOODLE = "moodle"
    GRADESCOPE = "gradescope"
    NBGRADER = "nbgrader"
    CSV = "csv"

    @property
    def fills(self) -> bool:
        """Is a downloaded file filled in?"""
        return self in (Platform.CANVAS, Platform.MOODLE)


def hand_over(
    gradebook: Gradebook,
    assignment: str,
    platform: Platform,
    out: Path,
    *,
    template: Path | None = None,
    column: str | None = None,
    id_column: str | None = None,
    scale: bool = False,
) -> Filled:
    """Write the newest complete results of an assignment to `out`: a file, or for Gradescope a folder with one for each student.

    template: the file downloaded from Canvas or Moodle; it stays as it is. column: the header of the grades there; id_column:
    that of Moodle's participants. scale: convert to the platform's maximum.
    Raises: UsageError if there are no results, options do not fit the platform, the template is not what it should be, or `out`
    cannot be written.
    """
    if next(gradebook.rows(assignment), None) is None:
        raise UsageError(f"{gradebook.place}: no results for {assignment}; run `grader run` first")
    if not platform.fills and (template or column or id_column or scale):
        raise UsageError(
            f"{platform.value}: there is no file to fill in; leave --template and its options out"
        )
    if platform is Platform.CANVAS and id_column:
        raise UsageError("canvas: its columns have the same names everywhere; leave --id-column out")
    try:
        if not platform.fills:
            return _written(gradebook, assignment, platform, out)
        chosen = _template(platform, template, out)
        rows = gradebook.rows(assignment)
        if platform is Platform.CANVAS:
            return fill_canvas(chosen, out, rows, column=column, scale=scale)
        return fill_moodle(chosen, out, rows, identifier=id_column, grade=column, scale=scale)
    except OSError as exc:
        raise UsageError(f"{out}: cannot be written: {exc.strerror}") from exc


_WANTED = {
    Platform.CANVAS: "the gradebook (Grades, Export)",
    Platform.MOODLE: "the grading worksheet (the assignment's Submissions, Download grading worksheet)",
}


def _template(platform: Platform, template: Path | None, out: Path) -> Path:
    if template is None:
        raise UsageError(
            f"{platform.value}: download {_WANTED[platform]} and name it with --template; it is filled in as {out}"
        )
    if out.exists() and template.exists() and out.samefile(template):
        raise UsageError(f"{out}: is the template, which stays as it came; name another file with --out")
    return template


def _written(gradebook: Gradebook, assignment: str, platform: Platform, out: Path) -> Filled:
    results = gradebook.results(assignment)
    if platform is Platform.NBGRADER:
        return write_nbgrader(out, assignment, results)
    others: list[tuple[str, str]] = []
    complete = _complete(results, others)
    filled = (
        _write_gradescope(out, complete) if platform is Platform.GRADESCOPE else write_grades(out, complete)
    )
    return Filled(filled=filled, left_out=tuple(others), unscored=0)


def _complete(results: Iterable[Result], others: list[tuple[str, str]]) -> Iterator[Result]:
    """The complete results; the others are noted in `others` on the way."""
    for result in results:
        reason = left_out(result)
        if reason:
            others.append((called(result), reason))
        else:
            yield result


def _write_gradescope(folder: Path, results: Iterable[Result]) -> int:
    count = 0
    for result in results:
        text = json.dumps(gradescope_document(result), indent=2, ensure_ascii=True)
        write_atomically(folder / result.student / "results.json", text.encode("ascii") + b"\n")
        count += 1
    return count
