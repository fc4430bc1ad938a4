"""One sandbox for all tests of this folder, and a way to put small modules through a probe in it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest

from grader.assignment import Limits
from grader.model import CheckEvidence
from grader.sandbox.channel import Planned, ProbeRun, run_probes
from grader.sandbox.room import RoomSpec
from grader.sandbox.sandbox import Sandbox

T = TypeVar("T")

HEADER = "from grader.probe import check\nimport numpy as np\n"
PROBE = '@check(of="{name}")\ndef {name}(impl, rng):\n    "{name}"\n    {body}\n'
CALL = "x = rng.standard_normal((2, 3)); return {{'out': impl.{name}(x)}}"


def suite(*names: str, **bodies: str) -> dict[str, str]:
    """The source of a suite whose checks call functions of their own name, or do what `bodies` say."""
    probes = [PROBE.format(name=name, body=CALL.format(name=name)) for name in names]
    probes += [PROBE.format(name=name, body=body) for name, body in bodies.items()]
    return {"checks": HEADER + "".join(probes)}


class Bench:
    """A running sandbox with its event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, sandbox: Sandbox, folder: Path) -> None:
        self.loop = loop
        self.sandbox = sandbox
        self.folder = folder

    def run(self, work: Awaitable[T]) -> T:
        async def waited() -> T:
            return await work

        return self.loop.run_until_complete(waited())

    def spec(self, sources: Mapping[str, str], **limits: Any) -> RoomSpec:
        files = {}
        for number, (path, source) in enumerate(sources.items()):
            files[path] = self.folder / f"{number}.py"
            files[path].write_text(source)
        return RoomSpec(files=files, limits=Limits(**{"check_s": 2.0, "import_s": 2.0, **limits}))

    def probe(
        self,
        source: str | Mapping[str, str],
        checks: Mapping[str, str],
        plan: Sequence[str],
        *,
        time_s: float = 2.0,
        deadline_s: float | None = None,
        **limits: Any,
    ) -> ProbeRun:
        sources = {"layers.py": source} if isinstance(source, str) else source
        planned = [Planned(id=name, seed=7, time_s=time_s) for name in plan]
        spec = self.spec(sources, **limits)
        return self.run(run_probes(self.sandbox, spec, checks, list(sources), planned, deadline_s=deadline_s))

    def one(self, source: str, *, name: str = "f", **settings: Any) -> CheckEvidence:
        """Run the one check that calls `name(x)`."""
        (evidence,) = self.probe(source, suite(name), [name], **settings).checks
        return evidence


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.run_until_complete(made.shutdown_default_executor())
    made.close()


@pytest.fixture(scope="session")
def running(loop: asyncio.AbstractEventLoop) -> Iterator[Sandbox]:
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    made = Sandbox()
    loop.run_until_complete(made.__aenter__())
    yield made
    loop.run_until_complete(made.__aexit__(None, None, None))


@pytest.fixture
def bench(loop: asyncio.AbstractEventLoop, running: Sandbox, tmp_path: Path) -> Bench:
    return Bench(loop, running, tmp_path)


@pytest.fixture
def suites() -> Callable[..., dict[str, str]]:
    return suite
