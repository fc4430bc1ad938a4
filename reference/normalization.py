"""Batch, layer, spatial batch and group normalisation, forward and backward. Pure: running averages are returned, never stored."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .arrays import Array, expect_rank, expect_shape

__all__ = [
    "BatchnormCache",
    "BatchnormForward",
    "GroupnormCache",
    "LayernormCache",
    "SpatialBatchnormCache",
    "batchnorm_backward",
    "batchnorm_backward_alt",
    "batchnorm_forward",
    "batchnorm_inference",
    "groupnorm_backward",
    "groupnorm_forward",
    "layernorm_backward",
    "layernorm_forward",
    "spatial_batchnorm_backward",
    "spatial_batchnorm_forward",
    "spatial_batchnorm_inference",
]


class BatchnormCache(NamedTuple):
    """Nodes of the graph of batch normalisation. xhat, centred: (N, D); inv_std, gamma, mean, var: (D,)."""

    xhat: Array
    centred: Array
    inv_std: Array
    gamma: Array
    mean: Array
    var: Array


class BatchnormForward(NamedTuple):
    """What the training-mode forward pass gives: the output, its cache, and the running averages after this batch."""

    out: Array
    cache: BatchnormCache
    running_mean: Array
    running_var: Array


class LayernormCache(NamedTuple):
    """xhat: (N, D); inv_std: (N, 1); gamma: (D,)."""

    xhat: Array
    inv_std: Array
    gamma: Array


class SpatialBatchnormCache(NamedTuple):
    """The cache over rows (N * H * W, C), and the shape (N, C, H, W) to return to."""

    rows: BatchnormCache
    shape: tuple[int, ...]


class GroupnormCache(NamedTuple):
    """xhat: (N, G, C / G * H * W); inv_std: (N, G, 1); gamma: (C,); shape: (N, C, H, W)."""

    xhat: Array
    inv_std: Array
    gamma: Array
    shape: tuple[int, ...]


# --- Over the batch -----------------------------------------------------------------------------------------------------------


def batchnorm_forward(
    x: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_var: Array,
    *,
    eps: float = 1e-5,
    momentum: float = 0.9,
) -> BatchnormForward:
    """Normalise each feature over the batch, then scale and shift (training mode).

    Args: x: (N, D), N >= 1; one row alone normalises to zero. gamma, beta: (D,), in units of the output.
        running_mean, running_var: (D,), averages so far. eps: added to the variance, in units of x squared; > 0.
        momentum: the old average's share in the new one; 0 keeps only this batch.
    Returns: out (N, D); cache, to hand to a backward unread; running_mean, running_var (D,), new arrays. The variance is
        the biased one (divided by N) in both places, as in the courses; PyTorch's running average takes the unbiased one.
    Raises: ValueError if x is not (N, D), or another array is not (D,).
    Accuracy: gradients match central differences (h = 1e-5, float64) to 1e-7 relative.
    Source: Ioffe & Szegedy 2015, Algorithm 1 (arXiv:1502.03167); running averages instead of its population estimate.
    """
    _expect_features(
        "batchnorm_forward", x, gamma=gamma, beta=beta, running_mean=running_mean, running_var=running_var
    )
    mean = x.mean(axis=0)
    centred = x - mean
    var = np.mean(centred * centred, axis=0)
    inv_std = 1 / np.sqrt(var + eps)
    xhat = centred * inv_std
    return BatchnormForward(
        out=gamma * xhat + beta,
        cache=BatchnormCache(xhat, centred, inv_std, gamma, mean, var),
        running_mean=momentum * running_mean + (1 - momentum) * mean,
        running_var=momentum * running_var + (1 - momentum) * var,
    )


def batchnorm_inference(
    x: Array, gamma: Array, beta: Array, running_mean: Array, running_var: Array, *, eps: float = 1e-5
) -> Array:
    """Normalise with given statistics, then scale and shift (test mode). Rows do not influence each other.

    Args: x: (N, D). gamma, beta, running_mean, running_var: (D,). eps: added to the variance, as in training.
    Returns: out (N, D).
    Raises: ValueError if x is not (N, D), or another array is not (D,).
    """
    _expect_features(
        "batchnorm_inference", x, gamma=gamma, beta=beta, running_mean=running_mean, running_var=running_var
    )
    out: Array = gamma * ((x - running_mean) / np.sqrt(running_var + eps)) + beta
    return out


def batchnorm_backward(dout: Array, cache: BatchnormCache) -> tuple[Array, Array, Array]:
    """Gradients of training-mode batch normalisation, node by node through its computation graph.

    Args: dout: (N, D), gradient of the loss for the output. cache: from batchnorm_forward.
    Returns: dx (N, D); dgamma, dbeta (D,). The running averages take no part: no gradient flows through them.
    Raises: ValueError if dout is not (N, D).
    Source: Ioffe & Szegedy 2015, section 3.
    """
    expect_shape("batchnorm_backward", "dout", dout, cache.xhat.shape, "the shape of the layer's output")
    rows = dout.shape[0]
    dxhat = dout * cache.gamma
    # xhat = centred * inv_std
    dcentred = dxhat * cache.inv_std
    dinv_std = np.sum(dxhat * cache.centred, axis=0)
    # inv_std = (var + eps) ** -0.5, whose derivative is -0.5 * inv_std ** 3
    dvar = -0.5 * dinv_std * cache.inv_std**3
    # var = mean(centred ** 2): the second branch into centred
    dcentred = dcentred + (2 / rows) * cache.centred * dvar
    # centred = x - mean(x): x is reached directly and through the mean
    dx = dcentred - dcentred.sum(axis=0) / rows
    return dx, np.sum(dout * cache.xhat, axis=0), dout.sum(axis=0)


def batchnorm_backward_alt(dout: Array, cache: BatchnormCache) -> tuple[Array, Array, Array]:
    """Gradients of training-mode batch normalisation, by the formula that the graph simplifies to.

    Args, returns, raises: as batchnorm_backward; the two differ by rounding only (below 1e-10 relative on the courses' data).
    """
    expect_shape("batchnorm_backward_alt", "dout", dout, cache.xhat.shape, "the shape of the layer's output")
    rows = dout.shape[0]
    dbeta = dout.sum(axis=0)
    dgamma = np.sum(dout * cache.xhat, axis=0)
    # The sums over dxhat = dout * gamma are gamma times dbeta and dgamma: two reductions serve all three gradients.
    dx = (cache.gamma * cache.inv_std / rows) * (rows * dout - dbeta - cache.xhat * dgamma)
    return dx, dgamma, dbeta


def _expect_features(where: str, x: Array, **parameters: Array) -> None:
    expect_rank(where, "x", x, 2, "(N, D)")
    for name, array in parameters.items():
        expect_shape(where, name, array, x.shape[1:], "one entry per feature of x")


# --- Over the features --------------------------------------------------------------------------------------------------------


def layernorm_forward(
    x: Array, gamma: Array, beta: Array, *, eps: float = 1e-5
) -> tuple[Array, LayernormCache]:
    """Normalise each row over its features, then scale and shift. Training and test are the same.

    Args: x: (N, D). gamma, beta: (D,). eps: added to the variance, in units of x squared; > 0.
    Returns: out (N, D); cache, to hand to layernorm_backward unread.
    Raises: ValueError if x is not (N, D), or gamma or beta is not (D,).
    Accuracy: gradients match central differences (h = 1e-5, float64) to 1e-7 relative.
    Source: Ba, Kiros & Hinton 2016 (arXiv:1607.06450).
    """
    _expect_features("layernorm_forward", x, gamma=gamma, beta=beta)
    xhat, inv_std = _standardise_last(x, eps)
    return gamma * xhat + beta, LayernormCache(xhat, inv_std, gamma)


def layernorm_backward(dout: Array, cache: LayernormCache) -> tuple[Array, Array, Array]:
    """Gradients of layer normalisation.

    Args: dout: (N, D). cache: from layernorm_forward.
    Returns: dx (N, D); dgamma, dbeta (D,).
    Raises: ValueError if dout is not (N, D).
    """
    expect_shape("layernorm_backward", "dout", dout, cache.xhat.shape, "the shape of the layer's output")
    dx = _standardise_last_backward(dout * cache.gamma, cache.xhat, cache.inv_std)
    return dx, np.sum(dout * cache.xhat, axis=0), dout.sum(axis=0)


def _standardise_last(x: Array, eps: float) -> tuple[Array, Array]:
    centred = x - x.mean(axis=-1, keepdims=True)
    inv_std = 1 / np.sqrt(np.mean(centred * centred, axis=-1, keepdims=True) + eps)
    return centred * inv_std, inv_std


def _standardise_last_backward(dxhat: Array, xhat: Array, inv_std: Array) -> Array:
    mean = dxhat.mean(axis=-1, keepdims=True)
    along = np.mean(dxhat * xhat, axis=-1, keepdims=True)
    dx: Array = inv_std * (dxhat - mean - xhat * along)
    return dx


# --- Over images --------------------------------------------------------------------------------------------------------------


def spatial_batchnorm_forward(
    x: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_var: Array,
    *,
    eps: float = 1e-5,
    momentum: float = 0.9,
) -> tuple[Array, SpatialBatchnormCache, Array, Array]:
    """Normalise each channel over the batch and all positions, then scale and shift (training mode).

    Args: x: (N, C, H, W). gamma, beta, running_mean, running_var: (C,). eps, momentum: as batchnorm_forward.
    Returns: out (N, C, H, W); cache; running_mean, running_var (C,), new arrays.
    Raises: ValueError if x is not (N, C, H, W), or another array is not (C,).
    Source: Ioffe & Szegedy 2015, section 3.2.
    """
    expect_rank("spatial_batchnorm_forward", "x", x, 4, "(N, C, H, W)")
    step = batchnorm_forward(_to_rows(x), gamma, beta, running_mean, running_var, eps=eps, momentum=momentum)
    cache = SpatialBatchnormCache(step.cache, x.shape)
    return _from_rows(step.out, x.shape), cache, step.running_mean, step.running_var


def spatial_batchnorm_inference(
    x: Array, gamma: Array, beta: Array, running_mean: Array, running_var: Array, *, eps: float = 1e-5
) -> Array:
    """Normalise each channel with given statistics (test mode); shapes and errors as spatial_batchnorm_forward."""
    expect_rank("spatial_batchnorm_inference", "x", x, 4, "(N, C, H, W)")
    rows = batchnorm_inference(_to_rows(x), gamma, beta, running_mean, running_var, eps=eps)
    return _from_rows(rows, x.shape)


def spatial_batchnorm_backward(dout: Array, cache: SpatialBatchnormCache) -> tuple[Array, Array, Array]:
    """Gradients of training-mode spatial batch normalisation.

    Args: dout: (N, C, H, W). cache: from spatial_batchnorm_forward.
    Returns: dx (N, C, H, W); dgamma, dbeta (C,).
    Raises: ValueError if dout has another shape than the output.
    """
    expect_shape("spatial_batchnorm_backward", "dout", dout, cache.shape, "the shape of the layer's output")
    dx, dgamma, dbeta = batchnorm_backward_alt(_to_rows(dout), cache.rows)
    return _from_rows(dx, cache.shape), dgamma, dbeta


def _to_rows(x: Array) -> Array:
    return x.transpose(0, 2, 3, 1).reshape(-1, x.shape[1])


def _from_rows(rows: Array, shape: tuple[int, ...]) -> Array:
    n, c, h, w = shape
    return np.ascontiguousarray(rows.reshape(n, h, w, c).transpose(0, 3, 1, 2))


def groupnorm_forward(
    x: Array, gamma: Array, beta: Array, *, groups: int, eps: float = 1e-5
) -> tuple[Array, GroupnormCache]:
    """Normalise each image over groups of neighbouring channels and all positions, then scale and shift by channel.

    Args: x: (N, C, H, W). gamma, beta: (C,). groups: number of groups G; divides C. eps: added to the variance; > 0.
    Returns: out (N, C, H, W); cache, to hand to groupnorm_backward unread.
    Raises: ValueError if x is not (N, C, H, W), gamma or beta is not (C,), or G does not divide C.
    Source: Wu & He 2018 (arXiv:1803.08494).
    """
    expect_rank("groupnorm_forward", "x", x, 4, "(N, C, H, W)")
    channels = x.shape[1]
    expect_shape("groupnorm_forward", "gamma", gamma, (channels,), "one entry per channel of x")
    expect_shape("groupnorm_forward", "beta", beta, (channels,), "one entry per channel of x")
    if groups < 1 or channels % groups:
        raise ValueError(
            f"groupnorm_forward: {groups} groups of {channels} channels; expected a divisor of {channels}"
        )
    xhat, inv_std = _standardise_last(x.reshape(x.shape[0], groups, -1), eps)
    out = gamma[:, None, None] * xhat.reshape(x.shape) + beta[:, None, None]
    return out, GroupnormCache(xhat, inv_std, gamma, x.shape)


def groupnorm_backward(dout: Array, cache: GroupnormCache) -> tuple[Array, Array, Array]:
    """Gradients of group normalisation.

    Args: dout: (N, C, H, W). cache: from groupnorm_forward.
    Returns: dx (N, C, H, W); dgamma, dbeta (C,).
    Raises: ValueError if dout has another shape than the output.
    """
    expect_shape("groupnorm_backward", "dout", dout, cache.shape, "the shape of the layer's output")
    dxhat = (dout * cache.gamma[:, None, None]).reshape(cache.xhat.shape)
    dx = _standardise_last_backward(dxhat, cache.xhat, cache.inv_std).reshape(cache.shape)
    dgamma = np.sum(dout * cache.xhat.reshape(cache.shape), axis=(0, 2, 3))
    return dx, dgamma, dout.sum(axis=(0, 2, 3))
