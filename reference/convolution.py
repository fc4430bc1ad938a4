"""Convolution and max pooling over images, forward and backward, by windows and one matrix product. Pure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .arrays import Array, expect_rank, expect_shape

__all__ = [
    "ConvolutionCache",
    "PoolCache",
    "conv2d_backward",
    "conv2d_forward",
    "max_pool_backward",
    "max_pool_forward",
]


class ConvolutionCache(NamedTuple):
    """columns: (N * H' * W', C * HH * WW), one window a row; w: (F, C, HH, WW); shape: of x."""

    columns: Array
    w: Array
    shape: tuple[int, ...]
    out_shape: tuple[int, ...]
    stride: int
    pad: int


class PoolCache(NamedTuple):
    """winner: (N, C, H', W'), index of the largest entry in its window, counted by rows."""

    winner: Array
    shape: tuple[int, ...]
    window: tuple[int, int]
    stride: int


def conv2d_forward(
    x: Array, w: Array, b: Array, *, stride: int = 1, pad: int = 0
) -> tuple[Array, ConvolutionCache]:
    """Slide F filters over zero-padded images (cross-correlation, as the field calls convolution).

    Args: x: (N, C, H, W). w: (F, C, HH, WW). b: (F,). stride, pad: in pixels, the same in both directions; stride >= 1.
    Returns: out (N, F, H', W') with H' = 1 + (H + 2 * pad - HH) // stride; cache, to hand to conv2d_backward unread.
    Raises: ValueError if shapes do not fit, or a filter is larger than the padded image.
    """
    where = "conv2d_forward"
    expect_rank(where, "x", x, 4, "(N, C, H, W)")
    expect_rank(where, "w", w, 4, "(F, C, HH, WW)")
    expect_shape(where, "w", w, (w.shape[0], x.shape[1], *w.shape[2:]), "with as many channels as x")
    expect_shape(where, "b", b, w.shape[:1], "one entry per filter")
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = _windows(where, padded, (w.shape[2], w.shape[3]), stride)
    n, _, height, width, _, _ = windows.shape
    columns = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * height * width, -1)
    rows = columns @ w.reshape(w.shape[0], -1).T + b
    out = np.ascontiguousarray(rows.reshape(n, height, width, -1).transpose(0, 3, 1, 2))
    return out, ConvolutionCache(columns, w, x.shape, out.shape, stride, pad)


def conv2d_backward(dout: Array, cache: ConvolutionCache) -> tuple[Array, Array, Array]:
    """Gradients of a convolution.

    Args: dout: (N, F, H', W'). cache: from conv2d_forward.
    Returns: dx (N, C, H, W); dw (F, C, HH, WW); db (F,).
    Raises: ValueError if dout has another shape than the output.
    """
    expect_shape("conv2d_backward", "dout", dout, cache.out_shape, "the shape of the layer's output")
    n, filters, height, width = cache.out_shape
    _, channels, rows, columns = cache.shape
    _, _, filter_height, filter_width = cache.w.shape
    flat = dout.transpose(0, 2, 3, 1).reshape(-1, filters)
    dw = (flat.T @ cache.columns).reshape(cache.w.shape)
    dwindows = (flat @ cache.w.reshape(filters, -1)).reshape(
        n, height, width, channels, filter_height, filter_width
    )
    dwindows = dwindows.transpose(0, 3, 4, 5, 1, 2)
    dpadded = np.zeros((n, channels, rows + 2 * cache.pad, columns + 2 * cache.pad), dtype=dwindows.dtype)
    # Windows overlap, so they are added up: one slice per filter position covers all windows at once.
    for i in range(filter_height):
        for j in range(filter_width):
            dpadded[_positions((i, j), (height, width), cache.stride)] += dwindows[:, :, i, j]
    dx = dpadded[:, :, cache.pad : cache.pad + rows, cache.pad : cache.pad + columns].copy()
    return dx, dw, dout.sum(axis=(0, 2, 3))


def max_pool_forward(x: Array, *, height: int, width: int, stride: int) -> tuple[Array, PoolCache]:
    """Take the largest entry of each window. What the last whole window leaves over at the edge is dropped.

    Args: x: (N, C, H, W). height, width: of the window; stride: between windows, >= 1; all in pixels.
    Returns: out (N, C, H', W') with H' = 1 + (H - height) // stride; cache, to hand to max_pool_backward unread.
    Raises: ValueError if x is not (N, C, H, W), or the window is larger than the image.
    """
    expect_rank("max_pool_forward", "x", x, 4, "(N, C, H, W)")
    shape = _windows("max_pool_forward", x, (height, width), stride).shape
    count = (shape[2], shape[3])
    out = x[_positions((0, 0), count, stride)].copy()
    winner = np.zeros(shape[:4], dtype=np.intp)
    # One pass per window entry over whole images is faster than argmax over many tiny windows.
    for index in range(1, height * width):
        entry = x[_positions(divmod(index, width), count, stride)]
        ahead = (entry > out) | np.isnan(entry)  # NaN stays to be seen
        np.copyto(out, entry, where=ahead)
        np.copyto(winner, index, where=ahead)
    return out, PoolCache(winner, x.shape, (height, width), stride)


def max_pool_backward(dout: Array, cache: PoolCache) -> Array:
    """Gradient of max pooling for x, (N, C, H, W). Of equal entries the first by rows gets it all (as PyTorch does).

    Raises: ValueError if dout has another shape than the output.
    """
    expect_shape("max_pool_backward", "dout", dout, cache.winner.shape, "the shape of the layer's output")
    dx = np.zeros(cache.shape, dtype=dout.dtype)
    height, width = cache.window
    for index in range(height * width):
        place = _positions(divmod(index, width), (dout.shape[2], dout.shape[3]), cache.stride)
        dx[place] += np.where(cache.winner == index, dout, 0)
    return dx


def _windows(where: str, x: Array, window: tuple[int, int], stride: int) -> Array:
    """View of all windows, (N, C, H', W', height, width)."""
    if stride < 1:
        raise ValueError(f"{where}: stride is {stride}, expected 1 or more pixels")
    if window[0] > x.shape[2] or window[1] > x.shape[3]:
        raise ValueError(f"{where}: a window of {window} does not fit into {x.shape[2:]}, the (padded) image")
    return sliding_window_view(x, window, axis=(2, 3))[:, :, ::stride, ::stride]


def _positions(entry: tuple[int, int], count: tuple[int, int], stride: int) -> tuple[slice, ...]:
    """Where that entry (row, column) of every window lies in the image; count: windows in each direction."""
    across = (
        slice(start, start + stride * windows, stride) for start, windows in zip(entry, count, strict=True)
    )
    return (slice(None), slice(None), *across)
