"""What goes wrong where layers become a network: the penalty, the order of layers, the modes."""

from __future__ import annotations

from .entry import Edit, Misconception

__all__ = ["MISCONCEPTIONS"]

LOSS = "networks.FullyConnectedNet.loss"
FORWARD = "networks.FullyConnectedNet._forward"
BACK = "networks.FullyConnectedNet._layer_backward"
NORMALISE = "networks.FullyConnectedNet._normalise"
SCORES = "networks.FullyConnectedNet.scores"
# Networks that hold their layers apart from the core: what the core gets wrong has to be wrong there as well.
LESSON = "conventions.udacity.NeuralNet.fully_connected"
LESSON_LAST = "if layer == self._core.layers:\n        return linear_output"

WEIGHTS = "weights = params[f'W{layer}']"
PENALTY = "loss += 0.5 * self.reg * float(np.sum(weights * weights))"
PENALTY_GRADIENT = "gradients[f'W{layer}'] = gradients[f'W{layer}'] + self.reg * weights"

PUBLIC = "public checkouts of CS231n's assignment 2"
LET_THROUGH = f"{PUBLIC}; a gradient check agrees with itself and lets it through"


def _gradient(weight: str) -> str:
    return f"gradients[f'W{{layer}}'] = gradients[f'W{{layer}}'] + {weight}"


_PENALTY = (
    Misconception(
        id="FullyConnectedNet.penalty_missing",
        edits=(Edit(LOSS, PENALTY, "pass"), Edit(LOSS, PENALTY_GRADIENT, "pass")),
        student="It looks like the regularization takes no part, neither in the loss nor in the gradients.",
        instructor="No L2 penalty at all.",
        seen=PUBLIC,
    ),
    Misconception(
        id="FullyConnectedNet.penalty_missing_in_loss",
        edits=(Edit(LOSS, PENALTY, "pass"),),
        student="It looks like the regularization is in the gradients, but not in the loss.",
        instructor="No L2 penalty in the loss.",
    ),
    Misconception(
        id="FullyConnectedNet.penalty_missing_in_gradients",
        edits=(Edit(LOSS, PENALTY_GRADIENT, "pass"),),
        student="It looks like the regularization is in the loss, but not in the gradients of the weights.",
        instructor="No L2 penalty in the gradients.",
        seen=PUBLIC,
    ),
    Misconception(
        id="FullyConnectedNet.penalty_skips_last_layer",
        edits=(Edit(LOSS, WEIGHTS, "weights = params[f'W{layer}'] * (layer < self.layers)"),),
        student="It looks like the regularization leaves out the last layer's weights.",
        instructor="The last layer's weights carry no penalty, in loss and gradient alike.",
        seen=LET_THROUGH,
    ),
    Misconception(
        id="FullyConnectedNet.penalty_gradient_skips_last_layer",
        edits=(Edit(LOSS, PENALTY_GRADIENT, _gradient("self.reg * weights * (layer < self.layers)")),),
        student="It looks like the gradient of the last layer's weights lacks the regularization's share.",
        instructor="The last layer's weight gradient lacks the penalty; the loss has it.",
        seen="a published solution of ECE C147/C247, homework 4",
    ),
    Misconception(
        id="FullyConnectedNet.penalty_loss_skips_last_layer",
        edits=(
            Edit(
                LOSS,
                PENALTY,
                "loss += 0.5 * self.reg * float(np.sum(weights * weights)) * (layer < self.layers)",
            ),
        ),
        student="It looks like the loss lacks the regularization of the last layer's weights.",
        instructor="The loss lacks the last layer's penalty; the gradient has it.",
    ),
    Misconception(
        id="FullyConnectedNet.penalty_skips_first_layer",
        edits=(Edit(LOSS, WEIGHTS, "weights = params[f'W{layer}'] * (layer > 1)"),),
        student="It looks like the regularization leaves out the first layer's weights.",
        instructor="The first layer's weights carry no penalty, in loss and gradient alike.",
    ),
    Misconception(
        id="FullyConnectedNet.penalty_last_layer_only",
        edits=(Edit(LOSS, WEIGHTS, "weights = params[f'W{layer}'] * (layer == self.layers)"),),
        student="It looks like only the last layer's weights are regularized.",
        instructor="Only the last layer's weights carry the penalty.",
    ),
    Misconception(
        id="FullyConnectedNet.penalty_without_half",
        edits=(Edit(LOSS, PENALTY, "loss += self.reg * float(np.sum(weights * weights))"),),
        student="It looks like the penalty in the loss is twice as large as it should be; its gradient tells which factor it has.",
        instructor="The penalty in the loss lacks its 0.5; its gradient is right.",
        seen=PUBLIC,
    ),
    Misconception(
        id="FullyConnectedNet.penalty_without_half_in_both",
        edits=(
            Edit(LOSS, PENALTY, "loss += self.reg * float(np.sum(weights * weights))"),
            Edit(LOSS, PENALTY_GRADIENT, _gradient("2 * self.reg * weights")),
        ),
        student="It looks like the penalty is twice as large as it should be, in the loss and in the gradients.",
        instructor="The penalty lacks its 0.5, in loss and gradient alike.",
        seen=LET_THROUGH,
    ),
    Misconception(
        id="FullyConnectedNet.penalty_gradient_doubled",
        edits=(Edit(LOSS, PENALTY_GRADIENT, _gradient("2 * self.reg * weights")),),
        student="It looks like the penalty's gradient is twice as large as it should be; what becomes of the half?",
        instructor="2 * reg * W in the gradient.",
    ),
    Misconception(
        id="FullyConnectedNet.penalty_gradient_halved",
        edits=(Edit(LOSS, PENALTY_GRADIENT, _gradient("0.5 * self.reg * weights")),),
        student="It looks like the penalty's gradient is half as large as it should be; what is the derivative of a square?",
        instructor="0.5 * reg * W in the gradient.",
    ),
    Misconception(
        id="FullyConnectedNet.penalty_norm_not_squared",
        edits=(Edit(LOSS, PENALTY, "loss += 0.5 * self.reg * float(np.sqrt(np.sum(weights * weights)))"),),
        student="It looks like the penalty takes the norm of the weights, not its square.",
        instructor="np.linalg.norm(W) in place of its square.",
    ),
    Misconception(
        id="FullyConnectedNet.penalty_averaged",
        edits=(
            Edit(LOSS, PENALTY, "loss += 0.5 * self.reg * float(np.sum(weights * weights)) / len(y)"),
            Edit(LOSS, PENALTY_GRADIENT, _gradient("self.reg * weights / len(y)")),
        ),
        student="It looks like the penalty is divided by the number of examples; it has nothing to do with the data.",
        instructor="The penalty is divided by N, in loss and gradient alike.",
    ),
    Misconception(
        id="FullyConnectedNet.penalty_on_biases",
        edits=(
            Edit(
                LOSS,
                WEIGHTS,
                "bias = params.get(f'b{layer}', np.zeros(1))\n"
                "loss += 0.5 * self.reg * float(np.sum(bias * bias))\n"
                "gradients[f'b{layer}'] = gradients[f'b{layer}'] + self.reg * bias\n" + WEIGHTS,
            ),
        ),
        student="It looks like the biases are regularized as well.",
        instructor="The penalty includes the biases, in loss and gradient alike.",
        seen=LET_THROUGH,
    ),
    Misconception(
        id="FullyConnectedNet.penalty_on_scale",
        edits=(
            Edit(
                LOSS,
                WEIGHTS,
                "scale = params.get(f'gamma{layer}', np.zeros(1))\n"
                "loss += 0.5 * self.reg * float(np.sum(scale * scale))\n"
                "gradients[f'gamma{layer}'] = gradients.get(f'gamma{layer}', 0) + self.reg * scale\n"
                + WEIGHTS,
            ),
        ),
        student="It looks like gamma is regularized as well.",
        instructor="The penalty includes gamma, in loss and gradient alike.",
    ),
    Misconception(
        id="FullyConnectedNet.penalty_on_scale_and_shift",
        edits=(
            Edit(
                LOSS,
                WEIGHTS,
                "for kind in ('gamma', 'beta'):\n"
                "    vector = params.get(f'{kind}{layer}', np.zeros(1))\n"
                "    loss += 0.5 * self.reg * float(np.sum(vector * vector))\n"
                "    gradients[f'{kind}{layer}'] = gradients.get(f'{kind}{layer}', 0) + self.reg * vector\n"
                + WEIGHTS,
            ),
        ),
        student="It looks like gamma and beta are regularized as well.",
        instructor="The penalty includes gamma and beta, in loss and gradient alike.",
        seen=LET_THROUGH,
    ),
    Misconception(
        id="FullyConnectedNet.penalty_on_everything",
        edits=(
            Edit(
                LOSS,
                WEIGHTS,
                "for kind in ('b', 'gamma', 'beta'):\n"
                "    vector = params.get(f'{kind}{layer}', np.zeros(1))\n"
                "    loss += 0.5 * self.reg * float(np.sum(vector * vector))\n"
                "    gradients[f'{kind}{layer}'] = gradients.get(f'{kind}{layer}', 0) + self.reg * vector\n"
                + WEIGHTS,
            ),
        ),
        student="It looks like every parameter is regularized; the penalty is on the weight matrices alone.",
        instructor="The penalty runs over all of params: biases, gamma and beta, too.",
    ),
)

# Where no layer is normalized, gamma and beta have no gradient, and training leaves them as they are.
UNTRAINED = (
    Edit(
        "conventions.tufts.FullyConnectedNet._step",
        "step.gradients[f'{kind}{i + 1}']",
        "step.gradients.get(f'{kind}{i + 1}', 0.0)",
        context=True,
    ),
    Edit(
        "conventions.udacity.NeuralNet._descend",
        "step.gradients[name]",
        "step.gradients.get(name, 0.0)",
        context=True,
    ),
)
LOOP_END = "return _Forward(out, caches, tuple(averages))"

_STRUCTURE = (
    Misconception(
        id="FullyConnectedNet.relu_on_scores",
        edits=(
            Edit(
                FORWARD,
                LOOP_END,
                "out, caches[-1]['activation'] = activation.forward(out)\n" + LOOP_END,
            ),
            Edit(
                LESSON,
                LESSON_LAST,
                "if layer == self._core.layers:\n    return self.activation_fn(linear_output)",
            ),
        ),
        student="It looks like an activation follows the last layer; scores may be negative.",
        instructor="An activation after the last layer, in both passes.",
        seen=LET_THROUGH,
    ),
    Misconception(
        id="FullyConnectedNet.normalization_on_scores",
        edits=(
            Edit(
                FORWARD,
                LOOP_END,
                "if self.normalization and training:\n"
                "    ones, zeros = np.ones(out.shape[1]), np.zeros(out.shape[1])\n"
                "    if self.normalization == 'layernorm':\n"
                "        out, caches[-1]['norm'] = norms.layernorm_forward(out, ones, zeros, eps=self.eps)\n"
                "    else:\n"
                "        step = norms.batchnorm_forward(out, ones, zeros, zeros, zeros, eps=self.eps)\n"
                "        out, caches[-1]['norm'] = step.out, step.cache\n" + LOOP_END,
            ),
            Edit(
                LESSON,
                LESSON_LAST,
                "if layer == self._core.layers:\n"
                "    ones = np.ones(linear_output.shape[1])\n"
                "    if self.use_batch_norm and is_training:\n"
                "        linear_output, _, _ = batch_norm_training(\n"
                "            linear_output, ones, 0 * ones, pop_mean=0 * ones, pop_variance=ones\n"
                "        )\n"
                "    return linear_output",
            ),
        ),
        student="It looks like a normalization follows the last layer; the scores should be left as they are.",
        instructor="A normalization (gamma 1, beta 0) after the last layer, in both passes.",
        seen=PUBLIC,
    ),
    Misconception(
        id="FullyConnectedNet.normalization_after_relu",
        edits=(
            Edit(
                FORWARD,
                "out, new = self._normalise(layer, params, out, cache, old, training=training)",
                "out, cache['activation'] = activation.forward(out)\n"
                "out, new = self._normalise(layer, params, out, cache, old, training=training)",
            ),
            Edit(
                FORWARD,
                "averages += [new] if new else []\n"
                "            out, cache['activation'] = activation.forward(out)",
                "averages += [new] if new else []",
            ),
            Edit(
                BACK,
                "if 'activation' in cache:",
                "if 'activation' in cache and 'norm' not in cache:",
            ),
            Edit(
                BACK,
                "dout, gradients[f'W{layer}'], gradients[f'b{layer}'] = affine.backward(dout, cache['affine'])",
                "if 'activation' in cache and 'norm' in cache:\n"
                "    dout = activation.backward(dout, cache['activation'])\n"
                "dout, gradients[f'W{layer}'], gradients[f'b{layer}'] = affine.backward(dout, cache['affine'])",
            ),
            Edit(
                LESSON,
                "if self.use_batch_norm:",
                "if self.use_batch_norm:\n    linear_output = self.activation_fn(linear_output)\nif self.use_batch_norm:",
            ),
            Edit(
                LESSON,
                "return self.activation_fn(linear_output)",
                "return linear_output if self.use_batch_norm else self.activation_fn(linear_output)",
            ),
        ),
        student="It looks like the normalization stands behind the activation; compare the order with the one asked for.",
        instructor="affine - ReLU - normalization in place of affine - normalization - ReLU, in both passes.",
        seen=LET_THROUGH,
    ),
    Misconception(
        id="FullyConnectedNet.normalization_left_out",
        edits=(
            Edit(
                NORMALISE,
                "if self.normalization is None:\n        return (x, None)",
                "if True:\n        return (x, running)",
            ),
            Edit(LESSON, "if self.use_batch_norm:", "if False:"),
            *UNTRAINED,
        ),
        student="It looks like the normalization is asked for, but no layer does it.",
        instructor="The network never calls its normalization.",
        seen=PUBLIC,
    ),
    Misconception(
        id="FullyConnectedNet.layernorm_as_batchnorm",
        edits=(
            Edit(
                NORMALISE,
                "out, cache['norm'] = norms.layernorm_forward(x, gamma, beta, eps=self.eps)",
                "step = norms.batchnorm_forward(x, gamma, beta, 0 * beta, 0 * beta, eps=self.eps)\n"
                "out, cache['norm'] = step.out, step.cache",
            ),
            Edit(
                BACK,
                "norms.layernorm_backward if self.normalization == 'layernorm' else",
                "norms.batchnorm_backward if self.normalization == 'layernorm' else",
            ),
        ),
        student="It looks like batch normalization runs where layer normalization is asked for.",
        instructor="normalization='layernorm' gets batch normalization, in both passes.",
        seen=PUBLIC,
    ),
    Misconception(
        id="FullyConnectedNet.always_training_mode",
        edits=(Edit(SCORES, "training=batch_statistics", "training=True"),),
        student="It looks like the network never enters test mode; does the mode reach the normalization layers? "
        "(Some years' starter code sets it under a wrong key.)",
        instructor="Scores are computed in training mode: often the starter code's doing (`bn_param[mode] = mode`).",
        seen=f"{PUBLIC}: a mistake of the starter code in 2016 and in ECE C147/C247",
    ),
    Misconception(
        id="FullyConnectedNet.wrong_relu_cache",
        edits=(
            Edit(
                BACK,
                "dout = activation.backward(dout, cache['activation'])",
                "dout = dout",
            ),
        ),
        student="It looks like the activation is left out on the way back through the layers.",
        instructor="The network's backward pass skips the activation.",
    ),
    Misconception(
        id="FullyConnectedNet.gradient_averaged_twice",
        edits=(
            Edit(
                LOSS,
                "loss, dout = softmax_loss(forward.scores, y)",
                "loss, dout = softmax_loss(forward.scores, y)\ndout = dout / len(y)",
            ),
        ),
        student="It looks like all gradients are divided by the number of examples twice; where is it done already?",
        instructor="The gradient of the scores, an average already, is divided by N again.",
        paired=False,
    ),
    Misconception(
        id="FullyConnectedNet.backward_skips_normalization",
        edits=(
            Edit(
                BACK,
                "if 'norm' in cache:",
                "if 'norm' in cache:\n"
                "    gradients[f'gamma{layer}'] = gradients[f'beta{layer}'] = np.zeros(dout.shape[1])\n"
                "if False:",
            ),
        ),
        student="It looks like the normalization is left out on the way back through the layers.",
        instructor="The network's backward pass skips the normalization.",
    ),
)

_DROPOUT = (
    Misconception(
        id="FullyConnectedNet.dropout_turned_round",
        edits=(
            Edit(
                "conventions.cs231n.FullyConnectedNet._core",
                "keep=self.dropout_param.get('p', 1)",
                "keep=1 - self.dropout_param.get('p', 0)",
            ),
        ),
        student="It looks like the network hands 1 - p to its dropout layers; do both mean the same by p?",
        instructor="The network's dropout layers get 1 - p, though they read p as the network's argument is meant.",
    ),
)

#: Those of this family.
MISCONCEPTIONS: tuple[Misconception, ...] = (*_PENALTY, *_STRUCTURE, *_DROPOUT)
