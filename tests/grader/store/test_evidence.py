"""Evidence is found as it was kept, or not at all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.errors import EvidenceError
from grader.model import CheckEvidence, Ending, Evidence, Value
from grader.store.evidence import EvidenceStore, evidence_key

KEY = "ab" * 32


def make_evidence(*arrays, ending=Ending.ANSWERED):
    values = tuple(Value(name=f"a{i}", type_name="ndarray", array=array) for i, array in enumerate(arrays))
    check = CheckEvidence(
        check="c", ending=ending, values=(*values, Value(name="none", type_name="NoneType"))
    )
    return Evidence(key=KEY, submission="s", suite="u", seed_id="i", checks=(check,))


@given(
    st.lists(
        hnp.arrays(
            hnp.scalar_dtypes().filter(lambda d: d.kind in "fiubc"), hnp.array_shapes(min_dims=0, min_side=0)
        ),
        max_size=3,
    )
)
def test_find_gives_back_every_array_bit_for_bit(tmp_path_factory, arrays):
    store = EvidenceStore(tmp_path_factory.mktemp("evidence"))
    store.keep(make_evidence(*arrays))
    values = store.find(KEY).checks[0].values
    assert values[-1] == Value(name="none", type_name="NoneType")
    for value, array in zip(values, arrays, strict=False):
        assert value.array.dtype == array.dtype
        assert value.array.shape == array.shape
        assert value.array.tobytes() == array.tobytes()


def test_find_nothing_kept_is_none(tmp_path):
    assert EvidenceStore(tmp_path).find(KEY) is None


@pytest.mark.parametrize("place", [0, 30, -1])
def test_damaged_evidence_is_as_good_as_absent(tmp_path, place):
    store = EvidenceStore(tmp_path)
    store.keep(make_evidence(np.arange(3.0)))
    (path,) = store
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    assert store.find(KEY) is None
    with pytest.raises(EvidenceError, match="damaged"):
        store.get(KEY)


def test_torn_evidence_is_as_good_as_absent(tmp_path):
    store = EvidenceStore(tmp_path)
    store.keep(make_evidence(np.arange(3.0)))
    (path,) = store
    for length in range(0, len(path.read_bytes()), 7):
        path.write_bytes(path.read_bytes()[:length])
        assert store.find(KEY) is None


def test_evidence_of_our_own_failure_is_not_found_so_that_it_is_made_again(tmp_path):
    store = EvidenceStore(tmp_path)
    store.keep(make_evidence(ending=Ending.NOT_RUN))
    assert store.find(KEY) is None
    assert store.get(KEY).checks[0].ending is Ending.NOT_RUN


def test_evidence_key_depends_on_every_part():
    parts = {"submission": "s", "limits": {"cell_s": 30.0}}
    key = evidence_key(**parts)
    assert key == evidence_key(**parts)
    assert (
        key
        != evidence_key(submission="s", limits={"cell_s": 31.0})
        != evidence_key(submission="t", limits={"cell_s": 31.0})
    )
