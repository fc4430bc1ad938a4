"""Running notebooks in real rooms: every cell's ending, every bound, and what Colab leaves behind."""

import asyncio
import base64
import contextlib
import json
import shutil
import time
from pathlib import Path

import nbformat
import pytest

from grader.assignment import CellLimit, Limits
from grader.errors import SandboxError, SubmissionError
from grader.model import Ending
from grader.notebooks.run import run_notebook
from grader.sandbox.channel import Planned, ProbeSession
from grader.sandbox.kernel import Kernel
from grader.sandbox.room import RoomSpec
from grader.sandbox.sandbox import Sandbox

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
MIB = 1024 * 1024
ANSWERED, RAISED, TIMED_OUT, MISSING = Ending.ANSWERED, Ending.RAISED, Ending.TIMED_OUT, Ending.MISSING
CHECKS = '''
from grader.probe import check

@check(of="total", where="notebook")
def total_is_read(impl, rng):
    """The total is read."""
    return {"total": impl.total, "doubled": impl.double(4)}
'''


class House:
    """One sandbox, and one event loop, for all tests of this file."""

    def __init__(self, runner, sandbox):
        self.runner = runner
        self.sandbox = sandbox

    def run(self, *sources, files=(), sandbox=None, probing=None, **limits):
        """Run a notebook of code cells, or, given one name, a file of tests/notebooks."""
        return self.runner.run(self.arun(*sources, files=files, sandbox=sandbox, probing=probing, **limits))

    async def arun(self, *sources, files=(), sandbox=None, probing=None, **limits):
        bounds = Limits(**{"cell_s": 20.0, **limits})
        spec = RoomSpec(files=dict(files), limits=bounds)
        path = NOTEBOOKS / f"{sources[0]}.ipynb"
        data = (
            path.read_bytes()
            if len(sources) == 1 and len(sources[0]) < 50 and path.is_file()
            else made(*sources)
        )
        async with (sandbox or self.sandbox).room(spec) as room:
            return await run_notebook(room, data, path="work.ipynb", limits=bounds, probing=probing)


def made(*sources):
    cells = [{"cell_type": "code", "metadata": {}, "source": source, "outputs": []} for source in sources]
    return json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}).encode()


def endings(run):
    return [cell.ending for cell in run.cells]


def outputs(run):
    """The outputs of all code cells, and proof that the notebook as a whole is valid."""
    notebook = json.loads(run.executed)
    nbformat.validate(notebook)
    return [cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code"]


def text(cell):
    return "".join(output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in cell)


@pytest.fixture(scope="module")
def house():
    with asyncio.Runner() as runner:
        sandbox = runner.run(Sandbox().__aenter__())
        yield House(runner, sandbox)
        runner.run(sandbox.__aexit__(None, None, None))


# --- Endings ----------------------------------------------------------------------------------------------------------------


def test_right_notebook_is_answered_in_every_cell(house):
    run = house.run("right")
    assert (run.ending, endings(run), run.detail) == (ANSWERED, [ANSWERED] * 3, "")
    assert [text(cell) for cell in outputs(run)] == ["", "15.0\n", "(2, 3)"]
    assert [cell.index for cell in run.cells] == [1, 2, 3]
    assert run.cpu_s > 0


def test_raising_cell_is_recorded_with_own_frames_and_the_rest_goes_on(house):
    run = house.run("raises_halfway")
    assert (run.ending, endings(run)) == (ANSWERED, [ANSWERED, RAISED, ANSWERED])
    error = run.cells[1].error
    assert (error.kind, error.message) == ("ZeroDivisionError", "division by zero")
    assert [(frame.file, frame.line, frame.function) for frame in error.frames] == [
        ("notebook cell 2", 4, "<module>"),
        ("notebook cell 2", 2, "halve"),
    ]
    assert text(outputs(run)[2]) == "still here 1\n"


def test_error_in_a_submitted_module_names_its_file(house, tmp_path):
    module = tmp_path / "layers.py"
    module.write_text("def affine(x):\n    return x.nothing\n")
    run = house.run("from net.layers import affine\naffine(1)", files={"net/layers.py": module})
    assert [(frame.file, frame.line) for frame in run.cells[0].error.frames] == [
        ("notebook cell 1", 2),
        ("net/layers.py", 2),
    ]


def test_syntax_error_names_the_line(house):
    run = house.run("x = 1\nprint x")
    assert run.cells[0].error.kind == "SyntaxError"
    assert run.cells[0].error.frames[-1].line == 2


def test_endless_cell_times_out_and_the_next_goes_on(house):
    run = house.run("loops_forever", cell_s=0.5)
    assert (run.ending, endings(run)) == (ANSWERED, [TIMED_OUT, ANSWERED])
    assert run.cells[0].error.message == "stopped by the grader after 0.5 s"
    assert run.cells[0].error.frames[0].line in (1, 2)
    assert "cell 1 did not end within 0.5 s" in run.detail


def test_cell_that_ignores_interrupts_ends_the_notebook(house):
    run = house.run("ignores_interrupts", cell_s=0.5)
    assert (run.ending, endings(run)) == (TIMED_OUT, [TIMED_OUT, MISSING])
    assert "cell 1 ended the notebook" in run.detail


def test_cell_that_ended_in_time_is_not_stopped_because_the_driver_was_busy(house, monkeypatch):
    """The driver reads another hand-in, say, while the cell ends and its limit passes."""
    waited, calls = Kernel.kept_waiting_s, []

    def then_busy(kernel):
        if not calls:
            asyncio.get_running_loop().call_later(0.1, time.sleep, 2.0)
        calls.append(kernel)
        return waited(kernel)

    monkeypatch.setattr(Kernel, "kept_waiting_s", then_busy)
    run = house.run("import time; time.sleep(0.3)", cell_s=1.0)
    assert endings(run) == [ANSWERED]


def test_notebook_limit_holds_over_all_cells(house, monkeypatch):
    monkeypatch.setattr(Kernel, "kept_waiting_s", lambda _kernel: 0.0)  # as on a machine at rest
    run = house.run(*["import time; time.sleep(0.4)"] * 5, notebook_s=1.0)
    assert run.ending is TIMED_OUT
    assert endings(run) == [ANSWERED, ANSWERED, TIMED_OUT, MISSING, MISSING]
    assert "the notebook's 1 s were over before cell 4" in run.detail


@pytest.mark.parametrize(
    ("source", "ending"),
    [
        pytest.param("import time; time.sleep(0.4)", ANSWERED, id="kept-waiting"),
        pytest.param(
            "from time import process_time\nends = process_time() + 0.4\nwhile process_time() < ends: pass",
            TIMED_OUT,
            id="computing",
        ),
    ],
)
def test_what_a_busy_machine_keeps_from_a_notebook_is_none_of_its_time(house, monkeypatch, source, ending):
    """A machine that has, by its own count, never a processor for the kernel; what computes in the room had one."""
    monkeypatch.setattr(Kernel, "kept_waiting_s", lambda _kernel: time.monotonic())
    assert house.run(*[source] * 4, notebook_s=1.0).ending is ending


def test_longer_limit_applies_to_the_cells_that_contain_its_text(house):
    limits = {"cell_s": 0.3, "cells": [CellLimit(contains="solver.train", seconds=20.0)]}
    run = house.run("import time; time.sleep(0.6)  # solver.train()", "time.sleep(0.6)", **limits)
    assert endings(run) == [ANSWERED, TIMED_OUT]


@pytest.mark.parametrize(
    ("name", "how"), [("leaves_process", "left with exit status 3"), ("crashes", r"killed by SIGSEGV")]
)
def test_dead_kernel_ends_the_notebook_at_once(house, name, how):
    started = time.monotonic()
    run = house.run(name)
    assert time.monotonic() - started < 15  # far below the cell's 20 s: the death is noticed, not waited for
    assert run.ending is Ending.DIED
    assert how in run.detail
    assert endings(run)[-1] is (MISSING if len(run.cells) > 1 else Ending.DIED)


def test_memory_hungry_cell_fails_and_the_next_goes_on(house):
    run = house.run("import numpy as np\nnp.ones(10 * 2**27)", "'alive'", memory_mib=1024)
    assert endings(run) == [RAISED, ANSWERED]
    assert "MemoryError" in run.cells[0].error.kind


def test_exit_and_sys_exit_end_the_cell_only(house):
    run = house.run("ends_itself_politely")
    assert endings(run) == [RAISED, RAISED, ANSWERED]
    assert run.cells[1].error.message == "enough"


def test_tag_does_not_skip_a_cell(house):
    assert text(outputs(house.run("tagged_to_be_skipped"))[0]) == "ran\n"


def test_input_fails_at_once_and_a_breakpoint_is_passed(house):
    run = house.run("asks_for_input")
    assert endings(run) == [RAISED, RAISED, ANSWERED]
    assert text(outputs(run)[2]).endswith("went on\n")


# --- Bounds of what comes out -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "said"),
    [
        pytest.param("help(len)", "Help on built-in function len", id="help"),
        pytest.param(
            "%autosave 60", "%autosave 60: not run here; nobody is looking while grading", id="autosave"
        ),
        pytest.param("%gui qt", "", id="gui"),
        pytest.param("len?", "", id="pager"),
        pytest.param(
            "import IPython\nIPython.Application.instance().kernel.do_shutdown(True);", "", id="restart"
        ),
        pytest.param("get_ipython().kernel.do_shutdown(True);", "", id="restart-by-the-shell"),
        pytest.param("print('IPKernelApp' in get_ipython().config)", "True", id="tqdm's-question"),
        pytest.param(
            "print(type(get_ipython()))", "<class 'ipykernel.zmqshell.ZMQInteractiveShell'>", id="which-shell"
        ),
        pytest.param(
            "from IPython.core.display import display, HTML; display(HTML('x'))", "", id="IPython-8"
        ),
        pytest.param(
            "from IPython.display import set_matplotlib_formats\nset_matplotlib_formats('retina')",
            "",
            id="IPython-7",
        ),
        pytest.param("get_ipython().magic(u'%matplotlib inline')", "", id="magic-by-call"),
        pytest.param("%%shell\necho hi", "hi", id="Colab's-shell"),
        pytest.param("import lasagne\nprint(lasagne.__version__)", "not installed", id="absent-version"),
        pytest.param(
            "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--lr', default=1)\n"
            "print(parser.parse_args())",
            "Namespace(lr=1)",
            id="no-arguments",
        ),
    ],
)
def test_what_a_front_end_would_answer_does_not_fail_a_cell(house, source, said):
    run = house.run(source, "print('goes on')")
    assert endings(run) == [ANSWERED, ANSWERED]
    first, second = outputs(run)
    shown = [text for output in first if output.get("name") != "stderr" for text in output.get("text", "")]
    assert said in "".join(shown)
    assert text(second) == "goes on\n"


def test_cell_that_awaits_and_then_never_ends_is_stopped_and_the_next_one_runs(house):
    run = house.run(
        "import asyncio\nawait asyncio.sleep(0)\nwhile True: pass", "print('goes on')", cell_s=0.5
    )
    assert endings(run) == [TIMED_OUT, ANSWERED]


def test_50_mib_of_prints_are_cut_and_the_rest_goes_on(house):
    run = house.run("prints_50_mib", output_mib=1.0)
    assert endings(run) == [ANSWERED] * 3
    assert len(run.executed) < 1.2 * MIB
    assert "cut: too large" in text(outputs(run)[0])


def test_outputs_are_bounded_in_number(house):
    run = house.run("shows_2000_displays")
    shown = outputs(run)[0]
    assert len(shown) == 1001
    assert "left out" in shown[-1]["text"]
    assert endings(run) == [ANSWERED, ANSWERED]


def test_many_figures_are_cut_at_the_limit(house):
    figure = "fig, ax = plt.subplots(); ax.imshow(np.random.rand(100, 100)); plt.show()"
    source = f"import numpy as np, matplotlib.pyplot as plt\nfor _ in range(6):\n    {figure}"
    run = house.run(source, output_mib=0.1)
    shown = outputs(run)[0]
    assert any("image/png" in output.get("data", {}) for output in shown)
    assert "left out" in shown[-1]["text"]
    assert len(run.executed) < 0.2 * MIB


def test_kernel_that_floods_past_its_own_bounds_is_killed(house):
    run = house.run("floods_past_its_bounds", output_mib=0.5)
    assert (run.ending, endings(run)) == (Ending.OVERSIZE, [Ending.OVERSIZE, MISSING])
    assert len(run.executed) < 1 * MIB


def test_kernel_that_sends_garbage_is_killed(house):
    run = house.run("sends_garbage")
    assert (run.ending, endings(run)) == (Ending.MALFORMED, [Ending.MALFORMED, MISSING])


def test_too_large_a_message_costs_nothing_but_itself(house):
    run = house.run("sends_one_huge_message")
    assert endings(run) == [ANSWERED, RAISED]
    assert text(outputs(run)[0]) == "not lost\n"
    assert run.cells[1].error.message == "still told"
    assert run.detail == "messages that were too large to be taken are lost"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        pytest.param("import os; _ = os.write(1, b'below')", "below", id="descriptor"),
        pytest.param(
            "import subprocess; subprocess.run(['echo', 'out']); print('after')", "out\nafter\n", id="program"
        ),
        pytest.param(
            "import subprocess, sys\nsubprocess.run([sys.executable, '-c', \"print('y' * 200_000)\"])\nNone",
            "y" * 200_000 + "\n",
            id="more-than-a-pipe-holds",
        ),
        pytest.param(
            "import os\nprint('parent')\nif os.fork() == 0:\n    print('child', flush=True)\n    os._exit(0)\nos.wait()\nNone",
            "parent\nchild\n",
            id="fork",
        ),
        pytest.param(
            "import sys, threading\nsay = sys.stdout.write\n"
            "workers = [threading.Thread(target=say, args=(f'{n}\\n',)) for n in range(50)]\n"
            "for worker in workers: worker.start()\nfor worker in workers: worker.join()",
            "".join(f"{n}\n" for n in range(50)),
            id="threads",
        ),
        pytest.param("import sys; sys.stdout.close(); print('closed')", "closed\n", id="closed"),
        pytest.param(
            "import sys; sys.__stdout__.write('Python\\'s own\\n');", "Python's own\n", id="Python's"
        ),
        pytest.param(
            "import io, sys\nprint('one')\nprint('two')\nold, sys.stdout = sys.stdout, io.StringIO()\nprint('kept')",
            "one\ntwo\n",
            id="put-away",
        ),
    ],
)
def test_what_is_written_by_whatever_way_is_shown(house, source, shown):
    run = house.run(source, "'next'")
    assert endings(run) == [ANSWERED, ANSWERED]
    assert sorted(text(outputs(run)[0]).splitlines()) == sorted(shown.splitlines())


def test_forks_that_speak_all_at_once_leave_messages_whole(house):
    """A figure takes many packets; those of the forks come in between."""
    source = (
        "import os\nfor child in range(6):\n    if os.fork() == 0:\n"
        "        for n in range(40): print(child, 'x' * 5000, flush=True)\n        os._exit(0)\n"
        "for n in range(5): display({'text/plain': 'p' * 300_000}, raw=True)\n"
        "for child in range(6): os.wait()"
    )
    run = house.run(source, "'next'", output_mib=8)
    assert endings(run) == [ANSWERED, ANSWERED]
    shown = text(outputs(run)[0])
    assert [shown.count(f"{child} x") for child in range(6)] == [40] * 6
    assert shown.count("p" * 300_000) == 5


def test_threads_that_print_all_at_once_lose_nothing(house):
    """Enough to be sent while others still print."""
    source = (
        "import sys, threading\nsys.setswitchinterval(1e-6)\nsay = sys.stdout.write\n"
        "def talk(n):\n    for k in range(200): say(f'{n}:{k} {\"x\" * 400}\\n')\n"
        "workers = [threading.Thread(target=talk, args=(n,)) for n in range(8)]\n"
        "for worker in workers: worker.start()\nfor worker in workers: worker.join()"
    )
    lines = text(outputs(house.run(source, output_mib=8))[0]).splitlines()
    assert sorted(line.split()[0] for line in lines) == sorted(
        f"{n}:{k}" for n in range(8) for k in range(200)
    )


def test_error_before_a_cell_runs_that_says_it_is_false_is_an_error(house):
    source = (
        "class Empty(Exception):\n    def __len__(self): return 0\n"
        "def refuse(lines):\n    get_ipython().input_transformers_post.clear()\n    raise Empty('nothing in it')\n"
        "get_ipython().input_transformers_post.append(refuse)"
    )
    run = house.run(source, "print('never')", "print('goes on')")
    assert endings(run) == [ANSWERED, RAISED, ANSWERED]
    assert (run.cells[1].error.kind, run.cells[1].error.message) == ("Empty", "nothing in it")


def test_output_put_into_something_that_equals_anything_costs_nothing(house):
    taken = "import io, sys\nclass Taken(io.StringIO):\n    def __eq__(self, other): 1 / 0"
    run = house.run(
        taken, "old, sys.stdout = sys.stdout, Taken()\nprint('x')", "sys.stdout = old\nprint('back')"
    )
    assert endings(run) == [ANSWERED, ANSWERED, ANSWERED]
    assert text(outputs(run)[2]) == "back\n"


def test_output_put_into_a_file_that_is_closed_again_costs_only_what_prints(house):
    closes = "import sys\nold = sys.stdout\nsys.stdout = open('log.txt', 'w')\nprint('x')\nsys.stdout.close()"
    run = house.run(closes, "defined = 3", "print(defined)", "sys.stdout = old\nprint(defined)")
    assert endings(run) == [ANSWERED, ANSWERED, RAISED, ANSWERED]
    assert run.cells[2].error.message == "I/O operation on closed file."
    assert text(outputs(run)[3]) == "3\n"


def test_cell_that_awaits_for_ever_is_stopped_and_the_next_one_runs(house):
    run = house.run("import asyncio\nawait asyncio.sleep(1000)", "'next'", cell_s=1.0)
    assert endings(run) == [TIMED_OUT, ANSWERED]
    assert text(outputs(run)[1]) == "'next'"


def test_kernel_that_cuts_its_line_ends_the_notebook_at_once(house):
    run = house.run("import os; os.closerange(3, 1000)", "1", cell_s=600)
    assert (run.ending, endings(run)) == (Ending.DIED, [Ending.DIED, MISSING])


def test_kernel_that_hangs_up_and_goes_on_ends_the_notebook_at_once(house):
    hang_up = "import os, time; os.close(get_ipython().outlet.line.fileno()); time.sleep(500)"
    run = house.run(hang_up, "1", cell_s=600)
    assert (run.ending, endings(run)) == (Ending.MALFORMED, [Ending.MALFORMED, MISSING])
    assert "takes no requests any more" in run.detail


@pytest.mark.parametrize(
    ("source", "ending", "shown"),
    [
        pytest.param(
            "class A:\n    def __repr__(self): raise KeyError('r')\nA()", RAISED, "", id="repr-raises"
        ),
        pytest.param(
            "class B(Exception):\n    def __str__(self): raise KeyError\nraise B", RAISED, "", id="str-raises"
        ),
        pytest.param("'y' * 2**24", ANSWERED, "(left out: this output is too large)", id="huge-repr"),
        pytest.param("raise ValueError('z' * 2**24)", RAISED, "", id="huge-message"),
        pytest.param("print('\\ud800')", ANSWERED, "?\n", id="lone-surrogate"),
        pytest.param("display({'application/javascript': 'x'}, raw=True)", ANSWERED, "", id="javascript"),
    ],
)
def test_odd_output_costs_nothing_but_itself(house, source, ending, shown):
    run = house.run(source, "'next'")
    assert endings(run) == [ending, ANSWERED]
    assert text(outputs(run)[0]) == shown
    assert text(outputs(run)[1]) == "'next'"


def test_cleared_progress_lines_do_not_use_up_the_output(house):
    loop = "for step in range(50):\n    clear_output(wait=True)\n    print('s' * 4000, step)"
    source = f"from IPython.display import clear_output\n{loop}"
    run = house.run(source, output_mib=0.01)
    assert text(outputs(run)[0]).endswith(" 49\n")


# --- What Colab and older notebooks leave behind ------------------------------------------------------------------------------


def test_colab_cells_do_not_break_the_run(house):
    run = house.run("colab")
    expected = [ANSWERED] * 10
    expected[1] = RAISED  # the assert on the folder is the student's to fill in
    assert endings(run) == expected
    assert text(outputs(run)[-1]) == "in /work\n"
    assert "No such file" in text(outputs(run)[2])
    assert "not run here" in text(outputs(run)[3])


def test_figures_show_with_and_without_the_magic(house):
    draw = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.title('t')"
    run = house.run(draw, "%matplotlib notebook\n" + draw, "%matplotlib inline\n" + draw + "\nplt.show()")
    for cell in outputs(run):
        (picture,) = [output["data"]["image/png"] for output in cell if "image/png" in output.get("data", {})]
        assert base64.b64decode(picture).startswith(b"\x89PNG")


def test_formulas_are_drawn_with_the_parser_that_is_there(house):
    """Tick labels of a logarithmic axis are formulas; building their parser took a notebook's first such figure 0.02 s."""
    there = "from matplotlib.mathtext import MathTextParser\nprint(MathTextParser._parser is not None)"
    draw = "import matplotlib.pyplot as plt\nplt.semilogx([1, 1000], [1, 2]); plt.title('$a_0^{10}$'); plt.show()"
    run = house.run(there, draw)
    assert endings(run) == [ANSWERED, ANSWERED]
    assert text(outputs(run)[0]) == "True\n"
    assert base64.b64decode(outputs(run)[1][0]["data"]["image/png"]).startswith(b"\x89PNG")


def test_autoreload_sees_what_a_cell_writes(house):
    """Also into a file that bears the name of a module which the kernel has already."""
    write = "import os\nfor name in ('mine', 'timeit'):\n    open(name + '.py', 'w').write('def f(): return {0}\\n')\n"
    write += "    os.utime(name + '.py', (2_000_000_000 + {0}, 2_000_000_000 + {0}))"
    use = "import sys; sys.modules.pop('timeit', None); from mine import f; from timeit import f as g"
    run = house.run(
        "%load_ext autoreload\n%autoreload 2", write.format(1), use, write.format(2), "print(f(), g())"
    )
    assert endings(run) == [ANSWERED] * 5
    assert text(outputs(run)[-1]) == "2 2\n"


def test_kernel_imports_nothing_and_starts_no_thread_for_what_cells_commonly_do(house):
    before = "import sys, threading\nknown, threads = set(sys.modules), threading.active_count()"
    common = [
        '%matplotlib inline\n%config InlineBackend.figure_format = "png"',
        "1 / 0",
        "raise NotImplementedError",
        "this is no Python",
        "import numpy as np, matplotlib.pyplot as plt\nplt.imshow(np.random.rand(300, 300)); plt.show()",
    ]
    after = "print(sorted(set(sys.modules) - known), threading.active_count() - threads)"
    kept = "print(get_ipython().history_manager.exceptions[3])"
    run = house.run(before, *common, after, kept)
    assert (
        len(outputs(run)[5][0]["data"]["image/png"]) > 2**16
    )  # which would be sent without a copy, by a thread
    assert text(outputs(run)[6]) == "[] 0\n"
    assert text(outputs(run)[7]) == (
        "{'ename': 'ZeroDivisionError', 'evalue': 'division by zero', 'traceback': ['ZeroDivisionError: division by zero']}\n"
    )


def test_outputs_come_in_the_order_in_which_they_were_made(house):
    """Also where nothing was printed before one, and where the last is printed by a thread that ends with the cell."""
    run = house.run(
        "from IPython.display import display\ndisplay(1)\nprint('two')\ndisplay(3)\nprint('four')",
        "import threading\nthread = threading.Thread(target=print, args=('five',))\nthread.start(); thread.join()",
        "print('six')",
    )
    kinds = [[output["output_type"] for output in cell] for cell in outputs(run)]
    assert kinds == [["display_data", "stream", "display_data", "stream"], ["stream"], ["stream"]]
    assert [text(cell) for cell in outputs(run)] == ["1two\n3four\n", "five\n", "six\n"]


def test_warning_does_not_overtake_what_was_printed_before_it(house):
    run = house.run("import sys\nprint('one')\nprint('two')\nprint('three', file=sys.stderr)")
    assert [(output["name"], output["text"]) for output in outputs(run)[0]] == [
        ("stdout", "one\ntwo\n"),
        ("stderr", "three\n"),
    ]


def test_display_of_an_earlier_cell_may_be_updated(house):
    run = house.run("shown = display('old', display_id=True)", "shown.update('new')")
    assert [text(cell) for cell in outputs(run)] == ["'new'", ""]


def test_error_says_what_it_came_of(house):
    run = house.run(
        "def f():\n    return {}['a']\ntry:\n    f()\nexcept KeyError as e:\n    raise ValueError('b') from e"
    )
    assert run.cells[0].error.message == "b\n(it came of KeyError: 'a', notebook cell 1, line 2)"


def test_error_that_hides_what_it_came_of_does_not_say_it(house):
    run = house.run("try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise ValueError('b') from None")
    assert run.cells[0].error.message == "b"


def test_python_at_the_shell_is_the_notebook_s_with_its_packages(house):
    run = house.run(
        "import sys, numpy\nprint(sys.version_info[:3], numpy.__version__)",
        "%%writefile own.py\nimport sys, numpy, matplotlib\nprint(sys.version_info[:3], numpy.__version__)",
        "!python own.py",
        "!python3 own.py",
        "import subprocess; print(subprocess.run([sys.executable, 'own.py'], capture_output=True, text=True).stdout)",
    )
    shown = [text(cell).strip() for cell in outputs(run)]
    assert shown[2:] == [shown[0]] * 3


def test_cells_may_await(house):
    run = house.run(
        "import asyncio\nawait asyncio.sleep(0)\nprint('slept')",
        "async def f():\n    return 2\n\nawaited = 'await'\nawait f()",
        "async for x in f(): pass",
        "%time await f()",
    )
    assert endings(run) == [ANSWERED, ANSWERED, RAISED, RAISED]
    assert [text(cell) for cell in outputs(run)][:2] == ["slept\n", "2"]
    assert run.cells[2].error.kind == "TypeError"


def test_absent_packages_cost_only_what_uses_them(house):
    run = house.run("needs_absent_packages")
    assert endings(run) == [ANSWERED, ANSWERED, RAISED, RAISED, ANSWERED]
    assert [text(cell) for cell in outputs(run)][1] == "guarded\n"
    assert run.cells[2].error.kind == "ModuleNotFoundError"
    assert run.cells[3].error.kind == "LackingError"
    assert text(outputs(run)[4]) == "True 6\n"


def test_shell_commands_run_bounded_and_expand_variables(house):
    run = house.run(
        "who = 'you'\n!echo hello $who",
        "lines = !printf 'a\\nb'\nlines",
        "!yes | head -c 1000000",
        "!sleep 60",
        cell_s=1.0,
    )
    assert endings(run) == [ANSWERED, ANSWERED, ANSWERED, TIMED_OUT]
    shown = [text(cell) for cell in outputs(run)]
    assert shown[:2] == ["hello you\n", "['a', 'b']"]
    assert len(shown[2]) < 70_000


@pytest.mark.parametrize("name", ["format_3", "foreign_kernel_no_ids", "duplicate_ids", "forged_outputs"])
def test_old_and_odd_notebooks_run_in_our_kernel(house, name):
    run = house.run(name)
    assert set(endings(run)) == {ANSWERED}
    assert b"forged" not in run.executed
    assert b"1e-12" not in run.executed


def test_unreadable_notebook_is_the_submissions_error(house):
    with pytest.raises(SubmissionError, match=r"work\.ipynb: not JSON at line 2"):
        house.run("not_json")


# --- Probes of the namespace --------------------------------------------------------------------------------------------------


def probe_once(answers):
    async def probing(channel):
        session = ProbeSession(channel, evidence_bytes=MIB)
        await session.load({"checks": CHECKS})
        answers.append(await session.check(Planned(id="total_is_read", seed=1, time_s=5.0)))

    return probing


@pytest.mark.parametrize("unsafe", [False, True], ids=["room", "without-sandbox"])
def test_namespace_is_probed_after_the_last_cell(house, unsafe):
    answers = []

    async def both():
        if not unsafe:
            return await house.arun(*cells, probing=probe_once(answers))
        async with Sandbox(unsafe=True) as sandbox:
            return await house.arun(*cells, sandbox=sandbox, probing=probe_once(answers))

    cells = [
        "import numpy as np\ntotal = np.arange(3.0)",
        "raise ValueError",
        "def double(n):\n    return 2 * n",
    ]
    run = house.runner.run(both())
    assert run.probed
    values = {value.name: value.array.tolist() for value in answers[0].values}
    assert values == {"total": [0.0, 1.0, 2.0], "doubled": 8}


def test_dead_kernel_is_not_probed(house):
    answers = []
    run = house.run("leaves_process", probing=probe_once(answers))
    assert (run.probed, answers) == (False, [])


def test_kernel_that_dies_while_it_is_probed_is_noticed(house):
    async def never(channel):
        await asyncio.sleep(60)

    run = house.run("import threading, os\nthreading.Timer(0.3, os._exit, [0]).start()", probing=never)
    assert not run.probed


# --- Our own failures -----------------------------------------------------------------------------------------------------------


def test_failing_sandbox_is_not_blamed_on_the_student(house):
    class BrokenRoom:
        spec = RoomSpec()
        work = "/work"

        @staticmethod
        def path(inner):
            return Path(inner)

        @staticmethod
        async def fork(*args):
            raise SandboxError("no fork today")

    run = house.runner.run(run_notebook(BrokenRoom(), made("1", "2"), path="a.ipynb", limits=Limits()))
    assert (run.ending, endings(run), run.detail) == (Ending.NOT_RUN, [Ending.NOT_RUN] * 2, "no fork today")


def test_a_turn_is_for_the_cells_and_the_kernel_stands_before_and_after_it(house):
    processes, waits_s = [], 3.0

    async def with_turn():
        async with house.sandbox.room(RoomSpec()) as room:

            def standing():
                return sum(path.name.isdigit() for path in room.path("/proc").iterdir())

            @contextlib.asynccontextmanager
            async def turn():
                await asyncio.sleep(waits_s)
                processes.append(standing())
                yield
                processes.append(standing())

            alone, started = standing(), time.monotonic()
            run = await run_notebook(
                room, made("x = 1"), path="a.ipynb", limits=Limits(notebook_s=2.5), turn=turn()
            )
            beside_s = room.usage().cpu_s - run.cpu_s
            return run, alone, time.monotonic() - started - run.wall_s, standing(), beside_s

    run, alone, not_counted_s, left, beside_s = house.runner.run(with_turn())
    assert endings(run) == [Ending.ANSWERED], "its time begins with its turn"
    assert processes == [alone + 1] * 2
    assert left == alone
    assert not_counted_s >= waits_s
    assert run.cpu_s > 0
    assert beside_s > 0.001, "the kernel's own start is not the cells'"


def test_cancelling_a_run_is_no_death(house):
    async def cancelled():
        task = asyncio.ensure_future(house.arun("import time; time.sleep(30)"))
        await asyncio.sleep(1.0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        house.runner.run(cancelled())


def test_several_notebooks_run_at_once_without_mixing(house):
    async def all_at_once():
        return await asyncio.gather(*(house.arun(f"x = {n}", "print('value', x)") for n in range(4)))

    runs = house.runner.run(all_at_once())
    assert [text(outputs(run)[1]) for run in runs] == [f"value {n}\n" for n in range(4)]


def test_executed_notebook_is_the_same_twice_even_if_it_seeds_nothing(house):
    draw = "import random, numpy as np\nprint(np.random.randn(3), random.random(), {'a', 'b', 'c'})"

    async def under_another_warm_parent():
        async with Sandbox() as sandbox:
            return await house.arun(draw, sandbox=sandbox)

    assert house.run(draw).executed == house.runner.run(under_another_warm_parent()).executed


def test_cell_that_needs_an_absent_framework_still_defines_what_does_not(house):
    answers = {}

    async def ask(channel):
        session = ProbeSession(channel, evidence_bytes=MIB)
        await session.load({"checks": CHECKS})
        answers["total"] = await session.check(Planned(id="total_is_read", seed=1, time_s=5.0))

    first = "import lasagne as tf\ntotal = tf.zeros(3)\ndef double(x): return 2 * x"
    run = house.run(first, "print(double(4))", probing=ask)
    assert endings(run) == [RAISED, ANSWERED]
    assert run.cells[0].error.kind == "LackingError"
    assert text(outputs(run)[1]) == "8\n"
    assert (answers["total"].ending, answers["total"].error.kind) == (Ending.NEEDS_PERSON, "LackingError")
