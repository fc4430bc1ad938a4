"""Run a piece of a test in a fork: what the probes do to a process (imports, builtins, NumPy's names) is not undone."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable
from typing import Any

import pytest


def run_in_fork(work: Callable[[], Any]) -> Any:
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python 3.12 warns of forks beside threads; this one only computes
        child = os.fork()
    if child == 0:
        answer: Any = {"failed": "no answer"}
        try:
            answer = {"value": work()}
        except BaseException as exc:  # noqa: BLE001  # told to the parent, which fails the test
            answer = {"failed": f"{type(exc).__name__}: {exc}"}
        finally:
            os.write(writer, json.dumps(answer).encode())
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        answer = json.load(pipe)
    os.waitpid(child, 0)
    assert "failed" not in answer, answer["failed"]
    return answer["value"]


@pytest.fixture
def in_fork() -> Callable[[Callable[[], Any]], Any]:
    return run_in_fork
