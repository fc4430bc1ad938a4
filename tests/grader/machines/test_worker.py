"""A worker's own process: what it leaves out of dask's looking at itself."""

import asyncio
import contextlib

import pytest

pytest.importorskip("distributed")
import dask.config
from distributed import Client, LocalCluster

from grader.machines.worker import QUIET, serve


@pytest.mark.parametrize("setting", QUIET)
def test_a_quiet_setting_is_one_that_dask_has(setting):
    assert dask.config.get(setting) is not None


@pytest.mark.sandbox
def test_a_worker_takes_no_samples_of_itself(tmp_path):
    def looks(dask_worker) -> dict[str, float]:
        return {name: each.callback_time for name, each in dask_worker.periodic_callbacks.items()}

    async def ask() -> dict[str, float]:
        async with (
            LocalCluster(
                n_workers=0,
                processes=False,
                protocol="tcp://",
                host="127.0.0.1",
                asynchronous=True,
                dashboard_address=None,
            ) as cluster,
            Client(cluster, asynchronous=True, set_as_default=False) as client,
        ):
            serving = asyncio.ensure_future(serve(cluster.scheduler_address, slots=1, state=tmp_path))
            try:
                await client.wait_for_workers(1, timeout=60)
                (found,) = (await client.run(looks)).values()
            finally:
                serving.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await serving
        return found

    found = asyncio.run(ask())
    assert "profile" not in found
    assert found["tick"] == 1000  # ms
    assert found["monitor"] == 5000
