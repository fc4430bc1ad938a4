"""Edits: applied for a while, under every name, in pairs, and never by accident."""

import inspect

import numpy as np
import pytest

from reference import layers, normalization
from reference.conventions import cs231n
from reference.misconceptions import CATALOGUE, Edit, EditError, Misconception, applied
from reference.misconceptions.entry import UNSEEN

BY_ID = {entry.id: entry for entry in CATALOGUE}
TWO = np.array([[1.0], [3.0]])  # mean 2, variance 1 (divided by N) or 2 (by N - 1)
ONE, ZERO = np.ones(1), np.zeros(1)


def wrong(place, right, instead):
    return Misconception(id="some.thing", edits=(Edit(place, right, instead),), student="s", instructor="i")


def forward(x=TWO, eps=0.0):
    return normalization.batchnorm_forward(x, ONE, ZERO, ZERO, ZERO, eps=eps).out.ravel()


def test_an_entry_makes_the_core_wrong_and_leaves_it_right():
    before = forward()
    with applied([BY_ID["batchnorm_forward.variance_n_minus_1"]]):
        during = forward()
    np.testing.assert_allclose(before, [-1, 1])
    np.testing.assert_allclose(during, [-(2**-0.5), 2**-0.5])
    np.testing.assert_allclose(forward(), before)


def test_an_error_inside_leaves_the_core_right():
    with (
        pytest.raises(ZeroDivisionError, match="division"),
        applied([BY_ID["batchnorm_forward.eps_missing"]]),
    ):
        1 / 0  # noqa: B018
    np.testing.assert_allclose(forward(eps=3.0), [-0.5, 0.5])


def test_names_that_were_bound_before_see_it():
    assert cs231n.relu_forward is layers.relu_forward
    with applied([BY_ID["relu_forward.absolute_value"]]):
        assert cs231n.relu_forward(np.array([-2.0]))[0] == 2
        assert layers.ACTIVATIONS["relu"].forward(np.array([-2.0]))[0] == 2
    assert cs231n.relu_forward(np.array([-2.0]))[0] == 0


def test_two_entries_in_one_function_go_together():
    pair = [BY_ID["batchnorm_forward.variance_n_minus_1"], BY_ID["batchnorm_forward.eps_outside_root"]]
    with applied(pair):
        np.testing.assert_allclose(forward(eps=1.0), [-1 / (2**0.5 + 1), 1 / (2**0.5 + 1)])


def test_two_entries_about_one_line_do_not():
    pair = [BY_ID["batchnorm_forward.variance_n_minus_1"], BY_ID["batchnorm_forward.variance_about_zero"]]
    with pytest.raises(EditError, match="is there 0 times, expected once"), applied(pair):
        pass


def test_lines_behind_the_first_take_its_indentation():
    entry = wrong(
        "conventions.cs231n.dropout_forward",
        "np.random.seed(dropout_param['seed'])",
        "pass\nraise KeyError('two')",
    )
    with applied([entry]), pytest.raises(KeyError, match="two"):
        cs231n.dropout_forward(TWO, {"mode": "test", "seed": 1})


@pytest.mark.parametrize(
    ("place", "right", "instead", "reason"),
    [
        pytest.param("layers.relu_forward", "np.minimum", "0", "is there 0 times", id="not-there"),
        pytest.param("layers.relu_forward", "x", "0", "is there 4 times", id="there-often"),
        pytest.param("layers.relu_forward", "np.maximum(x, 0)", "(", "does not compile", id="no-python"),
        pytest.param("layers.ACTIVATIONS", "a", "b", "no function there", id="no-function"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused(place, right, instead, reason):
    with pytest.raises(EditError, match=reason), applied([wrong(place, right, instead)]):
        pass


def test_functions_are_those_that_change():
    entry = BY_ID["batchnorm_backward_alt.sign"]
    assert normalization.batchnorm_backward_alt in entry.functions
    assert len(set(entry.functions)) == len(entry.functions)


def test_every_entry_can_be_applied():
    codes = {}
    for entry in CATALOGUE:
        before = {function: function.__code__ for function in entry.functions}
        with applied([entry]):
            assert all(function.__code__ is not code for function, code in before.items()), entry.id
        assert all(function.__code__ is code for function, code in before.items()), entry.id
        codes[entry.id] = tuple(edit for edit in entry.edits)
    assert len(set(codes.values())) == len(CATALOGUE), "two entries make the same edits"


def test_entries_are_told_apart_and_speak_to_both_readers():
    assert len(BY_ID) == len(CATALOGUE) >= 80
    assert len({entry.student for entry in CATALOGUE}) > 0.95 * len(CATALOGUE)
    for entry in CATALOGUE:
        assert entry.of, entry.id
        assert entry.student.startswith("It looks like"), "a finding is worded as what the numbers suggest"
        assert entry.student.endswith((".", "?", ")")), entry.id
        assert entry.instructor.endswith("."), entry.id
        assert entry.seen, entry.id


def test_a_sentence_for_students_holds_no_line_of_the_solution():
    for entry in CATALOGUE:
        for edit in entry.edits:
            for line in edit.right.splitlines():
                assert len(line) < 12 or line.strip() not in entry.student, entry.id


def test_most_families_have_entries_that_were_seen():
    seen = [entry for entry in CATALOGUE if entry.seen != UNSEEN]
    assert len(seen) >= 50


def test_the_source_that_is_edited_has_no_comments_to_lean_on():
    assert "#" in inspect.getsource(normalization.batchnorm_backward)
    with (
        pytest.raises(EditError, match="is there 0 times"),
        applied([wrong("normalization.batchnorm_backward", "# xhat = centred * inv_std", "pass")]),
    ):
        pass
