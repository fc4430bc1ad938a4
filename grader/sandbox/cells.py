"""Drive the cells of one notebook: bounded in time and output, a death noticed at once, and going on after a time-out.

Everything that the kernel sends is student-made.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from ..model import Ending, StudentError
from ..notebooks.outputs import CellOutputs, OutputBudget
from .kernel import HungUpError, Kernel, MalformedMessageError, Message

__all__ = ["CellDriver", "DeadKernelError", "Received", "StoppedError", "TimeLeft"]

MIB = 1024 * 1024
REPLY = "reply"
GRACE_S = 2.0  # that a cell has to end after its first interrupt
INTERRUPT_EVERY_S = 0.5  # a bare `except:` swallows the first
LAST_WORDS_S = 0.5  # to read what a kernel sent before it died
MAX_RECEIVED = 100_000  # messages
LEAST_S = 0.05  # of a limit that is left: not worth waiting for
LAST_LOOK_S = 0.2  # after a limit, for what came in time while this process was busy with something else
MOST_WAITS = 4.0  # times its limit that a cell, or a notebook, is at most let off for having had no processor


class DeadKernelError(Exception):
    """The kernel's process has ended while a cell ran."""


class StoppedError(Exception):
    """The notebook cannot go on; the cell that was running ends so."""

    def __init__(self, ending: Ending, detail: str) -> None:
        super().__init__(detail)
        self.ending = ending
        self.detail = detail


@dataclass(slots=True)
class Received:
    """What has come from the kernel, kept or not."""

    limit_bytes: int
    size_bytes: int = 0
    messages: int = 0

    def count(self, message: Message) -> None:
        """Count one message. Raises: StoppedError once it is more than a kernel that keeps its own bounds could send."""
        self.size_bytes += message.size_bytes
        self.messages += 1
        if self.size_bytes > self.limit_bytes or self.messages > MAX_RECEIVED:
            raise StoppedError(
                Ending.OVERSIZE, f"sent {self.messages} messages of {self.size_bytes // MIB} MiB in all"
            )


class TimeLeft:
    """What is left of a kernel's time, which begins now: what a busy machine kept from it does not count, within bounds.

    Nor is it more than the time in which nothing of its room computed: whose own threads keep each other waiting gains nothing.
    """

    def __init__(self, kernel: Kernel, limit_s: float) -> None:
        self._kernel, self._limit_s = kernel, limit_s
        self._started = time.monotonic()
        self._waited_s, self._computed_s = kernel.kept_waiting_s(), kernel.computed_s()

    def seconds(self) -> float:
        """Seconds from now; not above zero once it is over."""
        passed_s = time.monotonic() - self._started
        idle_s = max(passed_s - (self._kernel.computed_s() - self._computed_s), 0.0)
        kept_s = min(self._kernel.kept_waiting_s() - self._waited_s, idle_s, MOST_WAITS * self._limit_s)
        return self._limit_s + kept_s - passed_s


class _Answer:
    """What comes in answer to one request: outputs, and the reply, after which nothing more will come."""

    def __init__(self, kernel: Kernel, received: Received, outputs: CellOutputs, request: str) -> None:
        self._kernel, self._received, self._outputs, self._request = kernel, received, outputs, request
        self.lost = False

    async def read(self) -> Message:
        """Read until the reply. Raises: StoppedError, MalformedMessageError, HungUpError."""
        while True:
            message = await self._kernel.line.receive()
            self._received.count(message)
            self.lost |= not message.kind
            if message.request == self._request:
                if message.kind == REPLY:
                    return message
                self._outputs.add(message.kind, message.content)


class CellDriver:
    """Runs one cell after another. outputs: of the next one, set beforehand. lost: whether messages could not be taken."""

    def __init__(self, kernel: Kernel, received: Received) -> None:
        self.kernel = kernel
        self.received = received
        self.outputs = CellOutputs(budget=OutputBudget(left_bytes=0))
        self.timed_out = False
        self.lost = False

    async def run_cell(self, source: str, limit_s: float) -> Message:
        """Run one cell and return its reply; its outputs are in `outputs`.

        Raises: StoppedError if the notebook cannot go on; DeadKernelError if the kernel died; HungUpError if it takes no requests,
            dead or not.
        """
        self.timed_out = False
        answer = _Answer(self.kernel, self.received, self.outputs, await self.kernel.line.execute(source))
        reading = asyncio.ensure_future(answer.read())
        try:
            return await self._answered(reading, limit_s)
        except MalformedMessageError as exc:
            raise StoppedError(
                Ending.MALFORMED, f"the kernel sent what is no message of a kernel: {exc}"
            ) from exc
        finally:
            self.lost |= answer.lost
            await _cancelled(reading)
            if self.timed_out:
                self._explain_interrupt(limit_s)

    def _explain_interrupt(self, limit_s: float) -> None:
        """Say that it was the grader that interrupted; the frames show where the cell was."""
        frames = self.outputs.error.frames if self.outputs.error else ()
        self.outputs.error = StudentError(
            kind="KeyboardInterrupt", message=f"stopped by the grader after {limit_s:.3g} s", frames=frames
        )

    async def _answered(self, reading: asyncio.Future[Message], limit_s: float) -> Message:
        """The reply; the cell is interrupted after its limit."""
        died = asyncio.ensure_future(self.kernel.died())
        try:
            waited_for: list[asyncio.Future[Any]] = [reading, died]
            await self._wait_for_limit(waited_for, limit_s)
            if not await _first_of(waited_for, LAST_LOOK_S):
                await self._interrupt(waited_for)
            if not reading.done():  # the kernel has died; what it sent before is still in the line
                await asyncio.wait({reading}, timeout=LAST_WORDS_S)
            if not reading.done():
                raise DeadKernelError
            return await _read(reading, died)
        finally:
            died.cancel()

    async def _wait_for_limit(self, waited_for: list[asyncio.Future[Any]], limit_s: float) -> None:
        """Wait until the cell has had its time."""
        time_left = TimeLeft(self.kernel, limit_s)
        left = limit_s
        while left > LEAST_S:
            if await _first_of(waited_for, left):
                return
            left = time_left.seconds()

    async def _interrupt(self, waited_for: list[asyncio.Future[Any]]) -> None:
        self.timed_out = True
        for _ in range(round(GRACE_S / INTERRUPT_EVERY_S)):
            self.kernel.interrupt()
            if await _first_of(waited_for, INTERRUPT_EVERY_S):
                return
        raise StoppedError(Ending.TIMED_OUT, "it did not stop when it was interrupted")


async def _first_of(waited_for: list[asyncio.Future[Any]], time_s: float) -> bool:
    """Wait for so long; whether one of them is done."""
    done, _ = await asyncio.wait(waited_for, timeout=time_s, return_when=asyncio.FIRST_COMPLETED)
    return bool(done)


async def _read(reading: asyncio.Future[Message], died: asyncio.Future[int]) -> Message:
    """The reply. Raises: what ended the reading, but DeadKernelError where the line is cut because the kernel dies."""
    try:
        return reading.result()
    except HungUpError:
        await asyncio.wait({died}, timeout=LAST_WORDS_S)
        if died.done():
            raise DeadKernelError from None
        raise


async def _cancelled(task: asyncio.Future[Message]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
