"""The kernel's own manners: what it sends is bounded before it is sent, and is always JSON."""

import json

import pytest
import zmq

from grader.sandbox import kernel_main
from grader.sandbox.kernel_main import BoundedSession, pack

MIB = 1024 * 1024


@pytest.fixture
def session():
    made = BoundedSession(key=b"k", pack=pack)
    made.message_bytes, made.total_bytes = 10_000, 50_000
    return made


@pytest.fixture
def wire():
    context = zmq.Context()
    ours, theirs = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
    ours.bind("inproc://x")
    theirs.connect("inproc://x")
    yield ours, theirs
    context.destroy(linger=0)


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
def test_session_shortens_what_is_too_large(session, kind, content, kept):
    parts = session.serialize(session.msg(kind, content))
    assert sum(map(len, parts)) <= session.message_bytes
    sent = json.loads(parts[-1])
    assert {key: sent[key] for key in kept} == kept


def test_session_sends_small_messages_as_they_are(session):
    content = {"name": "stdout", "text": "relative error: 1e-9\n"}
    assert json.loads(session.serialize(session.msg("stream", content))[-1]) == content


def test_session_falls_silent_after_its_total_but_still_replies(session, wire):
    ours, theirs = wire
    sent = [session.send(ours, "stream", {"name": "stdout", "text": "x" * 5000}) for _ in range(30)]
    assert [message is not None for message in sent] == [True] * 10 + [False] * 20
    assert session.send(ours, "execute_reply", {"status": "ok"}) is not None
    assert session.send(ours, "status", {"execution_state": "idle"}) is not None
    received = 0
    while theirs.poll(0):
        theirs.recv_multipart()
        received += 1
    assert received == 12


def test_session_falls_silent_after_many_outputs_but_still_tells_errors(session, wire, monkeypatch):
    monkeypatch.setattr(kernel_main, "MAX_SENT", 4)
    ours, _ = wire
    sent = [session.send(ours, "display_data", {"data": {}}) for _ in range(8)]
    assert [message is not None for message in sent] == [True] * 5 + [False] * 3
    assert session.send(ours, "error", {"ename": "E"}) is not None


@pytest.mark.parametrize("text", ["plain", "한국어", "\ud800 alone", "😀"])
def test_pack_gives_utf8_json(text):
    assert json.loads(pack({"text": text}).decode("utf-8")) == {"text": text}
