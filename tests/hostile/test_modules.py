"""Attacks from a submitted module. Each is graded beside honest students; nobody gains, nobody loses, nothing is left behind."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from grader.model import Outcome, Status
from grader.pipeline import check_one
from grader.seed import PUBLIC_SEED

pytestmark = pytest.mark.sandbox

NOTEBOOK = {"notebook_knows_the_spread": Decimal(2)}  # every attacker's notebook is the right one
FORWARD = {"columns_are_centered": Decimal(4)}
BACKWARD = {"gradient_is_centered": Decimal(3)}

#: What each attack has earned beside its notebook, and what the instructor's page says of it.
ATTACKS = {
    "patches_comparisons": ({}, r"relative error"),
    "patches_conversions": ({}, r"Failed"),
    "patches_builtins": ({}, r"Failed"),
    "patches_json": ({}, r"Failed"),
    "patches_os_write": ({}, r"bytes came where|could not be read|ended"),
    "patches_runner": ({}, r"answered with|could not be read"),
    "blames_the_grader": ({}, r"what came back is not an answer"),
    "equals_everything": ({}, r"is an Equal, expected an array"),
    "array_that_lies": ({}, r"Agreeable|relative error"),
    "interface_that_lies": ({}, r"is a Claim, expected an array"),
    "array_without_end": ({}, r"is an Endless, expected an array"),
    "walks_frames": (
        {},
        r"spied: \[\] 0 arrays, terms \[\"1.0, 1e-07, '', None\"\]",
    ),  # what Check has by itself
    "searches_memory": ({}, r"spied: \[\]"),
    "reads_host_files": ({}, r"spied: \[\] \[\]"),
    "reads_other_processes": ({}, r"spied: \[\]"),
    "reads_environment": ({}, r"spied: \[\] 1000 1000 \[\] room \[\]"),
    "writes_host_files": ({}, r"relative error"),
    "writes_to_every_descriptor": ({}, r"could not be read|process that runs the checks was lost"),
    "answers_twice": ({}, r"what came back is not an answer"),
    "claims_terabytes": ({}, r"more than is allowed|at most 1048576"),
    "answers_terabytes": ({}, r"at most 1048576"),
    "exits": ({}, r"exit status 0"),
    "exits_when_imported": ({}, r"importing centering.py failed"),
    "crashes": ({}, r"SIGSEGV.*SIGABRT"),
    "stops_itself": ({}, r"no answer within 2 s"),
    "stops_the_runner": ({}, r"the process that runs the checks was lost"),
    "ignores_signals": ({}, r"the process that runs the checks ended|no answer within 2 s"),
    "never_imported": ({}, r"importing centering.py failed: no answer within"),
    "stops_the_clock": ({}, r"no answer within"),
    "leaves_a_daemon": ({}, r"relative error"),
    "kills_everything": ({}, r"the process that runs the checks was lost"),
    "thread_rewrites_answers": ({}, r"relative error"),
    "fork_bomb": ({}, r"ended before|no answer within"),
    "memory_bomb": ({}, r"MemoryError"),
    "fills_the_disk": ({}, r"OSError"),
    "floods_outputs": ({}, r"RuntimeError"),
    "error_without_end": ({}, r"no answer within 2 s"),
    "opens_sockets": ({}, r"spied: \[\]"),
    "asks_the_kernel": ({}, r"spied: \[\] \[\]"),
    "links_out_of_the_room": ({}, r"spied: \[\]"),
    "smuggles_hidden_inputs": ({}, r"smuggled"),
    "answers_with_a_name": ({}, r"smuggled"),
    "carries_hidden_inputs_over": ({}, r"kept: \[\]"),
    "knows_the_public_seed": ({}, r"relative error"),
    "works_when_watched": (FORWARD, r"Failed"),
    "rewrites_the_inputs": ({}, r"relative error"),
    "closes_descriptors": ({}, r"importing centering.py failed|lost"),
    "raises_limits": ({}, r"spied: \[\]"),
    "ends_the_room": ({}, r"relative error"),
    "overrides_ufuncs": ({}, r"Everything|Failed"),
    "patches_random": ({}, r"relative error"),
    "patches_lookup": ({}, r"relative error|Failed"),
    "shares_memory": ({}, r"relative error|NaN"),
    "forks_inside": ({}, r"relative error"),
    "writes_into_memory": ({}, r"spied: \[\]"),
    "becomes_another": ({}, r"Failed"),
    "asks_rare_calls": ({}, r"spied: \[\] \[\]"),
    "traces_the_harness": ({}, r"spied: \[\]|Failed"),
    "hooks_the_end": ({}, r"Failed"),
    "alarms": ({}, r"Failed"),
    "kills_itself": ({}, r"SIGKILL"),
    "kills_the_runner": ({}, r"the process that runs the checks was lost"),
    "swaps_modules": ({}, r"Failed"),
    "finds_the_answers": ({}, r"spied: \[\]"),
    "odd_types": ({}, r"Failed"),
    "infinities": ({}, r"where finite numbers are expected"),
    "burns_processors": ({}, r"no answer within 2 s|out of memory"),
    "makes_many_files": ({}, r"relative error|Failed"),
    "digs_deep": ({}, r"SIGSEGV|RecursionError|no answer within|is a dict"),
    "speaks_machine_code": ({}, r"spied: \[\]"),
    "makes_kernel_objects": ({}, r"spied: True"),
    "floods_signals": ({}, r"relative error"),
    "digs_folders": ({}, r"relative error"),
    "dumps_core": ({}, r"spied: \[\]"),
    "looks_like_ours": ({}, r"SandboxError"),
    "reads_hidden_probes": ({}, r"smuggled.*spied: nothing"),
}


def test_every_attack_is_tried():
    folder = Path(__file__).parent / "attacks" / "modules"
    assert {path.stem for path in folder.glob("*.py")} == set(ATTACKS)


@pytest.fixture(scope="module")
def graded(arena, attacks):
    attackers = {name: arena.attack("modules", name) for name in attacks}
    return arena.grade({**arena.honest(), **attackers})


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_earns_nothing_and_is_noticed(graded, name):
    earned, noticed = ATTACKS[name]
    assert graded.points(name) == {**earned, **NOTEBOOK}
    told = graded.told(name)
    assert re.search(noticed, told, re.DOTALL), told


def test_no_attacker_makes_himself_ungradable(graded):
    stuck = [name for name, result in graded.results.items() if result.status is Status.NOT_GRADED]
    assert stuck == []
    outcomes = {check.outcome for result in graded.results.values() for check in result.checks}
    assert outcomes == {Outcome.PASSED, Outcome.FAILED}


def test_honest_students_results_are_what_they_are_without_attackers(graded, alone):
    assert {name: graded.documents[name] for name in alone.documents} == dict(alone.documents)
    assert [alone.results[name].score for name in ("ada", "bea", "cyd")] == [9, 6, 0]


def test_nothing_is_left_behind(graded):
    assert {name: found for name, found in graded.left.items() if found} == {}


@pytest.mark.parametrize(
    "name",
    [
        "smuggles_hidden_inputs",
        "answers_with_a_name",
        "carries_hidden_inputs_over",
        "reads_hidden_probes",
    ],
)
def test_inputs_of_a_hidden_check_do_not_reach_the_student(graded, name):
    assert "smuggled" not in graded.page(name, "students")


def test_pages_for_students_hold_nothing_of_the_instructor(graded, arena):
    for name in graded.results:
        page = graded.page(name, "students")
        assert str(arena.folder) not in page
        assert "canary" not in page.replace("canary-161803398874", ""), "a hint is for students"


def test_table_of_published_results_passes_the_public_seed_only(graded, arena, tmp_path):
    for path, data in arena.attack("modules", "knows_the_public_seed").items():
        (tmp_path / path).write_bytes(data)
    public = check_one(arena.assignment, tmp_path, seed=PUBLIC_SEED)
    assert {check.outcome for check in public.checks} == {Outcome.PASSED}
    assert graded.points("knows_the_public_seed") == NOTEBOOK


def test_limits_that_held_are_kept_with_evidence_and_shown(graded):
    for result in graded.results.values():
        limits = graded.state.evidence.get(result.evidence).limits
        assert {"memory", "processes", "open files", "network", "capabilities"} <= limits.keys()
        assert "Limit: memory" in graded.told(result.student)
