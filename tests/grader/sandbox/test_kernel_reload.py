"""`%autoreload` as a notebook sees it, with our reloader and with IPython's: the same but for modules that were there before.

In processes of their own: both change what a process has imported.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
BEGIN = """
import json, os, sys
from pathlib import Path
sys.dont_write_bytecode = True
sys.path.insert(0, "")
from IPython.core.interactiveshell import InteractiveShell
Path("there.py").write_text("X = 'there'\\n")
import there
clock = 2_000_000_000  # later than any file that was there

def write(name, text):
    global clock
    clock += 10
    Path(name).write_text(text)
    os.utime(name, (clock, clock))

def cell(text):
    shell.run_cell(text, store_history=False)
"""
OURS = "from grader.sandbox.kernel_reload import leave_alone_what_is_loaded\nleave_alone_what_is_loaded()\n"
FORK = """
for number, scenario in enumerate(json.loads(sys.argv[1])):
    if os.fork() == 0:
        os.mkdir(str(number))
        os.chdir(str(number))
        said = os.open("said", os.O_CREAT | os.O_WRONLY)
        os.dup2(said, 1), os.dup2(said, 2)
        shell = InteractiveShell.instance(colors="nocolor")
        exec(scenario, globals())
        sys.stdout.flush(), sys.stderr.flush()
        os._exit(0)
    os.wait()
"""

SCENARIOS = {
    "changed function and class": """
write("mod.py", "def f(): return 1\\nclass A:\\n  def g(self): return 'old'\\n")
cell("%load_ext autoreload\\n%autoreload 2\\nfrom mod import f, A; a = A()")
write("mod.py", "def f(): return 2\\nclass A:\\n  def g(self): return 'new'\\n")
cell("print(f(), a.g())")
cell("print(f(), a.g())")
""",
    "loaded after the import": """
write("mod.py", "def f(): return 1\\n")
cell("from mod import f")
cell("%load_ext autoreload\\n%autoreload 2")
write("mod.py", "X = [1]\\ndef f(): return X\\n")
cell("print(f())")
""",
    "names of no module before": """
cell("%load_ext autoreload\\n%autoreload 2")
write("mod.py", "import json\\nX = len(json.dumps(1))\\n")
cell("import mod; print(mod.X)")
write("mod.py", "import json\\nX = len(json.dumps(1)) + 41\\n")
cell("print(mod.X)")
""",
    "new names in mode 3": """
write("mod.py", "def f(): return 1\\n")
cell("%load_ext autoreload\\n%autoreload 3\\nfrom mod import *")
write("mod.py", "def f(): return 2\\ndef h(): return 'h'\\n")
cell("print(f(), 'h' in globals() and h())")
""",
    "mode 1 reloads what is named": """
write("one.py", "X = 1\\n"); write("two.py", "X = 1\\n")
cell("%load_ext autoreload\\n%autoreload 1\\n%aimport one\\nimport two")
write("one.py", "X = 2\\n"); write("two.py", "X = 2\\n")
cell("print(one.X, two.X)")
cell("%aimport")
cell("%autoreload now")
cell("print(one.X, two.X)")
""",
    "mode 0, then now": """
write("mod.py", "X = 1\\n")
cell("%load_ext autoreload\\n%autoreload 2\\nimport mod")
cell("%autoreload 0")
write("mod.py", "X = 2\\n")
cell("print(mod.X)")
cell("%autoreload")
cell("print(mod.X)")
""",
    "a module that is left out": """
write("mod.py", "X = 1\\n")
cell("%load_ext autoreload\\n%autoreload 2\\nimport mod")
cell("%aimport -mod\\n%aimport")
write("mod.py", "X = 2\\n")
cell("print(mod.X)")
""",
    "an error, once, and mended": """
write("mod.py", "X = 1\\n")
cell("%load_ext autoreload\\n%autoreload 2 -p\\nimport mod")
write("mod.py", "X = (\\n")
cell("print(mod.X)")
cell("print(mod.X)")
write("mod.py", "X = 3\\n")
cell("print(mod.X)")
""",
    "the name of a module that was there": """
del sys.modules["there"]
write("there.py", "def f(): return 'student'\\n")
cell("%load_ext autoreload\\n%autoreload 2\\nimport there; from there import f; print(f())")
write("there.py", "def f(): return 'student, changed'\\n")
cell("print(f(), there.f())")
""",
    "the source of one that was there, unchanged": """
cell("%load_ext autoreload\\n%autoreload 2\\nimport there; print(there.X)")
cell("print(there.X)")
cell("%aimport there\\n%autoreload 1")
cell("print(there.X)")
""",
}
CHANGED_THERE = """
cell("%load_ext autoreload\\n%autoreload 2\\nimport there")
write("../there.py", "X = 'changed'\\n")
cell("print(there.X)")
reloader = shell.magics_manager.registry["AutoreloadMagics"]._reloader
print("there" in reloader.modules_mtimes, [reloader.deduper_reloader.source_by_modname["there"]])
"""


def played(folder: Path, *, ours: bool) -> dict[str, str]:
    """What each scenario says, in a fork of its own of one process."""
    scenarios = {**SCENARIOS, "changed there": CHANGED_THERE}  # which changes what the others find: the last
    code = BEGIN + (OURS if ours else "") + FORK
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "IPYTHONDIR": str(folder / "ipython")}
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(list(scenarios.values()))],
        capture_output=True,
        text=True,
        env=environment,
        cwd=folder,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return {
        name: (folder / str(number) / "said").read_text().replace(str(folder), "")
        for number, name in enumerate(scenarios)
    }


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return played(tmp_path_factory.mktemp("theirs"), ours=False)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return played(tmp_path_factory.mktemp("ours"), ours=True)


def test_reloader_does_what_ipythons_does(ours: dict[str, str], theirs: dict[str, str]) -> None:
    for name in SCENARIOS:
        assert (name, ours[name]) == (name, theirs[name])
    assert theirs["changed function and class"] == "2 new\n2 new\n"
    assert "[autoreload of mod failed" in theirs["an error, once, and mended"]
    assert theirs["the name of a module that was there"].endswith("student, changed student, changed\n")


def test_reloader_looks_at_no_module_that_was_there_before(
    ours: dict[str, str], theirs: dict[str, str]
) -> None:
    """In a room their files cannot change; a file that does, as here, shows that it is not looked at, nor were sources read."""
    assert theirs["changed there"] == """changed\nTrue ["X = 'changed'\\n"]\n"""
    assert ours["changed there"] == "there\nFalse ['']\n"
