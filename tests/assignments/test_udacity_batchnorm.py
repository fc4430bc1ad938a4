"""The lesson's assignment: every check passes what is right, however written, and fails a named mistake for the stated reason."""

from __future__ import annotations

import importlib.util
import json
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from grader.authoring.samples import load_verdicts, stale_samples
from grader.authoring.source import blank_files, solution_files
from grader.model import Outcome
from reference import data
from reference.conventions import udacity

NOTEBOOK = "Batch_Normalization_Lesson.ipynb"
SOURCE = Path(__file__).parents[2] / "assignments" / "udacity_batchnorm" / "source"
FEW = ("relu 0.01 few", "sigmoid 1 few", "sigmoid 2 few")
EXPERIMENTS = ("experiment_comparisons", "experiment_ahead", "experiment_single_predictions")
Edits = list[tuple[str, str, str]]  # cell, old text, new text

NET, TRAIN, INFER, BACK = "neural-net", "batch-norm-training", "batch-norm-inference", "batch-norm-gradients"
MEAN_UPDATE = "pop_mean * decay + batch_mean * (1 - decay)"
VARIANCE_UPDATE = "pop_variance * decay + batch_variance * (1 - decay)"
INFERENCE = "np.sqrt(pop_variance + epsilon)"
D_LINEAR = "(d_out - d_beta / count - normalized * d_gamma / count)"
LOG_SUM = "shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))"
PUT_STATISTICS = "                self.population[layer - 1] = tuple(moved)\n"
ACTIVATE = "        if layer < self.layers:\n            out = self.activation_fn(out)\n"
MEASURE = "self.training_accuracies.append(self.accuracy(mnist.validation))"

# check -> (edits of the solution's cells, what the reason must say). One mistake for each check, of the kind it is there for.
WRONG: dict[str, list[tuple[Edits, str]]] = {
    "relu_values": [([("relu", "np.maximum(x, 0)", "np.abs(x)")], "out relative error 1")],
    "sigmoid_values": [([("sigmoid", "np.where(x >= 0, 1, decay)", "decay")], "out relative error")],
    "sigmoid_extremes": [
        (
            [
                ("sigmoid", "    decay = np.exp(-np.abs(x))\n", ""),
                ("sigmoid", "np.where(x >= 0, 1, decay) / (1 + decay)", "np.exp(x) / (1 + np.exp(x))"),
            ],
            "numbers are NaN",
        )
    ],
    "activation_gradients": [
        (
            [
                (
                    "activation-gradient",
                    "layer_out * (1 - layer_out)",
                    "sigmoid(layer_out) * (1 - sigmoid(layer_out))",
                )
            ],
            "1 of 2 results are right; sigmoid relative error",
        )
    ],
    "moments_rows": [
        (
            [
                (
                    "moments",
                    "((values - mean) ** 2).mean(axis=tuple(axes))",
                    "values.var(axis=tuple(axes), ddof=1)",
                )
            ],
            "variance_4x5",
        ),
        (
            [
                (
                    "moments",
                    "    return np.squeeze(mean, axis=tuple(axes)), variance",
                    "    return mean[:, :, None], variance",
                )
            ],
            r"mean_4x5 has shape",
        ),
    ],
    "moments_axes": [
        (
            [
                ("moments", "mean(axis=tuple(axes), keepdims=True)", "mean(axis=0, keepdims=True)"),
                ("moments", ".mean(axis=tuple(axes))\n", ".mean(axis=0)\n"),
                ("moments", "np.squeeze(mean, axis=tuple(axes))", "np.squeeze(mean, axis=0)"),
            ],
            r"mean_012 has shape \(2, 4, 5\), expected \(5,\)",
        )
    ],
    "training_output": [
        ([(TRAIN, "gamma * normalized + beta", "normalized + beta")], "out_4x5 relative error"),
        ([(TRAIN, "(linear_output - batch_mean)", "(linear_output - pop_mean)")], "out_4x5 relative error"),
    ],
    "training_epsilon": [
        (
            [(TRAIN, "np.sqrt(batch_variance + epsilon)", "np.sqrt(batch_variance)")],
            "default is not what is expected",
        ),
        ([(TRAIN, "batch_variance + epsilon", "batch_variance + 1e-3")], "^given is not what is expected"),
        (
            [(TRAIN, "np.sqrt(batch_variance + epsilon)", "(np.sqrt(batch_variance) + epsilon)")],
            "default is not",
        ),
    ],
    "population_average": [
        ([(TRAIN, MEAN_UPDATE, "batch_mean")], "mean_1 relative error 0.98"),
        (
            [(TRAIN, VARIANCE_UPDATE, "pop_variance * (1 - decay) + batch_variance * decay")],
            "^variance_1 relative error",
        ),
        (
            [(TRAIN, VARIANCE_UPDATE, "pop_variance * decay + batch_variance * 7 / 6 * (1 - decay)")],
            "^variance_1 relative error",
        ),
    ],
    "population_decay": [
        ([(TRAIN, MEAN_UPDATE, "pop_mean * 0.99 + batch_mean * 0.01")], "mean_0.7 is not what is expected")
    ],
    "inference_output": [
        ([(INFER, "gamma * (linear_output", "(linear_output")], "out_6x5 relative error"),
        ([(INFER, INFERENCE, "np.sqrt(linear_output.var(axis=0) + epsilon)")], "out_6x5 relative error"),
    ],
    "inference_epsilon": [
        ([(INFER, INFERENCE, "np.sqrt(pop_variance + 1e-3)")], "given is not what is expected")
    ],
    "gradients": [
        ([(BACK, D_LINEAR, "d_out")], "4 of 6 results are right; d_linear_8x5 relative error"),
        (
            [
                (
                    BACK,
                    "d_gamma = np.sum(d_out * normalized, axis=axes)",
                    "d_gamma = np.sum(d_out * linear_output, axis=axes)",
                )
            ],
            "2 of 6 results are right",
        ),
    ],
    "gradients_epsilon": [
        (
            [(BACK, "batch_variance + epsilon", "batch_variance + 1e-3")],
            "d_linear_7x2 is not what is expected",
        )
    ],
    "cross_entropy": [
        (
            [("cross-entropy", "- labels) / len(logits)", "- labels)")],
            "1 of 2 results are right; gradient relative error",
        ),
        (
            [
                (
                    "cross-entropy",
                    "loss = -np.sum(labels * log_probabilities) / len(logits)",
                    "loss = -np.mean(labels * log_probabilities)",
                )
            ],
            "1 of 2 results are right; loss relative error 0.82",
        ),
    ],
    "cross_entropy_extremes": [
        (
            [
                (
                    "cross-entropy",
                    LOG_SUM,
                    "np.log(np.exp(shifted) / np.sum(np.exp(shifted), axis=1, keepdims=True))",
                )
            ],
            "loss 1 of 1 numbers are (NaN|infinite)",
        )
    ],
    "network_parameters": [
        (
            [
                (
                    NET,
                    '            else:\n                self.params[f"b{layer}"]',
                    '            self.params[f"b{layer}"]',
                )
            ],
            "trains 263 numbers, expected 243; 20 more would be a bias",
        ),
        (
            [
                (
                    NET,
                    'self.params[f"gamma{layer}"] = np.ones(nodes, dtype)',
                    'self.params[f"gamma{layer}"] = np.zeros(nodes, dtype)',
                )
            ],
            "gamma holds 20 numbers, expected 20 that start at 1",
        ),
        (
            [
                (
                    NET,
                    "(np.zeros(nodes, dtype), np.ones(nodes, dtype))",
                    "(np.zeros(nodes, dtype), np.zeros(nodes, dtype))",
                )
            ],
            "variances are not 20 numbers that start at 1",
        ),
        (
            [(NET, "if self.use_batch_norm and layer < self.layers:", "if self.use_batch_norm:")],
            "normalized layers: 1, 2, 3, 4; expected 1 to 3, which are all hidden ones",
        ),
    ],
    "layer_plain": [
        (
            [(NET, '            out = out + self.params[f"b{layer}"]\n', "            pass\n")],
            "relu_layer1 relative error",
        )
    ],
    "layer_training": [
        (
            [
                (
                    NET,
                    "            gamma, beta = self.params",
                    "            out = self.activation_fn(out)\n            gamma, beta = self.params",
                ),
                (NET, ACTIVATE, ACTIVATE.replace("self.layers:", "self.layers and not self.use_batch_norm:")),
            ],
            "relu_layer1 relative error 1",
        )
    ],
    "layer_inference": [
        ([(NET, "            if is_training:\n", "            if True:\n")], "relu_layer1 relative error"),
        (
            [
                (
                    NET,
                    "pop_mean, pop_variance = self.population[layer - 1]",
                    "pop_mean, pop_variance = self.population[0]",
                )
            ],
            "raised|relu_layer3",
        ),
    ],
    "network_last_layer": [
        (
            [(NET, ACTIVATE, "        out = self.activation_fn(out)\n")],
            "normalized_of_1_layers_training is not what is expected",
        )
    ],
    "network_copies_weights": [([(NET, "weights.copy()", "weights")], "given_W1 is not what is expected")],
    "step_plain": [
        (
            [
                (
                    NET,
                    "                d_out = d_out * activation_gradient(layer_out, self.activation_fn)\n",
                    "                pass\n",
                )
            ],
            "relu_W1 relative error",
        ),
        (
            [
                (
                    NET,
                    "self.params[name] - learning_rate * gradient",
                    "self.params[name] + learning_rate * gradient",
                )
            ],
            "relative error",
        ),
    ],
    "step_batch_norm": [([(BACK, D_LINEAR, "d_out")], "relu_W1 relative error")],
    "step_population": [
        ([(NET, PUT_STATISTICS, "")], "after_a_step_mean1 relative error"),
        (
            [
                (
                    NET,
                    "            else:\n                out = batch_norm_inference",
                    "            else:\n                self.population[layer - 1] = (out.mean(axis=0), out.var(axis=0))\n"
                    "                out = batch_norm_inference",
                )
            ],
            "after_inference_mean1 relative error",
        ),
    ],
    "training_history": [
        (
            [(NET, "if i % batches_per_sample == 0:", "if (i + 1) % batches_per_sample == 0:")],
            r"has shape \(7,\), expected \(8,\)",
        ),
        ([(NET, "next_batch(60)", "next_batch(100)")], "relative error"),
        (
            [(NET, MEASURE, MEASURE.replace("mnist.validation", "mnist.validation, True"))],
            "1 of 2 results are right; with_batch_norm relative error",
        ),
        (
            [(NET, MEASURE, MEASURE.replace("mnist.validation", "mnist.test"))],
            "with_batch_norm relative error",
        ),
    ],
    "test_report": [
        (
            [(NET, "image[np.newaxis], is_training=test_training_accuracy", "image[np.newaxis]")],
            "by_batch_1_predictions relative error",
        ),
        (
            [(NET, "images[:200]:", "images[:100]:"), (NET, "labels[:200]", "labels[:100]")],
            r"by_batch_1_predictions has shape \(100,\), expected \(200,\)",
        ),
    ],
    "starting_weights_drawn": [
        ([("initial-weights", "5.0 if", "0.05 if")], "bad weights 1 have standard deviation 0.05"),
        (
            [
                (
                    "initial-weights",
                    "np.random.normal(size=shape, scale=scale)",
                    "scale * np.sqrt(12) * (np.random.random(shape) - 0.5)",
                )
            ],
            "are not normally distributed",
        ),
        ([("initial-weights", "(100, 10)", "(100, 12)")], r"shapes \[\(784, 100\), .*\(100, 12\)\]"),
        (
            [
                (
                    "initial-weights",
                    "np.random.normal(size=shape, scale=scale)",
                    "np.random.normal(scale, scale, shape)",
                )
            ],
            "are not centred on zero",
        ),
    ],
    "networks_start_alike": [
        (
            [
                (
                    "train-and-test",
                    "bn = NeuralNet(weights,",
                    "bn = NeuralNet(initial_weights(use_bad_weights),",
                )
            ],
            "do not start from the same W1",
        ),
        ([("train-and-test", "return nn, bn", "return bn, nn")], "without batch normalization first"),
        (
            [("train-and-test", "initial_weights(use_bad_weights)", "initial_weights(False)")],
            "asked for bad weights",
        ),
        (
            [("train-and-test", "training_batches, batches_per_sample, mnist", "training_batches, 1, mnist")],
            r"gave \[3, 3\] samples",
        ),
    ],
    "conv_training": [
        ([(TRAIN, "range(linear_output.ndim - 1)", "[0]")], "out_3x4x5x2 relative error|has shape")
    ],
    "conv_inference": [
        (
            [
                (
                    INFER,
                    "linear_output - pop_mean",
                    "linear_output - np.resize(pop_mean, linear_output.shape[1])[:, None, None]",
                )
            ],
            "out is not what is expected",
        )
    ],
    "conv_gradients": [
        (
            [(BACK, "linear_output.size / linear_output.shape[-1]", "len(linear_output)")],
            "d_linear_3x4x5x2 is not what is expected",
        )
    ],
    "conv_moments_of_any_axis": [
        ([("conv-moments", "number != axis % 4", "number != 3")], r"mean_1 has shape \(6,\), expected \(4,\)")
    ],
}


@cache
def _module(name: str) -> ModuleType:
    """A provided module of the notebook, under a name of its own."""
    spec = importlib.util.spec_from_file_location(f"udacity_source_{name}", SOURCE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _cells(notebook: bytes) -> dict[str, str]:
    """Code cells by id, without what trains or draws."""
    cells = {
        cell["id"]: "".join(cell["source"])
        for cell in json.loads(notebook)["cells"]
        if cell["cell_type"] == "code"
    }
    return {
        name: text
        for name, text in cells.items()
        if text.startswith(("def ", "class ")) and not name.endswith("-see")
    }


def _namespace(cells: Mapping[str, str], edits: Edits | None = None) -> Any:
    """What the notebook's kernel holds after the cells that define something. edits: each text must occur once in its cell."""
    cells = dict(cells)
    for cell, old, new in edits or ():
        assert cells[cell].count(old) == 1, f"cell {cell} holds {cells[cell].count(old)} times: {old}"
        cells[cell] = cells[cell].replace(old, new)
    lesson = _module("lesson")
    space: dict[str, Any] = {"np": np, "lesson": lesson, "plan": lesson.SHORT, "mnist": None, "plt": None}
    for name, text in cells.items():
        exec(compile(text.replace("np.seterr(", "dict("), name, "exec"), space)
        space["plot_training_accuracies"] = lambda *_, **__: None
    return SimpleNamespace(**space)


@pytest.fixture
def lesson(course: Callable[[str], Any]) -> Any:
    """The assignment with suite and reference."""
    return course("udacity_batchnorm")


@pytest.fixture
def solution(lesson: Any) -> dict[str, str]:
    """The solution's cells."""
    return _cells(solution_files(lesson.assignment)[NOTEBOOK])


def test_points_add_up_and_a_third_of_the_checks_is_hidden(lesson: Any) -> None:
    points = sum(check.points for check in lesson.suite.checks)
    assert points + float(sum(question.points for question in lesson.assignment.spec.questions)) == 100
    hidden = [check for check in lesson.suite.checks if not check.visible]
    assert len(hidden) * 3 == len(lesson.suite.checks)
    assert {check.where for check in lesson.suite.checks} == {"notebook"}


def test_every_check_has_a_mistake_to_catch(lesson: Any) -> None:
    assert set(WRONG) | set(EXPERIMENTS) == {check.id for check in lesson.suite.checks}


@pytest.mark.parametrize("seed", [0, 7])
def test_the_solution_passes_every_check(lesson: Any, solution: dict[str, str], seed: int) -> None:
    implementation = _namespace(solution)
    for check in WRONG:
        result = lesson.judge(check, implementation, seed)
        assert result.outcome is Outcome.PASSED, f"{check}: {result.reason} {result.detail}"


def test_code_ported_from_a_framework_passes_every_check(lesson: Any) -> None:
    """Other formulas, float32, (1, D) statistics, a `session` argument, the data as a global."""
    cells = _cells((lesson.assignment.samples / "right_other" / NOTEBOOK).read_bytes())
    implementation = _namespace(cells)
    for check in WRONG:
        result = lesson.judge(check, implementation)
        assert result.outcome is Outcome.PASSED, f"{check}: {result.reason} {result.detail}"


@pytest.mark.parametrize(
    ("cells", "hand_in"),
    [
        pytest.param((NET,), "layers_as_classes", id="layers-as-classes"),
        pytest.param(
            ("cross-entropy", "sigmoid", "activation-gradient", "conv-moments"), "other_losses", id="losses"
        ),
    ],
)
def test_cells_of_another_hand_pass_every_check(
    lesson: Any, solution: dict[str, str], cells: tuple[str, ...], hand_in: str
) -> None:
    own = (Path(__file__).parent / "udacity_batchnorm" / "hand_ins" / f"{hand_in}.txt").read_text("utf-8")
    changed = {name: own if name == cells[0] else text for name, text in solution.items()}
    implementation = _namespace({name: changed[name] for name in changed if name not in cells[1:]})
    for check in WRONG:
        assert lesson.judge(check, implementation).outcome is Outcome.PASSED, check


def test_the_blank_release_earns_nothing(lesson: Any) -> None:
    implementation = _namespace(_cells(blank_files(lesson.assignment)[NOTEBOOK]))
    for check in lesson.suite.checks:
        result = lesson.judge(check.id, implementation)
        assert result.points == 0, check.id
        assert result.outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("check", "edits", "reason"),
    [
        pytest.param(check, edits, reason, id=f"{check}-{number}")
        for check, mistakes in WRONG.items()
        for number, (edits, reason) in enumerate(mistakes)
    ],
)
def test_a_mistake_fails_for_its_reason(
    lesson: Any, solution: dict[str, str], check: str, edits: Edits, reason: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # wrong formulas overflow
        result = lesson.judge(check, _namespace(solution, edits))
    assert result.outcome is Outcome.FAILED
    assert re.search(reason, result.reason), result.reason


def test_a_needless_bias_is_charged_once(lesson: Any, solution: dict[str, str]) -> None:
    edits = WRONG["network_parameters"][0][0]
    normalized = "        if self.use_batch_norm and layer < self.layers:\n            gamma"
    used = [(NET, "        else:\n            gamma", normalized)]
    moved = [
        (
            NET,
            "        if layer < self.layers:\n            out =",
            '        linear_output = linear_output + self.params[f"b{layer}"]\n        if layer < self.layers:\n            out =',
        )
    ]
    implementation = _namespace(solution, [*edits, *used, *moved])
    failed = [check for check in WRONG if lesson.judge(check, implementation).outcome is not Outcome.PASSED]
    assert failed == ["network_parameters"]


# What fails in the checks of one function, and in no other's: edits -> checks. Where a wrong number flows on into a training, the
# catalogue carries it.
ALONE: dict[str, tuple[Edits, set[str]]] = {
    "loss-is-a-sum": (
        [("cross-entropy", "-np.sum(labels * log_probabilities) / len(logits)", "-np.sum(labels * log_probabilities)")],
        {"cross_entropy"},
    ),
    "weights-of-a-squared-scale": (
        [("initial-weights", "scale = 5.0 if use_bad_weights else 0.05", "scale = 25.0 if use_bad_weights else 0.0025")],
        {"starting_weights_drawn"},
    ),
    "sampled-one-batch-late": (
        [(NET, "if i % batches_per_sample == 0:", "if (i + 1) % batches_per_sample == 0:")],
        {"training_history"},
    ),
    "weights-in-double-precision": (
        [("initial-weights", ".astype(np.float32) for", " for")],
        {"starting_weights_drawn"},
    ),
    "weights-of-another-distribution": (
        [("initial-weights", "np.random.normal(size=shape, scale=scale)", "np.random.uniform(-scale, scale, shape)")],
        {"starting_weights_drawn"},
    ),
    "three-layers-of-weights": (
        [("initial-weights", "(100, 100), (100, 100), (100, 10)", "(100, 100), (100, 10)")],
        {"starting_weights_drawn"},
    ),
    "rate-of-its-own": (
        [("train-and-test", "net.train(learning_rate, ", "net.train(0.01, ")],
        {"networks_start_alike"},
    ),
    "activation-function-of-its-own": (
        [("train-and-test", "bn = NeuralNet(weights, activation_fn, True)", "bn = NeuralNet(weights, relu, True)")],
        {"networks_start_alike"},
    ),
    "weights-drawn-twice": (
        [("train-and-test", "nn = NeuralNet(weights,", "nn = NeuralNet(initial_weights(use_bad_weights),")],
        {"networks_start_alike"},
    ),
    "maps-always-last": (
        [("conv-moments", "[number for number in range(4) if number != axis % 4]", "[0, 1, 2]")],
        {"conv_moments_of_any_axis"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ALONE)
def test_one_mistake_fails_the_checks_that_are_about_it(
    lesson: Any, solution: dict[str, str], name: str
) -> None:
    edits, lost = ALONE[name]
    implementation = _namespace(solution, edits)
    assert lost == {
        check for check in WRONG if lesson.judge(check, implementation).outcome is not Outcome.PASSED
    }


# --- Experiments -------------------------------------------------------------------------------------------------------------


INPUTS, NODES = 12, 30


def _digits() -> dict[str, Any]:
    """200 validation and 200 test rows of ten classes that a network can tell apart."""
    rng = np.random.default_rng(28)
    y = rng.integers(10, size=400)
    X = 2 * rng.standard_normal((10, INPUTS))[y] + rng.standard_normal((400, INPUTS))
    return {"X_val": X[:200], "y_val": y[:200], "X_test": X[200:], "y_test": y[200:]}


KNOWN = _digits()


class _Net:
    """A network of random features; its last layer is fitted to the digits, or random like the others."""

    def __init__(self, seed: int, activation: str, *, normalized: bool, fitted: bool) -> None:
        rng = np.random.default_rng(seed)
        self.use_batch_norm, self.activation, self.params = normalized, activation, {}
        self.population: list[tuple[Any, Any]] = []
        X = np.concatenate([KNOWN["X_val"], KNOWN["X_test"]])
        for layer, inputs in enumerate((INPUTS, NODES), start=1):
            self.params[f"W{layer}"] = rng.standard_normal((inputs, NODES)) / np.sqrt(inputs)
            if normalized:
                self.params |= {
                    f"gamma{layer}": np.ones(NODES),
                    f"beta{layer}": 0.1 * rng.standard_normal(NODES),
                }
                linear = X @ self.params[f"W{layer}"]
                self.population.append((linear.mean(axis=0), linear.var(axis=0)))
            else:
                self.params[f"b{layer}"] = 0.1 * rng.standard_normal(NODES)
            X = self.hidden(X, layer)
        labels = np.concatenate([KNOWN["y_val"], KNOWN["y_test"]])
        W = (
            np.linalg.lstsq(X, np.eye(10)[labels], rcond=None)[0]
            if fitted
            else rng.standard_normal((NODES, 10))
        )
        self.params |= {"W3": W, "b3": np.zeros(10)}
        right = float(np.mean(self.guesses(KNOWN["X_val"]) == KNOWN["y_val"]))
        self.training_accuracies = [0.1, 0.1 + round(50 * max(right - 0.1, 0)) / 100, right]

    def hidden(self, X: Any, layer: int, *, by_batch: bool = False) -> Any:
        out = X @ self.params[f"W{layer}"]
        if self.use_batch_norm:
            mean, var = (out.mean(axis=0), out.var(axis=0)) if by_batch else self.population[layer - 1]
            out = (out - mean) / np.sqrt(var + 1e-3) * self.params[f"gamma{layer}"] + self.params[
                f"beta{layer}"
            ]
        else:
            out = out + self.params[f"b{layer}"]
        return np.maximum(out, 0) if self.activation == "relu" else 1 / (1 + np.exp(-out))

    def guesses(self, X: Any, *, by_batch: bool = False) -> Any:
        for layer in (1, 2):
            X = self.hidden(X, layer, by_batch=by_batch)
        return np.argmax(X @ self.params["W3"] + self.params["b3"], axis=1)

    def report(self, *, by_batch: bool) -> Any:
        images, labels = KNOWN["X_test"], KNOWN["y_test"]
        chosen = [int(self.guesses(image[None], by_batch=by_batch)[0]) for image in images]
        return _module("lesson").InferenceReport(
            0.9, tuple(chosen), float(np.mean(chosen == labels)), network=self
        )


def _pair(name: str, seed: int) -> tuple[Any, Any]:
    activation = "relu" if "relu" in name else "sigmoid"
    return tuple(  # type: ignore[return-value]
        _Net(2 * seed + normalized, activation, normalized=bool(normalized), fitted=bool(normalized))
        for normalized in (0, 1)
    )


@pytest.fixture
def after(lesson: Any) -> SimpleNamespace:
    """What is left in the namespace after the experiments, in small."""
    names = lesson.suite.check("experiment_comparisons").judge.__globals__["DEMOS"]
    tested = [_Net(seed, "relu", normalized=True, fitted=True) for seed in (98, 99)]
    return SimpleNamespace(
        demos={name: _pair(name, seed) for seed, name in enumerate(names)},
        mnist=SimpleNamespace(
            validation=SimpleNamespace(images=KNOWN["X_val"]),
            test=SimpleNamespace(labels=np.eye(10)[KNOWN["y_test"]]),
        ),
        by_batch=tested[0].report(by_batch=True),
        by_population=tested[1].report(by_batch=False),
    )


@pytest.fixture
def judge(lesson: Any) -> Callable[..., Any]:
    """What a check says, given the true digits."""

    def judged(check: str, notebook: Any, known: Any = KNOWN) -> Any:
        return lesson.judge(check, notebook, known=known)

    return judged


@pytest.mark.parametrize("check", EXPERIMENTS)
def test_experiments_that_ran_pass(judge: Callable[..., Any], after: SimpleNamespace, check: str) -> None:
    result = judge(check, after)
    assert result.outcome is Outcome.PASSED, result.reason


@pytest.mark.parametrize(
    ("pair", "reason"),
    [
        pytest.param(None, "relu 2: was not run", id="absent"),
        pytest.param(([0.1, 0.3], [0.2]), "1 accuracies were sampled with batch normalization", id="short"),
        pytest.param(([0.1, 0.3], [0.2, 0.4, 0.6]), "2 and 3 accuracies were sampled", id="unequal"),
        pytest.param(([0.1, 0.3], [0.2, 0.777]), "no share of 200 validation images", id="made-up"),
        pytest.param(([0.1, 0.3], [0.2, 1.02]), "no share of 200 validation images", id="more-than-all"),
        pytest.param(([0.1, float("nan")], [0.2, 0.4]), "no share of 200 validation images", id="nan"),
    ],
)
def test_a_comparison_that_cannot_be_costs_its_share(
    judge: Callable[..., Any], after: SimpleNamespace, pair: Any, reason: str
) -> None:
    if pair is None:
        del after.demos["relu 2"]
    else:
        for net, history in zip(after.demos["relu 2"], pair, strict=True):
            net.training_accuracies = history
    result = judge("experiment_comparisons", after)
    assert result.outcome is Outcome.FAILED
    assert "17 of 18 comparisons are there" in result.reason
    assert reason in result.reason
    assert float(result.points) == pytest.approx(3 * 17 / 18, abs=1e-3)


def test_networks_in_the_wrong_order_are_no_comparison(
    judge: Callable[..., Any], after: SimpleNamespace
) -> None:
    after.demos = {name: pair[::-1] for name, pair in after.demos.items()}
    assert "not one without and one with" in judge("experiment_comparisons", after).reason
    assert "not one without and one with" in judge("experiment_ahead", after).reason


def test_batch_normalization_that_is_not_ahead_fails(
    judge: Callable[..., Any], after: SimpleNamespace
) -> None:
    for name in FEW:
        for net, history in zip(after.demos[name], ([0.4, 0.5], [0.4, 0.52]), strict=True):
            net.training_accuracies = history
    assert "is not ahead" in judge("experiment_ahead", after).reason


@pytest.mark.parametrize(
    ("name", "report", "reason"),
    [
        pytest.param("by_batch", ([3] * 100, 0.1), "by_batch holds 100 predictions", id="too-few"),
        pytest.param("by_batch", ([3] * 200, 0.35), "accuracy is not that of the predictions", id="made-up"),
    ],
)
def test_single_predictions_that_cannot_be_fail(
    judge: Callable[..., Any],
    after: SimpleNamespace,
    name: str,
    report: tuple[list[int], float],
    reason: str,
) -> None:
    guesses, accuracy = report
    setattr(after, name, _module("lesson").InferenceReport(0.9, tuple(guesses), accuracy))
    result = judge("experiment_single_predictions", after)
    assert result.outcome is Outcome.FAILED
    assert reason in result.reason


def test_single_predictions_of_an_untrained_network_earn_half(
    judge: Callable[..., Any], after: SimpleNamespace
) -> None:
    after.by_population = _Net(5, "relu", normalized=True, fitted=False).report(by_batch=False)
    result = judge("experiment_single_predictions", after)
    assert result.points == Decimal("1.5")
    assert "most of the 200 guesses" in result.reason


# --- What the networks say ---------------------------------------------------------------------------------------------------


def assert_waits(result: Any, why: str) -> None:
    assert result.outcome is Outcome.NOT_GRADED
    assert (result.points, result.pending) == (0, True)
    assert why in result.reason


@pytest.mark.parametrize("check", EXPERIMENTS)
def test_experiments_without_networks_wait_for_a_person(
    judge: Callable[..., Any], after: SimpleNamespace, check: str
) -> None:
    for net in (net for pair in after.demos.values() for net in pair):
        net.params = None
    after.by_batch, after.by_population = (
        replace(report, network=None) for report in (after.by_batch, after.by_population)
    )
    assert_waits(judge(check, after), "network was not kept, or could not be read")


@pytest.mark.parametrize("check", EXPERIMENTS)
def test_unknown_digits_leave_it_to_a_person(
    judge: Callable[..., Any], after: SimpleNamespace, check: str
) -> None:
    assert_waits(judge(check, after, {}), "the images that the notebook was given are not known here")


def test_history_that_its_network_does_not_bear_out_waits_for_a_person(
    judge: Callable[..., Any], after: SimpleNamespace
) -> None:
    net = after.demos["sigmoid 1 few"][0]
    net.training_accuracies[-1] += 0.05
    for check in ("experiment_comparisons", "experiment_ahead"):
        assert_waits(
            judge(check, after), "sigmoid 1 few: a network does not classify the images as its history says"
        )


def test_true_histories_of_untrained_networks_wait_for_a_person(
    judge: Callable[..., Any], after: SimpleNamespace
) -> None:
    for seed, name in enumerate(after.demos):
        activation = "relu" if "relu" in name else "sigmoid"
        after.demos[name] = (
            after.demos[name][0],
            _Net(500 + seed, activation, normalized=True, fitted=False),
        )
    assert_waits(judge("experiment_comparisons", after), "hardly better than untrained ones")
    for name in FEW:
        after.demos[name][1].training_accuracies[1] = 0.6  # in between, where nothing is bound
    assert_waits(judge("experiment_ahead", after), "do not classify better than those without")


def test_one_network_under_two_names_waits_for_a_person(
    judge: Callable[..., Any], after: SimpleNamespace
) -> None:
    after.demos["relu 1"] = after.demos["relu 1 again"]
    assert_waits(judge("experiment_comparisons", after), "two trainings left the same network")


def test_network_that_knew_the_digits_at_once_waits_for_a_person(
    judge: Callable[..., Any], after: SimpleNamespace
) -> None:
    after.demos["sigmoid 2 few"][1].training_accuracies[0] = 0.9
    assert_waits(judge("experiment_ahead", after), "sigmoid 2 few: a network knew the digits after one batch")


@pytest.mark.parametrize("name", ["by_batch", "by_population"])
def test_single_predictions_that_the_network_does_not_make_wait_for_a_person(
    judge: Callable[..., Any], after: SimpleNamespace, name: str
) -> None:
    report = getattr(after, name)
    if name == "by_batch":
        made_up = [(report.predictions[0] + 1) % 10] * 200
    else:
        made_up = [*KNOWN["y_test"][:180], *report.predictions[180:]]
    right = float(np.mean(made_up == KNOWN["y_test"]))
    other = _Net(7, "relu", normalized=True, fitted=False) if name == "by_population" else report.network
    setattr(after, name, _module("lesson").InferenceReport(0.9, tuple(made_up), right, network=other))
    assert_waits(
        judge("experiment_single_predictions", after), f"{name}: its network does not make these predictions"
    )


def test_single_predictions_of_an_untrained_network_on_labels_of_its_own_wait_for_a_person(
    judge: Callable[..., Any], after: SimpleNamespace
) -> None:
    """Whatever a network guesses is right if the labels say so."""
    report = _Net(5, "relu", normalized=True, fitted=False).report(by_batch=False)
    after.mnist.test.labels = np.eye(10)[list(report.predictions)]
    after.by_population = replace(report, single_accuracy=1.0)
    one = after.by_batch.predictions[0]
    right = float(np.mean(np.array(report.predictions) == one))
    after.by_batch = replace(after.by_batch, single_accuracy=right)
    assert_waits(judge("experiment_single_predictions", after), "labels are not those of the test images")


def test_the_demonstration_holds_in_the_notebooks_own_code(lesson: Any, solution: dict[str, str]) -> None:
    """Near chance with one guess by batch statistics, right by population statistics; the document has 0.05 and 0.97."""
    space = _namespace(solution)
    mnist = _made_up()
    np.random.seed(3)
    by_batch = space.batch_norm_test(True, mnist=mnist, training_batches=250)
    assert len(set(by_batch.predictions)) == 1
    assert by_batch.single_accuracy < 0.25 < by_batch.accuracy
    by_population = space.batch_norm_test(False, mnist=mnist, training_batches=250)
    assert by_population.single_accuracy > 0.6


# --- The source --------------------------------------------------------------------------------------------------------------


def _made_up() -> Any:
    module = _module("mnist_data")
    images, labels = module._made_up(1200)
    parts = [
        module._data_set(images[rows], labels[rows])
        for rows in (slice(400, None), slice(0, 200), slice(200, 400))
    ]
    return module.DataSets(*parts, source="made up")


def test_data_are_split_as_the_reference_splits_them(tmp_path: Path) -> None:
    data.write_synthetic("mnist", tmp_path, train=80, test=30)
    ours, theirs = _module("mnist_data").read_data_sets(tmp_path), udacity.read_data_sets(tmp_path)
    assert ours.source == "MNIST, 80 training and 30 test images"
    for part in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(ours, part).images, getattr(theirs, part).images)
        np.testing.assert_array_equal(getattr(ours, part).labels, getattr(theirs, part).labels)
    assert len(ours.validation.images) == 10
    assert len(_module("mnist_data").read_data_sets(tmp_path, limit=7).test.images) == 7


def test_data_are_found_by_the_variable_or_made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = _module("mnist_data")
    monkeypatch.setenv("GRADECHECK_DATA", str(tmp_path))
    assert module.find_data() is None
    assert module.read_data_sets(limit=5).source.startswith("made-up images")
    data.write_synthetic("mnist", tmp_path / "mnist", train=16, test=4)
    assert module.find_data() == tmp_path / "mnist"


def test_damaged_data_say_what_is_wrong(tmp_path: Path) -> None:
    module = _module("mnist_data")
    with pytest.raises(FileNotFoundError, match=r"neither train-images-idx3-ubyte\.gz nor"):
        module.read_data_sets(tmp_path)
    data.write_synthetic("mnist", tmp_path, train=16, test=4)
    for path in tmp_path.glob("train-images*"):
        path.unlink()
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"<html>")
    with pytest.raises(ValueError, match="starts with 3c 68 74 6d, expected 00 00 08"):
        module.read_data_sets(tmp_path)


def test_a_batch_hands_out_every_row_before_any_again() -> None:
    module = _module("mnist_data")
    np.random.seed(0)
    rows = module.DataSet(np.arange(10.0)[:, None], np.eye(10))
    seen = np.concatenate([rows.next_batch(4)[0].ravel() for _ in range(5)])
    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10))


def test_plan_is_the_documents_unless_the_short_form_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    module = _module("lesson")
    monkeypatch.delenv("GRADECHECK_SHORT", raising=False)
    full = module.plan()
    assert (full.training_batches, full.batches_per_sample, full.few, full.test_batches) == (
        50000,
        500,
        (2000, 50),
        2000,
    )
    assert str(full).startswith("Full form: 50000 training batches")
    monkeypatch.setenv("GRADECHECK_SHORT", "1")
    assert str(module.plan()).startswith("Short form")


def test_progress_counts_and_tells(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(_module("lesson").progress(3, "With Batch Norm", every_s=-1.0)) == [0, 1, 2]
    assert "With Batch Norm: 1 / 3 batches" in capsys.readouterr().out


def test_trained_networks_come_back_with_their_population_statistics(
    solution: dict[str, str], tmp_path: Path
) -> None:
    space = _namespace(solution)
    mnist, saved = _made_up(), tmp_path / "model.npz"
    np.random.seed(1)
    weights = space.initial_weights(False)
    trained, fresh = (space.NeuralNet(weights, space.relu, True) for _ in range(2))
    trained.train(0.1, 15, 15, save_model_as=saved, mnist=mnist)
    before = fresh.test(mnist=mnist)
    assert fresh.test(restore_from=saved, mnist=mnist) == trained.test(mnist=mnist) != before


def test_the_notebook_holds_the_lessons_comparisons(lesson: Any) -> None:
    """18 of them, by activation function, rate and starting weights, as the document runs them."""
    cells = json.loads((SOURCE / NOTEBOOK).read_text("utf-8"))["cells"]
    run = re.findall(
        r'^demos\["(.+)"\] = train_and_test\((.*)\)$', "\n".join("".join(c["source"]) for c in cells), re.M
    )
    assert (
        tuple(name for name, _ in run)
        == lesson.suite.check("experiment_comparisons").judge.__globals__["DEMOS"]
    )
    for name, call in run:
        bad, rate, activation, *few = call.split(", ")
        words = name.replace(" again", "").split()
        assert (bad == "True") == (words[0] == "bad")
        assert words[1 if words[0] == "bad" else 0 :][:2] == [activation, rate]
        assert bool(few) == name.endswith("few")


def test_figures_name_arrays_that_checks_send(
    lesson: Any, after: SimpleNamespace, solution: dict[str, str]
) -> None:
    sources = {"training_history": _namespace(solution), "experiment_comparisons": after}
    for figure in lesson.assignment.spec.figures:
        found = lesson.suite.check(figure.check).probe(sources[figure.check], np.random.default_rng(0))
        assert set(figure.series.values()) <= set(found)


def test_samples_are_those_of_the_recipes(lesson: Any) -> None:
    assert stale_samples(lesson.assignment) == ()


def test_verdicts_name_checks_that_exist(lesson: Any) -> None:
    known = {check.id for check in lesson.suite.checks}
    verdicts = load_verdicts(lesson.assignment)
    assert len(verdicts) >= 10
    for verdict in verdicts:
        assert set(verdict.checks) <= known, verdict.sample
