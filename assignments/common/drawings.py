"""Figures of matplotlib: read what is drawn in the notebook's process (`read_figures`), take it apart outside (`panels`).

Only texts and numbers leave the process, no pixels: labels as one JSON text in bytes, the curves' y values one after the other.
What comes back was written by student code, so `panels` takes nothing for granted. NumPy and the standard library only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Mapping  # noqa: UP035 - subscribed when run, which Python 3.8 needs these for

import numpy as np

__all__ = ["Panel", "panels", "read_figures"]

MAX_TEXT = 200  # characters of one label; longer ones are cut
MAX_CODED = 4_000_000  # characters of all texts: a list in JSON takes thirty times its two characters
MAX_CURVES, MAX_VALUES = 1_000, 4_000_000  # that are looked into, in panels of all figures together
MAX_FIGURES, MAX_AXES, MAX_LINES, MAX_POINTS = 60, 12, 40, 20_000


@dataclass(frozen=True)
class Panel:
    """One pair of axes. lines: (label, y values); a label is empty where the legend does not show it."""

    figure: str
    title: str
    x_label: str
    y_label: str
    lines: tuple[tuple[str, Any], ...]


def read_figures(figures: Mapping[Any, Any]) -> dict[str, Any]:
    """Labels and curves of figures in a dictionary, as arrays `texts`, `values` and `lengths`."""
    texts: list[Any] = []
    values: list[Any] = []
    lengths: list[int] = []
    for name, figure in list(figures.items())[:MAX_FIGURES]:
        for axes in list(figure.axes)[:MAX_AXES]:
            legend = axes.get_legend()
            shown = {_cut(text.get_text()) for text in legend.get_texts()} if legend is not None else set()
            labels = []
            for line in list(axes.get_lines())[:MAX_LINES]:
                label = _cut(line.get_label())
                labels.append(label if label in shown else "")
                y = np.asarray(line.get_ydata(), dtype=float).ravel()[:MAX_POINTS]
                values.append(y)
                lengths.append(len(y))
            about = [str(name), axes.get_title(), axes.get_xlabel(), axes.get_ylabel()]
            texts.append([*(_cut(text) for text in about), labels])
    coded = json.dumps(texts).encode("ascii")  # json.dumps escapes all else
    return {
        "texts": np.frombuffer(coded, dtype=np.uint8),
        "values": np.concatenate([np.zeros(0), *values]),
        "lengths": np.array(lengths, dtype=np.int64),
    }


def _cut(text: Any) -> str:
    return str(text)[:MAX_TEXT]


def panels(actual: Mapping[str, Any]) -> list[Panel]:
    """The panels that `read_figures` saw.

    Raises: ValueError if the arrays are not of its making.
    """
    if actual["texts"].size > MAX_CODED:
        raise ValueError(f"the figures' texts are more than {MAX_CODED} characters")
    texts = json.loads(actual["texts"].astype(np.uint8).tobytes().decode("ascii"))
    if len(texts) > MAX_CURVES or len(actual["lengths"]) > MAX_CURVES or actual["values"].size > MAX_VALUES:
        raise ValueError(f"the figures hold more than {MAX_CURVES} panels or curves, or {MAX_VALUES} values")
    values, lengths = actual["values"], [int(length) for length in actual["lengths"]]
    if values.ndim != 1 or any(length < 0 for length in lengths) or sum(lengths) != len(values):
        raise ValueError("the figures' curves do not fit their lengths")
    curves = iter(np.split(values, np.cumsum(lengths)[:-1]) if lengths else [])
    found = []
    for figure, title, x_label, y_label, labels in texts:
        lines = tuple((str(label), next(curves)) for label in labels)
        found.append(Panel(str(figure), str(title), str(x_label), str(y_label), lines))
    return found
