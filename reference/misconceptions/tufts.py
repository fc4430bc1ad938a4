"""What goes wrong in the Tufts network only: its objective, statistics kept in dictionaries, centred data, dropout's setting."""

from __future__ import annotations

from .entry import Edit, Misconception

__all__ = ["MISCONCEPTIONS"]

NET = "conventions.tufts.FullyConnectedNet"
CORE = f"{NET}._core"

#: Those of this course.
MISCONCEPTIONS: tuple[Misconception, ...] = (
    Misconception(
        id="FullyConnectedNet.penalty_with_half",
        edits=(Edit(CORE, "reg=2 * reg", "reg=reg"),),
        student="It looks like the penalty has a half in front of it; compare with the objective asked for.",
        instructor="0.5 * reg * sum(W * W), as other courses have it, in objective and gradient alike.",
    ),
    Misconception(
        id="FullyConnectedNet.objective_averaged",
        edits=(Edit(CORE, "reduction='sum'", "reduction='mean'"),),
        student="It looks like the cross-entropy is averaged over the minibatch; compare with the objective asked for.",
        instructor="Mean in place of the sum over the rows, in objective and gradient alike.",
    ),
    Misconception(
        id="FullyConnectedNet.running_not_kept",
        edits=(
            Edit(
                f"{NET}._step",
                "bn_param.update(mode='train', running_mean=mean[None], running_var=var[None])",
                "bn_param.update(mode='train')",
            ),
        ),
        student="It looks like the network's running statistics never move; do layers write into its own dictionaries?",
        instructor="Training steps work on copies of bn_params, so test mode normalizes with 0 and 1.",
    ),
    Misconception(
        id="FullyConnectedNet.centred_in_training_only",
        edits=(Edit(f"{NET}.predict", "X - self.x_center", "X"),),
        student="It looks like the training rows' mean is not subtracted where the network predicts.",
        instructor="centering_data has no effect in predict.",
    ),
    Misconception(
        id="FullyConnectedNet.dropout_without_being_asked",
        edits=(Edit(CORE, "keep=keep_prob if self.options['use_dropout'] else 1.0", "keep=keep_prob"),),
        student="It looks like keep_prob drops units of a network that was made without dropout.",
        instructor="use_dropout is not looked at; keep_prob alone decides.",
    ),
)
