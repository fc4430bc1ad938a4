"""Frames: what goes in comes out; what is no frame is refused before anything is allocated."""

from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.probe.frames import (
    DTYPES,
    PREFIX,
    Bounds,
    FrameError,
    OversizeError,
    check_prefix,
    decode_header,
    decode_values,
    encode_answer,
    encode_request,
    encode_values,
    request_length,
    split_answer,
)

BOUNDS = Bounds(payload_bytes=10_000, header_bytes=5_000, values=8, name_chars=20)

arrays = hnp.arrays(
    dtype=st.sampled_from(
        [np.dtype(name) for name in sorted(DTYPES) if name != np.dtype(np.longdouble).name]
    ),
    shape=hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from("abcdefgh"), arrays | st.none(), max_size=6))
def test_values_come_out_as_they_went_in(values):
    triples = [(name, "ndarray", array) for name, array in values.items()]
    described, payload = encode_values(triples)
    returned = decode_values(json.loads(json.dumps(described)), payload, BOUNDS)
    assert [(name, kind) for name, kind, _ in returned] == [(name, kind) for name, kind, _ in triples]
    for (_, _, sent), (_, _, got) in zip(triples, returned, strict=True):
        assert (sent is None) == (got is None)
        if sent is not None:
            assert (got.dtype, got.shape) == (sent.dtype, sent.shape)
            assert got.tobytes() == sent.tobytes()
            assert got.flags.owndata


def test_byte_order_and_strides_do_not_travel():
    array = np.arange(12, dtype=">i4").reshape(3, 4).T[::-1]
    described, payload = encode_values([("a", "ndarray", array)])
    ((_, _, got),) = decode_values(described, payload, BOUNDS)
    assert got.dtype == np.dtype("int32")
    assert np.array_equal(got, array)


def test_boolean_of_another_byte_is_true_in_every_way():
    described = [{"name": "kept", "type": "ndarray", "dtype": "bool", "shape": [3]}]
    ((_, _, kept),) = decode_values(described, bytes([0, 1, 2]), BOUNDS)
    assert kept.dtype == bool
    assert kept.view(np.uint8).tolist() == [0, 1, 1], "2 & 1 is 0"


def test_data_type_that_does_not_travel_is_refused():
    with pytest.raises(FrameError, match="a: data type object does not travel"):
        encode_values([("a", "ndarray", np.array([object()]))])


@given(st.binary(max_size=200))
def test_bytes_that_are_no_answer_are_refused(data):
    with pytest.raises(FrameError):
        split_answer(data, BOUNDS)


@given(st.binary(max_size=60))
def test_header_is_an_object_or_refused(data):
    try:
        header = decode_header(data)
    except FrameError:
        return
    assert isinstance(header, dict)


@given(json_values, st.binary(max_size=100))
def test_values_of_any_shape_are_read_or_refused(described, payload):
    try:
        values = decode_values(described, payload, BOUNDS)
    except FrameError:
        return
    assert sum(array.nbytes for _, _, array in values if array is not None) == len(payload)


described_like = st.fixed_dictionaries(
    {"name": st.text(max_size=5) | st.integers(), "type": st.just("ndarray") | st.none()},
    optional={
        "dtype": st.sampled_from([*DTYPES, "object", "V8", "<f8", "O", ""]) | json_values,
        "shape": st.lists(st.integers(-2, 2**70) | st.booleans() | st.none(), max_size=20) | json_values,
    },
)


@given(st.lists(described_like, max_size=4), st.binary(max_size=64))
def test_values_that_nearly_fit_are_read_or_refused(described, payload):
    try:
        values = decode_values(described, payload, BOUNDS)
    except FrameError:
        return
    assert all(array is None or array.dtype.name in DTYPES for _, _, array in values)


@pytest.mark.parametrize(
    ("shape", "error"),
    [
        pytest.param([2**40], FrameError, id="one-length"),
        pytest.param([10_000, 10_000, 10_000], OversizeError, id="product"),
        pytest.param([0, 10_000, 10_000], OversizeError, id="product-hidden-by-zero"),
    ],
)
def test_nothing_is_allocated_for_a_forged_shape(shape, error):
    item = {"name": "a", "type": "ndarray", "dtype": "float64", "shape": shape}
    tracemalloc.start()
    try:
        with pytest.raises(error):
            decode_values([item], b"", BOUNDS)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100_000


def test_prefix_tells_the_two_lengths():
    frame = encode_answer({"a": 1}, b"xyz")
    prefix = check_prefix(frame[: PREFIX.size], BOUNDS)
    assert (prefix.header_bytes, prefix.payload_bytes) == (8, 3)
    assert split_answer(frame, BOUNDS) == ({"a": 1}, b"xyz")


@pytest.mark.parametrize(
    ("data", "error", "match"),
    [
        pytest.param(b"GCF1", FrameError, "of 4 bytes", id="short"),
        pytest.param(PREFIX.pack(b"GCF2", 0, 0), FrameError, "do not begin", id="magic"),
        pytest.param(PREFIX.pack(b"GCF1", 5_001, 0), OversizeError, "at most", id="header"),
        pytest.param(PREFIX.pack(b"GCF1", 0, 10_001), OversizeError, "10001 bytes of arrays", id="payload"),
    ],
)
def test_prefix_beyond_the_bounds_is_refused(data, error, match):
    with pytest.raises(error, match=match):
        check_prefix(data, BOUNDS)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        pytest.param(b"[1]", "is a list", id="list"),
        pytest.param(b'{"a": 1, "a": 2}', "key twice", id="key-twice"),
        pytest.param(b'{"a": Infinity}', "holds Infinity", id="infinity"),
        pytest.param(b'{"a": ' + b"9" * 5000 + b"}", "more than 20 digits", id="long-number"),
        pytest.param(b"[" * 100_000, "not JSON: RecursionError", id="deep"),
        pytest.param(b"\xff{}", "not JSON: UnicodeDecodeError", id="not-utf-8"),
    ],
)
def test_header_that_is_not_strict_json_is_refused(text, match):
    with pytest.raises(FrameError, match=match):
        decode_header(text)


def test_two_answers_are_not_one():
    frame = encode_answer({})
    with pytest.raises(FrameError, match="bytes came where"):
        split_answer(frame + frame, BOUNDS)


def test_request_is_bounded_on_both_sides():
    data = encode_request({"op": "check"})
    assert request_length(data[:4]) == len(data) - 4
    with pytest.raises(OversizeError, match="a request of"):
        encode_request({"source": "x" * (8 * 2**20)})
    with pytest.raises(OversizeError, match="4294967295 bytes"):
        request_length(b"\xff\xff\xff\xff")


def test_evil_names_are_refused():
    for name in ("", "x" * 21, "a\nb", "a\u202eb", "\ud800", 7, None):
        with pytest.raises(FrameError, match="a name is empty"):
            decode_values([{"name": name, "type": "list"}], b"", BOUNDS)


def test_too_many_values_are_refused():
    with pytest.raises(OversizeError, match="9 values; at most 8"):
        decode_values([{"name": str(n), "type": "list"} for n in range(9)], b"", BOUNDS)
