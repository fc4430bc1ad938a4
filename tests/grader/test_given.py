"""What judges are given of the data set comes from the outside's copy of it, once for each function, and is kept."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from grader.data import DataSet
from grader.errors import AssignmentError
from grader.given import given_arrays
from grader.probe import check

CALLS = []


def sizes(reference, folder):
    """The sizes of a data set's files, times what the reference says."""
    CALLS.append(folder)
    return {"sizes": [reference.factor * path.stat().st_size for path in sorted(folder.iterdir())]}


def raises(_reference, folder):
    raise OSError(f"{folder} is empty")


def no_numbers(_reference, _folder):
    return {"name": ["a", None]}


def suite(*functions):
    checks = []
    for number, function in enumerate(functions):

        def probe(impl, rng):
            """Nothing."""
            return {}

        probe.__name__ = f"check_{number}"
        checks.append(check(of="f", where="notebook", judge=lambda *_: None, given=function)(probe))
    return SimpleNamespace(
        checks=tuple(checks), assignment=SimpleNamespace(source=Path(__file__).parent / "no")
    )


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "one").write_bytes(b"12345")
    return DataSet(name="Images", folder=folder, synthetic=True, digest="d")


@pytest.fixture(autouse=True)
def _no_calls():
    CALLS.clear()


REFERENCE = SimpleNamespace(factor=2)


def test_checks_of_one_function_share_its_arrays_and_others_get_none(data):
    given = given_arrays(suite(sizes, None, sizes), REFERENCE, data)
    assert {name: arrays["sizes"].tolist() for name, arrays in given.items()} == {
        "check_0": [10],
        "check_2": [10],
    }
    assert [data.folder] == CALLS


def test_arrays_are_kept_for_their_data_set(data, tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    first = given_arrays(suite(sizes), REFERENCE, data, cache)
    again = given_arrays(suite(sizes), REFERENCE, data, cache)
    assert np.array_equal(first["check_0"]["sizes"], again["check_0"]["sizes"])
    assert len(CALLS) == 1
    other = DataSet(name="Images", folder=data.folder, synthetic=True, digest="another")
    given_arrays(suite(sizes), REFERENCE, other, cache)
    assert len(CALLS) == 2


def test_without_a_data_set_nothing_is_given():
    assert given_arrays(suite(sizes), REFERENCE, None) == {}
    assert CALLS == []


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        pytest.param(
            raises, r"check check_0: .*Images cannot be computed: OSError: .* is empty", id="raises"
        ),
        pytest.param(
            no_numbers, r"check check_0: name is given as object; expected numbers", id="no-numbers"
        ),
    ],
)
def test_what_cannot_be_computed_is_the_authors_to_mend(data, function, reason):
    with pytest.raises(AssignmentError, match=reason):
        given_arrays(suite(function), REFERENCE, data)
