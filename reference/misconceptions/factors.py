"""A wrong factor, power or sign in one term of a backward pass: what a slip on paper leaves in an otherwise right formula."""

from __future__ import annotations

from dataclasses import replace

from .entry import Edit, Misconception
from .normalization import ALT, ALT_DX, BACK, CALLED, DX, LAYER_BACK, LAYER_DX, LAYER_SUMS, SUMS

__all__ = ["MISCONCEPTIONS"]


def _alt(name: str, inside: str, *, student: str, instructor: str) -> Misconception:
    """inside: what stands in the simplified formula's bracket."""
    dx = f"cache.gamma * cache.inv_std / rows * ({inside})"
    return Misconception(
        id=f"batchnorm_backward_alt.{name}",
        edits=(CALLED, Edit(ALT, ALT_DX, f"dx = {dx}")),
        student=student,
        instructor=instructor,
    )


def _layer(name: str, formula: str, *, student: str, instructor: str) -> Misconception:
    """formula: of dx, with dxhat, mean and along at hand, as the core's own helper has them."""
    lines = (
        "dxhat = dout * cache.gamma\n"
        "mean = dxhat.mean(axis=-1, keepdims=True)\n"
        "along = np.mean(dxhat * cache.xhat, axis=-1, keepdims=True)\n"
        f"dx = {formula}"
    )
    return Misconception(
        id=f"layernorm_backward.{name}",
        edits=(Edit(LAYER_BACK, LAYER_DX, lines),),
        student=student,
        instructor=instructor,
    )


_BACKWARD = (
    Misconception(
        id="batchnorm_backward.deviation_missing",
        edits=(Edit(BACK, DX, "dx = (dcentred - dcentred.sum(axis=0) / rows) / cache.inv_std"),),
        student="It looks like the whole of dx lacks the division by the standard deviation.",
        instructor="dx is not divided by sqrt(var + eps).",
    ),
    Misconception(
        id="batchnorm_backward.deviation_squared",
        edits=(Edit(BACK, DX, "dx = (dcentred - dcentred.sum(axis=0) / rows) * cache.inv_std"),),
        student="It looks like dx is divided by the variance, where the standard deviation is due.",
        instructor="dx is divided by var + eps: the root is missing, or is taken twice.",
    ),
    Misconception(
        id="batchnorm_backward.dgamma_with_gamma",
        edits=(Edit(BACK, SUMS, "np.sum(dxhat * cache.xhat, axis=0), dout.sum(axis=0)"),),
        student="It looks like gamma is multiplied into its own gradient; which gradient arrives at that product?",
        instructor="dgamma is the sum of dxhat * xhat, where dout * xhat is due.",
    ),
)

_ALTERNATIVE = (
    _alt(
        "rows_missing",
        "dout - dbeta - cache.xhat * dgamma",
        student="It looks like dout lacks its factor N inside the bracket of the simplified dx; multiply it out again.",
        instructor="1 / N stands before the bracket, but dout is not multiplied by N in it.",
    ),
    _alt(
        "variance_averaged_twice",
        "rows * dout - dbeta - cache.xhat * dgamma / rows",
        student="It looks like the term with the normalized x is divided by N twice.",
        instructor="xhat * mean(dout * xhat) stands in the bracket that 1 / N is already in front of.",
    ),
    _alt(
        "variance_not_averaged",
        "rows * dout - dbeta - rows * cache.xhat * dgamma",
        student="It looks like the way through the variance lacks its 1 / N in the simplified formula.",
        instructor="The term through the variance is a sum, where a mean is due; the one through the mean is right.",
    ),
    _alt(
        "variance_halved",
        "rows * dout - dbeta - 0.5 * cache.xhat * dgamma",
        student="It looks like the way through the variance is half as large as it should be; where did the two go?",
        instructor="The 1/2 of the root's derivative was kept, the 2 of the square's was not.",
    ),
    _alt(
        "variance_doubled",
        "rows * dout - dbeta - 2 * cache.xhat * dgamma",
        student="It looks like the way through the variance is twice as large as it should be; where did the half go?",
        instructor="The 2 of the square's derivative was kept, the 1/2 of the root's was not.",
    ),
    _alt(
        "root_power",
        "rows * dout - dbeta - cache.xhat * dgamma / cache.inv_std",
        student="It looks like a power is off in the term through the variance; what is the derivative of v ** -0.5?",
        instructor="The term through the variance has (var + eps) to the power -1 in place of -3/2.",
    ),
    Misconception(
        id="batchnorm_backward_alt.dgamma_dbeta_swapped",
        edits=(CALLED, Edit(ALT, "return (dx, dgamma, dbeta)", "return (dx, dbeta, dgamma)")),
        student="It looks like the simplified backward pass returns the gradients of gamma and beta in each other's place.",
        instructor="dgamma and dbeta of the alternative are swapped.",
    ),
)

_LAYER = (
    _layer(
        "deviation_missing",
        "dxhat - mean - cache.xhat * along",
        student="It looks like dx of layer normalization lacks the division by the standard deviation.",
        instructor="dx of layer normalization is not divided by sqrt(var + eps).",
    ),
    _layer(
        "deviation_squared",
        "cache.inv_std ** 2 * (dxhat - mean - cache.xhat * along)",
        student="It looks like dx of layer normalization is divided by the variance, where the standard deviation is due.",
        instructor="dx of layer normalization is divided by var + eps, without the root.",
    ),
    _layer(
        "variance_sign",
        "cache.inv_std * (dxhat - mean + cache.xhat * along)",
        student="It looks like the way through the variance has the wrong sign in layer normalization's backward pass.",
        instructor="+ xhat * mean(dxhat * xhat) in layer normalization's dx.",
    ),
    _layer(
        "mean_sign",
        "cache.inv_std * (dxhat + mean - cache.xhat * along)",
        student="It looks like the way through the mean has the wrong sign in layer normalization's backward pass.",
        instructor="+ mean(dxhat) in layer normalization's dx.",
    ),
    _layer(
        "factor_d",
        "dout.shape[1] * cache.inv_std * (dxhat - mean - cache.xhat * along)",
        student="It looks like the whole of layer normalization's dx is D times too large; a 1 / D got lost while simplifying.",
        instructor="The simplified dx of layer normalization lacks its overall 1 / D.",
    ),
    _layer(
        "factor_one_over_d",
        "cache.inv_std / dout.shape[1] * (dxhat - mean - cache.xhat * along)",
        student="It looks like the whole of layer normalization's dx is divided by D once too often.",
        instructor="1 / D stands in front of means, which are divided by D already.",
    ),
    _layer(
        "factor_d_over_n",
        "dout.shape[1] / dout.shape[0] * cache.inv_std * (dxhat - mean - cache.xhat * along)",
        student="It looks like the bracket in layer normalization's dx is divided by N; over how many numbers do its sums run?",
        instructor="1 / N in front of D * dxhat - ..., where 1 / D is due.",
    ),
    Misconception(
        id="layernorm_backward.dgamma_dbeta_swapped",
        edits=(
            Edit(
                LAYER_BACK,
                LAYER_SUMS,
                "return (dx, dout.sum(axis=0), np.sum(dout * cache.xhat, axis=0))",
            ),
        ),
        student="It looks like layer normalization's gradients of gamma and beta come back in each other's place.",
        instructor="dgamma and dbeta of layer normalization are swapped.",
    ),
)

#: Those of this family.
MISCONCEPTIONS: tuple[Misconception, ...] = tuple(
    replace(one, paired=False) for one in (*_BACKWARD, *_ALTERNATIVE, *_LAYER)
)
