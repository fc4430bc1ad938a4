"""What goes wrong in affine layers, ReLU, and the losses."""

from __future__ import annotations

from .entry import Edit, Misconception

__all__ = ["MISCONCEPTIONS"]

AFFINE = "layers.affine_forward"
AFFINE_BACK = "layers.affine_backward"
RELU = "layers.relu_forward"
RELU_BACK = "layers.relu_backward"
SOFTMAX = "losses.softmax_loss"
SVM = "losses.svm_loss"

PUBLIC = "public checkouts of CS231n's assignment 2"

_AFFINE = (
    Misconception(
        id="affine_forward.bias_ignored",
        edits=(Edit(AFFINE, "rows @ w + b", "rows @ w"),),
        student="It looks like the bias takes no part in the affine layer.",
        instructor="No bias in the affine forward pass.",
    ),
    Misconception(
        id="affine_forward.bias_subtracted",
        edits=(Edit(AFFINE, "rows @ w + b", "rows @ w - b"),),
        student="It looks like the bias is subtracted in the affine layer.",
        instructor="Minus the bias in the affine forward pass.",
    ),
    Misconception(
        id="affine_backward.bias_averaged",
        edits=(Edit(AFFINE_BACK, "dout.sum(axis=0)", "dout.mean(axis=0)"),),
        student="It looks like the bias's gradient is averaged over the examples; is there a 1 / N in the forward pass?",
        instructor="db is a mean, not a sum.",
        seen=PUBLIC,
    ),
    Misconception(
        id="affine_backward.weights_averaged",
        edits=(
            Edit(
                AFFINE_BACK,
                "dw = x.reshape(x.shape[0], -1).T @ dout",
                "dw = x.reshape(x.shape[0], -1).T @ dout / x.shape[0]",
            ),
        ),
        student="It looks like the weights' gradient is divided by the number of examples; is there a 1 / N in the forward pass?",
        instructor="dw is divided by N in the layer; the loss has its 1 / N already.",
    ),
    Misconception(
        id="affine_backward.not_reshaped",
        edits=(Edit(AFFINE_BACK, "dx = (dout @ w.T).reshape(x.shape)", "dx = dout @ w.T"),),
        student="It looks like dx stays flat; which shape had x?",
        instructor="dx is (N, D), not in the shape of x.",
        seen=PUBLIC,
    ),
    Misconception(
        id="relu_backward.through_negative",
        edits=(Edit(RELU_BACK, "np.where(cache > 0, dout, 0)", "np.where(cache < 0, dout, 0)"),),
        student="It looks like the gradient passes ReLU where its input is negative; where does the output follow the input?",
        instructor="ReLU's mask is the wrong way round.",
    ),
    Misconception(
        id="relu_backward.everywhere",
        edits=(Edit(RELU_BACK, "np.where(cache > 0, dout, 0)", "dout"),),
        student="It looks like the gradient passes ReLU everywhere; what does ReLU do with negative numbers?",
        instructor="ReLU's backward pass returns dout as it is.",
    ),
    Misconception(
        id="relu_backward.gate_of_gradient",
        edits=(Edit(RELU_BACK, "np.where(cache > 0, dout, 0)", "np.where(dout > 0, dout, 0)"),),
        student="It looks like ReLU's backward pass lets positive gradients through; is it their sign that counts, or the input's?",
        instructor="The mask is dout > 0 in place of x > 0.",
    ),
    Misconception(
        id="relu_backward.times_input",
        edits=(Edit(RELU_BACK, "np.where(cache > 0, dout, 0)", "dout * np.maximum(cache, 0)"),),
        student="It looks like the gradient is multiplied by ReLU's output; what is the derivative of ReLU?",
        instructor="ReLU's backward pass multiplies by the output in place of the mask.",
    ),
    Misconception(
        id="relu_forward.absolute_value",
        edits=(Edit(RELU, "np.maximum(x, 0)", "np.abs(x)"),),
        student="It looks like negative numbers come out of ReLU as positive ones.",
        instructor="|x| in place of max(x, 0).",
    ),
    Misconception(
        id="relu_forward.identity",
        edits=(Edit(RELU, "np.maximum(x, 0)", "x"),),
        student="It looks like ReLU lets everything through, or is left out between the layers.",
        instructor="No ReLU in the forward pass.",
    ),
    Misconception(
        id="relu_forward.sigmoid",
        edits=(Edit(RELU, "np.maximum(x, 0)", "1 / (1 + np.exp(-x))"),),
        student="It looks like a sigmoid stands where a ReLU is asked for.",
        instructor="1 / (1 + exp(-x)) in place of max(x, 0); the way back is that of ReLU.",
        paired=False,
    ),
    Misconception(
        id="relu_forward.tanh",
        edits=(Edit(RELU, "np.maximum(x, 0)", "np.tanh(x)"),),
        student="It looks like the hyperbolic tangent stands where a ReLU is asked for.",
        instructor="tanh(x) in place of max(x, 0); the way back is that of ReLU.",
        paired=False,
    ),
    Misconception(
        id="relu_forward.leaky",
        edits=(Edit(RELU, "np.maximum(x, 0)", "np.where(x > 0, x, 0.01 * x)"),),
        student="It looks like negative numbers leak through ReLU; the plain one is asked for.",
        instructor="Leaky ReLU with slope 0.01.",
    ),
)

_LOSSES = (
    Misconception(
        id="softmax_loss.summed",
        edits=(
            Edit(
                SOFTMAX,
                "-float(np.mean(log_probabilities[rows, y]))",
                "-float(np.sum(log_probabilities[rows, y]))",
            ),
        ),
        student="It looks like the loss is added up over the examples; it should not depend on how many there are.",
        instructor="The loss is a sum over the batch; its gradient is right.",
    ),
    Misconception(
        id="softmax_loss.gradient_not_averaged",
        edits=(Edit(SOFTMAX, "gradient / scores.shape[0]", "gradient"),),
        student="It looks like the gradient of the loss is N times too large; the loss is an average.",
        instructor="The gradient of the softmax loss lacks its 1 / N.",
        seen=PUBLIC,
    ),
    Misconception(
        id="softmax_loss.summed_with_gradient",
        edits=(
            Edit(
                SOFTMAX,
                "-float(np.mean(log_probabilities[rows, y]))",
                "-float(np.sum(log_probabilities[rows, y]))",
            ),
            Edit(SOFTMAX, "gradient / scores.shape[0]", "gradient"),
        ),
        student="It looks like loss and gradient are added up over the examples, where an average is asked for.",
        instructor="Loss and gradient are sums over the batch.",
    ),
    Misconception(
        id="softmax_loss.averaged_over_entries",
        edits=(Edit(SOFTMAX, "gradient / scores.shape[0]", "gradient / scores.size"),),
        student="It looks like the gradient of the loss is divided by the number of scores; how many examples are there?",
        instructor="1 / (N * C) in place of 1 / N in the gradient.",
    ),
    Misconception(
        id="softmax_loss.right_class_not_subtracted",
        edits=(Edit(SOFTMAX, "gradient[rows, y] -= 1", "pass"),),
        student="It looks like the gradient of the loss is the probabilities alone; what does the right class add?",
        instructor="The gradient lacks the minus 1 at the right class.",
    ),
    Misconception(
        id="softmax_loss.sums_of_columns",
        edits=(
            Edit(
                SOFTMAX,
                "np.exp(shifted).sum(axis=1, keepdims=True)",
                "np.exp(shifted).sum(axis=0, keepdims=True)",
            ),
        ),
        student="It looks like the exponentials are added up over the examples; which axis holds the classes?",
        instructor="The softmax's sum runs over axis 0, with each row's largest score taken off.",
    ),
    Misconception(
        id="softmax_loss.over_columns",
        edits=(
            Edit(SOFTMAX, "scores.max(axis=1, keepdims=True)", "scores.max(axis=0, keepdims=True)"),
            Edit(
                SOFTMAX,
                "np.exp(shifted).sum(axis=1, keepdims=True)",
                "np.exp(shifted).sum(axis=0, keepdims=True)",
            ),
        ),
        student="It looks like the probabilities of each class add up to one over the examples; which axis holds the classes?",
        instructor="Softmax over axis 0.",
    ),
    Misconception(
        id="softmax_loss.log_base_two",
        edits=(
            Edit(
                SOFTMAX,
                "-float(np.mean(log_probabilities[rows, y]))",
                "-float(np.mean(log_probabilities[rows, y])) / np.log(2)",
            ),
        ),
        student="It looks like the logarithm in the loss is not the natural one.",
        instructor="Logarithm to base 2 in the loss.",
    ),
    Misconception(
        id="softmax_loss.sign",
        edits=(
            Edit(
                SOFTMAX,
                "-float(np.mean(log_probabilities[rows, y]))",
                "float(np.mean(log_probabilities[rows, y]))",
            ),
        ),
        student="It looks like the loss is negative; is the logarithm of a probability positive?",
        instructor="The loss has the wrong sign.",
    ),
    Misconception(
        id="svm_loss.right_class_counted",
        edits=(
            Edit(SVM, "excess[rows, y] = 0", "pass"),
            Edit(
                SVM, "gradient[rows, y] = -gradient.sum(axis=1)", "gradient[rows, y] -= gradient.sum(axis=1)"
            ),
        ),
        student="It looks like the right class counts as a wrong one in the hinge loss.",
        instructor="The margin at the right class is not taken out: the loss is 1 too large.",
    ),
    Misconception(
        id="svm_loss.summed",
        edits=(Edit(SVM, "float(excess.sum() / count)", "float(excess.sum())"),),
        student="It looks like the hinge loss is added up over the examples.",
        instructor="The hinge loss is a sum over the batch; its gradient is right.",
    ),
)

#: Those of this family.
MISCONCEPTIONS: tuple[Misconception, ...] = (*_AFFINE, *_LOSSES)
