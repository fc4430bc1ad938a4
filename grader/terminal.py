"""What the commands print: progress, the closing table, a check's lines. Results to stdout, the rest to stderr. Decides nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar
from rich.table import Table

from .model import CheckResult, Outcome, Result, Status
from .pipeline import Line, Summary
from .points import shown_points
from .proofs.validate import Proof
from .records.filling import Filled
from .sandbox.health import Health

__all__ = [
    "ERRORS",
    "OUTPUT",
    "ClassProgress",
    "DownloadProgress",
    "counted",
    "print_diagnosis",
    "print_handed_over",
    "print_proofs",
    "print_result",
    "print_summary",
    "print_verdicts",
]

OUTPUT = Console(highlight=False, soft_wrap=False, emoji=False)  # ":name:" in a student's text is text
ERRORS = Console(stderr=True, highlight=False, emoji=False)

MOST_LINES = 60  # students listed by name; a larger class is listed where a person is needed
MOST_NAMED = 10  # files that were passed over
MAX_STUDENT = 28  # columns that a student's id may take of 80
MAX_NAME = 24  # columns that a name may take, and fewer where the screen is narrow
LEAST_NAME = 10
LEAST_NOTICED = 24  # columns for what is to be looked at, before names are cut shorter
GAP = 2  # columns between columns
STATUS_WIDTH = len("99 marks pending")
PLAIN_EVERY_S = 5.0  # between progress lines where there is no terminal

WORDS = {Status.COMPLETE: "complete", Status.PENDING: "marks pending", Status.NOT_GRADED: "NOT GRADED"}
#: Of submissions that are counted; "pending" alone would leave open what they wait for.
SUMMED = {**WORDS, Status.PENDING: "with marks pending"}
COLOURS = {Status.COMPLETE: "green", Status.PENDING: "yellow", Status.NOT_GRADED: "red"}
OUTCOMES = {
    Outcome.PASSED: ("passed", "green"),
    Outcome.FAILED: ("failed", "red"),
    Outcome.NOT_GRADED: ("open", "yellow"),
}


class ClassProgress:
    """A bar with count, failures and time left; plain lines where there is no terminal. Written to stderr."""

    def __init__(self) -> None:
        self._bar: Bar | None = None
        self._total = self._done = self._failed = self._recalled = 0
        self._started = self._told = time.monotonic()

    def __enter__(self) -> Self:
        """Start drawing, if there is a terminal."""
        if ERRORS.is_terminal:
            self._bar = Bar(
                TextColumn("grading"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("[red]{task.fields[failed]} not graded[/]"),
                TimeRemainingColumn(),
                TextColumn("left  [dim]{task.fields[student]}[/]"),
                console=ERRORS,
                transient=True,
            )
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()

    def found(self, total: int) -> None:
        """So many submissions are there. Called again, it counts anew."""
        self._total, self._done, self._failed, self._recalled = total, 0, 0, 0
        self._started = time.monotonic()
        if self._bar is not None:
            for task in self._bar.task_ids:
                self._bar.remove_task(task)
            self._bar.add_task("grading", total=total, failed=0, student="")
        else:
            ERRORS.print(f"{counted(total, 'submission')} found")

    def finished(self, result: Result, *, reused: bool) -> None:
        """One more is done."""
        self._done += 1
        self._failed += result.status is Status.NOT_GRADED
        self._recalled += reused
        if self._bar is not None:
            task = self._bar.task_ids[0]
            self._bar.update(task, advance=1, failed=self._failed, student=escape(result.student))
        elif self._done == self._total or time.monotonic() - self._told >= PLAIN_EVERY_S:
            self._told = time.monotonic()
            elapsed = self._told - self._started
            left = elapsed / self._done * (self._total - self._done)
            ERRORS.print(
                f"{self._done}/{self._total} graded, {self._failed} not graded, {self._recalled} recalled, about {left:.0f} s left"
            )


class DownloadProgress:
    """A bar for each file that is downloaded; a line each where there is no terminal. Written to stderr."""

    def __init__(self) -> None:
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(),
            console=ERRORS,
            disable=not ERRORS.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        """Start drawing, if there is a terminal."""
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the bars as they stand."""
        self._bar.stop()

    def received(self, name: str, done: int, total: int) -> None:
        """So many bytes of a file have come."""
        if name not in self._tasks:
            self._tasks[name] = self._bar.add_task(name, total=total)
            if not ERRORS.is_terminal:
                ERRORS.print(f"{name}: {total / 1e6:.1f} MB to come")
        self._bar.update(self._tasks[name], completed=done)


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: `many` is `one` with an s unless said."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def print_summary(summary: Summary) -> None:
    """The closing table: every student of a small class, and of a large one those who need a person."""
    lines = summary.lines
    if len(lines) > MOST_LINES:
        lines = tuple(line for line in lines if line.status is Status.NOT_GRADED)[:MOST_LINES]
    if lines:
        OUTPUT.print(_table(lines))
        OUTPUT.print()
    counts = ", ".join(
        f"{summary.count(status)} {SUMMED[status]}" for status in Status if summary.count(status)
    )
    OUTPUT.print(
        f"{counted(len(summary.lines), 'submission')}: {counts}; "
        f"{summary.executed} run, {summary.reused} recalled, {summary.wall_s:.1f} s"
    )
    OUTPUT.print(f"Reports: {summary.index}", soft_wrap=True)
    if summary.passed_over:
        names = [_clean(name) for name in summary.passed_over[:MOST_NAMED]]
        more = len(summary.passed_over) - len(names)
        told = ", ".join(names) + (f" and {more} more" if more else "")
        why = "only folders, zips, notebooks and Python files are graded"
        OUTPUT.print(f"Passed over: {told}; {why}", soft_wrap=True, markup=False)
    if summary.others:
        verb = "is" if summary.others == 1 else "are"
        others = f"{counted(summary.others, 'student')} graded before {verb} not in these reports"
        OUTPUT.print(f"{others}; `grader report` writes everybody's", soft_wrap=True)


def _table(lines: Sequence[Line]) -> Table:
    """One row a student, each on one line of the screen. Names have a column where there are any."""
    rows = [
        (
            line.student,
            _clean(line.name) if line.name != line.student else "",
            f"{line.score} / {line.max_score}",
            f"[{COLOURS[line.status]}]{_status(line)}[/]",
            _clean(line.noticed),
        )
        for line in lines
    ]
    points = max(len(text) for text in ("points", *(row[2] for row in rows)))
    named = any(row[1] for row in rows)
    room = OUTPUT.width - points - STATUS_WIDTH - (4 if named else 3) * GAP
    student = min(max(cell_len(text) for text in ("student", *(row[0] for row in rows))), MAX_STUDENT)
    name = min(max(cell_len(row[1]) for row in rows), MAX_NAME)
    if named and student + name + LEAST_NOTICED > room:
        name = max(room - student - LEAST_NOTICED, LEAST_NAME)
        student = min(student, max(room - name - LEAST_NOTICED, LEAST_NAME))
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    table.add_column("student", width=student, no_wrap=True, overflow="ellipsis")
    if named:
        table.add_column("name", width=name, no_wrap=True, overflow="ellipsis")
    table.add_column("points", width=points, no_wrap=True, justify="right")
    table.add_column("status", width=STATUS_WIDTH, no_wrap=True)
    rest = max(room - student - (name if named else 0), LEAST_NAME)
    table.add_column("to look at first", width=rest, no_wrap=True, overflow="ellipsis")
    for identity, called, score, status, noticed in rows:
        table.add_row(escape(identity), *([escape(called)] if named else []), score, status, escape(noticed))
    return table


def print_result(result: Result) -> None:
    """One submission, check by check."""
    for check in result.checks:
        word, colour = OUTCOMES[check.outcome]
        OUTPUT.print(
            f"[{colour}]{word:>6}[/]  {escape(check.function)}: {escape(_clean(check.title))}{_numbers(check)}",
            soft_wrap=True,
        )
        if check.outcome is not Outcome.PASSED:
            OUTPUT.print(f"        {escape(_clean(check.reason))}", soft_wrap=True)
            if check.hint:
                OUTPUT.print(f"        [dim]{escape(check.hint)}[/]", soft_wrap=True)
    OUTPUT.print(
        f"{shown_points(result.score, result.max_score)} of {shown_points(result.max_score)} points, {WORDS[result.status]}"
    )


def print_proofs(proofs: Sequence[Proof]) -> None:
    """What was to be proved of an assignment, and what speaks against it."""
    for proof in proofs:
        word = "[green]holds[/]" if proof.holds else "[red]FAILS[/]"
        OUTPUT.print(f"{word}  {escape(proof.claim)}", soft_wrap=True)
        for line in proof.against:
            OUTPUT.print(f"       {escape(_clean(line))}", soft_wrap=True)
    failed = sum(not proof.holds for proof in proofs)
    OUTPUT.print(f"{counted(len(proofs), 'proof')}: " + (f"{failed} FAIL" if failed else "all hold"))


def print_verdicts(proofs: Sequence[Proof]) -> None:
    """Whether each sample got its verdict; only those that did not are named."""
    for proof in proofs:
        for line in proof.against:
            OUTPUT.print(f"[red]FAILS[/]  {escape(proof.claim)}: {escape(_clean(line))}", soft_wrap=True)
    held = sum(proof.holds for proof in proofs)
    OUTPUT.print(f"Verdicts: {held} of {len(proofs)} samples got the one written down for them")


def print_handed_over(filled: Filled, out: Path) -> None:
    """How many grades went out, who was left out and why, and what to know before uploading."""
    OUTPUT.print(f"{counted(filled.filled, 'grade')} in {out}", soft_wrap=True, markup=False)
    for student, reason in filled.left_out:
        OUTPUT.print(f"left out: {_clean(student)}, {_clean(reason)}", soft_wrap=True, markup=False)
    if filled.unscored == 1:
        OUTPUT.print("1 student of the template has no grade from here; the cell is as it was")
    elif filled.unscored:
        OUTPUT.print(
            f"{filled.unscored} students of the template have no grade from here; their cells are as they were",
            soft_wrap=True,
        )
    for note in filled.notes:
        OUTPUT.print(f"note: {note}", soft_wrap=True, markup=False)


def print_diagnosis(findings: Sequence[Health]) -> None:
    """The machine's health, with a fix under each failure."""
    for finding in findings:
        word = "[green]ok[/]  " if finding.ok else "[red]FAIL[/]"
        OUTPUT.print(f"{word}  {finding.name}: {escape(_clean(finding.seen))}", soft_wrap=True)
        if not finding.ok:
            OUTPUT.print(f"      fix: {escape(finding.fix)}", soft_wrap=True)


def _numbers(check: CheckResult) -> str:
    if check.relative_error is None or check.tolerance is None or not check.visible:
        return ""
    return f"  [dim]error {check.relative_error:.1e}, tolerance {check.tolerance:.0e}[/]"


def _status(line: Line) -> str:
    return (
        WORDS[line.status]
        if line.status is not Status.PENDING
        else counted(line.pending, "mark") + " pending"
    )


def _clean(text: str) -> str:
    """One line of printable characters: a student's text must not drive the terminal."""
    return "".join(char if char.isprintable() else " " for char in text)
