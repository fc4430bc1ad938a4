"""The way to other machines, loaded on demand: dask.distributed is an extra, and importing it takes a second."""

from __future__ import annotations

import asyncio
import importlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..pipeline import Settings

__all__ = ["TlsPaths", "elsewhere", "run_worker"]

#: Authority, own certificate and its key, as given: all three or none.
TlsPaths = tuple[Path | None, Path | None, Path | None]


def elsewhere(settings: Settings, address: str, tls: TlsPaths) -> Settings:
    """The settings of a run whose submissions are run by the workers of the scheduler at `address`.

    Raises: UsageError if distributed is not installed, address and TLS files do not go together, or no sandbox was asked for.
    """
    if settings.unsafe:
        raise UsageError(
            "--unsafe-no-sandbox: workers run code in their sandbox only; leave out one of the two"
        )
    checked = _tls(address, tls)
    cluster = _load("grader.machines.cluster")
    blobs = settings.state.blobs
    return replace(settings, executor=lambda: cluster.ClusterExecutor(address, blobs=blobs, tls=checked))


def run_worker(address: str, *, slots: int, state: Path, data: Path | None, tls: TlsPaths) -> None:
    """Be a worker of the scheduler at `address` until it goes away or a signal asks to end. slots: 0 means one per core.

    Raises: SandboxError if there is no working sandbox here, or no scheduler there. UsageError as `elsewhere`.
    """
    checked = _tls(address, tls)
    wanted = slots or len(os.sched_getaffinity(0))
    asyncio.run(
        _load("grader.machines.worker").serve(address, slots=wanted, state=state, data=data, tls=checked)
    )


def _tls(address: str, paths: TlsPaths) -> Any:
    security = _load("grader.machines.security")
    given = [path for path in paths if path is not None]
    if len(given) not in (0, 3):
        raise UsageError("--tls-ca, --tls-cert and --tls-key go together; give all three, or none")
    tls = security.Tls(authority=given[0], certificate=given[1], key=given[2]) if given else None
    security.security(address, tls)
    return tls


def _load(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as exc:
        if exc.name and exc.name.partition(".")[0] in ("dask", "distributed"):
            raise UsageError(f"{exc.name} is not installed; install `gradecheck[cluster]`") from exc
        raise
