"""Is what was named one student's work or a class, and whose is which part? Decided by where the assignment's files lie.

The rules, in this order; a folder that holds nothing but one other folder, or nothing but one zip, is looked into first.

1. A download of Canvas, Moodle, Gradescope or nbgrader is told by its names (`lms.py`).
2. One of the assignment's modules at the top, or a package folder with one of them at its place below it: one student.
   So is the assignment's notebook at the top, unless two or more folders beside it hold that notebook, too.
3. Two or more folders or zips at the top that hold files of the assignment: a class, each of them a student. But if all of them are
   called like parts of a repository (`assignment1`, `hw2`, `src`, `2019`, `backup`), or half of them beside a README or the like:
   one student.
4. One such folder or zip: a class if every other folder at the top is empty or holds some hand-in, too, unless it is called like a
   part of a repository; otherwise one student.
5. None: a class if two or more folders hold any notebook, Python file or archive, or if there are two or more notebooks or archives
   at the top that are called like persons; otherwise one student.

In a class, zips, other archives, notebooks and Python files at the top are students of their own; other files there are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..assignment import Assignment
from .handin import HandIn, is_archive, is_zip, may_be_work, stem
from .modules import group_of, inner_path
from .notebooks import UNKNOWN, name_rank
from .tree import Entry, Tree

__all__ = ["Marks", "divide", "is_part_name"]

# Words that name a part of a repository and not a person.
_WORDS = """
a assignment assignments assn backup backups bonus code codes copy course data deep dl doc docs done ex exercise
exercises extra fall fig figs figures files final hand handin handout homework homeworks hw hws image images img in lab
labs learning lecture lib main master mnist model models module modules my nb new notebook notebooks of old original p
pa part problem project projects ps pset py python q question release report reports results scripts solution solutions
source spring src starter submission submissions submit submitted summer task tasks test tests tmp unit upload utils v
version week winter work
"""
_PART_WORDS = frozenset(_WORDS.split())
_REPOSITORY = frozenset(
    {
        "readme",
        "readme.md",
        "readme.txt",
        "license",
        "requirements.txt",
        "setup.py",
        "pyproject.toml",
        "makefile",
    }
)
_COURSE = re.compile(r"[a-z]{2,5}\d{2,4}[a-z]?")  # "cs231n"; alone it could as well be a student's login
_NUMBERED = re.compile(r"([a-z]+)(?:\d{0,2}|(?:19|20)\d\d)")  # "hw4"; but "a1234567" is a student's number
_YEAR = re.compile(r"(?:19|20)\d\d")


def is_part_name(name: str) -> bool:
    """Is a folder called like a part of a repository ("assignment2", "hw 4 code", "cs231n-main", "2019"), and not like a person?"""
    tokens = re.findall(r"[^\W_]+", name.lower())
    words = [match[1] if (match := _NUMBERED.fullmatch(token)) else "" for token in tokens]
    parts = [word in _PART_WORDS for word in words]
    fillers = [bool(_COURSE.fullmatch(token)) or token.isdigit() for token in tokens]
    if not any(parts):
        return len(tokens) == 1 and bool(_YEAR.fullmatch(tokens[0]))
    return all(part or filler for part, filler in zip(parts, fillers, strict=True))


@dataclass(frozen=True, slots=True)
class Marks:
    """Names by which the assignment's files are told."""

    assignment: Assignment

    def module(self, entry: Entry) -> bool:
        """Is it called like one of the assignment's modules?"""
        return any(
            entry.name == module.path.rpartition("/")[2] for module in self.assignment.spec.files.modules
        )

    def notebook(self, entry: Entry) -> bool:
        """Is it called like one of the assignment's notebooks?"""
        if entry.suffix != ".ipynb":
            return False
        return any(name_rank(entry.name, spec) < UNKNOWN for spec in self.assignment.spec.notebooks)

    def package(self, name: str, part: Tree) -> bool:
        """Is a folder at the top a package of the assignment: called so, or marked as a package with modules at their places?"""
        paths = {entry.path for entry in part.entries}
        for module in self.assignment.spec.files.modules:
            group = group_of(module.path)
            if group and inner_path(module.path) in paths and (name == group or _is_package(name, paths)):
                return True
        return False


def _is_package(name: str, paths: Iterable[str]) -> bool:
    return (
        name.isidentifier() and "__init__.py" in paths and not any(path.endswith(".ipynb") for path in paths)
    )


def divide(tree: Tree, student: str, origin: str, assignment: Assignment, *, named_zip: bool) -> list[HandIn]:
    """The hand-ins in a tree, by the rules above. `student` and `origin` are for the case that it is one student's work.

    Args: named_zip: the tree is a zip that was named; one folder in it is then no class of one.
    """
    one = [HandIn(student=student, origin=origin, tree=tree)]
    marks = Marks(assignment)
    parts = tree.split()
    tops = [entry for entry in tree.entries if "/" not in entry.path]
    if not _is_class(parts, tops, marks, named_zip=named_zip):
        return one
    found = [HandIn(student=name, origin=name, tree=part) for name, part in parts.items()]
    for entry in tops:
        if may_be_work(entry):
            if marks.notebook(entry) or marks.module(entry):
                continue  # the handout, left lying beside the students' folders
            found.append(HandIn(student=stem(entry.name), origin=entry.name, tree=Tree((entry,))))
    return found


def _is_class(parts: dict[str, Tree], tops: Sequence[Entry], marks: Marks, *, named_zip: bool) -> bool:
    zips = [entry for entry in tops if is_zip(entry)]
    if any(marks.module(entry) for entry in tops) or any(
        marks.package(name, part) for name, part in parts.items()
    ):
        return False
    holders = [
        name
        for name, part in parts.items()
        if any(marks.module(entry) or marks.notebook(entry) for entry in part.entries)
    ]
    if any(marks.notebook(entry) for entry in tops):
        twins = [name for name in holders if any(marks.notebook(entry) for entry in parts[name].entries)]
        if len([name for name in twins if not is_part_name(name)]) < 2:
            return False
    holders += [stem(entry.name) for entry in zips]
    persons = [name for name in holders if not is_part_name(name)]
    if len(holders) >= 2:
        repository = any(entry.name.lower() in _REPOSITORY for entry in tops)
        return len(persons) * 2 > len(holders) if repository else bool(persons)
    others = [part for name, part in parts.items() if name not in holders]
    if len(holders) == 1:
        return (
            bool(persons)
            and not (named_zip and not others)
            and all(_empty(part) or _work(part.entries) for part in others)
        )
    loose = [entry for entry in tops if entry.suffix == ".ipynb" or is_archive(entry.name)]
    persons = [name for name, part in parts.items() if _work(part.entries) and not is_part_name(name)]
    return len(persons) >= 2 or (len(loose) >= 2 and not persons and _apart(loose))


def _empty(part: Tree) -> bool:
    return not part.entries


def _work(entries: Iterable[Entry]) -> bool:
    return any(may_be_work(entry) for entry in entries)


def _apart(loose: Sequence[Entry]) -> bool:
    """Are several files at the top of different persons, going by their names?"""
    return sum(not is_part_name(stem(entry.name)) for entry in loose) >= 2
