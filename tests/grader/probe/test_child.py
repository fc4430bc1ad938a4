"""One check in one fork: what of its time counts. What else can happen to it is in `tests/grader/sandbox/test_channel.py`."""

import contextlib
import hashlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from grader.probe.child import Attempt, run_check
from grader.probe.frames import Bounds
from grader.probe.tracebacks import describe_error

needs_schedstat = pytest.mark.skipif(
    not Path("/proc/self/schedstat").exists(), reason="the kernel does not count waits for a processor"
)


def attempt(probe, time_s):
    return Attempt(
        probe=probe,
        seed=1,
        time_s=time_s,
        bounds=Bounds(payload_bytes=1000),
        close=(),
        alone=False,
        describe=lambda exc: describe_error(exc, "/work"),
    )


def computes(cpu_s):
    def probe(_implementation, _rng):
        while time.thread_time() < cpu_s:
            pass
        return {}

    return probe


def threads():
    """Start three that never rest, in a language without a lock between them."""
    for _ in range(3):
        threading.Thread(target=hashlib.pbkdf2_hmac, args=("sha256", b"x", b"y", 10**9)).start()


def processes():
    """Start three that never rest."""
    for _ in range(3):
        if os.fork() == 0:
            while True:
                pass


@contextlib.contextmanager
def one_processor(*, others):
    """Let this process and what it forks share one processor with so many that never rest."""
    free = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(free)})
    hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(others)]
    try:
        yield
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
        os.sched_setaffinity(0, free)


@needs_schedstat
def test_run_check_does_not_count_waits_for_a_processor():
    with one_processor(others=3):
        header, _ = run_check(attempt(computes(0.4), 0.5), None)
    assert header["ending"] == "answered"


@needs_schedstat
def test_run_check_stops_what_computes_for_longer_and_what_sleeps():
    with one_processor(others=1):
        header, _ = run_check(attempt(computes(60.0), 0.5), None)
    assert (header["ending"], header["detail"]) == ("timed_out", "no answer within 0.5 s")
    assert header["cpu_s"] >= 0.3  # it had most of its time
    header, _ = run_check(attempt(lambda _implementation, _rng: time.sleep(60), 0.5), None)
    assert header["ending"] == "timed_out"


@needs_schedstat
@pytest.mark.parametrize("start", [threads, processes])
def test_run_check_counts_waits_for_what_it_has_started_itself(start):
    def probe(_implementation, _rng):
        start()
        return computes(0.4)(_implementation, _rng)

    with one_processor(others=0):
        header, _ = run_check(attempt(probe, 0.5), None)
    assert header["ending"] == "timed_out"
