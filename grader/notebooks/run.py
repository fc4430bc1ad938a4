"""Run a submitted notebook headlessly in a room: every cell bounded in time and output, every cell's ending recorded.

`sandbox/cells.py` drives single cells; here is what concerns the whole: its limits, what of it was reached, and the probes of its
namespace. Nothing is judged, and nothing on disk is touched.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field

from nbformat import NotebookNode

from ..assignment import Limits
from ..errors import SandboxError
from ..model import CellEvidence, Ending, StudentError
from ..sandbox.cells import CellDriver, DeadKernelError, Received, StoppedError, TimeLeft
from ..sandbox.kernel import HungUpError, Kernel, open_kernel
from ..sandbox.room import MACHINE_FULL, Room
from .file import read_notebook, write_notebook
from .outputs import CellOutputs, OutputBudget, student_error

__all__ = ["NotebookRun", "Probing", "read_notebook", "run_notebook"]

MIB = 1024 * 1024
RECEIVED_FACTOR = 8  # of the output limit: what may be said in all, for much of it may be cleared again
RECEIVED_MIB = 64  # on top
LAST_WORDS_S = 2.0  # to read what a kernel sent before it died
SERVE = "get_ipython().serve_probes()"

#: Speaks with the kernel's namespace over a connected socket, after the last cell.
Probing = Callable[[socket.socket], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookRun:
    """One executed notebook, nothing judged.

    "Cell n" in texts and tracebacks is the n-th code cell that is not empty: the [n] that Jupyter shows after "Run all".
    ending: ANSWERED if every cell was reached (cells themselves may have raised or timed out); DIED, TIMED_OUT, OVERSIZE or
    MALFORMED if the notebook ended early by the student's code; NOT_RUN if our machinery failed. killed: its process was ended by
    SIGKILL within its limits, perhaps not by its own doing: worth another run. cells: code cells that are not empty.
    executed: the notebook as .ipynb bytes. probed: whether the namespace could be probed after the last cell.
    wall_s, cpu_s: seconds, the former without the wait for a turn, the latter of the kernel, and of what it waited for, from its
    first cell on.
    """

    path: str
    ending: Ending
    cells: tuple[CellEvidence, ...]
    executed: bytes
    detail: str = ""
    killed: bool = False
    probed: bool = False
    cpu_s: float = 0.0
    wall_s: float = 0.0


@dataclass(slots=True, kw_only=True)
class _Progress:
    """How far the notebook has come, and in which room."""

    room: Room
    cells: list[CellEvidence] = field(default_factory=list)
    ending: Ending = Ending.ANSWERED
    kernel_answers: bool = True
    details: list[str] = field(default_factory=list)
    killed: bool = False
    probed: bool = False
    cpu_s: float = 0.0
    start_cpu_s: float = 0.0
    waited_s: float = 0.0

    def stop(self, stopped: StoppedError, number: int) -> None:
        """Note that cell `number` ended the notebook."""
        self.ending = stopped.ending
        self.kernel_answers = False
        self.details.append(f"cell {number} ended the notebook: {stopped.detail}")


async def run_notebook(
    room: Room,
    notebook_bytes: bytes,
    *,
    path: str,
    limits: Limits,
    probing: Probing | None = None,
    turn: AbstractAsyncContextManager[None] | None = None,
) -> NotebookRun:
    """Run all code cells of a notebook in a kernel of its own, in `room`.

    A cell that raises or times out does not stop the notebook; a kernel that dies, floods or cannot be interrupted does, and the
    cells that it did not reach end as MISSING.

    Args: room: with the submission's files staged. notebook_bytes: as handed in. path: its name for messages.
        limits: `cell_s`, `cells`, `notebook_s` (by the clock, less what a busy machine kept from the kernel) and `output_mib` are
            kept here, the rest by the room.
        probing: called once the last cell has ended and the kernel lives, with a socket to its namespace.
        turn: waited for once the kernel is ready, and let go of after the last answer, before the kernel is ended; None: nobody
            has to wait.
    Returns: the run; ending NOT_RUN, for every cell, where our machinery failed.
    Raises: SubmissionError if the bytes are no notebook.
    """
    started = time.monotonic()
    notebook = read_notebook(notebook_bytes, path)
    indices = [
        index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code" and cell.source.strip()
    ]
    progress = _Progress(room=room)
    received = Received(limit_bytes=int((RECEIVED_MIB + 2 * RECEIVED_FACTOR * limits.output_mib) * MIB))
    try:
        async with _kernel(room, limits, progress) as kernel, _in_turn(turn, progress):
            progress.start_cpu_s = kernel.usage().cpu_s
            sources = [(index, notebook.cells[index]) for index in indices]
            await _run_cells(CellDriver(kernel, received), sources, limits, progress)
            if probing is not None and progress.kernel_answers:
                await _probe(kernel, probing, progress)
    except SandboxError as exc:
        progress.ending, progress.details = Ending.NOT_RUN, [str(exc)]
        progress.cells.clear()
    reached = {cell.index for cell in progress.cells}
    unreached = Ending.NOT_RUN if progress.ending is Ending.NOT_RUN else Ending.MISSING
    cells = [
        *progress.cells,
        *(CellEvidence(index=index, ending=unreached) for index in indices if index not in reached),
    ]
    return NotebookRun(
        path=path,
        ending=progress.ending,
        cells=tuple(cells),
        executed=write_notebook(notebook),
        detail="; ".join(progress.details),
        killed=progress.killed,
        probed=progress.probed,
        cpu_s=progress.cpu_s,
        wall_s=time.monotonic() - started - progress.waited_s,
    )


@asynccontextmanager
async def _in_turn(
    turn: AbstractAsyncContextManager[None] | None, progress: _Progress
) -> AsyncIterator[None]:
    waiting = time.monotonic()
    async with turn or nullcontext():
        progress.waited_s = time.monotonic() - waiting
        yield


@asynccontextmanager
async def _kernel(room: Room, limits: Limits, progress: _Progress) -> AsyncIterator[Kernel]:
    message_bytes = int((limits.output_mib + 1) * MIB)
    total_bytes = int((RECEIVED_MIB + RECEIVED_FACTOR * limits.output_mib) * MIB)
    async with open_kernel(room, message_bytes=message_bytes, total_bytes=total_bytes) as kernel:
        yield kernel
    progress.cpu_s = max(0.0, kernel.usage().cpu_s - progress.start_cpu_s)


async def _run_cells(
    driver: CellDriver, cells: Sequence[tuple[int, NotebookNode]], limits: Limits, progress: _Progress
) -> None:
    time_left = TimeLeft(driver.kernel, limits.notebook_s)
    budget = OutputBudget(left_bytes=int(limits.output_mib * MIB))
    for number, (index, cell) in enumerate(cells, start=1):
        left = time_left.seconds()
        if left <= 0:
            progress.ending = Ending.TIMED_OUT
            progress.details.append(f"the notebook's {limits.notebook_s:g} s were over before cell {number}")
            return
        driver.outputs = CellOutputs(budget=budget)
        limit_s = min(left, _cell_limit(cell.source, limits))
        started = time.monotonic()
        cell["execution_count"] = number
        try:
            ending, error = await _ending(driver, cell.source, progress, number=number, limit_s=limit_s)
        finally:
            cell["outputs"] = driver.outputs.documents(number)
        progress.cells.append(
            CellEvidence(index=index, ending=ending, error=error, wall_s=time.monotonic() - started)
        )
        if ending is Ending.TIMED_OUT:
            progress.details.append(f"cell {number} did not end within {limit_s:.3g} s")
        if progress.ending is not Ending.ANSWERED:
            return
    if driver.lost:
        progress.details.append("messages that were too large to be taken are lost")


async def _ending(
    driver: CellDriver, source: str, progress: _Progress, *, number: int, limit_s: float
) -> tuple[Ending, StudentError | None]:
    """Run one cell and say how it ended; note in `progress` where it ended the notebook."""
    try:
        reply = await driver.run_cell(source, limit_s)
    except (DeadKernelError, HungUpError) as exc:
        if isinstance(exc, HungUpError) and not await _ends(driver.kernel):
            progress.stop(StoppedError(Ending.MALFORMED, "the kernel takes no requests any more"), number)
            return Ending.MALFORMED, None
        status = await _end_of_its_own(driver.kernel, progress)
        progress.stop(
            StoppedError(Ending.DIED, _obituary(status, progress.room.memory_kills())),
            number,
        )
        return Ending.DIED, None
    except StoppedError as stopped:
        progress.stop(stopped, number)
        return stopped.ending, None
    if driver.timed_out:
        return Ending.TIMED_OUT, driver.outputs.error
    status = reply.content.get("status")
    if status == "ok":
        return Ending.ANSWERED, None
    if status == "error":
        return Ending.RAISED, driver.outputs.error or student_error(reply.content)
    return Ending.MALFORMED, None


async def _ends(kernel: Kernel) -> bool:
    """Whether a kernel that takes no requests has ended, or is about to."""
    try:
        async with asyncio.timeout(LAST_WORDS_S):
            await kernel.died()
    except TimeoutError:
        return False
    return True


async def _end_of_its_own(kernel: Kernel, progress: _Progress) -> int | None:
    """The exit status of a kernel that has ended; notes in `progress` where it may not have been the notebook's doing.

    Raises: SandboxError if it certainly was not.
    """
    status = await kernel.died()
    if await kernel.taken():
        raise SandboxError("the sandbox was ended from outside while a notebook ran; run again")
    progress.killed = status == -signal.SIGKILL and not progress.room.memory_kills()
    if progress.killed and progress.room.machine_kills():
        raise SandboxError(MACHINE_FULL)
    return status


def _obituary(status: int | None, memory_kills: int) -> str:
    """Say how the kernel's process ended."""
    if memory_kills:
        return "its process was killed, for it needed more memory than the limit"
    if status is not None and status < 0:
        name = signal.Signals(-status).name if -status in set(signal.Signals) else f"signal {-status}"
        return f"its process was killed by {name}"
    return f"its process left with exit status {status}"


def _cell_limit(source: str, limits: Limits) -> float:
    return max([limits.cell_s, *(longer.seconds for longer in limits.cells if longer.contains in source)])


async def _probe(kernel: Kernel, probing: Probing, progress: _Progress) -> None:
    """Let the kernel serve probes of its namespace, and speak with it; note whether it was still there to ask."""
    try:
        await kernel.line.execute(SERVE, silent=True)
    except HungUpError:
        if await _ends(kernel):
            await _end_of_its_own(kernel, progress)
        return
    died = asyncio.ensure_future(kernel.died())
    asking = asyncio.ensure_future(probing(kernel.probes))
    try:
        await asyncio.wait({died, asking}, return_when=asyncio.FIRST_COMPLETED)
        if not asking.done():  # it may still be reading what was sent before
            await asyncio.wait({asking}, timeout=LAST_WORDS_S)
        if died.done():
            await _end_of_its_own(kernel, progress)
        if asking.done():
            asking.result()
        progress.probed = asking.done()
    finally:
        died.cancel()
        asking.cancel()
        await asyncio.gather(died, asking, return_exceptions=True)
