import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.model import CellEvidence, Ending, NotebookEvidence, StudentError
from grader.report.outputs import MAX_IMAGES, MAX_TEXT, CellView, ImageOutput, TextOutput, notebook_view


def evidence(*cells: CellEvidence) -> NotebookEvidence:
    return NotebookEvidence(path="a.ipynb", ending=Ending.ANSWERED, cells=cells)


def cell_of(*outputs: dict[str, Any], **fields: Any) -> CellView:
    cell = {"cell_type": "code", "source": "x", "outputs": list(outputs), **fields}
    (view,) = notebook_view(evidence(), json.dumps({"cells": [cell]}).encode()).cells
    return view


def stream(text: object) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def display(**data: object) -> dict[str, Any]:
    return {
        "output_type": "display_data",
        "data": {kind.replace("_", "/"): value for kind, value in data.items()},
    }


def texts(view: CellView) -> list[tuple[str, str]]:
    return [(output.kind, output.text) for output in view.outputs if isinstance(output, TextOutput)]


def test_notebook_view_reads_texts_pictures_and_errors(executed: dict[str, bytes]) -> None:
    ran = evidence(
        CellEvidence(index=1, ending=Ending.ANSWERED, wall_s=11.2),
        CellEvidence(index=2, ending=Ending.RAISED),
    )
    view = notebook_view(ran, executed["Normalization.ipynb"])
    first, second = view.cells
    assert (view.ran, view.bad) == (2, 1)
    assert (first.label, first.took, first.source, first.ended) == (
        "[3]",
        "11 s",
        "plt.plot(h)\nplt.show()",
        "",
    )
    assert [type(output) for output in first.outputs] == [TextOutput, ImageOutput, TextOutput, TextOutput]
    assert texts(first)[0] == ("stdout", "loss 1.2")
    assert (second.ended, second.outputs) == (
        "raised an error",
        (TextOutput(kind="error", text="ValueError\n/home/prof kim/env/lib/numpy/core.py:12\nno"),),
    )


def test_live_output_is_shown_as_text_and_said_to_be() -> None:
    view = cell_of(display(text_html="<script>x()</script>"), display(application_javascript="alert(1)"))
    assert texts(view) == [
        ("result", "<script>x()</script>"),
        ("result", "alert(1)"),
        ("note", "HTML output is not shown live; this is its text."),
        ("note", "JavaScript output is not shown live; this is its text."),
    ]


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        pytest.param(
            {"text_html": "<style>td {color: red}</style><table><tr><th>loss</th><th>acc</th></tr>"
                          "<tr><td>1.5</td>\n <td>0.3</td></tr></table>"},
            "loss\tacc\n1.5\t0.3",
            id="table",
        ),
        pytest.param({"text_html": "<b>bold</b> &amp; <i>so</i><br>on"}, "bold & so\non", id="html"),
        pytest.param({"text_html": "<![if x<b"}, "<![if x<b", id="no-html"),
        pytest.param({"text_markdown": "# Results\n*good*"}, "# Results\n*good*", id="markdown"),
        pytest.param({"text_latex": r"$\frac{1}{2}$"}, r"$\frac{1}{2}$", id="latex"),
        pytest.param({}, "<IPython.core.display.HTML object>", id="nothing-else"),
    ],
)  # fmt: skip
def test_display_whose_text_is_but_a_name_shows_its_words(data: dict[str, str], shown: str) -> None:
    view = cell_of(display(text_plain="<IPython.core.display.HTML object>", **data))
    assert texts(view)[0] == ("result", shown)


def test_telling_text_goes_before_markup() -> None:
    assert texts(cell_of(display(text_plain="   a\n0  1", text_html="<table>")))[0] == (
        "result",
        "   a\n0  1",
    )


def test_first_line_finds_a_cell() -> None:
    cells = [
        {"cell_type": "code", "source": source, "outputs": [stream("x")]}
        for source in ("\n  a = 1\nb", "y" * 99, "")
    ]
    view = notebook_view(evidence(), json.dumps({"cells": cells}).encode())
    assert [cell.first_line for cell in view.cells] == ["a = 1", "y" * 80 + "…", ""]


def test_pictures_that_are_not_png_are_left_out_and_said_to_be() -> None:
    svg = base64.b64encode(b"<svg onload=alert(1)>").decode()
    for data in (svg, "not base64!", "\ud800", ""):
        assert texts(cell_of(display(image_png=data, text_plain="<Figure>"))) == [
            ("result", "<Figure>"),
            ("note", "A figure is left out: its data is not a PNG picture."),
        ]


def test_pictures_are_counted(png: Callable[..., bytes]) -> None:
    picture = display(image_png=base64.b64encode(png()).decode())
    cells = [{"cell_type": "code", "source": "", "outputs": [picture] * 25} for _ in range(3)]
    view = notebook_view(evidence(), json.dumps({"cells": cells}).encode())
    drawn = [output for cell in view.cells for output in cell.outputs if isinstance(output, ImageOutput)]
    assert len(drawn) == MAX_IMAGES
    assert texts(view.cells[2])[-1][1].startswith("A figure is left out: the notebook's figures are too many")


def test_floods_of_text_are_cut_per_output_per_cell_and_per_notebook() -> None:
    ((_, one),) = texts(cell_of(stream("a" * 1_000_000)))
    assert len(one) < 4_100
    assert "[... 996,000 characters left out ...]" in one
    many = texts(cell_of(*[stream("b")] * 10_000))
    assert len(many) == 41
    assert many[-1] == ("note", "9,960 more outputs of this cell are left out.")
    cells = [{"cell_type": "code", "source": "", "outputs": [stream("c" * 5_000)]} for _ in range(60)]
    view = notebook_view(evidence(), json.dumps({"cells": cells}).encode())
    assert sum(len(text) for cell in view.cells for _, text in texts(cell)) < MAX_TEXT + 10_000


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (None, "The executed notebook was not kept."),
        (b"not json", "The executed notebook cannot be read."),
        (b"\xff\xfe", "The executed notebook cannot be read."),
        (b"[" * 100_000, "The executed notebook cannot be read."),
        (b"[]", "The executed notebook has no cells."),
        (b'{"cells": 3}', "The executed notebook has no cells."),
    ],
)
def test_unreadable_notebooks_still_tell_how_cells_ended(data: bytes | None, problem: str) -> None:
    bad = CellEvidence(
        index=4,
        ending=Ending.TIMED_OUT,
        wall_s=30.0,
        error=StudentError(kind="KeyboardInterrupt", message="x"),
    )
    view = notebook_view(evidence(bad, CellEvidence(index=5, ending=Ending.ANSWERED)), data)
    assert view.problem == problem
    (cell,) = view.cells
    assert (cell.label, cell.ended, cell.took) == ("5, counting all", "stopped at its time limit", "30 s")
    assert cell.outputs == (TextOutput(kind="error", text="KeyboardInterrupt: x"),)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
OUTPUT = st.fixed_dictionaries(
    {"output_type": st.sampled_from(["stream", "error", "display_data", "execute_result", "other"])},
    optional=dict.fromkeys(("name", "text", "traceback", "ename", "evalue", "data"), JSON),
)
CELL = st.fixed_dictionaries(
    {"cell_type": st.just("code")},
    optional={"source": JSON, "outputs": st.lists(OUTPUT | JSON), "execution_count": JSON},
)


@given(st.lists(CELL | JSON, max_size=4))
def test_notebook_view_survives_any_json(cells: list[Any]) -> None:
    view = notebook_view(evidence(), json.dumps({"cells": cells}).encode())
    assert view.problem == ""
