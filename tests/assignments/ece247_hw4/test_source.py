"""The source prints the document's figures, serves notebooks of every year, and its experiments say how large they are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from grader.authoring.samples import stale_samples

Source = Callable[[str], ModuleType]

# The errors that the document prints, put right where the extraction damaged them; RMSProp's is that of epsilon beside the root.
PRINTED = {
    "sgd-momentum-check": {"next_w": 8.882347033505819e-09, "velocity": 4.269287743278663e-09},
    "sgd-nesterov-momentum-check": {"next_w": 1.0875186845081027e-08, "velocity": 4.269287743278663e-09},
    "rmsprop-check": {"next_w": 9.524687511038133e-08, "a": 2.6477955807156126e-09},
    "adam-check": {"next_w": 1.1395691798535431e-07, "a": 4.208314038113071e-09, "v": 4.214963193114416e-09},
}


def _cell(folder: Path, notebook: str, cell: str) -> str:
    cells = json.loads((folder / notebook).read_text(encoding="utf-8"))["cells"]
    [found] = [one for one in cells if one["id"] == cell]
    return "".join(found["source"])


@pytest.mark.parametrize("cell", PRINTED)
def test_fixtures_of_update_rules_give_the_printed_errors(
    homework: Any, source: Source, capsys: pytest.CaptureFixture[str], cell: str
) -> None:
    source("nndl.optim")
    code = _cell(homework.assignment.source, "Optimization.ipynb", cell)
    exec(code, {"np": np, "rel_error": source("nndl.layer_tests").rel_error})
    printed = dict(re.findall(r"(\w+) error: (\S+)", capsys.readouterr().out))
    assert {name: float(error) for name, error in printed.items()} == pytest.approx(PRINTED[cell], rel=1e-6)


def test_layer_tests_print_the_documents_differences(
    source: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    tests = source("nndl.layer_tests")
    tests.affine_forward_test()
    tests.relu_forward_test()
    found = [
        float(value) for value in re.findall(r"^difference: (\S+)", capsys.readouterr().out, re.MULTILINE)
    ]
    assert found == pytest.approx([9.769849468192957e-10, 4.999999798022158e-08], rel=1e-6)


def test_layer_tests_find_the_solution_right_and_a_missing_penalty_wrong(
    source: Source, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADECHECK_SHORT", "1")  # smaller networks, fewer numerical derivatives
    np.random.seed(247)
    tests = source("nndl.layer_tests")
    for test in (tests.affine_backward_test, tests.relu_backward_test, tests.affine_relu_test):
        test()
    errors = [float(value) for value in re.findall(r"d[xwb] error: (\S+)", capsys.readouterr().out)]
    assert len(errors) == 7
    assert max(errors) < 1e-7
    tests.fc_net_test()
    errors = [float(value) for value in re.findall(r"relative error: (\S+)", capsys.readouterr().out)]
    assert len(errors) == 12
    assert max(errors) < 1e-3

    network = source("nndl.fc_net").FullyConnectedNet
    right = network.loss

    def without_last(self: Any, X: Any, y: Any = None) -> Any:
        loss, grads = right(self, X, y)
        grads[f"W{self.num_layers}"] = (
            grads[f"W{self.num_layers}"] - self.reg * self.params[f"W{self.num_layers}"]
        )
        return loss, grads

    monkeypatch.setattr(network, "loss", without_last)
    tests.fc_net_test()
    shown = re.findall(r"(W\d) relative error: (\S+)", capsys.readouterr().out)
    assert [name for name, error in shown if float(error) > 0.99] == [
        "W3"
    ]  # with reg 3.14, as the document prints


@pytest.mark.parametrize("use_batchnorm", [False, True])
def test_network_with_dropout_has_gradients_that_agree_with_numerical_ones(
    source: Source, use_batchnorm: bool
) -> None:
    network, check = source("nndl.fc_net").FullyConnectedNet, source("utils.gradient_check")
    rng = np.random.default_rng(3)
    X, y = rng.standard_normal((5, 6)), rng.integers(4, size=5)
    model = network([5, 7], 6, 4, 0.6, use_batchnorm, reg=0.1, weight_scale=0.3, dtype=np.float64, seed=12)
    for name in model.params:
        model.params[name] = model.params[name] + 0.1 * rng.standard_normal(model.params[name].shape)
    _, grads = model.loss(X, y)
    for name, value in model.params.items():
        numerical = check.eval_numerical_gradient(lambda _: model.loss(X, y)[0], value, verbose=False)
        np.testing.assert_allclose(grads[name], numerical, rtol=1e-5, atol=1e-7, err_msg=name)


def test_older_notebooks_find_the_same_modules_under_their_names(source: Source) -> None:
    assert source("cs231n.solver").Solver is source("utils.solver").Solver
    for name in source("cs231n.gradient_check").__all__:
        assert getattr(source("cs231n.gradient_check"), name) is getattr(source("utils.gradient_check"), name)
    for name in source("cs231n.data_utils").__all__:
        assert getattr(source("cs231n.data_utils"), name) is getattr(source("utils.data_utils"), name)


@pytest.mark.parametrize("module", ["solver", "gradient_check", "data_utils"])
def test_provided_modules_are_those_of_the_sister_course(homework: Any, module: str) -> None:
    """Their tests stand with CS231n's assignment; here they differ by the package's name alone."""
    folder = homework.assignment.folder
    here = (folder / "source" / "utils" / f"{module}.py").read_text("utf-8")
    there = (folder.parent / "cs231n_batchnorm" / "source" / "cs231n" / f"{module}.py").read_text("utf-8")
    there = there.replace("cs231n/datasets", "utils/datasets").replace(
        "from cs231n import", "from nndl import"
    )
    assert "".join(here.split()) == "".join(there.split())


def test_plan_is_full_unless_the_short_form_is_asked_for(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiments = source("utils.experiments")
    for value in ("", "0"):
        monkeypatch.setenv("GRADECHECK_SHORT", value)
        assert experiments.plan() is experiments.FULL
        assert str(experiments.plan()).startswith(
            "Full form, images of 32 x 32 pixels: optimizers 4000 images for 5 epochs"
        )
    monkeypatch.setenv("GRADECHECK_SHORT", "1")
    assert experiments.plan() is experiments.SHORT
    assert str(experiments.plan()).startswith("Short form, images of 8 x 8 pixels")
    assert len(experiments.plan().weight_scales()) == 5


def test_full_form_is_the_documents(source: Source) -> None:
    full = source("utils.experiments").FULL
    assert (full.optimizers.images, full.optimizers.epochs, full.optimizers.batch_size) == (4000, 5, 100)
    assert (full.easier.hidden, full.easier.epochs, full.easier.batch_size) == ((500,) * 3, 10, 100)
    assert (full.deep.images, full.deep.hidden, full.deep.epochs, full.deep.batch_size) == (
        1000,
        (100,) * 5,
        10,
        50,
    )
    assert (full.scales.hidden, full.num_scales) == ((50,) * 6, 20)
    np.testing.assert_allclose(full.weight_scales()[[0, -1]], [1e-4, 1])
    assert full.check_sizes == (15, 20, 30)


def test_coarse_images_are_averages_of_squares(source: Source) -> None:
    experiments = source("utils.experiments")
    image = np.zeros((1, 3, 32, 32))
    image[0, 1, :4, 4:8] = np.arange(16).reshape(4, 4)
    coarse = experiments.SHORT.coarse(image)
    assert coarse.shape == (1, 3, 8, 8)
    assert coarse[0, 1, 0, 1] == 7.5  # the mean of 0 to 15
    assert coarse.sum() == 7.5
    assert experiments.FULL.coarse(image) is image


def test_subset_takes_the_first_images(source: Source) -> None:
    experiments = source("utils.experiments")
    data = {"X_train": np.zeros((900, 3, 32, 32)), "y_train": np.arange(900)}
    data |= {"X_val": np.zeros((300, 3, 32, 32)), "y_val": np.arange(300)}
    subset = experiments.SHORT.subset(data, experiments.SHORT.deep)
    assert {name: len(value) for name, value in subset.items()} == {
        "X_train": 500,
        "y_train": 500,
        "X_val": 200,
        "y_val": 200,
    }


def test_samples_are_what_their_recipes_make(homework: Any) -> None:
    assert stale_samples(homework.assignment) == ()
