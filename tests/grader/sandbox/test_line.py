"""Messages in packets: whole again in whatever order several senders' packets come, and never mixed with what was cut off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.sandbox.line import MOST_SENDERS, PACKET_BYTES, Assembly, TooLargeError, packets

LARGE = bytes(range(256)) * 400  # four packets


def received(assembly, stream):
    return [message for packet in stream if (message := assembly.add(packet)) is not None]


@given(st.lists(st.binary(max_size=100_000), max_size=4))
def test_messages_come_out_as_they_went_in(messages):
    stream = [packet for message in messages for packet in packets(message, 7)]
    assert received(Assembly(10**6), stream) == messages
    assert all(len(packet) <= PACKET_BYTES for packet in stream)


@given(st.data())
def test_packets_of_several_senders_may_come_in_any_order_of_theirs(data):
    queues = {
        sender: list(packets(bytes([sender]) * size, sender))
        for sender, size in ((1, 100_000), (2, 5), (3, 70_000))
    }
    stream = []
    while any(queues.values()):
        sender = data.draw(st.sampled_from(sorted(key for key, queue in queues.items() if queue)))
        stream.append(queues[sender].pop(0))
    assert sorted(received(Assembly(10**6), stream)) == [b"\x01" * 100_000, b"\x02" * 5, b"\x03" * 70_000]


@pytest.mark.parametrize("kept", [1, 2, 3])
def test_message_that_was_cut_off_is_forgotten(kept):
    stream = [*list(packets(LARGE, 1))[:kept], *packets(b"next", 1)]
    assembly = Assembly(len(LARGE))
    assert received(assembly, stream) == [b"next"]
    assert received(assembly, packets(LARGE, 1)) == [LARGE], "what was forgotten no longer counts"


def test_rest_without_its_begin_is_passed_over():
    assert received(Assembly(10**6), [*list(packets(LARGE, 1))[1:], *packets(b"next", 1)]) == [b"next"]


@pytest.mark.parametrize("packet", [b"", b"\x00", b"\x00\x00\x00\x01"])
def test_what_has_no_head_is_passed_over(packet):
    assert Assembly(10).add(packet) is None


def test_too_large_a_message_is_lost_and_the_next_is_not():
    assembly = Assembly(len(LARGE) - 1)
    stream = list(packets(LARGE, 1))
    for packet in stream[:-1]:
        assert assembly.add(packet) is None
    with pytest.raises(TooLargeError, match="more than 102399 bytes"):
        assembly.add(stream[-1])
    assert received(assembly, packets(b"next", 1)) == [b"next"]


def test_many_unfinished_messages_count_together():
    assembly = Assembly(100_000)
    begins = [next(packets(LARGE, sender)) for sender in range(4)]
    assert received(assembly, begins[:3]) == []
    with pytest.raises(TooLargeError):
        assembly.add(begins[3])


def test_no_more_senders_than_a_room_has_processes_are_remembered():
    assembly = Assembly(10**9)
    assert received(assembly, [next(packets(LARGE, sender)) for sender in range(MOST_SENDERS)]) == []
    with pytest.raises(TooLargeError, match="more than 256 unfinished"):
        assembly.add(next(packets(LARGE, MOST_SENDERS)))
    assert received(assembly, packets(b"next", 0)) == [b"next"]
