"""`python -m tests.assignments.prove`: everything that says why the marks can be trusted, measured anew, into docs/validity*.md.

For every course: what the checks catch, how often the diagnosis names it rightly, what right answers lose, and how far each
tolerance stands from the worst right and the mildest wrong answer. Each course and seed is a piece of work; what is done is kept
in `.prove/` under a digest of the code that it depends on: an interrupted run goes on where it stopped, changed code starts anew.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.assignment import load_assignment
from grader.errors import AssignmentError
from grader.proofs.survey import survey
from grader.seed import Seed
from grader.suite import load_suite
from tests.assignments.measure import measure
from tests.assignments.validity import Course, section, summary
from tests.assignments.validity_plot import draw_margins

__all__ = ["main"]

ROOT = Path(__file__).resolve().parents[2]
HEAD = Path(__file__).with_name("validity_head.md")
DOCS = ROOT / "docs"
PAGE, BY_COURSE, PICTURE = "validity.md", "validity-by-course.md", "images/validity-margins.png"
TABLE = "<!-- table -->"  # its place in the head
KEPT = ROOT / ".prove"
SEEDS = 50
MUTANTS = "mutants"
SURVEY_SEED = 231

#: What figures depend on, beside the course's own folder; files and folders.
SHARED = (
    "assignments/common",
    "reference",
    "grader/diagnosis",
    "grader/probe/check.py",
    "grader/probe/seeding.py",
    "grader/probe/values.py",
    "grader/compare.py",
    "grader/score.py",
    "grader/suite.py",
    "tests/assignments/measure.py",
)
CODE = frozenset({".py", ".yaml", ".ipynb"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One piece of work: a course's mutants, or the course on one seed. kept: where its figures lie or will lie."""

    course: str
    seed: int | None
    kept: Path

    @property
    def done(self) -> bool:
        """Whether its figures are there."""
        return self.kept.is_file()


def courses() -> list[str]:
    """The courses of the repository."""
    return sorted(path.parent.name for path in (ROOT / "assignments").glob("*/assignment.yaml"))


def pieces(course: str, seeds: int) -> list[Piece]:
    """All of one course, mutants first."""
    folder, own = KEPT / course, ROOT / "assignments" / course
    mutants = digest(course, [own / "mutants.yaml", own / "source", ROOT / "grader" / "proofs"])
    right = [*(ROOT / "tests" / "assignments").rglob("right_*.py")]
    figures = folder / digest(course, right)[:16]
    return [
        Piece(course=course, seed=None, kept=folder / f"{MUTANTS}-{mutants[:16]}.json"),
        *(Piece(course=course, seed=number, kept=figures / f"{number}.json") for number in range(seeds)),
    ]


def digest(course: str, places: Sequence[Path]) -> str:
    """Of the code and terms that a course's figures depend on; places: further ones."""
    own = ROOT / "assignments" / course
    found = hashlib.sha256()
    for place in [
        own / "checks.py",
        own / "assignment.yaml",
        *(ROOT / place for place in SHARED),
        *sorted(places),
    ]:
        for path in [place] if place.is_file() else sorted(place.rglob("*")):
            if path.suffix in CODE:
                found.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def work(piece: Piece) -> Path:
    """Do one piece and keep its figures."""
    assignment = load_assignment(ROOT / "assignments" / piece.course)
    figures = surveyed(piece.course) if piece.seed is None else measure(assignment, piece.seed).as_json()
    piece.kept.parent.mkdir(parents=True, exist_ok=True)
    beside = piece.kept.with_suffix(f".{os.getpid()}")
    beside.write_text(json.dumps(figures))
    beside.replace(piece.kept)
    return piece.kept


def surveyed(course: str) -> dict[str, Any]:
    """The survey of a course in figures."""
    found = survey(load_assignment(ROOT / "assignments" / course), Seed.of(SURVEY_SEED))
    return {
        "misconceptions": len(found.misconceptions),
        "missed": list(found.missed),
        "mutants": len(found.mutants) + len(found.survivors),
        "score": found.score,
        "gaps": [[one.id, one.reason] for one in found.survivors if not one.equivalent],
        "equivalent": sum(one.equivalent for one in found.survivors),
    }


def prove(todo: Sequence[Piece], jobs: int, minutes: float) -> None:
    """Do what is not done yet, in order, until the time is over; tell how far it is."""
    begin = time.monotonic()
    missing = iter([piece for piece in todo if not piece.done])
    done = sum(piece.done for piece in todo)
    with ProcessPoolExecutor(jobs) as pool:
        running: dict[Future[Path], Piece] = {}
        while True:
            in_time = time.monotonic() - begin < 60 * minutes
            while in_time and len(running) < jobs and (piece := next(missing, None)) is not None:
                running[pool.submit(work, piece)] = piece
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                piece = running.pop(future)
                try:
                    future.result()
                except AssignmentError as exc:  # one course that is being worked on does not stop the others
                    tell(f"{piece.course}: {exc}")
                    continue
                done += 1
                spent = time.monotonic() - begin
                tell(
                    f"{done} of {len(todo)}: {piece.course} {piece.seed if piece.seed is not None else MUTANTS}, {spent:.0f} s"
                )


def measured(by_course: Mapping[str, Sequence[Piece]]) -> list[Course]:
    """What is kept, by course."""
    found = []
    for course, own in by_course.items():
        figures = {piece.seed: json.loads(piece.kept.read_text("utf-8")) for piece in own if piece.done}
        mutants = figures.pop(None, None)
        assignment = load_assignment(ROOT / "assignments" / course)
        checks = load_suite(assignment).checks
        found.append(Course(assignment=assignment, checks=checks, survey=mutants, runs=figures))
    return found


def write_pages(found: Sequence[Course], docs: Path) -> None:
    """The two pages and the picture between them, from what was measured."""
    (docs / PICTURE).parent.mkdir(parents=True, exist_ok=True)
    draw_margins(found, docs / PICTURE)
    (docs / PAGE).write_text(HEAD.read_text("utf-8").replace(TABLE, summary(found)), "utf-8")
    parts = [
        "# Why to trust the marks: every course in figures\n",
        f"Written by `make prove`; [{PAGE}]({PAGE}) says what is measured and how to read it.\n",
        *map(section, found),
    ]
    (docs / BY_COURSE).write_text("\n".join(parts), "utf-8")


def interleaved(by_course: dict[str, list[Piece]]) -> Iterator[Piece]:
    """One seed of every course after the other, so that an early end leaves all of them with as many."""
    for row in zip(*by_course.values(), strict=True):
        yield from row


def tell(text: str) -> None:
    """Progress, for whoever waits."""
    print(text, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse, measure, write the page."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.assignments.prove", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"how many; {SEEDS} unless said")
    parser.add_argument("--jobs", type=int, default=2, help="processes; 2 unless said")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin nothing new after so long")
    parser.add_argument(
        "--course", action="append", choices=courses(), help="these courses only; the pages keep all"
    )
    parser.add_argument(
        "--docs", type=Path, default=DOCS, help="where the pages and their picture go; docs/ unless said"
    )
    terms = parser.parse_args(arguments)
    by_course = {course: pieces(course, terms.seeds) for course in courses()}
    chosen = {course: own for course, own in by_course.items() if course in (terms.course or by_course)}
    prove(list(interleaved(chosen)), terms.jobs, terms.minutes)
    write_pages(measured(by_course), terms.docs)
    tell(f"{terms.docs / PAGE} and {terms.docs / BY_COURSE} are written")


if __name__ == "__main__":
    main()
