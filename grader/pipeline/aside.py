"""Run what may take long in a thread that nobody has to wait for: an interrupt ends the command, whatever the thread is at."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

__all__ = ["aside"]

T = TypeVar("T")


async def aside(function: Callable[[], T]) -> T:
    """What `function` returns or raises, from a thread of its own. Where the caller is cancelled, the thread is left alone.

    `asyncio.to_thread` is no choice for that: its threads are joined when the loop closes, and again when the interpreter ends.
    What `function` writes has to be whole at every moment, for the process may end meanwhile.
    """
    done: Future[T] = Future()
    done.set_running_or_notify_cancel()  # from here on it cannot be cancelled; only waiting for it can

    def run() -> None:
        try:
            done.set_result(function())
        except BaseException as exc:  # noqa: BLE001  # raised again where it is waited for
            done.set_exception(exc)

    threading.Thread(target=run, daemon=True).start()
    return await asyncio.wrap_future(done)
