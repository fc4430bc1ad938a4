"""The kernel's own manners: what it sends is bounded before it is sent, and is always JSON."""

import json
import socket

import pytest

from grader.sandbox import kernel_line
from grader.sandbox.kernel_line import KernelLine, LineSession, pack
from grader.sandbox.line import PACKET_BYTES, Assembly

MIB = 1024 * 1024


@pytest.fixture
def wire():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def session(wire):
    made = LineSession(key=b"k")
    made.line = KernelLine(wire[1])
    made.message_bytes, made.total_bytes = 10_000, 50_000
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
        (
            "execute_reply",
            {"status": "error", "ename": "E", "evalue": "v" * MIB, "execution_count": 3},
            {"status": "error"},
        ),
        ("execute_reply", {"status": "ok", "payload": ["p" * MIB]}, {"status": "ok", "payload": []}),
        (
            "stream",
            {"name": "stdout", "text": "\x00" * MIB},
            {"name": "stdout"},
        ),  # six characters each in JSON
    ],
)
def test_session_shortens_what_is_too_large(session, wire, kind, content, kept):
    session.send(None, kind, content)
    ((size, message),) = arrived(wire[0])
    assert size <= session.message_bytes
    assert {key: message["content"][key] for key in kept} == kept


CONTENT = {"name": "stdout", "text": "relative error: 1e-9\n"}
REQUEST = {"header": {"msg_id": "r"}, "content": {}}


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("stream", CONTENT, REQUEST), id="kind-and-request"),
        pytest.param(("stream", CONTENT, {"msg_id": "r"}), id="kind-and-header"),
        pytest.param(
            ({"msg_type": "stream", "content": CONTENT, "parent_header": {"msg_id": "r"}},), id="message"
        ),
    ],
)
def test_session_sends_small_messages_as_they_are(session, wire, arguments):
    session.send(None, *arguments)
    ((_, message),) = arrived(wire[0])
    assert message == {"kind": "stream", "parent": "r", "content": CONTENT}


def test_session_falls_silent_after_its_total_but_still_replies(session, wire):
    sent = [session.send(None, "stream", {"name": "stdout", "text": "x" * 5000}) for _ in range(30)]
    assert [message is not None for message in sent] == [True] * 10 + [False] * 20
    assert session.send(None, "execute_reply", {"status": "ok"})["content"] == {"status": "ok"}
    assert session.send(None, "status", {"execution_state": "idle"}) is not None
    assert len(arrived(wire[0])) == 12


def test_session_falls_silent_after_many_outputs_but_still_tells_errors(session, monkeypatch):
    monkeypatch.setattr(kernel_line, "MAX_SENT", 4)
    sent = [session.send(None, "display_data", {"data": {}}) for _ in range(8)]
    assert [message is not None for message in sent] == [True] * 5 + [False] * 3
    assert session.send(None, "error", {"ename": "E"}) is not None


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
