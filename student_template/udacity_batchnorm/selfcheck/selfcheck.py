"""The student's self-check: run the published checks in a worker process, within their time limits, and gather what it says.

Students receive a copy, so it keeps to the standard library (NumPy is the worker's) and to what Python 3.8 knows. A process of its
own sees every edit, survives an endless loop or a crash, and works the same way on Windows, macOS and Linux.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Callable  # noqa: UP035 - subscribed when run, which Python 3.8 needs it for

from .selfcheck_view import Row, as_html, as_text

__all__ = ["Report", "SelfCheckError", "check_folder", "main"]

STRANGE = (
    "NumPy {numpy} draws other random numbers than the version that the published results were made with, so nothing can be "
    "said here; your submission is graded all the same"
)
#: Given a list of names of functions or checks, the rows of a notebook's checks, as `selfcheck_worker.look` makes them, or None.
Look = Callable[[Any], Any]

START_S = 60.0  # until the worker has imported NumPy: generous, for a cold disk with a virus scanner


class SelfCheckError(Exception):
    """The self-check itself cannot run, or was asked for something that it does not know."""


@dataclass(frozen=True)
class Report:
    """All rows of one self-check. Jupyter shows it as a table, a terminal as text."""

    title: str
    rows: tuple[Row, ...] = field(default=())

    @property
    def passed(self) -> bool:
        """Whether there was something to check and all of it passes."""
        return bool(self.rows) and all(row.outcome == "passed" for row in self.rows)

    def __repr__(self) -> str:
        """The report as text of 80 columns."""
        return as_text(self.title, self.rows)

    def _repr_html_(self) -> str:
        return as_html(self.title, self.rows)


def check_folder(folder: Path, *names: str, look: Look | None = None) -> Report:
    """Check the student's code in `folder`. names: functions, classes or checks; none means all.

    look: in a notebook's kernel, what runs the checks of its own names there; without it the saved notebook's definitions are run.
    Raises: SelfCheckError if a name is not known or the self-check itself cannot run.
    """
    plan: dict[str, dict[str, Any]] = {}
    rows: dict[str, Row] = {}
    while True:
        worker = _Worker(folder, {"wanted": list(names), "skip": list(rows), "notebook": look is None})
        try:
            finished = _follow(worker, plan, rows, names)
        finally:
            worker.stop()
        if finished:
            break
    if look is not None:
        found = look(list(names))
        if found is None:
            raise SelfCheckError(STRANGE.format(numpy="of this kernel"))
        rows.update({seen["check"]: _row(seen, warnings=tuple(seen["warnings"])) for seen in found})
    title = json.loads((folder / "selfcheck" / "settings.json").read_text(encoding="utf-8"))["title"]
    return Report(title, tuple(rows[check] for check in plan if check in rows))


def main(folder: Path, arguments: list[str] | None = None) -> int:
    """The command line `check.py [FUNCTION ...]`. Returns: 0 if all passes, 1 if not, 2 if it could not be run."""
    names = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a Windows console may lack a character of a title
    if set(names) & {"-h", "--help"}:
        sys.stdout.write(
            "usage: python check.py [FUNCTION ...]\n\n"
            "Checks your code on published inputs. FUNCTION: a function or class of the\n"
            "assignment; none checks all. Exit status: 0 all passes, 1 not yet, 2 wrong use.\n"
        )
        return 0
    try:
        report = check_folder(folder, *names)
    except SelfCheckError as exc:
        sys.stderr.write(f"check.py: {exc}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("check.py: stopped\n")
        return 2
    coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.name != "nt"
    sys.stdout.write(as_text(report.title, report.rows, colour=coloured) + "\n")
    return 0 if report.passed else 1


def _follow(
    worker: _Worker, plan: dict[str, dict[str, Any]], rows: dict[str, Row], names: tuple[str, ...]
) -> bool:
    """Read the worker's answers into `rows`. Returns: whether all were read; if not, a check ended the worker before the rest."""
    what, limit_s, import_s = "", START_S, START_S
    while True:
        event = worker.next(limit_s)
        kind = event["event"]
        if kind == "plan":
            plan.update({entry["check"]: entry for entry in event["checks"]})
            import_s = event["import_s"]
            _refuse_unknown(plan, names)
        elif kind == "strange":
            raise SelfCheckError(STRANGE.format(numpy=event["numpy"]))
        elif kind == "import":
            what, limit_s = event["file"], import_s
        elif kind == "begin":
            what, limit_s = event["check"], plan[event["check"]]["limit_s"]
        elif kind == "end":
            rows[what] = _row(plan[what], **{**event, "warnings": tuple(event["warnings"])})
        elif kind == "done":
            return True
        elif not what:
            raise SelfCheckError(f"its worker did not start: {worker.complaint() or kind}")
        else:
            ended = f"did not end within {limit_s:g} s; look for an endless loop"
            reason = ended if kind == "late" else f"ended Python itself (exit status {worker.status()})"
            if what in plan:
                rows[what] = _row(plan[what], outcome="failed", reason=reason)
                return False
            _fail_rest(plan, rows, names, f"importing {what} {reason}")
            return True


def _fail_rest(
    plan: dict[str, dict[str, Any]], rows: dict[str, Row], names: tuple[str, ...], reason: str
) -> None:
    for check, planned in plan.items():
        if check not in rows and (not names or _called(planned) & set(names)):
            rows[check] = _row(planned, outcome="failed", reason=reason)


def _called(planned: dict[str, Any]) -> set[str]:
    """The names by which a check can be asked for: its own, its function's, and a method's without the class."""
    return {planned["check"], planned["of"], planned["of"].rpartition(".")[2]}


def _refuse_unknown(plan: dict[str, dict[str, Any]], names: tuple[str, ...]) -> None:
    functions = list(dict.fromkeys(entry["of"] for entry in plan.values()))
    known = set().union(*(_called(entry) for entry in plan.values()))
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SelfCheckError(f"no check of {', '.join(unknown)}; there are checks of {', '.join(functions)}")


def _row(planned: dict[str, Any], **seen: Any) -> Row:
    known = {**planned, **seen}
    return Row(**{name: known[name] for name in Row.__dataclass_fields__ if name in known})


class _Worker:
    """The worker process, its answers read by a thread so that waiting for one can end (also on Windows)."""

    def __init__(self, folder: Path, request: dict[str, Any]) -> None:
        # The folder comes last, until the student's own modules are imported: Python's and NumPy's own are taken first.
        start = "import sys; sys.path = [p for p in sys.path if p] + [sys.argv[1]]; import selfcheck.worker"
        command = [sys.executable, "-c", start, str(folder), json.dumps(request)]
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process; stop() closes it
        self._process = subprocess.Popen(
            command,
            cwd=str(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
        )
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True).start()

    def next(self, limit_s: float) -> dict[str, Any]:
        """The next event; {"event": "late"} when none comes in time, {"event": "gone"} when the process has ended."""
        try:
            return self._events.get(timeout=limit_s)
        except queue.Empty:
            return {"event": "late"}

    def status(self) -> int:
        """The exit status of the process that has ended."""
        return self._process.wait(START_S)

    def complaint(self) -> str:
        """The last line that the process wrote on its standard error."""
        self._complaints.seek(0)
        lines = self._complaints.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""

    def stop(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        self._complaints.close()

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                with contextlib.suppress(
                    ValueError
                ):  # a line cut short by the end of the process says nothing
                    self._events.put(json.loads(line.decode("ascii")))
        self._events.put({"event": "gone"})
