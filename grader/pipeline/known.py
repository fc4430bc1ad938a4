"""The process that computes what known mistakes give, beside the first submissions: some seconds, for a new seed."""

from __future__ import annotations

import asyncio
import multiprocessing
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Self

from ..assignment import Assignment
from ..diagnosis.keeping import keep_known
from ..grading import Grading
from ..seed import Seed
from ..state import State

__all__ = ["KnownMistakes"]


class KnownMistakes:
    """A context manager around that process: begun as early as it is sure to be needed, waited for before the first result."""

    def __init__(self) -> None:
        self._process: BaseProcess | None = None

    def __enter__(self) -> Self:
        """Nothing is begun yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process, whether or not anybody waited for it."""
        self._end()

    def begin_if_sure(self, assignment: Assignment, seed: Seed | None, state: State) -> None:
        """Begin before anything is loaded, on a core that has nothing to do yet, if nothing of the kind was ever kept here."""
        if assignment.spec.misconceptions and next(state.expected.glob("*.variants"), None) is None:
            self._begin(assignment, seed or state.seed(assignment.name), state)

    async def explained(self, grading: Grading) -> Grading:
        """`grading.explained()`, with what takes long computed in the process, so that this one goes on serving its slots."""
        if not grading.explains_at_once:
            process = self._process or self._begin(grading.assignment, grading.seed, grading.state)
            try:
                await asyncio.to_thread(process.join)
            finally:
                self._end()
        return grading.explained()

    def _begin(self, assignment: Assignment, seed: Seed, state: State) -> BaseProcess:
        # "spawn" because the caller may hold threads, which a forked child would inherit half-way.
        self._process = multiprocessing.get_context("spawn").Process(
            target=keep_known, args=(assignment.folder, seed, state.expected), daemon=True
        )
        self._process.start()
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.join()
