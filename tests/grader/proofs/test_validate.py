"""Validation proves what holds, and says what speaks against what does not."""

import shutil
from pathlib import Path

import pytest

from grader.assignment import load_assignment
from grader.authoring.release import release
from grader.authoring.samples import build_samples
from grader.pipeline.known import KnownMistakes
from grader.proofs.validate import Proof, validate

SMALL = Path(__file__).resolve().parents[2] / "data" / "small_assignment"

CATALOGUE = "misconceptions: reference.misconceptions"  # none of its functions runs here

pytestmark = pytest.mark.sandbox


def prepared(tmp_path, *, spec=(), checks=(), samples=(), release_it=True):
    """A copy of the small assignment with changed files, its samples built and its template released."""
    folder = tmp_path / "house" / "scaling"
    shutil.copytree(SMALL, folder)
    for name, changes in (("assignment.yaml", spec), ("checks.py", checks), ("samples.yaml", samples)):
        path = folder / name
        text = path.read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path.write_text(text)
    assignment = load_assignment(folder)
    build_samples(assignment)
    if release_it:
        release(assignment, tmp_path / "template")
    return assignment


def failing(proofs):
    return {proof.claim: " ".join(proof.against) for proof in proofs if not proof.holds}


def test_validate_small_assignment_holds(tmp_path):
    proofs = validate(prepared(tmp_path), template=tmp_path / "template")
    assert failing(proofs) == {}
    claims = [proof.claim for proof in proofs]
    assert "the solution gets full marks" in claims
    assert "the blank release gets none" in claims
    assert "sample wrong_divisor gets its verdict" in claims
    assert "a second run gives identical results" in claims
    assert "no solution survives in what students receive" in claims


def test_validate_finds_each_thing_that_does_not_hold(tmp_path):
    generous = '    return {"out": impl.scale_forward(_inputs(rng))}\n'
    assignment = prepared(
        tmp_path,
        checks=[
            (
                generous,
                generous.replace("impl.scale_forward(_inputs(rng))", "_inputs(rng)"),
            ),  # a check that anything passes
            ('return {"out": scaler.factors}', 'return {"out": -scaler.factors}'),  # one that nothing passes
        ],
        samples=[("score: {min: 3, max: 5}", "score: {min: 8, max: 8}")],
    )
    spec = assignment.folder / "assignment.yaml"
    spec.write_text(spec.read_text().replace("defines: [scale_forward", "defines: [scale_forwards"))
    checks = assignment.checks.read_text()
    assignment.checks.write_text(checks.replace('of="scale_forward"', 'of="scale_forwrd"', 1))
    assignment = load_assignment(assignment.folder)
    (tmp_path / "template" / "pkg" / "scaling.py").write_text("divisor = np.where(top > 0, top, 1.0)\n")
    (assignment.samples / "right" / "extra.py").write_text("")
    against = failing(validate(assignment, template=tmp_path / "template"))
    assert "factors_are_positive" in against["the solution gets full marks"]
    assert "columns_are_scaled: passed" in against["the blank release gets none"]
    assert "defines no scale_forwards" in against["what is named is there"]
    assert "of scale_forwrd, which neither" in against["what is named is there"]
    assert "score" in against["sample wrong_divisor gets its verdict"]
    assert "extra.py" in against["the samples are what their recipes make"]
    assert "scaling.py" in against["what students receive is current"]
    assert "divisor" in against["no solution survives in what students receive"]


def test_validate_results_that_differ_between_runs_are_found(tmp_path):
    random = "np.random.default_rng().random()"  # drawn anew each time, inside the sandbox and outside
    judge = (
        "judge_positive(actual, expected):\n",
        'judge_positive(actual, expected):\n    return Judgement(1.0, "", float(actual["out"].sum()))\n',
    )
    assignment = prepared(
        tmp_path,
        checks=[judge, ('return {"out": scaler.factors}', f'return {{"out": scaler.factors + {random}}}')],
    )
    against = failing(validate(assignment, template=tmp_path / "template"))
    assert "checks differs" in against["a second run gives identical results"]
    assert "factors_are_positive" in against["a second run gives identical results"]


def test_validate_works_out_once_what_known_mistakes_give(tmp_path, monkeypatch):
    begun, begin = [], KnownMistakes._begin
    monkeypatch.setattr(KnownMistakes, "_begin", lambda *given: begun.append(given) or begin(*given))
    assignment = prepared(tmp_path, spec=[("reference: solution", f"reference: solution\n{CATALOGUE}")])
    assert all(proof.holds for proof in validate(assignment, template=tmp_path / "template"))
    assert len(begun) == 1


def test_validate_without_a_template_says_what_to_run(tmp_path):
    assignment = prepared(tmp_path, release_it=False)
    against = failing(validate(assignment, template=tmp_path / "template"))
    assert "run `grader release`" in against["students receive a template"]


def test_proof_holds_only_with_nothing_against():
    assert Proof(claim="x").holds
    assert not Proof(claim="x", against=("y",)).holds
