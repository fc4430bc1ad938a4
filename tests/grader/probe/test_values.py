"""Plain copies: base-class data whatever a student's class says of itself."""

from __future__ import annotations

import numpy as np
import pytest

from grader.probe.frames import Bounds, OversizeError
from grader.probe.values import plain, plain_values

BOUNDS = Bounds(payload_bytes=1000, values=3)


class Liar(np.ndarray):
    """Says it is something else, at every opportunity."""

    @property
    def __class__(self):
        return list

    def __eq__(self, other):
        return True

    __hash__ = None

    def __array__(self, *args, **kwargs):
        raise RuntimeError("asked")

    def __array_finalize__(self, obj):
        pass

    @property
    def shape(self):
        return (10**9,)

    @property
    def nbytes(self):
        return 0

    @property
    def dtype(self):
        return np.dtype(object)

    def __len__(self):
        raise RuntimeError("asked")


class Impostor:
    """Is no array, and says it is."""

    @property
    def __class__(self):
        return np.ndarray

    def __array__(self, *args, **kwargs):
        return np.ones(3)

    shape = (3,)
    dtype = np.dtype(float)


@pytest.mark.parametrize(
    ("value", "name", "array"),
    [
        pytest.param(np.ones((2, 3)), "ndarray", np.ones((2, 3)), id="array"),
        pytest.param(np.array([[1.0, 2.0]]).view(np.matrix), "matrix", np.array([[1.0, 2.0]]), id="matrix"),
        pytest.param(
            np.ma.masked_array([1.0, 2.0], [True, False]), "MaskedArray", np.array([1.0, 2.0]), id="masked"
        ),
        pytest.param(np.ones(3).view(Liar), "Liar", np.ones(3), id="subclass-that-lies"),
        pytest.param(np.float32(1.5), "float32", np.array(1.5, np.float32), id="numpy-number"),
        pytest.param(np.True_, "bool", np.array(True), id="numpy-bool"),
        pytest.param(1.5, "float", np.array(1.5), id="float"),
        pytest.param(True, "bool", np.array(True), id="bool"),
        pytest.param(3, "int", np.array(3), id="int"),
        pytest.param(1j, "complex", np.array(1j), id="complex"),
    ],
)
def test_array_or_number_gives_its_data(value, name, array):
    kind, got = plain(value)
    assert kind == name
    assert type(got) is np.ndarray
    assert (got.dtype, got.shape, got.tobytes()) == (array.dtype, array.shape, array.tobytes())


@pytest.mark.parametrize(
    ("value", "name"),
    [
        pytest.param(None, "NoneType", id="none"),
        pytest.param([1.0], "list", id="list"),
        pytest.param((1.0, 2.0), "tuple", id="tuple"),
        pytest.param("1.0", "str", id="text"),
        pytest.param(2**70, "int", id="huge-int"),
        pytest.param(np.array([None]), "ndarray", id="object-array"),
        pytest.param(np.array(["a"]), "ndarray", id="text-array"),
        pytest.param(np.zeros(2, dtype=[("a", float)]), "ndarray", id="structured-array"),
        pytest.param(np.datetime64("2020-01-01"), "datetime64", id="date"),
        pytest.param(Impostor(), "Impostor", id="impostor"),
    ],
)
def test_anything_else_gives_its_name_only(value, name):
    assert plain(value) == (name, None)


def test_copy_does_not_follow_later_changes():
    array = np.ones(3)
    _, copy = plain(array)
    array[:] = 7
    assert np.array_equal(copy, np.ones(3))


def test_view_is_measured_by_what_its_copy_would_take():
    with pytest.raises(OversizeError, match="8000000000 bytes"):
        plain_values({"a": np.broadcast_to(1.0, (10**9,))}, BOUNDS)


def test_subclass_cannot_say_that_it_is_small():
    with pytest.raises(OversizeError, match="1600 bytes"):
        plain_values({"a": np.ones(200).view(Liar)}, BOUNDS)


def test_number_of_values_is_bounded():
    with pytest.raises(OversizeError, match="4 values came back; at most 3"):
        plain_values(dict.fromkeys("abcd"), BOUNDS)


@pytest.mark.parametrize("returned", [None, [1], (("a", 1),), "a"])
def test_answer_that_is_no_mapping_is_refused(returned):
    with pytest.raises(TypeError, match="expected a mapping of names to arrays"):
        plain_values(returned, BOUNDS)


@pytest.mark.parametrize("name", [1, "", "x" * 300, "a\nb", None])
def test_name_that_is_not_short_text_is_refused(name):
    with pytest.raises(TypeError, match="not short printable text"):
        plain_values({name: 1}, BOUNDS)
