"""Rows of a gradebook as the files of learning platforms are filled from."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from grader.model import Status
from grader.records.gradebook import Row


@pytest.fixture
def row() -> Callable[..., Row]:
    """Makes the newest result of a student: 9.5 of 20 points and complete, unless said otherwise."""

    def make(
        student: str,
        score: str = "9.5",
        *,
        max_score: str = "20",
        status: Status = Status.COMPLETE,
        pending: int = 0,
    ) -> Row:
        return Row(
            student=student,
            name="",
            digest="d",
            evidence="e",
            status=status,
            score=Decimal(score),
            max_score=Decimal(max_score),
            pending=pending,
            graded_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
        )

    return make
