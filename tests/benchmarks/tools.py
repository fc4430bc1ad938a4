"""The graders that are compared, each as the commands that a user would type, on the same submissions."""

from __future__ import annotations

import compileall
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import grader
from grader.sandbox.launch import CLEAN

from .measure import Cost, measured
from .workloads import Workload, write_assignment, write_nbgrader, write_otter, write_submissions

__all__ = ["PEERS", "Bench", "compile_all", "find_peers", "version_of"]

#: What is compared with, and how it is installed: each in an environment of its own.
PEERS = {"nbgrader": "nbgrader==0.9.6", "otter": "otter-grader==7.0.0"}
INSTALL_S = 600
CORES = len(os.sched_getaffinity(0))
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

#: As docs/architecture.md has it for the scheduler.
DASK = {
    "DASK_DISTRIBUTED__SCHEDULER__WORK_STEALING": "False",
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "5s",
}


def find_peers(folder: Path, *, install: bool) -> dict[str, Path]:
    """Interpreters of the other graders' environments. Those that are absent are installed if that is asked for and works."""
    found = {}
    for name, requirement in PEERS.items():
        python = folder / name / "bin" / "python"
        if install and not python.exists():
            _install(python, requirement)
        if python.exists():
            found[name] = python
    return found


def _install(python: Path, requirement: str) -> None:
    uv = [sys.executable, "-m", "uv"]
    steps = [
        [*uv, "venv", "--quiet", "--python", sys.executable, str(python.parents[1])],
        [
            *uv,
            "pip",
            "install",
            "--quiet",
            "--python",
            str(python),
            requirement,
            "numpy",
            "matplotlib",
            "ipykernel",
        ],
    ]
    for step in steps:
        done = subprocess.run(step, check=False, timeout=INSTALL_S, capture_output=True, text=True)
        if done.returncode:
            print(
                f"{requirement} was not installed and is left out: {done.stderr.strip()[-300:]}",
                file=sys.stderr,
            )
            shutil.rmtree(python.parents[1], ignore_errors=True)
            return


def compile_all(pythons: Iterable[Path]) -> None:
    """Keep the byte-code of all packages of these interpreters, and let every tool that is started use and keep it.

    As on the machine of somebody who has used them once. Without it nbgrader and otter, which start a kernel for each submission,
    take half as long again and more, for each kernel compiles what it imports.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    compileall.compile_dir(Path(grader.__file__).parent, quiet=2)
    for python in pythons:
        code = "import compileall, site; [compileall.compile_dir(place, quiet=2, workers=0) for place in site.getsitepackages()]"
        subprocess.run([python, "-c", code], check=True, timeout=INSTALL_S)


def version_of(python: Path, package: str) -> str:
    """The version of a package in an environment."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


@dataclass(slots=True, kw_only=True)
class Bench:
    """Where everything is written, and with what. Every method is one measured run from a clean start unless it says otherwise."""

    folder: Path
    peers: dict[str, Path]
    runs: int = 0

    def submissions(self, workload: Workload, count: int) -> Path:
        """The submissions of one class."""
        folder = self.folder / f"{workload.name}-{count}"
        if not folder.exists():
            write_submissions(folder, workload, count)
        return folder

    def grader(self, workload: Workload, count: int, *, again: str = "", options: Sequence[str] = ()) -> Cost:
        """`grader run` from an empty state; again: "run" or "rescore" over what is there already, the latter with other points."""
        assignment = write_assignment(self.folder / "ours", workload, points=2 if again == "rescore" else 1)
        return self.grade(assignment, self.submissions(workload, count), again=again, options=options)

    def grader_with_one_check(self, workload: Workload, count: int) -> Cost:
        """As `grader`, with one of the functions checked."""
        assignment = write_assignment(self.folder / "one", workload, checks=1)
        return self.grade(assignment, self.submissions(workload, count))

    def grade(
        self,
        assignment: Path,
        folder: Path,
        *,
        again: str = "",
        options: Sequence[str] = (),
        accepted: Sequence[int] = (0,),
    ) -> Cost:
        """As `grader`, on any assignment and class. accepted: exit statuses; 3 says that some could not be graded."""
        out, state = self.folder / "out" / folder.name, self.folder / "state" / folder.name
        if not again:
            shutil.rmtree(out, ignore_errors=True)
            shutil.rmtree(state, ignore_errors=True)
        command = [
            sys.executable,
            "-c",
            "from grader.entry import main; main()",
            again or "run",
            str(assignment),
        ]
        command += [] if again == "rescore" else [str(folder)]
        return self._measured(
            [*command, "--out", str(out), "--state", str(state), *options], "grader", accepted=accepted
        )

    def profiled(self, workload: Workload, count: int, *, options: Sequence[str] = ()) -> tuple[Cost, float]:
        """As `grader`, with `--profile`; and the CPU seconds in the students' cells and checks of that same run."""
        cost = self.grader(workload, count, options=["--profile", *options])
        path = self.folder / "out" / self.submissions(workload, count).name / "profile.json"
        phases = json.loads(path.read_text())["phases"]
        return cost, sum(phases[phase]["cpu_s"] for phase in ("cells", "checks"))

    def nbgrader(self, workload: Workload, count: int) -> tuple[Cost, Cost]:
        """`nbgrader autograde`, then `nbgrader generate_feedback`. Releasing the assignment is not measured."""
        course = self.folder / "nbgrader" / f"{workload.name}-{count}-{self.runs}"
        write_nbgrader(course, workload, count)
        command = [str(self.peers["nbgrader"]), "-m", "nbgrader"]
        self._measured([*command, "generate_assignment", workload.name], "nbgrader", cwd=course)
        graded = self._measured([*command, "autograde", workload.name], "nbgrader", cwd=course)
        return graded, self._measured([*command, "generate_feedback", workload.name], "nbgrader", cwd=course)

    def otter(self, workload: Workload, count: int, *, at_once: int) -> Cost:
        """`otter run` for each submission, so many at once; costs are added up, the wall time is of all together."""
        archive = write_otter(self.folder / "otter" / workload.name, workload)
        notebooks = sorted(self.submissions(workload, count).glob("*/*.ipynb"))
        script = Path(__file__).with_name("run_otter.py")
        command = [sys.executable, str(script), str(at_once), str(self.peers["otter"]), str(archive)]
        return self._measured([*command, *map(str, notebooks)], "otter")

    def floor(self, way: str, workload: Workload, count: int) -> Cost:
        """The notebooks without a grader: "scripts" or "nbclient"; see `floor.py`."""
        return self._measured(self._floor(way, workload, count), "floor")

    def own_cpu_s(self, workload: Workload, count: int) -> float:
        """CPU seconds of the students' own cells alone, with the threads and the memory that they have in a room."""
        done = subprocess.run(
            self._floor("warm", workload, count),
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, **CLEAN},
        )
        return float(done.stdout.split()[-1])

    def ceiling(self) -> float:
        """Which part of all cores' time processes get here that never wait: the rest is the machine's own."""
        script = Path(__file__).with_name("floor.py")
        done = subprocess.run(
            [sys.executable, str(script), "loops"], check=True, capture_output=True, text=True
        )
        return float(done.stdout)

    def cluster(self, workload: Workload, count: int, *, workers: int) -> tuple[Cost, float]:
        """As `profiled`, with `--cluster` and so many workers of one slot, each bound to a core of its own; CPU without theirs."""
        environment = {**os.environ, **ONE_THREAD, **DASK}
        address, log = "tcp://127.0.0.1:18787", self.folder / "cluster.log"
        scheduler = [
            sys.executable,
            "-m",
            "distributed.cli.dask_scheduler",
            "--host",
            address.rpartition(":")[0],
        ]
        commands = [[*scheduler, "--port", "18787", "--no-dashboard"]]
        for number, core in zip(range(workers), sorted(os.sched_getaffinity(0)), strict=False):
            state = str(self.folder / f"worker{number}")
            words = ["worker", address, "--jobs", "1", "--state", state]
            commands.append(
                [
                    "taskset",
                    "-c",
                    str(core),
                    sys.executable,
                    "-c",
                    "from grader.cli import main; main()",
                    *words,
                ]
            )
        with log.open("ab") as file:
            running = [
                subprocess.Popen(command, stdout=file, stderr=file, env=environment) for command in commands
            ]
        try:
            wait = [sys.executable, "-c", _WAIT_FOR_WORKERS, address, str(workers)]
            subprocess.run(wait, check=True, timeout=120)
            return self.profiled(workload, count, options=["--cluster", address])
        finally:
            for process in reversed(running):
                process.terminate()
                process.wait()

    def _floor(self, way: str, workload: Workload, count: int) -> list[str]:
        script = Path(__file__).with_name("floor.py")
        return [sys.executable, str(script), way, str(self.submissions(workload, count))]

    def _measured(
        self, command: Sequence[str], name: str, *, cwd: Path | None = None, accepted: Sequence[int] = (0,)
    ) -> Cost:
        self.runs += 1
        environment = dict(ONE_THREAD)
        if name in self.peers:  # they start programs of their environment by name
            environment["PATH"] = f"{self.peers[name].parent}:{os.environ['PATH']}"
        return measured(
            command,
            cwd=cwd or self.folder,
            environment=environment,
            log=self.folder / f"{name}.log",
            accepted=accepted,
        )


_WAIT_FOR_WORKERS = """
import sys, time
from distributed import Client
for _ in range(300):
    try:
        with Client(sys.argv[1], timeout=5) as client:
            client.wait_for_workers(int(sys.argv[2]), timeout=90)
            break
    except OSError:
        time.sleep(0.2)
"""
