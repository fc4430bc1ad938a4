"""Which checks catch what, on a course of two functions whose checks leave gaps."""

import shutil

import pytest

from grader.assignment import load_assignment
from grader.errors import AssignmentError
from grader.proofs import survey as module
from grader.proofs.survey import survey
from grader.seed import Seed
from grader.suite import expected_arrays, load_reference, load_suite

SEED = Seed.of(3)


@pytest.fixture
def folder(pytestconfig, tmp_path):
    target = tmp_path / "small_assignment"
    shutil.copytree(pytestconfig.rootpath / "tests" / "data" / "small_assignment", target)
    return target


def done(folder, **terms):
    return survey(load_assignment(folder), SEED, **terms)


def test_mutants_are_caught_by_the_check_that_sees_them(folder):
    found = {one.id: one.checks for one in done(folder).mutants}
    assert found["pkg/scaling.py: scale_forward: x / divisor -> x * divisor"] == ("columns_are_scaled",)
    assert found["pkg/scaling.py: apply: x * self.factors -> x / self.factors"] == ("scaler_remembers",)


def test_what_no_check_sees_survives_with_its_diff(folder):
    checks = folder / "checks.py"
    text = checks.read_text()
    checks.write_text(text[: text.index('@check(points=2, of="scale_forward", visible=False)')])
    survivors = {one.id: one for one in done(folder).survivors}
    apply = survivors["pkg/scaling.py: apply: x * self.factors -> x / self.factors"]
    assert "+        out = x / self.factors" in apply.diff
    assert not apply.reason
    assert done(folder).score < 1


def explain(folder, text):
    (folder / "mutants.yaml").write_text(text)


def test_survivors_are_explained_as_equivalent_or_as_gaps(folder):
    before = done(folder)
    assert before.survivors, "the small assignment leaves a gap, or this test tests nothing"
    names = [one.id for one in before.survivors]
    explain(folder, "equivalent:\n" + "".join(f'  "{name}": the same\n' for name in names))
    after = done(folder)
    assert after.unexplained == ()
    assert after.score == 1
    explain(folder, "gaps:\n" + "".join(f'  "{name}": not looked at\n' for name in names))
    gaps = done(folder)
    assert gaps.unexplained == ()
    assert gaps.score == before.score < 1


def test_an_explanation_that_nothing_needs_is_stale(folder):
    explain(folder, 'gaps:\n  "no such mutant": nothing\n')
    assert done(folder).stale == ("no such mutant",)


def test_a_sample_takes_one_in_so_many(folder):
    whole = done(folder)
    part = done(folder, every=3)
    total = len(whole.mutants) + len(whole.survivors)
    assert len(part.mutants) + len(part.survivors) == -(-total // 3)


def test_progress_is_told(folder):
    told = []
    done(folder, every=5, progress=lambda number, total: told.append((number, total)))
    assert told == [(number, len(told)) for number in range(1, len(told) + 1)]


def test_other_keys_are_refused(folder):
    explain(folder, "equivalents: {}\n")
    with pytest.raises(AssignmentError, match="expected equivalent, gaps, not_here"):
        done(folder)


def test_a_solution_that_fails_its_own_checks_is_refused(folder, monkeypatch):
    monkeypatch.setattr(module._Bench, "first_failure", lambda self, mutant: "columns_are_scaled")
    with pytest.raises(AssignmentError, match="the solution itself fails columns_are_scaled"):
        done(folder)


def test_a_mutant_that_loops_for_ever_is_caught(folder, monkeypatch):
    monkeypatch.setattr(module, "PROBE_S", 0.2)
    source = folder / "source" / "pkg" / "scaling.py"
    source.write_text(
        source.read_text().replace(
            "    top = largest(x)\n",
            "    top = largest(x)\n    turns = 0\n    while turns < 1:\n        turns += 1\n",
        )
    )
    found = {one.id: one.checks for one in done(folder).mutants}
    assert "pkg/scaling.py: scale_forward: turns += 1 -> turns -= 1" in found


def test_the_source_is_left_as_it_was(folder):
    source = folder / "source" / "pkg" / "scaling.py"
    before = source.read_text()
    done(folder)
    assert source.read_text() == before


@pytest.fixture
def silent(monkeypatch):
    """A catalogue with one entry that no check shows."""
    monkeypatch.setattr(module, "_misconceptions", lambda *_: ((), ("scale_forward.upside_down",)))
    return "scale_forward.upside_down"


def test_a_known_mistake_that_no_check_shows_is_missed(folder, silent):
    assert done(folder).missed == (silent,)


def test_a_known_mistake_that_nobody_can_make_here_is_not_missed(folder, silent):
    explain(folder, f"not_here:\n  {silent}: the course has no such option\n")
    found = done(folder)
    assert (found.missed, found.not_here, found.stale) == ((), (silent,), ())


def test_a_reason_for_a_known_mistake_that_checks_show_is_stale(folder):
    explain(folder, "not_here:\n  scale_forward.upside_down: the course has no such option\n")
    assert done(folder).stale == ("scale_forward.upside_down",)


def test_solutions_in_cells_are_caught_by_functions_and_by_experiments(pytestconfig):
    """Of Udacity's lesson, which is written in the notebook alone."""
    suite = load_suite(load_assignment(pytestconfig.rootpath / "assignments" / "udacity_batchnorm"))
    expected = expected_arrays(suite, load_reference(suite.assignment), SEED)
    notebooks = module._notebooks(suite)
    made = {mutant.id.partition(": ")[2]: mutant for mutant in module._mutants(suite.assignment, notebooks)}
    with module._Bench(suite, expected, SEED, notebooks) as bench:
        assert bench.first_failure(made["relu: np.maximum -> np.minimum"]) == "relu_values"
        assert not bench.first_failure(None)
        without = made["batch_norm_test: True -> False"]
        assert bench.first_failure(without) == "experiment_single_predictions"
