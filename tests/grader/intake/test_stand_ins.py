"""Tests of what may show a notebook's results in a hand-in without it."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any, BinaryIO

import pytest

from grader.assignment import NotebookSpec, StandIns
from grader.intake.stand_ins import calls_any, framework_script, stand_in
from grader.intake.tree import Entry

SPEC = NotebookSpec(
    path="Lab.ipynb",
    headings=["Training"],
    instead=StandIns(files=["*.PDF", "*report*.txt"], calls=["miniBatchGD"]),
)
SCRIPT = b"class Net:\n    def fit(self): return self.mini_batch_gd()\n"
RUN = b"from net import Net\nif __name__ == '__main__':\n    Net().MiniBatchGD(X)\n"


@dataclass(frozen=True)
class _Bytes:
    data: bytes

    def read(self, _key: Any, _limit_bytes: int) -> bytes:
        return self.data

    def open(self, _key: Any, _limit_bytes: int) -> BinaryIO:
        return io.BytesIO(self.data)


def _entries(**files: bytes) -> list[Entry]:
    return [
        Entry(name.replace("__", "/").replace("_dot_", "."), len(data), None, _Bytes(data), None)
        for name, data in files.items()
    ]


def _notebook(markdown: str, code: str) -> bytes:
    cells = [{"cell_type": "markdown", "source": markdown}, {"cell_type": "code", "source": code}]
    return json.dumps({"cells": cells}).encode()


def _found(entries: list[Entry], handed_in: Entry | None = None) -> str:
    return stand_in(SPEC, entries, handed_in=handed_in, read=lambda entry: entry.read(10_000))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {"net_dot_py": SCRIPT, "doc__Rapport_dot_pdf": b"%PDF"}, "doc/Rapport.pdf", id="a-report"
        ),
        pytest.param({"net_dot_py": SCRIPT, "My_Report_dot_txt": b"53 %"}, "My_Report.txt", id="any-case"),
        pytest.param({"net_dot_py": SCRIPT, "main_dot_py": RUN}, "main.py", id="a-script-that-trains"),
        pytest.param({"net_dot_py": SCRIPT}, "", id="a-class-that-nobody-uses"),
        pytest.param({"net_dot_py": b"def mini_batch_gd(): pass\n"}, "", id="defined-and-never-called"),
        pytest.param({"main_dot_py": b"print 'MiniBatchGD()'\n"}, "", id="no-python-3"),
    ],
)
def test_stand_in_is_a_report_or_a_script_that_trains(files: dict[str, bytes], expected: str) -> None:
    assert _found(_entries(**files)) == expected


def test_a_notebook_of_the_students_own_stands_in_for_the_assignments() -> None:
    for markdown, code, expected in (
        ("# My lab", "%cd x\nMiniBatchGD(X)", "mine.ipynb"),
        ("# My lab", "x = 1", ""),
        ("# Training", "MiniBatchGD(X)", ""),
    ):
        (entry,) = _entries(mine_dot_ipynb=_notebook(markdown, code))
        assert _found([entry], entry) == expected


def test_a_document_that_is_left_behind_stands_in() -> None:
    found = stand_in(
        SPEC, _entries(net_dot_py=SCRIPT), left_out=["doc/lab.PDF"], handed_in=None, read=lambda _: SCRIPT
    )
    assert found == "doc/lab.PDF"


def test_an_assignment_that_asks_for_nothing_else_has_no_stand_ins() -> None:
    spec = NotebookSpec(path="Lab.ipynb")
    entries = _entries(report_dot_pdf=b"%PDF", main_dot_py=RUN)
    assert stand_in(spec, entries, handed_in=None, read=lambda entry: entry.read(10_000)) == ""


def test_calls_any_sees_functions_and_methods_outside_of_classes() -> None:
    assert calls_any("def main():\n    net.mini_batchGD(1)\n", ["MiniBatchGD"])
    assert not calls_any("miniBatchGD = 3\n", ["miniBatchGD"])


@pytest.mark.parametrize(
    ("source", "found"),
    [
        pytest.param(b"import numpy as np\nfrom torch import nn\n", True, id="from-import"),
        pytest.param(
            b"try:\n    import tensorflow as tf\nexcept ImportError:\n    pass\n", True, id="indented"
        ),
        pytest.param(b"import numpy as np  # not torch\nimport torchlight\n", False, id="none"),
    ],
)
def test_a_script_for_a_framework_is_told_by_its_imports(source: bytes, found: bool) -> None:
    entries = _entries(net_dot_py=source)
    assert framework_script(entries, read=lambda entry: entry.read(10_000)) == ("net.py" if found else "")


def test_calls_any_takes_names_as_python_reads_them():
    assert calls_any("ｍini_Batch_GD(X)", ["miniBatchGD"])
    assert not calls_any("# miniBatchGD is not called here\nminiBatchGD", ["miniBatchGD"])
