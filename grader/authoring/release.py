"""Generate from `source/` what students receive: modules and notebooks without solutions, provided files, the self-check, a README.

The same source gives the same bytes. Nothing that a student must not see may be left in it: `leaks` looks for it, and `release`
refuses to write a template in which it finds any.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ..assignment import Assignment
from ..errors import AssignmentError, UsageError
from ..model import Array
from ..suite import load_suite
from ..tree import differences, write_tree
from .cells import parse_notebook, source_of
from .kit import FIXTURES, kit_files, public_checks, public_fixtures, same_fixtures
from .regions import unwritten
from .source import blank_files, given_files, secret_blocks
from .student_readme import student_readme

__all__ = ["leaks", "release", "release_files", "stale"]

README = "README.md"
MARK = "selfcheck/settings.json"  # tells a released template from any other folder
TRIVIAL_CHARS = 8  # shorter lines, without spaces, tell nothing: "x = 3", "else:"
TELLING_LINES = 3  # as many lines of a region in a row are a solution, even if each stands elsewhere

Fixtures = Mapping[str, Mapping[str, Array]]


def release_files(assignment: Assignment, *, fixtures: Fixtures | None = None) -> dict[str, bytes]:
    """The template, by path. fixtures: the reference's arrays under the public seed; made here unless given.

    Raises: AssignmentError if source, checks or reference are not as expected, or a solution would survive.
    """
    suite = load_suite(assignment)
    checks = public_checks(suite)
    files = blank_files(assignment) | given_files(assignment)
    files |= kit_files(suite, public_fixtures(suite) if fixtures is None else fixtures)
    modules = {
        path: unwritten(data.decode("utf-8"))
        for path, data in blank_files(assignment).items()
        if path.endswith(".py")
    }
    files[README] = student_readme(assignment.spec, checks[0].of if checks else "", modules).encode("utf-8")
    found = _leaks(assignment, files)
    if found:
        raise AssignmentError(
            f"{assignment.source}: the template would give away solutions:\n" + "\n".join(found)
        )
    return files


def release(assignment: Assignment, out: Path, *, fixtures: Fixtures | None = None) -> tuple[str, ...]:
    """Write the template to `out`, whole or not at all, and name its files.

    Raises: AssignmentError as `release_files`. UsageError if `out` holds something else than a template. OSError if it cannot
        be written.
    """
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / MARK).is_file())):
        raise UsageError(f"{out}: is there, and is no released template; name a new or empty folder")
    files = release_files(assignment, fixtures=fixtures)
    write_tree(out, files)
    return tuple(sorted(files))


def stale(assignment: Assignment, folder: Path, *, fixtures: Fixtures | None = None) -> tuple[str, ...]:
    """What differs between `folder` and a release made now, a sentence each; empty when it is current.

    Fixtures of another machine count as the same when they differ by rounding alone.

    Raises: AssignmentError as `release_files`.
    """
    files = release_files(assignment, fixtures=fixtures)
    there = folder / FIXTURES
    if there.is_file() and same_fixtures(there.read_bytes(), files[FIXTURES]):
        files[FIXTURES] = there.read_bytes()
    return differences(folder, files)


def leaks(assignment: Assignment, folder: Path) -> tuple[str, ...]:
    """Lines of solutions that survive in `folder`, a sentence each with file and line; empty when there are none.

    A line that the source also shows outside of its regions is no secret, nor is one of a few characters; three lines of a region
    in a row always are. Blanks and comments do not hide a line.

    Raises: AssignmentError if the source cannot be read.
    """
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    return _leaks(assignment, files)


def _leaks(assignment: Assignment, files: Mapping[str, bytes]) -> tuple[str, ...]:
    blocks = [_told(block) for block in secret_blocks(assignment)]
    shown = blank_files(assignment) | given_files(assignment)
    outside = [line for path, data in shown.items() for _, line in _lines(path, data)]
    public = set(_told([*outside, *_check_lines(assignment)]))
    secret = {line for block in blocks for line in block} - public
    runs = {"\n".join(block) for block in blocks if len(block) >= TELLING_LINES}
    found = []
    for path, data in files.items():
        lines = list(_lines(path, data))
        found += [
            f"{path}, {place}: holds a line of a solution: {line.strip()!r}"
            for place, line in lines
            if _normal(line) in secret
        ]
        whole = "\n".join(_told(line for _, line in lines))
        found += [
            f"{path}: holds a whole solution, from {run.splitlines()[0]!r} on"
            for run in sorted(runs)
            if run in whole
        ]
    return tuple(found)


def _check_lines(assignment: Assignment) -> list[str]:
    """Probes are published in part, and call functions as solutions do."""
    common = sorted((assignment.folder.parent / "common").glob("*.py"))
    return [
        line
        for path in (assignment.checks, *common)
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def _told(lines: Iterable[str]) -> list[str]:
    """The lines that tell something, normalised."""
    normal = (_normal(line) for line in lines)
    return [line for line in normal if len(line) >= TRIVIAL_CHARS]


def _normal(line: str) -> str:
    return re.sub(r"\s+", "", re.sub(r"(^|\s)#.*$", "", line))


def _lines(path: str, data: bytes) -> Iterator[tuple[str, str]]:
    """The text lines of a file, each with its place; those of a notebook are its cells' and outputs'."""
    if path.endswith(".ipynb"):
        for number, cell in enumerate(parse_notebook(data, path)["cells"]):
            for line in source_of(cell).splitlines():
                yield f"cell {number + 1}", line
            for line in str(cell.get("outputs", "")).split("\\n"):
                yield f"output of cell {number + 1}", line
    elif not path.endswith(".npz"):
        for number, line in enumerate(io.StringIO(data.decode("utf-8", "replace"))):
            yield f"line {number + 1}", line
