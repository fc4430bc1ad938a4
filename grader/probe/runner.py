"""The entry `runner`: a process in a room that imports the submitted modules and runs the probes of `where="modules"`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from .compat import restore_numpy_names
from .frames import Bounds
from .imports import prepare_path, refuse_interaction
from .serve import Server, open_channel

__all__ = ["main"]

HIDDEN = ("grader.sandbox",)  # modules of the warm parent that are no business of student code


def main(config: Mapping[str, Any], fds: Sequence[int]) -> None:
    """Serve requests until the driver closes its end.

    Args: config: "work" (the submission's folder), "evidence_bytes" (of all arrays of one check), "alone" (see `serve.Server`).
        fds: one stream socket, on which the driver speaks.
    """
    (descriptor,) = fds
    channel = open_channel(descriptor)
    for name in [name for name in sys.modules if name.startswith(HIDDEN)]:
        del sys.modules[name]
    restore_numpy_names()
    refuse_interaction()
    work = str(config["work"])
    prepare_path(work)
    Server(
        channel=channel,
        work=work,
        bounds=Bounds(payload_bytes=int(config["evidence_bytes"])),
        alone=bool(config["alone"]),
    ).serve()
