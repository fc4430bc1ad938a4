"""What goes wrong in the parts that KTH DD2424's network writes by itself: cost, gradients, moving averages, columns as samples."""

from __future__ import annotations

from .entry import UNSEEN, Edit, Misconception

__all__ = ["MISCONCEPTIONS"]

NET = "conventions.kth.BNN"
COST = f"{NET}.computeCost"
GRADIENTS = f"{NET}.computeGradients"
CLASSIFY = f"{NET}.evaluateClassifier"
FORWARD = f"{NET}._forward"
BACK_PASS = f"{NET}.batchNormBackPass"

PENALTY = "self.lmda * sum((float(np.sum(W * W)) for W in self.W))"
WEIGHTS = "grads[0][i] = g @ inputs[i].T + 2 * self.lmda * self.W[i]"
START = "g = (result[0] - Y) / X.shape[1]"
MEAN = "self.muMA[i] = self.alpha * self.muMA[i] + (1 - self.alpha) * mean"
VAR = "self.vaMA[i] = self.alpha * self.vaMA[i] + (1 - self.alpha) * variance"


def _one(name: str, *edits: Edit, student: str, instructor: str, seen: str = UNSEEN) -> Misconception:
    return Misconception(id=f"BNN.{name}", edits=edits, student=student, instructor=instructor, seen=seen)


#: Those of this course.
MISCONCEPTIONS: tuple[Misconception, ...] = (
    _one(
        "cost_penalty_halved",
        Edit(COST, PENALTY, f"0.5 * {PENALTY}"),
        student="It looks like the penalty in the cost has a half in front of it; compare with the cost asked for.",
        instructor="0.5 * lambda * sum(W * W), as other courses have it.",
    ),
    _one(
        "cost_penalty_missing",
        Edit(COST, PENALTY, "0.0"),
        student="It looks like the penalty is missing in the cost.",
        instructor="computeCost returns the loss as the cost.",
    ),
    _one(
        "cost_summed",
        Edit(COST, "/ X.shape[1]", "/ 1"),
        student="It looks like the loss is added up over the examples; it should not depend on how many there are.",
        instructor="The cross-entropy is a sum over the columns.",
    ),
    _one(
        "gradient_penalty_missing",
        Edit(GRADIENTS, WEIGHTS, "grads[0][i] = g @ inputs[i].T"),
        student="It looks like the gradients of the weights lack the penalty's share.",
        instructor="No 2 * lambda * W in the gradients.",
    ),
    _one(
        "gradient_penalty_halved",
        Edit(GRADIENTS, WEIGHTS, "grads[0][i] = g @ inputs[i].T + self.lmda * self.W[i]"),
        student="It looks like the penalty's share in the gradients is half as large as it should be; differentiate the square.",
        instructor="lambda * W in place of 2 * lambda * W.",
    ),
    _one(
        "gradient_not_averaged",
        Edit(GRADIENTS, START, "g = result[0] - Y"),
        student="It looks like the gradients are N times too large; the cost is an average.",
        instructor="The gradients lack their 1 / N.",
    ),
    _one(
        "gradient_relu_missing",
        Edit(GRADIENTS, "g = g * (inputs[i + 1] > 0)", "pass"),
        student="It looks like the gradient passes every unit; what does ReLU do with negative scores?",
        instructor="No ReLU mask in computeGradients.",
    ),
    _one(
        "gradient_gamma_missing",
        Edit(GRADIENTS, "g * self.gamma[i]", "g"),
        student="It looks like gamma takes no part on the way back through the layers.",
        instructor="The gradient is not multiplied by gamma before batchNormBackPass.",
    ),
    _one(
        "gradient_bias_averaged",
        Edit(
            GRADIENTS,
            "grads[1][i] = g.sum(axis=1, keepdims=True)",
            "grads[1][i] = g.mean(axis=1, keepdims=True)",
        ),
        student="It looks like the bias's gradient is averaged twice over the examples.",
        instructor="A mean in place of the sum in the bias's gradient.",
    ),
    _one(
        "moving_averages_swapped",
        Edit(CLASSIFY, MEAN, "self.muMA[i] = (1 - self.alpha) * self.muMA[i] + self.alpha * mean"),
        Edit(CLASSIFY, VAR, "self.vaMA[i] = (1 - self.alpha) * self.vaMA[i] + self.alpha * variance"),
        student="It looks like alpha weighs the batch's statistics; re-read which of the two it weighs.",
        instructor="alpha weighs the new value in the moving averages.",
    ),
    _one(
        "moving_averages_overwritten",
        Edit(CLASSIFY, MEAN, "self.muMA[i] = mean"),
        Edit(CLASSIFY, VAR, "self.vaMA[i] = variance"),
        student="It looks like the moving averages hold the last batch's statistics alone; an average remembers.",
        instructor="muMA and vaMA are overwritten.",
    ),
    _one(
        "moving_averages_never_moved",
        Edit(CLASSIFY, MEAN, "pass"),
        Edit(CLASSIFY, VAR, "pass"),
        student="It looks like the moving averages never move.",
        instructor="evaluateClassifier leaves muMA and vaMA as they are.",
    ),
    _one(
        "moved_when_testing",
        Edit(
            CLASSIFY,
            "if training:",
            "if not training:\n"
            "    for i, moved in enumerate(self._forward(X, True)[4]):\n"
            "        self.muMA[i] = self.alpha * self.muMA[i] + (1 - self.alpha) * moved\n"
            "if training:",
        ),
        student="It looks like the moving averages move on while testing; testing should leave nothing behind.",
        instructor="The moving mean is updated when training is False.",
    ),
)
