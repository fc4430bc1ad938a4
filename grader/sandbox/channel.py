"""A whole plan of checks, whatever becomes of the processes that run them.

A runner that dies, hangs or answers out of turn is replaced by one in a fresh room, and the next check goes on with it; what was
answered stays. The room goes with the runner because student code may have left processes in it that would fight the next one.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ..errors import SandboxError
from ..model import CheckEvidence, Ending, Note
from .lineage import wants_full
from .members import Member, Usage
from .room import MACHINE_FULL, Room, RoomSpec
from .sandbox import Sandbox
from .session import (
    ImportReport,
    OutOfTurnError,
    Planned,
    ProbeSession,
    RunnerLostError,
    worth_another_try,
)
from .turns import Turns

__all__ = [
    "TIME_USED_UP",
    "ImportReport",
    "Planned",
    "ProbeRun",
    "ProbeSession",
    "RunnerLostError",
    "run_probes",
]

MIB = 1024 * 1024
MAX_RUNNERS = (
    12  # for one submission: each death or hang costs one, so an attacker cannot make us start them for ever
)
FAREWELL_S = 1.0  # for a runner that hung up to be seen as dead
TIME_USED_UP = "the time for all checks together was used up"
RUNNER_CPU_S = 3600.0  # of the process that imports; each check's fork has a limit of its own

#: After one of these a module's definitions are imported without the rest of its top level: it trained, or loaded too much.
LONG: Final = frozenset({Ending.TIMED_OUT, Ending.DIED})

#: After one of these the import is not tried again: it took a runner with it.
FATAL: Final = frozenset({Ending.TIMED_OUT, Ending.DIED, Ending.MALFORMED, Ending.OVERSIZE})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRun:
    """What running a plan gave; checks in the plan's order. phases: wall seconds."""

    checks: tuple[CheckEvidence, ...]
    imports: tuple[ImportReport, ...] = ()
    notes: tuple[Note, ...] = ()
    usage: Usage = field(default_factory=Usage)
    phases: Mapping[str, float] = field(default_factory=dict)


async def run_probes(
    sandbox: Sandbox,
    spec: RoomSpec,
    modules: Mapping[str, str],
    files: Sequence[str],
    plan: Sequence[Planned],
    *,
    hidden: Mapping[str, str] | None = None,
    deadline_s: float | None = None,
    turns: Turns | None = None,
) -> ProbeRun:
    """Run every planned check on the submission that `spec` stages, and answer for each of them.

    Args: modules: the stripped check modules by name, "checks" among them. files: paths of the graded modules, in the order in
        which names are looked up; those that are not in `spec.files` are missing. plan: the checks. hidden: see
        `ProbeSession.load`. deadline_s: wall seconds for all of it; checks that it does not reach are TIMED_OUT. turns: taken once
        the first room stands, and let go of before the last one is cleared away.
    Raises: SandboxError if the machinery fails; then nothing is said of the submission.
    """
    work = _Work(sandbox, spec, modules, files, hidden)
    started, waited_s = time.monotonic(), 0.0
    try:
        await work.make_room()
        standing = time.monotonic()
        async with turns.taken(work.computed_s) if turns else contextlib.nullcontext():
            begun = time.monotonic()
            waited_s = begun - standing
            ends = None if deadline_s is None else begun + deadline_s
            checks = [await work.within(planned, ends) for planned in plan]
    finally:
        await work.end()
    return ProbeRun(
        checks=tuple(checks),
        imports=tuple(work.reports.values()),
        notes=tuple(work.notes),
        usage=work.usage,
        phases={"room": work.rooms_s, "probes": time.monotonic() - started - waited_s - work.rooms_s},
    )


class _Work:
    """The restarts: which runner is there and in which room, what it has imported, what must not be tried again.

    usage: of all rooms that were left. rooms_s: wall seconds that making them took.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        spec: RoomSpec,
        modules: Mapping[str, str],
        files: Sequence[str],
        hidden: Mapping[str, str] | None,
    ) -> None:
        self._sandbox = sandbox
        self._spec = spec
        self._modules = modules
        self._hidden = hidden
        self._files = files
        self._stack = contextlib.AsyncExitStack()
        self._room: Room | None = None
        self._session: ProbeSession | None = None
        self._member: Member | None = None
        self._runners = 0
        self._kills = self._machine_kills = 0
        self._left_bytes = int(spec.limits.evidence_mib * MIB)
        self._full = wants_full(spec.files, files)
        self.usage = Usage()
        self.rooms_s = 0.0
        self._long: dict[str, RunnerLostError] = {}  # of modules whose whole top level is not run again
        self.reports: dict[str, ImportReport] = {}
        self.notes: list[Note] = []

    async def within(self, planned: Planned, ends: float | None) -> CheckEvidence:
        """Run one check if there is time left for it."""
        if ends is None:
            return await self._one(planned)
        left = ends - time.monotonic()
        with contextlib.suppress(TimeoutError):
            if left > 0:
                async with asyncio.timeout(left):
                    return await self._one(planned)
        await self.end()
        return CheckEvidence(check=planned.id, ending=Ending.TIMED_OUT, detail=TIME_USED_UP)

    async def end(self, *, farewell_s: float = 0.0) -> int | None:
        """Be rid of the runner and of its room.

        Returns: the runner's exit status if it ended by itself within the farewell, None if something outside of the room ended it,
            else 0.
        """
        session, self._session = self._session, None
        if session is not None:
            self._left_bytes = session.left_bytes
            session.close()
        try:
            return await self._dismiss(farewell_s)
        finally:
            await self._leave()

    async def _dismiss(self, farewell_s: float) -> int | None:
        member, self._member = self._member, None
        if member is None:
            return 0
        try:
            async with asyncio.timeout(farewell_s):
                status = await member.wait()
        except TimeoutError:
            member.kill()
            await member.wait()
            status = 0
        return None if self._room is not None and await self._room.took(status) else status

    async def _leave(self) -> None:
        room, self._room = self._room, None
        if room is None:
            return
        usage = room.usage()
        self._kills += room.memory_kills()
        self._machine_kills += room.machine_kills()
        self.usage = Usage(
            cpu_s=self.usage.cpu_s + usage.cpu_s,
            peak_memory_bytes=max(self.usage.peak_memory_bytes, usage.peak_memory_bytes),
        )
        await self._stack.aclose()

    def _memory_kills(self) -> int:
        return self._kills + (self._room.memory_kills() if self._room is not None else 0)

    def _killed_by_machine(self) -> int:
        return self._machine_kills + (self._room.machine_kills() if self._room is not None else 0)

    async def _one(self, planned: Planned) -> CheckEvidence:
        """Run one check; once more if what went wrong may not have been its doing.

        That is an answer out of turn, and what `worth_another_try` tells.

        Raises: SandboxError if it was the machine, again.
        """
        evidence, taken = CheckEvidence(check=planned.id, ending=Ending.DIED), 0
        for _ in range(2):
            session = await self._ready()
            if session is None:
                text = (
                    f"the process that runs the checks ended {MAX_RUNNERS} times; no further one was started"
                )
                return replace(evidence, detail=text)
            kills, taken = self._memory_kills(), self._killed_by_machine()
            try:
                evidence = await session.check(planned, self._skipped())
            except RunnerLostError as exc:
                await self._lost(planned.id, exc)
                evidence = CheckEvidence(check=planned.id, ending=exc.ending, detail=exc.detail)
                again = isinstance(exc, OutOfTurnError) or exc.ending in LONG
            else:
                again = worth_another_try(evidence, planned)
            if self._memory_kills() > kills:
                text = f"out of memory (the limit is {self._spec.limits.memory_mib} MiB): {evidence.detail}"
                return replace(evidence, detail=text)
            if not again:
                return evidence
        if evidence.ending is Ending.DIED and self._killed_by_machine() > taken:
            raise SandboxError(MACHINE_FULL)
        return evidence

    async def _lost(self, about: str, exc: RunnerLostError) -> None:
        """Bury the runner. Raises: SandboxError if it was not student code that ended it."""
        if await self.end(farewell_s=FAREWELL_S if exc.ending is Ending.DIED else 0.0) is None:
            raise SandboxError("the sandbox was ended from outside while checks ran; run again") from exc
        text = f"the process that runs the checks was lost: {exc.detail}"
        self.notes.append(Note(about=about, text=text, for_student=False))

    async def _ready(self) -> ProbeSession | None:
        """A runner that has loaded the checks and imported what can be imported; None when too many were used up."""
        while self._session is None:
            if self._runners >= MAX_RUNNERS:
                return None
            self._runners += 1
            await self._start()
        return self._session

    def computed_s(self) -> float | None:
        """CPU seconds in all rooms until now, or None where that is not counted."""
        now = self._room.computed_s() if self._room is not None else 0.0
        return None if now is None else self.usage.cpu_s + now

    async def make_room(self) -> None:
        """Make the next runner's room. Raises: SandboxError if it cannot be made."""
        started = time.monotonic()
        self._room = await self._stack.enter_async_context(self._sandbox.room(self._spec))
        self.rooms_s += time.monotonic() - started

    async def _start(self) -> None:
        if self._room is None:
            await self.make_room()
        if self._room is None:
            raise SandboxError("no room was made for the checks; run again")
        ours, theirs = socket.socketpair()
        self._session = ProbeSession(ours, evidence_bytes=self._left_bytes)
        with theirs:
            config = {"evidence_bytes": self._left_bytes, "alone": self._sandbox.sandboxed}
            self._member = await self._room.fork(
                "runner", config, [theirs.fileno()], cpu_s=RUNNER_CPU_S, full=self._full
            )
        try:
            await self._session.load(self._modules, hidden=self._hidden)
        except RunnerLostError as exc:  # in a room in which no student code has run yet
            raise SandboxError(f"the process that runs the checks did not begin: {exc.detail}") from exc
        for path in self._files:
            if self._session is not None and not self._fatal(path):
                await self._import(self._session, path)

    def _fatal(self, path: str) -> bool:
        return path in self.reports and self.reports[path].ending in FATAL

    async def _import(self, session: ProbeSession, path: str) -> None:
        before = self._long.get(path)
        limit_s = self._spec.limits.import_s
        try:
            report = await session.import_module(path, limit_s, shortened=before is not None)
        except RunnerLostError as exc:
            if exc.ending in LONG and before is None:
                self._long[path] = exc
            else:
                self.reports[path] = ImportReport(path=path, ending=exc.ending, detail=exc.detail)
            await self._lost(path, exc)
            return
        if before is not None and report.ending is not Ending.ANSWERED:
            report = replace(report, ending=before.ending, detail=before.detail)
        if path not in self.reports:
            self.reports[path] = report
            self.notes.extend(_stub_note(path, stub) for stub in report.stubs)
            if report.partial:
                self.notes.append(_shortened_note(path, before) if before else _partial_note(report))

    def _skipped(self) -> list[str]:
        reports = [report for report in self.reports.values() if report.ending in FATAL]
        return [f"importing {report.path} failed: {report.detail}" for report in reports]


def _partial_note(report: ImportReport) -> Note:
    error = report.error
    line = f", line {error.frames[-1].line}" if error is not None and error.frames else ""
    raised = f"{error.kind}: {error.message[:200]}" if error is not None else "an error"
    text = f"running the file raised {raised}{line}; statements that raise are left out, the rest is graded"
    return Note(about=report.path, text=text)


def _shortened_note(path: str, why: RunnerLostError) -> Note:
    text = (
        f"running the whole file did not work out ({why.detail}); its functions, classes, imports and constants are graded, and "
        "what else stands at its top level, such as training, was left out"
    )
    return Note(about=path, text=text)


def _stub_note(path: str, stub: str) -> Note:
    return Note(
        about=path,
        text=f"{stub} is not installed here; the import was let through, and only what uses it cannot be graded",
    )
