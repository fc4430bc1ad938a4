"""Mini-batch training of any model with `params` and `loss`. Draws rows from the given generator; writes and prints nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from .arrays import Array, ChoiceSource

__all__ = ["Model", "Solver", "UpdateRule"]

#: update(w, dw, config) -> (new w, new config); config holds settings such as learning_rate, and the rule's own state.
UpdateRule = Callable[[Array, Array, dict[str, Any]], tuple[Array, dict[str, Any]]]


class Model(Protocol):
    """What can be trained. loss(X) gives scores (N, C); loss(X, y) gives (loss, gradients by parameter name)."""

    params: dict[str, Array]

    def loss(self, X: Array, y: Array | None = None) -> Any:
        """Scores without labels, loss and gradients with them."""


@dataclass(kw_only=True)
class Solver:
    """Trains a model in place and keeps the histories.

    model: its params are replaced step by step, and at the end by the best ones seen. data: X_train, y_train, X_val, y_val.
    update: the rule for every parameter. optim_config: its settings; each parameter gets a copy of its own.
    lr_decay: factor on the learning rate after each epoch. num_train_samples, num_val_samples: rows for measuring accuracy,
    drawn afresh each time; None for all. rng: one draw of batch_size rows with replacement per step, and one per measured
    accuracy that takes a sample: in this order, so that equal generators give equal runs.
    report: called with a line of progress; print_every: steps between lines about the loss. after_epoch: called with the solver.

    loss_history has one entry per step; the accuracy histories one before the first epoch's end (after the first step) and one
    per epoch. The mutable state is the point of this class: everything under it is pure.
    """

    model: Model
    data: Mapping[str, Array]
    update: UpdateRule
    optim_config: Mapping[str, Any] = field(default_factory=dict)
    lr_decay: float = 1.0
    batch_size: int = 100
    num_epochs: int = 10
    num_train_samples: int | None = 1000
    num_val_samples: int | None = None
    rng: ChoiceSource
    report: Callable[[str], None] | None = None
    print_every: int = 10
    after_epoch: Callable[[Any], None] | None = None

    epoch: int = field(default=0, init=False)
    best_val_acc: float = field(default=0.0, init=False)
    best_params: dict[str, Array] = field(default_factory=dict, init=False)
    loss_history: list[float] = field(default_factory=list, init=False)
    train_acc_history: list[float] = field(default_factory=list, init=False)
    val_acc_history: list[float] = field(default_factory=list, init=False)
    optim_configs: dict[str, dict[str, Any]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Raises: ValueError if data or settings cannot be trained with."""
        missing = [name for name in ("X_train", "y_train", "X_val", "y_val") if name not in self.data]
        if missing:
            raise ValueError(
                f"Solver: data lacks {', '.join(missing)}; expected X_train, y_train, X_val and y_val"
            )
        if self.batch_size < 1 or self.num_epochs < 0:
            raise ValueError(
                f"Solver: batch_size is {self.batch_size} and num_epochs {self.num_epochs}; expected >= 1 and >= 0"
            )
        self.optim_configs = {name: dict(self.optim_config) for name in self.model.params}

    def step(self) -> None:
        """One update of every parameter on one drawn batch."""
        rows = self.rng.choice(self.data["X_train"].shape[0], self.batch_size)
        loss, gradients = self.model.loss(self.data["X_train"][rows], self.data["y_train"][rows])
        self.loss_history.append(loss)
        for name, w in list(self.model.params.items()):
            self.model.params[name], self.optim_configs[name] = self.update(
                w, gradients[name], self.optim_configs[name]
            )

    def check_accuracy(
        self, X: Array, y: Array, num_samples: int | None = None, batch_size: int = 100
    ) -> float:
        """Share of rows whose highest score is the right class, over `num_samples` drawn rows or all; batch_size bounds memory."""
        if num_samples is not None and X.shape[0] > num_samples:
            rows = self.rng.choice(X.shape[0], num_samples)
            X, y = X[rows], y[rows]
        guesses = [
            np.argmax(self.model.loss(X[i : i + batch_size]), axis=1)
            for i in range(0, X.shape[0], batch_size)
        ]
        return float(np.mean(np.concatenate(guesses) == y))

    def train(self) -> None:
        """Run all epochs, then give the model the parameters with the best validation accuracy."""
        per_epoch = max(self.data["X_train"].shape[0] // self.batch_size, 1)
        total = self.num_epochs * per_epoch
        for t in range(total):
            self.step()
            if self.report and t % self.print_every == 0:
                self.report(f"(Iteration {t + 1} / {total}) loss: {self.loss_history[-1]:f}")
            epoch_ends = (t + 1) % per_epoch == 0
            if epoch_ends:
                self.epoch += 1
                self._decay()
            if t == 0 or t == total - 1 or epoch_ends:
                self._measure()
        if self.best_params:
            self.model.params = self.best_params

    def _decay(self) -> None:
        for config in self.optim_configs.values():
            if "learning_rate" in config:
                config["learning_rate"] *= self.lr_decay

    def _measure(self) -> None:
        train = self.check_accuracy(self.data["X_train"], self.data["y_train"], self.num_train_samples)
        val = self.check_accuracy(self.data["X_val"], self.data["y_val"], self.num_val_samples)
        self.train_acc_history.append(train)
        self.val_acc_history.append(val)
        if self.report:
            self.report(f"(Epoch {self.epoch} / {self.num_epochs}) train acc: {train:f}; val_acc: {val:f}")
        if self.after_epoch:
            self.after_epoch(self)
        if val > self.best_val_acc:
            self.best_val_acc = val
            self.best_params = {name: w.copy() for name, w in self.model.params.items()}
