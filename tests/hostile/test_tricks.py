"""Tricks below and around Python, from modules and cells: NumPy's memory and types, the process's own code, hooks, the kernel.

As `test_modules.py` and `test_notebooks.py`, in one class; only as whoever runs the tests.
"""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from grader.model import Outcome, Status

pytestmark = pytest.mark.sandbox

NOTEBOOK = {"notebook_knows_the_spread": Decimal(2)}
MODULES = {"columns_are_centered": Decimal(4), "gradient_is_centered": Decimal(3)}

#: What the instructor's page says of each attack from a module; its notebook is right.
TRICKS = {
    "strides_without_end": r"returned more than the limits allow",
    "dims_that_lie": r"returned more than the limits allow.*ValueError|ValueError.*returned more than|ended before",
    "dangling_memory": r"ended by SIGSEGV",
    "objects_inside": r"something else than plain numbers|exit status 0",
    "structured_types": r"something else than plain numbers",
    "half_right": r"dtype float16, expected float64",
    "finalizers": r"relative error",
    "masked_answers": r"relative error",
    "slots_of_numpy": r"Failed",
    "patches_libc": r"ended before it could answer|Failed",
    "rounds_otherwise": r"relative error",
    "hooks_imports": r"relative error|Failed",
    "hooks_forks": r"Failed",
    "is_not_what_it_was": r"Failed",
    "plants_files": r"the process that runs the checks ended|the process that runs the checks was lost",
    "carries_by_the_kernel": r"kept: \[\]",
    "takes_what_users_share": r"relative error|Failed",
    "fills_every_corner": r"relative error|Failed",
    "writes_switches": r"spied: \[\]",
    "sends_descriptors": r"Failed",
    "lowers_the_runner": r"the process that runs the checks ended|was lost",
    "errors_in_circles": r"Named.*its text cannot be read",
    "warns_without_end": r"relative error",
    "answers_without_bottom": r"is a list, expected an array",
    "looks_like_buffers": r"is a memoryview, expected an array",
    "threads_that_resize": r"Failed",
    "tells_by_time": r"relative error",
    "reads_the_clockwork": r"spied: \[\]",
    "locks_shared_files": r"spied: \[\]",
    "forges_every_field": r"raised <script>",
    "bytes_of_no_number": r"NaN where finite numbers|not an answer",
}
#: The same for attacks from a notebook; their modules are right.
CELLS = {
    "leaves_modules": r"relative error|Failed",
    "stops_the_loop": r"Failed",
    "hooks_forks": r"Failed",
    "claims_types": r"relative error",
    "loads_what_there_is": r"relative error",
    "goes_on_after_its_reply": r"Cell \[3\] .{0,90}stopped at its time limit",
    "takes_the_line": r"relative error",
    "fork_answers_later": r"relative error|Failed",
    "replays_nonces": r"belongs to no open request",
    "speaks_nonsense": r"relative error",
    "cuts_the_line": r"Failed",
    "becomes_a_speaker": r"all is well.*Failed|Failed.*all is well",
    "rewrites_the_loop": r"answered with nothing",
}
ATTACKS = [("tricks", name) for name in TRICKS] + [("cells", name) for name in CELLS]


def test_every_attack_is_tried():
    folder = Path(__file__).parent / "attacks"
    for kind, names in (("tricks", TRICKS), ("cells", CELLS)):
        assert {path.stem for path in (folder / kind).glob("*.py")} == set(names)


@pytest.fixture(scope="module")
def graded(arena):
    return arena.grade(
        {**arena.honest(), **{f"{kind}.{name}": arena.attack(kind, name) for kind, name in ATTACKS}}
    )


@pytest.mark.parametrize(("kind", "name"), ATTACKS)
def test_attack_earns_nothing_and_is_noticed(graded, kind, name):
    assert graded.points(f"{kind}.{name}") == (NOTEBOOK if kind == "tricks" else MODULES)
    told = graded.told(f"{kind}.{name}")
    assert re.search((TRICKS if kind == "tricks" else CELLS)[name], told, re.DOTALL), told


def test_no_attacker_makes_himself_ungradable(graded):
    assert [name for name, one in graded.results.items() if one.status is Status.NOT_GRADED] == []
    outcomes = {check.outcome for one in graded.results.values() for check in one.checks}
    assert outcomes == {Outcome.PASSED, Outcome.FAILED}


def test_honest_students_results_are_what_they_are_without_attackers(graded, alone):
    assert {name: graded.documents[name] for name in alone.documents} == dict(alone.documents)


def test_nothing_is_left_behind(graded):
    assert {name: found for name, found in graded.left.items() if found} == {}


def test_what_a_hidden_check_asked_for_is_not_told_by_time_or_text(graded):
    page = graded.page("tricks.tells_by_time", "students")
    assert "smuggled" not in page
    assert "Time: " in graded.page("tricks.tells_by_time", "instructor")
    assert "Time: " not in page, "times of cells are told, those of checks are not"


@pytest.mark.parametrize("audience", ["students", "instructor"])
@pytest.mark.parametrize(
    "name",
    [
        "cells.claims_types",
        "cells.speaks_nonsense",
        "tricks.warns_without_end",
        "tricks.errors_in_circles",
        "tricks.forges_every_field",
    ],
)
def test_nothing_that_was_claimed_is_live(graded, audience, name):
    page = graded.page(name, audience)
    tags = re.findall(r"<[a-zA-Z][^>]*>", page)
    assert not [tag for tag in tags if re.match(r"<(script|iframe|object|embed|form|base|link)\b", tag)]
    assert not [
        tag for tag in tags if re.search(r"\son\w+\s*=|javascript:|192\.0\.2\.1|http-equiv=refresh", tag)
    ]
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069]", page)
