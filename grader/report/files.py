"""Write the pages of a run: each beside its target, then put in place; in parallel processes where there are many."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import re
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from ..errors import GraderError
from ..files import mend, write_atomically
from ..model import Note, Result
from ..store.codec import dumps
from .classpage import render_statistics
from .student import render_student
from .tally import Tally
from .values import Audience, ClassStatistics, PhaseTime, ReportHeader, class_row

__all__ = [
    "INDEX",
    "Costs",
    "EarlyPages",
    "Load",
    "ReportJob",
    "page_name",
    "remove_pages",
    "write_page",
    "write_reports",
    "write_student",
]

INDEX = "index.html"
STAMPS = ".pages.json"  # of what each student's pages were made, so that unchanged ones are not made again
FOLDERS = {Audience.STUDENT: "students", Audience.INSTRUCTOR: "instructor"}
PAYS_FROM = 48  # pages; starting a process with its imports costs as much as some dozens of pages
AHEAD = 4  # batches in flight per process: bounded memory, and nobody waits
BATCH = 8  # results in one message to a process
MAX_STEM = 80  # characters; file systems allow 255 bytes

#: Bytes of the blob with this digest. Must be picklable (a bound method of a blob store is) where processes are used.
Load = Callable[[str], bytes]

#: A student whose pages are written, and the seconds by the clock and of CPU that it took.
_Timed = tuple[str, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportJob:
    """What the pages of one run have in common: where they go, who reads them, where executed notebooks are found.

    anew: make every page again, also where nothing that it shows has changed.
    """

    folder: Path
    header: ReportHeader
    load: Load
    audiences: tuple[Audience, ...] = (Audience.STUDENT, Audience.INSTRUCTOR)
    anew: bool = False


class Costs(Protocol):
    """Hears what the pages took, and knows what all phases of the run took."""

    def paged(self, student: str, wall_s: float, cpu_s: float) -> None:
        """A student's pages are written."""

    def phases(self) -> tuple[PhaseTime, ...]:
        """What the class's page shows of where time went."""


class EarlyPages:
    """Students' pages that are written while others are still graded. What has changed by the end `write_reports` writes again."""

    def __init__(self, job: ReportJob) -> None:
        self._stamps = _Stamps(job)

    @property
    def stamps(self) -> Mapping[str, str]:
        """Of what the pages that are there were made, by student: those of this run, and of the one before it."""
        return {**self._stamps.before, **self._stamps.now}

    def write(self, result: Result, costs: Costs | None = None) -> None:
        """Write one student's pages, unless they are there already. Raises: GraderError if a file cannot be written."""
        job = self._stamps.job
        stamp = self._stamps.of(result)
        if not self._stamps.holds(result, stamp):
            # Until `write_reports` keeps new stamps, those on the disk would take this page for the one before it.
            (job.folder / STAMPS).unlink(missing_ok=True)
            student, wall_s, cpu_s = _timed(result, job)
            if costs is not None:
                costs.paged(student, wall_s, cpu_s)
        self._stamps.now[result.student] = stamp


def write_reports(
    results: Iterable[Result],
    job: ReportJob,
    *,
    processes: int = 1,
    costs: Costs | None = None,
    early: EarlyPages | None = None,
) -> ClassStatistics:
    """Write `index.html`, and per student one page for each audience: `students/<id>.html` and `instructor/<id>.html`.

    results: read once, in the order of the class's table; only a few are held at a time. A notebook that `load` cannot give is
    said to be missing on the page, and the others go on. The class's page links to the instructor's version where one is written.
    costs: of a profiled run, whose phases the class's page then shows.
    Pages of results that have not changed since they were last written there, `early` ones among them, stay as they are, with
    their date.
    Returns: the class's statistics, for the summary on the terminal.
    Raises: GraderError if a file cannot be written; what was written before stays whole.
    """
    tally = Tally()
    stamps = _Stamps(job, early.stamps if early is not None else {})
    changed = stamps.changed(_counting(results, tally, job))
    first = list(islice(changed, PAYS_FROM))
    if processes > 1 and len(first) == PAYS_FROM:
        spent = _in_processes(chain(first, changed), job, processes)
    else:
        spent = (_timed(result, job) for result in chain(first, changed))
    for student, wall_s, cpu_s in spent:
        if costs is not None:
            costs.paged(student, wall_s, cpu_s)
    stamps.keep()
    statistics = tally.statistics()
    if costs is not None:
        statistics = replace(statistics, phases=costs.phases())
    write_page(job.folder / INDEX, render_statistics(statistics, job.header))
    return statistics


def _counting(results: Iterable[Result], tally: Tally, job: ReportJob) -> Iterator[Result]:
    linked = Audience.INSTRUCTOR if Audience.INSTRUCTOR in job.audiences else Audience.STUDENT
    for result in results:
        href = f"{FOLDERS[linked]}/{quote(page_name(result.student))}" if job.audiences else ""
        tally.add(class_row(result, href=href))
        yield result


@dataclass(slots=True)
class _Stamps:
    """Which pages are still what they would be: a digest of the result, of the page's head and of the code that makes pages.

    early: stamps of pages that this run has written already.
    """

    job: ReportJob
    early: Mapping[str, str] = field(default_factory=dict)
    before: dict[str, str] = field(init=False)
    now: dict[str, str] = field(init=False, default_factory=dict)
    head: bytes = field(init=False)

    def __post_init__(self) -> None:
        self.before = {} if self.job.anew else _read_stamps(self.job.folder / STAMPS)
        self.head = (
            f"{replace(self.job.header, graded_at=None)!r}{self.job.audiences}{_code_digest()}".encode()
        )

    def of(self, result: Result) -> str:
        """The stamp of a result's pages."""
        return hashlib.sha256(self.head + dumps(result)).hexdigest()

    def holds(self, result: Result, stamp: str) -> bool:
        """Whether the pages are there and of this stamp."""
        written = self.early.get(result.student, self.before.get(result.student))
        return written == stamp and all(
            (self.job.folder / FOLDERS[audience] / page_name(result.student)).is_file()
            for audience in self.job.audiences
        )

    def changed(self, results: Iterable[Result]) -> Iterator[Result]:
        """Pass on the results whose pages have to be written."""
        for result in results:
            stamp = self.now[result.student] = self.of(result)
            if not self.holds(result, stamp):
                yield result

    def keep(self) -> None:
        """Remember them for the next run, with those of students who were not in this one."""
        if self.before != self.now:
            document = json.dumps({**self.before, **self.now}, indent=0, sort_keys=True)
            write_page(self.job.folder / STAMPS, document + "\n")


def _read_stamps(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}  # absent or damaged: all pages are written
    return found if isinstance(found, dict) else {}


@cache
def _code_digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*")):
        if path.suffix in (".py", ".j2", ".css", ".js"):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _in_processes(results: Iterator[Result], job: ReportJob, processes: int) -> Iterator[_Timed]:
    # "spawn" because the caller may hold threads and an event loop, which a forked child would inherit half-way.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=processes, mp_context=context) as pool:
        flying: deque[Future[list[_Timed]]] = deque()
        while batch := list(islice(results, BATCH)):
            flying.append(pool.submit(_write_batch, batch, job))
            if len(flying) >= processes * AHEAD:
                yield from flying.popleft().result()
        for future in flying:
            yield from future.result()


def _write_batch(results: Sequence[Result], job: ReportJob) -> list[_Timed]:
    return [_timed(result, job) for result in results]


def _timed(result: Result, job: ReportJob) -> _Timed:
    wall, cpu = time.monotonic(), time.thread_time()
    write_student(result, job)
    return result.student, time.monotonic() - wall, time.thread_time() - cpu


def write_student(result: Result, job: ReportJob) -> None:
    """Write one student's page for each of the job's audiences."""
    executed = {}
    for notebook in result.notebooks:
        if notebook.executed is not None:
            try:
                executed[notebook.path] = job.load(notebook.executed)
            except (GraderError, OSError):
                continue  # the page says that the notebook was not kept; the marks do not depend on it
    for audience in job.audiences:
        page = _rendered(result, job.header, executed, audience)
        write_page(job.folder / FOLDERS[audience] / page_name(result.student), page)


def _rendered(result: Result, header: ReportHeader, executed: Mapping[str, bytes], audience: Audience) -> str:
    """A student's page; without figures and notebooks where something in them met our code in a way that nobody foresaw."""
    try:
        return render_student(result, header, executed=executed, audience=audience)
    except Exception as exc:  # noqa: BLE001  # one student's values must not keep the class from its pages
        place = traceback.extract_tb(exc.__traceback__)[-1]
        fault = f"{type(exc).__name__} in {Path(place.filename).name}, line {place.lineno}"
        text = f"Figures and notebooks are left out of this page, for a fault of the grader ({fault}); please report it."
        rest = replace(
            result, figures=(), notebooks=(), notes=(*result.notes, Note(about="this page", text=text))
        )
        return render_student(rest, header, executed={}, audience=audience)


def page_name(student: str) -> str:
    """A safe, unique file name for a student's page: the id itself where it is plain, else a plain part of it and a digest."""
    plain = re.sub(r"[^A-Za-z0-9._@+-]+", "_", student).strip("._")[:MAX_STEM]
    # Two ids that differ in case alone would share a file on some systems, so upper case gets a digest, too.
    if plain == student and plain == plain.lower() and plain:
        return f"{plain}.html"
    digest = hashlib.sha256(student.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return f"{plain or 'student'}-{digest}.html"


def remove_pages(folder: Path, student: str) -> None:
    """Take a student's pages out of an output folder, if they are there. Raises: OSError if they cannot be removed."""
    for place in FOLDERS.values():
        (folder / place / page_name(student)).unlink(missing_ok=True)


def write_page(path: Path, page: str) -> None:
    """Put a page in place as a whole: a reader finds the old one or the new one, never a part.

    Raises: GraderError if it cannot be written.
    """
    try:
        write_atomically(path, page.encode(), durable=False)
    except OSError as exc:
        raise GraderError(
            f"{path}: the report could not be written ({exc.strerror}); "
            f"{mend(exc)}, then run `grader report` again"
        ) from exc
