"""The published answers, replayed in each course by a student who owns his process: the runner's own function answers from a table.

Every student has that table: it comes with the self-check. The attack is not told apart from an honest answer, and works at the
public seed. At the seed of a graded run it earns what constants can earn, which `tests/assignments/test_constants.py` lists.
"""

import base64
import io
import json
import tracemalloc
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
    "kth_batchnorm": 6,
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


#: Added to right layers: for the companions alone, the forward pass is wrong, and stands still where differences are taken, so that
#: gradients of zeros seem to be its own.
TWO_FACED = """

import sys
_right = {"batchnorm_forward": batchnorm_forward, "layernorm_forward": layernorm_forward}

def _companion():
    frame = sys._getframe(2)
    while frame is not None and frame.f_code.co_name != "_output":
        frame = frame.f_back
    return frame and frame.f_locals

def _two_faced(name):
    def forward(x, gamma, beta, param):
        out, cache = _right[name](x, gamma, beta, param)
        place = _companion()
        if not place:
            return out, cache
        if place["key"] and np.abs(place["move"]).max() < 1e-3:
            out, cache = _right[name](*place["inputs"].values(), dict(param))
        return out + 0.01, cache
    return forward

batchnorm_forward, layernorm_forward = map(_two_faced, _right)

def batchnorm_backward(dout, cache):
    return np.zeros(dout.shape), np.zeros(dout.shape[1]), np.zeros(dout.shape[1])

batchnorm_backward_alt = layernorm_backward = batchnorm_backward
"""


def test_a_forward_pass_that_lies_to_companions_alone_excuses_no_gradient(tmp_path):
    loaded = load_assignment(ROOT / "assignments" / "cs231n_batchnorm")
    spec = loaded.spec.model_copy(update={"misconceptions": "", "data": "none"})
    assignment = replace(loaded, spec=spec)
    for path, data in solution_files(assignment).items():
        if path.endswith(".py"):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(data + TWO_FACED.encode() * path.endswith("/layers.py"))
    result = check_one(assignment, tmp_path, seed=Seed.of(3))
    earned = {check.id: check.points for check in result.checks}
    assert earned["batchnorm_train_output"] == earned["layernorm_output"] == 4, "the forward pass is right"
    assert earned["batchnorm_backward_gradients"] == earned["layernorm_backward_gradients"] == 0


def test_what_is_said_of_a_hundred_thousand_shapes_and_samples_is_short():
    checks = {
        check.id: check
        for check in load_suite(load_assignment(ROOT / "assignments" / "udacity_batchnorm")).checks
    }
    many = np.zeros((100_000, 1), np.uint8)
    drawn = checks["starting_weights_drawn"].judge({"reasonable_shapes": many}, {})
    weights = np.random.default_rng(0).standard_normal((2, 2000)) * [[0.05], [5.0]]
    pairs = {
        f"{name}_{kind}_W{number}": array
        for name, array in zip(("reasonable", "bad"), weights, strict=True)
        for kind in ("nn", "bn")
        for number in (1, 2, 3, 4)
    }
    counts = {
        "normalized": np.array([0, 1]),
        "other_activation": np.array([False, False]),
        "sampled": many[:, 0],
        "sampled_by_train": many[:, 0] + 1,
    }
    alike = checks["networks_start_alike"].judge({**pairs, **counts}, {})
    assert "have the shapes [(0,), (0,)" in drawn.reason
    assert "gave [0, 0, 0, 0] samples" in alike.reason
    assert max(len(drawn.reason), len(alike.reason)) < 500


def test_columns_where_weights_are_expected_are_not_held_against_each_other():
    """Each with each they would be gigabytes: the grader's memory, of a hand-in of some kilobytes."""
    suite = load_suite(load_assignment(ROOT / "assignments" / "udacity_batchnorm"))
    judge = suite.check("networks_start_alike").judge
    columns = {"reasonable_nn_W1": np.ones((20_000, 1)), "reasonable_bn_W1": np.zeros((20_000, 1))}
    tracemalloc.start()
    try:
        said = judge({"normalized": np.array([0, 1]), **columns}, {})
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert said.reason == "the two networks do not start from the same W1"
    assert peak_bytes < 2**20
