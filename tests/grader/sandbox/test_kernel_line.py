"""The kernel's own manners: what it sends is bounded before it is sent, and is always JSON."""

import json
import socket

import numpy as np
import pytest

from grader.sandbox import kernel_line
from grader.sandbox.kernel_line import KernelLine, Outlet, pack
from grader.sandbox.line import PACKET_BYTES, Assembly

MIB = 1024 * 1024


@pytest.fixture
def wire():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def outlet(wire):
    made = Outlet(KernelLine(wire[1]), message_bytes=10_000, total_bytes=50_000)
    made.request = "r"
    return made


def arrived(ours):
    assembly, messages = Assembly(MIB), []
    while True:
        try:
            data = assembly.add(ours.recv(PACKET_BYTES))
        except BlockingIOError:
            return messages
        if data is not None:
            messages.append((len(data), json.loads(data)))


@pytest.mark.parametrize(
    ("kind", "content", "kept"),
    [
        ("stream", {"name": "stderr", "text": "x" * MIB}, {"name": "stderr"}),
        (
            "display_data",
            {"data": {"image/png": "A" * MIB}, "metadata": {"a": 1}, "transient": {}},
            {"transient": {}},
        ),
        ("reply", {"status": "error", "ename": "E", "evalue": "v" * MIB}, {"status": "error", "ename": "E"}),
        (
            "stream",
            {"name": "stdout", "text": "\x00" * MIB},
            {"name": "stdout"},
        ),  # six characters each in JSON
    ],
)
def test_outlet_shortens_what_is_too_large(outlet, wire, kind, content, kept):
    assert outlet.send(kind, content)
    ((size, message),) = arrived(wire[0])
    assert size <= 10_000
    assert {key: message["content"][key] for key in kept} == kept


def test_outlet_sends_small_messages_as_they_are(outlet, wire):
    content = {"name": "stdout", "text": "relative error: 1e-9\n"}
    outlet.send("stream", content)
    ((_, message),) = arrived(wire[0])
    assert message == {"kind": "stream", "request": "r", "content": content}


def test_outlet_falls_silent_after_its_total_but_still_replies(outlet, wire):
    sent = [outlet.send("stream", {"name": "stdout", "text": "x" * 5000}) for _ in range(30)]
    assert sent == [True] * 10 + [False] * 20
    assert outlet.send("reply", {"status": "ok"})
    *_, (_, message) = arrived(wire[0])
    assert (message["kind"], message["content"]) == ("reply", {"status": "ok"})


def test_outlet_falls_silent_after_many_outputs_but_still_tells_errors(outlet, monkeypatch):
    monkeypatch.setattr(kernel_line, "MAX_SENT", 4)
    assert [outlet.send("display_data", {"data": {}}) for _ in range(8)] == [True] * 5 + [False] * 3
    assert outlet.send("error", {"ename": "E"})


def test_line_gives_requests_whole_and_says_when_nobody_is_left(wire):
    ours, theirs = wire
    line = KernelLine(theirs)
    for packet in kernel_line.packets(b"r" * 50_000, 1):
        ours.send(packet)
    assert [line.receive(), line.receive()] == [None, b"r" * 50_000]
    ours.close()
    assert line.receive() == b""


@pytest.mark.parametrize("text", ["plain", "한국어", "\ud800 alone", "😀"])
def test_pack_gives_utf8_json(text):
    assert json.loads(pack({"text": text}).decode("utf-8")) == {"text": text}


@pytest.mark.parametrize(
    ("value", "packed"),
    [
        pytest.param(b"\x89PNG", "iVBORw==", id="a-picture"),
        pytest.param(np.int64(3), 3, id="a-numpy-integer"),
        pytest.param(np.float32(0.5), 0.5, id="a-numpy-float"),
        pytest.param({1}, [1], id="a-set"),
        pytest.param(np.eye(1), [[1.0]], id="an-array"),
    ],
)
def test_pack_makes_plain_what_displays_are_given(value, packed):
    assert json.loads(pack({"data": value})) == {"data": packed}


def test_pack_refuses_what_has_no_form():
    with pytest.raises(TypeError, match="an output of type object cannot be sent"):
        pack({"data": object()})
