"""Many arrays in one file: the same come back, damage is told, nothing but numbers and text is kept."""

import numpy as np
import pytest

from grader.errors import EvidenceError
from grader.store.arrays import pack_arrays, unpack_arrays

ARRAYS = {
    "floats": np.linspace(0, 1, 6).reshape(2, 3),
    "turned": np.arange(6).reshape(2, 3).T,
    "one": np.array(4.5),
    "none": np.zeros((0, 3), np.float32),
    "truth": np.array([True, False]),
    "text\nwith a line": np.array(["ä", "bc"]),
    "complex": np.array([1 + 2j]),
}


def test_arrays_come_back_in_order_with_dtype_and_shape():
    back = unpack_arrays(pack_arrays(ARRAYS))
    assert list(back) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert (back[name].dtype, back[name].shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(back[name], array)


def test_the_same_bytes_are_kept_once():
    array = np.random.default_rng(0).standard_normal(1000)
    assert len(pack_arrays({str(n): array for n in range(50)})) < 2 * array.nbytes


def test_the_same_bytes_of_two_dtypes_stay_two_arrays():
    back = unpack_arrays(pack_arrays({"a": np.zeros(2), "b": np.zeros(2, np.int64), "c": np.zeros((2, 1))}))
    assert [(one.dtype.kind, one.shape) for one in back.values()] == [("f", (2,)), ("i", (2,)), ("f", (2, 1))]


def test_what_comes_back_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        unpack_arrays(pack_arrays(ARRAYS))["floats"][0] = 1


@pytest.mark.parametrize("place", [0, 25, 80, -1])
def test_a_changed_byte_is_noticed(place):
    data = bytearray(pack_arrays(ARRAYS))
    data[place] ^= 1
    with pytest.raises(EvidenceError, match="damaged or of another version"):
        unpack_arrays(bytes(data))


def test_a_cut_file_is_noticed():
    with pytest.raises(EvidenceError, match="damaged or of another version"):
        unpack_arrays(pack_arrays(ARRAYS)[:-1])


def test_objects_are_not_kept():
    with pytest.raises(EvidenceError, match="wild: an array of dtype object cannot be kept"):
        pack_arrays({"wild": np.array([object()])})
