"""Whose turn it is to run student code: as many at once as there are slots, each for as long as its room computes.

A room that waits, for a sleep or an input that never comes, leaves a processor idle. After a second of that its turn is lent to
whoever waits for one. Should it compute again, one room more than there are slots is busy for a while, and no further one: while a
turn is lent, no other is.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

__all__ = ["Turns"]

LOOK_S = 1.0
IDLE = 0.05  # of one processor's time, between two looks


class Turns:
    """`slots` turns, taken in the order in which they were asked for."""

    def __init__(self, slots: int) -> None:
        self._free = asyncio.Semaphore(slots)
        self._waiting = 0
        self._lenders: set[asyncio.Task[None] | None] = set()

    @contextlib.asynccontextmanager
    async def taken(self, cpu_s: Callable[[], float | None]) -> AsyncIterator[None]:
        """Wait for a turn, and have it while the block runs.

        cpu_s: seconds that the room has computed until now; None where nobody counts them for all its processes: never lent then.
        """
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        lending = asyncio.create_task(self._until_idle(cpu_s))
        lending.add_done_callback(self._hand_on)
        try:
            yield
        finally:
            lending.cancel()
            self._lenders.discard(lending)

    def _hand_on(self, ended: asyncio.Task[None]) -> None:
        """Free a turn: it is lent, or its block has ended. Of a figure that could not be read nothing comes but an early loan."""
        self._free.release()
        if not ended.cancelled():
            ended.exception()

    async def _until_idle(self, cpu_s: Callable[[], float | None]) -> None:
        """Return once somebody waits for a turn, the room does not use its own, and no other one is lent."""
        before = cpu_s()
        while True:
            await asyncio.sleep(LOOK_S)
            now = cpu_s()
            idle = now is not None and before is not None and now - before < IDLE * LOOK_S
            if idle and self._waiting and not self._lenders:
                self._lenders.add(asyncio.current_task())
                return
            before = now
