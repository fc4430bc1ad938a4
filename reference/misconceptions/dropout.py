"""What goes wrong in dropout."""

from __future__ import annotations

from .entry import Edit, Misconception

__all__ = ["MISCONCEPTIONS"]

FORWARD = "dropout.dropout_forward"
BACK = "dropout.dropout_backward"
COURSE = "conventions.cs231n.dropout_forward"
COURSE_BACK = "conventions.cs231n.dropout_backward"

MASK = "((rng.random(x.shape) < keep) / keep).astype(x.dtype, copy=False)"
TEST = "return (x, (dropout_param, None))"
NETWORK = "networks.FullyConnectedNet._forward"
NETWORK_BACK = "networks.FullyConnectedNet._layer_backward"
IN_TRAINING = "if self.keep < 1 and rng is not None:"


def _network_in_test_mode(out: str) -> Edit:
    """Students' own networks call their own dropout; the core's calls the core's, which knows no test mode."""
    wrong = f"if self.keep < 1 and rng is None:\n    out = {out}\n{IN_TRAINING}"
    return Edit(NETWORK, IN_TRAINING, wrong, context=True)


ECE = "a published solution of ECE C147/C247, homework 4"
PUBLIC = "public checkouts of CS231n's assignment 2"

#: Those of this family.
MISCONCEPTIONS: tuple[Misconception, ...] = (
    Misconception(
        id="dropout_forward.not_scaled",
        edits=(Edit(FORWARD, MASK, "(rng.random(x.shape) < keep).astype(x.dtype, copy=False)"),),
        student="It looks like what is kept is not scaled; what becomes of the expected output when units are dropped?",
        instructor="Plain dropout in place of inverted dropout, without a scale in test mode.",
        seen=PUBLIC,
    ),
    Misconception(
        id="dropout_forward.p_read_as_drop",
        edits=(
            Edit(FORWARD, MASK, "((rng.random(x.shape) >= keep) / (1 - keep)).astype(x.dtype, copy=False)"),
        ),
        student="It looks like p is read as the probability to drop; re-read what it means here.",
        instructor="The other convention of p: drops with probability p and scales by 1 / (1 - p).",
        seen=f"{PUBLIC}; the course changed its convention in 2018",
    ),
    Misconception(
        id="dropout_forward.p_read_as_drop_below",
        edits=(
            Edit(
                FORWARD, MASK, "((rng.random(x.shape) < 1 - keep) / (1 - keep)).astype(x.dtype, copy=False)"
            ),
        ),
        student="It looks like p is read as the probability to drop; re-read what it means here.",
        instructor="The other convention of p, drawn as rand < 1 - p.",
        seen=PUBLIC,
    ),
    Misconception(
        id="dropout_forward.drops_and_not_scaled",
        edits=(Edit(FORWARD, MASK, "(rng.random(x.shape) > keep).astype(x.dtype, copy=False)"),),
        student="It looks like p is read as the probability to drop, and what is kept is not scaled.",
        instructor="Plain dropout in place of inverted dropout, by the other convention of p.",
        paired=False,
    ),
    Misconception(
        id="dropout_forward.mask_turned_round",
        edits=(Edit(FORWARD, MASK, "((rng.random(x.shape) > keep) / keep).astype(x.dtype, copy=False)"),),
        student="It looks like the mask keeps what it should drop.",
        instructor="The comparison is the wrong way round; the scale is right.",
    ),
    Misconception(
        id="dropout_forward.scaled_by_drop",
        edits=(
            Edit(FORWARD, MASK, "((rng.random(x.shape) < keep) / (1 - keep)).astype(x.dtype, copy=False)"),
        ),
        student="It looks like the scale belongs to the share that is dropped; which share is kept?",
        instructor="Divides by 1 - p.",
    ),
    Misconception(
        id="dropout_forward.multiplied",
        edits=(Edit(FORWARD, MASK, "((rng.random(x.shape) < keep) * keep).astype(x.dtype, copy=False)"),),
        student="It looks like what is kept is made smaller; should it not make up for what is dropped?",
        instructor="Multiplies by p in place of dividing.",
    ),
    Misconception(
        id="dropout_forward.masked_in_test_mode",
        edits=(
            Edit(
                COURSE,
                TEST,
                "mask = (np.random.random_sample(x.shape) >= dropout_param['p']) / (1 - dropout_param['p'])\n"
                "return (x * mask, (dropout_param, None))",
            ),
            _network_in_test_mode(
                "out * ((np.random.random_sample(out.shape) >= self.keep) / (1 - self.keep))"
            ),
        ),
        student="It looks like units are dropped in test mode; what should the network do when it is used?",
        instructor="Test mode draws and applies a mask.",
        seen=ECE,
    ),
    Misconception(
        id="dropout_forward.scaled_in_test_mode",
        edits=(
            Edit(COURSE, TEST, "return (x * dropout_param['p'], (dropout_param, None))"),
            _network_in_test_mode("out * self.keep"),
        ),
        student="It looks like test mode scales the output; inverted dropout has done that in training.",
        instructor="Test mode multiplies by p, as plain dropout would.",
        seen=PUBLIC,
    ),
    Misconception(
        id="dropout_backward.not_masked",
        edits=(Edit(BACK, "dx: Array = dout * mask", "dx: Array = dout"),),
        student="It looks like the gradient passes dropped units.",
        instructor="The backward pass ignores the mask.",
    ),
    Misconception(
        id="dropout_backward.not_scaled",
        edits=(Edit(BACK, "dx: Array = dout * mask", "dx: Array = dout * (mask != 0)"),),
        student="It looks like the gradient is masked, but not scaled as the forward pass is.",
        instructor="The backward pass lacks the scale 1 / p.",
    ),
    Misconception(
        id="dropout_backward.scaled_twice",
        edits=(Edit(BACK, "dx: Array = dout * mask", "dx: Array = dout * mask * mask.max()"),),
        student="It looks like the gradient is scaled twice.",
        instructor="The backward pass divides by p although the mask holds 1 / p already.",
        seen=PUBLIC,
    ),
    Misconception(
        id="dropout_backward.new_mask",
        edits=(
            Edit(
                COURSE_BACK,
                "return dout if mask is None else dropout.dropout_backward(dout, mask)",
                "keep = cache[0]['p']\n"
                "return dout if mask is None else dout * ((np.random.random(dout.shape) < keep) / keep)",
            ),
            Edit(
                NETWORK_BACK,
                "dout = dropout_backward(dout, cache['dropout'])",
                "dout = dout * ((np.random.random(dout.shape) < self.keep) / self.keep)",
                context=True,
            ),
        ),
        student="It looks like the backward pass draws a new mask; which units were dropped on the way forward?",
        instructor="A new mask in the backward pass.",
        seen=PUBLIC,
    ),
)
