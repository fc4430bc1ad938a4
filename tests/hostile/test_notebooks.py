"""Attacks from a submitted notebook. The modules beside each are right; the function that the notebook is asked for is wrong."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from grader.model import Ending, Status

pytestmark = pytest.mark.sandbox

MODULES = {"columns_are_centered": Decimal(4), "gradient_is_centered": Decimal(3)}

#: What the instructor's page says of each attack.
ATTACKS = {
    "transforms_code": r"not defined in the notebook|Failed",
    "hooks_run_cell": r"Failed",
    "hides_errors": r"relative error",
    "refuses_probes": r"Failed",
    "serves_probes_itself": r"Failed",
    "answers_beforehand": r"Failed",
    "closes_sockets": r"Failed",
    "floods_text": r"left out",
    "floods_figures": r"more outputs of this cell are left out",
    "live_outputs": r"relative error",
    "kills_itself": r"killed by SIGKILL",
    "exits_kernel": r"exit status 0",
    "stops_kernel": r"did not stop when it was interrupted",
    "never_interrupted": r"did not stop when it was interrupted",
    "leaves_threads": r"relative error",
    "bombs_memory": r"needed more memory than the limit|MemoryError|ended the notebook|stopped by the grader",
    "bombs_processes": r"Failed",
    "looks_around": r"spied: \[('PWD=/\\x00')?\]",  # the first process's, which an ordinary user may read
    "speaks_jupyter": r"Failed",
    "sends_halves": r"messages of \d+ MiB in all",
    "tells_idle_early": r"relative error",
    "patches_numpy": r"Failed",
    "endless_answer": r"did not end within its time limit",
    "deletes_everything": r"relative error",
    "floods_messages": r"relative error",
    "floods_comms": r"relative error",
    "asks_for_input": r"relative error",
    "sends_payloads": r"relative error",
    "shuts_down": r"Failed",
    "debugs": r"relative error",
    "forks_the_kernel": r"relative error|Failed",
    "compiles_code": r"spied: \[\]",
    "pictures_that_burst": r"relative error",
    "updates_displays": r"relative error",
    "shows_slow_markup": r"HTML output is not shown live.*relative error|relative error.*HTML output is not shown live",
    "texts_without_end": r"relative error",
    "draws_gigapixels": r"relative error",
    "runs_other_programs": r"relative error|Failed",
    "traces_the_kernel": r"spied: \[\]",
}


def test_every_attack_is_tried():
    folder = Path(__file__).parent / "attacks" / "notebooks"
    assert {path.stem for path in folder.glob("*.py")} == set(ATTACKS)


@pytest.fixture(scope="module")
def graded(arena, attacks):
    attackers = {name: arena.attack("notebooks", name) for name in attacks}
    return arena.grade({**arena.honest(), **attackers})


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_earns_nothing_and_is_noticed(graded, name):
    assert graded.points(name) == MODULES
    told = graded.told(name)
    assert re.search(ATTACKS[name], told, re.DOTALL), told.partition("Marked passages")[2]


def test_no_attacker_makes_himself_ungradable(graded):
    assert [name for name, one in graded.results.items() if one.status is Status.NOT_GRADED] == []
    endings = {notebook.ending for one in graded.results.values() for notebook in one.notebooks}
    assert Ending.NOT_RUN not in endings


def test_honest_students_results_are_what_they_are_without_attackers(graded, alone):
    assert {name: graded.documents[name] for name in alone.documents} == dict(alone.documents)


def test_nothing_is_left_behind(graded):
    assert {name: found for name, found in graded.left.items() if found} == {}


def test_host_files_stay_unread(graded):
    executed = (graded.out / "notebooks" / "looks_around" / "Centering.ipynb").read_text("utf-8")
    assert "root:x:0" not in executed
    assert "grader/probe" not in executed


@pytest.mark.parametrize("audience", ["students", "instructor"])
@pytest.mark.parametrize("name", ["live_outputs", "sends_payloads", "pictures_that_burst"])
def test_outputs_are_never_live(graded, audience, name):
    page = graded.page(name, audience)
    tags = re.findall(r"<[a-zA-Z][^>]*>", page)
    assert not [tag for tag in tags if re.match(r"<(script|iframe|object|embed|form|base|link)\b", tag)]
    assert not [tag for tag in tags if re.search(r"\son\w+\s*=|javascript:|192\.0\.2\.1|live-\d", tag)]
    assert name != "live_outputs" or "{{ 7 * 7 }}" in page.replace("&#39;", "'"), "as it was written"
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", page)


def test_pictures_that_a_browser_would_choke_on_are_left_out(graded):
    page = graded.page("pictures_that_burst", "instructor")
    sizes = [(int(width), int(height)) for width, height in re.findall(r'width="(\d+)" height="(\d+)"', page)]
    assert all(width * height <= 25_000_000 for width, height in sizes)
    assert len(re.findall(r"<img", page)) <= 1, "the one of 10 by 10 pixels"


def test_what_was_executed_is_kept_small(graded):
    for path in (graded.out / "notebooks").rglob("*.ipynb"):
        assert path.stat().st_size < 1 << 20
        assert json.loads(path.read_bytes())["nbformat"] == 4
