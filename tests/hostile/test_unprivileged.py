"""The attacks once more, for a grader that is an ordinary user: where root runs the tests, `nobody` runs these.

The walls that are built otherwise without root are attacked again: users and namespaces, files and `/proc`, signals, processes and
other limits, memory (a watchdog in place of the control group) and what the machine shares. Left out are attacks on what
is the same code with the same input whoever runs it, `LEFT_OUT`; a new attack is tried here until somebody puts it there.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.sandbox

NOBODY = 65534
HERE = Path(__file__).resolve().parent
TIME_S = 300
EARNS = "test_attack_earns_nothing_and_is_noticed"
OF_THE_CLASS = (
    "test_no_attacker_makes_himself_ungradable",
    "test_honest_students_results_are_what_they_are_without_attackers",
    "test_nothing_is_left_behind",
)
ALSO = {
    "modules": ("test_limits_that_held_are_kept_with_evidence_and_shown",),
    "notebooks": ("test_host_files_stay_unread",),
}
LEFT_OUT = {
    "modules": {
        # Python in his own process: comparisons, conversions, lookups, frames, the harness's functions.
        *(
            "patches_comparisons",
            "patches_conversions",
            "patches_builtins",
            "patches_json",
            "patches_os_write",
        ),
        *("patches_runner", "patches_random", "patches_lookup", "swaps_modules", "overrides_ufuncs"),
        *("walks_frames", "traces_the_harness", "hooks_the_end", "reads_hidden_probes"),
        # What is answered: types, numbers, frames, sizes, claims; the driver reads and judges it.
        *("equals_everything", "array_that_lies", "interface_that_lies", "array_without_end", "odd_types"),
        *("infinities", "rewrites_the_inputs", "works_when_watched", "knows_the_public_seed"),
        *("answers_twice", "answers_terabytes", "claims_terabytes", "blames_the_grader", "looks_like_ours"),
        *("smuggles_hidden_inputs", "answers_with_a_name", "floods_outputs", "error_without_end"),
        # Ends and waits of one process, which the driver meets with its own clock.
        *("exits", "exits_when_imported", "crashes", "alarms", "never_imported", "stops_the_clock"),
        *("stops_itself", "digs_deep"),
    },
    "notebooks": {
        # Python in his own kernel: code, hooks, errors, probes.
        *("transforms_code", "hooks_run_cell", "hides_errors", "refuses_probes", "serves_probes_itself"),
        *("answers_beforehand", "patches_numpy", "traces_the_kernel"),
        # What is sent over the line and shown; the driver bounds it.
        *("floods_text", "floods_figures", "floods_messages", "floods_comms", "live_outputs"),
        *("speaks_jupyter", "sends_halves", "tells_idle_early", "asks_for_input", "sends_payloads"),
        *("shuts_down", "debugs", "pictures_that_burst", "updates_displays", "texts_without_end"),
        # Ends and waits of one process.
        *("exits_kernel", "never_interrupted", "endless_answer"),
    },
}


def readable_python():
    """An interpreter of this version that everybody may run."""
    version = f"python3.{sys.version_info.minor}"
    for candidate in (Path(sys.base_prefix) / "bin" / version, Path("/usr/bin") / version):
        parts = [candidate.resolve(), *candidate.resolve().parents]
        if candidate.exists() and all(path.stat().st_mode & 0o005 for path in parts):
            return str(candidate)
    pytest.skip("no interpreter of this version can be read by an ordinary user")


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs these tests already")
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is not installed")
@pytest.mark.parametrize("kind", LEFT_OUT)
def test_attacks_fail_against_an_ordinary_user_s_grader_too(kind):
    known = {path.stem for path in (HERE / "attacks" / kind).glob("*.py")}
    assert known >= LEFT_OUT[kind]
    file = HERE / f"test_{kind}.py"
    chosen = [f"{EARNS}[{name}]" for name in sorted(known - LEFT_OUT[kind])]
    with tempfile.TemporaryDirectory(prefix="gc-nobody-", ignore_cleanup_errors=True) as folder:
        place = Path(folder)
        place.chmod(0o755)
        home = place / "home"
        home.mkdir()
        os.chown(home, NOBODY, NOBODY)
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(home),
            "PYTHONPATH": f"{Path(np.__file__).parents[1]}:{HERE.parents[1]}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        user = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
        tests = [f"{file}::{test}" for test in [*chosen, *OF_THE_CLASS, *ALSO[kind]]]
        tests += ["-q", "-p", "no:cacheprovider", f"--basetemp={home / 'tmp'}"]
        done = subprocess.run(
            [*user, readable_python(), "-m", "pytest", *tests],
            env=environment,
            cwd=HERE.parents[1],
            capture_output=True,
            text=True,
            timeout=TIME_S,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    passed = len(chosen) + len(OF_THE_CLASS) + len(ALSO[kind])
    assert re.search(rf"^{passed} passed", done.stdout, re.MULTILINE), done.stdout[-2000:]
