"""The facade: names from several places, and a missing one told apart from a student's AttributeError."""

from __future__ import annotations

import pytest

from grader.probe.implementation import Implementation, MissingNameError


def test_first_space_that_has_the_name_counts():
    impl = Implementation([{"f": 1}, {"f": 2, "g": 3}], "a.py, b.py")
    assert (impl.f, impl.g) == (1, 3)


def test_missing_name_says_where_it_was_looked_for_and_what_went_wrong():
    impl = Implementation([{}], "a.py", ["b.py was not handed in"])
    with pytest.raises(MissingNameError, match=r"b\.py was not handed in; g is not defined in a\.py"):
        _ = impl.g
    assert not hasattr(impl, "g")
