"""A notebook's kernel: answers one request for code to be run after another. Runs beside student code, inside the room.

It is IPython's shell and nothing of ipykernel: docs/architecture.md says why.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import Coroutine, Mapping
from typing import Any

from IPython.core.interactiveshell import ExecutionResult

from ..probe.tracebacks import describe_error
from .kernel_line import KernelLine
from .kernel_shell import CourseShell

__all__ = ["CourseKernel"]


class CourseKernel:
    """The kernel that every notebook gets, whatever kernelspec its metadata name."""

    def __init__(self, shell: CourseShell) -> None:
        self.shell = shell

    def do_shutdown(self, restart: bool) -> dict[str, Any]:
        """Pass over what notebooks call to be started anew, under ipykernel's name: later cells still run."""
        return {"status": "ok", "restart": restart}

    def serve(self, line: KernelLine) -> None:
        """Answer until the driver hangs up."""
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        requests: asyncio.Queue[bytes] = asyncio.Queue()

        def arrived() -> None:
            if (request := line.receive()) is not None:
                requests.put_nowait(request)

        async def answer_all() -> None:
            while request := await requests.get():
                await self.answer(json.loads(request))

        loop.add_reader(line, arrived)
        answering = loop.create_task(answer_all())
        while not answering.done():
            with contextlib.suppress(KeyboardInterrupt):  # it came between two cells
                loop.run_until_complete(answering)

    async def answer(self, request: Mapping[str, Any]) -> None:
        """Run what is asked for, and reply, which is the last word on it.

        What goes wrong beside a cell's own code, by an interrupt or by what the notebook did to its streams, is that cell's error.
        """
        self.shell.outlet.request = request["id"]
        try:
            reply = self._reply(await self._run(request["code"], silent=request["silent"]))
        except (Exception, KeyboardInterrupt, asyncio.CancelledError) as exc:  # noqa: BLE001  # without a reply, no cell would follow
            reply = _failed(exc)
        self._say_last(reply)

    def _say_last(self, reply: Mapping[str, Any]) -> None:
        try:
            self.shell.outlet.flush()
            self.shell.outlet.send("reply", reply)
        except KeyboardInterrupt:  # it came too late for the cell; what it cut off goes again
            self._say_last(reply)

    async def _run(self, code: str, *, silent: bool) -> ExecutionResult:
        """Run a cell as IPython does, in the loop that is running if it awaits something."""
        shell = self.shell
        shell.begin_cell()
        transformed, broken = shell.transformed(code)
        running = shell.run_cell_async(
            code,
            store_history=not silent,
            silent=silent,
            transformed_cell=transformed,
            preprocessing_exc_tuple=broken,
        )
        result = None
        try:
            if shell.should_run_async(code, transformed_cell=transformed, preprocessing_exc_tuple=broken):
                result = await _interruptible(running)
            else:
                result = _without_loop(running)
        finally:
            shell.events.trigger("post_execute")
            if not silent:
                shell.events.trigger("post_run_cell", result)
        return result

    def _reply(self, result: ExecutionResult) -> dict[str, Any]:
        before, error = result.error_before_exec, result.error_in_exec
        error = (
            error if before is None else before
        )  # `or` would ask the student's exception whether it is true
        if error is None and not self.shell.failed_in_display:
            return {"status": "ok"}
        return _failed(error) if error is not None else {"status": "error"}


def _failed(error: BaseException) -> dict[str, Any]:
    described = describe_error(error, CourseShell.work)
    return {"status": "error", "ename": described["kind"], "evalue": described["message"]}


async def _interruptible(running: Coroutine[Any, Any, ExecutionResult]) -> ExecutionResult:
    """Run a cell that awaits something; the first interrupt cancels it, later ones interrupt what does not await."""
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(running)
    asked = False

    def interrupt(*_: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        loop.call_soon_threadsafe(task.cancel)

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        return await task
    finally:
        signal.signal(signal.SIGINT, before)


def _without_loop(running: Coroutine[Any, Any, ExecutionResult]) -> ExecutionResult:
    """Run a cell that awaits nothing to its end, at once: an interrupt is then raised where its code is."""
    try:
        running.send(None)
    except StopIteration as done:
        result: ExecutionResult = done.value
        return result
    raise RuntimeError("a cell that awaits nothing has awaited something")
