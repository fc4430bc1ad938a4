"""Probes through the whole machinery: what honest code gives, and what attacks on the channel come to."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.errors import SandboxError
from grader.model import Ending
from grader.probe.frames import PREFIX, encode_answer
from grader.probe.seeding import seeded
from grader.sandbox.channel import Planned, ProbeSession, RunnerLostError, run_probes

pytestmark = pytest.mark.sandbox


def endings(run: Any) -> list[Ending]:
    return [evidence.ending for evidence in run.checks]


def test_values_come_back_as_the_function_gave_them(bench):
    evidence = bench.one("def f(x): return x * 2")
    assert evidence.ending is Ending.ANSWERED
    (value,) = evidence.values
    assert (value.name, value.type_name) == ("out", "ndarray")
    assert np.array_equal(value.array, 2 * seeded(7).standard_normal((2, 3)))


def test_legacy_generator_is_seeded_as_outside(bench):
    evidence = bench.one("import numpy as np\ndef f(x): return np.random.rand(3)")
    seeded(7)
    assert np.array_equal(evidence.values[0].array, np.random.rand(3))


def test_each_check_starts_from_the_same_state(bench, suites):
    source = "calls = []\ndef f(x):\n    calls.append(1)\n    return float(len(calls))\ndef g(x): return f(x)"
    run = bench.probe(source, suites("f", "g"), ["f", "g", "f"])
    assert [float(evidence.values[0].array) for evidence in run.checks] == [1, 1, 1]


def test_exception_is_told_with_the_student_s_frames_only(bench):
    evidence = bench.one("def g(x):\n    return x.T @ x.T\n\n\ndef f(x):\n    return g(x)\n")
    assert evidence.ending is Ending.RAISED
    assert evidence.error.kind == "ValueError"
    assert [(frame.file, frame.line, frame.function, frame.code) for frame in evidence.error.frames] == [
        ("layers.py", 6, "f", "return g(x)"),
        ("layers.py", 2, "g", "return x.T @ x.T"),
    ]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param("raise NotImplementedError('later')", "NotImplementedError", id="blank"),
        pytest.param("import sys; sys.exit(0)", "SystemExit", id="sys.exit"),
        pytest.param("raise KeyboardInterrupt", "KeyboardInterrupt", id="keyboard-interrupt"),
        pytest.param("return input('points?')", "EOFError", id="input"),
        pytest.param("import pdb; pdb.set_trace()", "RuntimeError", id="pdb"),
        pytest.param("breakpoint()", "RuntimeError", id="breakpoint"),
        pytest.param("return f(x)", "RecursionError", id="recursion"),
        pytest.param("import numpy; return numpy.ones(10 * 2**27)", "MemoryError", id="10-GB-array"),
        pytest.param("return x.no_such_name", "AttributeError", id="attribute"),
    ],
)
def test_function_that_raises(bench, body, kind):
    evidence = bench.one(f"def f(x):\n    {body}\n")
    assert (evidence.ending, evidence.error.kind if evidence.error else evidence.detail) == (
        Ending.RAISED,
        kind,
    )


def test_exception_that_cannot_be_read_is_still_told(bench):
    source = "class E(Exception):\n    def __str__(self): raise ValueError\n\ndef f(x): raise E\n"
    evidence = bench.one(source)
    assert (evidence.error.kind, evidence.error.message) == ("E", "(its text cannot be read: ValueError)")


def test_missing_function_says_where_it_was_looked_for(bench, suites):
    run = bench.probe({"a.py": "def f(x): return x", "b.py": "def g(:"}, suites("f", "g"), ["f", "g"])
    assert endings(run) == [Ending.ANSWERED, Ending.MISSING]
    assert run.checks[1].detail.startswith("b.py could not be imported (SyntaxError: ")
    assert run.checks[1].detail.endswith(", line 1); g is not defined in a.py")
    assert run.imports[1].error.frames[-1].line == 1


def test_error_of_a_module_is_told_once_and_not_of_those_that_import_it(bench, suites):
    files = {"a.py": "def f(:", "b.py": "from a import *\ndef h(x): return x"}
    run = bench.probe(files, suites("g"), ["g"])
    assert run.checks[0].detail.count("SyntaxError") == 1
    assert run.checks[0].detail.startswith("a.py could not be imported (SyntaxError: ")


def test_module_whose_top_level_raises_is_probed_in_part(bench, suites):
    script = "def f(x): return x\nopen('C:/me/data')\ndef h(x): return 2 * x\n"
    run = bench.probe({"a.py": script}, suites("f", "g", "h"), ["f", "g", "h"])
    assert endings(run) == [Ending.ANSWERED, Ending.MISSING, Ending.ANSWERED]
    assert "a.py could be imported in part only (FileNotFoundError: " in run.checks[1].detail
    assert (run.imports[0].ending, run.imports[0].partial) == (Ending.RAISED, True)
    (note,) = run.notes
    assert (note.about, note.for_student) == ("a.py", True)
    assert note.text.startswith("running the file raised FileNotFoundError: ")
    assert note.text.endswith(", line 2; statements that raise are left out, the rest is graded")


def test_script_that_reads_its_arguments_finds_none(bench, suites):
    script = (
        "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--by', type=int, default=3)\n"
        "args = parser.parse_args()\ndef f(x): return args.by * x\n"
    )
    run = bench.probe({"a.py": script}, suites("f"), ["f"])
    assert (endings(run), run.notes) == ([Ending.ANSWERED], ())


FRAMEWORK = (
    "import lasagne as tf\nCONFIG = tf.Config()\n@tf.function\ndef f(x): return tf.mean(x)\n"
    "def g(x): return x * 2\nclass Net(tf.Module):\n    def h(self, x): return self.fit(x)\ndef h(x): return Net().h(x)\n"
    "def own(x): raise ValueError('mine')\ndef inside(x):\n    import theano\n    return theano.dot(x, x)\n"
)


def test_what_needs_an_absent_framework_waits_for_a_person_and_the_rest_is_graded(bench, suites):
    run = bench.probe(
        {"a.py": FRAMEWORK},
        suites("f", "g", "h", "own", "inside", c="return {'config': impl.CONFIG}"),
        ["f", "g", "h", "own", "inside", "c"],
    )
    person = Ending.NEEDS_PERSON
    assert endings(run) == [person, Ending.ANSWERED, person, Ending.RAISED, person, person]
    where = "it needs lasagne (imported at a.py, line 1), which is not installed where the work is graded"
    assert [run.checks[0].detail, run.checks[2].detail] == [where, where]
    assert run.checks[2].error.frames[-1].line == 7
    assert run.checks[4].detail == "it needs theano, which is not installed where the work is graded"


def test_missing_function_of_work_in_a_framework_waits_for_a_person(bench, suites):
    source = "import lasagne as tf\ndef used(x): return tf.mean(x)\n"
    (evidence,) = bench.probe(source, suites("f"), ["f"]).checks
    assert (evidence.ending, evidence.error.message) == (Ending.NEEDS_PERSON, "f is not defined in layers.py")


def test_missing_function_beside_an_import_that_nothing_uses_is_missing(bench, suites):
    (evidence,) = bench.probe("import lasagne as tf\ndef g(x): return x\n", suites("f"), ["f"]).checks
    assert evidence.ending is Ending.MISSING


def test_framework_that_is_there_is_used(bench, suites):
    files = {
        "a.py": "import lasagne\ndef f(x): return lasagne.mean(x)\n",
        "lasagne/__init__.py": "def mean(x): return x.mean()",
    }
    (evidence,) = bench.probe(files, suites("f"), ["f"]).checks
    assert evidence.ending is Ending.ANSWERED


def test_probe_that_cannot_tell_right_from_wrong_leaves_it_to_a_person(bench, suites):
    body = "from grader.probe import NeedsPersonError; raise NeedsPersonError('read the report')"
    (evidence,) = bench.probe("x = 1", suites(f=body), ["f"]).checks
    assert (evidence.ending, evidence.detail, evidence.error) == (
        Ending.NEEDS_PERSON,
        "read the report",
        None,
    )


def test_module_that_was_not_handed_in(bench, suites, tmp_path):
    (tmp_path / "a").write_text("def f(x): return x")
    spec = bench.spec({"a.py": "def f(x): return x"})
    plan = [Planned(id="g", seed=1, time_s=1)]
    run = bench.run(run_probes(bench.sandbox, spec, suites("g"), ["a.py", "cs231n/layers.py"], plan))
    assert run.imports[1].ending is Ending.MISSING
    assert "cs231n/layers.py was not handed in" in run.checks[0].detail


def test_first_module_that_has_the_name_counts(bench, suites):
    sources = {"a.py": "def f(x): return 1.0", "b.py": "def f(x): return 2.0\ndef g(x): return 3.0"}
    run = bench.probe(sources, suites("f", "g"), ["f", "g"])
    assert [float(evidence.values[0].array) for evidence in run.checks] == [1, 3]


def test_warnings_are_kept_once_each_and_few(bench):
    source = (
        "import warnings\nimport numpy as np\ndef f(x):\n    for n in range(100):\n        warnings.warn(f'no {n}')\n"
        "        np.zeros(1) / np.zeros(1)\n    return x"
    )
    evidence = bench.one(source)
    assert evidence.ending is Ending.ANSWERED
    assert len(evidence.warnings) == 20
    assert evidence.warnings[:2] == (
        "UserWarning: no 0",
        "RuntimeWarning: invalid value encountered in divide",
    )


@pytest.mark.parametrize(
    ("body", "type_name"),
    [
        pytest.param("return [[1.0]]", "list", id="list"),
        pytest.param("return None", "NoneType", id="none"),
        pytest.param("return np.array([object()])", "ndarray", id="object-array"),
        pytest.param("return np.array(['1.0'])", "ndarray", id="text-array"),
        pytest.param("return 2**70", "int", id="huge-int"),
        pytest.param("return f", "function", id="function"),
    ],
)
def test_what_is_no_array_is_named(bench, body, type_name):
    (value,) = bench.one(f"import numpy as np\ndef f(x):\n    {body}\n").values
    assert (value.type_name, value.array) == (type_name, None)


def test_subclass_comes_back_as_plain_data_under_its_own_name(bench):
    source = (
        "import numpy as np\nclass Sure(np.ndarray):\n    def __eq__(self, other): return True\n"
        "    def __array_finalize__(self, obj): pass\n    def __array__(self, *a, **k): return np.zeros(9)\n"
        "    def __reduce__(self): import os; os._exit(1)\n"
        "def f(x): return np.ones((2, 3)).view(Sure)"
    )
    (value,) = bench.one(source).values
    assert value.type_name == "Sure"
    assert type(value.array) is np.ndarray
    assert np.array_equal(value.array, np.ones((2, 3)))


# --- Attacks on the process ------------------------------------------------------------------------------------------------


GOOD = "\ndef good(x): return x"


@pytest.mark.parametrize(
    ("body", "ending", "detail"),
    [
        pytest.param("import os; os._exit(0)", Ending.DIED, "exit status 0", id="exit"),
        pytest.param("import ctypes; ctypes.string_at(0)", Ending.DIED, "SIGSEGV", id="segmentation-fault"),
        pytest.param("import os; os.kill(os.getpid(), 9)", Ending.DIED, "SIGKILL", id="kill-itself"),
        pytest.param("import os; os.kill(os.getpid(), 19)", Ending.TIMED_OUT, "within 1 s", id="stop-itself"),
        pytest.param("while True: pass", Ending.TIMED_OUT, "within 1 s", id="endless-loop"),
        pytest.param("import time; time.sleep(99)", Ending.TIMED_OUT, "within 1 s", id="sleep"),
        pytest.param("import os; os.kill(os.getppid(), 9)", Ending.DIED, "ended before it answered", id="kill-the-runner"),
        pytest.param("import os; os.kill(os.getppid(), 19); return x", Ending.TIMED_OUT, "no answer", id="stop-the-runner"),
        pytest.param("import os; os.kill(-1, 9)", Ending.DIED, "ended before it answered", id="kill-everything"),
        pytest.param("import os\n    while True: os.fork()", None, "", id="fork-bomb"),
        pytest.param("import threading\n    while True: threading.Thread(target=f, args=(x,)).start()", None, "", id="thread-bomb"),
        pytest.param("a = []\n    while True: a.append(bytes(2**28))", Ending.RAISED, "", id="memory-bomb"),
        pytest.param("import numpy as np; return np.broadcast_to(1.0, (10**6, 10**4))", Ending.OVERSIZE, "80000000000", id="view"),
        pytest.param("import numpy as np; return np.ones(2**20)", Ending.OVERSIZE, "8388608 bytes", id="large-array"),
        pytest.param("import sys; sys.stdout.write('x' * 2**24); return x", Ending.ANSWERED, "", id="output-flood"),
        pytest.param("import os; os.write(1, b'x' * 2**20); return x", Ending.ANSWERED, "", id="raw-output-flood"),
    ],
)  # fmt: skip
def test_attack_costs_its_own_check_only(bench, suites, monkeypatch, body, ending, detail):  # noqa: PLR0917  # fixtures
    if detail == "no answer":  # of the runner: its own patience is not what is tried
        monkeypatch.setattr("grader.sandbox.session.GRACE_S", 0.3)
    source = f"def bad(x):\n    {body}\n{GOOD}"
    run = bench.probe(
        source, suites("bad", "good"), ["good", "bad", "good"], time_s=1, evidence_mib=4.0, processes=32
    )
    assert run.checks[0].ending is Ending.ANSWERED
    assert run.checks[2].ending is Ending.ANSWERED
    assert np.array_equal(run.checks[0].values[0].array, run.checks[2].values[0].array)
    bad = run.checks[1]
    if ending is None:
        assert bad.ending in (Ending.RAISED, Ending.TIMED_OUT, Ending.DIED)
    else:
        assert (bad.ending, detail in bad.detail) == (ending, True), bad


#: Waits, or computes, when it is called first; the second time it says how many seconds of CPU it had then come to, out of its one.
TWICE = """
import os, time

def wait():
    time.sleep(99)

def compute():
    while time.process_time() < 0.5:
        pass
    os.rename('/work/waited', '/work/computed')
    while True:
        pass

def f(x):
    if os.path.exists('/work/waited') or os.path.exists('/work/computed'):
        return x * 0 + os.path.exists('/work/computed')
    open('/work/waited', 'w').close()
    {first}()
"""


def test_check_that_waited_until_its_time_was_up_runs_again(bench, suites):
    run = bench.probe(TWICE.format(first="wait"), suites("f"), ["f"], time_s=1)
    assert endings(run) == [Ending.ANSWERED]


def test_check_that_computed_for_half_of_its_time_does_not_run_again(bench, suites):
    """On a busy machine it may come to less than that: then it runs again, as it should, and this is tried again, too."""
    for _ in range(50):
        run = bench.probe(TWICE.format(first="compute"), suites("f"), ["f"], time_s=1)
        if endings(run) == [Ending.TIMED_OUT]:
            return
        assert endings(run) == [Ending.ANSWERED]
        assert not run.checks[0].values[0].array.any(), "it had computed for half of its time, and ran again"
    pytest.fail("in 50 tries the machine never let a process compute for half of the time")


def test_part_of_a_probe_is_stopped_at_its_share_of_the_check_s_time(bench):
    probes = (
        "import numpy as np\nfrom grader.probe import OutOfTimeError, check, share_of_time\n\n"
        "@check(of='f')\ndef told(impl, rng):\n    'told'\n    with share_of_time(0.05):\n        return {'out': impl.f()}\n\n"
        "@check(of='f')\ndef spared(impl, rng):\n    'spared'\n    try:\n        return told.probe(impl, rng)\n"
        "    except OutOfTimeError:\n        return {'out': np.zeros(2)}\n"
    )
    run = bench.probe("def f():\n    while True: pass\n", {"checks": probes}, ["told", "spared"], time_s=1)
    assert endings(run) == [Ending.TIMED_OUT, Ending.ANSWERED]
    assert run.checks[0].detail == "one call computed for more than 0.05 s"


def test_memory_of_a_room_is_bounded_together(bench, suites):
    if bench.sandbox._groups.version == 0:
        pytest.skip("no control group can be made here")
    body = (
        "import os, time\n    for n in range(6):\n        if os.fork() == 0:\n"
        "            kept = b'x' * (400 * 2**20)\n            time.sleep(9)\n    time.sleep(1)\n    return x"
    )
    run = bench.probe(
        f"def bad(x):\n    {body}\n{GOOD}",
        suites("bad", "good"),
        ["bad", "good"],
        time_s=3,
        memory_mib=1024,
        disk_mib=1,
    )
    batch = (
        2**20
    )  # the kernel charges pages in batches, each processor its own, and may count one above the limit
    assert run.usage.peak_memory_bytes <= (1024 + 3) * 2**20 + batch
    assert run.checks[1].ending is Ending.ANSWERED


def test_runners_are_not_started_for_ever(bench, suites):
    source = "import os\ndef f(x): os.kill(os.getppid(), 9)\n"
    run = bench.probe(source, suites("f"), ["f"] * 20)
    assert endings(run) == [Ending.DIED] * 20
    assert "ended 12 times" in run.checks[-1].detail


def test_deadline_of_all_checks(bench, suites):
    run = bench.probe(
        f"import time\ndef f(x): time.sleep(9)\n{GOOD}",
        suites("f", "good"),
        ["good", "f", "f", "f"],
        deadline_s=1.5,
    )
    assert endings(run) == [Ending.ANSWERED] + [Ending.TIMED_OUT] * 3
    assert "used up" in run.checks[3].detail


# --- Attacks at import -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("top", "ending"),
    [
        pytest.param("while True: pass", Ending.TIMED_OUT, id="endless-loop"),
        pytest.param("import os; os._exit(0)", Ending.DIED, id="exit"),
        pytest.param("import os; os.kill(os.getpid(), 19)", Ending.TIMED_OUT, id="stop"),
        pytest.param("import sys; sys.exit(0)", Ending.RAISED, id="sys.exit"),
        pytest.param("raise RuntimeError('no')", Ending.RAISED, id="raise"),
        pytest.param("print('x')\nprint 'x'", Ending.RAISED, id="python-2"),
    ],
)
def test_module_that_cannot_be_imported_costs_its_own_names(bench, suites, top, ending):
    run = bench.probe({"a.py": top, "b.py": GOOD}, suites("good", "f"), ["good", "f"], import_s=1.0)
    assert run.imports[0].ending is ending
    assert endings(run) == [Ending.ANSWERED, Ending.MISSING]
    assert "a.py" in run.checks[1].detail


TRAINING = """
import numpy as np
from tqdm import tqdm
HIDDEN = [50, 50]
RATE = np.float64(0.1)
if True:
    STEPS = 3
else:
    STEPS = 4
try:
    import cupy as xp
except ImportError:
    xp = np
def f(x):
    return STEPS * RATE * x * len(HIDDEN)
class Net:
    def train(self):
        while True: pass
net = Net()
history = net.train()
for epoch in tqdm(range(10)): net.train()
def g(x): return history
"""


def test_script_that_trains_for_too_long_is_probed_by_its_definitions(bench, suites):
    run = bench.probe({"a.py": TRAINING}, suites("f", "g"), ["f", "g"], import_s=1.0)
    assert endings(run) == [Ending.ANSWERED, Ending.RAISED]
    np.testing.assert_allclose(
        run.checks[0].values[0].array, 0.6 * seeded(7).standard_normal((2, 3)), rtol=1e-15
    )
    assert run.checks[1].error.kind == "NameError"
    assert run.imports[0].partial
    (note,) = [note for note in run.notes if "whole file" in note.text]
    assert "no answer within 1 s" in note.text
    assert note.for_student


#: Finds the runner's socket and speaks on it in the runner's place.
HIJACK = """
import json, os, socket, struct, time

def channel():
    for number in range(3, 200):
        try:
            found = socket.socket(fileno=os.dup(number))
            found.getpeername()
            return found
        except OSError:
            continue

def send(header, payload=b""):
    data = json.dumps(header).encode() if not isinstance(header, bytes) else header
    sock.sendall(struct.pack("!4sIQ", b"GCF1", len(data), len(payload)) + data + payload)

sock = channel()
"""


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param("send({'ending': 'answered', 'nonce': 'guessed'})", id="forged-nonce"),
        pytest.param("send({'ending': 'answered', 'nonce': None})", id="no-nonce"),
        pytest.param("sock.sendall(b'x' * 100)", id="garbage"),
        pytest.param("sock.sendall(struct.pack('!4sIQ', b'GCF1', 2**31, 2**43))", id="claims-8-TiB"),
        pytest.param("send(b'[' * 100000)", id="deep-json"),
        pytest.param("send(b'{\"a\": NaN}')", id="nan"),
        pytest.param("sock.shutdown(socket.SHUT_RDWR)", id="hangs-up"),
        pytest.param("sock.sendall(b'GC')", id="begins-and-stops"),
        pytest.param("send({'ending': 'not_run', 'nonce': 'x'})", id="claims-infrastructure"),
    ],
)
def test_speaking_in_the_runner_s_place_costs_the_module_only(bench, suites, attack):
    run = bench.probe({"a.py": HIJACK + attack, "b.py": GOOD}, suites("good"), ["good"], import_s=1.0)
    report = run.imports[0]
    # A runner that ended is replaced, and the next one runs what the module defines, without the attack.
    assert report.partial or report.ending in (
        Ending.MALFORMED,
        Ending.OVERSIZE,
        Ending.TIMED_OUT,
        Ending.DIED,
    )
    assert endings(run) == [Ending.ANSWERED]
    assert {note.about for note in run.notes} == {"a.py"}


# --- The driver against a runner that lies, without a room -----------------------------------------------------------------


def peer(sock: socket.socket, answer: Callable[[dict[str, Any]], bytes]) -> threading.Thread:
    """Answer each request on `sock` with the bytes that `answer` makes of it, until the other side hangs up."""

    def serve() -> None:
        with sock, contextlib.suppress(ConnectionResetError, BrokenPipeError):
            while prefix := sock.recv(4, socket.MSG_WAITALL):
                sock.sendall(
                    answer(json.loads(sock.recv(struct.unpack("!I", prefix)[0], socket.MSG_WAITALL)))
                )

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def lie(answer: Callable[[dict[str, Any]], bytes], work: Callable[[ProbeSession], Any]) -> Any:
    """Let `work` speak with a peer that answers with the bytes that `answer` makes of each request."""
    ours, theirs = socket.socketpair()
    thread = peer(theirs, answer)

    async def main() -> Any:
        session = ProbeSession(ours, evidence_bytes=1000)
        try:
            return await work(session)
        finally:
            session.close()

    try:
        return asyncio.run(main())
    finally:
        thread.join()


CHECK = Planned(id="f", seed=1, time_s=0.1)


def framed(request: dict[str, Any], payload: bytes = b"", **header: Any) -> bytes:
    return encode_answer({"nonce": request["nonce"], "ending": "answered", **header}, payload)


def described(**parts: Any) -> dict[str, Any]:
    return {"name": "out", "type": "ndarray", "dtype": "float64", "shape": [1], **parts}


@pytest.mark.parametrize(
    ("package", "ending", "detail"),
    [
        pytest.param(
            "keras",
            Ending.NEEDS_PERSON,
            "it needs keras (imported at a.py, line 1), which is not installed where the work is graded",
            id="published",
        ),
        pytest.param("my_helpers", Ending.RAISED, "", id="a-file-of-the-student"),
        pytest.param("<b>keras", Ending.RAISED, "", id="made-up"),
    ],
)
def test_session_believes_no_package_that_is_not_published(package, ending, detail):
    def answer(request):
        error = {"kind": "LackingError", "message": "", "frames": []}
        said = {"package": package, "imported_at": "a.py, line 1", "error": error}
        return framed(request, **{**said, "ending": "needs_person"})

    evidence = lie(answer, lambda session: session.check(CHECK))
    assert (evidence.ending, evidence.detail, evidence.values) == (ending, detail, ())


def test_session_takes_an_honest_answer():
    evidence = lie(lambda r: framed(r, b"\0" * 8, values=[described()], wall_s=1.5), lambda s: s.check(CHECK))
    assert (evidence.ending, evidence.values[0].array.tolist(), evidence.wall_s) == (
        Ending.ANSWERED,
        [0.0],
        1.5,
    )


@pytest.mark.parametrize(
    ("values", "payload", "ending"),
    [
        pytest.param([described(dtype="object")], 8, Ending.MALFORMED, id="object-dtype"),
        pytest.param([described(dtype="__class__")], 8, Ending.MALFORMED, id="attribute-as-dtype"),
        pytest.param([described(dtype=["float64"])], 8, Ending.MALFORMED, id="list-as-dtype"),
        pytest.param([described(shape=[10**6, 10**6])], 8, Ending.MALFORMED, id="8-TB-length"),
        pytest.param([described(shape=[1000, 1000])], 8, Ending.OVERSIZE, id="8-MB-shape"),
        pytest.param([described(shape=[0, 1000, 1000])], 0, Ending.OVERSIZE, id="empty-but-large"),
        pytest.param([described(shape=[-1])], 8, Ending.MALFORMED, id="negative-length"),
        pytest.param([described(shape=[True])], 8, Ending.MALFORMED, id="bool-length"),
        pytest.param([described(shape=[1.0])], 8, Ending.MALFORMED, id="float-length"),
        pytest.param([described(shape=[1] * 40)], 8, Ending.MALFORMED, id="40-dimensions"),
        pytest.param([described(shape=[2])], 8, Ending.MALFORMED, id="fewer-bytes-than-described"),
        pytest.param([described()], 16, Ending.MALFORMED, id="more-bytes-than-described"),
        pytest.param([described(), described()], 16, Ending.MALFORMED, id="name-twice"),
        pytest.param([described(name="x" * 500)], 8, Ending.MALFORMED, id="long-name"),
        pytest.param([described(name="a\x1b[2J")], 8, Ending.MALFORMED, id="escape-in-name"),
        pytest.param([described(name="a\ud800")], 8, Ending.MALFORMED, id="surrogate-in-name"),
        pytest.param([described(extra=1)], 8, Ending.MALFORMED, id="unknown-field"),
        pytest.param([{"name": "a", "type": "list"}] * 600, 0, Ending.OVERSIZE, id="600-values"),
        pytest.param({"out": 1}, 0, Ending.MALFORMED, id="values-as-object"),
        pytest.param([None], 0, Ending.MALFORMED, id="null-value"),
    ],
)  # fmt: skip
def test_session_refuses_values_that_are_not_what_they_say(values, payload, ending):
    evidence = lie(lambda r: framed(r, b"\0" * payload, values=values), lambda s: s.check(CHECK))
    assert (evidence.ending, evidence.values) == (ending, ())


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        pytest.param(lambda r: framed(r) + framed(r), "twice", id="answers-twice"),
        pytest.param(lambda r: encode_answer({"ending": "answered", "nonce": "x"}), "no open request", id="wrong-nonce"),
        pytest.param(lambda r: PREFIX.pack(b"GCF1", 2**30, 0), "at most", id="header-of-1-GiB"),
        pytest.param(lambda r: PREFIX.pack(b"GCF1", 2, 2**40) + b"{}", "at most", id="payload-of-1-TiB"),
        pytest.param(lambda r: PREFIX.pack(b"PK\3\4", 2, 0) + b"{}", "do not begin", id="other-magic"),
        pytest.param(lambda r: encode_answer({})[:-2] + b"[]", "expected an object", id="header-is-a-list"),
        pytest.param(lambda r: PREFIX.pack(b"GCF1", 9, 0) + b'{"a":NaN}', "NaN", id="header-with-nan"),
        pytest.param(lambda r: PREFIX.pack(b"GCF1", 13, 0) + b'{"a":1,"a":2}', "twice", id="key-twice"),
        pytest.param(lambda r: b"GC", "no answer within", id="begins-and-stops"),
    ],
)  # fmt: skip
def test_session_gives_up_a_runner_that_speaks_out_of_turn(monkeypatch, answer, match):
    monkeypatch.setattr("grader.sandbox.session.GRACE_S", 0.2)

    async def twice(session: ProbeSession) -> None:
        await session.check(CHECK)
        await session.check(CHECK)

    with pytest.raises(RunnerLostError, match=match):
        lie(answer, twice)


@pytest.mark.parametrize("word", ["not_run", "passed", "", None, 7, ["answered"]])
def test_runner_cannot_name_an_ending_of_its_own(word):
    assert lie(lambda r: framed(r, ending=word), lambda s: s.check(CHECK)).ending is Ending.MALFORMED


def test_texts_are_cut_and_cleaned():
    error = {
        "kind": "E" * 500,
        "message": "a\x1b[31m\u202e\ud800" + "x" * 9999,
        "frames": [{"file": 7, "line": -1}, None, []] * 30,
    }
    evidence = lie(
        lambda r: framed(r, ending="raised", error=error, warnings=["w" * 999, 5] * 40, cpu_s=1e300),
        lambda s: s.check(CHECK),
    )
    assert len(evidence.error.kind) == 100
    assert evidence.error.message.startswith("a\ufffd[31m\ufffd\ufffdx")
    assert len(evidence.error.message) == 2000
    assert len(evidence.error.frames) == 12
    assert evidence.error.frames[0].file == ""
    assert (len(evidence.warnings), len(evidence.warnings[0]), evidence.cpu_s) == (20, 300, 0.0)
    evidence.error.message.encode("utf-8")


# --- Failures of ours ------------------------------------------------------------------------------------------------------


def test_checks_that_cannot_be_loaded_are_not_the_student_s_fault(bench):
    with pytest.raises(SandboxError, match="the checks could not be loaded: ZeroDivisionError"):
        bench.probe(GOOD, {"checks": "1 / 0"}, ["good"])


def test_student_s_file_cannot_stand_in_for_a_module_of_the_checks(bench):
    checks = {"checks": "import colorsys\nfrom grader.probe import check\n@check(of='f')\ndef f(impl, rng):\n    'f'\n"
              "    return {'out': float(hasattr(colorsys, 'rgb_to_hls'))}\n"}  # fmt: skip
    run = bench.probe({"colorsys.py": "raise SystemExit"}, checks, ["f"])
    assert float(run.checks[0].values[0].array) == 1


@pytest.mark.parametrize("victim", ["warm parent", "room", "bubblewrap"])
def test_sandbox_killed_while_a_check_runs_is_not_the_student_s_fault(bench, suites, monkeypatch, victim):
    rooms = []
    made = bench.sandbox._closed_room

    @contextlib.asynccontextmanager
    async def watched(spec):
        async with made(spec) as room:
            rooms.append(room)
            yield room

    monkeypatch.setattr(bench.sandbox, "_closed_room", watched)

    async def main() -> None:
        spec = bench.spec(
            {"a.py": "import time\ndef f(x):\n    open('/work/started', 'w').close()\n    time.sleep(5)"}
        )
        plan = [Planned(id="f", seed=1, time_s=5)]
        running = asyncio.ensure_future(run_probes(bench.sandbox, spec, suites("f"), ["a.py"], plan))
        while not rooms or not rooms[0].path("/work/started").exists():
            await asyncio.sleep(0.02)
        processes = {
            "warm parent": bench.sandbox._parent.pid,
            "room": rooms[0].pid,
            "bubblewrap": rooms[0]._holder._process.pid,
        }
        os.kill(processes[victim], signal.SIGKILL)
        await running

    with pytest.raises(SandboxError, match=r"ended from outside|did not reach the room"):
        bench.run(main())
    monkeypatch.undo()
    assert bench.one("def f(x): return x").ending is Ending.ANSWERED


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user maps no other user anyway")
def test_root_whose_files_are_closed_to_others_still_grades(bench, monkeypatch):
    """Then the room's user is the grader's own outside, as for an ordinary user; inside nothing changes."""
    monkeypatch.setattr("grader.sandbox.bwrap.readable_by_all", lambda plan: False)
    source = "import os\ndef f(x):\n    held = open('/proc/self/status').read()\n    caps = 'CapEff:\\t0000000000000000' in held\n"
    source += "    try:\n        open('/usr/evil', 'w')\n    except OSError:\n        return float(caps) + os.getuid()\n"
    assert float(bench.one(source).values[0].array) == 1001


def test_check_killed_by_the_machine_is_tried_again(bench, suites):
    """A fork that SIGKILL ended is run once more; the mark that its first run left stands in for a machine that is short."""
    source = (
        "import os\ndef f(x):\n    if not os.path.exists('/tmp/tried'):\n        open('/tmp/tried', 'w').close()\n"
        "        os.kill(os.getpid(), 9)\n    return x"
    )
    assert endings(bench.probe(source, suites("f"), ["f"])) == [Ending.ANSWERED]


def test_alike_runs_give_alike_evidence(bench, suites):
    source = "def f(x): return x @ x.T\ndef g(x): return float(hash('a') % 1000)"
    first, second = (bench.probe(source, suites("f", "g"), ["f", "g"]) for _ in range(2))
    assert [e.values[0].array.tobytes() for e in first.checks] == [
        e.values[0].array.tobytes() for e in second.checks
    ]


def test_files_of_the_submission_stay_as_they_are(bench, tmp_path):
    source = "import os\ndef f(x):\n    open('/work/layers.py', 'w').write('changed')\n    return x"
    assert bench.one(source).ending is Ending.ANSWERED
    assert Path(bench.folder / "0.py").read_text() == source


def test_arrays_of_all_checks_are_bounded_together_and_over_the_end_of_a_runner(bench, suites):
    source = "import numpy as np, os\ndef f(x): return np.ones(2**18)\ndef g(x): os.kill(os.getppid(), 9)\n"
    run = bench.probe(source, suites("f", "g"), ["f", "g", "f", "f"], evidence_mib=5.0)
    assert endings(run) == [Ending.ANSWERED, Ending.DIED, Ending.ANSWERED, Ending.OVERSIZE]


HIDDEN = """
import statistics

@check(of="f")
def kept(impl, rng):
    "kept"
    return {"out": impl.f(statistics.mean([1.5, 2.5]))}
"""


def test_hidden_checks_come_to_the_runner_with_the_first_of_them(bench, suites):
    """What student code sees until then are the visible ones; its files do not stand in for what the others import."""
    own = "import gc\nimport checks\n\ndef f(x):\n    import checks\n    return x + checks.ONE + here()\n"
    own += "\ndef here():\n    return 100 * sum(type(one).__name__ == 'Check' and one.id == 'kept' for one in gc.get_objects())\n"
    files = {"a.py": own, "checks.py": "ONE = 1\n", "statistics.py": "def mean(x):\n    return 0\n"}
    visible = suites("f")
    shown = {"checks": visible["checks"] + "import statistics as _loaded\n"}
    plan = [Planned(id="f", seed=7, time_s=2), Planned(id="kept", seed=7, time_s=2, hidden=True)]
    run = bench.run(
        run_probes(
            bench.sandbox,
            bench.spec(files),
            shown,
            ["a.py"],
            plan,
            hidden={"checks": visible["checks"] + HIDDEN},
        )
    )
    assert endings(run) == [Ending.ANSWERED, Ending.ANSWERED]
    seen, kept = (check.values[0].array for check in run.checks)
    assert np.abs(seen).max() < 50, "the hidden check is not there yet"
    assert kept == 2.0 + 1 + 100


def test_runner_lost_under_a_hidden_check_is_replaced_by_one_that_knows_them(bench, suites):
    visible = suites("f")
    source = "import os\n\ndef f(x):\n    if isinstance(x, float): os.kill(os.getppid(), 9)\n    return x\n"
    again = HIDDEN.replace("kept", "again").replace("[1.5, 2.5]", "[1, 3]")
    plan = [Planned(id=name, seed=7, time_s=2, hidden=name != "f") for name in ("f", "kept", "again")]
    run = bench.run(
        run_probes(
            bench.sandbox,
            bench.spec({"a.py": source}),
            visible,
            ["a.py"],
            plan,
            hidden={"checks": visible["checks"] + HIDDEN + again},
        )
    )
    assert endings(run) == [Ending.ANSWERED, Ending.DIED, Ending.ANSWERED]
