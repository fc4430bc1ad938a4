"""Grading on other machines: a real scheduler, real workers in processes of their own, one of them killed, and real networks."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.assignment import load_assignment
from grader.authoring.source import solution_files
from grader.errors import SandboxError, UsageError
from grader.machines.remote import elsewhere
from grader.pipeline import Settings, Silence, grade
from grader.sandbox.launch import SCRATCH
from grader.sandbox.sandbox import _remove_stale as remove_stale
from grader.seed import Seed
from grader.state import State
from grader.store.blobs import BlobStore

pytest.importorskip("distributed")
from grader.machines.cluster import ClusterExecutor

SMALL = Path(__file__).resolve().parents[2] / "data" / "small_assignment"
START_S = 60.0
STUDENTS = 6
SLEEP_S = 2.0  # of each notebook, so that a worker is killed while it runs one
ENVIRONMENT = {
    **os.environ,
    "DASK_DISTRIBUTED__SCHEDULER__WORK_STEALING": "False",
    "OPENBLAS_NUM_THREADS": "1",
}
GRADER = [sys.executable, "-c", "from grader.cli import main; main()"]
SCHEDULER = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--no-dashboard"]

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def assignment(tmp_path_factory):
    folder = tmp_path_factory.mktemp("house") / "scaling"
    shutil.copytree(SMALL, folder)
    return load_assignment(folder)


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory, assignment):
    """A class in which everybody is right in another way, and takes a while."""
    folder = tmp_path_factory.mktemp("class")
    for number in range(STUDENTS):
        for path, data in solution_files(assignment).items():
            target = folder / f"student{number}" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(taking_time(data, number) if path.endswith(".ipynb") else data)
    return folder


def taking_time(notebook: bytes, number: int) -> bytes:
    document = json.loads(notebook)
    source = f"import time; time.sleep({SLEEP_S}); print({number})"
    cell = {"cell_type": "code", "id": "wait", "metadata": {}, "source": source}
    document["cells"].append({**cell, "outputs": [], "execution_count": None})
    return json.dumps(document).encode()


@pytest.fixture(scope="module")
def local(tmp_path_factory, assignment, handed_in):
    """What this machine makes of the class by itself."""
    base = tmp_path_factory.mktemp("local")
    settings = Settings(out=base / "out", state=State(base / "state"), seed=Seed.of(3), jobs=3)
    assert grade(assignment, [handed_in], settings).executed == STUDENTS
    return settings.out


@contextlib.contextmanager
def running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as file:
        process = subprocess.Popen(command, env=ENVIRONMENT, stdout=file, stderr=file)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def scheduler(log: Path, *options: str, host: str = "tcp://127.0.0.1") -> Iterator[int]:
    """A scheduler on a free port, which is given once it listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with running([*SCHEDULER, "--host", host, "--port", str(port), *options], log):
        deadline = time.monotonic() + START_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield port


def worker(address: str, folder: Path, *options: str, inside: tuple[str, ...] = ()) -> list[str]:
    return [*inside, *GRADER, "worker", address, "--jobs", "1", "--state", str(folder / "state"), *options]


def verdicts(out: Path) -> dict[str, bytes]:
    """Everything that a run says but times: results, grades, executed notebooks."""
    document = json.loads((out / "results.json").read_bytes())
    for submission in document["submissions"]:
        submission.pop("timings")
    files = {"results": json.dumps(document).encode(), "grades": (out / "grades.csv").read_bytes()}
    notebooks = sorted((out / "notebooks").rglob("*.ipynb"))
    return files | {str(path.relative_to(out)): path.read_bytes() for path in notebooks}


class KillsAtTheFirst(Silence):
    """Kills a worker half-way through its next submission, once the first one is done."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.timer: threading.Timer | None = None

    def finished(self, result, *, reused):
        if self.timer is None:
            self.timer = threading.Timer(SLEEP_S / 2, self.process.send_signal, [signal.SIGKILL])
            self.timer.start()


def test_a_class_on_two_workers_of_which_one_is_killed_gets_what_it_gets_here(
    assignment, handed_in, local, tmp_path
):
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(scheduler(tmp_path / "scheduler.log"))
        address = f"tcp://127.0.0.1:{port}"
        workers = [
            stack.enter_context(
                running(worker(address, tmp_path / name, "--jobs", "2"), tmp_path / f"{name}.log")
            )
            for name in ("one", "two")
        ]
        settings = Settings(out=tmp_path / "out", state=State(tmp_path / "state"), seed=Seed.of(3))
        killer = KillsAtTheFirst(workers[0])
        summary = grade(assignment, [handed_in], elsewhere(settings, address, (None, None, None)), killer)
        assert workers[0].wait(20) == -signal.SIGKILL, "the worker was killed in mid-run"
        assert workers[1].poll() is None, "the other one lives on"
        left = f"gradecheck-{workers[0].pid}-worker-*"
        assert list(SCRATCH.glob(left)), "what a killed process leaves behind"
        remove_stale()
        assert not list(SCRATCH.glob(left)), "goes when the next sandbox starts"
        assert list(SCRATCH.glob(f"gradecheck-{workers[1].pid}-worker-*")), "but nobody's who is at work"
    assert summary.executed == STUDENTS
    assert verdicts(settings.out) == verdicts(local)


def openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A certificate authority of our own, and one certificate for everybody."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed; it makes the certificates")
    folder = tmp_path_factory.mktemp("tls")
    ca, cert, key = folder / "ca.pem", folder / "cert.pem", folder / "key.pem"
    name = ["-newkey", "rsa:2048", "-nodes", "-days", "2"]
    openssl("req", "-x509", *name, "-subj", "/CN=ours", "-keyout", f"{ca}.key", "-out", str(ca))
    openssl("req", *name, "-subj", "/CN=node", "-keyout", str(key), "-out", f"{cert}.csr")
    signing = ["-CA", str(ca), "-CAkey", f"{ca}.key", "-CAcreateserial", "-days", "2"]
    openssl("x509", "-req", "-in", f"{cert}.csr", *signing, "-out", str(cert))
    return ca, cert, key


def tls_options(certificates) -> tuple[str, ...]:
    ca, cert, key = map(str, certificates)
    return "--tls-ca", ca, "--tls-cert", cert, "--tls-key", key


@contextlib.contextmanager
def machine(number: int) -> Iterator[tuple[str, ...]]:
    """A network namespace with an address of its own, linked to this one; gives the words that run a command in it."""
    name, ours, theirs = f"gc{os.getpid()}n{number}", f"gc{os.getpid() % 10_000}h{number}", f"gc{number}i"
    net = f"10.231.{number}"
    steps = [
        ["netns", "add", name],
        ["link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", name],
        ["addr", "add", f"{net}.1/24", "dev", ours],
        ["link", "set", ours, "up"],
        ["-n", name, "addr", "add", f"{net}.2/24", "dev", theirs],
        ["-n", name, "link", "set", theirs, "up"],
        ["-n", name, "link", "set", "lo", "up"],
    ]
    try:
        for step in steps:
            done = subprocess.run(["ip", *step], capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(
                    f"no network namespace can be made here: ip {' '.join(step)}: {done.stderr.strip()}"
                )
        yield "ip", "netns", "exec", name
    finally:
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


@pytest.mark.skipif(os.geteuid() != 0, reason="making network namespaces takes root")
@pytest.mark.skipif(shutil.which("ip") is None, reason="iproute2 is not installed")
def test_a_class_on_machines_with_addresses_of_their_own_over_tls(
    assignment, handed_in, local, certificates, tmp_path
):
    ca, cert, key = certificates
    options = tls_options(certificates)
    listening = ("--tls-ca-file", str(ca), "--tls-cert", str(cert), "--tls-key", str(key))
    with contextlib.ExitStack() as stack:
        places = [stack.enter_context(machine(number)) for number in (1, 2)]
        log = tmp_path / "scheduler.log"
        port = stack.enter_context(scheduler(log, *listening, host="tls://0.0.0.0"))
        for number, place in enumerate(places, start=1):
            command = worker(
                f"tls://10.231.{number}.1:{port}", tmp_path / str(number), *options, inside=place
            )
            stack.enter_context(running(command, tmp_path / f"worker{number}.log"))
        settings = Settings(out=tmp_path / "out", state=State(tmp_path / "state"), seed=Seed.of(3))
        settings = elsewhere(settings, f"tls://127.0.0.1:{port}", (ca, cert, key))
        assert grade(assignment, [handed_in], settings).executed == STUDENTS
        assert "10.231.1.2" in log.read_text(), "the workers came from their own addresses"
        assert "10.231.2.2" in log.read_text()
    assert verdicts(settings.out) == verdicts(local)


def test_a_worker_without_a_sandbox_takes_no_work(tmp_path):
    command = worker("tcp://127.0.0.1:1", tmp_path)
    environment = {**ENVIRONMENT, "PATH": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "bubblewrap is not installed" in done.stderr


def test_cluster_executor_without_our_workers_says_how_to_start_some(tmp_path, monkeypatch):
    monkeypatch.setattr("grader.machines.cluster.WAITED_S", 1.0)

    async def enter(address: str) -> None:
        async with ClusterExecutor(address, blobs=BlobStore(tmp_path / "blobs")):
            pass

    why = pytest.raises(SandboxError, match="no worker came within 1 s; start some with `grader worker")
    with scheduler(tmp_path / "scheduler.log") as port, why:
        asyncio.run(enter(f"tcp://127.0.0.1:{port}"))


@pytest.mark.parametrize(
    ("address", "given", "why"),
    [
        pytest.param("localhost:8786", 0, "expected an address like tls://", id="no-scheme"),
        pytest.param("tls://h:1", 0, "needs --tls-ca", id="tls-without-files"),
        pytest.param("tcp://h:1", 3, "takes no --tls-ca", id="files-without-tls"),
        pytest.param("tls://h:1", 2, "give all three, or none", id="half"),
        pytest.param("tls://h:1", 3, "no such file; expected a PEM file", id="absent"),
    ],
)
def test_elsewhere_refuses_what_does_not_go_together(address, given, why, tmp_path):
    paths = [tmp_path / "absent.pem"] * given + [None] * (3 - given)
    settings = Settings(out=tmp_path / "out", state=State(tmp_path / "state"))
    with pytest.raises(UsageError, match=why):
        elsewhere(settings, address, tuple(paths))


def test_certificates_that_cannot_be_used_are_named_before_anybody_waits(certificates, tmp_path):
    """A connection would tell of them after a minute, in words of the TLS library."""
    ca, cert, key = certificates
    settings = Settings(out=tmp_path / "out", state=State(tmp_path / "state"))
    other = tmp_path / "other.pem"
    other.write_text("no PEM file\n")
    for paths, why in (
        ((other, cert, key), "other.pem: no certificate of an authority"),
        ((ca, other, key), "not a certificate and its own key"),
        ((ca, cert, other), "not a certificate and its own key"),
        ((ca, ca, key), "not a certificate and its own key"),
    ):
        with pytest.raises(UsageError, match=why):
            elsewhere(settings, "tls://h:1", paths)
    assert elsewhere(settings, "tls://h:1", certificates).executor is not None


class Client:
    """A scheduler's, from which one by one `workers` are heard; an exception is what it says of itself."""

    def __init__(self, *workers):
        self.scheduler, self.workers = self, iter(workers)

    async def identity(self, n_workers):
        said = next(self.workers)
        if isinstance(said, Exception):
            raise said
        return {"workers": {str(n): {"resources": {"gradecheck": 1}} for n in range(said)}}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        pytest.param([1, 0, 0], "no worker for 0.01 s; start some", id="no-workers"),
        pytest.param([1, OSError("gone")], "the scheduler was lost", id="gone"),
        pytest.param([1, RuntimeError("ConnectionPool is closed")], "the scheduler was lost", id="given-up"),
    ],
)
def test_a_submission_that_nobody_can_run_is_not_waited_with_for_ever(said, why, tmp_path, monkeypatch):
    monkeypatch.setattr("grader.machines.cluster.UNMANNED_S", 0.01)
    monkeypatch.setattr("grader.machines.cluster.LOOK_EVERY_S", 0.02)
    executor = ClusterExecutor("tcp://h:1", blobs=BlobStore(tmp_path / "blobs"))
    executor._client = Client(*said)

    async def take_two():
        assert await executor._capacity() == 1
        await executor._take_slot()
        with pytest.raises(SandboxError, match=why):
            await executor._take_slot()

    asyncio.run(take_two())


def test_elsewhere_refuses_to_run_without_a_sandbox(tmp_path):
    settings = Settings(out=tmp_path / "out", state=State(tmp_path / "state"), unsafe=True)
    with pytest.raises(UsageError, match="workers run code in their sandbox only"):
        elsewhere(settings, "tcp://h:1", (None, None, None))
