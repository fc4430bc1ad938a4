"""Probes of a namespace, served by the process that holds it: here a plain process instead of a kernel."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from grader.probe.frames import PREFIX, Bounds, check_prefix, decode_header, decode_values, encode_request
from grader.probe.in_kernel import serve_namespace

CHECKS = """
from grader.probe import check

@check(of="solver", where="notebook")
def history(impl, rng):
    "history"
    return {"loss": impl.solver["loss"], "drawn": rng.standard_normal(2)}

@check(of="absent", where="notebook")
def absent(impl, rng):
    "absent"
    return {"a": impl.absent}

@check(of="spoil", where="notebook")
def spoil(impl, rng):
    "spoil"
    impl.solver["loss"] = "spoilt"
    return impl.spoil()
"""
BOUNDS = Bounds(payload_bytes=10_000)


class Peer:
    def __init__(self, channel: socket.socket) -> None:
        self.channel = channel

    def ask(self, **request: Any) -> tuple[dict[str, Any], bytes]:
        self.channel.sendall(encode_request({"nonce": "n", **request}))
        prefix = check_prefix(self._read(PREFIX.size), BOUNDS)
        return decode_header(self._read(prefix.header_bytes)), self._read(prefix.payload_bytes)

    def check(self, name: str) -> tuple[dict[str, Any], bytes]:
        return self.ask(op="check", id=name, seed=3, time_s=1.0)

    def _read(self, count: int) -> bytes:
        return self.channel.recv(count, socket.MSG_WAITALL) if count else b""


@pytest.fixture
def serve(tmp_path) -> Iterator[Callable[..., Peer]]:
    """Serve a namespace from a fork with a second thread, as a kernel has."""
    children: list[int] = []
    channels: list[socket.socket] = []

    def start(space: dict[str, Any]) -> Peer:
        ours, theirs = socket.socketpair()
        child = os.fork()
        if child == 0:
            ours.close()
            threading.Thread(target=threading.Event().wait, daemon=True).start()
            with contextlib.suppress(BaseException):
                serve_namespace(
                    space, theirs.detach(), work=str(tmp_path), evidence_bytes=10_000, alone=False
                )
            os._exit(0)
        theirs.close()
        children.append(child)
        channels.append(ours)
        ours.settimeout(10)
        peer = Peer(ours)
        assert peer.ask(op="load", modules={"checks": CHECKS})[0]["checks"] == ["absent", "history", "spoil"]
        return peer

    yield start
    for channel in channels:
        channel.close()
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_namespace_answers_for_its_names(serve):
    peer = serve({"solver": {"loss": np.array([2.0, 1.0])}})
    header, payload = peer.check("history")
    assert (header["ending"], header["nonce"]) == ("answered", "n")
    (_, _, loss), (_, _, drawn) = decode_values(header["values"], payload, BOUNDS)
    assert loss.tolist() == [2.0, 1.0]
    assert drawn.shape == (2,)


def test_missing_name_is_missing(serve):
    header, _ = serve({}).check("absent")
    assert (header["ending"], header["detail"]) == ("missing", "absent is not defined in the notebook")


def test_probe_cannot_spoil_the_namespace_for_the_next(serve):
    peer = serve({"solver": {"loss": np.array([1.0])}, "spoil": dict})
    assert peer.check("spoil")[0]["ending"] == "answered"
    header, payload = peer.check("history")
    assert decode_values(header["values"], payload, BOUNDS)[0][2].tolist() == [1.0]


@pytest.mark.parametrize(
    ("spoil", "ending"),
    [
        pytest.param(lambda: os._exit(0), "died", id="exit"),
        pytest.param(lambda: os.kill(os.getpid(), signal.SIGSTOP), "timed_out", id="stop"),
        pytest.param(lambda: threading.Event().wait(), "timed_out", id="hang"),
        pytest.param(lambda: 1 / 0, "raised", id="raise"),
        pytest.param(lambda: [1], "raised", id="no-mapping"),
        pytest.param(lambda: {"a": np.ones(10**4)}, "oversize", id="oversize"),
    ],
)
def test_probe_that_fails_leaves_the_kernel(serve, spoil, ending):
    peer = serve({"solver": {"loss": np.array([1.0])}, "spoil": spoil})
    assert peer.check("spoil")[0]["ending"] == ending
    assert peer.check("history")[0]["ending"] == "answered"


def test_unknown_check_and_request_are_told(serve):
    peer = serve({})
    assert peer.check("nobody")[0]["ending"] == "not_run"
    assert peer.ask(op="dance")[0]["ending"] == "not_run"


def test_headers_are_plain_json(serve):
    header, _ = serve({"solver": {}}).check("history")
    assert json.loads(json.dumps(header)) == header
    assert header["error"]["kind"] == "KeyError"
