"""Which statistics normalize, and what becomes of one of the two: mistakes in the forward passes of batch normalization.

Mean and variance, and a minibatch's and the running ones, come in pairs: these entries get one of two wrong, or take the other two.
"""

from __future__ import annotations

from dataclasses import replace

from .entry import Edit, Misconception
from .normalization import LET_THROUGH, NEW_MEAN, NEW_VAR, OUT, TEST, TEST_OUT, TRAIN, VAR

__all__ = ["MISCONCEPTIONS"]

XHAT = "xhat = centred * inv_std"
OLD = "(x - running_mean) / np.sqrt(running_var + eps)"
NEW = (
    "(x - running_mean - (1 - momentum) * (mean - running_mean))"
    " / np.sqrt(running_var + (1 - momentum) * (var - running_var) + eps)"
)

_RUNNING_AVERAGES_NORMALIZE = (
    Misconception(
        id="batchnorm_forward.running_averages_normalize",
        edits=(Edit(TRAIN, OUT, f"out=gamma * ({NEW}) + beta"),),
        student="It looks like training mode normalizes with the running averages; whose statistics are due here?",
        instructor="In training mode the output comes from the running averages, after this minibatch has moved them.",
    ),
    Misconception(
        id="batchnorm_forward.running_averages_normalize_cached",
        edits=(Edit(TRAIN, XHAT, f"xhat = {NEW}"),),
        student="It looks like training mode normalizes with the running averages, and the backward pass goes on with what came of "
        "it; whose statistics are due here?",
        instructor="In training mode xhat comes from the running averages, once this minibatch has moved them; the cache holds it.",
    ),
    Misconception(
        id="batchnorm_forward.old_averages_normalize",
        edits=(Edit(TRAIN, OUT, f"out=gamma * ({OLD}) + beta"),),
        student="It looks like training mode normalizes with the running averages as they were before; whose statistics is each "
        "minibatch to be rid of?",
        instructor="In training mode the output comes from the running averages, before this minibatch moves them.",
    ),
    Misconception(
        id="batchnorm_forward.old_averages_normalize_cached",
        edits=(Edit(TRAIN, XHAT, f"xhat = {OLD}"),),
        student="It looks like training mode normalizes with the running averages as they were before, and the backward pass goes "
        "on with what came of it; whose statistics are due here?",
        instructor="In training mode xhat comes from the running averages, before this minibatch moves them; the cache holds it.",
    ),
)

_ONE_OF_TWO = (
    Misconception(
        id="batchnorm_forward.mean_momentum_swapped",
        edits=(Edit(TRAIN, NEW_MEAN, "(1 - momentum) * running_mean + momentum * mean"),),
        student="It looks like momentum weighs the minibatch's mean in the running mean, but not so in the running variance.",
        instructor="Momentum weighs the new value in the running mean alone.",
    ),
    Misconception(
        id="batchnorm_forward.variance_momentum_swapped",
        edits=(Edit(TRAIN, NEW_VAR, "(1 - momentum) * running_var + momentum * var"),),
        student="It looks like momentum weighs the minibatch's variance in the running variance, but not so in the running mean.",
        instructor="Momentum weighs the new value in the running variance alone.",
    ),
    Misconception(
        id="batchnorm_forward.deviation_as_variance",
        edits=(Edit(TRAIN, VAR, "var = np.sqrt(np.mean(centred * centred, axis=0))"),),
        student="It looks like a standard deviation stands where the variance is meant, under the root and in the running average; "
        "what does np.std give?",
        instructor="np.std in place of np.var in training mode, for the output and the running average.",
        seen=LET_THROUGH,
    ),
    Misconception(
        id="batchnorm_forward.variance_divided_by_features",
        edits=(Edit(TRAIN, VAR, "var = np.sum(centred * centred, axis=0) / x.shape[1]"),),
        student="It looks like the variance is divided by the number of features; over what does the average run?",
        instructor="The variance is divided by D, not by N.",
    ),
    Misconception(
        id="batchnorm_inference.batch_mean",
        edits=(Edit(TEST, TEST_OUT, "gamma * ((x - x.mean(axis=0)) / np.sqrt(running_var + eps)) + beta"),),
        student="It looks like test mode takes off the mean of what comes in, and divides by the running average; both are kept.",
        instructor="The minibatch's own mean, with the running variance, in test mode.",
    ),
    Misconception(
        id="batchnorm_inference.batch_variance",
        edits=(Edit(TEST, TEST_OUT, "gamma * ((x - running_mean) / np.sqrt(x.var(axis=0) + eps)) + beta"),),
        student="It looks like test mode divides by the deviation of what comes in, and takes off the running mean; both are kept.",
        instructor="The minibatch's own variance, with the running mean, in test mode.",
    ),
)

#: Those of this family.
MISCONCEPTIONS: tuple[Misconception, ...] = tuple(
    replace(one, paired=False) for one in (*_RUNNING_AVERAGES_NORMALIZE, *_ONE_OF_TWO)
)
