"""What a process waited for. That waits are counted at all is in `test_members.py`, and what they are worth in `test_child.py`."""

import os
import subprocess
import sys
import threading

from grader.probe.waits import is_alone, kept_waiting_s

#: Says a word when it stands, and ends with its standard input.
READY = "print(flush=True); sys.stdin.read()"


def alone(setup):
    code = f"import os, sys, threading, time; {setup}{READY}"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        return is_alone(process.pid)


def test_is_alone_without_threads_and_children():
    assert alone("")


def test_is_alone_no_more_with_a_thread():
    assert not alone("threading.Thread(target=time.sleep, args=(60,), daemon=True).start(); ")


def test_is_alone_no_more_with_a_child():
    assert not alone("os.fork() == 0 and (sys.stdin.read(), os._exit(0)); ")


def test_one_that_is_gone_waited_for_nothing():
    with subprocess.Popen(["true"]) as process:
        process.wait()
    assert (kept_waiting_s(process.pid), is_alone(process.pid)) == (0.0, False)


def test_own_waits_only_grow():
    before = kept_waiting_s(os.getpid())
    threading.Event().wait(0.01)
    assert 0.0 <= before <= kept_waiting_s(os.getpid())
