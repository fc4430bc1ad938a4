"""Probes of `where="notebook"`: answered by the kernel itself after the last cell, each in a fork of the kernel's process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .frames import Bounds
from .serve import Server, open_channel

__all__ = ["serve_namespace"]


def serve_namespace(
    space: Mapping[str, Any],
    descriptor: int,
    *,
    work: str,
    evidence_bytes: int,
    alone: bool,
    describe: Callable[[BaseException], dict[str, Any]] | None = None,
) -> None:
    """Serve "load" and "check" requests until the driver closes its end. To be called in the kernel's main thread.

    A fork has this thread alone; it does not touch the kernel's sockets and ends with `os._exit`, so that none of the kernel's
    clean-up runs in it.

    Args: space: the notebook's namespace. descriptor: the inherited stream socket, closed at the end. work: the submission's
        folder. evidence_bytes: of all arrays of one check. alone: the kernel shares its pid namespace with student code only.
        describe: makes {"kind", "message", "frames"} of an exception, where frames of cells have names that only the kernel knows.
    """
    with open_channel(descriptor) as channel:
        bounds = Bounds(payload_bytes=evidence_bytes)
        Server(channel=channel, work=work, bounds=bounds, alone=alone, space=space, describe=describe).serve()
