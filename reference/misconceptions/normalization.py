"""What goes wrong in batch and layer normalisation, their spatial kinds included."""

from __future__ import annotations

from collections.abc import Mapping

from .entry import Edit, Misconception

__all__ = ["MISCONCEPTIONS"]

TRAIN = "normalization.batchnorm_forward"
TEST = "normalization.batchnorm_inference"
BACK = "normalization.batchnorm_backward"
ALT = "normalization.batchnorm_backward_alt"
LAYER = "normalization.layernorm_forward"
LAYER_BACK = "normalization.layernorm_backward"
SPATIAL = "normalization.spatial_batchnorm_forward"
GROUP = "normalization.groupnorm_forward"
GROUP_BACK = "normalization.groupnorm_backward"

VAR = "var = np.mean(centred * centred, axis=0)"
STD = "inv_std = 1 / np.sqrt(var + eps)"
MEAN = "mean = x.mean(axis=0)"
OUT = "out=gamma * xhat + beta"
NEW_MEAN = "momentum * running_mean + (1 - momentum) * mean"
NEW_VAR = "momentum * running_var + (1 - momentum) * var"
TEST_OUT = "gamma * ((x - running_mean) / np.sqrt(running_var + eps)) + beta"

PUBLIC = "public checkouts of CS231n's assignment 2"
LET_THROUGH = f"{PUBLIC}; the notebook's own cells let it through"
KTH_REPORT = "a published report on KTH DD2424, assignment 3"
TUFTS_NOTEBOOK = "a published solution of the Tufts notebook"


EPS_SEEN = {"": "1e-05", "_1e-4": "1e-04", "_1e-3": "1e-03"}  # by the end of the entry's id
SMALL_EPS = {"_1e-8": "1e-08"}  # in test mode nothing tells it from an eps that is left out


def _eps(place: str, right: str, wrong: str, mode: str, seen: Mapping[str, str]) -> tuple[Misconception, ...]:
    """eps written down, as each course's own notebook has it. wrong: with {eps}."""
    return tuple(
        Misconception(
            id=f"{place.partition('.')[2]}.eps_hard_coded{suffix}",
            edits=(Edit(place, right, wrong.format(eps=eps)),),
            student=f"It looks like {mode} mode takes {eps} for eps where another value is due; "
            "which setting, or which default, counts?",
            instructor=f"eps is written down as {eps} (or is the default, or read under a wrong key) in {mode} mode.",
            seen=LET_THROUGH,
        )
        for suffix, eps in seen.items()
    )


def _momentum(suffix: str, momentum: str) -> Misconception:
    """momentum written down, as each course's own notebook has it."""
    return Misconception(
        id=f"batchnorm_forward.momentum_hard_coded{suffix}",
        edits=(
            Edit(TRAIN, NEW_MEAN, f"{momentum} * running_mean + (1 - {momentum}) * mean"),
            Edit(TRAIN, NEW_VAR, f"{momentum} * running_var + (1 - {momentum}) * var"),
        ),
        student=f"It looks like running averages take {momentum} for momentum where another value is due; "
        "which setting, or which default, counts?",
        instructor=f"momentum is written down as {momentum} (or is the default, or read under a wrong key).",
        seen=LET_THROUGH,
    )


_FORWARD = (
    Misconception(
        id="batchnorm_forward.variance_n_minus_1",
        edits=(Edit(TRAIN, VAR, "var = np.sum(centred * centred, axis=0) / (x.shape[0] - 1)"),),
        student="It looks like the minibatch's variance is divided by N - 1; see which variance the algorithm in the paper "
        "normalizes with.",
        instructor="Sample variance (ddof = 1) in training mode, for the output and the running average.",
        seen="statistics courses teach it; common in public checkouts",
    ),
    Misconception(
        id="batchnorm_forward.variance_corrected_twice",
        edits=(Edit(TRAIN, VAR, "var = np.mean(centred * centred, axis=0) * (x.shape[0] - 1) / x.shape[0]"),),
        student="It looks like the variance is multiplied by (N - 1) / N although it was divided by N already; look up what "
        "np.var does by default.",
        instructor="np.var divides by N by default; a further factor (N - 1) / N corrects what needs no correction.",
        seen=KTH_REPORT,
    ),
    Misconception(
        id="batchnorm_forward.variance_about_zero",
        edits=(Edit(TRAIN, VAR, "var = np.mean(x * x, axis=0)"),),
        student="It looks like the squares of x itself are averaged for the variance; a variance is about the mean.",
        instructor="Second moment in place of the variance.",
    ),
    Misconception(
        id="batchnorm_forward.variance_not_averaged",
        edits=(Edit(TRAIN, VAR, "var = np.sum(centred * centred, axis=0)"),),
        student="It looks like the squared distances from the mean are added up, but not averaged.",
        instructor="The variance lacks its 1 / N.",
    ),
    Misconception(
        id="batchnorm_forward.divides_by_variance",
        edits=(Edit(TRAIN, STD, "inv_std = 1 / (var + eps)"),),
        student="It looks like x is divided by the variance; in which units is a variance, and in which is x?",
        instructor="Divides by var + eps, without the root.",
    ),
    Misconception(
        id="batchnorm_forward.eps_missing",
        edits=(Edit(TRAIN, STD, "inv_std = 1 / np.sqrt(var)"),),
        student="It looks like eps takes no part in training mode; what happens to a feature that does not vary?",
        instructor="No eps in training mode.",
    ),
    Misconception(
        id="batchnorm_forward.eps_outside_root",
        edits=(Edit(TRAIN, STD, "inv_std = 1 / (np.sqrt(var) + eps)"),),
        student="It looks like eps is added to the standard deviation; compare with the formula's place for it.",
        instructor="eps outside the root in training mode.",
        seen=PUBLIC,
    ),
    *_eps(TRAIN, STD, "inv_std = 1 / np.sqrt(var + {eps})", "training", EPS_SEEN | SMALL_EPS),
    Misconception(
        id="batchnorm_forward.momentum_swapped",
        edits=(
            Edit(TRAIN, NEW_MEAN, "(1 - momentum) * running_mean + momentum * mean"),
            Edit(TRAIN, NEW_VAR, "(1 - momentum) * running_var + momentum * var"),
        ),
        student="It looks like momentum weighs the minibatch's statistics; re-read which of the two it weighs here.",
        instructor="Momentum weighs the new value in the running averages, as in PyTorch.",
        seen=PUBLIC,
    ),
    _momentum("", "0.9"),
    _momentum("_0.95", "0.95"),
    _momentum("_0.99", "0.99"),
    Misconception(
        id="batchnorm_forward.running_never_stored",
        edits=(Edit(TRAIN, NEW_MEAN, "running_mean"), Edit(TRAIN, NEW_VAR, "running_var")),
        student="It looks like the running averages never change; are the new ones stored where the next call finds them?",
        instructor="The running averages are computed at most, but never stored.",
        seen=PUBLIC,
    ),
    Misconception(
        id="batchnorm_forward.running_variance_never_stored",
        edits=(Edit(TRAIN, NEW_VAR, "running_var"),),
        student="It looks like the running mean moves, but the running variance never does; is it updated, and stored?",
        instructor="Of the two running averages, the variance's is not updated.",
    ),
    Misconception(
        id="batchnorm_forward.running_is_last_batch",
        edits=(Edit(TRAIN, NEW_MEAN, "mean"), Edit(TRAIN, NEW_VAR, "var")),
        student="It looks like the running averages hold the last minibatch's statistics alone; an average remembers.",
        instructor="The running averages are overwritten with the last minibatch's mean and variance.",
        seen=LET_THROUGH,
    ),
    Misconception(
        id="batchnorm_forward.running_started_by_first_batch",
        edits=(
            Edit(TRAIN, NEW_MEAN, f"{NEW_MEAN} if running_mean.any() else mean"),
            Edit(TRAIN, NEW_VAR, f"{NEW_VAR} if running_var.any() else var"),
        ),
        student="It looks like the running averages start as the first minibatch's statistics; what do they start from here?",
        instructor="Where there are no running averages yet, the first minibatch's mean and variance are taken as they are.",
    ),
    Misconception(
        id="batchnorm_forward.running_sum",
        edits=(
            Edit(TRAIN, NEW_MEAN, "momentum * running_mean + mean"),
            Edit(TRAIN, NEW_VAR, "momentum * running_var + var"),
        ),
        student="It looks like the new statistics go into the running averages at full weight; what should both weights add up to?",
        instructor="The new value lacks its weight 1 - momentum.",
    ),
    Misconception(
        id="batchnorm_forward.running_variance_unbiased",
        edits=(
            Edit(
                TRAIN,
                NEW_VAR,
                "momentum * running_var + (1 - momentum) * (var * x.shape[0] / (x.shape[0] - 1))",
            ),
        ),
        student="It looks like the running variance averages variances divided by N - 1; see which one the notebook asks for.",
        instructor="The running average takes the unbiased variance, as the paper and PyTorch do; the course takes the biased one.",
        seen="PyTorch's own convention",
    ),
    Misconception(
        id="batchnorm_forward.running_standard_deviation",
        edits=(Edit(TRAIN, NEW_VAR, "momentum * running_var + (1 - momentum) * np.sqrt(var)"),),
        student="It looks like the running average under the variance's name holds standard deviations.",
        instructor="The running variance averages standard deviations.",
    ),
    Misconception(
        id="batchnorm_forward.running_variance_with_eps",
        edits=(Edit(TRAIN, NEW_VAR, "momentum * running_var + (1 - momentum) * (var + eps)"),),
        student="It looks like eps is in the running variance already; test mode adds it once more.",
        instructor="The running average is taken of var + eps.",
    ),
    Misconception(
        id="batchnorm_forward.axis_of_features",
        edits=(
            Edit(TRAIN, MEAN, "mean = x.mean(axis=1, keepdims=True)"),
            Edit(TRAIN, VAR, "var = np.mean(centred * centred, axis=1, keepdims=True)"),
        ),
        student="It looks like each example is normalized over its features; whose mean is it in batch normalization?",
        instructor="Statistics over axis 1.",
        seen=PUBLIC,
    ),
    Misconception(
        id="batchnorm_forward.one_mean_for_all",
        edits=(
            Edit(TRAIN, MEAN, "mean = np.full(x.shape[1], x.mean())"),
            Edit(TRAIN, VAR, "var = np.full(x.shape[1], np.mean(centred * centred))"),
        ),
        student="It looks like one mean and one variance serve all features; each feature has its own.",
        instructor="Statistics over all axes (np.mean and np.var without an axis).",
    ),
    Misconception(
        id="batchnorm_forward.mean_of_all",
        edits=(Edit(TRAIN, MEAN, "mean = np.full(x.shape[1], x.mean())"),),
        student="It looks like one mean serves all features; each feature has its own.",
        instructor="The mean is over all axes (np.mean without an axis), the variance about it over axis 0.",
    ),
    Misconception(
        id="batchnorm_forward.variance_of_all",
        edits=(Edit(TRAIN, VAR, "var = np.full(x.shape[1], np.mean(centred * centred))"),),
        student="It looks like one variance serves all features; each feature has its own.",
        instructor="The mean is over axis 0, the variance about it over all axes.",
    ),
    Misconception(
        id="batchnorm_forward.not_centred",
        edits=(Edit(TRAIN, "xhat = centred * inv_std", "xhat = x * inv_std"),),
        student="It looks like x is scaled, but the mean is not taken off.",
        instructor="Divides x itself by the standard deviation.",
    ),
    Misconception(
        id="batchnorm_forward.gamma_ignored",
        edits=(Edit(TRAIN, OUT, "out=xhat + beta"),),
        student="It looks like gamma takes no part in training mode.",
        instructor="No gamma in training mode.",
        seen=LET_THROUGH,
    ),
    Misconception(
        id="batchnorm_forward.beta_ignored",
        edits=(Edit(TRAIN, OUT, "out=gamma * xhat"),),
        student="It looks like beta takes no part in training mode.",
        instructor="No beta in training mode.",
    ),
    Misconception(
        id="batchnorm_forward.gamma_and_beta_ignored",
        edits=(Edit(TRAIN, OUT, "out=xhat + 0 * beta"),),
        student="It looks like the output of training mode is normalized, but neither scaled nor shifted.",
        instructor="Neither gamma nor beta in training mode.",
        seen=LET_THROUGH,
    ),
    Misconception(
        id="batchnorm_forward.gamma_and_beta_swapped",
        edits=(Edit(TRAIN, OUT, "out=beta * xhat + gamma"),),
        student="It looks like gamma and beta have changed places: which one scales, and which one shifts?",
        instructor="beta scales and gamma shifts in training mode.",
    ),
    Misconception(
        id="batchnorm_forward.shift_before_scale",
        edits=(Edit(TRAIN, OUT, "out=gamma * (xhat + beta)"),),
        student="It looks like beta is added before gamma scales; mind the order.",
        instructor="gamma * (xhat + beta).",
    ),
)

_INFERENCE = (
    Misconception(
        id="batchnorm_inference.eps_missing",
        edits=(Edit(TEST, TEST_OUT, "gamma * ((x - running_mean) / np.sqrt(running_var)) + beta"),),
        student="It looks like test mode takes no eps, or one too small to count; training and test should divide in the same way.",
        instructor="No eps in test mode, or one of 1e-8 or less.",
        seen=f"{TUFTS_NOTEBOOK}: its printed value differs from the expected one by just this",
    ),
    Misconception(
        id="batchnorm_inference.eps_outside_root",
        edits=(Edit(TEST, TEST_OUT, "gamma * ((x - running_mean) / (np.sqrt(running_var) + eps)) + beta"),),
        student="It looks like eps is added to the standard deviation in test mode; compare with training mode.",
        instructor="eps outside the root in test mode.",
        seen=PUBLIC,
    ),
    *_eps(
        TEST, TEST_OUT, "gamma * ((x - running_mean) / np.sqrt(running_var + {eps})) + beta", "test", EPS_SEEN
    ),
    Misconception(
        id="batchnorm_inference.batch_statistics",
        edits=(Edit(TEST, TEST_OUT, "gamma * ((x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)) + beta"),),
        student="It looks like test mode still normalizes by the minibatch; what were the running averages kept for?",
        instructor="The minibatch's own statistics in test mode.",
        seen=PUBLIC,
    ),
    Misconception(
        id="batchnorm_inference.gamma_and_beta_ignored",
        edits=(Edit(TEST, TEST_OUT, "(x - running_mean) / np.sqrt(running_var + eps) + 0 * beta"),),
        student="It looks like test mode normalizes, but neither scales nor shifts.",
        instructor="Neither gamma nor beta in test mode.",
        seen=LET_THROUGH,
    ),
    Misconception(
        id="batchnorm_inference.gamma_ignored",
        edits=(Edit(TEST, TEST_OUT, "(x - running_mean) / np.sqrt(running_var + eps) + beta"),),
        student="It looks like gamma takes no part in test mode.",
        instructor="No gamma in test mode.",
    ),
    Misconception(
        id="batchnorm_inference.beta_ignored",
        edits=(Edit(TEST, TEST_OUT, "gamma * ((x - running_mean) / np.sqrt(running_var + eps))"),),
        student="It looks like beta takes no part in test mode.",
        instructor="No beta in test mode.",
    ),
    Misconception(
        id="batchnorm_inference.shift_before_scale",
        edits=(Edit(TEST, TEST_OUT, "gamma * ((x - running_mean) / np.sqrt(running_var + eps) + beta)"),),
        student="It looks like beta is added before gamma scales in test mode; mind the order.",
        instructor="gamma * (xhat + beta) in test mode.",
        paired=False,
    ),
    Misconception(
        id="batchnorm_inference.divides_by_variance",
        edits=(Edit(TEST, TEST_OUT, "gamma * ((x - running_mean) / (running_var + eps)) + beta"),),
        student="It looks like test mode divides by the running variance; in which units is a variance?",
        instructor="Divides by running_var + eps, without the root, in test mode.",
    ),
    Misconception(
        id="batchnorm_inference.not_centred",
        edits=(Edit(TEST, TEST_OUT, "gamma * (x / np.sqrt(running_var + eps)) + beta"),),
        student="It looks like the running mean is not taken off in test mode.",
        instructor="No running mean in test mode.",
    ),
    Misconception(
        id="batchnorm_inference.updates_running",
        edits=(
            Edit(
                "conventions.cs231n.batchnorm_forward",
                "return (normalization.batchnorm_inference(x, gamma, beta, *running, eps=eps), None)",
                "step = normalization.batchnorm_forward(x, gamma, beta, *running, eps=eps, momentum=momentum)\n"
                "bn_param['running_mean'], bn_param['running_var'] = step.running_mean, step.running_var\n"
                "return (normalization.batchnorm_inference(x, gamma, beta, *running, eps=eps), None)",
            ),
            Edit(
                "conventions.tufts.batchnorm_forward",
                "return normalization.batchnorm_inference(x, gamma, beta, mean, var, eps=bn_param['eps'])",
                "eps, momentum = bn_param['eps'], bn_param['momentum']\n"
                "step = normalization.batchnorm_forward(x, gamma, beta, mean, var, eps=eps, momentum=momentum)\n"
                "bn_param['running_mean'] = step.running_mean.reshape(1, -1)\n"
                "bn_param['running_var'] = step.running_var.reshape(1, -1)\n"
                "return normalization.batchnorm_inference(x, gamma, beta, mean, var, eps=bn_param['eps'])",
            ),
        ),
        student="It looks like the running averages move on in test mode; test mode should leave nothing behind.",
        instructor="The running averages are updated in test mode.",
    ),
    Misconception(
        id="batchnorm_inference.updates_running_first",
        edits=(
            Edit(
                "conventions.cs231n.batchnorm_forward",
                "return (normalization.batchnorm_inference(x, gamma, beta, *running, eps=eps), None)",
                "step = normalization.batchnorm_forward(x, gamma, beta, *running, eps=eps, momentum=momentum)\n"
                "running = step.running_mean, step.running_var\n"
                "bn_param['running_mean'], bn_param['running_var'] = running\n"
                "return (normalization.batchnorm_inference(x, gamma, beta, *running, eps=eps), None)",
            ),
        ),
        student="It looks like the running averages move on in test mode before they are used; test mode should leave them alone.",
        instructor="The running averages are updated in test mode, and the updated ones normalize.",
    ),
)

DX = "dx = dcentred - dcentred.sum(axis=0) / rows"
DVAR = "dvar = -0.5 * dinv_std * cache.inv_std ** 3"
THROUGH_VAR = "dcentred = dcentred + 2 / rows * cache.centred * dvar"
SUMS = "np.sum(dout * cache.xhat, axis=0), dout.sum(axis=0)"

_BACKWARD = (
    Misconception(
        id="batchnorm_backward.mean_constant",
        edits=(Edit(BACK, DX, "dx = dcentred"),),
        student="It looks like the mean counts as a constant; x reaches the output through the mean as well.",
        instructor="The path through the mean is missing in dx.",
        seen=PUBLIC,
    ),
    Misconception(
        id="batchnorm_backward.variance_constant",
        edits=(Edit(BACK, THROUGH_VAR, "dcentred = dcentred + 0 * dvar"),),
        student="It looks like the variance counts as a constant; x reaches the output through the variance as well.",
        instructor="The path through the variance is missing in dx.",
        seen=PUBLIC,
    ),
    Misconception(
        id="batchnorm_backward.statistics_constant",
        edits=(
            Edit(BACK, THROUGH_VAR, "dcentred = dcentred + 0 * dvar"),
            Edit(BACK, DX, "dx = dcentred"),
        ),
        student="It looks like mean and variance both count as constants; x reaches the output by three ways.",
        instructor="dx is gamma * dout / std alone.",
        seen=PUBLIC,
    ),
    Misconception(
        id="batchnorm_backward.mean_not_averaged",
        edits=(Edit(BACK, DX, "dx = dcentred - dcentred.sum(axis=0)"),),
        student="It looks like the way through the mean lacks a factor; differentiate the mean once more.",
        instructor="The path through the mean lacks its 1 / N.",
    ),
    Misconception(
        id="batchnorm_backward.variance_not_averaged",
        edits=(Edit(BACK, THROUGH_VAR, "dcentred = dcentred + 2 * cache.centred * dvar"),),
        student="It looks like the way through the variance lacks a factor; differentiate the average of the squares once more.",
        instructor="The path through the variance lacks its 1 / N.",
    ),
    Misconception(
        id="batchnorm_backward.square_without_two",
        edits=(Edit(BACK, THROUGH_VAR, "dcentred = dcentred + 1 / rows * cache.centred * dvar"),),
        student="It looks like a factor is missing on the way through the variance; what is the derivative of a square?",
        instructor="The path through the variance lacks the 2 of the square's derivative.",
    ),
    Misconception(
        id="batchnorm_backward.root_without_half",
        edits=(Edit(BACK, DVAR, "dvar = -dinv_std * cache.inv_std ** 3"),),
        student="It looks like a factor is off on the way through the root; what is the derivative of v ** -0.5?",
        instructor="The derivative of 1 / sqrt(var + eps) lacks its half.",
    ),
    Misconception(
        id="batchnorm_backward.root_sign",
        edits=(Edit(BACK, DVAR, "dvar = 0.5 * dinv_std * cache.inv_std ** 3"),),
        student="It looks like the way through the variance has the wrong sign; does the output grow or shrink with the variance?",
        instructor="The derivative of 1 / sqrt(var + eps) has the wrong sign.",
    ),
    Misconception(
        id="batchnorm_backward.root_power",
        edits=(Edit(BACK, DVAR, "dvar = -0.5 * dinv_std * cache.inv_std ** 2"),),
        student="It looks like a power is off on the way through the root; what is the derivative of v ** -0.5?",
        instructor="The derivative of 1 / sqrt(var + eps) has the power -1 in place of -3/2.",
    ),
    Misconception(
        id="batchnorm_backward.mean_sign",
        edits=(Edit(BACK, DX, "dx = dcentred + dcentred.sum(axis=0) / rows"),),
        student="It looks like the way through the mean has the wrong sign; the mean was subtracted.",
        instructor="The path through the mean has the wrong sign.",
    ),
    Misconception(
        id="batchnorm_backward.gamma_missing",
        edits=(Edit(BACK, "dxhat = dout * cache.gamma", "dxhat = dout"),),
        student="It looks like gamma takes no part in dx; what comes right before the output in the forward pass?",
        instructor="dx lacks gamma.",
        seen=LET_THROUGH,
    ),
    Misconception(
        id="batchnorm_backward.dgamma_of_centred",
        edits=(Edit(BACK, SUMS, "np.sum(dout * cache.centred, axis=0), dout.sum(axis=0)"),),
        student="It looks like the gradient of gamma is taken with an x that is centred but not yet normalized.",
        instructor="dgamma is the sum of dout * (x - mean).",
    ),
    Misconception(
        id="batchnorm_backward.dgamma_dbeta_averaged",
        edits=(Edit(BACK, SUMS, "np.mean(dout * cache.xhat, axis=0), dout.mean(axis=0)"),),
        student="It looks like the gradients of gamma and beta are averaged over the examples; where would a 1 / N come from?",
        instructor="dgamma and dbeta are means, not sums.",
    ),
    Misconception(
        id="batchnorm_backward.dgamma_dbeta_swapped",
        edits=(Edit(BACK, SUMS, "dout.sum(axis=0), np.sum(dout * cache.xhat, axis=0)"),),
        student="It looks like the gradients of gamma and beta come back in each other's place.",
        instructor="dgamma and dbeta are swapped.",
    ),
    Misconception(
        id="batchnorm_backward.dgamma_dbeta_not_summed",
        edits=(Edit(BACK, SUMS, "dout * cache.xhat, dout"),),
        student="It looks like the gradients of gamma and beta are not added up over the examples; which shapes are due?",
        instructor="dgamma and dbeta are not summed over the rows.",
    ),
    Misconception(
        id="batchnorm_backward.eps_missing",
        edits=(
            Edit(
                BACK,
                "dxhat = dout * cache.gamma",
                "cache = cache._replace(inv_std=1 / np.sqrt(cache.var))\ndxhat = dout * cache.gamma",
            ),
        ),
        student="It looks like the backward pass divides without eps; the forward pass divides with it.",
        instructor="The backward pass computes the standard deviation again, without eps.",
    ),
    Misconception(
        id="batchnorm_backward.eps_hard_coded",
        edits=(
            Edit(
                BACK,
                "dxhat = dout * cache.gamma",
                "cache = cache._replace(inv_std=1 / np.sqrt(cache.var + 1e-05))\ndxhat = dout * cache.gamma",
            ),
        ),
        student="It looks like the backward pass always takes 1e-5 for eps; does it get to know the forward pass's?",
        instructor="The backward pass computes the standard deviation again, with eps written down as 1e-5.",
        seen=LET_THROUGH,
    ),
)

ALT_DX = "dx = cache.gamma * cache.inv_std / rows * (rows * dout - dbeta - cache.xhat * dgamma)"

# Students may call either backward pass in their network; mistakes in this one show there if they call this one.
CALLED = Edit(
    "networks.FullyConnectedNet._layer_backward",
    "norms.batchnorm_backward",
    "norms.batchnorm_backward_alt",
    context=True,
)

_ALTERNATIVE = (
    Misconception(
        id="batchnorm_backward_alt.sign",
        edits=(
            CALLED,
            Edit(
                ALT,
                ALT_DX,
                "dx = cache.gamma * cache.inv_std / rows * (rows * dout - dbeta + cache.xhat * dgamma)",
            ),
        ),
        student="It looks like the term with the normalized x has the wrong sign; simplify once more.",
        instructor="+ xhat * dgamma in the simplified dx.",
    ),
    Misconception(
        id="batchnorm_backward_alt.mean_sign",
        edits=(
            CALLED,
            Edit(
                ALT,
                ALT_DX,
                "dx = cache.gamma * cache.inv_std / rows * (rows * dout + dbeta - cache.xhat * dgamma)",
            ),
        ),
        student="It looks like the term with the sum of dout has the wrong sign; simplify once more.",
        instructor="+ dbeta in the simplified dx.",
    ),
    Misconception(
        id="batchnorm_backward_alt.not_averaged",
        edits=(
            CALLED,
            Edit(ALT, ALT_DX, "dx = cache.gamma * cache.inv_std * (dout - dbeta - cache.xhat * dgamma)"),
        ),
        student="It looks like the sums over the examples lack their 1 / N.",
        instructor="The two sums in the simplified dx are not divided by N.",
    ),
    Misconception(
        id="batchnorm_backward_alt.factor_n",
        edits=(
            CALLED,
            Edit(
                ALT,
                ALT_DX,
                "dx = cache.gamma * cache.inv_std * (rows * dout - dbeta - cache.xhat * dgamma)",
            ),
        ),
        student="It looks like the whole of dx is N times too large; a 1 / N got lost while simplifying.",
        instructor="The simplified dx lacks its overall 1 / N.",
    ),
    Misconception(
        id="batchnorm_backward_alt.variance_constant",
        edits=(
            CALLED,
            Edit(ALT, ALT_DX, "dx = cache.gamma * cache.inv_std / rows * (rows * dout - dbeta)"),
        ),
        student="It looks like the way through the variance got lost while simplifying.",
        instructor="The simplified dx lacks xhat * dgamma.",
    ),
    Misconception(
        id="batchnorm_backward_alt.statistics_constant",
        edits=(CALLED, Edit(ALT, ALT_DX, "dx = cache.gamma * cache.inv_std * dout")),
        student="It looks like mean and variance both count as constants; x reaches the output by three ways.",
        instructor="The simplified dx is the direct path alone.",
        paired=False,
    ),
    Misconception(
        id="batchnorm_backward_alt.mean_constant",
        edits=(
            CALLED,
            Edit(
                ALT, ALT_DX, "dx = cache.gamma * cache.inv_std / rows * (rows * dout - cache.xhat * dgamma)"
            ),
        ),
        student="It looks like the way through the mean got lost while simplifying.",
        instructor="The simplified dx lacks dbeta.",
    ),
    Misconception(
        id="batchnorm_backward_alt.gamma_missing",
        edits=(
            CALLED,
            Edit(ALT, ALT_DX, "dx = cache.inv_std / rows * (rows * dout - dbeta - cache.xhat * dgamma)"),
        ),
        student="It looks like gamma takes no part in the simplified dx.",
        instructor="The simplified dx lacks gamma.",
        seen=LET_THROUGH,
    ),
    Misconception(
        id="batchnorm_backward_alt.eps_hard_coded",
        edits=(
            CALLED,
            Edit(
                ALT,
                ALT_DX,
                "cache = cache._replace(inv_std=1 / np.sqrt(cache.var + 1e-05))\n" + ALT_DX,
            ),
        ),
        student="It looks like the simplified backward pass always takes 1e-5 for eps.",
        instructor="The simplified backward pass computes the standard deviation again, with eps written down as 1e-5.",
        seen=LET_THROUGH,
    ),
    Misconception(
        id="batchnorm_backward_alt.eps_missing",
        edits=(
            CALLED,
            Edit(ALT, ALT_DX, "cache = cache._replace(inv_std=1 / np.sqrt(cache.var))\n" + ALT_DX),
        ),
        student="It looks like the simplified backward pass divides without eps; the forward pass divides with it.",
        instructor="The simplified backward pass computes the standard deviation again, without eps.",
    ),
)

STANDARDISED = "xhat, inv_std = _standardise_last(x, eps)"
LAYER_OUT = "return (gamma * xhat + beta, LayernormCache(xhat, inv_std, gamma))"
LAYER_DX = "dx = _standardise_last_backward(dout * cache.gamma, cache.xhat, cache.inv_std)"
LAYER_SUMS = "return (dx, np.sum(dout * cache.xhat, axis=0), dout.sum(axis=0))"


def _standardised(mean: str, var: str, root: str) -> str:
    return f"centred = x - {mean}\nvar = {var}\ninv_std = {root}\nxhat = centred * inv_std"


ROW_MEAN = "x.mean(axis=1, keepdims=True)"
ROW_VAR = "x.var(axis=1, keepdims=True)"
ROOT = "1 / np.sqrt(var + eps)"

SUMS_OVER_THE_BATCH = (
    "dxhat = dout * cache.gamma\n"
    "dx = cache.inv_std * (dxhat - dxhat.mean(axis=0) - cache.xhat * np.mean(dxhat * cache.xhat, axis=0))"
)

_LAYER = (
    Misconception(
        id="layernorm_forward.over_the_batch",
        edits=(
            Edit(LAYER, STANDARDISED, _standardised("x.mean(axis=0)", "x.var(axis=0) + 0 * centred", ROOT)),
        ),
        student="It looks like layer normalization takes its statistics over the batch; whose mean and variance should they be?",
        instructor="Statistics over axis 0: batch normalization under another name.",
        seen=PUBLIC,
    ),
    Misconception(
        id="layernorm_forward.copied_from_batchnorm",
        edits=(
            Edit(LAYER, STANDARDISED, _standardised("x.mean(axis=0)", "x.var(axis=0) + 0 * centred", ROOT)),
            Edit(LAYER_BACK, LAYER_DX, SUMS_OVER_THE_BATCH),
        ),
        student="It looks like layer normalization does what batch normalization does, in both passes; whose mean and variance "
        "should they be?",
        instructor="Batch normalization's forward and backward pass under another name: statistics and sums over axis 0.",
        seen=PUBLIC,
    ),
    Misconception(
        id="layernorm_forward.variance_d_minus_1",
        edits=(
            Edit(LAYER, STANDARDISED, _standardised(ROW_MEAN, "x.var(axis=1, keepdims=True, ddof=1)", ROOT)),
        ),
        student="It looks like the variance of an example's features is divided by D - 1.",
        instructor="Sample variance (ddof = 1) in layer normalization.",
    ),
    Misconception(
        id="layernorm_forward.variance_divided_by_examples",
        edits=(
            Edit(
                LAYER,
                STANDARDISED,
                _standardised(
                    ROW_MEAN,
                    "np.sum((x - x.mean(axis=1, keepdims=True)) ** 2, axis=1, keepdims=True) / len(x)",
                    ROOT,
                ),
            ),
        ),
        student="It looks like the variance is divided by the number of examples; over how many numbers does its sum run?",
        instructor="The variance of a row is divided by N in place of D.",
        paired=False,
    ),
    Misconception(
        id="layernorm_forward.statistics_of_all",
        edits=(Edit(LAYER, STANDARDISED, _standardised("x.mean()", "np.full((len(x), 1), x.var())", ROOT)),),
        student="It looks like one mean and one variance are taken of all examples together; whose should they be?",
        instructor="x.mean() and x.var() without an axis in layer normalization.",
        paired=False,
    ),
    Misconception(
        id="layernorm_forward.eps_missing",
        edits=(Edit(LAYER, STANDARDISED, _standardised(ROW_MEAN, ROW_VAR, "1 / np.sqrt(var)")),),
        student="It looks like eps takes no part in layer normalization.",
        instructor="No eps in layer normalization.",
    ),
    Misconception(
        id="layernorm_forward.eps_outside_root",
        edits=(Edit(LAYER, STANDARDISED, _standardised(ROW_MEAN, ROW_VAR, "1 / (np.sqrt(var) + eps)")),),
        student="It looks like eps is added to the standard deviation in layer normalization.",
        instructor="eps outside the root in layer normalization.",
    ),
    Misconception(
        id="layernorm_forward.eps_hard_coded",
        edits=(Edit(LAYER, STANDARDISED, _standardised(ROW_MEAN, ROW_VAR, "1 / np.sqrt(var + 1e-05)")),),
        student="It looks like layer normalization always takes 1e-5 for eps; is the setting that comes with the call used?",
        instructor="eps is written down as 1e-5 (or read under a wrong key) in layer normalization.",
        seen=LET_THROUGH,
    ),
    Misconception(
        id="layernorm_forward.divides_by_variance",
        edits=(Edit(LAYER, STANDARDISED, _standardised(ROW_MEAN, ROW_VAR, "1 / (var + eps)")),),
        student="It looks like layer normalization divides by the variance; in which units is a variance?",
        instructor="Divides by var + eps, without the root, in layer normalization.",
    ),
    Misconception(
        id="layernorm_forward.gamma_and_beta_ignored",
        edits=(Edit(LAYER, LAYER_OUT, "return (xhat + 0 * beta, LayernormCache(xhat, inv_std, gamma))"),),
        student="It looks like layer normalization neither scales nor shifts.",
        instructor="Neither gamma nor beta in layer normalization.",
    ),
    Misconception(
        id="layernorm_forward.gamma_ignored",
        edits=(Edit(LAYER, LAYER_OUT, "return (xhat + beta, LayernormCache(xhat, inv_std, gamma))"),),
        student="It looks like gamma takes no part in layer normalization.",
        instructor="No gamma in layer normalization.",
    ),
    Misconception(
        id="layernorm_forward.beta_ignored",
        edits=(Edit(LAYER, LAYER_OUT, "return (gamma * xhat, LayernormCache(xhat, inv_std, gamma))"),),
        student="It looks like beta takes no part in layer normalization.",
        instructor="No beta in layer normalization.",
    ),
    Misconception(
        id="layernorm_backward.gamma_at_the_end",
        edits=(
            Edit(
                LAYER_BACK,
                LAYER_DX,
                "dx = cache.gamma * _standardise_last_backward(dout, cache.xhat, cache.inv_std)",
            ),
        ),
        student="It looks like gamma is multiplied in after the sums; can it be taken out of a sum over features?",
        instructor="Batch normalization's formula transposed: gamma is taken out of sums that run over features.",
        seen=PUBLIC,
    ),
    Misconception(
        id="layernorm_backward.gamma_missing",
        edits=(
            Edit(LAYER_BACK, LAYER_DX, "dx = _standardise_last_backward(dout, cache.xhat, cache.inv_std)"),
        ),
        student="It looks like gamma takes no part in dx of layer normalization.",
        instructor="dx of layer normalization lacks gamma.",
    ),
    Misconception(
        id="layernorm_backward.sums_over_the_batch",
        edits=(
            Edit(
                LAYER_BACK,
                LAYER_DX,
                SUMS_OVER_THE_BATCH,
            ),
        ),
        student="It looks like the sums in dx run over the examples; over which axis were mean and variance taken?",
        instructor="Batch normalization's dx in layer normalization: sums over axis 0.",
        seen=PUBLIC,
    ),
    Misconception(
        id="layernorm_backward.variance_constant",
        edits=(
            Edit(
                LAYER_BACK,
                LAYER_DX,
                "dxhat = dout * cache.gamma\n"
                "dx = cache.inv_std * (dxhat - dxhat.mean(axis=-1, keepdims=True))",
            ),
        ),
        student="It looks like the variance counts as a constant in layer normalization's backward pass.",
        instructor="The path through the variance is missing in layer normalization's dx.",
    ),
    Misconception(
        id="layernorm_backward.mean_constant",
        edits=(
            Edit(
                LAYER_BACK,
                LAYER_DX,
                "dxhat = dout * cache.gamma\n"
                "dx = cache.inv_std * (dxhat - cache.xhat * np.mean(dxhat * cache.xhat, axis=-1, keepdims=True))",
            ),
        ),
        student="It looks like the mean counts as a constant in layer normalization's backward pass.",
        instructor="The path through the mean is missing in layer normalization's dx.",
    ),
    Misconception(
        id="layernorm_backward.divided_by_n",
        edits=(
            Edit(
                LAYER_BACK,
                LAYER_DX,
                "dxhat = dout * cache.gamma\n"
                "count = dout.shape[0]\n"
                "total = dxhat.sum(axis=-1, keepdims=True)\n"
                "along = np.sum(dxhat * cache.xhat, axis=-1, keepdims=True)\n"
                "dx = cache.inv_std * (dxhat - total / count - cache.xhat * along / count)",
            ),
        ),
        student="It looks like the sums over the features are divided by the number of examples.",
        instructor="1 / N in place of 1 / D in layer normalization's dx.",
    ),
    Misconception(
        id="layernorm_backward.dgamma_dbeta_over_features",
        edits=(
            Edit(
                LAYER_BACK,
                LAYER_SUMS,
                "return (dx, np.sum(dout * cache.xhat, axis=1), dout.sum(axis=1))",
            ),
        ),
        student="It looks like the gradients of gamma and beta are added up over the features; what shapes have gamma and beta?",
        instructor="dgamma and dbeta of layer normalization are summed over axis 1.",
        seen=PUBLIC,
    ),
    Misconception(
        id="layernorm_backward.dgamma_dbeta_averaged",
        edits=(
            Edit(
                LAYER_BACK,
                LAYER_SUMS,
                "return (dx, np.mean(dout * cache.xhat, axis=0), dout.mean(axis=0))",
            ),
        ),
        student="It looks like the gradients of gamma and beta are averaged over the examples in layer normalization.",
        instructor="dgamma and dbeta of layer normalization are means, not sums.",
    ),
)

#: Those of this family, in the order in which a course treats the functions.
MISCONCEPTIONS: tuple[Misconception, ...] = (
    *_FORWARD,
    *_INFERENCE,
    *_BACKWARD,
    *_ALTERNATIVE,
    *_LAYER,
)
