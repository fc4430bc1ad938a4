"""`python -m tests.assignments.prove`: everything that says why the marks can be trusted, measured anew, into docs/validity.md.

For every course: what the checks catch, how often the diagnosis names it rightly, and how far each tolerance stands from the worst
right and the mildest wrong answer. What is done is kept in `.prove/`, so that an interrupted run goes on where it stopped.
"""

import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np

from grader.assignment import load_assignment
from grader.compare import FLOOR, rel_error
from grader.diagnosis.match import Observed, diagnose
from grader.diagnosis.misconceptions import load_catalogue, variants
from grader.errors import AssignmentError
from grader.proofs.survey import survey
from grader.seed import Seed
from grader.suite import expected_arrays, load_reference, load_suite, run_probe
from tests.assignments.right_variants import RIGHT

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".prove"
SEEDS = 50
RIGHT_OF = {"cs231n_batchnorm": RIGHT}  # courses whose functions the right variants implement


def error_of(check, actual, expected):
    """The largest relative error over all arrays, by the check's floors; infinite where shapes or kinds differ."""
    worst = 0.0
    for name, array in expected.items():
        got, floor = actual[name], check.floor
        if got.shape != array.shape or not np.isfinite(got).all():
            return float("inf")
        if array.dtype.kind in "fc":
            worst = max(
                worst,
                rel_error(got, array, floor=floor.get(name, FLOOR) if isinstance(floor, dict) else floor),
            )
    return worst


def measure(assignment, number):
    """One seed: how each misconception is named, the mildest wrong error and the worst right one of every check."""
    suite, reference, seed = load_suite(assignment), load_reference(assignment), Seed.of(number)
    expected = expected_arrays(suite, reference, seed)
    catalogue = load_catalogue(assignment)
    found = variants(suite, reference, catalogue, expected, seed) if catalogue else {}
    compared = [check for check in suite.checks if check.id in found]
    wrong = {
        check.id: min(
            (error_of(check, v.arrays, expected[check.id]) for v in found[check.id]), default=float("inf")
        )
        for check in compared
    }
    right = {check.id: 0.0 for check in compared}
    for check in compared:
        for implementation in RIGHT_OF.get(assignment.name, {}).values():
            got = run_probe(check, implementation, seed)
            right[check.id] = max(right[check.id], error_of(check, got, expected[check.id]))
    return {"named": named(compared, found, expected), "wrong": wrong, "right": right}


def named(checks, found, expected):
    """How the diagnosis names each misconception that shows: certain, one of several, or wrongly certain."""
    told = Counter()
    for name in {
        cause.id for given in found.values() for v in given if len(v.causes) == 1 for cause in v.causes
    }:
        observed = []
        for check in checks:
            mine = next((v for v in found[check.id] if v.ids == {name}), None)
            arrays = mine.arrays if mine else expected[check.id]
            terms = {"expected": expected[check.id], "variants": found[check.id]}
            observed.append(Observed(check=check, passed=mine is None, arrays=arrays, **terms))
        findings = [one for diagnosis in diagnose(observed).values() for one in diagnosis.findings]
        certain = {one.id for one in findings if one.certain}
        among = name in {one.id for one in findings}
        told["certain" if certain == {name} else "wrong" if certain else "among" if among else "silent"] += 1
    return dict(told)


def kept(path, make):
    """What `make` gives, made once."""
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(make()))
    return json.loads(path.read_text())


def surveyed(assignment):
    """The survey in figures."""
    done = survey(assignment, Seed.of(231))
    return {
        "misconceptions": len(done.misconceptions),
        "missed": list(done.missed),
        "mutants": len(done.mutants) + len(done.survivors),
        "score": done.score,
        "gaps": [[one.id, one.reason] for one in done.survivors if not one.equivalent],
        "equivalent": sum(one.equivalent for one in done.survivors),
    }


def prove(seeds):
    """Measure every course and write the document."""
    parts = [Path(__file__).with_name("validity_head.md").read_text()]
    for path in sorted((ROOT / "assignments").glob("*/assignment.yaml")):
        assignment = load_assignment(path.parent)
        print(f"{assignment.name}: mutants", file=sys.stderr)
        try:
            figures = kept(KEPT / f"{assignment.name}.survey.json", lambda a=assignment: surveyed(a))
        except AssignmentError as exc:
            print(f"{assignment.name}: left out: {exc}", file=sys.stderr)
            continue
        runs = []
        for number in range(seeds):
            print(f"\r{assignment.name}: seed {number + 1} of {seeds}", end="", file=sys.stderr)
            runs.append(
                kept(KEPT / f"{assignment.name}.{number}.json", lambda a=assignment, n=number: measure(a, n))
            )
        print(file=sys.stderr)
        parts.append(course(assignment, figures, runs))
    (ROOT / "docs" / "validity.md").write_text("\n".join(parts))


def course(assignment, figures, runs):
    """One course's section."""
    told = sum((Counter(run["named"]) for run in runs), Counter())
    total = told.total()
    lines = [f"## {assignment.spec.course}: {assignment.spec.title}", ""]
    if total:
        lines += [
            f"Of {figures['misconceptions']} known mistakes the checks catch all that show in their functions"
            + (
                f", but for {', '.join(figures['missed'])} (no way to make them here, or no check looks)"
                if figures["missed"]
                else ""
            )
            + f". Over {len(runs)} seeds, {total} runs: named with certainty {told['certain'] / total:.1%}, as one of several"
            f" {told['among'] / total:.1%}, unnamed {told['silent']}, **named wrongly with certainty {told['wrong']}**.",
            "",
        ]
    if figures["mutants"]:
        lines += [
            f"Of {figures['mutants']} source mutants of the solution {figures['equivalent']} are equivalent; of the others the"
            f" checks catch **{figures['score']:.1%}**.",
            "",
        ]
    lines += [
        f"- Not noticed: `{name}`. {reason or 'Not looked into yet.'}" for name, reason in figures["gaps"]
    ]
    if len(lines) == 2:
        lines += [
            "No catalogue is named in `assignment.yaml`, and no module holds solutions: nothing is measured here yet.",
            "",
        ]
    return "\n".join([*lines, *margins(assignment, runs), ""])


def margins(assignment, runs):
    """The table of tolerances between the worst right and the mildest wrong error."""
    checks = {check.id: check for check in load_suite(assignment).checks}
    if not runs or not runs[0]["wrong"]:
        return []
    variants_of = len(RIGHT_OF.get(assignment.name, {}))
    lines = ["", f"Errors over {len(runs)} seeds and {variants_of} right variants.", ""]
    lines += ["| check | worst right | tolerance | mildest wrong |", "| --- | --- | --- | --- |"]
    for name in runs[0]["wrong"]:
        right = f"{max(run['right'][name] for run in runs):.0e}" if variants_of else "-"
        tolerance = checks[name].tolerance
        shown = f"{tolerance:.0e}" if isinstance(tolerance, float) else "by array"
        wrong = min(run["wrong"][name] for run in runs)
        lines.append(f"| `{name}` | {right} | {shown} | {wrong:.0e} |")
    return lines


if __name__ == "__main__":
    prove(int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS)
