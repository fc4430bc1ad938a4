"""One check in one fork: run the probe, send one frame through a pipe, end. The parent keeps time, counts bytes, and sweeps up."""

from __future__ import annotations

import contextlib
import io
import os
import resource
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .check import NeedsPersonError, Probe
from .forks import fork_bare
from .frames import (
    PREFIX,
    Bounds,
    FrameError,
    OversizeError,
    encode_answer,
    encode_values,
    split_answer,
)
from .implementation import MissingNameError
from .imports import IMPORTED_AT
from .one_entry import NOTICE, is_refused, take_one_entry
from .seeding import seeded
from .share import OutOfTimeError, let_share
from .stubs import Placeholder, lacking_package
from .values import plain_values
from .waits import is_alone, kept_waiting_s

__all__ = ["KILLED", "Attempt", "kill_everything", "run_check"]

CHUNK = 1 << 20
MAX_WARNINGS = 20
MAX_WARNING_CHARS = 300
MAX_ORPHANS = 20_000  # more cannot have been left by one check
LEAST_S = 0.05  # of a limit that is left: not worth waiting for

#: Seconds that a check is let off at most for having had no processor. The driver's patience (`session.GRACE_S`) is longer.
MOST_WAITED_S = 8.0

#: What is said of a fork that SIGKILL ended. The machine may have been out of memory: the driver tries such a check once more.
KILLED = "the process was ended by SIGKILL before it answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One run of one probe. time_s: wall clock, without waits for a processor. close: descriptors that the fork must not have.

    alone: see `serve.Server`. work: the folder of the student's modules, if they are what is probed.
    """

    probe: Probe
    seed: int
    time_s: float
    bounds: Bounds
    close: tuple[int, ...]
    alone: bool
    describe: Callable[[BaseException], dict[str, Any]]
    work: str = ""


def run_check(attempt: Attempt, implementation: Any) -> tuple[dict[str, Any], bytes]:
    """Run the probe in a fork; the header and payload of the answer, whatever happened to the fork."""
    reader, writer = os.pipe()
    child = fork_bare()
    if child == 0:
        try:
            os.close(reader)
            _child(attempt, implementation, writer)
        finally:
            os._exit(1)
    os.close(writer)
    with contextlib.suppress(OSError):  # the child may have done it already, or be gone
        os.setpgid(child, child)
    handle = os.pidfd_open(child)
    try:
        data, late = _collect(reader, child, handle, attempt)
    finally:
        os.close(reader)
        _kill(child, alone=attempt.alone)
        _, how, usage = os.wait4(child, 0)
        os.close(handle)
        _bury(alone=attempt.alone)
    header, payload = _judge(data, late, how, attempt)
    return header | {"cpu_s": round(usage.ru_utime + usage.ru_stime, 6)}, payload


# --- In the parent ----------------------------------------------------------------------------------------------------------


def _collect(reader: int, child: int, handle: int, attempt: Attempt) -> tuple[bytearray, bool]:
    """Read until the fork has ended, its time is up, or it says too much. Returns the bytes, and whether its time was up."""
    ends = time.monotonic() + attempt.time_s
    deadline = ends
    most = PREFIX.size + attempt.bounds.header_bytes + attempt.bounds.payload_bytes
    data = bytearray()
    watched = select.poll()
    watched.register(reader, select.POLLIN)
    watched.register(handle, select.POLLIN)
    while len(data) <= most:
        left = deadline - time.monotonic()
        if left <= LEAST_S:
            deadline = ends + (min(kept_waiting_s(child), MOST_WAITED_S) if is_alone(child) else 0.0)
            left = deadline - time.monotonic()
        if left <= 0:
            return data, True
        ready = {descriptor for descriptor, _ in watched.poll(left * 1000)}
        if reader in ready:
            chunk = os.read(reader, CHUNK)
            data += chunk
            if not chunk:
                watched.unregister(reader)
            continue
        if handle in ready:
            return data, False
    return data, False


def _kill(child: int, *, alone: bool) -> None:
    """Kill the fork with its process group; in a room of our own, everything else that it may have started, too."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    if alone:
        kill_everything()


def kill_everything() -> None:
    """Kill every process of this pid namespace but its first one and this one, in one step that no fork bomb outruns.

    Does nothing where this process has a parent: only in a namespace whose parent is outside is there none (0), and elsewhere -1
    would mean all that the user runs.
    """
    if os.getppid() == 0:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(-1, signal.SIGKILL)


def _bury(*, alone: bool) -> None:
    """Reap what the fork left behind, which became ours. Where everything was killed, wait until it is gone."""
    everything = alone and os.getppid() == 0
    for _ in range(MAX_ORPHANS):
        try:
            pid, _ = os.waitpid(-1, 0 if everything else os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return


def _judge(data: bytearray, late: bool, how: int, attempt: Attempt) -> tuple[dict[str, Any], bytes]:
    """What the bytes of an ended fork amount to."""
    if late:
        return {"ending": "timed_out", "detail": f"no answer within {attempt.time_s:g} s"}, b""
    if not data:
        return {"ending": "died", "detail": _how(how)}, b""
    try:
        header, payload = split_answer(data, attempt.bounds)
    except OversizeError as exc:
        return {"ending": "oversize", "detail": str(exc)}, b""
    except FrameError as exc:
        return {"ending": "malformed", "detail": str(exc)}, b""
    return header, payload


def _how(how: int) -> str:
    code = os.waitstatus_to_exitcode(how)
    if code >= 0:
        return f"the process left with exit status {code} before it answered"
    if -code == signal.SIGKILL:
        return KILLED
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    return f"the process was ended by {name} before it answered"


# --- In the fork ------------------------------------------------------------------------------------------------------------


def _child(attempt: Attempt, implementation: Any, writer: int) -> None:
    """Run the probe and write one frame. Never returns."""
    own = os.getpid()
    os.setpgid(0, 0)
    for descriptor in attempt.close:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    seconds = int(attempt.time_s) + 2
    with contextlib.suppress(ValueError, OSError):  # a lower limit stands already
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    _go_first()
    let_share(attempt.time_s)
    sys.stdin, sys.stdout, sys.stderr = io.StringIO(), _Silence(), _Silence()
    header, payload = _run(attempt, implementation)
    if os.getpid() != own:
        os._exit(0)  # a fork that student code made and that returned through here: one answer is enough
    frame = memoryview(encode_answer(header, payload))
    while frame:
        frame = frame[os.write(writer, frame) :]
    os._exit(0)


def _go_first() -> None:
    """Out of memory, this process goes, and not the runner."""
    with contextlib.suppress(OSError):
        score = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(score, b"1000")
        os.close(score)


class _Silence(io.TextIOBase):
    """A text file that forgets."""

    def write(self, text: str) -> int:
        return len(text)


def _run(attempt: Attempt, implementation: Any) -> tuple[dict[str, Any], bytes]:
    texts: list[str] = []

    def remember(message: Warning | str, category: type[Warning], *_args: Any, **_kwargs: Any) -> None:
        text = f"{category.__name__}: {message}"[:MAX_WARNING_CHARS]
        if text not in texts and len(texts) < MAX_WARNINGS:
            texts.append(text)

    warnings.simplefilter("default")
    warnings.showwarning = remember
    try:
        returned = _returned(attempt, implementation, texts)
        _refuse_stand_ins(returned)
        values, payload = encode_values(plain_values(returned, attempt.bounds))
    except OversizeError as exc:
        return {"ending": "oversize", "detail": str(exc), "warnings": texts}, b""
    except BaseException as exc:  # noqa: BLE001  # student code may raise anything, SystemExit and KeyboardInterrupt included
        if isinstance(exc, MissingNameError):
            return {**_missing(exc), "warnings": texts}, b""
        return {**_raised(exc, attempt), "warnings": texts}, b""
    return {"ending": "answered", "values": values, "warnings": texts}, payload


def _returned(attempt: Attempt, implementation: Any, texts: list[str]) -> Any:
    """What the probe returns; once more from the start if student code was refused for an array of one entry, see `one_entry`."""
    try:
        return attempt.probe(implementation, seeded(attempt.seed))
    except (TypeError, ValueError) as exc:
        if not attempt.work or not is_refused(exc) or not take_one_entry(attempt.work):
            raise
    texts.append(NOTICE)
    return attempt.probe(implementation, seeded(attempt.seed))


def _refuse_stand_ins(returned: object) -> None:
    """Raises: LackingError if something of an absent package came back: nobody can tell whether it is right."""
    for value in returned.values() if isinstance(returned, dict) else ():
        if type(value) is Placeholder:
            len(value)  # type: ignore[arg-type]  # any use of it raises


def _missing(exc: MissingNameError) -> dict[str, Any]:
    """A name that is not there; where the work is written with an absent package, it may have it under that package's own."""
    if exc.package is None:
        return {"ending": "missing", "detail": str(exc)[:1000]}
    error = {"kind": "MissingNameError", "message": str(exc)[:1000], "frames": []}
    place = IMPORTED_AT.get(exc.package, "")
    return {"ending": "needs_person", "package": exc.package, "imported_at": place, "error": error}


def _raised(exc: BaseException, attempt: Attempt) -> dict[str, Any]:
    """What it means that the probe or student code raised: an error of theirs, time used up, or what a person has to look at."""
    if isinstance(exc, OutOfTimeError):
        return {"ending": "timed_out", "detail": str(exc)[:500]}
    error = attempt.describe(exc)
    package = lacking_package(exc)
    if package is not None:
        place = IMPORTED_AT.get(package, "")
        return {"ending": "needs_person", "package": package, "imported_at": place, "error": error}
    if isinstance(exc, NeedsPersonError) and not isinstance(exc, ImportError):
        return {"ending": "needs_person", "detail": str(exc)[:500]}
    return {"ending": "raised", "error": error}
