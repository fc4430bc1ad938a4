"""Inverted dropout. Pure but for the generator that the caller hands in; says "keep" for what other libraries call 1 - p."""

from __future__ import annotations

from .arrays import Array, UniformSource, expect_shape

__all__ = ["dropout_backward", "dropout_forward"]


def dropout_forward(x: Array, *, keep: float, rng: UniformSource) -> tuple[Array, Array]:
    """Keep each entry with probability `keep` and divide it by `keep`, so that the expected output is x (training mode).

    In test mode there is nothing to do: the output is the input.

    Args: x: any shape. keep: probability in (0, 1]; PyTorch and the paper's later editions name the complement p.
        rng: one uniform number is drawn for each entry of x, in C order.
    Returns: out, in the shape and dtype of x; mask, holding 0 or 1 / keep, to hand to dropout_backward.
    Raises: ValueError if keep is not in (0, 1].
    Source: Srivastava et al. 2014 (JMLR 15), in the inverted form.
    """
    if not 0 < keep <= 1:
        raise ValueError(f"dropout_forward: keep is {keep}, expected a probability above 0 and at most 1")
    mask: Array = ((rng.random(x.shape) < keep) / keep).astype(x.dtype, copy=False)
    return x * mask, mask


def dropout_backward(dout: Array, mask: Array) -> Array:
    """Gradient for x: dout through the mask of the forward pass. Raises: ValueError if the shapes differ."""
    expect_shape("dropout_backward", "dout", dout, mask.shape, "the shape of the layer's output")
    dx: Array = dout * mask
    return dx
