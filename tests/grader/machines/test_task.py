"""What dask passes about of us is small, and runs on our workers only."""

import asyncio
import pickle
import subprocess
import sys

import pytest

from grader.errors import SandboxError

pytest.importorskip("distributed")
from distributed import Client, LocalCluster

from grader.machines.task import run_task


def test_a_scheduler_that_loads_the_task_imports_nothing_else_of_ours():
    script = (
        "import pickle, sys\n"
        "pickle.loads(bytes.fromhex(sys.argv[1]))\n"
        "print(*sorted(name for name in sys.modules if name.partition('.')[0] == 'grader'))"
    )
    sent = pickle.dumps(run_task).hex()
    done = subprocess.run(
        [sys.executable, "-c", script, sent], check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == ["grader", "grader.errors", "grader.machines", "grader.machines.task"]


def test_run_task_refuses_on_a_worker_that_is_not_ours():
    async def ask():
        async with (
            LocalCluster(
                n_workers=1, processes=False, asynchronous=True, dashboard_address=None, threads_per_worker=1
            ) as cluster,
            Client(cluster, asynchronous=True, set_as_default=False) as client,
        ):
            with pytest.raises(SandboxError, match="start workers with `grader worker`"):
                await client.submit(run_task, b"", {}, pure=False, retries=0)

    asyncio.run(ask())
