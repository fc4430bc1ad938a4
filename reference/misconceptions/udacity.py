"""What goes wrong in the parts that Udacity's lesson writes by itself: moments, sigmoids, the layers' modes, training, testing."""

from __future__ import annotations

from .entry import UNSEEN, Edit, Misconception
from .normalization import VAR

__all__ = ["MISCONCEPTIONS"]

TRAINING = "normalization.batchnorm_forward"
MOMENTS = "conventions.udacity.moments"
NET = "conventions.udacity.NeuralNet"
LAYER = f"{NET}.fully_connected"
DESCEND = f"{NET}._descend"
VARIANCE = "np.var(values, axis=tuple(axes))"
SIGMOID = "np.where(x >= 0, 1 / (1 + small), small / (1 + small))"
SLOPE = "dout * cache * (1 - cache)"


def _one(name: str, *edits: Edit, student: str, instructor: str, seen: str = UNSEEN) -> Misconception:
    return Misconception(id=name, edits=edits, student=student, instructor=instructor, seen=seen)


def _moments(name: str, variance: str, in_training: str, *, student: str, instructor: str) -> Misconception:
    """A wrong variance, which batch normalization takes over: students' own layer calls their own moments."""
    context = Edit(TRAINING, VAR, in_training, context=True)
    return _one(
        f"moments.{name}",
        Edit(MOMENTS, VARIANCE, variance),
        context,
        student=student,
        instructor=instructor,
    )


_PARTS = (
    _moments(
        "variance_n_minus_1",
        "np.var(values, axis=tuple(axes), ddof=1) if values.ndim == 2 else "
        "np.var(values, axis=tuple(axes)) * (values.size / (values.size - np.var(values, axis=tuple(axes)).size))",
        "var = np.sum(centred * centred, axis=0) / (x.shape[0] - 1)",
        student="It looks like moments divides the variance by one less than the number of values.",
        instructor="ddof = 1 in moments, and so in everything that is normalized with it.",
    ),
    _moments(
        "variance_about_zero",
        "np.mean(values * values, axis=tuple(axes))",
        "var = np.mean(x * x, axis=0)",
        student="It looks like moments averages the squares of the values themselves; a variance is about the mean.",
        instructor="Second moment in place of the variance in moments.",
    ),
    _moments(
        "standard_deviation",
        "np.std(values, axis=tuple(axes))",
        "var = np.sqrt(np.mean(centred * centred, axis=0))",
        student="It looks like moments gives standard deviations under the variance's name.",
        instructor="np.std in place of np.var in moments.",
    ),
    _moments(
        "variance_not_averaged",
        "np.var(values, axis=tuple(axes)) * (values.size / np.var(values, axis=tuple(axes)).size)",
        "var = np.sum(centred * centred, axis=0)",
        student="It looks like moments adds up the squared distances from the mean, but does not average them.",
        instructor="The variance of moments lacks its 1 / N.",
    ),
    _one(
        "conv_moments.axis_ignored",
        Edit("conventions.udacity.conv_moments", "axis % conv_layer.ndim", "conv_layer.ndim - 1"),
        student="It looks like conv_moments always takes the last axis for the feature maps.",
        instructor="conv_moments ignores its argument axis.",
    ),
    _one(
        "sigmoid_forward.sign",
        Edit("layers.sigmoid_forward", SIGMOID, "np.where(x >= 0, small / (1 + small), 1 / (1 + small))"),
        student="It looks like the sigmoid falls where it should rise; mind the sign in the exponent.",
        instructor="1 / (1 + exp(x)).",
    ),
    _one(
        "sigmoid_forward.tanh",
        Edit("layers.sigmoid_forward", SIGMOID, "np.tanh(x)"),
        student="It looks like the sigmoid runs from -1 to 1; it should run from 0 to 1.",
        instructor="The hyperbolic tangent in place of the logistic function.",
    ),
    _one(
        "sigmoid_backward.of_input",
        Edit(
            "layers.sigmoid_backward",
            SLOPE,
            "dout * (1 / (1 + np.exp(-cache))) * (1 - 1 / (1 + np.exp(-cache)))",
        ),
        student="It looks like the sigmoid is taken once more for its derivative; what is passed in is its output already.",
        instructor="sigmoid(out) * (1 - sigmoid(out)).",
    ),
    _one(
        "sigmoid_backward.one_factor",
        Edit("layers.sigmoid_backward", SLOPE, "dout * (1 - cache)"),
        student="It looks like one of the two factors of the sigmoid's derivative is missing.",
        instructor="1 - out in place of out * (1 - out).",
    ),
)

_NETWORK = (
    _one(
        "NeuralNet.always_batch_statistics",
        Edit(LAYER, "if is_training:", "if True:"),
        student="It looks like layers normalize by the batch whatever is_training says.",
        instructor="fully_connected does not look at is_training: batch statistics at inference.",
    ),
    _one(
        "NeuralNet.population_not_kept",
        Edit(DESCEND, "self.population = step.running", "pass"),
        student="It looks like training never puts the new population statistics where inference reads them.",
        instructor="train_step drops what batch_norm_training returns: population stays at its start.",
    ),
    _one(
        "NeuralNet.scale_and_shift_not_trained",
        Edit(
            DESCEND,
            "step.gradients[name]",
            "(0.0 if name.startswith(('gamma', 'beta')) else step.gradients[name])",
        ),
        student="It looks like gamma and beta stay as they are; they are learnt like the weights.",
        instructor="train_step updates weights and biases only.",
    ),
    _one(
        "softmax_cross_entropy.gradient_sign",
        Edit(
            "conventions.udacity.softmax_cross_entropy",
            "return losses.softmax_loss(logits, np.argmax(labels, axis=1))",
            "loss, gradient = losses.softmax_loss(logits, np.argmax(labels, axis=1))\nreturn (loss, -gradient)",
        ),
        Edit(DESCEND, "w - learning_rate", "w + learning_rate", context=True),
        student="It looks like the gradient of the loss has the wrong sign: are the labels taken off the probabilities?",
        instructor="labels - p in place of p - labels in softmax_cross_entropy; each step then goes up.",
    ),
    _one(
        "NeuralNet.climbs",
        Edit(DESCEND, "w - learning_rate", "w + learning_rate"),
        student="It looks like each step goes up the gradient; which way is down?",
        instructor="+ learning_rate * gradient in train_step.",
    ),
    _one(
        "NeuralNet.biases_not_trained",
        Edit(
            DESCEND,
            "step.gradients[name]",
            "(0.0 if name[0] == 'b' and name[1:].isdigit() else step.gradients[name])",
        ),
        student="It looks like the biases stay as they are.",
        instructor="train_step does not update biases.",
    ),
    _one(
        "NeuralNet.validated_by_the_batch",
        Edit(
            f"{NET}.train",
            "self.training_accuracies.append(self.accuracy(mnist.validation))",
            "self.training_accuracies.append(self.accuracy(mnist.validation, True))",
        ),
        student="It looks like the validation accuracy is measured as in training; it should be measured as at inference.",
        instructor="is_training is True where train samples the validation accuracy.",
    ),
    _one(
        "NeuralNet.sampled_at_other_batches",
        Edit(f"{NET}.train", "i % batches_per_sample == 0", "(i + 1) % batches_per_sample == 0"),
        student="It looks like accuracies are sampled at the wrong batches; the first sample follows batch number 0.",
        instructor="(i + 1) % batches_per_sample in train.",
    ),
    _one(
        "NeuralNet.sampled_every_batch",
        Edit(f"{NET}.train", "i % batches_per_sample == 0", "True"),
        student="It looks like an accuracy is sampled after every batch.",
        instructor="train does not look at batches_per_sample.",
    ),
    _one(
        "NeuralNet.singles_never_by_the_batch",
        Edit(
            f"{NET}.test",
            "self.output_layer(image[None], test_training_accuracy)",
            "self.output_layer(image[None])",
        ),
        student="It looks like single images are always predicted by the population, whatever test_training_accuracy says.",
        instructor="test does not pass test_training_accuracy on for single images.",
    ),
    _one(
        "NeuralNet.singles_all_at_once",
        Edit(
            f"{NET}.test",
            "[int(np.argmax(self.output_layer(image[None], test_training_accuracy))) for image in images]",
            "[int(guess) for guess in np.argmax(self.output_layer(images, test_training_accuracy), axis=1)]",
        ),
        student="It looks like the 200 images are predicted in one batch; what is to be seen happens to each image alone.",
        instructor="test predicts the first 200 images together.",
    ),
)

#: Those of this course.
MISCONCEPTIONS: tuple[Misconception, ...] = (*_PARTS, *_NETWORK)
