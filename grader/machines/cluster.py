"""Run submissions on other machines through dask.distributed (extra `cluster`): the driver's side. Judges nothing.

One task is one submission, under the key of its evidence, so asking twice runs it once. A task is sent only when a worker has a
free slot: none waits at a worker, so none is ever stolen from one. dask runs the tasks of a lost worker again elsewhere; nothing
else is tried again, for a student's time-out would only be one again.
"""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Any, Self

from distributed import Client
from distributed.client import FutureCancelledError
from distributed.scheduler import KilledWorker

from ..assignment import Limits
from ..errors import SandboxError
from ..execute import Plan
from ..model import Evidence, Submission
from ..store.blobs import BlobStore
from .errand import decode_answer, encode_task
from .security import Tls, security
from .task import RESOURCE, run_task

__all__ = ["ClusterExecutor", "deadline_s"]

CONNECT_S = 30.0
LOOK_EVERY_S = 1.0  # for workers that came or went
MOST_AT_ONCE = 512  # submissions of which the driver holds the files
WAITED_S = 60.0  # for a first worker
UNMANNED_S = 600.0  # without any: who restarts machines has them back by then
OWN_S = 60.0  # of rooms, kernels and the way there and back, for each room
SCHEDULER_LOST = "the scheduler was lost; start it again with its workers, then run again"
LOSSES = 3  # workers that may be lost under a submission before it is given up; dask's own default


class ClusterExecutor:
    """Runs submissions wherever a worker is free.

    slots: how many submissions may be under way at most; how many are is for the workers that are there to say.
    """

    slots = MOST_AT_ONCE
    attempts = 1  # dask repeats what was lost with its worker; nothing else is repeated

    def __init__(self, address: str, *, blobs: BlobStore, tls: Tls | None = None) -> None:
        self._address = address
        self._blobs = blobs
        self._security = security(address, tls)
        self._client: Any = None  # distributed has no types here
        self._seen = (-LOOK_EVERY_S, 0)  # when workers were last counted, and their slots
        self._manned = 0.0  # when there last was one
        self._flying = 0
        self._free = asyncio.Condition()

    async def __aenter__(self) -> Self:
        """Connect, and wait for a worker.

        Raises: SandboxError if no scheduler answers, or none of our workers is there.
        """
        try:
            connect: Any = Client
            self._client = await connect(
                self._address,
                security=self._security,
                asynchronous=True,
                timeout=CONNECT_S,
                set_as_default=False,
            )
        except (OSError, TimeoutError) as exc:
            raise SandboxError(
                f"{self._address}: no scheduler answers ({exc}); start one with `dask scheduler`, or look at the certificates"
            ) from exc
        try:
            async with asyncio.timeout(WAITED_S):
                while not await self._capacity():
                    await asyncio.sleep(LOOK_EVERY_S)
        except TimeoutError as exc:
            await self._client.close()
            raise SandboxError(
                f"{self._address}: no worker came within {WAITED_S:g} s; start some with `grader worker {self._address}`"
            ) from exc
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect. What is still running is given up by the scheduler."""
        if self._client is not None:
            await self._client.close()

    async def execute(self, plan: Plan, submission: Submission, key: str) -> Evidence:
        """Run one submission on some worker, and keep the executed notebooks here.

        Raises: SandboxError if it did not answer in time or not what was asked, too many workers were lost, there are none, or its
            machinery failed.
        """
        await self._take_slot()
        try:
            parcel = await self._ask(plan, submission, key)
        finally:
            async with self._free:
                self._flying -= 1
                self._free.notify()
        answer = decode_answer(parcel, plan, submission, key)
        for data in answer.executed.values():
            self._blobs.put(data)
        return answer.evidence

    async def _ask(self, plan: Plan, submission: Submission, key: str) -> Any:
        if self._client is None:
            raise SandboxError("the cluster was not entered; use `async with`")
        document, files = encode_task(plan, submission, key, self._blobs)
        future = self._client.submit(
            run_task, document, files, key=f"gradecheck-{key}", resources={RESOURCE: 1}, retries=0, pure=False
        )
        limit_s = deadline_s(plan)
        try:
            async with asyncio.timeout(limit_s):
                return await _outcome(future)
        except TimeoutError as exc:
            await future.cancel()
            raise SandboxError(
                f"no worker answered within {limit_s:.0f} s, which is longer than all limits together; run again"
            ) from exc
        finally:
            future.release()

    async def _take_slot(self) -> None:
        """Wait until fewer submissions are under way than workers have slots: workers may come and go at any time.

        Raises: SandboxError if for long there has been none.
        """
        async with self._free:
            while self._flying >= await self._capacity():
                if time.monotonic() - self._manned > UNMANNED_S:
                    raise SandboxError(
                        f"{self._address}: no worker for {UNMANNED_S:g} s; start some with `grader worker {self._address}`, "
                        "then run again"
                    )
                try:
                    await asyncio.wait_for(self._free.wait(), LOOK_EVERY_S)
                except TimeoutError:
                    continue
            self._flying += 1

    async def _capacity(self) -> int:
        """Slots of all our workers that are there now, counted anew every second."""
        when, slots = self._seen
        if time.monotonic() - when >= LOOK_EVERY_S:
            try:
                info = await self._client.scheduler.identity(n_workers=-1)
            except (OSError, RuntimeError) as exc:  # by how far dask's client has given up
                raise SandboxError(SCHEDULER_LOST) from exc
            slots = int(sum(worker["resources"].get(RESOURCE, 0) for worker in info["workers"].values()))
            self._seen = (time.monotonic(), slots)
            if slots:
                self._manned = time.monotonic()
        return slots


async def _outcome(future: Any) -> Any:
    try:
        return await future.result()
    except KilledWorker as exc:
        raise SandboxError(
            f"workers were lost {LOSSES} times while they ran this submission; look at their machines, then run again"
        ) from exc
    except FutureCancelledError as exc:
        raise SandboxError(SCHEDULER_LOST) from exc


def deadline_s(plan: Plan) -> float:
    """Wall seconds after which a task is given up: all limits of the submission together, and as much again for a lost worker."""
    limits: Limits = plan.suite.assignment.spec.limits
    rooms = 1 + len(plan.suite.assignment.spec.notebooks)
    checks = sum(check.time_s or limits.check_s for check in plan.suite.checks)
    return 2 * (rooms * (limits.notebook_s + OWN_S) + checks)
