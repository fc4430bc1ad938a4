"""Results to render, small and whole: right, wrong with findings, and an executed notebook."""

import base64
import json
import struct
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from grader.model import (
    CellEvidence,
    CheckResult,
    Criterion,
    Ending,
    Figure,
    Finding,
    ManualMark,
    Note,
    NotebookEvidence,
    Outcome,
    QuestionKind,
    QuestionResult,
    Result,
    Status,
    StudentError,
    TracebackLine,
)
from grader.report import ReportHeader

WHEN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def make_png(
    width: int = 2, height: int = 1, *, before_end: bytes = b"", depth: int = 8, colour: int = 0
) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    pixels = zlib.compress(b"\0" + b"\x80" * width if width < 100 else b"")
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", pixels)
        + before_end
        + png_chunk(b"IEND", b"")
    )


@pytest.fixture
def png() -> Callable[..., bytes]:
    """Builds a PNG chunk by chunk, as the specification has it."""
    return make_png


@pytest.fixture
def chunk() -> Callable[[bytes, bytes], bytes]:
    return png_chunk


@pytest.fixture
def header() -> ReportHeader:
    return ReportHeader(
        title="Normalization",
        course="Deep Learning",
        graded_at=WHEN,
        data="CIFAR-10 (synthetic stand-in)",
        synthetic=True,
        limits={"memory": "cgroup v1"},
        environment={"NumPy": "2.4.6"},
        version="0.1",
        private_paths=("/home/prof kim/env",),
    )


@pytest.fixture
def make_check() -> Callable[..., CheckResult]:
    def make(
        name: str, outcome: Outcome = Outcome.PASSED, points: object = 1, most: object = 1, **terms: Any
    ) -> CheckResult:
        values = {"title": f"Title of {name}", "function": "forward", **terms}
        return CheckResult(
            id=name, outcome=outcome, points=Decimal(str(points)), max_points=Decimal(str(most)), **values
        )

    return make


@pytest.fixture
def make_result() -> Callable[..., Result]:
    def make(student: str = "s1", **terms: Any) -> Result:
        values: dict[str, Any] = {
            "digest": "d1",
            "evidence": "e1",
            "status": Status.COMPLETE,
            "score": Decimal(1),
            "max_score": Decimal(1),
            "pending": 0,
            "checks": (),
        }
        return Result(student=student, **{**values, **terms})

    return make


FINDING = Finding(
    id="test_mode_batch_statistics",
    student="In test mode the output follows the batch's own mean.",
    instructor="Batch statistics used at test time.",
    certain=True,
    section="Forward pass",
)
ERROR = StudentError(
    kind="ValueError",
    message="shapes (4,5) (4,) do not fit",
    frames=(TracebackLine(file="cs231n/layers.py", line=88, function="backward", code="dx = a * b"),),
)


@pytest.fixture
def wrong(make_check: Callable[..., CheckResult], make_result: Callable[..., Result]) -> Result:
    """A result with something in every field that a page can show."""
    checks = (
        make_check("train", relative_error=3.2e-16, tolerance=1e-7, warnings=("RuntimeWarning: overflow",)),
        make_check(
            "test_mode",
            Outcome.FAILED,
            0,
            4,
            relative_error=0.038,
            tolerance=1e-7,
            reason="out differs from the reference.",
            findings=(FINDING,),
            hint="Which mean belongs there?",
            section="Forward pass",
            detail="SECRETDETAIL",
        ),
        make_check(
            "raises", Outcome.FAILED, 0, 2, function="backward", reason="backward raised.", error=ERROR
        ),
        make_check(
            "unseen",
            Outcome.FAILED,
            "1.2",
            2,
            function="backward",
            visible=False,
            reason="dx has another shape than x.",
            relative_error=0.4242,
            tolerance=1e-9,
            hint="SECRETHINT",
            section="SECRETSECTION",
            detail="SECRETDETAIL",
            findings=(Finding(id="secret", student="SECRETFINDING", certain=True, section="SECRETSECTION"),),
            error=StudentError(kind="SECRETERROR", message="SECRETMESSAGE"),
            warnings=("SECRETWARNING",),
        ),
        make_check(
            "machine", Outcome.NOT_GRADED, 0, 1, function="backward", reason="Could not be run on our side."
        ),
    )
    mark = ManualMark(
        student="mk42",
        item="q1",
        points=Decimal("2.5"),
        comment="Good, but short.",
        marker="TA Lee",
        marked_at=WHEN,
    )
    questions = (
        QuestionResult(
            id="q1",
            title="Question 1",
            kind=QuestionKind.TEXT,
            outcome=Outcome.PASSED,
            points=Decimal("2.5"),
            max_points=Decimal(3),
            answer="Small batches give noisy statistics.",
            answered=True,
            criteria=(Criterion(text="Names the noise", points=Decimal(3), spans=((19, 24),)),),
            mark=mark,
        ),
        QuestionResult(
            id="q2",
            title="Question 2",
            kind=QuestionKind.TEXT,
            outcome=Outcome.NOT_GRADED,
            points=Decimal(0),
            max_points=Decimal(3),
            answer="배치가 작으면 통계가 부정확하다.",
            answered=True,
        ),
    )
    notebook = NotebookEvidence(
        path="Normalization.ipynb",
        ending=Ending.RAISED,
        executed="blob1",
        cells=(
            CellEvidence(index=1, ending=Ending.ANSWERED, wall_s=11.2),
            CellEvidence(index=2, ending=Ending.RAISED, error=ERROR, wall_s=0.02),
        ),
    )
    figure = Figure(
        title="Loss",
        x_label="iteration",
        y_label="loss",
        series=(("with batch norm", (2.3, 1.9, 1.2), (2.3, 1.8, 1.1)),),
    )
    return make_result(
        "mk42",
        name="Kim Minji",
        status=Status.PENDING,
        score=Decimal("4.7"),
        max_score=Decimal(16),
        pending=1,
        checks=checks,
        questions=questions,
        notebooks=(notebook,),
        figures=(figure,),
        notes=(
            Note(about="cs231n/solver.py", text="Replaced by the course's own."),
            Note(about="sandbox", text="SECRETNOTE", for_student=False),
        ),
        timings={"cells": 11.4, "checks": 1.9},
        arrived=WHEN,
    )


@pytest.fixture
def executed() -> dict[str, bytes]:
    """An executed notebook: text, a picture, live output, an error with colours and a path of the machine."""
    picture = base64.b64encode(make_png()).decode()
    cells = [
        {"cell_type": "markdown", "source": "# Title"},
        {
            "cell_type": "code",
            "execution_count": 3,
            "source": ["plt.plot(h)\n", "plt.show()"],
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": "loss 2.3\r\rloss 1.2\n"},
                {"output_type": "display_data", "data": {"image/png": picture, "text/plain": "<Figure>"}},
                {
                    "output_type": "execute_result",
                    "data": {"text/html": "<b onclick=x()>table</b>", "text/plain": "a  b"},
                },
            ],
        },
        {
            "cell_type": "code",
            "execution_count": 4,
            "source": "backward()",
            "outputs": [
                {
                    "output_type": "error",
                    "ename": "ValueError",
                    "evalue": "no",
                    "traceback": [
                        "\x1b[0;31mValueError\x1b[0m",
                        "/home/prof kim/env/lib/numpy/core.py:12",
                        "no",
                    ],
                }
            ],
        },
    ]
    return {"Normalization.ipynb": json.dumps({"cells": cells, "nbformat": 4}).encode()}
