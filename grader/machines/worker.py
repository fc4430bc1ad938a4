"""`grader worker`: run submissions for a driver elsewhere, in rooms of this machine. Needs dask.distributed (extra `cluster`).

A worker owns its sandbox and looks at it before it takes work; it judges nothing and never sees a gradebook. A submission's files
live here for as long as it runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask.config
from distributed import Worker
from distributed.diagnostics.plugin import WorkerPlugin

from ..data import DataSet, find_data
from ..errors import SandboxError
from ..execute import execute
from ..grading import environment
from ..sandbox.launch import PREFIX, SCRATCH
from ..sandbox.sandbox import Sandbox
from ..store.blobs import BlobStore
from .errand import Parcel, Task, decode_task, encode_answer
from .security import Tls, security
from .task import PLUGIN, RESOURCE

__all__ = ["Workshop", "serve"]

CONNECT_S = 60.0  # to the scheduler
#: dask looks at itself: a hundred times a second at what a thread computes, fifty times at how late its loop is, ten times at its
#: memory. That is 3 % of a core, which students' code has use for; nobody here reads those figures, and submissions run elsewhere
#: than in this process.
QUIET = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.worker.memory.monitor-interval": "5s",
}


class Workshop(WorkerPlugin):
    """What a worker process holds: its sandbox, and the data sets that it has found."""

    def __init__(self, sandbox: Sandbox, *, state: Path, data: Path | None) -> None:
        self.name = PLUGIN
        self._sandbox = sandbox
        self._state = state
        self._setting = data
        self._found: dict[str, DataSet] = {}

    async def run(self, document: bytes, files: dict[str, bytes]) -> Parcel:
        """Run one task.

        Raises: SandboxError if this worker is not like its driver, or our machinery fails.
        """
        task = decode_task(document)
        here = environment()
        if dict(task.plan.environment) != here:
            raise SandboxError(
                f"the driver has {_words(task.plan.environment)}, this worker has {_words(here)}; "
                "evidence would not compare: install the same versions"
            )
        plan = replace(task.plan, data=await asyncio.to_thread(self._data, task))
        with _folder() as folder:
            blobs = BlobStore(Path(folder))
            for data in files.values():
                blobs.put(data)
            evidence = await execute(plan, task.submission, task.key, sandbox=self._sandbox, blobs=blobs)
            return encode_answer(evidence, blobs)

    def _data(self, task: Task) -> DataSet | None:
        """The data set that the driver has, too. Raises: SandboxError if it is another here."""
        name = task.plan.suite.assignment.spec.data
        if not task.data_digest:
            return None
        if name not in self._found:
            data = find_data(task.plan.suite.assignment, self._state, self._setting)
            if data is None:
                return None
            self._found[name] = data
        found = self._found[name]
        if found.digest != task.data_digest:
            raise SandboxError(
                f"this worker has other data: {found.name} in {found.folder}; give driver and workers the same --data"
            )
        return found


async def serve(
    address: str, *, slots: int, state: Path, data: Path | None = None, tls: Tls | None = None
) -> None:
    """Start the sandbox, then take work from the scheduler at `address` until it goes away or a signal asks to end.

    Raises: SandboxError if there is no working sandbox here, or no scheduler there within a minute.
    """
    async with Sandbox() as sandbox:
        settings: dict[str, Any] = {
            "nthreads": slots,
            "resources": {RESOURCE: slots},
            "security": security(address, tls),
            "plugins": (Workshop(sandbox, state=state, data=data),),
            "death_timeout": CONNECT_S,
            "dashboard": False,
        }
        with _folder() as folder, dask.config.set(QUIET):
            worker = Worker(address, local_directory=folder, **settings)
            try:
                await worker
            except (OSError, TimeoutError, ValueError, RuntimeError) as exc:
                await worker.close()
                raise SandboxError(
                    f"{address}: no scheduler answers, or it refuses this worker ({exc}); start one with `dask scheduler`, or look "
                    "at the certificates: of one authority, none too old, and tls:// at both ends or at neither"
                ) from exc
            await _until_ended(worker)


def _folder() -> tempfile.TemporaryDirectory[str]:
    """A folder of this process's. Should it be killed, the next sandbox that starts here removes it, by its name."""
    return tempfile.TemporaryDirectory(dir=SCRATCH, prefix=f"{PREFIX}{os.getpid()}-worker-")


async def _until_ended(worker: Any) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(
            NotImplementedError, ValueError
        ):  # not in the main thread: nobody sends signals
            loop.add_signal_handler(number, ended.set)
    waiting = [asyncio.ensure_future(worker.finished()), asyncio.ensure_future(ended.wait())]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
        await worker.close()


def _words(versions: Any) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
