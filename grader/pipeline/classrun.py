"""One run over a class: everyone gets a result, whatever is handed in. One bad submission never stops the class."""

from __future__ import annotations

import asyncio
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from ..assignment import Assignment
from ..authoring.source import solution_files
from ..errors import AssignmentError, GraderError, SandboxError
from ..execute import Executor, LocalExecutor, Plan, not_run
from ..grading import Grading, environment, rejected
from ..model import Evidence, ManualMark, Result, Submission
from ..points import shown_points
from ..records.gradebook import Gradebook
from ..state import State
from ..store.evidence import complete
from ..store.roster import TurnedAway
from ..submission import Rejected, find_submissions
from .aside import aside
from .known import KnownMistakes
from .outputs import EarlyOutputs
from .replaced import in_place_of, replaced_note
from .second_looks import with_second_looks
from .settings import Line, Progress, Settings, Summary

__all__ = ["TOGETHER", "ClassRun"]

MAX_WAITING = 64  # executed submissions that wait to be judged, their evidence in memory
TOGETHER = 20  # results that are recorded in one transaction: two seconds of judging, of which nobody hears meanwhile

_Executed = asyncio.Queue[tuple[Sequence[Submission], Evidence] | None]


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


class ClassRun:
    """One run over a class: who is done, and how."""

    def __init__(
        self,
        grading: Grading,
        settings: Settings,
        gradebook: Gradebook,
        progress: Progress,
        *,
        early: EarlyOutputs | None = None,
        known: KnownMistakes | None = None,
    ) -> None:
        self.grading = grading
        self.settings = settings
        self.gradebook = gradebook
        self.progress = progress
        self.early = early
        self.known = known or KnownMistakes()
        self.solution = _solution(grading.assignment, settings.state)
        self.lines: dict[str, Line] = {}
        self.counts: Counter[str] = Counter()

    @property
    def students(self) -> frozenset[str]:
        """Everyone who has a result in this run."""
        return frozenset(self.lines)

    async def all(self, found: Sequence[Submission | Rejected]) -> None:
        """Give everyone a result: first those whose evidence is kept, then the others, `slots` at a time.

        The sandbox is started only if something has to run. The known mistakes and the solution's curves, which every result
        needs, are computed beside the first submissions: these wait to be judged while the slots go on.
        """
        for one in found:
            if isinstance(one, Rejected):
                away = TurnedAway(student=one.student, name=one.name, origin=one.origin, reason=one.reason)
                self.settings.state.roster(self.grading.assignment.name).turn_away(away)
                self.turn_away(away, reused=False)
        before = self.settings.state.roster(self.grading.assignment.name)
        submissions = [
            in_place_of(one, before.find(one.student)) for one in found if isinstance(one, Submission)
        ]
        self.recall_solution()
        lacking = self.grading.solution is None and bool(self.grading.assignment.spec.figures)
        kept: Sequence[Submission] = ()
        if self.grading.explains_at_once and not lacking:
            self.grading = self.grading.explained()
            todo = self._recall(submissions)
        else:
            todo = [one for one in submissions if self._kept(one) is None]
            unknown = {one.student for one in todo}
            kept = [one for one in submissions if one.student not in unknown]
        groups = _identical([self.solution, *todo] if lacking else todo)
        if groups:
            async with self._executor() as executor:
                await self._execute_all(groups, executor, kept)
        elif kept:
            self.grading = await self.known.explained(self.grading)
            self._recall(kept)

    def recall_solution(self) -> None:
        """Use the kept evidence of the instructor's own solution, if any, as what the figures show beside the student's."""
        self.grading = replace(self.grading, solution=self._kept(self.solution))

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
    ) -> Result:
        """Judge, and write the result into the gradebook. marks: the student's, if they are known already."""
        if marks is None:
            marks = self.gradebook.marks(self.grading.assignment.name, submission.student)
        result = self._judged(submission, evidence, marks, reused=reused)
        self.finish(result, reused=reused)
        return result

    def _judged(
        self, submission: Submission, evidence: Evidence, marks: Mapping[str, ManualMark], *, reused: bool
    ) -> Result:
        """Judge, in whatever thread: nothing of the gradebook is touched."""
        self.settings.state.roster(self.grading.assignment.name).enter(submission, evidence.key)
        profile = self.settings.profile
        if profile is None:
            return self._result(submission, evidence, marks)
        in_notebooks = frozenset(check.id for check in self.grading.suite.at("notebook"))
        profile.add_evidence(submission.student, evidence, in_notebooks, reused=reused)
        with profile.timed(submission.student, "score"):
            return self._result(submission, evidence, marks)

    def _result(self, submission: Submission, evidence: Evidence, marks: Mapping[str, ManualMark]) -> Result:
        try:
            return self.grading.judge(submission, evidence, marks)
        except Exception as exc:  # noqa: BLE001  # student-made values met our code in a way that nobody foresaw
            reason = f"could not be judged: {_fault(exc)}"
            return rejected(self.grading, student=submission.student, origin=submission.origin, reason=reason)

    def turn_away(self, one: TurnedAway, *, reused: bool) -> None:
        """Give a result to who handed in what cannot be read: nothing is graded."""
        nothing = rejected(self.grading, student=one.student, origin=one.origin, reason=one.reason)
        self.finish(replace(nothing, name=one.name), reused=reused)

    def finish(self, result: Result, *, reused: bool) -> None:
        """Keep a result and tell whoever watches."""
        result = with_second_looks(result, self.gradebook, self.grading.assignment.name)
        self.gradebook.record(self.grading.assignment.name, result, datetime.now(UTC))
        self.lines[result.student] = _line(result)
        self.counts["reused" if reused else "executed"] += 1
        self.progress.finished(result, reused=reused)

    def summary(self, wall_s: float, index: Path) -> Summary:
        """The run in figures, lines by student."""
        known = self.gradebook.rows(self.grading.assignment.name)
        lines = tuple(self.lines[student] for student in sorted(self.lines))
        return Summary(
            lines=lines,
            executed=self.counts["executed"],
            reused=self.counts["reused"],
            wall_s=wall_s,
            index=index,
            others=sum(row.student not in self.lines for row in known),
        )

    def _kept(self, submission: Submission) -> Evidence | None:
        key = self.grading.key(submission, sandboxed=not self.settings.unsafe)
        return self.settings.state.evidence.find(key)

    def _recall(self, submissions: Sequence[Submission]) -> list[Submission]:
        """Record everyone whose evidence is kept; return the others."""
        marks = self.gradebook.all_marks(self.grading.assignment.name)
        todo: list[Submission] = []
        for some in _together(submissions):
            results, unknown = self._judge_kept(some, marks)
            self._finish_all(results)
            todo += unknown
        return todo

    def _judge_kept(
        self, submissions: Sequence[Submission], marks: Mapping[str, Mapping[str, ManualMark]]
    ) -> tuple[list[Result], list[Submission]]:
        """Judge those whose evidence is kept, in whatever thread. Returns: their results, and the others."""
        results, unknown = [], []
        for submission in submissions:
            evidence = self._kept(submission)
            if evidence is None:
                unknown.append(submission)
            else:
                given = marks.get(submission.student, {})
                results.append(self._judged(submission, evidence, given, reused=True))
        return results, unknown

    def _finish_all(self, results: Sequence[Result]) -> None:
        with self.gradebook.together():
            for result in results:
                self.finish(result, reused=True)

    async def _execute_all(
        self, groups: Sequence[Sequence[Submission]], executor: Executor, kept: Sequence[Submission]
    ) -> None:
        """Execute the first of each group, and judge everyone as soon as what all results need is there: first those in `kept`."""
        queue = iter(groups)
        executed: _Executed = asyncio.Queue(MAX_WAITING)
        solved: asyncio.Future[Evidence | None] = asyncio.get_running_loop().create_future()
        if groups[0][0] is not self.solution:
            solved.set_result(self.grading.solution)

        async def work() -> None:
            for group in queue:
                evidence = await self._execute(group[0], executor)
                if group[0] is self.solution:
                    solved.set_result(evidence)  # never waits behind those who need it
                await executed.put((group, evidence))

        try:
            async with asyncio.TaskGroup() as tasks:
                judging = tasks.create_task(self._judge_all(kept, executed, solved))
                async with asyncio.TaskGroup() as slots:
                    for _ in range(min(executor.slots, len(groups))):
                        slots.create_task(work())
                await executed.put(None)
                await judging
        except BaseExceptionGroup as group:
            raise _first(group) from group

    async def _judge_all(
        self, kept: Sequence[Submission], executed: _Executed, solved: asyncio.Future[Evidence | None]
    ) -> None:
        """Judge in a thread beside: how long it takes is up to whoever made the values. Others' time limits run meanwhile, and an
        interrupt does not wait for it."""
        grading = await self.known.explained(self.grading)
        self.grading = replace(grading, solution=await solved)
        given = self.gradebook.all_marks(self.grading.assignment.name) if kept else {}
        for some in _together(kept):
            results, _ = await aside(partial(self._judge_kept, some, given))
            self._finish_all(results)
        while (item := await executed.get()) is not None:
            group, evidence = item
            handed_in = [submission for submission in group if submission is not self.solution]
            for position, submission in enumerate(handed_in):
                reused = position > 0
                marks = self.gradebook.marks(self.grading.assignment.name, submission.student)
                result = await aside(partial(self._judged, submission, evidence, marks, reused=reused))
                self.finish(result, reused=reused)
                if self.early is not None and executed.empty():  # else it would keep others from being judged
                    await asyncio.to_thread(self.early.write, self.grading, result, evidence.limits)

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
            await asyncio.to_thread(self.settings.state.evidence.keep, evidence)  # it waits for the disk
            if complete(evidence):
                break
        if evidence is None:
            raise GraderError(f"{submission.student}: was not attempted")
        return evidence


def _together(submissions: Sequence[Submission]) -> Iterator[Sequence[Submission]]:
    """As many as are recorded in one transaction, at a time."""
    for start in range(0, len(submissions), TOGETHER):
        yield submissions[start : start + TOGETHER]


def _identical(submissions: Sequence[Submission]) -> list[list[Submission]]:
    """Submissions of the same content together, in order: they are executed once."""
    groups: dict[str, list[Submission]] = {}
    for submission in submissions:
        groups.setdefault(submission.digest, []).append(submission)
    return list(groups.values())


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
    first = replaced_note(result.notes) or result.obstacle
    if not first and failed:
        first = f"{failed[0].function}: {failed[0].reason}"
    return Line(
        student=result.student,
        name=result.name,
        status=result.status,
        score=shown_points(result.score, result.max_score),
        max_score=shown_points(result.max_score),
        pending=result.pending,
        failed=len(failed),
        noticed=first,
    )
