"""Which limits hold: tried, put into words, kept for as long as nothing changed; and a broken limit is found out."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager

import pytest

from grader.errors import SandboxError
from grader.sandbox import held
from grader.sandbox.held import NOT_HELD, WATCHED, Means, open_air_limits, tried_limits

MEANS = Means(groups_version=1, maps_users=True)


def never(*_args):
    raise AssertionError("a room was made")


@pytest.mark.sandbox
def test_limits_of_this_machine_are_tried(bench):
    words = bench.sandbox.limits_held
    always = (
        "address space",
        "open files",
        "file size",
        "disk",
        "network",
        "capabilities",
        "user namespaces",
        "processes",
    )
    assert {name: words[name] for name in always if words[name] == NOT_HELD} == {}
    if bench.sandbox._groups.version:
        assert words["memory"] == f"cgroup v{bench.sandbox._groups.version}"
    else:
        assert words["memory"] == WATCHED


@pytest.mark.sandbox
def test_limit_that_does_not_hold_is_found_out(bench, tmp_path, monkeypatch):
    """The instrument: with a limit so high that the trial stays below it, the trial must say that it did not hold."""
    monkeypatch.setattr(
        held, "SMALL", held.SMALL.model_copy(update={"open_files": 64, "file_mib": 64, "disk_mib": 8})
    )
    original = held.MIB
    monkeypatch.setattr(held, "MIB", original // 32)
    words = bench.run(tried_limits(lambda spec, _: bench.sandbox.room(spec), MEANS, tmp_path))
    assert words["memory"] == NOT_HELD
    assert words["file size"] == NOT_HELD
    assert words["address space"] == NOT_HELD
    assert words["network"] != NOT_HELD


def test_answer_is_kept_until_something_changes(bench, tmp_path):
    first = bench.run(tried_limits(bench.sandbox._closed_room, MEANS, tmp_path))
    assert bench.run(tried_limits(never, MEANS, tmp_path)) == first
    other = Means(groups_version=1, maps_users=False)
    with pytest.raises(AssertionError, match="a room was made"):
        bench.run(tried_limits(never, other, tmp_path))


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_damaged_answer_is_tried_anew(bench, tmp_path, text):
    bench.run(tried_limits(bench.sandbox._closed_room, MEANS, tmp_path))
    (kept,) = tmp_path.glob("limits-*.json")
    assert json.loads(kept.read_text())["network"] is True
    kept.write_text(text)
    with pytest.raises(AssertionError, match="a room was made"):
        bench.run(tried_limits(never, MEANS, tmp_path))


def test_trial_that_ends_early_is_an_error_of_ours(loop, tmp_path):
    class Dead:
        async def wait(self) -> int:
            return -9

    class Dull:
        async def fork(self, *_args) -> Dead:
            return Dead()

    @asynccontextmanager
    async def make_room(_spec, _memory_bytes):
        yield Dull()

    with pytest.raises(SandboxError, match="ended with status -9; run `grader doctor`"):
        loop.run_until_complete(tried_limits(make_room, MEANS, tmp_path))


def test_without_a_room_little_holds():
    assert open_air_limits()["sandbox"] == "none"
    assert "network" not in open_air_limits()
