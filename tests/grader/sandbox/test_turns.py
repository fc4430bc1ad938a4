"""Turns: no more than there are slots, in order, lent on by a room that does not compute, and never lost."""

import asyncio
import itertools

import pytest

from grader.sandbox import turns as turns_module
from grader.sandbox.turns import Turns


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(turns_module, "LOOK_S", 0.01)


def busy():
    """CPU seconds of a room that computes, by the number of times that it was looked at."""
    count = itertools.count()
    return lambda: float(next(count))


def idle():
    return 1.0


def nobody_counts():
    return None


async def have(turns, cpu_s, until, log, name):
    async with turns.taken(cpu_s):
        log.append(name)
        await until.wait()


async def settled(*, looks=10):
    """Let everybody go on for so many looks."""
    for _ in range(looks):
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("first", "begun"),
    [
        pytest.param(idle, ["a", "b"], id="idle-room-lends"),
        pytest.param(busy(), ["a"], id="busy-room-keeps"),
        pytest.param(nobody_counts, ["a"], id="uncounted-room-keeps"),
    ],
)
def test_a_turn_is_lent_only_by_a_room_that_is_known_not_to_compute(first, begun):
    async def play():
        turns, end, log = Turns(1), asyncio.Event(), []
        tasks = [
            asyncio.ensure_future(have(turns, first, end, log, "a")),
            asyncio.ensure_future(have(turns, busy(), end, log, "b")),
        ]
        await settled()
        found = list(log)
        end.set()
        await asyncio.gather(*tasks)
        return found

    assert asyncio.run(play()) == begun


def test_a_turn_that_was_lent_is_not_there_twice():
    async def play():
        turns, log = Turns(1), []
        ends = {name: asyncio.Event() for name in "abc"}
        tasks = [asyncio.ensure_future(have(turns, idle, ends["a"], log, "a"))]
        tasks += [asyncio.ensure_future(have(turns, busy(), ends[name], log, name)) for name in "bc"]
        await settled()
        ends["a"].set()  # it lent its turn to b, and gives none back
        await settled()
        found = list(log)
        ends["b"].set()
        await settled()
        ends["c"].set()
        await asyncio.gather(*tasks)
        return found, log

    assert asyncio.run(play()) == (["a", "b"], ["a", "b", "c"])


def test_while_a_turn_is_lent_no_other_is():
    async def play():
        turns, log = Turns(2), []
        ends = {name: asyncio.Event() for name in "abcd"}
        tasks = [
            asyncio.ensure_future(have(turns, idle if name in "ab" else busy(), end, log, name))
            for name, end in ends.items()
        ]
        await settled()
        one_lent = list(log)
        ends["a"].set()  # whichever of the two lent it
        ends["c"].set()
        await settled()
        found = list(log)
        for end in ends.values():
            end.set()
        await asyncio.gather(*tasks)
        return one_lent, found

    assert asyncio.run(play()) == (["a", "b", "c"], ["a", "b", "c", "d"])


def test_nothing_is_lent_while_nobody_waits():
    async def play():
        turns, end, log = Turns(1), asyncio.Event(), []
        cpu = {"s": 0.0}

        def counted():
            return cpu["s"]

        task = asyncio.ensure_future(have(turns, counted, end, log, "a"))
        await settled()  # idle, and nobody there

        async def compute():
            while not end.is_set():
                cpu["s"] += 1
                await asyncio.sleep(0)

        computing = asyncio.ensure_future(compute())
        await settled(looks=3)
        late = asyncio.ensure_future(have(turns, busy(), end, log, "b"))
        await settled()
        found = list(log)
        end.set()
        await asyncio.gather(task, late, computing)
        return found

    assert asyncio.run(play()) == ["a"]


def test_an_error_or_a_cancellation_gives_the_turn_back():
    async def play():
        turns = Turns(1)

        async def fails():
            async with turns.taken(idle):
                raise KeyError("x")

        async def waits():
            async with turns.taken(idle):
                await asyncio.sleep(60)

        with pytest.raises(KeyError, match="x"):
            await fails()
        for _ in range(3):
            task = asyncio.ensure_future(waits())
            await settled(looks=2)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(5), turns.taken(busy()):
            return True

    assert asyncio.run(play())


def test_a_figure_that_cannot_be_read_loses_no_turn():
    async def play():
        turns = Turns(1)
        looks = itertools.count()

        def broken():
            if next(looks):
                raise OSError("gone")
            return 0.0

        async with turns.taken(broken):
            await settled()
        async with asyncio.timeout(5), turns.taken(busy()):
            return True

    assert asyncio.run(play())
