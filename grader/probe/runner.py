"""The entry `runner`: a process in a room that imports the submitted modules and runs the probes of `where="modules"`."""

from __future__ import annotations

import json
import site
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .child import kill_everything
from .compat import restore_numpy_names
from .frames import Bounds, decode_values, encode_values
from .imports import refuse_interaction
from .seeding import seeded
from .serve import Server, open_channel

__all__ = ["main", "preload"]

HIDDEN = ("grader.sandbox",)  # modules of the warm parent that are no business of student code


def preload() -> None:
    """Do once, in the warm parent, what every member and every check would do.

    NumPy loads its generators and routines when they are first used; names that it has lost are put back for old student code, as
    are `help`, `exit` and the like, which a Python that was started without `site` lacks.
    """
    restore_numpy_names()
    for put in (site.sethelper, site.setquit, site.setcopyright):
        put()
    rng = seeded(0)
    values = (
        (rng.standard_normal((8, 8)) @ rng.standard_normal((8, 8))).sum(axis=0),
        float(np.random.rand()),
    )
    described, payload = encode_values([("a", "ndarray", values[0]), ("b", "float", np.array(values[1]))])
    decode_values(json.loads(json.dumps(described)), payload, Bounds(payload_bytes=len(payload)))
    np.linalg.norm(np.exp(values[0] / 100))


def main(config: Mapping[str, Any], fds: Sequence[int]) -> None:
    """Serve requests until the driver closes its end.

    Args: config: "work" (the submission's folder), "evidence_bytes" (of all arrays of one check), "alone" (see `serve.Server`).
        fds: one stream socket, on which the driver speaks.
    """
    (descriptor,) = fds
    channel = open_channel(descriptor)
    for name in [name for name in sys.modules if name.startswith(HIDDEN)]:
        del sys.modules[name]
    refuse_interaction()
    if config["alone"]:
        kill_everything()  # what an earlier runner of this room left behind
    Server(
        channel=channel,
        work=str(config["work"]),
        bounds=Bounds(payload_bytes=int(config["evidence_bytes"])),
        alone=bool(config["alone"]),
    ).serve()
