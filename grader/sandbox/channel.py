"""The driver's side of the probes: requests go in one at a time, frames come back, and nothing that came is trusted further than its bounds.

A runner that dies, hangs or answers out of turn is replaced, and the next check goes on with the new one; what was answered stays.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from ..assignment import Limits
from ..errors import SandboxError
from ..model import CheckEvidence, Ending, Note, StudentError, TracebackLine, Value
from ..probe.frames import (
    PREFIX,
    Bounds,
    FrameError,
    OversizeError,
    check_prefix,
    decode_header,
    decode_values,
    encode_request,
)
from .room import Member, Room, RoomSpec, Sandbox, Usage

__all__ = ["ImportReport", "Planned", "ProbeRun", "ProbeSession", "run_probes"]

MIB = 1024 * 1024
GRACE_S = 3.0  # beyond a limit that the runner keeps itself, before the driver gives the runner up
LOAD_S = 20.0
MAX_RUNNERS = 12  # for one submission: each death or hang costs one, so an attacker cannot make us start them for ever
MAX_TEXT = 2000
MAX_WARNINGS = 20
MAX_FRAMES = 12
MAX_SECONDS = 1e6  # a forged duration beyond it is not kept

#: What a runner may say of a request, by the word that it uses.
ENDINGS: Mapping[str, Ending] = {
    "answered": Ending.ANSWERED,
    "raised": Ending.RAISED,
    "timed_out": Ending.TIMED_OUT,
    "died": Ending.DIED,
    "malformed": Ending.MALFORMED,
    "oversize": Ending.OVERSIZE,
    "missing": Ending.MISSING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One check to run. time_s: wall clock."""

    id: str
    seed: int
    time_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """How the import of one module ended. stubs: absent packages that a stand-in was given for."""

    path: str
    ending: Ending
    error: StudentError | None = None
    stubs: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRun:
    """What running a plan gave; checks in the plan's order."""

    checks: tuple[CheckEvidence, ...]
    imports: tuple[ImportReport, ...] = ()
    notes: tuple[Note, ...] = ()
    usage: Usage = field(default_factory=Usage)
    phases: Mapping[str, float] = field(default_factory=dict)


class RunnerLostError(Exception):
    """The runner cannot be spoken to any more. ending: what that means for the request that was under way."""

    def __init__(self, ending: Ending, detail: str) -> None:
        super().__init__(detail)
        self.ending = ending
        self.detail = detail


class OutOfTurnError(RunnerLostError):
    """Bytes came that belong to an earlier request, or to none."""


class ProbeSession:
    """One conversation with one runner, or with a kernel that serves its namespace.

    Each method sends one request and takes one frame. After a `RunnerLostError` the session is of no more use.
    """

    def __init__(self, channel: socket.socket, *, evidence_bytes: int) -> None:
        channel.setblocking(False)
        self._channel = channel
        self._bounds = Bounds(payload_bytes=evidence_bytes)

    async def load(self, modules: Mapping[str, str]) -> None:
        """Send the stripped check modules; the one named "checks" holds the checks.

        Raises: SandboxError if they cannot be loaded, which is the suite's fault or ours. RunnerLostError.
        """
        header, _ = await self._ask({"op": "load", "modules": dict(modules)}, LOAD_S)
        if header.get("ending") != "answered":
            error = _error(header.get("error"))
            raise SandboxError(f"the checks could not be loaded in the sandbox: {error.kind if error else ''} {error.message if error else ''}")

    async def import_module(self, path: str, time_s: float) -> ImportReport:
        """Import one submitted module. Raises: RunnerLostError if it hangs or takes the runner with it."""
        header, _ = await self._ask({"op": "import", "path": path}, time_s)
        stubs = header.get("stubs")
        return ImportReport(
            path=path,
            ending=_ending(header),
            error=_error(header.get("error")),
            stubs=tuple(_text(stub, 100) for stub in stubs[:50]) if isinstance(stubs, list) else (),
            detail=_text(header.get("detail")),
        )

    async def check(self, plan: Planned, problems: Sequence[str] = ()) -> CheckEvidence:
        """Run one check. problems: modules that this runner did not import, for the text of a MISSING ending.

        Raises: RunnerLostError if no frame of this check came. SandboxError if the runner does not know the check.
        """
        request = {"op": "check", "id": plan.id, "seed": plan.seed, "time_s": plan.time_s, "problems": list(problems)}
        header, payload = await self._ask(request, plan.time_s + GRACE_S)
        if header.get("ending") == "not_run":
            raise SandboxError(f"check {plan.id}: {_text(header.get('detail'))}")
        try:
            values = decode_values(header.get("values", []), payload, self._bounds)
        except OversizeError as exc:
            return CheckEvidence(check=plan.id, ending=Ending.OVERSIZE, detail=str(exc))
        except FrameError as exc:
            return CheckEvidence(check=plan.id, ending=Ending.MALFORMED, detail=str(exc))
        return _evidence(plan.id, header, tuple(Value(name=name, type_name=kind, array=array) for name, kind, array in values))

    def close(self) -> None:
        """End the conversation."""
        self._channel.close()

    async def _ask(self, request: Mapping[str, Any], time_s: float) -> tuple[dict[str, Any], bytearray]:
        nonce = secrets.token_hex(16)
        self._refuse_early_bytes()
        try:
            async with asyncio.timeout(time_s):
                await asyncio.get_running_loop().sock_sendall(self._channel, encode_request({**request, "nonce": nonce}))
                prefix = check_prefix(bytes(await self._read(PREFIX.size)), self._bounds)
                header = decode_header(bytes(await self._read(prefix.header_bytes)))
                payload = await self._read(prefix.payload_bytes)
        except TimeoutError as exc:
            raise RunnerLostError(Ending.TIMED_OUT, f"no answer within {time_s:g} s") from exc
        except OversizeError as exc:
            raise RunnerLostError(Ending.OVERSIZE, str(exc)) from exc
        except FrameError as exc:
            raise RunnerLostError(Ending.MALFORMED, str(exc)) from exc
        except OSError as exc:
            raise RunnerLostError(Ending.DIED, "the process ended before it answered") from exc
        if header.get("nonce") != nonce:
            raise OutOfTurnError(Ending.MALFORMED, "an answer came that belongs to no open request")
        return header, payload

    def _refuse_early_bytes(self) -> None:
        """Bytes that came before the request answer nothing."""
        try:
            early = self._channel.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return
        except OSError as exc:
            raise RunnerLostError(Ending.DIED, "the process ended between two checks") from exc
        if not early:
            raise OutOfTurnError(Ending.DIED, "the process ended between two checks")
        raise OutOfTurnError(Ending.MALFORMED, "an answer came twice, or without a request")

    async def _read(self, count: int) -> bytearray:
        """Read exactly so many bytes, whose number was checked against the bounds."""
        loop = asyncio.get_running_loop()
        data = bytearray()
        while len(data) < count:
            chunk = await loop.sock_recv(self._channel, min(count - len(data), MIB))
            if not chunk:
                raise ConnectionResetError
            data += chunk
        return data


# --- What a header may say ----------------------------------------------------------------------------------------------------


def _evidence(check: str, header: Mapping[str, Any], values: tuple[Value, ...]) -> CheckEvidence:
    ending = _ending(header)
    warnings = header.get("warnings")
    return CheckEvidence(
        check=check,
        ending=ending,
        values=values if ending is Ending.ANSWERED else (),
        error=_error(header.get("error")) if ending is Ending.RAISED else None,
        detail=_text(header.get("detail")),
        warnings=tuple(_text(text, 300) for text in warnings[:MAX_WARNINGS]) if isinstance(warnings, list) else (),
        wall_s=_seconds(header.get("wall_s")),
        cpu_s=_seconds(header.get("cpu_s")),
    )


def _ending(header: Mapping[str, Any]) -> Ending:
    word = header.get("ending")
    return ENDINGS.get(word, Ending.MALFORMED) if isinstance(word, str) else Ending.MALFORMED


def _text(value: object, most: int = MAX_TEXT) -> str:
    """Text as it may be kept: bounded, no control characters, no lone surrogates (they cannot be written as UTF-8)."""
    if not isinstance(value, str):
        return ""
    kept = "".join(character if character.isprintable() or character in "\n\t" else "�" for character in value[:most])
    return kept.encode("utf-8", "replace").decode("utf-8")


def _seconds(value: object) -> float:
    return float(value) if isinstance(value, int | float) and 0 <= value < MAX_SECONDS else 0.0


def _error(value: object) -> StudentError | None:
    if not isinstance(value, dict):
        return None
    frames = value.get("frames")
    return StudentError(
        kind=_text(value.get("kind"), 100) or "Exception",
        message=_text(value.get("message")),
        frames=tuple(_frame(frame) for frame in frames[-MAX_FRAMES:] if isinstance(frame, dict)) if isinstance(frames, list) else (),
    )


def _frame(frame: Mapping[str, Any]) -> TracebackLine:
    line = frame.get("line")
    return TracebackLine(
        file=_text(frame.get("file"), 300),
        line=line if type(line) is int and 0 <= line < 10**7 else 0,
        function=_text(frame.get("function"), 100),
        code=_text(frame.get("code"), 200),
    )


# --- A whole plan -------------------------------------------------------------------------------------------------------------


async def run_probes(
    sandbox: Sandbox, spec: RoomSpec, modules: Mapping[str, str], files: Sequence[str], plan: Sequence[Planned]
) -> ProbeRun:
    """Run every planned check on the submission that `spec` stages, in one room, and answer for each of them.

    Args: modules: the stripped check modules by name, "checks" among them. files: paths of the graded modules, in the order in
        which names are looked up; those that are not in `spec.files` are missing. plan: the checks.
    Raises: SandboxError if the machinery fails; then nothing is said of the submission.
    """
    started = time.monotonic()
    async with sandbox.room(spec) as room:
        phases = {"room": time.monotonic() - started}
        work = _Work(sandbox, room, spec.limits, modules, files)
        try:
            checks = tuple([await work.one(planned) for planned in plan])
        finally:
            await work.end()
        phases["probes"] = time.monotonic() - started - phases["room"]
        return ProbeRun(
            checks=checks, imports=tuple(work.reports.values()), notes=tuple(work.notes), usage=room.usage(), phases=phases
        )


class _Work:
    """The restarts: which runner is there, what it has imported, what must not be tried again."""

    def __init__(self, sandbox: Sandbox, room: Room, limits: Limits, modules: Mapping[str, str], files: Sequence[str]) -> None:
        self._sandbox = sandbox
        self._room = room
        self._limits = limits
        self._modules = modules
        self._files = files
        self._session: ProbeSession | None = None
        self._member: Member | None = None
        self._runners = 0
        self.reports: dict[str, ImportReport] = {}
        self.notes: list[Note] = []

    async def one(self, planned: Planned) -> CheckEvidence:
        """Run one check, with a new runner if there is none. An answer out of turn is no fault of this check: it is tried once more."""
        for last in (False, True):
            session = await self._ready()
            if session is None:
                text = f"the process that runs the checks ended {MAX_RUNNERS} times; no further one was started"
                return CheckEvidence(check=planned.id, ending=Ending.DIED, detail=text)
            kills = self._room.memory_kills()
            try:
                evidence = await session.check(planned, self._skipped())
            except RunnerLostError as exc:
                await self.end()
                self._note(planned.id, exc)
                if isinstance(exc, OutOfTurnError) and not last:
                    continue
                return CheckEvidence(check=planned.id, ending=exc.ending, detail=self._why(exc.detail, kills), wall_s=0.0)
            if evidence.ending is Ending.DIED:
                return replace(evidence, detail=self._why(evidence.detail, kills))
            return evidence
        raise SandboxError(f"check {planned.id}: two runners in a row answered out of turn")

    async def end(self) -> None:
        """Be rid of the runner."""
        if self._session is not None:
            self._session.close()
            self._session = None
        if self._member is not None:
            self._member.kill()
            await self._member.wait()
            self._member = None

    async def _ready(self) -> ProbeSession | None:
        """A runner that has loaded the checks and imported what can be imported; None when too many were used up."""
        while self._session is None:
            if self._runners >= MAX_RUNNERS:
                return None
            self._runners += 1
            try:
                self._session = await self._start()
            except RunnerLostError as exc:
                await self.end()
                self._note("import", exc)
        return self._session

    async def _start(self) -> ProbeSession:
        ours, theirs = socket.socketpair()
        evidence_bytes = int(self._limits.evidence_mib * MIB)
        with theirs:
            config = {"evidence_bytes": evidence_bytes, "alone": self._sandbox.sandboxed}
            self._member = await self._room.fork("runner", config, [theirs.fileno()], cpu_s=self._limits.notebook_s)
        session = ProbeSession(ours, evidence_bytes=evidence_bytes)
        try:
            await session.load(self._modules)
            for path in self._files:
                await self._import(session, path)
        except BaseException:
            session.close()
            raise
        return session

    async def _import(self, session: ProbeSession, path: str) -> None:
        known = self.reports.get(path)
        if known is not None and known.ending in (Ending.TIMED_OUT, Ending.DIED, Ending.MALFORMED, Ending.OVERSIZE):
            return  # it took a runner with it: not again
        try:
            report = await session.import_module(path, self._limits.import_s)
        except RunnerLostError as exc:
            self.reports[path] = ImportReport(path=path, ending=exc.ending, detail=exc.detail)
            raise
        if known is None:
            self.reports[path] = report
            for stub in report.stubs:
                text = f"{stub} is not installed here and was stood in for; using it raises ImportError"
                self.notes.append(Note(about=path, text=text))

    def _skipped(self) -> list[str]:
        lost = (Ending.TIMED_OUT, Ending.DIED, Ending.MALFORMED, Ending.OVERSIZE)
        return [
            f"importing {PurePosixPath(path)} ended the process ({report.detail})"
            for path, report in self.reports.items()
            if report.ending in lost
        ]

    def _why(self, detail: str, kills: int) -> str:
        if self._room.memory_kills() > kills:
            return f"out of memory (the limit is {self._limits.memory_mib} MiB): {detail}"
        return detail

    def _note(self, about: str, exc: RunnerLostError) -> None:
        self.notes.append(Note(about=about, text=f"the process that runs the checks was lost: {exc.detail}", for_student=False))
