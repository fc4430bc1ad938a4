"""A class from paths to marks: intake, execution, scoring, gradebook, reports. The only module that sees the whole way.

Evidence is recalled where it is kept, so an interrupted run goes on where it stopped and an unchanged submission is never executed
twice. One bad submission never stops the class.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from . import __version__
from .assignment import Assignment
from .authoring.source import solution_files
from .errors import AssignmentError, GraderError, SandboxError, UsageError
from .execute import Executor, LocalExecutor, Plan, not_run
from .files import write_atomically
from .grading import Grading, environment, open_grading, rejected
from .model import Evidence, ManualMark, Result, Status, Submission
from .points import shown_points
from .profile import Profile, Spent
from .records.exports import exported
from .records.gradebook import Gradebook
from .report import ReportHeader, ReportJob, write_reports
from .seed import Seed
from .state import State
from .store.roster import Entry
from .submission import Rejected, find_submissions

__all__ = [
    "Line",
    "Progress",
    "Settings",
    "Silence",
    "Summary",
    "check_one",
    "grade",
    "rescore",
    "rewrite",
    "write_outputs",
]

MAX_LOOKED = 20  # results, to find one with evidence


class Progress(Protocol):
    """Hears how a run goes on. Called from the run's own thread."""

    def found(self, total: int) -> None:
        """Intake is done: so many submissions."""

    def finished(self, result: Result, *, reused: bool) -> None:
        """One submission has its result; reused: nothing was executed for it."""


class Silence:
    """A progress that nobody watches."""

    def found(self, total: int) -> None:
        """Say nothing."""

    def finished(self, result: Result, *, reused: bool) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a class is graded. out: where files for people go. jobs: submissions at once; 0 means one per core.

    unsafe: run without a sandbox, and mark every result so. executor: makes what runs them where it is not this machine.
    profile: notes where time goes; written beside the reports.
    """

    out: Path
    state: State
    jobs: int = 0
    seed: Seed | None = None
    data: Path | None = None
    unsafe: bool = False
    executor: Callable[[], Executor] | None = None
    profile: Profile | None = None

    @property
    def slots(self) -> int:
        """How many submissions run at once."""
        return self.jobs or len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One student in the summary. noticed: the first thing that a person should know."""

    student: str
    status: Status
    score: str
    max_score: str
    pending: int
    failed: int
    noticed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a run came to. executed: submissions that were run; reused: whose evidence was kept."""

    lines: tuple[Line, ...]
    executed: int
    reused: int
    wall_s: float
    index: Path

    def count(self, status: Status) -> int:
        """How many students have this status."""
        return sum(line.status is status for line in self.lines)

    def document(self) -> dict[str, Any]:
        """The summary as plain JSON values, for other programs. Every mark is in results.json."""
        return {
            "submissions": len(self.lines),
            "executed": self.executed,
            "reused": self.reused,
            "wall_s": round(self.wall_s, 3),
            "status": {status.value: self.count(status) for status in Status},
            "index": str(self.index),
            "students": [
                {
                    "student": line.student,
                    "status": line.status.value,
                    "score": line.score,
                    "max_score": line.max_score,
                }
                for line in self.lines
            ],
        }


@contextlib.contextmanager
def _disk_troubles(settings: Settings) -> Iterator[None]:
    """Turn a full or read-only disk into one message. Files are written as a whole, so only the disk has to be mended."""
    try:
        yield
    except OSError as exc:
        place = exc.filename or f"{settings.state.folder} or {settings.out}"
        raise GraderError(
            f"{place}: {exc.strerror or exc}; what is graded so far is kept: free space, then run the same command again"
        ) from exc


def grade(
    assignment: Assignment, paths: Sequence[Path], settings: Settings, progress: Progress | None = None
) -> Summary:
    """Grade everything under `paths` and write results, reports and exports to `settings.out`.

    Raises: UsageError if nothing was found. AssignmentError if the instructor's files are wrong. SandboxError if there is no
    working sandbox and `settings.unsafe` is not set. Whatever is wrong with one submission becomes that student's result.
    """
    started = time.monotonic()
    with _disk_troubles(settings):
        if settings.seed is not None:
            settings.state.choose_seed(assignment.name, settings.seed)
        grading = open_grading(assignment, settings.state, seed=settings.seed, data=settings.data)
        found = list(_taken_in(find_submissions(paths, assignment, settings.state.blobs), settings.profile))
        if not found:
            raise UsageError(
                f"{', '.join(map(str, paths))}: no submission found; "
                "expected a folder per student, zips, notebooks or an LMS download"
            )
        with settings.state.gradebook() as gradebook:
            run = _ClassRun(grading, settings, gradebook, progress or Silence())
            run.progress.found(len(found))
            asyncio.run(run.all(found))
            index = write_outputs(run.grading, gradebook, settings, students=run.students)
            if settings.profile is not None:
                settings.profile.write(settings.out)
            return run.summary(time.monotonic() - started, index)


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

    Raises: UsageError if nothing has been graded yet. AssignmentError if the instructor's files are wrong.
    """
    started = time.monotonic()
    with _disk_troubles(settings):
        grading = open_grading(assignment, settings.state, seed=settings.seed, data=settings.data)
        with settings.state.gradebook() as gradebook:
            run = _ClassRun(grading, settings, gradebook, progress or Silence())
            run.recall_solution()
            entries = list(settings.state.roster(assignment.name))
            if not entries:
                raise UsageError(
                    f"{settings.state.folder}: nothing graded for {assignment.name} yet; run `grader run` first"
                )
            run.progress.found(len(entries))
            marks = gradebook.all_marks(assignment.name)
            for entry in entries:
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

    Raises: UsageError if nothing has been graded yet. AssignmentError if the instructor's files are wrong.
    """
    with _disk_troubles(settings):
        grading = open_grading(assignment, settings.state, seed=settings.seed, data=settings.data)
        with settings.state.gradebook() as gradebook:
            if next(iter(gradebook.rows(assignment.name)), None) is None:
                raise UsageError(
                    f"{settings.state.folder}: nothing graded for {assignment.name} yet; run `grader run` first"
                )
            return write_outputs(grading, gradebook, settings, anew=True)


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
        grading = open_grading(assignment, settings.state, seed=seed, data=data)
        found = list(find_submissions([path], assignment, settings.state.blobs))
        if len(found) != 1:
            raise UsageError(
                f"{path}: holds {len(found)} submissions, expected one; `grader run` grades a class"
            )
        with settings.state.gradebook() as gradebook:
            run = _ClassRun(grading, settings, gradebook, Silence())
            asyncio.run(run.all(found))
            (result,) = gradebook.results(assignment.name)
            return result


def _solution(assignment: Assignment, state: State) -> Submission:
    """The instructor's own solution, taken in as a student's would be."""
    with tempfile.TemporaryDirectory(prefix="grader-solution-") as folder:
        for path, data in solution_files(assignment).items():
            target = Path(folder) / "solution" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        (found,) = find_submissions([Path(folder) / "solution"], assignment, state.blobs)
    if isinstance(found, Rejected):
        raise AssignmentError(f"{assignment.source}: the solution was not taken in: {found.reason}")
    return found


def write_outputs(
    grading: Grading,
    gradebook: Gradebook,
    settings: Settings,
    *,
    students: Iterable[str] | None = None,
    anew: bool = False,
) -> Path:
    """Write results.json, grades.csv, executed notebooks and all pages; return the index's path.

    students: those of this run, or None for everyone in the gradebook. anew: also write pages on which nothing has changed.
    Results are streamed, each read once: a class of any size fits.
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
    header = _header(grading, settings, _limits(grading, results()))
    job = ReportJob(folder=out, header=header, load=grading.state.blobs.get, anew=anew)
    passing = exported(results(), folder=out, assignment=name, items=items)
    write_reports(
        _with_notebooks(passing, grading, out / "notebooks"),
        job,
        processes=settings.slots,
        costs=settings.profile,
    )
    return out / "index.html"


def _with_notebooks(results: Iterable[Result], grading: Grading, folder: Path) -> Iterator[Result]:
    for result in results:
        _write_notebooks(result, grading, folder)
        yield result


def _write_notebooks(result: Result, grading: Grading, folder: Path) -> None:
    """Put the executed notebooks beside the reports; one that is no longer kept is left out, the report says so."""
    for notebook in result.notebooks:
        if notebook.executed is not None and notebook.executed in grading.state.blobs:
            target = folder / result.student / Path(notebook.path).name
            if (
                not target.exists()
                or target.stat().st_mtime_ns < grading.state.blobs.path(notebook.executed).stat().st_mtime_ns
            ):
                write_atomically(target, grading.state.blobs.get(notebook.executed), durable=False)


def _limits(grading: Grading, results: Iterable[Result]) -> Mapping[str, str]:
    """What held each limit while the class ran, as the first kept evidence has it."""
    for result in islice(results, MAX_LOOKED):
        evidence = grading.state.evidence.find(result.evidence) if result.evidence else None
        if evidence is not None and evidence.limits:
            return evidence.limits
    return {}


def _header(grading: Grading, settings: Settings, limits: Mapping[str, str]) -> ReportHeader:
    spec = grading.assignment.spec
    return ReportHeader(
        title=spec.title,
        course=spec.course,
        graded_at=datetime.now(UTC),
        data=grading.data.name if grading.data else "",
        synthetic=bool(grading.data and grading.data.synthetic),
        limits=limits,
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


class _ClassRun:
    """One run over a class: who is done, and how."""

    def __init__(
        self, grading: Grading, settings: Settings, gradebook: Gradebook, progress: Progress
    ) -> None:
        self.grading = grading
        self.settings = settings
        self.gradebook = gradebook
        self.progress = progress
        self.lines: dict[str, Line] = {}
        self.counts: Counter[str] = Counter()
        self.waiting: list[tuple[Submission, str]] = []

    @property
    def students(self) -> frozenset[str]:
        """Everyone who has a result in this run."""
        return frozenset(self.lines)

    async def all(self, found: Sequence[Submission | Rejected]) -> None:
        """Give everyone a result: first those whose evidence is kept, then the others, `slots` at a time.

        The sandbox is started only if something has to run.
        """
        solution = _solution(self.grading.assignment, self.settings.state)
        for one in found:
            if isinstance(one, Rejected):
                self.finish(
                    rejected(self.grading, student=one.student, origin=one.origin, reason=one.reason),
                    reused=False,
                )
        self.grading = replace(self.grading, solution=self._kept(solution))
        submissions = [one for one in found if isinstance(one, Submission)]
        if self.grading.assignment.spec.figures and self.grading.solution is None:
            async with self._executor() as executor:  # every result shows the solution's curves
                solved = await self._execute(solution, executor)
                self.grading = replace(self.grading, solution=solved)
                await self._execute_all(self._recall(submissions), executor)
        elif todo := self._recall(submissions):
            async with self._executor() as executor:
                await self._execute_all(todo, executor)

    def recall_solution(self) -> None:
        """Use the kept evidence of the instructor's own solution, if any, as what the figures show beside the student's."""
        solution = _solution(self.grading.assignment, self.settings.state)
        self.grading = replace(self.grading, solution=self._kept(solution))

    def _executor(self) -> Executor:
        settings = self.settings
        if settings.executor is not None:
            return settings.executor()
        return LocalExecutor(slots=settings.slots, blobs=settings.state.blobs, unsafe=settings.unsafe)

    def record(
        self,
        submission: Submission,
        evidence: Evidence,
        *,
        reused: bool,
        marks: Mapping[str, ManualMark] | None = None,
    ) -> None:
        """Judge, and write the result into the gradebook. marks: the student's, if they are known already."""
        if marks is None:
            marks = self.gradebook.marks(self.grading.assignment.name, submission.student)
        self.settings.state.roster(self.grading.assignment.name).enter(submission, evidence.key)
        profile = self.settings.profile
        if profile is None:
            result = self._judged(submission, evidence, marks)
        else:
            in_notebooks = frozenset(check.id for check in self.grading.suite.at("notebook"))
            profile.add_evidence(submission.student, evidence, in_notebooks, reused=reused)
            with profile.timed(submission.student, "score"):
                result = self._judged(submission, evidence, marks)
        self.finish(result, reused=reused)

    def _judged(self, submission: Submission, evidence: Evidence, marks: Mapping[str, ManualMark]) -> Result:
        try:
            return self.grading.judge(submission, evidence, marks)
        except Exception as exc:  # noqa: BLE001  # student-made values met our code in a way that nobody foresaw
            reason = f"could not be judged: {_fault(exc)}"
            return rejected(self.grading, student=submission.student, origin=submission.origin, reason=reason)

    def finish(self, result: Result, *, reused: bool) -> None:
        """Keep a result and tell whoever watches."""
        self.gradebook.record(self.grading.assignment.name, result, datetime.now(UTC))
        self.lines[result.student] = _line(result)
        self.counts["reused" if reused else "executed"] += 1
        self.progress.finished(result, reused=reused)

    def summary(self, wall_s: float, index: Path) -> Summary:
        """The run in figures, lines by student."""
        lines = tuple(self.lines[student] for student in sorted(self.lines))
        return Summary(
            lines=lines,
            executed=self.counts["executed"],
            reused=self.counts["reused"],
            wall_s=wall_s,
            index=index,
        )

    def _kept(self, submission: Submission) -> Evidence | None:
        key = self.grading.key(submission, sandboxed=not self.settings.unsafe)
        return self.settings.state.evidence.find(key)

    def _recall(self, submissions: Sequence[Submission]) -> list[Submission]:
        """Record everyone whose evidence is kept; return the others."""
        marks = self.gradebook.all_marks(self.grading.assignment.name)
        todo = []
        for submission in submissions:
            evidence = self._kept(submission)
            if evidence is None:
                todo.append(submission)
            else:
                self.record(submission, evidence, reused=True, marks=marks.get(submission.student, {}))
        return todo

    async def _execute_all(self, todo: Sequence[Submission], executor: Executor) -> None:
        """Identical submissions (same digest) are executed once; the others wait for it."""
        groups: dict[str, list[Submission]] = {}
        for submission in todo:
            groups.setdefault(submission.digest, []).append(submission)
        queue = iter(groups.values())

        async def work() -> None:
            for group in queue:
                evidence = await self._execute(group[0], executor)
                for position, submission in enumerate(group):
                    self.record(submission, evidence, reused=position > 0)

        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(min(executor.slots, len(groups))):
                    tasks.create_task(work())
        except BaseExceptionGroup as group:
            raise _first(group) from group

    async def _execute(self, submission: Submission, executor: Executor) -> Evidence:
        """Run one submission and keep what it gave; a failure of ours is tried again, then becomes NOT_RUN evidence."""
        grading = self.grading
        plan = Plan(suite=grading.suite, seed=grading.seed, data=grading.data, environment=environment())
        key = grading.key(submission, sandboxed=not self.settings.unsafe)
        evidence = None
        for _ in range(executor.attempts):
            try:
                evidence = await executor.execute(plan, submission, key)
            except (SandboxError, OSError) as exc:
                evidence = not_run(grading.suite, submission, key, str(exc))
                continue
            except Exception as exc:  # noqa: BLE001  # whatever one hand-in brings out in us, the others are graded
                evidence = not_run(grading.suite, submission, key, _fault(exc))
                continue
            self.settings.state.evidence.keep(evidence)
            if self.settings.state.evidence.find(key) is not None:
                break
        if evidence is None:
            raise GraderError(f"{submission.student}: was not attempted")
        return evidence


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error of several that tasks met at once: one is enough to tell."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _fault(exc: Exception) -> str:
    """Words for an error of ours, with the place for whoever mends it."""
    place = traceback.extract_tb(exc.__traceback__)[-1]
    return f"a fault of the grader ({type(exc).__name__} in {Path(place.filename).name}, line {place.lineno}); please report it"


def _line(result: Result) -> Line:
    failed = [check for check in result.checks if check.points != check.max_points]
    first = result.notes[0].text if result.notes and result.status is Status.NOT_GRADED else ""
    if not first and failed:
        first = f"{failed[0].function}: {failed[0].reason}"
    return Line(
        student=result.student,
        status=result.status,
        score=shown_points(result.score, result.max_score),
        max_score=shown_points(result.max_score),
        pending=result.pending,
        failed=len(failed),
        noticed=first,
    )
