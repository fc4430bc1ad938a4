"""Figures go out as texts and numbers and come back as panels; what no figure can have sent is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from assignments.common.drawings import Panel, panels, read_figures


def _figure() -> Figure:
    figure = Figure()
    left, right = figure.subplots(1, 2)
    left.plot([1, 2, 3], [0.5, 0.25, 0.125], label="träning")
    left.plot([1, 2], [1.0, 2.0])  # no label: not in the legend
    left.set(xlabel="epoch", ylabel="cost", title="A")
    left.legend()
    right.plot([0, 1], [3, 4], label="without a legend to show it")
    return figure


def test_panels_are_what_was_drawn() -> None:
    found = panels(read_figures({"one": _figure(), 2: Figure()}))
    assert [(panel.figure, panel.title, panel.x_label, panel.y_label) for panel in found] == [
        ("one", "A", "epoch", "cost"),
        ("one", "", "", ""),
    ]
    assert [label for panel in found for label, _ in panel.lines] == ["träning", "", ""]
    np.testing.assert_array_equal(found[0].lines[0][1], [0.5, 0.25, 0.125])
    np.testing.assert_array_equal(found[1].lines[0][1], [3, 4])
    assert isinstance(found[0], Panel)


def test_no_figures_are_no_panels() -> None:
    assert panels(read_figures({})) == []


def test_long_texts_are_cut() -> None:
    figure = Figure()
    figure.subplots().set_title("x" * 5000)
    assert len(panels(read_figures({"long": figure}))[0].title) == 200


def test_lengths_that_do_not_fit_are_refused() -> None:
    sent = read_figures({"one": _figure()})
    for lengths in (np.array([3, 2]), np.array([3, 2, 9]), np.array([-3, 5, 5])):
        with pytest.raises(ValueError, match="the figures' curves do not fit their lengths"):
            panels({**sent, "lengths": lengths})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param(
            "texts", np.frombuffer(b"[" + b"[1,1,1,1,[]]," * 100_000 + b"[]]", np.uint8), id="panels"
        ),
        pytest.param("lengths", np.zeros(1_000_000, np.int64), id="curves"),
        pytest.param("values", np.zeros(5_000_000), id="values"),
    ],
)
def test_figures_without_end_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match="the figures hold more than 1000 panels or curves"):
        panels({**read_figures({"one": _figure()}), name: value})
