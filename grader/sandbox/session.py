"""One conversation with a process that runs probes: a request goes in, a frame comes back, bounded before it is read.

Nothing that came is trusted further than its bounds: texts are cut and cleaned, words are looked up in tables that stand here.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..model import CheckEvidence, Ending, StudentError, TracebackLine, Value
from ..probe.child import KILLED
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
from ..probe.published import PUBLISHED

__all__ = [
    "ImportReport",
    "OutOfTurnError",
    "Planned",
    "ProbeSession",
    "RunnerLostError",
    "worth_another_try",
]

MIB = 1024 * 1024
GRACE_S = 15.0  # beyond a limit that the runner keeps itself, which is longer on a busy machine, before the driver gives it up
LOAD_S = 20.0
MAX_TEXT = 2000  # characters
MAX_WARNINGS = 20
MAX_FRAMES = 12
MAX_SECONDS = 1e6  # a forged duration beyond it is not kept

#: What a runner may say of a request, by the word that it uses. Infrastructure failures are not among them: a runner in which
#: student code has run cannot say that the failure was ours.
ENDINGS: Mapping[str, Ending] = {
    "answered": Ending.ANSWERED,
    "raised": Ending.RAISED,
    "timed_out": Ending.TIMED_OUT,
    "died": Ending.DIED,
    "malformed": Ending.MALFORMED,
    "oversize": Ending.OVERSIZE,
    "missing": Ending.MISSING,
    "needs_person": Ending.NEEDS_PERSON,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One check to run. seed: its own, 0 <= seed < 2**63. time_s: wall clock.

    hidden: nothing that student code says from here on is told to students; see `ProbeSession.load`.
    """

    id: str
    seed: int
    time_s: float
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """How the import of one module ended. stubs: absent packages that a stand-in was given for.

    partial: its top level raised or was left out, and what its other statements define is probed.
    """

    path: str
    ending: Ending
    error: StudentError | None = None
    stubs: tuple[str, ...] = ()
    detail: str = ""
    partial: bool = False


class RunnerLostError(Exception):
    """The runner cannot be spoken to any more. ending: what that means for the request that was under way."""

    def __init__(self, ending: Ending, detail: str) -> None:
        super().__init__(detail)
        self.ending = ending
        self.detail = detail


class OutOfTurnError(RunnerLostError):
    """Bytes came, or the end came, that belong to an earlier request or to none."""


def worth_another_try(evidence: CheckEvidence, planned: Planned) -> bool:
    """Whether what went wrong may not have been the check's doing.

    Its process was killed: by the machine, perhaps, that had no memory left. Or its time was up before it had computed for half of
    it: a busy machine may have let it wait. A lie of student code's buys a second try, no more.
    """
    if evidence.ending is Ending.TIMED_OUT:
        return evidence.cpu_s < planned.time_s / 2
    return evidence.ending is Ending.DIED and evidence.detail == KILLED


class ProbeSession:
    """One conversation with one runner, or with a kernel that serves its namespace.

    Each method sends one request and takes one frame. After a `RunnerLostError` the session is of no more use.
    left_bytes: of arrays that are still taken: a submission that returned the most in every check would fill the driver's memory.
    """

    def __init__(self, channel: socket.socket, *, evidence_bytes: int) -> None:
        channel.setblocking(False)
        self._channel = channel
        self._hidden: Mapping[str, str] | None = None
        self.left_bytes = evidence_bytes

    @property
    def _bounds(self) -> Bounds:
        return Bounds(payload_bytes=self.left_bytes)

    async def load(
        self, modules: Mapping[str, str], *, hidden: Mapping[str, str] | None = None
    ) -> frozenset[str]:
        """Send the stripped check modules; the one named "checks" holds the checks.

        hidden: all of them once more, with the hidden checks, to be sent before the first of these: student code can read the
        probes that stand beside it, and what it says under a visible check is told.
        Returns: the ids of the checks that stand there.
        Raises: RunnerLostError, with the ending MALFORMED if they could not be loaded. A runner that has imported nothing yet can
            be believed then; a kernel, in which student code has run, cannot.
        """
        self._hidden = hidden
        header, _ = await self._ask({"op": "load", "modules": dict(modules)}, LOAD_S)
        checks = header.get("checks")
        if header.get("ending") == "answered" and isinstance(checks, list):
            return frozenset(_text(check, 200) for check in checks)
        error = _error(header.get("error"))
        why = f": {error.kind}: {error.message}" if error else ""
        raise RunnerLostError(Ending.MALFORMED, f"the checks could not be loaded{why}")

    async def import_module(self, path: str, time_s: float, *, shortened: bool = False) -> ImportReport:
        """Import one submitted module. shortened: run what it defines only, and leave out what else its top level does.

        Raises: RunnerLostError if it hangs or takes the runner with it.
        """
        header, _ = await self._ask({"op": "import", "path": path, "shortened": shortened}, time_s)
        stubs = header.get("stubs")
        return ImportReport(
            path=path,
            ending=_ending(header),
            error=_error(header.get("error")),
            stubs=tuple(_text(stub, 100) for stub in stubs[:50]) if isinstance(stubs, list) else (),
            detail=_text(header.get("detail")),
            partial=header.get("partial") is True,
        )

    async def check(self, planned: Planned, problems: Sequence[str] = ()) -> CheckEvidence:
        """Run one check. problems: modules that this runner did not import, for the text of a MISSING ending.

        Raises: RunnerLostError if no frame of this check came.
        """
        if planned.hidden and self._hidden is not None:
            await self.load(self._hidden)
        request = {
            "op": "check",
            "id": planned.id,
            "seed": planned.seed,
            "time_s": planned.time_s,
            "problems": list(problems),
            "payload_bytes": self.left_bytes,
        }
        header, payload = await self._ask(request, planned.time_s + GRACE_S)
        bounds = self._bounds
        self.left_bytes -= len(payload)
        try:
            values = decode_values(header.get("values", []), payload, bounds)
        except OversizeError as exc:
            return CheckEvidence(check=planned.id, ending=Ending.OVERSIZE, detail=str(exc))
        except FrameError as exc:
            return CheckEvidence(check=planned.id, ending=Ending.MALFORMED, detail=str(exc))
        return _evidence(
            planned.id,
            header,
            tuple(Value(name=name, type_name=kind, array=array) for name, kind, array in values),
        )

    def close(self) -> None:
        """End the conversation."""
        self._channel.close()

    async def _ask(self, request: Mapping[str, Any], time_s: float) -> tuple[dict[str, Any], bytearray]:
        nonce = secrets.token_hex(16)
        self._refuse_early_bytes()
        try:
            async with asyncio.timeout(time_s):
                await asyncio.get_running_loop().sock_sendall(
                    self._channel, encode_request({**request, "nonce": nonce})
                )
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
            raise RunnerLostError(
                Ending.DIED, "the process that runs the checks ended before it answered"
            ) from exc
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
            raise OutOfTurnError(
                Ending.DIED, "the process that runs the checks ended between two of them"
            ) from exc
        if not early:
            raise OutOfTurnError(Ending.DIED, "the process that runs the checks ended between two of them")
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


def _evidence(check: str, header: Mapping[str, Any], values: tuple[Value, ...]) -> CheckEvidence:
    ending, detail = _ending(header), _text(header.get("detail"))
    package = header.get("package")
    if ending is Ending.NEEDS_PERSON and isinstance(package, str):
        lacking = package in PUBLISHED  # no other word of theirs becomes the name of a package
        ending, detail = (ending, _lacking(package, header)) if lacking else (Ending.RAISED, "")
    warnings = header.get("warnings")
    return CheckEvidence(
        check=check,
        ending=ending,
        values=values if ending is Ending.ANSWERED else (),
        error=_error(header.get("error")) if ending in (Ending.RAISED, Ending.NEEDS_PERSON) else None,
        detail=detail,
        warnings=tuple(_text(text, 300) for text in warnings[:MAX_WARNINGS])
        if isinstance(warnings, list)
        else (),
        wall_s=_seconds(header.get("wall_s")),
        cpu_s=_seconds(header.get("cpu_s")),
    )


def _lacking(package: str, header: Mapping[str, Any]) -> str:
    """What is said of a check that needs an absent package: the package, and where it is imported."""
    place = _text(header.get("imported_at"), 300)
    where = f" (imported at {place})" if place else ""
    return f"it needs {package}{where}, which is not installed where the work is graded"


def _ending(header: Mapping[str, Any]) -> Ending:
    word = header.get("ending")
    return ENDINGS.get(word, Ending.MALFORMED) if isinstance(word, str) else Ending.MALFORMED


def _text(value: object, most: int = MAX_TEXT) -> str:
    """Text as it may be kept: bounded, without control characters (escape sequences, bidi overrides) and lone surrogates."""
    if not isinstance(value, str):
        return ""
    return "".join(
        character if character.isprintable() or character in "\n\t" else "\ufffd"
        for character in value[:most]
    )


def _seconds(value: object) -> float:
    return float(value) if isinstance(value, int | float) and 0 <= value < MAX_SECONDS else 0.0


def _error(value: object) -> StudentError | None:
    if not isinstance(value, dict):
        return None
    frames = value.get("frames")
    kept = (
        [frame for frame in frames if isinstance(frame, dict)][-MAX_FRAMES:]
        if isinstance(frames, list)
        else []
    )
    return StudentError(
        kind=_text(value.get("kind"), 100) or "Exception",
        message=_text(value.get("message")),
        frames=tuple(_frame(frame) for frame in kept),
    )


def _frame(frame: Mapping[str, Any]) -> TracebackLine:
    line = frame.get("line")
    return TracebackLine(
        file=_text(frame.get("file"), 300),
        line=line if type(line) is int and 0 <= line < 10**7 else 0,
        function=_text(frame.get("function"), 100),
        code=_text(frame.get("code"), 200),
    )
