"""The self-check as a student meets it: in a folder of its own, through `check.py`, in a process of its own."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from grader.assignment import load_assignment
from grader.authoring.release import release
from grader.authoring.source import solution_files
from grader.probe.selfcheck import SelfCheckError, check_folder, main

SMALL = Path(__file__).parents[2] / "data" / "small_assignment"
CHECKS = ["columns_are_scaled", "scaler_remembers"]


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """The blank template, and beside it the solved module."""
    folder = tmp_path_factory.mktemp("released")
    assignment = load_assignment(SMALL)
    release(assignment, folder / "blank")
    (folder / "solved.py").write_bytes(solution_files(assignment)["pkg/scaling.py"])
    settings = folder / "blank" / "selfcheck" / "settings.json"
    quick = json.loads(settings.read_text()) | {
        "check_s": 2.0,
        "import_s": 2.0,
    }  # endless loops end soon in these tests
    settings.write_text(json.dumps(quick))
    return folder


@pytest.fixture
def blank(released, tmp_path):
    shutil.copytree(released / "blank", tmp_path / "work")
    return tmp_path / "work"


@pytest.fixture
def solved(released, blank):
    shutil.copy(released / "solved.py", blank / "pkg" / "scaling.py")
    return blank


def change(folder, old, new, file="pkg/scaling.py"):
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))


def row(report, check):
    return {row.check: row for row in report.rows}[check]


def test_solution_passes(solved, capsys):
    report = check_folder(solved)
    assert [(row.check, row.outcome) for row in report.rows] == [(check, "passed") for check in CHECKS]
    assert report.passed
    assert row(report, "columns_are_scaled").relative_error == 0.0
    assert main(solved, []) == 0
    assert "2 of 2 checks pass" in capsys.readouterr().out


def test_file_that_is_not_there_is_named_and_no_hint_leads_astray(solved):
    (solved / "pkg" / "scaling.py").rename(solved / "pkg" / "scalings.py")
    failed = row(check_folder(solved), "columns_are_scaled")
    assert failed.reason == "there is no pkg/scaling.py in this folder; put it where the README has it"
    assert (failed.place, failed.hint, failed.section) == ("", "", "")


def test_file_that_cannot_be_imported_has_its_place_and_no_hint(solved):
    change(solved, "import numpy", "import numpyy")
    failed = row(check_folder(solved), "columns_are_scaled")
    assert failed.reason == "raised ModuleNotFoundError: No module named 'numpyy'"
    assert failed.place.startswith("pkg/scaling.py, line ")
    assert (failed.hint, failed.section) == ("", "")


def test_kit_without_its_selfcheck_says_so(blank):
    shutil.rmtree(blank / "selfcheck")
    done = subprocess.run(
        [sys.executable, "check.py"], cwd=blank, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "check.py: selfcheck is missing beside it; take selfcheck/ once more from what you were given\n"
    )


def test_files_named_like_pythons_own_take_nobodys_place(solved):
    """As in grading; of these the first would keep the self-check from starting, the others NumPy in its worker."""
    for name in ("pathlib", "random", "numbers", "numpy"):
        (solved / f"{name}.py").write_text("raise SystemExit('the wrong one')\n")
    done = subprocess.run(
        [sys.executable, "check.py"], cwd=solved, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_script_that_reads_its_arguments_finds_none(solved):
    module = solved / "pkg" / "scaling.py"
    module.write_text(module.read_text() + "\nimport argparse\n\nargparse.ArgumentParser().parse_args()\n")
    assert check_folder(solved).passed


def test_blank_is_not_written_yet(blank, capsys):
    report = check_folder(blank)
    assert [row.outcome for row in report.rows] == ["todo", "todo"]
    assert row(report, "columns_are_scaled").reason == "scale_forward is not written yet"
    assert row(report, "columns_are_scaled").place == "pkg/scaling.py, line 11, in scale_forward"
    assert row(report, "scaler_remembers").reason == "returns None"
    assert main(blank, []) == 1
    assert "0 of 2 checks pass, 2 not written yet" in capsys.readouterr().out


def test_wrong_answer_says_error_tolerance_hint_and_section(solved):
    change(solved, "return x / divisor", "return x / divisor * (1 + 1e-4)")
    wrong = row(check_folder(solved), "columns_are_scaled")
    assert wrong.outcome == "failed"
    assert wrong.relative_error == pytest.approx(5e-5, rel=1e-3)  # 1e-4 x / (x + x)
    assert wrong.tolerance == 1e-6
    assert wrong.reason == "out relative error 5e-05, tolerance 1e-06 (all numbers are off)"
    assert (wrong.hint, wrong.section) == ("Look at the maximum of each column.", "Scaling")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(
            "return (x / divisor).tolist()", r"out is a list, expected an array of shape \(4, 3\)", id="list"
        ),
        pytest.param(
            "return (x / divisor).astype(np.float32)", "dtype float32, expected float64", id="dtype"
        ),
        pytest.param("return (x / divisor)[:1]", r"has shape \(1, 3\), expected \(4, 3\)", id="shape"),
        pytest.param("return x / divisor * np.nan", "12 of 12 numbers are NaN", id="nan"),
        pytest.param("return x @ x", "raised ValueError: matmul", id="raises"),
        pytest.param("raise SystemExit(0)", "raised SystemExit: 0", id="exits"),
        pytest.param("import os; os._exit(3)", r"ended Python itself \(exit status 3\)", id="dies"),
        pytest.param("while True: pass", "did not end within 2 s; look for an endless loop", id="endless"),
    ],
)
def test_wrong_answers_cost_their_own_check_alone(solved, answer, reason):
    change(solved, "return x / divisor", answer)
    report = check_folder(solved)
    assert row(report, "columns_are_scaled").outcome == "failed"
    assert re.search(reason, row(report, "columns_are_scaled").reason)
    assert row(report, "scaler_remembers").outcome == "passed"


def test_exception_points_at_the_students_line(solved):
    change(solved, "return x / divisor", "return helper_that_is_absent(x)")
    wrong = row(check_folder(solved), "columns_are_scaled")
    assert wrong.reason == "raised NameError: name 'helper_that_is_absent' is not defined"
    assert wrong.place == "pkg/scaling.py, line 12, in scale_forward"
    assert wrong.code == "return helper_that_is_absent(x)"


def test_syntax_error_points_at_its_line(solved):
    change(solved, "return x / divisor", "return x /")
    wrong = row(check_folder(solved), "scaler_remembers")
    assert wrong.reason.startswith("raised SyntaxError")
    assert (wrong.place, wrong.code) == ("pkg/scaling.py, line 12", "return x /")


def test_import_that_does_not_end_fails_all_at_once(solved):
    change(solved, "import numpy as np", "import numpy as np\nwhile True: pass")
    reasons = {row.reason for row in check_folder(solved).rows}
    assert reasons == {"importing pkg/scaling.py did not end within 2 s; look for an endless loop"}


def test_missing_function_says_where_it_was_looked_for(solved):
    change(solved, "def scale_forward", "def scale_foward")
    wrong = row(check_folder(solved), "columns_are_scaled")
    assert wrong.reason == "scale_forward is not defined in pkg/scaling.py, pkg/helpers.py"


def test_warning_is_shown_and_costs_nothing(solved):
    change(solved, "return x / divisor", "np.log(np.zeros(1))\n    return x / divisor")
    right = row(check_folder(solved), "columns_are_scaled")
    assert right.outcome == "passed"
    assert right.warnings == ("RuntimeWarning: divide by zero encountered in log (pkg/scaling.py, line 12)",)


def test_prints_are_caught_and_shown(solved, capfd):
    change(
        solved,
        "return x / divisor",
        "print('here', x.shape)\n    import os; os.write(1, b'raw')\n    return x",
    )
    wrong = row(check_folder(solved), "columns_are_scaled")
    assert wrong.printed == "here (4, 3)\n"
    assert capfd.readouterr().out == ""


def test_edits_are_seen_without_a_restart(solved):
    assert check_folder(solved).passed
    change(solved, "return x / divisor", "return x * divisor")  # the same length: byte-code must not hide it
    assert not check_folder(solved).passed


def test_one_function_is_checked_alone(blank):
    assert [row.check for row in check_folder(blank, "Scaler").rows] == ["scaler_remembers"]
    assert [row.check for row in check_folder(blank, "columns_are_scaled").rows] == ["columns_are_scaled"]


def test_unknown_function_is_named_with_those_that_are_known(blank, capsys):
    with pytest.raises(
        SelfCheckError, match="no check of scale_backward; there are checks of scale_forward, Scaler"
    ):
        check_folder(blank, "scale_backward")
    assert main(blank, ["scale_backward"]) == 2
    assert "check.py: no check of scale_backward" in capsys.readouterr().err


def test_hidden_check_is_not_even_known(blank):
    with pytest.raises(SelfCheckError, match="no check of zeros_stay_zero"):
        check_folder(blank, "zeros_stay_zero")


def test_numpy_that_draws_other_numbers_judges_nobody(solved):
    path = solved / "selfcheck" / "fixtures.npz"
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    arrays["canary/normal"] = arrays["canary/normal"] + 1e-9
    np.savez(path, **arrays)
    with pytest.raises(SelfCheckError, match="draws other random numbers"):
        check_folder(solved)


def test_worker_that_cannot_start_says_why(solved):
    (solved / "selfcheck" / "checks.py").write_text("import a_module_that_is_absent\n")
    with pytest.raises(
        SelfCheckError, match="did not start: ModuleNotFoundError: No module named 'a_module_that_is_absent'"
    ):
        check_folder(solved)


def test_help_is_given(blank, capsys):
    assert main(blank, ["--help"]) == 0
    assert "usage: python check.py" in capsys.readouterr().out


def bare_environment(tmp_path):
    """NumPy and nothing else beside the standard library."""
    packages = tmp_path / "numpy_only"
    packages.mkdir()
    installed = Path(np.__file__).parent
    for name in ("numpy", "numpy.libs"):
        if (installed.parent / name).exists():
            (packages / name).symlink_to(installed.parent / name)
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "SYSTEMROOT", "TMPDIR")}
    return {**kept, "PYTHONPATH": str(packages), "PYTHONNOUSERSITE": "1", "PYTHONIOENCODING": "utf-8"}


def test_check_py_needs_numpy_and_the_standard_library_alone(solved, tmp_path):
    python = getattr(sys, "_base_executable", sys.executable)
    change(solved, "import numpy as np", "import numpy as np\nimport sys\nassert 'grader' not in sys.modules")
    run = subprocess.run(
        [python, "check.py"],
        cwd=solved,
        env=bare_environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.stderr == ""
    assert run.returncode == 0
    assert "2 of 2 checks pass" in run.stdout
    assert "\x1b" not in run.stdout


def test_check_py_runs_isolated_and_from_anywhere(solved, tmp_path):
    run = subprocess.run(
        [sys.executable, "-I", str(solved / "check.py"), "Scaler"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.stderr == ""
    assert "1 of 1 checks pass" in run.stdout


def test_in_a_notebook_the_result_is_a_table(solved):
    shown = "from check import check; r = check('scale_forward'); print(r._repr_html_()); print(repr(r))"
    run = subprocess.run(
        [sys.executable, "-c", shown], cwd=solved, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.stderr == ""
    html, _, text = run.stdout.partition("\n")
    assert html.startswith("<div><table")
    assert text.startswith("Scaling: self-check\n\nscale_forward\n  ok    Each column")
