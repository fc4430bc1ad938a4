"""The command: what it prints where, and with which exit status it ends.

Run as people run it, in a process of its own; what ends before anything is graded also in this one, which has imported it already.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from grader.cli import cli, main

ROOT = Path(__file__).resolve().parents[2]
SMALL = ROOT / "tests" / "data" / "small_assignment"


def grader(*arguments, cwd):
    command = [sys.executable, "-c", "from grader.cli import main; main()", *map(str, arguments)]
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture
def grader_here(monkeypatch, capsys):
    """As `grader`, in this process. An error that the command does not catch is raised here."""

    def run(*arguments, cwd):
        monkeypatch.setattr(sys, "argv", ["grader", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "100")
        monkeypatch.chdir(cwd)
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return SimpleNamespace(returncode=ended.value.code, stdout=printed.out, stderr=printed.err)

    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)  # both are the command's while it runs
    interrupts = signal.getsignal(signal.SIGINT)
    yield run
    signal.signal(signal.SIGINT, interrupts)


def commands(group=cli, prefix="grader"):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}", command


@pytest.mark.parametrize(
    ("name", "command"), [pytest.param(name, command, id=name) for name, command in commands()]
)
def test_every_command_has_help_and_a_line_in_the_readme(name, command):
    assert command.help
    for option in command.params:
        assert getattr(option, "help", "an argument"), f"{name}: {option.name} has no help"
    readme = (ROOT / "README.md").read_text("utf-8")
    told = re.sub(r"marks (export|import)", r"marks export\\|import", name)
    assert f"`{told} " in readme or f"`{told}`" in readme


def test_help_of_the_group_names_every_command_in_full():
    shown = CliRunner().invoke(cli, ["--help"]).output
    lines = [line.strip() for line in shown.partition("Commands:")[2].splitlines() if line.startswith("  ")]
    assert [line.split()[0] for line in lines[: len(cli.commands)]] == list(cli.commands)
    assert not any(line.endswith("...") for line in lines), "a line is cut"


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        pytest.param(["run", "nowhere", "."], 2, "nowhere: no assignment.yaml there", id="no-assignment"),
        pytest.param(["run", SMALL / "assignment.yaml", "no"], 2, "'no' does not exist", id="its-file"),
        pytest.param(["run", SMALL, "nowhere"], 2, "'nowhere' does not exist", id="no-path"),
        pytest.param(["run", SMALL], 2, "Missing argument", id="no-argument"),
        pytest.param(["run", SMALL, ".", "--jobs", "0"], 2, "--jobs", id="no-jobs"),
        pytest.param(["rescore", SMALL, "--seed", "1"], 2, "run `grader run` first", id="nothing-graded"),
        pytest.param(["fly"], 2, "No such command", id="no-command"),
        pytest.param(
            ["marks", "export", SMALL, "/dev/null/m.csv", "--state", "."],
            2,
            "/dev/null/m.csv: cannot be written",
            id="no-folder",
        ),
        pytest.param(
            ["release", SMALL, "--out", "/dev/null/x"],
            3,
            "grader: /dev/null: File exists; take away what is in the way or name another folder",
            id="no-folder-to-release",
        ),
    ],
)
def test_usage_errors_end_with_2_and_one_message_on_stderr(grader_here, tmp_path, arguments, status, message):
    done = grader_here(*arguments, cwd=tmp_path)
    assert done.returncode == status
    assert message in done.stderr
    assert not done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["rescore", SMALL], id="rescore"),
        pytest.param(["report", SMALL], id="report"),
        pytest.param(["export", SMALL, "--to", "csv", "--out", "marks.csv"], id="export"),
        pytest.param(["marks", "export", SMALL, "marks.csv"], id="marks"),
        pytest.param(["remove", SMALL, "kim"], id="remove"),
        pytest.param(["gc"], id="gc"),
    ],
)
def test_what_needs_an_earlier_run_makes_nothing_in_a_wrong_folder(grader_here, tmp_path, arguments):
    done = grader_here(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert f"{tmp_path}/.grader: not there" in done.stderr
    assert not list(tmp_path.iterdir())


def test_an_out_that_cannot_be_made_is_told_before_anything_is_run(grader_here, tmp_path):
    (tmp_path / "kim").mkdir()
    (tmp_path / "kim" / "scaling.py").write_text("x = 1\n")
    (tmp_path / "graded").write_text("a file in the way")
    done = grader_here("run", SMALL, "kim", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--out graded: cannot be written (File exists); take away what is in the way" in done.stderr


def test_bad_assignment_gives_file_line_and_column(grader_here, tmp_path):
    folder = tmp_path / "scaling"
    folder.mkdir()
    (folder / "assignment.yaml").write_text("format: 1\ntitle: Scaling\ncourse: [3]\n")
    done = grader_here("run", folder, ".", cwd=tmp_path)
    assert done.returncode == 2
    assert re.search(r"assignment\.yaml:3:\d+: course: Input should be a valid string", done.stderr)


def test_usage_error_ends_a_process_as_it_ends_here(grader_here, tmp_path):
    done, here = grader("run", "nowhere", ".", cwd=tmp_path), grader_here("run", "nowhere", ".", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (here.returncode, here.stdout, here.stderr)
    assert "nowhere: no assignment.yaml there" in done.stderr


@pytest.mark.sandbox
def test_run_rescore_and_report_of_a_class(tmp_path):
    for student in ("ada", "bob"):
        (tmp_path / "class" / student / "pkg").mkdir(parents=True)
        (tmp_path / "class" / student / "pkg" / "scaling.py").write_text(
            (SMALL / "source" / "pkg" / "scaling.py").read_text() + f"# {student}\n"
        )
    done = grader("run", SMALL, "class", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["submissions"], summary["executed"], summary["status"]["complete"]) == (2, 2, 2)
    assert "2 submissions found" in done.stderr, "progress goes to stderr, in plain lines without a terminal"
    assert (tmp_path / ".grader" / "seed").stat().st_mode & 0o777 == 0o600

    again = grader("rescore", SMALL, cwd=tmp_path)
    assert again.returncode == 0
    assert "ada" in again.stdout
    assert "0 run, 2 recalled" in again.stdout
    report = grader("report", SMALL, "--out", "elsewhere", cwd=tmp_path)
    assert report.returncode == 0
    assert (tmp_path / "elsewhere" / "index.html").is_file()
    for only, lines in (([], "2 lines"), (["--pending"], "0 lines")):  # a blank answer waits for nobody
        marks = grader("marks", "export", SMALL, "marks.csv", *only, cwd=tmp_path)
        assert marks.stdout.startswith(f"{lines} written to marks.csv")


@pytest.mark.sandbox
def test_run_something_not_graded_ends_with_3(tmp_path):
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "dan.zip").write_bytes(b"not a zip")
    done = grader("run", SMALL, "class", cwd=tmp_path)
    assert done.returncode == 3
    assert "NOT GRADED" in done.stdout


@pytest.mark.sandbox
def test_check_prints_each_check_and_fails_for_a_wrong_one(tmp_path):
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "scaling.py").write_text("def scale_forward(x):\n    return x\n")
    done = grader("check", SMALL, ".", cwd=tmp_path)
    assert done.returncode == 1
    assert "failed  scale_forward: Each column is divided by its largest magnitude." in done.stdout
    assert "Look at the maximum of each column." in done.stdout
    assert not (tmp_path / ".grader").exists(), "nothing is recorded"


def test_without_bubblewrap_the_grader_refuses(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "class" / "ada" / "pkg").mkdir(parents=True)
    (tmp_path / "class" / "ada" / "pkg" / "scaling.py").write_text("x = 1\n")
    done = grader("run", SMALL, "class", cwd=tmp_path)
    assert done.returncode == 3
    assert "bubblewrap" in done.stderr
    assert "install" in done.stderr


@pytest.mark.sandbox
def test_run_holds_samples_against_their_verdicts(tmp_path):
    folder = tmp_path / "scaling"
    shutil.copytree(SMALL, folder)
    assert grader("release", folder, "--out", "template", cwd=tmp_path).returncode == 0
    held = grader("run", folder, folder / "samples", "--verdicts", cwd=tmp_path)
    assert held.returncode == 0, held.stdout
    assert "Verdicts: 3 of 3 samples" in held.stdout
    recipes = folder / "samples.yaml"
    recipes.write_text(recipes.read_text().replace("score: 8", "score: 7"))
    broken = grader("run", folder, folder / "samples", "--verdicts", cwd=tmp_path)
    assert broken.returncode == 1
    assert "FAILS  sample right gets its verdict" in broken.stdout
