"""A network of layer objects and a layer that is an object, and what each must lose by one mistake, reasoned by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.model import Outcome

HAND_INS = Path(__file__).parent / "hand_ins"
NETWORK, LAYER = (
    (HAND_INS / f"{name}.txt").read_text("utf-8") for name in ("layer_objects", "callable_layer")
)
ALL_IN_TRAINING = {"training_batchnorm", "training_settings"}

# name -> (what is right in the network, the mistake in its place, the checks that it fails)
WRONG = {
    "half-of-the-penalty-in-the-objective": (
        "+ reg * sum(",
        "+ 0.5 * reg * sum(",
        {"network_objective", "network_options", *ALL_IN_TRAINING},
    ),
    "not-centred": (
        "if self.centering_data: self.mu",
        "if False: self.mu",
        {"network_options", "network_predictions", "training_batchnorm"},
    ),
    "relu-on-the-wrong-side": (
        "return np.where(self.on, d, 0.0)",
        "return np.where(self.on, 0.0, d)",
        {"network_gradients", *ALL_IN_TRAINING},
    ),
    "validated-on-the-minibatch": (
        "np.mean(self.predict(X_val) == y_val)",
        "np.mean(self.predict(xb) == yb)",
        {"training_batchnorm"},
    ),
}


def _failed(batchnorm: Any, folder: Path, network: str) -> set[str]:
    files = {"implementations/layers.py": LAYER.encode(), "implementations/fc_net.py": network.encode()}
    implementation = batchnorm.implementation(folder, files)
    checks = [check.id for check in batchnorm.suite.at("modules") if not check.carries]
    return {name for name in checks if batchnorm.judge(name, implementation).outcome is not Outcome.PASSED}


def test_right_objects_pass_every_module_check(batchnorm: Any, tmp_path: Path) -> None:
    assert _failed(batchnorm, tmp_path, NETWORK) == set()


@pytest.mark.parametrize("name", WRONG)
def test_one_mistake_fails_the_checks_that_are_about_it(batchnorm: Any, tmp_path: Path, name: str) -> None:
    right, wrong, lost = WRONG[name]
    assert NETWORK.count(right) == 1
    assert _failed(batchnorm, tmp_path, NETWORK.replace(right, wrong)) == lost


def test_a_layer_that_returns_its_cache_too_is_charged_by_the_examples_alone(
    batchnorm: Any, tmp_path: Path
) -> None:
    """As in other courses, with a network that takes the pair apart: the numbers are right, their form is not."""
    edits = {
        "implementations/layers.py": [
            ('np.sqrt(var + bn_param["eps"]) + beta', 'np.sqrt(var + bn_param["eps"]) + beta, (mean, var)')
        ],
        "implementations/fc_net.py": [
            (
                "return batchnorm_forward(linear, gamma, beta, self.bn_params[layer])",
                "return batchnorm_forward(linear, gamma, beta, self.bn_params[layer])[0]",
            )
        ],
    }
    implementation = batchnorm.edited(tmp_path, edits)
    checks = [check.id for check in batchnorm.suite.at("modules") if not check.carries]
    failed = {name for name in checks if batchnorm.judge(name, implementation).outcome is not Outcome.PASSED}
    assert failed == {"example_train", "example_test"}
