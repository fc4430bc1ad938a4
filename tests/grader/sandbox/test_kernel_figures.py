"""Figures drawn once: as large as Jupyter's, showing the same, and left to Jupyter where one pass would not do.

What Jupyter shows is IPython's `print_figure`: the other way to the same picture.
"""

import io

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.core.pylabtools import print_figure
from PIL import Image

from grader.sandbox import kernel_figures
from grader.sandbox.kernel_figures import png_of

PIXELS = 5  # by which sizes may differ: matplotlib measures letters' boxes, we what is drawn


@pytest.fixture(autouse=True)
def _plain_style():
    with mpl.rc_context({"backend": "Agg", "figure.dpi": 100}):
        yield
    plt.close("all")


def curve():
    plt.figure(figsize=(5, 3))
    plt.plot(np.linspace(2, 1, 20) ** 3)
    plt.xlabel("step")
    plt.ylabel("loss")
    plt.title("training")


def images():
    for number in range(12):
        plt.subplot(3, 4, number + 1)
        plt.imshow(np.full((8, 8, 3), 255 if number in (0, 3, 8, 11) else 90, np.uint8))
        plt.axis("off")


def white_image():
    plt.imshow(np.ones((20, 20)), cmap="gray", vmin=0, vmax=1)
    plt.axis("off")


def wide_image():
    plt.imshow(np.arange(60.0).reshape(4, 15))


def two_axes():
    left = plt.gca()
    left.plot([1, 2])
    right = left.twinx()
    right.plot([3, 1], "r")
    right.set_ylabel("right")


def equal_axes():
    plt.plot([0, 1], [0, 5])
    plt.axis("equal")


def inset():
    axes = plt.gca()
    axes.plot([1, 2])
    axes.inset_axes([0.6, 0.1, 0.3, 0.3]).imshow(np.arange(36.0).reshape(4, 9))


def grey_paper():
    plt.figure(facecolor="lightgray")
    plt.plot([1, 2])
    plt.xlabel("x")


def no_paper():
    plt.figure().patch.set_alpha(0)
    plt.plot([1, 2])
    plt.xlabel("x")


def bars():
    plt.hist(np.random.default_rng(0).standard_normal(1000), 30)


def legend_outside():
    plt.plot([1, 2], label="a long label that lies outside")
    plt.legend(bbox_to_anchor=(1.02, 1))


def text_outside():
    plt.plot([1, 2])
    plt.text(1.2, 0.3, "far below")


def title_above():
    plt.plot([1, 2])
    plt.suptitle("far above", y=1.4)


def marker_outside():
    plt.plot([0, 1])
    plt.plot([1.8], [0.5], "ro", clip_on=False)
    plt.xlim(0, 1)


def label_far_away():
    plt.plot([1, 2])
    plt.xlabel("far", labelpad=80)


def colour_bar():
    plt.imshow(np.eye(5))
    plt.colorbar()


def in_space():
    plt.figure().add_subplot(projection="3d").plot([1, 2], [1, 2], [1, 2])


def laid_out():
    plt.subplots(2, 2, layout="constrained")


def nowhere():
    plt.plot([1, 2])
    plt.text(np.nan, np.nan, "x")


DRAWN_ONCE = [curve, images, white_image, wide_image, two_axes, equal_axes, inset, grey_paper, no_paper, bars]
LEFT_TO_JUPYTER = [
    legend_outside,
    text_outside,
    title_above,
    marker_outside,
    label_far_away,
    colour_bar,
    in_space,
    laid_out,
    nowhere,
]


def picture(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA")).astype(int)


@pytest.mark.parametrize("draw", DRAWN_ONCE, ids=lambda draw: draw.__name__)
def test_picture_is_what_jupyter_shows(draw, monkeypatch):
    draw()
    expected = picture(print_figure(plt.gcf()))
    monkeypatch.setattr(kernel_figures, "print_figure", lambda _: pytest.fail("drawn by Jupyter's way"))
    ours = picture(png_of(plt.gcf()))
    assert np.abs(np.subtract(ours.shape, expected.shape)).max() <= PIXELS
    # Axes begin at fractions of a pixel there: compare how much there is of each brightness, and where its middle lies.
    for channel in range(4):
        assert ours[..., channel].mean() == pytest.approx(expected[..., channel].mean(), abs=4)
    for axis in (0, 1):
        middles = [_middle(one, axis) for one in (ours, expected)]
        assert middles[0] == pytest.approx(middles[1], abs=PIXELS)


def _middle(pixels, axis):
    """Where along an axis half of what is darker than the paper lies."""
    ink = np.abs(pixels - pixels[0, 0]).sum(axis=(1 - axis, 2)).cumsum()
    return np.searchsorted(ink, ink[-1] / 2)


@pytest.mark.parametrize("draw", LEFT_TO_JUPYTER, ids=lambda draw: draw.__name__)
def test_figure_that_needs_two_passes_is_drawn_by_jupyters_way(draw):
    draw()
    assert png_of(plt.gcf()) == print_figure(plt.gcf())


def test_drawing_leaves_the_figure_as_it_was():
    curve()
    first = png_of(plt.gcf())
    assert plt.gcf().get_size_inches().tolist() == [5, 3]
    assert png_of(plt.gcf()) == first


def test_empty_figure_gives_no_picture():
    assert png_of(plt.figure()) is None


def test_error_while_drawing_is_the_cells():
    plt.plot([1, 2])
    plt.title("$\\undefined{x}$")
    with pytest.raises(ValueError, match="undefined"):
        png_of(plt.gcf())


def test_picture_without_paper_keeps_its_alpha():
    no_paper()
    assert Image.open(io.BytesIO(png_of(plt.gcf()))).mode == "RGBA"
    curve()
    assert Image.open(io.BytesIO(png_of(plt.gcf()))).mode == "RGB"
