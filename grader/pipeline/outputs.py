"""What a run writes for people and other programs: results.json, grades.csv, executed notebooks, pages."""

from __future__ import annotations

import contextlib
import hashlib
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from .. import __version__
from ..files import write_atomically
from ..grading import Grading, environment
from ..model import Result
from ..records.exports import exported
from ..records.gradebook import Gradebook
from ..report import EarlyPages, ReportHeader, ReportJob, remove_pages, write_reports
from .settings import Settings

__all__ = ["EarlyOutputs", "write_outputs"]

MAX_LOOKED = 20  # results, to find one with evidence


class EarlyOutputs:
    """What is written of one student as soon as there is a result, beside those who are still graded: notebooks and pages.

    Nothing hangs on it: what could not be written, or has changed by then, `write_outputs` writes at the end.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.pages: EarlyPages | None = None

    def write(self, grading: Grading, result: Result, limits: Mapping[str, str]) -> None:
        """Write it. limits: what held each limit, as the evidence has it. For one thread at a time."""
        out = self._settings.out
        try:
            _write_notebooks(result, grading, out / "notebooks")
            if self.pages is None:
                self.pages = EarlyPages(_job(grading, self._settings, limits))
            self.pages.write(result, self._settings.profile)
        except Exception:  # noqa: BLE001, S110  # met again, and told, when all is written; the class must not stop for it
            pass


def write_outputs(
    grading: Grading,
    gradebook: Gradebook,
    settings: Settings,
    *,
    students: Iterable[str] | None = None,
    anew: bool = False,
    early: EarlyOutputs | None = None,
) -> Path:
    """Write results.json, grades.csv, executed notebooks and all pages; return the index's path.

    students: those of this run, or None for everyone in the gradebook. anew: also write pages on which nothing has changed.
    early: what was written before all results were there.
    Results are streamed, each read once: a class of any size fits. Pages of students who were removed are taken away.
    """
    wanted = None if students is None else set(students)
    name = grading.assignment.name

    def results() -> Iterator[Result]:
        return (result for result in gradebook.results(name) if wanted is None or result.student in wanted)

    out = settings.out
    items = [
        *(check.id for check in grading.suite.checks),
        *(question.id for question in grading.assignment.spec.questions),
    ]
    job = _job(grading, settings, _limits(grading, results()), anew=anew)
    passing = exported(results(), folder=out, assignment=name, items=items)
    write_reports(
        _with_notebooks(passing, grading, out / "notebooks"),
        job,
        processes=settings.slots,
        costs=settings.profile,
        early=early.pages if early is not None else None,
    )
    for student in gradebook.removed(name):
        _clear(student, grading, out)
    return out / "index.html"


def _with_notebooks(results: Iterable[Result], grading: Grading, folder: Path) -> Iterator[Result]:
    for result in results:
        _write_notebooks(result, grading, folder)
        yield result


def _write_notebooks(result: Result, grading: Grading, folder: Path) -> None:
    """Put the executed notebooks beside the reports, and take away those of another hand-in of the student's.

    One that is no longer kept is left out, and the report says so.
    """
    executed = {notebook.path: notebook.executed for notebook in result.notebooks}
    for path, name in _notebook_names(grading, executed).items():
        target, digest = folder / result.student / name, executed.get(path)
        if digest is not None and _holds(target, digest):
            continue
        if digest is not None and digest in grading.state.blobs:
            write_atomically(target, grading.state.blobs.get(digest), durable=False)
        else:
            target.unlink(missing_ok=True)


def _notebook_names(grading: Grading, others: Iterable[str] = ()) -> dict[str, str]:
    """Where notebooks lie in a student's folder, by path: under the last part of it alone, if no other has the same."""
    paths = dict.fromkeys([*(notebook.path for notebook in grading.assignment.spec.notebooks), *others])
    namesakes = Counter(Path(path).name for path in paths)
    return {path: path if namesakes[Path(path).name] > 1 else Path(path).name for path in paths}


def _clear(student: str, grading: Grading, out: Path) -> None:
    """Take away what was written of a student who is no longer in the class."""
    remove_pages(out, student)
    folder = out / "notebooks" / student
    for name in _notebook_names(grading).values():
        (folder / name).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # not there, or there is something else in it
        folder.rmdir()


def _holds(target: Path, digest: str) -> bool:
    """Whether a file has these contents. Times tell nothing: a student may go back to an earlier hand-in."""
    try:
        return hashlib.sha256(target.read_bytes()).hexdigest() == digest
    except FileNotFoundError:
        return False


def _limits(grading: Grading, results: Iterable[Result]) -> Mapping[str, str]:
    """What held each limit while the class ran, as the first kept evidence has it."""
    for result in islice(results, MAX_LOOKED):
        evidence = grading.state.evidence.find(result.evidence) if result.evidence else None
        if evidence is not None and evidence.limits:
            return evidence.limits
    return {}


def _job(grading: Grading, settings: Settings, limits: Mapping[str, str], *, anew: bool = False) -> ReportJob:
    header = _header(grading, settings, limits)
    return ReportJob(folder=settings.out, header=header, load=grading.state.blobs.get, anew=anew)


def _header(grading: Grading, settings: Settings, limits: Mapping[str, str]) -> ReportHeader:
    spec = grading.assignment.spec
    return ReportHeader(
        title=spec.title,
        course=spec.course,
        graded_at=datetime.now(UTC),
        data=grading.data.name if grading.data else "",
        synthetic=bool(grading.data and grading.data.synthetic),
        limits=dict(sorted(limits.items())),  # as they are in evidence that is read again
        environment=environment(),
        sandboxed=not settings.unsafe,
        version=__version__,
        private_paths=_private_paths(grading),
    )


def _private_paths(grading: Grading) -> tuple[str, ...]:
    """Folders of this machine that no student's page may name."""
    places = {
        grading.assignment.folder,
        grading.state.folder.resolve(),
        Path(sys.prefix),
        Path(sys.base_prefix),
        Path.home(),
    }
    if grading.data is not None:
        places.add(grading.data.folder)
    return tuple(sorted(str(place) for place in places))
