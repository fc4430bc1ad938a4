"""Drive the cells of one notebook through nbclient, with our own waiting: bounded, and never for ever.

nbclient sends the cells; what it does not have is here: going on after a time-out, a death noticed at once, and outputs bounded
while they arrive. Everything that the kernel sends is student-made.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from nbclient import NotebookClient
from nbformat import NotebookNode

from ..model import Ending, StudentError
from ..notebooks.outputs import CellOutputs, OutputBudget
from .kernel import Kernel, MalformedMessageError, Message

__all__ = ["CellDriver", "Received", "StoppedError"]

MIB = 1024 * 1024
GRACE_S = 2.0  # that a cell has to end after its first interrupt
INTERRUPT_EVERY_S = 0.5  # a bare `except:` swallows the first
SILENCE_S = 3.0  # without a message, after a cell's reply: the rest of its outputs will not come
MAX_RECEIVED = 100_000  # messages
LEAST_S = 0.05  # of a limit that is left: not worth waiting for
MOST_WAITS = 4.0  # times its limit that a cell is at most let off for having had no processor: it may have taken them all itself


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


class CellDriver(NotebookClient):
    """nbclient with our own waiting: for the reply, for the outputs, and for the kernel's death."""

    def __init__(self, notebook: NotebookNode, kernel: Kernel, received: Received) -> None:
        super().__init__(
            notebook,
            allow_errors=True,
            record_timing=False,
            store_widget_state=False,
            skip_cells_with_tag="gradecheck: run every cell",  # a student's tag must not skip one
        )
        self.kc = kernel.client  # type: ignore[assignment]  # nbclient asks no more of it than to execute
        self.kernel = kernel
        self.received = received
        self.outputs = CellOutputs(budget=OutputBudget(left_bytes=0))
        self.timed_out = False
        self.deaf = False  # the kernel's outputs no longer arrive

    async def run_cell(self, cell: NotebookNode, index: int, number: int, limit_s: float) -> Message:
        """Run one cell and return its reply.

        Raises: StoppedError if the notebook cannot go on. DeadKernelError if the kernel died; zmq.Again if it takes no requests,
            dead or not.
        """
        self.timed_out = False
        self.timeout_func = lambda _: limit_s  # type: ignore[assignment]  # only handed on, to us
        cell["execution_count"] = number
        try:
            await self.async_execute_cell(cell, index, execution_count=number)
        except MalformedMessageError as exc:
            raise StoppedError(
                Ending.MALFORMED, f"the kernel sent what is no Jupyter message: {exc}"
            ) from exc
        finally:
            if self.timed_out:
                self._explain_interrupt(limit_s)
            cell["outputs"] = self.outputs.documents(number)
        return self.reply

    def _explain_interrupt(self, limit_s: float) -> None:
        """Say that it was the grader that interrupted; the frames show where the cell was."""
        frames = self.outputs.error.frames if self.outputs.error else ()
        self.outputs.error = StudentError(
            kind="KeyboardInterrupt", message=f"stopped by the grader after {limit_s:.3g} s", frames=frames
        )

    async def _async_poll_kernel_alive(self) -> None:
        await self.kernel.died()
        if self.task_poll_for_reply is not None:
            self.task_poll_for_reply.cancel()

    async def _async_poll_output_msg(self, parent_msg_id: str, cell: NotebookNode, cell_index: int) -> None:  # noqa: ARG002
        while True:
            message = await self.kernel.receive("iopub")
            self.received.count(message)
            if message.parent == parent_msg_id:
                if message.kind == "status" and message.content.get("execution_state") == "idle":
                    return
                self.outputs.add(message.kind, message.content)
            await asyncio.sleep(0)  # a flood of outputs must not keep other notebooks waiting

    async def _async_poll_for_reply(
        self,
        msg_id: str,
        cell: NotebookNode,  # noqa: ARG002  # the base's signature
        timeout: float | None,
        task_poll_output_msg: asyncio.Future[Any],
        task_poll_kernel_alive: asyncio.Future[Any],
    ) -> dict[str, Any]:
        reply = asyncio.ensure_future(self.kernel.reply_to(msg_id))
        try:
            await self._wait_for_limit(reply, task_poll_output_msg, timeout)
            while not reply.done():
                await self._interrupt(reply, task_poll_output_msg)
            self.reply = reply.result()
            await self._rest_of_outputs(task_poll_output_msg)
        finally:
            reply.cancel()
            task_poll_kernel_alive.cancel()
        return {"content": {"status": "ok"}}

    async def _wait_for_limit(
        self, reply: asyncio.Future[Message], outputs: asyncio.Future[Any], limit_s: float | None
    ) -> None:
        """Wait for the reply until the cell has had its time: what a busy machine kept from it does not count."""
        if limit_s is None:
            await self._wait(reply, outputs, None)
            return
        started, before = time.monotonic(), self.kernel.kept_waiting_s()
        left = limit_s
        while left > LEAST_S and not reply.done():
            await self._wait(reply, outputs, left)
            waited = min(self.kernel.kept_waiting_s() - before, MOST_WAITS * limit_s)
            left = started + limit_s + waited - time.monotonic()

    async def _wait(
        self, reply: asyncio.Future[Message], outputs: asyncio.Future[Any], limit_s: float | None
    ) -> None:
        """Wait for the reply for so long; a failure on either channel is raised at once."""
        waiting = {reply, outputs}
        deadline = None if limit_s is None else time.monotonic() + limit_s
        while reply in waiting:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            done, waiting = await asyncio.wait(waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                return
            for future in done:
                future.result()

    async def _interrupt(self, reply: asyncio.Future[Message], outputs: asyncio.Future[Any]) -> None:
        self.timed_out = True
        for _ in range(round(GRACE_S / INTERRUPT_EVERY_S)):
            self.kernel.interrupt()
            await self._wait(reply, outputs, INTERRUPT_EVERY_S)
            if reply.done():
                return
        raise StoppedError(Ending.TIMED_OUT, "it did not stop when it was interrupted")

    async def _rest_of_outputs(self, outputs: asyncio.Future[Any]) -> None:
        while not self.deaf and not outputs.done():
            before = self.received.messages
            await asyncio.wait({outputs}, timeout=SILENCE_S)
            self.deaf = not outputs.done() and self.received.messages == before  # do not wait so again
        if not outputs.done():
            outputs.cancel()
        else:
            outputs.result()
