"""Read and validate `assignment.yaml` (YAML 1.2). An error names file, line, column, what came and what was expected.

The folder's layout is fixed (`checks.py`, `source/`, `samples/` beside `assignment.yaml`); the schema holds the rest. Knows no
course and no layer, and runs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from .errors import AssignmentError
from .yamlfile import InnerPath, Strict, read_mapping, validate

__all__ = [
    "Assignment",
    "CellLimit",
    "ChoiceSlot",
    "FigureSpec",
    "Files",
    "Limits",
    "ModuleFile",
    "NotebookSpec",
    "Question",
    "RubricLine",
    "Spec",
    "StandIns",
    "load_assignment",
]

FORMAT = 1
MIB = 1024 * 1024


class ModuleFile(Strict):
    """A module in which students implement. defines: names that mark the right file where several candidates lie about.

    instead: for courses whose students choose names and form themselves: lists of names, of which a file that defines a name of at
    least two, at its top level or as a method, is a candidate as well; case and underscores do not count.
    """

    path: InnerPath
    defines: list[str] = Field(min_length=1)
    instead: list[list[str]] = Field(default_factory=list)


class Files(Strict):
    """Files by whose copy counts: `modules` are the student's; `provided` are always the instructor's own (restored over whatever
    came); `fallback` are the student's where they came, else the instructor's."""

    modules: list[ModuleFile] = Field(default_factory=list)
    provided: list[InnerPath] = Field(default_factory=list)
    fallback: list[InnerPath] = Field(default_factory=list)


class StandIns(Strict):
    """What may show the same in a hand-in without the notebook: its checks and questions wait for a person then.

    files: case-insensitive globs of names. calls: functions of which a script, or a notebook of the student's own, calls one, in
    whatever case and with or without underscores.
    """

    files: list[str] = Field(default_factory=list)
    calls: list[str] = Field(default_factory=list)


class NotebookSpec(Strict):
    """A notebook. matches: case-insensitive globs for other names of it; `headings` of it recognise a renamed one by content."""

    path: InnerPath
    matches: list[str] = Field(default_factory=list)
    headings: list[str] = Field(default_factory=list)
    required: bool = True
    instead: StandIns = Field(default_factory=StandIns)


class CellLimit(Strict):
    """A longer limit for cells whose source contains a text."""

    contains: str = Field(min_length=1)
    seconds: float = Field(gt=0)


class Limits(Strict):
    """What student code may use. Seconds of wall clock unless the name says cpu; bytes as MiB.

    notebook_s, cell_s, cells for those with a certain text, and check_s: without the time in which a busy machine had no processor
    for them, within bounds.
    evidence_mib: of arrays that all checks of the modules, or of one notebook, return together.
    """

    cell_s: float = Field(30.0, gt=0)
    cells: list[CellLimit] = Field(default_factory=list)
    notebook_s: float = Field(300.0, gt=0)
    import_s: float = Field(20.0, gt=0)
    check_s: float = Field(10.0, gt=0)
    memory_mib: int = Field(2048, ge=1024)
    processes: int = Field(64, ge=8)
    open_files: int = Field(256, ge=64)
    disk_mib: int = Field(128, ge=1)
    file_mib: int = Field(64, ge=1)
    output_mib: float = Field(4.0, gt=0)
    evidence_mib: float = Field(64.0, gt=0)


class RubricLine(Strict):
    """One criterion. terms: words by language whose passages are marked in the answer, to help the person who marks."""

    criterion: str
    points: Decimal = Field(ge=0, strict=False)
    terms: dict[str, list[str]] = Field(default_factory=dict)


class ChoiceSlot(Strict):
    """One thing to choose. labels: how students name the slot ("batch normalization", "BN"); empty for a question with one slot.
    accept: sets of option numbers that are right; points go to a slot as a whole."""

    id: str
    labels: list[str] = Field(default_factory=list)
    accept: list[list[int]] = Field(min_length=1)
    points: Decimal = Field(gt=0, strict=False)


class Question(Strict):
    """An inline question. Found by cell metadata (`gradecheck: {question: <id>}`), else by `heading` in older notebooks."""

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    title: str
    kind: Literal["choice", "text"]
    notebook: InnerPath
    heading: str
    template: str = "[FILL THIS IN]"
    points: Decimal = Field(gt=0, strict=False)
    options: int = 0
    slots: list[ChoiceSlot] = Field(default_factory=list)
    rubric: list[RubricLine] = Field(default_factory=list)

    @model_validator(mode="after")
    def _consistent(self) -> Question:
        parts = self.slots if self.kind == "choice" else self.rubric
        if not parts:
            needed = "slots" if self.kind == "choice" else "a rubric"
            raise ValueError(f"a {self.kind} question needs {needed}")
        for slot in self.slots:
            unknown = [
                number for accepted in slot.accept for number in accepted if not 1 <= number <= self.options
            ]
            if unknown:
                raise ValueError(
                    f"slot {slot.id} accepts {unknown[0]}, but there are {self.options} options; expected numbers from 1 on"
                )
        if sum((part.points for part in parts), Decimal(0)) != self.points:
            raise ValueError(
                f"points are {self.points}, but its parts add up to {sum(part.points for part in parts)}"
            )
        return self


class FigureSpec(Strict):
    """Histories that a check sends, to be drawn in the report beside the solution's. series: label -> array name."""

    title: str
    check: str
    x_label: str
    y_label: str
    series: dict[str, str] = Field(min_length=1)


class Spec(Strict):
    """The whole of `assignment.yaml`.

    reference: a module that answers for the expected arrays, or "solution" for the instructor's own solution in `source/`.
    misconceptions: a module with a catalogue of wrong variants of the reference, by which wrong answers are explained; or none.
    data: the data set that is put before the student's code ("cifar10", "mnist"), or none. data_folder: where in the submission
    it appears. data_stand_in: "module:function", called with the data set's name and a folder in which it
    writes a synthetic set in the official format. environment:
    variables that student code sees. carry_forward: share of a check's points for a gradient that agrees with the student's own
    forward. figures: what the report draws.
    """

    format: Literal[1]
    title: str
    course: str
    document: str = ""
    reference: str = Field(pattern=r"^(solution|[A-Za-z_][\w.]*)$")
    misconceptions: str = Field("", pattern=r"^(|[A-Za-z_][\w.]*)$")
    files: Files
    notebooks: list[NotebookSpec] = Field(default_factory=list)
    data: Literal["cifar10", "mnist", "none"] = "none"
    data_folder: InnerPath = "data"
    data_stand_in: str = Field("", pattern=r"^(|[A-Za-z_][\w.]*:[A-Za-z_]\w*)$")
    environment: dict[str, str] = Field(default_factory=dict)
    limits: Limits = Limits()
    carry_forward: float = Field(0.6, ge=0, le=1)
    questions: list[Question] = Field(default_factory=list)
    figures: list[FigureSpec] = Field(default_factory=list)

    @model_validator(mode="after")
    def _known(self) -> Spec:
        notebooks = {notebook.path for notebook in self.notebooks}
        for question in self.questions:
            if question.notebook not in notebooks:
                raise ValueError(
                    f"question {question.id} names notebook {question.notebook}, which is not under `notebooks`"
                )
        ids = [question.id for question in self.questions]
        if len(set(ids)) != len(ids):
            raise ValueError("two questions have the same id")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A validated assignment folder. name: the folder's name, which is the assignment's id everywhere."""

    name: str
    folder: Path
    spec: Spec

    @property
    def source(self) -> Path:
        """The instructor's notebook and modules, with solution regions."""
        return self.folder / "source"

    @property
    def samples(self) -> Path:
        """Sample submissions with their verdicts."""
        return self.folder / "samples"

    @property
    def checks(self) -> Path:
        """The file with the probes."""
        return self.folder / "checks.py"


def load_assignment(folder: Path) -> Assignment:
    """Read `folder/assignment.yaml` and check it against the schema and the folder.

    Raises: AssignmentError, with file, line and column, if the folder, the YAML or a value is not as expected.
    """
    path = folder / "assignment.yaml"
    if not path.is_file():
        raise AssignmentError(
            f"{folder}: no assignment.yaml there; expected the folder of an assignment, e.g. assignments/cs231n_batchnorm"
        )
    spec = validate(path, read_mapping(path, "`format`, `title`, `files`"), Spec)
    assignment = Assignment(name=folder.resolve().name, folder=folder.resolve(), spec=spec)
    _check_folder(assignment, path)
    return assignment


def _check_folder(assignment: Assignment, path: Path) -> None:
    files = assignment.spec.files
    named = [*(module.path for module in files.modules), *files.provided, *files.fallback]
    named += [notebook.path for notebook in assignment.spec.notebooks]
    if len(set(named)) != len(named):
        twice = sorted({name for name in named if named.count(name) > 1})
        raise AssignmentError(
            f"{path}: named more than once under `files` and `notebooks`: {', '.join(twice)}"
        )
    absent = [name for name in named if not (assignment.source / name).is_file()]
    if absent:
        raise AssignmentError(f"{path}: named there but not in {assignment.source}: {', '.join(absent)}")
    if not assignment.checks.is_file():
        raise AssignmentError(f"{assignment.checks}: not there; write the assignment's probes in it")
