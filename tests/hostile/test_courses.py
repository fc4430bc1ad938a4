"""The published answers, replayed in each course by a student who owns his process: the runner's own function answers from a table.

Every student has that table: it comes with the self-check. The attack is not told apart from an honest answer, and works at the
public seed. At the seed of a graded run it earns what constants can earn, which `tests/assignments/test_constants.py` lists.
"""

import base64
import io
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from grader.assignment import load_assignment
from grader.authoring.source import solution_files
from grader.model import Outcome
from grader.pipeline import check_one
from grader.seed import PUBLIC_SEED, Seed
from grader.suite import load_reference, load_suite, run_probe

pytestmark = pytest.mark.sandbox

ROOT = Path(__file__).resolve().parents[2]
#: Points of constants: starting weights, zeros in given shapes, a shuffle.
KEPT = {
    "cs231n_batchnorm": 1,
    "ece247_hw4": 1,
    "kth_batchnorm": 11,
    "tufts_batchnorm": 0,
    "udacity_batchnorm": 0,
}
ATTACK = '''
import base64, io, sys
import numpy as np

TABLE = np.load(io.BytesIO(base64.b85decode(b"""{table}""")))


def replay(attempt, implementation):
    from grader.probe.frames import encode_values

    own = attempt.probe.__name__ + "|"
    triples = [(key[len(own):], "ndarray", TABLE[key]) for key in TABLE.files if key.startswith(own)]
    values, payload = encode_values(triples)
    return {{"ending": "answered", "values": values, "warnings": [], "cpu_s": 0.0}}, payload


for name, module in list(sys.modules.items()):
    if name.endswith("probe.serve"):
        module.run_check = replay
'''


def table(assignment):
    """The right results for the public seed of every check for which any are expected, as text."""
    suite, reference = load_suite(assignment), load_reference(assignment)
    arrays = {
        f"{check.id}|{name}": array
        for check in suite.checks
        if check.where == "modules" or check.judge is None
        for name, array in run_probe(check, reference, PUBLIC_SEED).items()
    }
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return base64.b85encode(stream.getvalue()).decode().replace("\\", "\\\\")


@pytest.fixture(params=KEPT, scope="module")
def replayed(request, tmp_path_factory):
    """A hand-in of one module, or of one notebook where the course has no modules, that answers from the table."""
    loaded = load_assignment(ROOT / "assignments" / request.param)
    dear = {"misconceptions": "", "data": "none"}  # to explain and to find, and of no matter here
    spec = loaded.spec.model_copy(update=dear)
    assignment = replace(loaded, spec=spec)
    attack = ATTACK.format(table=table(assignment))
    folder = tmp_path_factory.mktemp(request.param)
    modules = assignment.spec.files.modules
    if modules:
        names = [name for module in modules for name in module.defines]
        source = attack + "".join(f"\n\n{name} = None\n" for name in names)
        targets = {module.path: source if module is modules[0] else "" for module in modules}
    else:
        (path,) = (notebook.path for notebook in assignment.spec.notebooks)
        document = json.loads(solution_files(assignment)[path])
        titles = [cell for cell in document["cells"] if cell["cell_type"] == "markdown"]
        code = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": None}
        targets = {path: json.dumps({**document, "cells": [*titles, {**code, "source": attack}]})}
    for path, text in targets.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return request.param, assignment, folder


def points(assignment, folder, seed):
    result = check_one(assignment, folder, seed=seed)
    return {check.id: check.points for check in result.checks if check.outcome is Outcome.PASSED}


def test_published_answers_are_right_for_the_public_seed_alone(replayed):
    name, assignment, folder = replayed
    known = {
        check.id: Decimal(str(check.points))
        for check in load_suite(assignment).checks
        if check.where == "modules" or check.judge is None
    }
    public = points(assignment, folder, PUBLIC_SEED)
    assert {check: public.get(check) for check in known} == known, "the attack works"
    graded = check_one(assignment, folder, seed=Seed.of(1))
    gained = {check.id: check.points for check in graded.checks if check.points}
    assert sum(gained.values()) == KEPT[name], gained
