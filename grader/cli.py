"""The `grader` command: parse, call one function, print what it gives, pick the exit status. Nothing else prints or catches errors.

Exit status: 0 done; 1 a check or a proof failed; 2 usage or assignment error; 3 something could not be graded.
"""

from __future__ import annotations

import getpass
import json
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click

from . import __version__
from .assignment import Assignment
from .authoring.release import release
from .authoring.samples import build_samples
from .doctor import examine
from .errors import AssignmentError, GraderError, UsageError
from .fetch import SOURCES, fetch_data
from .files import mend
from .gc import sweep
from .interrupts import heard
from .machines.remote import elsewhere, run_worker
from .model import Status
from .options import (
    ASSIGNMENT,
    CLUSTER,
    DATA,
    DATABASE,
    JOBS,
    JSON,
    OUT,
    PROFILE,
    SEED,
    STATE,
    TLS_CA,
    TLS_CERT,
    TLS_KEY,
    UNSAFE,
    VERDICTS,
    CommandsInOrder,
    options,
)
from .pipeline import Settings, Summary, check_one, grade, remove, rescore, rewrite
from .profile import Profile
from .proofs.validate import mutant_proofs, sample_proofs, validate
from .records.gradebook import Gradebook
from .records.handover import Platform, hand_over
from .records.marks import export_marks, import_marks
from .seed import PUBLIC_SEED, Seed
from .state import State
from .terminal import (
    ERRORS,
    ClassProgress,
    DownloadProgress,
    counted,
    print_diagnosis,
    print_handed_over,
    print_proofs,
    print_result,
    print_summary,
    print_verdicts,
)

__all__ = ["main"]

DONE, FAILED, USAGE, NOT_GRADED = 0, 1, 2, 3


@click.group(
    cls=CommandsInOrder,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Exit status: 0 done, 1 a check or a proof failed, 2 usage or assignment error, 3 something could not be graded.",
)
@click.version_option(__version__, prog_name="grader")
def cli() -> None:
    """Grade NumPy deep-learning assignments. Verdicts are made outside the student's process.

    A class: grader run ASSIGNMENT SUBMISSIONS, and open graded/index.html. Each command has its own --help.
    """


@cli.command("run", short_help="Grade a class: folders, zips, notebooks, an LMS download.")
@ASSIGNMENT
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True),
    help="Folders, zips, notebooks or LMS downloads.",
)
@options(
    OUT,
    STATE,
    DATABASE,
    DATA,
    JOBS,
    SEED,
    UNSAFE,
    CLUSTER,
    TLS_CA,
    TLS_CERT,
    TLS_KEY,
    PROFILE,
    JSON,
    VERDICTS,
)
def run_command(
    assignment: Assignment,
    paths: tuple[Path, ...],
    out: Path,
    state: Path,
    database: str | None,
    data: Path | None,
    jobs: int | None,
    seed: int | None,
    unsafe: bool,
    cluster: str | None,
    tls_ca: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    profile: bool,
    as_json: bool,
    verdicts: bool,
) -> int:
    """Grade submissions: folders, zips, notebooks, or a whole LMS download.

    An interrupted run goes on where it stopped when it is run again; what has not changed is not executed twice.
    """
    settings = _settings(
        out=out, state=State(state, database), data=data, jobs=jobs, seed=seed, unsafe=unsafe
    )
    if profile:
        settings = replace(settings, profile=Profile())
    if cluster is not None:
        settings = elsewhere(settings, cluster, (tls_ca, tls_cert, tls_key))
    with ClassProgress() as progress:
        summary = grade(assignment, paths, settings, progress)
    status = _tell(summary, as_json=as_json)
    if not verdicts:
        return status
    proofs = sample_proofs(assignment, settings.state)
    print_verdicts(proofs)
    return DONE if all(proof.holds for proof in proofs) else FAILED


@cli.command("rescore", short_help="Judge kept evidence anew; runs no student code.")
@ASSIGNMENT
@options(OUT, STATE, DATABASE, DATA, SEED, JSON)
def rescore_command(
    assignment: Assignment,
    out: Path,
    state: Path,
    database: str | None,
    data: Path | None,
    seed: int | None,
    as_json: bool,
) -> int:
    """Judge kept evidence anew after a change of points, tolerances, rubrics or marks. Runs no student code."""
    kept = State.kept(state, database)
    settings = _settings(out=out, state=kept, data=data, seed=seed)
    with ClassProgress() as progress:
        summary = rescore(assignment, settings, progress)
    return _tell(summary, as_json=as_json)


@cli.command("report", short_help="Write results and pages again from the gradebook.")
@ASSIGNMENT
@options(OUT, STATE, DATABASE, DATA, SEED)
def report_command(
    assignment: Assignment, out: Path, state: Path, database: str | None, data: Path | None, seed: int | None
) -> int:
    """Write results.json, grades.csv and all pages again from the gradebook."""
    kept = State.kept(state, database)
    index = rewrite(assignment, _settings(out=out, state=kept, data=data, seed=seed))
    click.echo(f"Reports: {index}")
    return DONE


@cli.command("remove", short_help="Take students out who were graded by mistake.")
@ASSIGNMENT
@click.argument(
    "students", nargs=-1, required=True, metavar="STUDENT...", help="Their ids, as in grades.csv."
)
@options(STATE, DATABASE)
def remove_command(
    assignment: Assignment, students: tuple[str, ...], state: Path, database: str | None
) -> int:
    """Take students out of the class: graded under a wrong id, or not in the course. All of them or, if an id is wrong, nobody.

    They are left out of pages, tables and exports from then on. Marks that people gave them stay in the gradebook's history.
    """
    kept = State.kept(state, database)
    with kept.gradebook() as gradebook:
        gone = remove(assignment, students, kept, gradebook, now=datetime.now(UTC))
    click.echo(
        f"{len(gone)} removed: {', '.join(gone)}. Take what they handed in out of the class's folder, or the next `grader run` "
        "brings them back. Pages and tables: run `grader report`"
    )
    return DONE


@cli.command("export", short_help="Hand results over to Canvas, Moodle and others.")
@ASSIGNMENT
@click.option(
    "--to",
    "platform",
    type=click.Choice([platform.value for platform in Platform]),
    required=True,
    help="canvas and moodle: fill a file downloaded from there; the others are written anew.",
)
@click.option(
    "--template",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The file downloaded from Canvas or Moodle; it stays as it is.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="The file to write; for gradescope a folder, with one results.json for each student.",
)
@click.option(
    "--column",
    metavar="NAME",
    help="Header of the grades in the template: which assignment on Canvas; Moodle's `Grade` in another language.",
)
@click.option(
    "--id-column",
    metavar="NAME",
    help="Header of the participants in it: Moodle's `Identifier` in another language.",
)
@click.option("--scale", is_flag=True, help="Convert the points to the platform's maximum.")
@options(STATE, DATABASE)
def export_command(
    assignment: Assignment,
    platform: str,
    template: Path | None,
    out: Path,
    column: str | None,
    id_column: str | None,
    scale: bool,
    state: Path,
    database: str | None,
) -> int:
    """Hand complete results over to a learning platform, or as a plain table; says who was left out, and why."""
    with _gradebook(state, database) as gradebook:
        filled = hand_over(
            gradebook,
            assignment.name,
            Platform(platform),
            out,
            template=template,
            column=column,
            id_column=id_column,
            scale=scale,
        )
    print_handed_over(filled, out)
    return DONE


@cli.group("marks", short_help="Marks that people give: out as a CSV file, and back.")
def marks_group() -> None:
    """Marks and comments that people give: out as a CSV file, and back."""


@marks_group.command("export")
@ASSIGNMENT
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), help="The CSV file to write.")
@options(STATE, DATABASE)
@click.option("--pending", is_flag=True, help="Only what still waits for a person; all answers unless said.")
def marks_export(assignment: Assignment, file: Path, state: Path, database: str | None, pending: bool) -> int:
    """Write what a person has to mark, and has marked, to FILE."""
    with _gradebook(state, database) as gradebook:
        count = export_marks(gradebook, assignment.name, file, pending_only=pending)
    click.echo(
        f"{counted(count, 'line')} written to {file}; fill in points and comment, then run: grader marks import"
    )
    return DONE


@marks_group.command("import")
@ASSIGNMENT
@click.argument(
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A CSV file that was exported and filled in.",
)
@options(STATE, DATABASE)
@click.option("--marker", default=None, help="Who gives these marks; your user name unless said.")
def marks_import(
    assignment: Assignment, file: Path, state: Path, database: str | None, marker: str | None
) -> int:
    """Read marks from FILE: all of them or, if one line is wrong, none. Totals change with the next `grader rescore`."""
    with _gradebook(state, database) as gradebook:
        done = import_marks(
            gradebook, assignment.name, file, marker=marker or getpass.getuser(), now=datetime.now(UTC)
        )
    click.echo(
        f"{counted(done.added, 'mark')} imported, {counted(done.unchanged, 'line')} unchanged; "
        "totals and reports: run `grader rescore`"
    )
    return DONE


@cli.command("release", short_help="Make what students receive, and the samples.")
@ASSIGNMENT
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=None,
    help="Folder to write; student_template/<name> unless said.",
)
def release_command(assignment: Assignment, out: Path | None) -> int:
    """Make what students receive, and the sample submissions, from the instructor's source."""
    target = out or Path("student_template") / assignment.name
    release(assignment, target)
    click.echo(f"{target}: what students receive")
    for sample in build_samples(assignment):
        click.echo(f"{assignment.samples / str(sample)}: a sample submission")
    return DONE


@cli.command("validate", short_help="Prove an assignment and its checks.")
@ASSIGNMENT
@options(DATA, JOBS, UNSAFE)
@click.option(
    "--mutants",
    is_flag=True,
    help="Prove the checks instead: do they catch known mistakes and source mutants?",
)
def validate_command(
    assignment: Assignment, data: Path | None, jobs: int | None, unsafe: bool, mutants: bool
) -> int:
    """Prove an assignment: the solution gets full marks, the blank release none, each sample its verdict, twice the same."""
    if mutants:
        proofs = mutant_proofs(assignment)
    else:
        with ClassProgress() as progress:
            proofs = validate(assignment, data=data, jobs=jobs or 0, unsafe=unsafe, progress=progress)
    print_proofs(proofs)
    return DONE if all(proof.holds for proof in proofs) else FAILED


@cli.command("check", short_help="Check one submission and print what passes.")
@ASSIGNMENT
@click.argument("path", type=click.Path(path_type=Path, exists=True), help="What one student handed in.")
@options(DATA, UNSAFE)
def check_command(assignment: Assignment, path: Path, data: Path | None, unsafe: bool) -> int:
    """Check one submission with the public seed and print what passes. Nothing is recorded."""
    result = check_one(assignment, path, data=data, unsafe=unsafe, seed=PUBLIC_SEED)
    print_result(result)
    if result.status is Status.NOT_GRADED:
        return NOT_GRADED
    return DONE if all(check.points == check.max_points for check in result.checks) else FAILED


@cli.group("data", short_help="The data sets that notebooks train on.")
def data_group() -> None:
    """The data sets that notebooks train on."""


@data_group.command("fetch")
@click.argument("names", nargs=-1, type=click.Choice(list(SOURCES)), help="Which; all unless said.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("data"),
    show_default=True,
    help="Where to put them; name it with --data or GRADECHECK_DATA afterwards.",
)
@click.option(
    "--cifar10-address",
    metavar="URL",
    envvar="GRADECHECK_CIFAR10_ADDRESS",
    help="A mirror's folder in place of the official one.",
)
@click.option(
    "--mnist-address",
    metavar="URL",
    envvar="GRADECHECK_MNIST_ADDRESS",
    help="A mirror's folder in place of the usual one.",
)
def data_fetch(
    names: tuple[str, ...], out: Path, cifar10_address: str | None, mnist_address: str | None
) -> int:
    """Download the official CIFAR-10 (170 MB) and MNIST (12 MB), and prove them by size and SHA-256."""
    addresses = {"cifar10": cifar10_address, "mnist": mnist_address}
    for name in names or tuple(SOURCES):
        with DownloadProgress() as progress:
            made = fetch_data(name, out, address=addresses[name], report=progress.received)
        click.echo(f"{name}: {made}" if made else f"{name}: already in {out}, left as it is")
    return DONE


@cli.command("worker", short_help="Run submissions for another machine's `grader run`.")
@click.argument("address", help="The scheduler's address, e.g. tls://host:8786.")
@options(STATE, DATA, JOBS, TLS_CA, TLS_CERT, TLS_KEY)
def worker_command(
    address: str,
    state: Path,
    data: Path | None,
    jobs: int | None,
    tls_ca: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
) -> int:
    """Run submissions for `grader run --cluster ADDRESS`. Looks at the sandbox first, and takes no work without one."""
    run_worker(address, slots=jobs or 0, state=state, data=data, tls=(tls_ca, tls_cert, tls_key))
    return DONE


@cli.command("gc", short_help="Remove old evidence that nobody refers to.")
@options(STATE)
@click.option(
    "--days",
    type=click.FloatRange(0),
    default=30.0,
    show_default=True,
    help="Spare what is younger; a day at least while a run is at work.",
)
@click.option("--dry-run", "dry", is_flag=True, help="Only say what would be removed.")
def gc_command(state: Path, days: float, dry: bool) -> int:
    """Remove old evidence, files and arrays that no roster refers to. Marks, seeds and everybody's last work stay."""
    swept = sweep(State.kept(state), days=days, now=time.time(), dry=dry)
    click.echo(
        f"{'would remove' if dry else 'removed'} {counted(swept.evidence, 'piece')} of evidence, {counted(swept.blobs, 'file')} "
        f"and {counted(swept.other, 'other')}: {swept.size_bytes / 1e6:.1f} MB"
    )
    return DONE


@cli.command("doctor", short_help="Is this machine fit? Say how to mend what is amiss.")
@options(STATE, DATABASE, DATA)
def doctor_command(state: Path, database: str | None, data: Path | None) -> int:
    """Look at sandbox, limits, data, disk and database, and say how to mend what is amiss."""
    findings = examine(state=state, database=database, data=data)
    print_diagnosis(findings)
    return DONE if all(finding.ok for finding in findings) else FAILED


def _settings(
    *,
    out: Path,
    state: State,
    data: Path | None,
    jobs: int | None = None,
    seed: int | None = None,
    unsafe: bool = False,
) -> Settings:
    chosen = None if seed is None else Seed.of(seed)
    return Settings(out=out, state=state, jobs=jobs or 0, seed=chosen, data=data, unsafe=unsafe)


def _gradebook(state: Path, database: str | None) -> Gradebook:
    """The gradebook of earlier runs. One on a server needs no folder here."""
    return Gradebook.open(database) if database else State.kept(state).gradebook()


def _tell(summary: Summary, *, as_json: bool) -> int:
    if as_json:
        click.echo(json.dumps(summary.document(), indent=2))
    else:
        print_summary(summary)
    return NOT_GRADED if summary.count(Status.NOT_GRADED) else DONE


def main() -> NoReturn:
    """The entry point. Turns errors into one message on stderr and an exit status."""
    try:
        with heard():
            sys.exit(cli.main(standalone_mode=False) or DONE)
    except click.ClickException as exc:
        exc.show()
        sys.exit(USAGE)
    except (click.Abort, KeyboardInterrupt):
        ERRORS.print("interrupted; run the same command again to go on where it stopped")
        sys.exit(130)
    except OSError as exc:  # a disk or a folder, wherever it was met; files are written whole or not at all
        told = f"grader: {exc.filename or 'disk'}: {exc.strerror or exc}; {mend(exc)}"
        ERRORS.print(told, markup=False, soft_wrap=True)
        sys.exit(NOT_GRADED)
    except GraderError as exc:
        ERRORS.print(f"grader: {exc}", markup=False, soft_wrap=True)
        sys.exit(USAGE if isinstance(exc, (AssignmentError, UsageError)) else NOT_GRADED)
