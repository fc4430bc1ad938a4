"""What dask passes about of us: one function, by name. Scheduler, driver and workers import this module, so it imports little.

A scheduler loads what its clients send before it hands it on. Were it the function of `worker.py`, the scheduler would import the
sandbox and all below it, more than a second in which no worker has anything to do.
"""

from __future__ import annotations

from typing import Any

from distributed import get_worker

from ..errors import SandboxError

__all__ = ["PLUGIN", "RESOURCE", "run_task"]

RESOURCE = "gradecheck"  # what our workers offer, so that no task goes to a worker without a sandbox
PLUGIN = "gradecheck"  # by which a worker process finds its `Workshop`


async def run_task(document: bytes, files: dict[str, bytes]) -> Any:
    """Run one task on the worker that this is called on. The only function that a driver asks workers to call.

    Args: document, files: as `errand.encode_task` makes them.
    Returns: an `errand.Parcel` with what came of it.
    Raises: SandboxError if the worker was not started by `grader worker`, or as `Workshop.run`.
    """
    workshop: Any = get_worker().plugins.get(PLUGIN)
    if workshop is None:
        raise SandboxError("this worker has no sandbox; start workers with `grader worker`")
    return await workshop.run(document, files)
