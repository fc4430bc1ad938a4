"""Which of several files is the module: written before blank, together before apart, near before far."""

from __future__ import annotations

import json

import pytest

from grader.assignment import ModuleFile
from grader.intake import pysource
from grader.intake.caps import DEFAULT_CAPS
from grader.intake.modules import choose_modules, group_of, in_form, inner_path, is_package
from grader.intake.tree import Entry

WANTED = [
    ModuleFile(path="net231/layers.py", defines=["norm_forward", "norm_backward"]),
    ModuleFile(path="net231/classifiers/fc_net.py", defines=["Net"]),
]


class Memory:
    """A hand-in in memory; counts what is read."""

    def __init__(self, files):
        self.files, self.reads = files, []
        self.entries = [Entry(path, len(data), 0.0, None, path) for path, data in sorted(files.items())]

    def read(self, entry):
        self.reads.append(entry.path)
        return self.files[entry.path]

    def choose(self, near=""):
        return choose_modules(
            "net231", WANTED, self.entries, distance=lambda home: home != near, read=self.read
        )


def chosen(choice):
    return {path: entry.path for path, entry in choice.modules.items()}


def test_choose_modules_parses_nothing_where_there_is_one_candidate_each(kit):
    memory = Memory({"a/net231/layers.py": kit.layers, "a/net231/classifiers/fc_net.py": kit.fc_net})
    assert memory.choose().home == "a/net231"
    assert memory.reads == []


def test_choose_modules_prefers_the_written_to_the_blank_whatever_its_name(kit):
    memory = Memory({"net231/layers.py": kit.blank_layers, "backup/deep/layers.py": kit.layers})
    choice = memory.choose()
    assert (choice.home, [entry.path for entry in choice.passed_over["net231/layers.py"]]) == (
        "backup/deep",
        ["net231/layers.py"],
    )


def test_choose_modules_takes_modules_from_one_folder_even_if_another_has_one_more(kit):
    memory = Memory(
        {
            "new/net231/layers.py": kit.layers,
            "new/net231/classifiers/fc_net.py": kit.fc_net,
            "old/net231/layers.py": kit.layers + b"\n\ndef extra():\n    return 1\n",
        }
    )
    assert chosen(memory.choose(near="old/net231"))["net231/layers.py"] == "new/net231/layers.py"


def test_choose_modules_takes_the_nearest_of_equals_then_the_shortest_path(kit):
    memory = Memory(
        {
            "x/net231/layers.py": kit.layers,
            "y/net231/layers.py": kit.layers,
            "z/deep/net231/layers.py": kit.layers,
        }
    )
    assert memory.choose(near="z/deep/net231").home == "z/deep/net231"
    assert memory.choose().home == "x/net231"


def test_choose_modules_names_modules_taken_from_outside(kit):
    memory = Memory({"net231/layers.py": kit.layers, "elsewhere/fc_net.py": kit.fc_net})
    choice = memory.choose()
    assert (choice.home, choice.strays) == ("net231", ("net231/classifiers/fc_net.py",))


@pytest.mark.parametrize(
    ("files", "taken"),
    [
        pytest.param({"layers (1).py": "layers"}, "layers (1).py", id="alone"),
        pytest.param({"layers (1).py": "layers", "layers.py": "layers"}, "layers.py", id="as-good"),
        pytest.param({"layers (1).py": "layers", "layers.py": "blank_layers"}, "layers (1).py", id="written"),
        pytest.param({"layers (1).py": "blank_layers", "layers.py": "blank_layers"}, "layers.py", id="blank"),
    ],
)
def test_choose_modules_takes_a_copy_only_where_it_has_more(kit, files, taken):
    memory = Memory({f"net231/{name}": getattr(kit, content) for name, content in files.items()})
    choice = memory.choose()
    assert (choice.home, chosen(choice)["net231/layers.py"]) == ("net231", f"net231/{taken}")
    passed = [entry.name for entry in choice.passed_over.get("net231/layers.py", ())]
    assert sorted([*passed, taken]) == sorted(files)


def test_choose_modules_takes_a_script_of_any_name_that_defines_everything(kit):
    files = {
        "hw/main.py": b"import layers",
        "hw/my_norm.py": kit.layers,
        "hw/unwritten.py": kit.blank_layers,
        "hw/half.py": b"def norm_forward(x):\n    return 2 * x\n",
    }
    assert chosen(Memory(files).choose()) == {"net231/layers.py": "hw/my_norm.py"}
    assert (
        chosen(Memory({**files, "layers.py": kit.blank_layers}).choose())["net231/layers.py"] == "layers.py"
    )


def cells(*sources):
    made = [{"cell_type": "code", "source": source} for source in sources]
    return json.dumps({"cells": made}).encode()


class Bytes:
    def __init__(self, data):
        self.data = data

    def read(self, _key, _limit_bytes):
        return self.data


def of_notebook(kit, files, source):
    """What is chosen where a notebook with one code cell lies beside the files."""
    memory = Memory({**files, "work.ipynb": b""})
    data = cells("import numpy as np", source)
    memory.files["work.ipynb"] = data
    memory.entries = [
        Entry(entry.path, len(data), 0.0, Bytes(data), None) if entry.path == "work.ipynb" else entry
        for entry in memory.entries
    ]
    read = memory.read
    memory.read = lambda entry: entry.read(10**6) if entry.path.startswith("work") else read(entry)
    return chosen(memory.choose())


def test_choose_modules_takes_what_a_notebooks_cells_define_where_no_file_has_it(kit):
    both = kit.layers.decode() + kit.fc_net.decode()
    assert of_notebook(kit, {}, both) == {
        "net231/layers.py": "work.ipynb.py",
        "net231/classifiers/fc_net.py": "work.ipynb.py",
    }
    blank = {"net231/layers.py": kit.blank_layers}
    assert of_notebook(kit, blank, kit.layers.decode())["net231/layers.py"] == "work.ipynb.py"


def test_choose_modules_takes_cells_for_a_file_that_stayed_blank_beside_others(kit):
    released = {"net231/layers.py": kit.blank_layers, "net231/classifiers/fc_net.py": kit.fc_net}
    assert of_notebook(kit, released, kit.layers.decode()) == {
        "net231/layers.py": "work.ipynb.py",
        "net231/classifiers/fc_net.py": "net231/classifiers/fc_net.py",
    }


def test_choose_modules_leaves_a_notebooks_cells_where_a_file_has_it_or_they_have_only_half(kit):
    whole = {"net231/layers.py": kit.layers}
    assert of_notebook(kit, whole, kit.layers.decode()) == {"net231/layers.py": "net231/layers.py"}
    half = "def norm_forward(x):\n    return x - 1\n"
    assert of_notebook(kit, {}, half) == {}
    assert of_notebook(kit, {}, kit.blank_layers.decode()) == {}


def test_choose_modules_finds_nothing_in_nothing():
    choice = Memory({"x.py": b""}).choose()
    assert (choice.home, choice.modules) == (None, {})


def test_choose_modules_looks_through_each_file_once():
    scripts = {f"part{number}.py": b"def norm_forward(x):\n    return x + 1\n" for number in range(9)}
    memory = Memory(scripts)
    assert chosen(memory.choose()) == {}
    assert memory.reads == sorted(scripts)


def test_choose_modules_reads_by_lines_what_would_take_its_parser_too_long(monkeypatch, kit):
    parsed = []
    monkeypatch.setattr(pysource, "parsed", lambda text: parsed.append(len(text)))
    slow = b"x = [" + b"0," * 240_000 + b"]\n"
    files = {f"{number:02d}/layers.py": kit.blank_layers + slow for number in range(30)}
    memory = Memory({**files, "end/layers.py": kit.layers + slow})
    assert chosen(memory.choose())["net231/layers.py"] == "end/layers.py"
    assert 0 < sum(parsed) <= DEFAULT_CAPS.parsed_bytes


def test_choose_modules_looks_into_a_bounded_number_of_files(kit):
    memory = Memory({f"{index:03}/layers.py": kit.layers for index in range(200)})
    memory.choose()
    assert len(set(memory.reads)) == 50


@pytest.mark.parametrize(("path", "group", "inner"), [("a/b/c.py", "a", "b/c.py"), ("c.py", "", "c.py")])
def test_group_of_and_inner_path_split_at_the_package(path, group, inner):
    assert (group_of(path), inner_path(path)) == (group, inner)


LOOSE = [
    ModuleFile(
        path="net.py",
        defines=["Net", "relu"],
        instead=[["forward_pass", "evaluate"], ["backward_pass"], ["batch_norm_back_pass"]],
    )
]
TWO = b"def ForwardPass(x): return x\nclass A:\n    def backward_pass(self): pass\n"
OWN = b"class Net:\n    x = 1 + 1\ndef relu(x): return x * 1\n"
CELL = b'{"cells": [{"cell_type": "code", "source": "def evaluate(x): pass\\ndef backward_pass(): pass"}]}'
THREE = TWO + b"def BatchNormBackPass(g): return g\n"


@pytest.mark.parametrize(
    ("files", "taken"),
    [
        pytest.param({"a1.py": TWO, "a3.py": THREE}, "a3.py", id="the-most-of-it"),
        pytest.param({"a1.py": b"def evaluate(x): return x\n"}, None, id="too-little-of-it"),
        pytest.param({"a1.py": THREE, "z/own.py": OWN}, "z/own.py", id="what-is-asked-first"),
        pytest.param({"n.ipynb": CELL}, "n.ipynb.py", id="notebook"),
    ],
)  # fmt: skip
def test_choose_modules_takes_another_form_where_the_assignment_lets_it(files, taken):
    class Source:
        def read(self, key, limit_bytes):
            assert len(files[key]) <= limit_bytes
            return files[key]

    entries = [Entry(path, len(data), 0.0, Source(), path) for path, data in sorted(files.items())]
    choice = choose_modules("", LOOSE, entries, distance=lambda _: 0, read=lambda entry: entry.read(10_000))
    assert chosen(choice).get("net.py") == taken


PARTS = {
    "net231/layers/__init__.py": b"from .norm import *\n",
    "net231/classifiers/fc_net/__init__.py": b"from .network import Net\n",
}


def test_choose_modules_takes_a_package_for_the_file_of_its_name(kit):
    memory = Memory(
        {**PARTS, "net231/layers/norm.py": kit.layers, "net231/classifiers/fc_net/network.py": kit.fc_net}
    )
    choice = memory.choose()
    assert (choice.home, choice.strays) == ("net231", ())
    assert chosen(choice) == {
        "net231/layers.py": "net231/layers/__init__.py",
        "net231/classifiers/fc_net.py": "net231/classifiers/fc_net/__init__.py",
    }
    for path, entry in choice.modules.items():
        assert is_package(entry, path)
        assert in_form(entry, path) == path.removesuffix(".py") + "/__init__.py"


def test_choose_modules_judges_a_package_by_all_of_its_files(kit):
    memory = Memory({**PARTS, "net231/layers/norm.py": kit.blank_layers, "old/layers.py": kit.layers})
    assert chosen(memory.choose())["net231/layers.py"] == "old/layers.py"
    memory = Memory({**PARTS, "net231/layers/norm.py": kit.layers, "old/layers.py": kit.blank_layers})
    assert chosen(memory.choose())["net231/layers.py"] == "net231/layers/__init__.py"


def test_choose_modules_does_not_take_a_package_of_something_else(kit):
    memory = Memory(
        {"keras/layers/__init__.py": b"", "keras/layers/core.py": b"A = 1\n", "mine.py": kit.layers}
    )
    assert chosen(memory.choose())["net231/layers.py"] == "mine.py"
