"""Training: what a step does, when accuracy is measured, and what is kept."""

import numpy as np
import pytest

from reference.solver import Solver


class Line:
    """One weight; the loss is (w - 3) ** 2; it guesses class 1 exactly when w > 1."""

    def __init__(self):
        self.params = {"w": np.zeros(1)}
        self.batches = []

    def loss(self, X, y=None):
        w = self.params["w"]
        if y is None:
            return np.tile([1.0, float(w[0])], (len(X), 1))
        self.batches.append(len(X))
        return float((w[0] - 3) ** 2), {"w": 2 * (w - 3)}


def descend(w, dw, config):
    return w - config["learning_rate"] * dw, config | {"steps": config.get("steps", 0) + 1}


def data(train=10, val=4):
    return {
        "X_train": np.zeros((train, 2)),
        "y_train": np.ones(train, int),
        "X_val": np.zeros((val, 2)),
        "y_val": np.ones(val, int),
    }


def solver(**settings):
    settings = {
        "update": descend,
        "optim_config": {"learning_rate": 0.1},
        "rng": np.random.default_rng(0),
    } | settings
    return Solver(model=Line(), data=data(), **settings)


def test_step_updates_parameters_and_keeps_the_rule_state():
    line = solver(batch_size=3)
    line.step()
    line.step()
    np.testing.assert_allclose(line.model.params["w"], [0.6 + 0.1 * 2 * 2.4])
    assert line.loss_history == [9.0, pytest.approx(2.4**2)]
    assert line.model.batches == [3, 3]
    assert line.optim_configs["w"]["steps"] == 2
    assert line.optim_config == {"learning_rate": 0.1}


def test_train_measures_after_the_first_step_and_each_epoch_and_keeps_the_best():
    line = solver(batch_size=5, num_epochs=3)
    line.train()
    # w: 0.6, 1.08, ...: the first measure is before w passes 1
    assert line.val_acc_history == [0.0, 1.0, 1.0, 1.0]
    assert len(line.loss_history) == 6
    assert line.best_val_acc == 1.0
    np.testing.assert_allclose(line.model.params["w"], [1.08])  # the first of equally good parameters


def test_train_decays_the_learning_rate_after_each_epoch():
    line = solver(batch_size=5, num_epochs=2, lr_decay=0.5)
    line.train()
    assert line.optim_configs["w"]["learning_rate"] == 0.025


def test_batch_larger_than_the_data_still_makes_one_step_an_epoch():
    line = solver(batch_size=50, num_epochs=2)
    line.train()
    assert line.model.batches == [50, 50]


def test_no_epochs_leave_the_model_as_it_was():
    line = solver(num_epochs=0)
    line.train()
    assert line.loss_history == line.val_acc_history == []
    np.testing.assert_array_equal(line.model.params["w"], [0])


def test_check_accuracy_covers_all_rows_in_batches_of_any_size():
    class Threshold:
        def __init__(self):
            self.params = {}

        def loss(self, X, y=None):
            return np.stack([0 * X[:, 0], X[:, 0]], axis=1)

    x = np.arange(-3.0, 4.0)[:, None]
    checker = Solver(model=Threshold(), data=data(), update=descend, rng=np.random.default_rng(0))
    truth = np.array([0, 0, 0, 0, 1, 1, 0])  # one of seven is wrong
    for batch_size in (1, 2, 3, 7, 100):
        assert checker.check_accuracy(x, truth, batch_size=batch_size) == pytest.approx(6 / 7)
    assert checker.check_accuracy(x, truth, num_samples=2) in (0, 0.5, 1)


def test_report_and_after_epoch_are_called():
    lines, epochs = [], []
    line = solver(
        batch_size=5,
        num_epochs=2,
        print_every=3,
        report=lines.append,
        after_epoch=lambda s: epochs.append(s.epoch),
    )
    line.train()
    assert [text.partition(" loss")[0] for text in lines if "Iteration" in text] == [
        "(Iteration 1 / 4)",
        "(Iteration 4 / 4)",
    ]
    assert lines[1].startswith("(Epoch 0 / 2) train acc: 0.000000; val_acc: 0.000000")
    assert epochs == [0, 1, 2]


def test_equal_generators_give_equal_runs():
    runs = []
    for _ in range(2):
        line = solver(num_train_samples=3, num_val_samples=2, batch_size=2)
        line.train()
        runs.append((line.loss_history, line.train_acc_history))
    assert runs[0] == runs[1]


def test_solver_names_what_is_missing():
    with pytest.raises(ValueError, match="data lacks y_val; expected X_train, y_train, X_val and y_val"):
        Solver(
            model=Line(),
            data={k: v for k, v in data().items() if k != "y_val"},
            update=descend,
            rng=np.random.default_rng(0),
        )
    with pytest.raises(ValueError, match="batch_size is 0"):
        solver(batch_size=0)
