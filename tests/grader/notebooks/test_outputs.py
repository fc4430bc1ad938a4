"""What cells say: bounded as a whole, stripped of what is no data, and never trusted to have its form."""

import json
import random
import sysconfig
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.model import TracebackLine
from grader.notebooks.outputs import (
    MAX_ALIKE,
    CellOutputs,
    OutputBudget,
    clean_text,
    relative_paths,
    student_error,
)

KINDS = (
    "stream",
    "display_data",
    "execute_result",
    "update_display_data",
    "error",
    "clear_output",
    "comm_open",
    "x",
)


def gathered(*messages, left_bytes=1000, left_outputs=10):
    outputs = CellOutputs(budget=OutputBudget(left_bytes=left_bytes, left_outputs=left_outputs))
    for kind, content in messages:
        outputs.add(kind, content)
    return outputs


def stream(text, name="stdout"):
    return "stream", {"name": name, "text": text}


def display(data, **transient):
    return "display_data", {"data": data, "metadata": {}, "transient": transient}


def test_outputs_join_a_stream_and_keep_streams_apart():
    outputs = gathered(stream("a"), stream("b"), stream("e", "stderr"), stream("c"))
    assert [(one["name"], one["text"]) for one in outputs.documents(1)] == [
        ("stdout", "ab"),
        ("stderr", "e"),
        ("stdout", "c"),
    ]


def test_outputs_cut_text_at_the_limit_and_say_how_much():
    outputs = gathered(stream("x" * 5000), left_bytes=100)
    first, last = outputs.documents(1)
    assert first["text"] == "x" * 100
    assert outputs.dropped_bytes == 4900
    assert last == {
        "output_type": "stream",
        "name": "stderr",
        "text": "[4 KiB of output left out: the notebook's limit is reached]\n",
    }


def test_outputs_cut_between_characters_not_inside():
    outputs = gathered(stream("한국어" * 100), left_bytes=10)
    assert outputs.documents(1)[0]["text"] == "한국어"  # three bytes each: the fourth would not fit


def test_outputs_bound_their_number():
    outputs = gathered(*(display({"text/plain": "d"}) for _ in range(50)), left_outputs=3)
    assert [one["output_type"] for one in outputs.documents(1)] == ["display_data"] * 3 + ["stream"]


def test_outputs_leave_out_a_figure_that_does_not_fit_and_keep_a_later_small_one():
    outputs = gathered(display({"image/png": "A" * 2000}), display({"image/png": "QUJD"}))
    assert [one.get("data") for one in outputs.documents(1)[:1]] == [{"image/png": "QUJD"}]
    assert outputs.dropped_bytes == 2000


def test_outputs_share_the_budget_of_the_notebook():
    budget = OutputBudget(left_bytes=5)
    first, second = CellOutputs(budget=budget), CellOutputs(budget=budget)
    first.add(*stream("12345"))
    second.add(*stream("6"))
    assert second.dropped_bytes == 1


def test_outputs_give_cleared_bytes_back():
    messages = [
        message
        for step in range(100)
        for message in (("clear_output", {"wait": True}), stream(f"step {step}"))
    ]
    outputs = gathered(*messages, left_bytes=10, left_outputs=1)
    assert [one["text"] for one in outputs.documents(1)] == ["step 99"]
    assert outputs.dropped_bytes == 0


def test_outputs_update_a_display_in_place():
    update = ("update_display_data", {"data": {"text/plain": "new"}, "transient": {"display_id": "d"}})
    outputs = gathered(
        display({"text/plain": "old"}, display_id="d"), display({"text/plain": "other"}), update
    )
    assert [one["data"]["text/plain"] for one in outputs.documents(1)] == ["new", "other"]


def test_outputs_update_few_displays_at_once():
    update = ("update_display_data", {"data": {"text/plain": "new"}, "transient": {"display_id": "d"}})
    shows = [display({"text/plain": "old"}, display_id="d")] * 50
    outputs = gathered(*shows, update, left_outputs=50)
    shown = [one["data"]["text/plain"] for one in outputs.documents(1)]
    assert shown == ["new"] * MAX_ALIKE + ["old"] * (50 - MAX_ALIKE)


def test_outputs_update_a_display_of_an_earlier_cell_unless_it_was_cleared():
    budget = OutputBudget(left_bytes=100)
    first, second = CellOutputs(budget=budget), CellOutputs(budget=budget)
    for name in ("cleared", "kept"):
        first.add("clear_output", {})
        first.add(*display({"text/plain": "old"}, display_id=name))
    documents = first.documents(1)
    for name in ("cleared", "kept"):
        second.add("update_display_data", {"data": {"text/html": "new"}, "transient": {"display_id": name}})
    assert [one["data"] for one in documents] == [{"text/html": "new"}]
    assert second.documents(2) == []
    assert budget.left_bytes == 97


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({"application/javascript": "alert(1)"}, id="script"),
        pytest.param({"application/vnd.jupyter.widget-view+json": {"model_id": "1"}}, id="widget"),
        pytest.param({"image/png": "<svg onload=x>"}, id="image-is-no-base64"),
        pytest.param({"text/plain": {"not": "text"}}, id="text-is-no-text"),
        pytest.param("data", id="no-bundle"),
    ],
)
def test_outputs_leave_out_what_is_no_data(data):
    assert gathered(display(data)).documents(1) == []


def test_student_error_keeps_own_frames_and_cleans_texts():
    frame = {"file": "cs231n/layers.py", "line": 3, "function": "f", "code": "return x"}
    content = {
        "ename": "ValueError",
        "evalue": "\x1b[31mbad\x1b[0m in /work/cs231n/layers.py and /tmp/gradecheck-1-a_b/site0/numpy/core.py",
        "frames": [
            frame,
            {**frame, "file": "/etc/passwd"},
            {**frame, "file": "../up.py"},
            {**frame, "line": "3"},
            7,
        ],
    }
    error = student_error(content)
    assert error.message == "bad in cs231n/layers.py and numpy/core.py"
    assert error.frames == (TracebackLine(file="cs231n/layers.py", line=3, function="f", code="return x"),)


def test_student_error_bounds_message_and_frames():
    frame = {"file": "notebook cell 1", "line": 1, "function": "f", "code": "f()"}
    error = student_error({"ename": "E" * 999, "evalue": "m" * 99_999, "frames": [frame] * 500})
    assert (len(error.kind), len(error.message), len(error.frames)) == (100, 2000, 12)


def test_error_output_shows_the_own_frames_only():
    frames = [{"file": "notebook cell 2", "line": 4, "function": "<module>", "code": "f()"}]
    outputs = gathered(
        ("error", {"ename": "KeyError", "evalue": "'W1'", "traceback": ["\x1b[0mlong"], "frames": frames})
    )
    assert outputs.documents(1)[0]["traceback"] == [
        "Traceback (your own files, innermost last):",
        "  notebook cell 2, line 4, in <module>",
        "    f()",
        "KeyError: 'W1'",
    ]


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;http://x\x07link\x1b]8;;\x07", "link"),
        ("a\x00b\x08c\td\n", "abc\td\n"),
        ("\ud800", "?"),
        (["a", "b"], "ab"),
        (7, ""),
    ],
)
def test_clean_text(text, clean):
    assert clean_text(text) == clean


def test_relative_paths_leaves_urls_and_division_alone():
    text = "see https://numpy.org/doc/stable/x.html, a / b, 3/4, /work/data"
    assert relative_paths(text) == "see https://numpy.org/doc/stable/x.html, a / b, 3/4, data"


def test_relative_paths_shortens_python_s_own_and_leaves_the_student_s():
    library = Path(sysconfig.get_path("stdlib")).resolve()
    text = f"{library}/threading.py, /content/drive/MyDrive/x.npy, /home/ana/hw/x.npy"
    assert relative_paths(text) == "threading.py, /content/drive/MyDrive/x.npy, /home/ana/hw/x.npy"


def test_outputs_name_no_folder_of_the_machine_in_warnings():
    outputs = gathered(
        stream("/tmp/gradecheck-7-ab/site0/numpy/a.py:3: UserWarning\n/work/notebook cell 2:1: x", "stderr")
    )
    assert outputs.documents(1)[0]["text"] == "numpy/a.py:3: UserWarning\nnotebook cell 2:1: x"


contents = st.dictionaries(
    st.sampled_from(
        [
            "name",
            "text",
            "data",
            "transient",
            "ename",
            "evalue",
            "frames",
            "wait",
            "display_id",
            "line",
            "file",
        ]
    ),
    st.recursive(
        st.none() | st.integers() | st.text(max_size=30) | st.just("x" * 300),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["text/plain", "image/png", "display_id", "file", "line"]), inner, max_size=3
            )
        ),
        max_leaves=6,
    ),
    max_size=5,
)


@given(
    messages=st.lists(st.tuples(st.sampled_from(KINDS), contents), max_size=30),
    left_bytes=st.integers(0, 1000),
)
def test_outputs_stay_within_bounds_and_valid_whatever_comes(messages, left_bytes):
    outputs = gathered(*messages, left_bytes=left_bytes, left_outputs=5)
    cell = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "source": "",
        "execution_count": 1,
        "outputs": outputs.documents(1),
    }
    nbformat.validate({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]})
    kept = [
        one
        for one in cell["outputs"]
        if one["output_type"] != "error" and "left out" not in one.get("text", "")
    ]
    texts = [text for one in kept for text in (one.get("text", ""), *one.get("data", {}).values())]
    assert sum(len(text.encode()) for text in texts) <= left_bytes
    assert len(kept) <= 5
    json.dumps(cell["outputs"]).encode()


def test_outputs_never_lose_count_of_the_budget():
    choose = random.Random(5)
    budget = OutputBudget(left_bytes=500, left_outputs=5)
    outputs = CellOutputs(budget=budget)
    for _ in range(500):
        kind = choose.choice(["stream", "display_data", "clear_output", "update_display_data"])
        text = "y" * choose.randrange(200)
        outputs.add(
            kind,
            {"text": text, "data": {"text/plain": text}, "transient": {"display_id": choose.choice("ab")}},
        )
        assert 0 <= budget.left_bytes <= 500
        assert 0 <= budget.left_outputs <= 5
    outputs.add("clear_output", {})
    assert (budget.left_bytes, budget.left_outputs) == (500, 5)
