"""Source mutants: what is changed, where, and that each is one change of its own."""

import ast

import pytest

from grader.proofs.mutants import mutants

SOURCE = '''
import numpy as np

OUTSIDE = 1 + 2


def norm(x, eps):
    """Not changed: 1 + 1."""
    before = 3 * 4
    # BEGIN SOLUTION
    mean = x.mean(axis=0)
    out = (x - mean) / np.sqrt(x.var(axis=0) + eps)
    # END SOLUTION
    return out


class Net:
    def loss(self, n):
        # BEGIN SOLUTION
        """Nor this."""
        if n > 0 and not n == 2:
            n -= 0.5
        return -n
        # END SOLUTION
'''


def made(source=SOURCE):
    return {mutant.id: mutant for mutant in mutants("m.py", source)}


@pytest.mark.parametrize(
    "change",
    [
        "norm: mean = x.mean(axis=0) -> pass",
        "norm: x - mean -> x + mean",
        "norm: x.var(axis=0) + eps -> x.var(axis=0) - eps",
        "norm: 0 -> 1",
        "norm: 0 -> 1 (2)",
        "norm: x.mean(axis=0) -> x.mean()",
        "norm: x.mean -> x.sum",
        "norm: np.sqrt -> np.abs",
        "loss: n > 0 -> n <= 0",
        "loss: n == 2 -> n != 2",
        "loss: not n == 2 -> n == 2",
        "loss: n > 0 and (not n == 2) -> n > 0 or not n == 2",
        "loss: n -= 0.5 -> n += 0.5",
        "loss: n -= 0.5 -> pass",
        "loss: 0.5 -> 1.0",
        "loss: -n -> n",
    ],
)
def test_each_kind_of_change_is_made(change):
    assert f"m.py: {change}" in made()


def test_only_solutions_are_changed():
    for mutant in made().values():
        assert "3 * 4" in mutant.source
        assert "OUTSIDE = 1 + 2" in mutant.source
        assert "Nor this." in mutant.source
        assert 10 <= mutant.line <= 24


def test_each_is_python_and_differs_from_the_others_and_the_original():
    sources = [mutant.source for mutant in made().values()]
    original = ast.unparse(ast.parse(SOURCE))
    assert len(set(sources)) == len(sources) > 15
    assert original not in sources
    for source in sources:
        ast.parse(source)


def test_each_is_one_change():
    original = ast.unparse(ast.parse(SOURCE)).splitlines()
    for mutant in made().values():
        changed = [line for line in mutant.source.splitlines() if line not in original]
        assert len(changed) <= 2, mutant.id


def test_the_diff_shows_the_change():
    mutant = made()["m.py: norm: x - mean -> x + mean"]
    assert mutant.diff.splitlines() == [
        "-    out = (x - mean) / np.sqrt(x.var(axis=0) + eps)",
        "+    out = (x + mean) / np.sqrt(x.var(axis=0) + eps)",
    ]


def test_ids_stay_from_run_to_run():
    assert list(made()) == list(made())


def test_a_module_without_solutions_has_none():
    assert made("x = 1 + 2\n\n\ndef f():\n    return 3 * 4\n") == {}


def test_texts_of_errors_are_left_alone():
    source = "def f(x):\n    # BEGIN SOLUTION\n    raise ValueError(f'{x} is' + 'bad')\n    # END SOLUTION\n"
    assert made(source) == {}


def test_what_is_no_python_is_refused():
    with pytest.raises(SyntaxError, match="invalid syntax"):
        made("def (:")
