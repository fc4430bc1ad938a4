"""Grade a class, judge it anew, write its files again, or check one submission."""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from ..assignment import Assignment
from ..errors import GraderError, UsageError
from ..execute import not_run
from ..files import mend
from ..grading import Grading, open_grading, prepare_grading
from ..model import Evidence, Result, Submission
from ..profile import Profile, Spent
from ..records.gradebook import Gradebook
from ..seed import Seed
from ..state import State
from ..store.roster import Entry
from ..submission import Rejected, find_submissions
from .classrun import TOGETHER, ClassRun
from .known import KnownMistakes
from .outputs import EarlyOutputs, write_outputs
from .settings import Progress, Settings, Silence, Summary

__all__ = ["check_one", "grade", "remove", "rescore", "rewrite"]


@contextlib.contextmanager
def _disk_troubles(*folders: Path) -> Iterator[None]:
    """Turn a disk that is full or takes no files into one message. Files are written as a whole, so only it has to be mended."""
    try:
        yield
    except OSError as exc:
        place = exc.filename or " or ".join(map(str, folders))
        raise GraderError(
            f"{place}: {exc.strerror or exc}; what is graded so far is kept: {mend(exc)}, then run the same command again"
        ) from exc


def _take_files(out: Path) -> None:
    """Make the folder for what people get, and look whether it takes files: better told now than after the class has run.

    Raises: UsageError if it does not.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as exc:
        raise UsageError(
            f"--out {out}: cannot be written ({exc.strerror}); {mend(exc)}, then run this again"
        ) from exc


def grade(
    assignment: Assignment, paths: Sequence[Path], settings: Settings, progress: Progress | None = None
) -> Summary:
    """Grade everything under `paths` and write results, reports and exports to `settings.out`.

    Raises: UsageError if nothing was found, or `settings.out` cannot be written. AssignmentError if the instructor's files are
    wrong. SandboxError if there is no working sandbox and `settings.unsafe` is not set. Whatever is wrong with one submission
    becomes that student's result.
    """
    started = time.monotonic()
    passed_over: list[str] = []
    with contextlib.ExitStack() as stack:
        stack.enter_context(_disk_troubles(settings.state.folder, settings.out))
        handed_in = find_submissions(  # first: where nothing is handed in, nothing is made, either
            paths,
            assignment,
            settings.state.blobs,
            leave_out=[settings.out, settings.state.folder],
            pass_over=passed_over.append,
            in_class=lambda student: settings.state.roster(assignment.name).find(student) is not None,
        )
        stack.enter_context(settings.state.at_work(assignment.name))
        known = stack.enter_context(KnownMistakes())
        if settings.seed is not None:
            settings.state.choose_seed(assignment.name, settings.seed)
        known.begin_if_sure(assignment, settings.seed, settings.state)
        grading = prepare_grading(assignment, settings.state, seed=settings.seed, data=settings.data)
        found = list(_taken_in(handed_in, settings.profile))
        _take_files(settings.out)
        with settings.state.gradebook() as gradebook:
            early = EarlyOutputs(settings)
            run = ClassRun(grading, settings, gradebook, progress or Silence(), early=early, known=known)
            run.progress.found(len(found))
            asyncio.run(run.all(found))
            index = write_outputs(run.grading, gradebook, settings, students=run.students, early=early)
            if settings.profile is not None:
                settings.profile.write(settings.out)
            summary = run.summary(time.monotonic() - started, index)
            return replace(summary, passed_over=tuple(passed_over))


def _taken_in(
    found: Iterator[Submission | Rejected], profile: Profile | None
) -> Iterator[Submission | Rejected]:
    """Pass submissions on, and note what taking each in took."""
    if profile is None:
        yield from found
        return
    while True:
        wall, cpu = time.monotonic(), time.process_time()
        one = next(found, None)
        if one is None:
            return
        spent = Spent(wall_s=time.monotonic() - wall, cpu_s=time.process_time() - cpu)
        profile.add(one.student, "intake", spent)
        yield one


def rescore(assignment: Assignment, settings: Settings, progress: Progress | None = None) -> Summary:
    """Judge the kept evidence anew, with the points, tolerances, rubrics and manual marks of now. Runs no student code.

    Alone: a run beside it could record new work, which the older evidence that is judged here would then replace.
    Raises: UsageError if nothing has been graded yet, or `settings.out` cannot be written. AssignmentError if the instructor's
    files are wrong. GraderError if another process is at work on the assignment.
    """
    started = time.monotonic()
    with (
        _disk_troubles(settings.state.folder, settings.out),
        settings.state.at_work(assignment.name, alone=True),
    ):
        grading = open_grading(assignment, settings.state, seed=settings.seed, data=settings.data)
        with settings.state.gradebook() as gradebook:
            run = ClassRun(grading, settings, gradebook, progress or Silence())
            run.recall_solution()
            roster = settings.state.roster(assignment.name)
            entries, away = list(roster), list(roster.turned_away())
            if not entries and not away:
                raise UsageError(
                    f"{settings.state.folder}: nothing graded for {assignment.name} yet; run `grader run` first"
                )
            _take_files(settings.out)
            run.progress.found(len(entries) + len(away))
            for one in away:
                run.turn_away(one, reused=True)
            marks = gradebook.all_marks(assignment.name)
            for start in range(0, len(entries), TOGETHER):
                with gradebook.together():
                    for entry in entries[start : start + TOGETHER]:
                        evidence = _still_valid(grading, entry)
                        given = marks.get(entry.submission.student, {})
                        run.record(entry.submission, evidence, reused=True, marks=given)
            index = write_outputs(run.grading, gradebook, settings, students=run.students)
            return run.summary(time.monotonic() - started, index)


def _still_valid(grading: Grading, entry: Entry) -> Evidence:
    """The kept evidence of an entry. What was made with other probes or another seed cannot be judged: it counts as not run."""
    evidence = grading.state.evidence.find(entry.evidence)
    if evidence is None:
        why = "its evidence is no longer kept"
    elif evidence.suite != grading.suite.digest:
        why = "the probes have changed since"
    elif evidence.seed_id != grading.seed.id:
        why = "it was run with another seed"
    else:
        return evidence
    return not_run(grading.suite, entry.submission, entry.evidence, f"{why}; run `grader run` again")


def rewrite(assignment: Assignment, settings: Settings) -> Path:
    """Write results, exports and pages again from the gradebook, as they were last judged; return the index's path.

    Raises: UsageError if nothing has been graded yet, or `settings.out` cannot be written. AssignmentError if the instructor's
    files are wrong.
    """
    with _disk_troubles(settings.state.folder, settings.out):
        grading = open_grading(assignment, settings.state, seed=settings.seed, data=settings.data)
        with settings.state.gradebook() as gradebook:
            if next(iter(gradebook.rows(assignment.name)), None) is None:
                raise UsageError(
                    f"{settings.state.folder}: nothing graded for {assignment.name} yet; run `grader run` first"
                )
            _take_files(settings.out)
            return write_outputs(grading, gradebook, settings, anew=True)


def remove(
    assignment: Assignment, students: Sequence[str], state: State, gradebook: Gradebook, *, now: datetime
) -> tuple[str, ...]:
    """Take students out of the class: who was taken in by mistake, under a wrong id or without belonging to it; all or nobody.

    Their results count no more and are judged anew no more; history and marks stay, and a later run that finds them brings them
    back. Returns: their ids, each once.
    Raises: UsageError, naming like ones, if one of them is not in the class. GraderError if another process is at work on it.
    """
    with _disk_troubles(state.folder), state.at_work(assignment.name, alone=True):
        known = [row.student for row in gradebook.rows(assignment.name)]
        strange = [student for student in students if student not in known]
        if strange:
            like = [found for student in strange for found in difflib.get_close_matches(student, known)]
            hint = (
                f"did you mean {', '.join(dict.fromkeys(like))}?" if like else "grades.csv has everybody's."
            )
            raise UsageError(
                f"{', '.join(strange)}: nobody in {assignment.name} has this id; {hint} Nobody was removed"
            )
        chosen = tuple(dict.fromkeys(students))
        gradebook.remove(assignment.name, chosen, now)
        for student in chosen:
            state.roster(assignment.name).strike(student)
    return chosen


def check_one(
    assignment: Assignment, path: Path, *, seed: Seed, data: Path | None = None, unsafe: bool = False
) -> Result:
    """Grade one submission and record nothing.

    Raises: UsageError if there is not exactly one submission under `path`; otherwise as `grade`.
    """
    with tempfile.TemporaryDirectory(prefix="grader-check-") as folder:
        settings = Settings(
            out=Path(folder), state=State(Path(folder) / "state"), jobs=1, seed=seed, data=data, unsafe=unsafe
        )
        grading = prepare_grading(assignment, settings.state, seed=seed, data=data)
        found = list(find_submissions([path], assignment, settings.state.blobs))
        if len(found) != 1:
            raise UsageError(
                f"{path}: holds {len(found)} submissions, expected one; `grader run` grades a class"
            )
        with settings.state.gradebook() as gradebook:
            run = ClassRun(grading, settings, gradebook, Silence())
            asyncio.run(run.all(found))
            (result,) = gradebook.results(assignment.name)
            return result
