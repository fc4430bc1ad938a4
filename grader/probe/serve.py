"""Answer requests beside student code: load the probes, import modules, run each check in a fork of its own.

One request is answered by one frame, in order. Knows no expected value, tolerance or point. What comes out of this process is
believed by nobody: the bounds kept here spare the driver work, the driver's own are the ones that count.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import json
import os
import socket
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

from .check import Check
from .child import Attempt, run_check
from .frames import REQUEST_PREFIX, Bounds, encode_answer, request_length
from .implementation import Implementation
from .imports import import_path, prepare_path
from .tracebacks import describe_error

__all__ = ["Server", "open_channel"]

ENTRY = "checks"  # the module of a suite in which the checks stand
MOST_PLACES = 4  # files named where a function was looked for; the student's come first


class _Sources(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Modules that exist as text only: the probes never lie on a disk that student code can read or write."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = dict(sources)
        self.packages = {
            name.rsplit(".", count)[0] for name in sources for count in range(1, name.count(".") + 1)
        }

    def find_spec(
        self,
        name: str,
        _path: Sequence[str] | None = None,
        _target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if name in self.sources or name in self.packages:
            return importlib.machinery.ModuleSpec(name, self, is_package=name in self.packages)
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:  # noqa: ARG002  # the interface's
        return None

    def exec_module(self, module: ModuleType) -> None:
        source = self.sources.get(module.__name__, "")
        exec(compile(source, f"<{module.__name__}>", "exec"), vars(module))  # noqa: S102  # the driver's own text


@dataclass(slots=True, kw_only=True)
class Server:
    """One conversation over a socket. work: the folder of the submission. space: the notebook's namespace, in a kernel.

    alone: this process shares its pid namespace with student code only, so that everything else in it may be killed.
    """

    channel: socket.socket
    work: str
    bounds: Bounds
    alone: bool = False
    space: Mapping[str, Any] | None = None
    describe: Callable[[BaseException], dict[str, Any]] | None = None
    checks: dict[str, Check] = field(default_factory=dict)
    modules: list[tuple[str, ModuleType]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def serve(self) -> None:
        """Answer until the driver closes its end."""
        while (request := self._receive()) is not None:
            started = time.monotonic()
            header, payload = self._answer(request)
            header |= {"nonce": request.get("nonce"), "wall_s": round(time.monotonic() - started, 6)}
            self.channel.sendall(encode_answer(header, payload))

    def _receive(self) -> dict[str, Any] | None:
        prefix = self._read(REQUEST_PREFIX.size)
        if prefix is None:
            return None
        data = self._read(request_length(prefix))
        return None if data is None else dict(json.loads(data))

    def _read(self, count: int) -> bytes | None:
        parts = bytearray()
        while len(parts) < count:
            data = self.channel.recv(count - len(parts))
            if not data:
                return None
            parts += data
        return bytes(parts)

    def _answer(self, request: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        kind = request.get("op")
        if kind == "load":
            return self._load(request["modules"]), b""
        if kind == "import":
            return self._import(request["path"], shortened=request.get("shortened") is True), b""
        if kind == "check":
            return self._check(request)
        return {"ending": "not_run", "detail": "an unknown request"}, b""

    def _load(self, sources: Mapping[str, str]) -> dict[str, Any]:
        """Execute the probes' source. They are the instructor's: an error is not the student's, and says so.

        It may come a second time, with hidden checks, after modules of the student's were imported: those that are called like ours
        are there again afterwards.
        """
        finder = _Sources(sources)
        before = {name: sys.modules.pop(name) for name in {*sources, *finder.packages} if name in sys.modules}
        sys.meta_path.insert(0, finder)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a student's module may have made errors of them
                module = importlib.import_module(ENTRY)
        except Exception as exc:  # noqa: BLE001  # a broken suite must be told to the driver, not end the runner
            return {
                "ending": "not_run",
                "error": describe_error(exc, self.work),
                "detail": "the checks could not be loaded",
            }
        finally:
            sys.meta_path.remove(finder)
            sys.modules.update(before)
        self.checks = {value.id: value for value in vars(module).values() if isinstance(value, Check)}
        return {"ending": "answered", "checks": sorted(self.checks)}

    def _import(self, path: str, *, shortened: bool) -> dict[str, Any]:
        # Not before: the probes are loaded while nothing of the student's can stand in for a module that they import.
        prepare_path(self.work)
        outcome = import_path(path, self.work, shortened=shortened)
        if outcome.module is not None:
            self.modules.append((path, outcome.module))
        if outcome.module is not None and outcome.error is None:
            return {"ending": "answered", "stubs": outcome.stubs, "partial": shortened}
        if outcome.missing:
            self.problems.append(f"{path} was not handed in")
            return {"ending": "missing", "detail": f"{path} was not handed in"}
        if shortened:
            return {"ending": "missing", "detail": "it defines no function and no class"}
        error = outcome.error or {}
        how = "could not be imported" if outcome.module is None else "could be imported in part only"
        line = f", line {error['frames'][-1]['line']}" if error.get("frames") else ""
        because = f"({error.get('kind')}: {str(error.get('message'))[:200]}{line})"
        if not any(problem.endswith(because) for problem in self.problems):  # it imports what was told before
            self.problems.append(f"{path} {how} {because}")
        partial = outcome.module is not None
        return {"ending": "raised", "error": error, "stubs": outcome.stubs, "partial": partial}

    def _check(self, request: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        check = self.checks.get(request["id"])
        if check is None:
            return {
                "ending": "not_run",
                "detail": f"check {request['id']} is not among those that were loaded",
            }, b""
        most = min(self.bounds.payload_bytes, int(request.get("payload_bytes", self.bounds.payload_bytes)))
        attempt = Attempt(
            probe=check.probe,
            seed=int(request["seed"]),
            time_s=float(request["time_s"]),
            bounds=replace(self.bounds, payload_bytes=most),
            close=(self.channel.fileno(),),
            alone=self.alone,
            describe=self.describe or (lambda exc: describe_error(exc, self.work)),
            work=self.work,
        )
        return run_check(attempt, self._implementation(request.get("problems", ())))

    def _implementation(self, problems: Sequence[str]) -> Implementation:
        if self.space is not None:
            return Implementation([self.space], "the notebook", problems)
        paths = [path for path, _ in self.modules]
        more = f" and {len(paths) - MOST_PLACES} more files" if len(paths) > MOST_PLACES else ""
        places = ", ".join(paths[:MOST_PLACES]) + more or "any module"
        return Implementation(
            [vars(module) for _, module in self.modules], places, [*self.problems, *problems]
        )


def open_channel(descriptor: int) -> socket.socket:
    """Take the inherited socket, and keep it from programs that student code starts."""
    channel = socket.socket(fileno=descriptor)
    channel.setblocking(True)
    with contextlib.suppress(OSError):
        os.set_inheritable(descriptor, False)
    return channel
