"""What goes wrong in the parts that KTH DD2424's network writes by itself: cost, gradients, moving averages, columns as samples."""

from __future__ import annotations

from .entry import UNSEEN, Edit, Misconception

__all__ = ["MISCONCEPTIONS"]

NET = "conventions.kth.BNN"
COST = f"{NET}.computeCost"
GRADIENTS = f"{NET}.computeGradients"
CLASSIFY = f"{NET}.evaluateClassifier"
FORWARD = f"{NET}._forward"
NORMALISE = f"{NET}._normalise"
LOGS = f"{NET}._log_probabilities"
ACCURACY = f"{NET}.computeAccuracy"
NUMERICAL = f"{NET}.computeGradientsNum"
TRAIN = f"{NET}.miniBatchGD"
DESCEND = f"{NET}._descend"

PENALTY = "self.lmda * sum((float(np.sum(W * W)) for W in self.W))"
WEIGHTS = "grads[0][i] = g @ inputs[i].T + 2 * self.lmda * self.W[i]"
BIASES = "grads[1][i] = g.sum(axis=1, keepdims=True)"
SCALES = "np.sum(g * normalised[i], axis=1, keepdims=True)"
START = "g = (result[0] - Y) / X.shape[1]"
MEAN = "self.muMA[i] = self.alpha * self.muMA[i] + (1 - self.alpha) * mean"
TRAINED = "return (step.out.T, step.cache.xhat.T, step.cache.mean[:, None], step.cache.var[:, None])"
TESTED = "return (self.gamma[i] * xhat + self.beta[i], xhat, mean[:, None], var[:, None])"
VAR = "self.vaMA[i] = self.alpha * self.vaMA[i] + (1 - self.alpha) * variance"

# A way back that takes statistics of any shape that can be broadcast, as students' own does.
ANY_SHAPE = (
    Edit(
        f"{NET}.batchNormBackPass",
        "for name, value in (('mu', mu), ('v', v)):",
        "n, d, root = g.shape[1], s - mu, np.sqrt(v + eps)\n"
        "through = np.sum(g * d / root ** 3, axis=1, keepdims=True)\n"
        "return g / root - np.sum(g / root, axis=1, keepdims=True) / n - d * through / n\n"
        "for name, value in (('mu', mu), ('v', v)):",
        context=True,
    ),
)


def _one(
    name: str, *edits: Edit, student: str, instructor: str, seen: str = UNSEEN, paired: bool = True
) -> Misconception:
    return Misconception(
        id=f"BNN.{name}", edits=edits, student=student, instructor=instructor, seen=seen, paired=paired
    )


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
        "gradient_of_weights_not_averaged",
        Edit(GRADIENTS, WEIGHTS, "grads[0][i] = X.shape[1] * (g @ inputs[i].T) + 2 * self.lmda * self.W[i]"),
        student="It looks like the gradients of the weights are added up over the examples; the cost is an average.",
        instructor="Those of W alone lack their 1 / N.",
        paired=False,
    ),
    _one(
        "gradient_of_biases_not_averaged",
        Edit(GRADIENTS, BIASES, f"{BIASES} * X.shape[1]"),
        student="It looks like the gradients of the biases are added up over the examples; the cost is an average.",
        instructor="Those of b alone lack their 1 / N.",
        paired=False,
    ),
    _one(
        "gradient_of_gamma_not_averaged",
        Edit(GRADIENTS, SCALES, f"{SCALES} * X.shape[1]"),
        student="It looks like the gradients of gamma are added up over the examples; the cost is an average.",
        instructor="Those of gamma alone lack their 1 / N.",
        paired=False,
    ),
    _one(
        "gradient_sign",
        Edit(GRADIENTS, START, "g = (Y - result[0]) / X.shape[1]"),
        student="It looks like the gradients have the wrong sign: which of p and Y is taken off the other?",
        instructor="Y - p in place of p - Y, and the penalty with its right sign.",
        paired=False,
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
            BIASES,
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
        "moving_mean_swapped",
        Edit(CLASSIFY, MEAN, "self.muMA[i] = (1 - self.alpha) * self.muMA[i] + self.alpha * mean"),
        student="It looks like alpha weighs the batch's mean in the moving mean, but not so in the moving variance.",
        instructor="alpha weighs the new value in muMA alone.",
        paired=False,
    ),
    _one(
        "moving_variance_swapped",
        Edit(CLASSIFY, VAR, "self.vaMA[i] = (1 - self.alpha) * self.vaMA[i] + self.alpha * variance"),
        student="It looks like alpha weighs the batch's variance in the moving variance, but not so in the moving mean.",
        instructor="alpha weighs the new value in vaMA alone.",
        paired=False,
    ),
    _one(
        "moving_averages_normalize",
        Edit(
            NORMALISE,
            TRAINED,
            "mean, var = step.running_mean, step.running_var\n"
            "xhat = (s - mean[:, None]) / np.sqrt(var[:, None] + EPS)\n"
            "return (self.gamma[i] * xhat + self.beta[i], xhat, mean[:, None], var[:, None])",
        ),
        Edit(CLASSIFY, MEAN, "self.muMA[i] = mean"),
        Edit(CLASSIFY, VAR, "self.vaMA[i] = variance"),
        student="It looks like training normalizes with the moving averages; whose statistics are due here?",
        instructor="In training the moving averages, once this batch has moved them, normalize, and come back as mu and v.",
        paired=False,
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
    _one(
        "moving_averages_summed",
        Edit(CLASSIFY, MEAN, "self.muMA[i] = self.alpha * self.muMA[i] + mean"),
        Edit(CLASSIFY, VAR, "self.vaMA[i] = self.alpha * self.vaMA[i] + variance"),
        student="It looks like the batch's statistics go into the moving averages at full weight; what do weights add up to?",
        instructor="The new value lacks its weight 1 - alpha.",
    ),
    _one(
        "moving_variance_of_deviations",
        Edit(
            CLASSIFY, VAR, "self.vaMA[i] = self.alpha * self.vaMA[i] + (1 - self.alpha) * np.sqrt(variance)"
        ),
        student="It looks like the moving variance averages standard deviations.",
        instructor="vaMA averages standard deviations.",
    ),
    _one(
        "moving_variance_never_moved",
        Edit(CLASSIFY, VAR, "pass"),
        student="It looks like the moving mean moves, and the moving variance does not.",
        instructor="vaMA is never updated.",
    ),
    _one(
        "alpha_hard_coded",
        Edit(CLASSIFY, MEAN, "self.muMA[i] = 0.9 * self.muMA[i] + (1 - 0.9) * mean"),
        Edit(CLASSIFY, VAR, "self.vaMA[i] = 0.9 * self.vaMA[i] + (1 - 0.9) * variance"),
        student="It looks like the moving averages always take 0.9; is the network's alpha used?",
        instructor="alpha is written down as 0.9.",
    ),
    _one(
        "testing_without_scale_and_shift",
        Edit(NORMALISE, TESTED, "return (xhat + 0 * self.beta[i], xhat, mean[:, None], var[:, None])"),
        student="It looks like testing normalizes, but neither scales nor shifts.",
        instructor="Neither gamma nor beta when training is False.",
    ),
    _one(
        "testing_without_scale",
        Edit(NORMALISE, TESTED, "return (xhat + self.beta[i], xhat, mean[:, None], var[:, None])"),
        student="It looks like gamma takes no part in testing.",
        instructor="No gamma when training is False.",
    ),
    _one(
        "testing_without_shift",
        Edit(NORMALISE, TESTED, "return (self.gamma[i] * xhat, xhat, mean[:, None], var[:, None])"),
        student="It looks like beta takes no part in testing.",
        instructor="No beta when training is False.",
    ),
    Misconception(
        id="softMax.over_rows",
        edits=(Edit("conventions.kth.softMax", "losses.softmax(s.T).T", "losses.softmax(s)"),),
        student="It looks like the probabilities of a row add up to one; which axis holds the classes?",
        instructor="softMax over the columns' axis.",
    ),
    Misconception(
        id="softMax.summed_over_all",
        edits=(
            Edit(
                "conventions.kth.softMax",
                "losses.softmax(s.T).T",
                "np.exp(s - s.max(axis=0)) / np.exp(s - s.max(axis=0)).sum()",
            ),
        ),
        student="It looks like all probabilities together add up to one; each column is an image of its own.",
        instructor="The exponentials are added up over all entries, with each column's largest score taken off.",
    ),
    Misconception(
        id="softMax.over_all",
        edits=(
            Edit(
                "conventions.kth.softMax",
                "losses.softmax(s.T).T",
                "np.exp(s - s.max()) / np.exp(s - s.max()).sum()",
            ),
        ),
        student="It looks like all scores make one distribution; each column is an image of its own.",
        instructor="softMax over all entries of the array.",
    ),
    Misconception(
        id="softMax.sums_of_rows",
        edits=(
            Edit(
                "conventions.kth.softMax",
                "losses.softmax(s.T).T",
                "np.exp(s - s.max(axis=0)) / np.exp(s - s.max(axis=0)).sum(axis=1, keepdims=True)",
            ),
        ),
        student="It looks like each exponential is divided by its row's sum, though the largest score was taken off by columns.",
        instructor="The maximum is taken over axis 0, the sum over axis 1.",
        paired=False,
    ),
    Misconception(
        id="softMax.largest_of_rows",
        edits=(
            Edit(
                "conventions.kth.softMax",
                "losses.softmax(s.T).T",
                "np.exp(s - s.max(axis=1, keepdims=True)) / np.exp(s - s.max(axis=1, keepdims=True)).sum(axis=0)",
            ),
        ),
        student="It looks like each row's largest score is taken off before columns add up; what may be taken off a column?",
        instructor="The maximum is taken over axis 1, the sum over axis 0, so that scores of one column are moved apart.",
        paired=False,
    ),
    _one(
        "scores_normalized",
        Edit(
            FORWARD,
            "if i == self.nl:",
            "if i == self.nl and self.batchNorm and training:\n"
            "    out = (out - out.mean(axis=1, keepdims=True)) / np.sqrt(out.var(axis=1, keepdims=True) + EPS)\n"
            "if i == self.nl:",
        ),
        student="It looks like the last layer's scores are normalized as well; what follows them is the softmax.",
        instructor="The last layer's scores are normalized in training, without gamma and beta, and the way back does not know it.",
        paired=False,
    ),
    _one(
        "relu_of_scores",
        Edit(FORWARD, "if i == self.nl:", "if i == self.nl:\n    out = relu(out)\nif i == self.nl:"),
        student="It looks like a ReLU follows the last layer as well; what follows it is the softmax.",
        instructor="The last layer's scores go through a ReLU, and the way back does not know it.",
        paired=False,
    ),
    _one(
        "mean_of_columns",
        Edit(
            NORMALISE,
            "if training:",
            "if training:\n"
            "    mean = s.mean(axis=0, keepdims=True)\n"
            "    var = ((s - mean) ** 2).mean(axis=1, keepdims=True)\n"
            "    xhat = (s - mean) / np.sqrt(var + EPS)\n"
            "    return (self.gamma[i] * xhat + self.beta[i], xhat, mean, var)\n"
            "if training:",
        ),
        *ANY_SHAPE,
        student="It looks like the mean is taken over the units of each column; whose mean is it in batch normalization?",
        instructor="The mean is over axis 0, the variance about it over axis 1.",
        paired=False,
    ),
    _one(
        "statistics_of_columns",
        Edit(
            NORMALISE,
            "if training:",
            "if training:\n"
            "    mean, var = s.mean(axis=0, keepdims=True), s.var(axis=0, keepdims=True)\n"
            "    xhat = (s - mean) / np.sqrt(var + EPS)\n"
            "    return (self.gamma[i] * xhat + self.beta[i], xhat, mean, var)\n"
            "if training:",
        ),
        *ANY_SHAPE,
        student="It looks like each column is normalized over its units; whose mean is it in batch normalization?",
        instructor="Mean and variance are over axis 0.",
        paired=False,
    ),
    _one(
        "bias_left_out_when_normalized",
        Edit(
            FORWARD,
            "self.b[i].ravel())",
            "self.b[i].ravel() * (0 if self.batchNorm and i < self.nl else 1))",
        ),
        student="It looks like biases are left out where scores are normalized; the moving mean needs them, too.",
        instructor="No b in front of the normalization.",
        paired=False,
    ),
    _one(
        "normalized_after_relu",
        Edit(FORWARD, "if self.batchNorm:", "if self.batchNorm:\n    out = relu(out)\nif self.batchNorm:"),
        student="It looks like scores go through the ReLU before they are normalized; compare the order with the one asked for.",
        instructor="ReLU, normalization, scale and shift, ReLU once more.",
        paired=False,
    ),
    _one(
        "relu_missing_when_normalized",
        Edit(FORWARD, "out = relu(out)", "out = out if self.batchNorm else relu(out)"),
        student="It looks like no ReLU follows where scores are normalized.",
        instructor="With batchNorm the forward pass has no ReLU; the way back masks by the sign all the same.",
        paired=False,
    ),
    _one(
        "cost_by_moving_averages",
        Edit(LOGS, "self._forward(X, True)", "self._forward(X, False)"),
        student="It looks like the cost normalizes by the moving averages; the cost asked for is that of training.",
        instructor="computeCost runs the forward pass with training=False.",
    ),
    _one(
        "cost_moves_averages",
        Edit(LOGS, "self._forward(X, True)", "self.evaluateClassifier(X, True)"),
        student="It looks like looking at the cost moves the moving averages.",
        instructor="computeCost calls evaluateClassifier in training mode and keeps what it did to muMA and vaMA.",
        seen="the course's printed listing",
    ),
    _one(
        "accuracy_by_the_batch",
        Edit(ACCURACY, "self.evaluateClassifier(X, False)", "self.evaluateClassifier(X, True)"),
        student="It looks like the accuracy normalizes by the columns it is asked about, not by the moving averages.",
        instructor="computeAccuracy runs the forward pass with training=True.",
    ),
    _one(
        "gradient_gamma_of_scores",
        Edit(GRADIENTS, "g * normalised[i]", "g * scores[i]"),
        student="It looks like the gradient of gamma is taken with the scores as they were before they were normalized.",
        instructor="gradG is the sum of g * s, not of g * sh.",
    ),
    _one(
        "gradient_gamma_averaged",
        Edit(
            GRADIENTS,
            SCALES,
            "np.mean(g * normalised[i], axis=1, keepdims=True)",
        ),
        student="It looks like the gradient of gamma is averaged twice over the examples.",
        instructor="A mean on top of g's own 1 / N in gradG.",
    ),
    _one(
        "gradient_relu_of_scores",
        Edit(
            GRADIENTS,
            "g = g * (inputs[i + 1] > 0)",
            "g = g * ((result[2][i] if self.batchNorm else inputs[i + 1]) > 0)",
        ),
        student="It looks like the ReLU's slope is taken from the scores before they are normalized; what did the ReLU get?",
        instructor="The ReLU mask comes from s, not from what follows gamma and beta.",
    ),
    _one(
        "numerical_halved",
        Edit(NUMERICAL, "in_place=True)", "in_place=True) / 2"),
        student="It looks like the numerical gradients are half of what they should be; how far apart are the two costs?",
        instructor="(c(x + h) - c(x)) / (2 h): one of the two costs is that of the unchanged parameter.",
        seen="the course's printed listing",
    ),
    _one(
        "scale_and_shift_not_trained",
        Edit(
            DESCEND,
            "zip(kinds, self.computeGradients(X, Y), strict=True)",
            "zip(kinds[:2], self.computeGradients(X, Y))",
        ),
        student="It looks like gamma and beta stay as they are; they are learnt like the weights.",
        instructor="miniBatchGD updates W and b only.",
    ),
    _one(
        "climbs",
        Edit(DESCEND, "kind[i] - eta * grad", "kind[i] + eta * grad"),
        student="It looks like each step goes up the gradient; which way is down?",
        instructor="+ eta * gradient in miniBatchGD.",
    ),
    _one(
        "not_shuffled",
        Edit(TRAIN, "order = np.random.permutation(X.shape[1])", "order = np.arange(X.shape[1])"),
        student="It looks like the columns come in the same order in every epoch.",
        instructor="miniBatchGD does not shuffle.",
    ),
    _one(
        "steps_counted_anew",
        Edit(
            TRAIN,
            "order = np.random.permutation(X.shape[1])",
            "order = np.random.permutation(X.shape[1])\nstep = 0",
        ),
        student="It looks like the learning rate's cycle begins again with every epoch; steps are counted through all of them.",
        instructor="The step count of the cyclical rate starts at 0 in each epoch.",
    ),
)
