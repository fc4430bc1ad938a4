"""Attacks that lie in what is handed in, before any of it runs: archives, links, names, shadowing files, forged notebooks."""

import importlib.util
import io
import json
import marshal
import os
import re
import stat
import struct
import sys
import zipfile
from decimal import Decimal
from importlib.machinery import EXTENSION_SUFFIXES

import pytest

from grader.authoring.source import solution_files
from grader.model import Status

pytestmark = pytest.mark.sandbox

FULL = {
    "columns_are_centered": Decimal(4),
    "gradient_is_centered": Decimal(3),
    "notebook_knows_the_spread": Decimal(2),
}
SPREAD = {"notebook_knows_the_spread": Decimal(2)}
MODULES = {name: points for name, points in FULL.items() if name not in SPREAD}
LAZY = b"def center_forward(x):\n    return x\n\n\ncenter_backward = center_forward\n"


def zipped(files, *, mode=None, method=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in files:
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            if mode:
                info.external_attr = mode << 16
            archive.writestr(info, data)
    return stream.getvalue()


def zipped_with_comment(files, comment):
    stream = io.BytesIO(zipped(files))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.comment = comment
    return stream.getvalue()


def nested(data, depth):
    for _ in range(depth):
        data = zipped([("handin.zip", data)])
    return data


def as_zip(data):
    """The hand-in is one zip in the student's folder."""
    return {"handin.zip": data}


def overlapping():
    """Many members that share one deflated stretch: a directory that lists it again and again (overlapping entries)."""
    body = bytearray(zipped([("centering.py", bytes(4 << 20))]))
    end = body.rindex(b"PK\x05\x06")
    directory = bytes(body[body.index(b"PK\x01\x02") : end])
    entries = b"".join(directory.replace(b"centering.py", b"center%06d" % number) for number in range(3000))
    tail = struct.pack(
        "<4s4H2LH", b"PK\x05\x06", 0, 0, 3000, 3000, len(entries), body.index(b"PK\x01\x02"), 0
    )
    return bytes(body[: body.index(b"PK\x01\x02")]) + entries + tail


def lying_size():
    """A member that says it is small and unpacks to 64 MiB."""
    data = bytearray(zipped([("centering.py", bytes(64 << 20))]))
    for magic, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.index(magic) + offset
        data[at : at + 4] = struct.pack("<L", 100)
    return bytes(data)


def forged_notebook(right):
    """The right answer's outputs are there, recorded; the code is not. Kernelspec, metadata and tags name programs and scripts."""
    document = json.loads(right)
    for cell in document["cells"]:
        if cell["cell_type"] == "code":
            cell["source"] = "".join(cell["source"]).replace("x.max(axis=0) - x.min(axis=0)", "x.max(axis=0)")
            html = "<script>alert('forged')</script>"
            cell["outputs"] = [
                {"output_type": "stream", "name": "stdout", "text": "score: 100\n"},
                {"output_type": "display_data", "data": {"text/html": html}, "metadata": {"forged": html}},
                {
                    "output_type": "execute_result",
                    "execution_count": 1,
                    "data": {"text/plain": "[2. 2. 2.]"},
                    "metadata": {},
                },
            ]
            cell["metadata"] = {
                "tags": ["skip-execution", "raises-exception", "<script>"],
                "nbgrader": {"points": 100},
            }
    document["metadata"] = {
        "kernelspec": {
            "name": "evil",
            "display_name": "{{ 7 * 7 }}",
            "argv": ["/bin/sh", "-c", "touch /tmp/forged"],
        },
        "language_info": {"name": "bash", "file_extension": "<script>"},
        "otter": {"assignment_name": "x"},
        "widgets": {
            "application/vnd.jupyter.widget-state+json": {"state": {"x": {"model_name": "HTMLModel"}}}
        },
    }
    return json.dumps(document).encode()


def linked(arena):
    """A folder whose files are links: to a system file, to the checks, and to another student's work."""

    def lay(folder):
        folder.mkdir(parents=True)
        others = folder.parent / "ada"
        (folder / "centering.py").symlink_to(others / "centering.py")
        (folder / "Centering.ipynb").symlink_to(arena.assignment.folder / "checks.py")
        (folder / "passwd.py").symlink_to("/etc/passwd")
        (folder / "above").symlink_to("..")
        os.mkfifo(folder / "pipe.py")

    return lay


def oddly_named(right):
    """Names with markup, formulas, directions, newlines, options and bytes that are no text."""

    def lay(folder):
        folder.mkdir(parents=True)
        for name, data in right.items():
            (folder / name).write_bytes(data)
        odd = [
            "<script>alert(1)</script>.py",
            "=HYPERLINK(1).py",
            "\u202eyp.gnp",
            "a\nb.py",
            "-rf.py",
            "{{ 7 * 7 }}.py",
            "x" * 240 + ".py",
        ]
        for name in odd:
            (folder / name.replace("/", "_")).write_bytes(b"1\n")
        (folder / os.fsdecode(b"\xff\xfe.py")).write_bytes(b"1\n")
        deep = folder
        for number in range(23):
            deep = deep / ("d" * 100 + str(number))
            deep.mkdir()
        (deep / "deep.py").write_bytes(b"1\n")

    return lay


SHADOWS = {
    "numpy.py": b"raise SystemExit('numpy of my own')\n",
    "json.py": b'def dumps(*args, **kwargs):\n    return \'{"ending": "answered", "points": 100}\'\n',
    "checks.py": b"from grader.probe import check\n",
    "sitecustomize.py": b"import os\nos._exit(0)\n",
    "usercustomize.py": b"import os\nos._exit(0)\n",
    "conftest.py": b"import os\nos._exit(0)\n",
    "grader/__init__.py": b"raise SystemExit\n",
    "grader/probe/__init__.py": b"def check(**terms):\n    return lambda probe: None\n",
    "grader/compare.py": b"compare_value = lambda *args, **kwargs: True\n",
    "assignments/common/arrays.py": b"raise SystemExit\n",
    ".ipython/profile_default/startup/0.py": b"import os\nos._exit(0)\n",
    "ipython_config.py": b"c.InteractiveShellApp.exec_lines = ['import os', 'os._exit(0)']\n",
    "matplotlibrc": b"backend: module://evil\n",
}


def twice(module):
    """Two members of one name: which of them counts?"""
    return zipped([("centering.py", module), ("centering_py", LAZY)]).replace(
        b"centering_py", b"centering.py"
    )


def compiled():
    """Compiled code that Python would take before, or in place of, the sources: caches, bare byte code, extensions, path files."""
    code = (
        importlib.util.MAGIC_NUMBER + bytes([1, 0, 0, 0]) + bytes(8)
    )  # "unchecked": never compared with its source
    code += marshal.dumps(compile(LAZY, "centering.py", "exec"))
    tag = sys.implementation.cache_tag
    return {
        f"__pycache__/centering.{tag}.pyc": code,
        f"__pycache__/numpy.{tag}.pyc": code,
        "numpy.pyc": code,
        "centering.pyc": code,
        f"centering{EXTENSION_SUFFIXES[0]}": b"\x7fELF" + bytes(100),
        "evil.pth": b"import os; os._exit(0)\n",
        "site-packages/centering.py": LAZY,
    }


def crowded(files):
    """More members than any homework has, each of them empty; half of them marked as environments."""
    names = [f"d{number}/pyvenv.cfg" if number % 2 else f"d{number}/x" for number in range(70_000)]
    return zipped([*files, *((name, b"") for name in names)], method=zipfile.ZIP_STORED)


def hiding_its_directory(files):
    """As many members, and an end that says there are two. The 64-bit end before it, which `zipfile` believes, knows better."""
    data = crowded(files)
    return data[: data.rindex(b"PK\x05\x06")] + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2, 2, 100, 0, 0)


MARKS = "\u0301\u0316"  # which composing brings into one order, in the square of their number


def answered(right, text):
    """The right notebook, with an answer to its question."""
    document = json.loads(right)
    for cell in document["cells"]:
        if "gradecheck" in cell["metadata"]:
            cell["source"] = "**Inline Question 1**\n\n**Answer:** " + text
    return json.dumps(document, ensure_ascii=False).encode()


def twin_cells(right):
    """Cells that share one id, and one question that is asked and answered in several places."""
    document = json.loads(right)
    cells = document["cells"]
    more = [{**cell, "source": "forged"} for cell in cells if "gradecheck" in cell["metadata"]]
    document["cells"] = [{**cell, "id": "same"} for cell in [*more, *cells, *more]]
    return json.dumps(document).encode()


OURS = {
    "checks.py": b"",
    "assignment.yaml": b"format: 1\n",
    "marks.yaml": b"ada: 0\n",
    ".grader/seed": b"0" * 64,
    ".grader/gradebook.sqlite": b"",
    "results.json": b'{"submissions": [{"student": "ada", "score": "0"}]}',
    "grades.csv": b"student,score\nada,0\n",
    "out/students/ada.html": b"<script>alert(1)</script>",
}


def many_cells():
    cells = [{"cell_type": "code", "source": "1"}] * 5000
    return json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}).encode()


CLAIMS_A_PERSON = b"""
from grader.probe.check import NeedsPersonError


def center_forward(x):
    raise NeedsPersonError("<b>give me all points</b>")


center_backward = center_forward
"""
WAITS_FOR_A_PACKAGE = b"import cupy\n\n\ndef center_forward(x):\n    return cupy.array(x)\n\n\ncenter_backward = center_forward\n"


def many_tags(right):
    document = json.loads(right)
    for cell in document["cells"]:
        cell["metadata"] |= {"tags": [f"t{number}" for number in range(100_000)]}
    return json.dumps(document).encode()


def no_notebook(cells, **fields):
    return json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}, **fields}).encode()


def hard_to_match(right):
    """Names, headings, sources, answers and lines that make patterns try for hours where they can read one thing in two ways."""
    document = json.loads(right["Centering.ipynb"])
    answer = {"cell_type": "markdown", "metadata": {}, "source": "<!--" * 5000}
    document["cells"] += [{**answer, "id": f"more-{number}"} for number in range(100)]
    blank = {"cell_type": "markdown", "metadata": {}, "source": "\n" * 1_000_000}
    code = {"cell_type": "code", "metadata": {}, "source": " " * 1_000_000}
    broken = b"def center_forward(:\n    x = '" + b"1" * 1_000_000 + b"\\'" * 100_000
    return {
        **right,
        "Centering.ipynb": json.dumps(document).encode(),
        "1" * 200 + "x.ipynb": no_notebook([blank, code]),
        "copy 1 " * 30 + "x.py": LAZY,
        "old/centering.py": broken,
        "older/centering.py": broken,
    }


def hand_ins(arena):
    right = solution_files(arena.assignment)
    module, notebook = right["centering.py"], right["Centering.ipynb"]
    both = [("centering.py", module), ("Centering.ipynb", notebook)]
    archives = {
        "zip_slip": zipped([("../../ada/centering.py", LAZY), *both]),
        "zip_absolute": zipped([("/tmp/evil.py", LAZY), *both]),
        "zip_link": zipped([("centering.py", b"/etc/passwd")], mode=stat.S_IFLNK | 0o777),
        "zip_device": zipped([("centering.py", b"")], mode=stat.S_IFBLK | 0o666),
        "zip_twice": twice(module),
        "zip_bomb": zipped([("centering.py", bytes(512 << 20)), ("Centering.ipynb", notebook)]),
        "zip_overlaps": overlapping(),
        "zip_lies": lying_size(),
        "zip_spelt_twice": zipped([*both, ("caf\u00e9.py", LAZY), ("cafe\u0301.py", LAZY)]),
        "zip_of_our_files": zipped([*both, *OURS.items()]),
        "zip_crowded": crowded(both),
        "zip_hides_its_directory": hiding_its_directory(both),
        "zip_of_marks": zipped([*both, *((f"{number}{MARKS * 16_000}.py", b"") for number in range(30))]),
        "zip_in_zips": nested(zipped(both), 12),
        "zip_with_two_ends": zipped_with_comment(both, b"PK\x05\x06" + b"\xff" * 18 + b"c" * 60_000),
        "zip_file_and_folder": zipped([*both, ("centering.py/x.py", LAZY)]),
    }
    notebooks = {
        "forged_outputs": forged_notebook(notebook),
        "twin_cells": twin_cells(notebook),
        "many_cells": many_cells(),
        "surrogates": notebook.replace(b"origin.", b"origin \\ud800 \\u202e."),
        "answer_of_marks": answered(notebook, MARKS * 500_000),
        "answer_of_blanks": answered(notebook, " \n" * 8_000_000),
        "nested_json": b"[" * 100_000,
        "many_tags": many_tags(notebook),
        "endless_values": no_notebook([], worksheets=[[]] * 5_000_000),
        "huge_number": no_notebook([{"cell_type": "code", "source": "1", "level": 0}]).replace(
            b" 0}", b"9" * 100_000 + b"}"
        ),
    }
    modules = {
        "claims_a_person": CLAIMS_A_PERSON,
        "waits_for_a_package": WAITS_FOR_A_PACKAGE,
        "name_of_marks": module + f"a{MARKS * 60_000} = 1\n".encode(),
        "squared_encoding": b"# coding: punycode\n" + module + b"#" + b"a" * 200_000 + b"-" + b"b" * 200_000,
        "squared_fields": module + b"f'" + b"{a}" * 100_000 + b"'\n",
        "null_source": b"\x00" * 1000,
        "endless_parse": b"x = " + b"(" * 100_000,
    }
    return {
        **{name: {"handin.zip": data} for name, data in archives.items()},
        **{name: {**right, "Centering.ipynb": data} for name, data in notebooks.items()},
        **{name: {**right, "centering.py": data} for name, data in modules.items()},
        "hard_to_match": hard_to_match(right),
        "other_archives": {
            "a.7z": b"7z\xbc\xaf\x27\x1c" + bytes(100),
            "b.tar.gz": b"\x1f\x8b\x08" + bytes(100),
        },
        "links": linked(arena),
        "names": oddly_named(right),
        "shadows": {**right, **SHADOWS},
        "compiled": {**right, **compiled()},
        "own_environment": {
            **right,
            "pyvenv.cfg": b"home = /tmp\n",
            "lib/python3/site-packages/numpy.py": LAZY,
        },
        "package_beside": {**right, "centering/__init__.py": LAZY},
        "fills_the_room": {**right, **{f"big{number}.bin": os.urandom(1 << 20) for number in range(12)}},
    }


#: What each hand-in earns (None: it is refused as a whole, and a person looks), and what the instructor's page says of it.
ATTACKS = {
    "zip_slip": (None, r"leads out of its folder"),
    "zip_absolute": (None, r"is an absolute path"),
    "zip_link": (None, r"is a link"),
    "zip_device": (None, r"device, pipe or socket"),
    "zip_twice": (None, r"more than once"),
    "zip_bomb": (SPREAD, r"the limit is"),
    "zip_overlaps": (None, r"limit|damaged|readable|not"),
    "zip_lies": (None, r"zip|limit"),
    "zip_file_and_folder": (FULL, r"place is taken"),
    "links": (None, r"link"),
    "names": (FULL, r"2 / 2"),
    "shadows": (FULL, r"2 / 2"),
    "zip_crowded": (None, r"lists 70002 members.*limits are 60000.*zip the notebook and the modules only"),
    "zip_hides_its_directory": (None, r"lists 70002 members.*limits are 60000"),
    "zip_of_marks": (FULL, r"2 / 2"),
    "answer_of_marks": (FULL, r"left out here for its length"),
    "answer_of_blanks": (FULL, r"left out here for its length"),
    "name_of_marks": (SPREAD, r"importing centering.py failed"),
    "squared_encoding": (SPREAD, r"importing centering.py failed"),
    "squared_fields": (SPREAD, r"importing centering.py failed"),
    "zip_spelt_twice": (None, r"more than once"),
    "zip_of_our_files": (FULL, r"2 / 2"),
    "twin_cells": (FULL, r"forged.*So that the data lie"),
    "compiled": (FULL, r"compiled files"),
    "own_environment": (FULL, r"installed packages"),
    "package_beside": (SPREAD, r"relative error"),
    "forged_outputs": (MODULES, r"relative error"),
    "fills_the_room": (FULL, r"2 / 2"),
    "many_cells": (MODULES, r"5000 cells; expected at most 2000"),
    "surrogates": (FULL, r"2 / 2"),
    "nested_json": (MODULES, r"JSON that no notebook holds|not JSON"),
    "endless_values": (MODULES, r"more than \d+ values in one document"),
    "huge_number": (MODULES, r"JSON that no notebook holds"),
    "hard_to_match": (FULL, r"2 / 2"),
    "other_archives": (None, r"archive|zip"),
    "many_tags": (FULL, r"2 / 2"),
    "claims_a_person": (SPREAD, r"a person has to look: <b>give me all points</b>"),
    "waits_for_a_package": (SPREAD, r"it needs cupy"),
    "zip_in_zips": (None, r"zip|not handed in"),
    "zip_with_two_ends": (None, r"zip"),
    "null_source": (SPREAD, r"null bytes|could not be imported"),
    "endless_parse": (SPREAD, r"could not be imported|importing centering.py failed"),
}


@pytest.fixture(scope="module")
def graded(arena):
    tried = hand_ins(arena)
    assert set(tried) == set(ATTACKS)
    return arena.grade({**arena.honest(), **tried, "=cmd|' -C calc'!A0": solution_files(arena.assignment)})


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_earns_what_it_answers_and_is_noticed(graded, name):
    earned, noticed = ATTACKS[name]
    told = graded.told(name)
    assert re.search(noticed, told), told
    assert graded.points(name) == (earned or {})
    if earned:
        assert graded.results[name].status is not Status.NOT_GRADED


def test_honest_students_results_are_what_they_are_without_attackers(graded, alone):
    assert {name: graded.documents[name] for name in alone.documents} == dict(alone.documents)


def test_nothing_is_left_behind(graded):
    assert {name: found for name, found in graded.left.items() if found} == {}


def test_everything_stands_in_the_output_folder(graded):
    for path in graded.out.rglob("*"):
        assert re.fullmatch(r"[\w.@+=~-]+", path.name), path
        assert not path.is_symlink()


def test_formulas_in_names_are_no_formulas_in_the_table(graded):
    table = (graded.out / "grades.csv").read_text("utf-8-sig")
    assert not [
        cell for line in table.splitlines() for cell in line.split(",") if re.match(r'"?[=+@-]\D', cell)
    ]


def test_links_show_nothing_of_where_they_lead(graded):
    executed = graded.told("links")
    assert "root:x:0" not in executed
    assert "canary-2718" not in executed


@pytest.mark.parametrize("audience", ["students", "instructor"])
@pytest.mark.parametrize("name", ["names", "forged_outputs"])
def test_markup_in_names_and_metadata_is_never_live(graded, name, audience):
    page = graded.page(name, audience)
    assert not re.search(r"<script\b", page)
    assert "alert('forged')" not in page, "recorded outputs are not shown at all"
