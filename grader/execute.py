"""One submission becomes evidence: its modules are probed in one room, each notebook runs in another. Nothing is judged here.

A broken notebook does not cost the modules' checks, nor the reverse. What student code did or left undone is evidence; only a
failure of our own machinery is an exception.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Protocol, Self

from .data import DataSet
from .errors import SandboxError, SubmissionError
from .model import CheckEvidence, Ending, Evidence, Note, NotebookEvidence, Submission
from .notebooks.run import NotebookRun, run_notebook
from .probe import Check
from .sandbox.channel import TIME_USED_UP, Planned, ProbeSession, RunnerLostError, run_probes
from .sandbox.members import Usage
from .sandbox.room import RoomSpec
from .sandbox.sandbox import Sandbox
from .sandbox.session import worth_another_try
from .sandbox.turns import Turns
from .seed import Seed
from .store.blobs import BlobStore
from .suite import Suite
from .veiled import visible_modules

__all__ = ["Executor", "LocalExecutor", "Plan", "execute", "not_run"]

MIB = 1024 * 1024
WORK = "/work"  # the submission's folder in a room
AHEAD = 2  # submissions


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is run of every submission. environment: versions that are written down with the evidence."""

    suite: Suite
    seed: Seed
    data: DataSet | None
    environment: Mapping[str, str]


class Executor(Protocol):
    """Where submissions are run: on this machine, or on others. An async context manager. slots: how many are under way at once."""

    @property
    def slots(self) -> int:
        """How many submissions are under way at once."""

    @property
    def attempts(self) -> int:
        """How often a submission is run when our machinery fails."""

    async def __aenter__(self) -> Self:
        """Make ready. Raises: SandboxError if nothing can be run there."""

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of everything."""

    async def execute(self, plan: Plan, submission: Submission, key: str) -> Evidence:
        """Run one submission. Raises: SandboxError or OSError if our machinery failed."""


class LocalExecutor:
    """Runs submissions in rooms on this machine: AHEAD more are under way than `slots`, and wait for their turn, kernels ready.

    Making and clearing away a room is mostly waiting for the kernel of the machine; so the slots' cores never wait for it. Two,
    because two submissions that begin together, as the first ones do, tend to end together.
    """

    attempts = 2

    def __init__(self, *, slots: int, blobs: BlobStore, unsafe: bool = False) -> None:
        self.slots = slots + AHEAD
        self._turns = Turns(slots)
        self._blobs = blobs
        self._sandbox = Sandbox(unsafe=unsafe)

    async def __aenter__(self) -> Self:
        """Start the sandbox. Raises: SandboxError if there is none."""
        await self._sandbox.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        await self._sandbox.__aexit__(kind, exc, trace)

    async def execute(self, plan: Plan, submission: Submission, key: str) -> Evidence:
        """Run one submission. Raises: SandboxError or OSError if our machinery failed."""
        return await execute(
            plan, submission, key, sandbox=self._sandbox, blobs=self._blobs, turns=self._turns
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What one room gave."""

    checks: tuple[CheckEvidence, ...] = ()
    notebook: NotebookEvidence | None = None
    notes: tuple[Note, ...] = ()
    usage: Usage = field(default_factory=Usage)
    phases: Mapping[str, float] = field(default_factory=dict)


async def execute(
    plan: Plan,
    submission: Submission,
    key: str,
    *,
    sandbox: Sandbox,
    blobs: BlobStore,
    turns: Turns | None = None,
) -> Evidence:
    """Run a submission's modules and notebooks and return what came of it, under `key`.

    turns: taken while student code runs, and not while rooms and kernels are made and cleared away; None: nobody has to wait.

    Raises: SandboxError or OSError if our machinery failed; nothing is said of the submission then.
    """
    spec = _room_spec(plan, submission, blobs)
    digests = {file.path: file.digest for file in submission.files}
    parts = [await _modules(plan, spec, sandbox, turns)] if plan.suite.of_modules else []
    for notebook in plan.suite.assignment.spec.notebooks:
        digest = digests.get(notebook.path)
        if digest is None:
            part = _absent(plan, notebook.path, Ending.MISSING, f"{notebook.path} was not handed in")
        else:
            part = await _notebook(
                plan, notebook.path, blobs.get(digest), spec, sandbox=sandbox, blobs=blobs, turns=turns
            )
        parts.append(part)
    by_check = {answer.check: answer for part in parts for answer in part.checks}
    phases: dict[str, float] = {}
    for part in parts:
        for phase, seconds in part.phases.items():
            phases[phase] = phases.get(phase, 0.0) + seconds
    return Evidence(
        key=key,
        submission=submission.digest,
        suite=plan.suite.digest,
        seed_id=plan.seed.id,
        checks=tuple(by_check[check.id] for check in plan.suite.probes if check.id in by_check),
        notebooks=tuple(part.notebook for part in parts if part.notebook is not None),
        environment=plan.environment,
        limits=sandbox.limits_held,
        sandboxed=sandbox.sandboxed,
        phases=phases,
        cpu_s=sum(part.usage.cpu_s for part in parts),
        peak_memory_bytes=max((part.usage.peak_memory_bytes for part in parts), default=0),
        noticed=tuple(note for part in parts for note in part.notes),
    )


def not_run(suite: Suite, submission: Submission, key: str, detail: str) -> Evidence:
    """Evidence that says for every check that it was not run, and why. It is never kept for good: the next run tries again."""
    return Evidence(
        key=key,
        submission=submission.digest,
        suite=suite.digest,
        seed_id="",
        checks=tuple(
            CheckEvidence(check=check.id, ending=Ending.NOT_RUN, detail=detail) for check in suite.probes
        ),
        noticed=(Note(about="sandbox", text=detail, for_student=False),),
    )


def _room_spec(plan: Plan, submission: Submission, blobs: BlobStore) -> RoomSpec:
    spec = plan.suite.assignment.spec
    mounts = {}
    if plan.data is not None:
        place = _through(submission.aliases, spec.data_folder)
        mounts[f"{WORK}/{place}"] = plan.data.folder
    return RoomSpec(
        files={file.path: blobs.path(file.digest) for file in submission.files},
        links=submission.aliases,
        mounts=mounts,
        environment=spec.environment,
        limits=spec.limits,
    )


def _through(aliases: Sequence[tuple[str, str]], path: str) -> str:
    """Where a path of the assignment lies in a submission whose package folder has another name."""
    for link, target in aliases:
        if path.startswith(f"{link}/"):
            return target + path.removeprefix(link)
    return path


def _planned(plan: Plan, checks: Sequence[Check]) -> tuple[Planned, ...]:
    default = plan.suite.assignment.spec.limits.check_s
    hidden = {check.id for check in plan.suite.checks if not check.visible}
    return tuple(
        Planned(
            id=check.id,
            seed=plan.seed.for_check(check.draws_as),
            time_s=check.time_s or default,
            hidden=check.draws_as in hidden,
        )
        for check in checks
    )


def _hidden_modules(suite: Suite) -> Mapping[str, str] | None:
    """All modules, if there is more in them than in the visible ones."""
    return suite.modules if visible_modules(suite) is not suite.modules else None


async def _modules(plan: Plan, spec: RoomSpec, sandbox: Sandbox, turns: Turns | None) -> _Part:
    files = plan.suite.assignment.spec.files
    order = [*(module.path for module in files.modules), *files.fallback, *files.provided]
    python = [path for path in order if path.endswith(".py") and not path.endswith("__init__.py")]
    run = await run_probes(
        sandbox,
        spec,
        visible_modules(plan.suite),
        python,
        _planned(plan, plan.suite.of_modules),
        hidden=_hidden_modules(plan.suite),
        deadline_s=spec.limits.notebook_s,  # of endless loops in many checks; the modules get as long as a notebook
        turns=turns,
    )
    # What becomes of the instructor's own files, for want of the student's, is nothing that the student has to know.
    notes = tuple(note for note in run.notes if note.about not in files.provided)
    return _Part(checks=run.checks, notes=notes, usage=run.usage, phases=run.phases)


async def _notebook(
    plan: Plan,
    path: str,
    data: bytes,
    spec: RoomSpec,
    *,
    sandbox: Sandbox,
    blobs: BlobStore,
    turns: Turns | None,
) -> _Part:
    """Run one notebook in a room of its own and, after the last cell, ask for the checks of its namespace."""
    checks = plan.suite.in_notebook(path)
    answers: dict[str, CheckEvidence] = {}

    async def ask(channel: socket.socket) -> None:
        answers.update(await _ask(plan, channel, checks))

    for _ in range(2):
        started = time.monotonic()
        answers.clear()
        try:
            async with sandbox.room(spec) as room:
                room_s = time.monotonic() - started
                run = await run_notebook(
                    room,
                    data,
                    path=path,
                    limits=spec.limits,
                    probing=ask if checks else None,
                    turn=turns.taken(room.computed_s) if turns else None,
                )
                usage = room.usage()
        except SubmissionError as exc:
            return _unreadable(plan, path, str(exc))
        if not run.killed:  # once more, as for the modules: somebody outside may have killed it
            break
    if run.ending is Ending.NOT_RUN:
        answers.clear()  # what was asked of a kernel that we lost says nothing
    notebook = NotebookEvidence(
        path=path,
        ending=run.ending,
        cells=run.cells,
        executed=blobs.put(run.executed),
        detail=run.detail,
        cpu_s=run.cpu_s,
    )
    return _Part(
        checks=tuple(answers.get(check.id) or _unanswered(check, run) for check in checks),
        notebook=notebook,
        usage=usage,
        phases={"room": room_s, "notebook": run.wall_s},
    )


async def _ask(plan: Plan, channel: socket.socket, checks: Sequence[Check]) -> dict[str, CheckEvidence]:
    """Ask a kernel for its namespace's checks, one after the other.

    By now student code may have changed anything in that process, so whatever goes wrong is its doing: no SandboxError leaves here.
    All checks together get as long as the cells: a process that draws out each answer could take many times that.
    """
    limits = plan.suite.assignment.spec.limits
    session = ProbeSession(channel, evidence_bytes=int(limits.evidence_mib * MIB))
    answers: dict[str, CheckEvidence] = {}
    ending, detail = Ending.MALFORMED, "the notebook's process did not take the checks"
    with contextlib.suppress(SandboxError):
        try:
            async with asyncio.timeout(limits.notebook_s):
                await session.load(visible_modules(plan.suite), hidden=_hidden_modules(plan.suite))
                for planned in _planned(plan, checks):
                    answer = await session.check(planned)
                    if worth_another_try(answer, planned):
                        answer = await session.check(planned)
                    answers[planned.id] = answer
        except RunnerLostError as exc:
            ending, detail = exc.ending, exc.detail  # there is no second kernel with this namespace
        except TimeoutError:
            ending, detail = Ending.TIMED_OUT, TIME_USED_UP
    lost = {check.id: CheckEvidence(check=check.id, ending=ending, detail=detail) for check in checks}
    return lost | answers


def _unanswered(check: Check, run: NotebookRun) -> CheckEvidence:
    """What it means that the namespace was not asked for a check: the notebook ended before, by its own doing or by ours."""
    if run.ending is Ending.NOT_RUN:
        return CheckEvidence(check=check.id, ending=Ending.NOT_RUN, detail=run.detail)
    detail = f"{run.path} ended before its results could be read"
    return CheckEvidence(
        check=check.id, ending=Ending.MISSING, detail=f"{detail}: {run.detail}" if run.detail else detail
    )


def _absent(plan: Plan, path: str, ending: Ending, detail: str) -> _Part:
    answers = (
        CheckEvidence(check=check.id, ending=ending, detail=detail) for check in plan.suite.in_notebook(path)
    )
    return _Part(checks=tuple(answers), notebook=NotebookEvidence(path=path, ending=ending, detail=detail))


def _unreadable(plan: Plan, path: str, detail: str) -> _Part:
    """A file cut off on its way, or in a merge conflict, may hold all the work: a person finds out, as of its questions."""
    part = _absent(plan, path, Ending.NEEDS_PERSON, detail)
    return replace(part, notebook=NotebookEvidence(path=path, ending=Ending.MALFORMED, detail=detail))
