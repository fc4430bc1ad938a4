"""Training: minibatches, updates, histories."""

import pickle
from pathlib import Path

import numpy as np
from nndl import optim


class Solver:
    """Trains a model and keeps what happened.

        solver = Solver(model, data, update_rule="adam", optim_config={"learning_rate": 1e-3}, num_epochs=10, batch_size=50)
        solver.train()

    The model has `model.params`, a dictionary of arrays, and `model.loss(X, y)`, which returns loss and gradients, or the scores
    where y is left out. Afterwards `model.params` are those of the best validation accuracy.

    `solver.states` holds the network as it was at each entry of the accuracies' histories: (entry, params, bn_params), in half
    precision, as long as all of a session's fit into STATES_MIB: those of forty networks of 3,072 inputs and 50 units a layer over
    ten epochs do. `Solver.trained` are the solvers of small networks that were trained, in their order.
    """

    STATES_MIB = 256
    SMALL = 100_000  # numbers
    trained = []  # noqa: RUF012 - one for all
    _left = STATES_MIB * 2**20  # bytes

    def __init__(self, model, data, **kwargs):
        """Set up training.

        data: dictionary with X_train, y_train, X_val, y_val. Settings, all optional: update_rule (a name in `optim.py`, "sgd"),
        optim_config ({}), lr_decay (1.0, a factor on the learning rate after every epoch), batch_size (100), num_epochs (10),
        num_train_samples (1000, how many training examples are used to measure accuracy; None: all), num_val_samples (None: all),
        print_every (10 iterations), verbose (True), checkpoint_name (None; else a file is written every epoch).
        """
        self.model = model
        self.X_train = data["X_train"]
        self.y_train = data["y_train"]
        self.X_val = data["X_val"]
        self.y_val = data["y_val"]

        self.update_rule = kwargs.pop("update_rule", "sgd")
        self.optim_config = kwargs.pop("optim_config", {})
        self.lr_decay = kwargs.pop("lr_decay", 1.0)
        self.batch_size = kwargs.pop("batch_size", 100)
        self.num_epochs = kwargs.pop("num_epochs", 10)
        self.num_train_samples = kwargs.pop("num_train_samples", 1000)
        self.num_val_samples = kwargs.pop("num_val_samples", None)
        self.checkpoint_name = kwargs.pop("checkpoint_name", None)
        self.print_every = kwargs.pop("print_every", 10)
        self.verbose = kwargs.pop("verbose", True)
        if kwargs:
            raise ValueError(f"Solver does not know: {', '.join(sorted(kwargs))}")
        if not hasattr(optim, self.update_rule):
            raise ValueError(
                f"update_rule is {self.update_rule!r}, but optim.py has no function of that name"
            )
        self.update_rule = getattr(optim, self.update_rule)
        self._reset()

    def _reset(self):
        """Empty the histories; give each parameter a copy of the settings, because update rules keep state there."""
        self.epoch = 0
        self.best_val_acc = 0
        self.best_params = {}
        self.last_params = {}  # as they were after the last step
        self.loss_history = []
        self.train_acc_history = []
        self.val_acc_history = []
        self.states = []
        self.optim_configs = {name: dict(self.optim_config) for name in self.model.params}

    def _step(self):
        """One update of every parameter, on one minibatch."""
        rows = np.random.choice(self.X_train.shape[0], self.batch_size)
        loss, grads = self.model.loss(self.X_train[rows], self.y_train[rows])
        self.loss_history.append(np.ravel(loss)[0] if np.size(loss) == 1 else loss)  # (1,) is a number, too
        for name, value in self.model.params.items():
            updated, config = self.update_rule(value, grads[name], self.optim_configs[name])
            self.model.params[name] = updated
            self.optim_configs[name] = config

    def check_accuracy(self, X, y, num_samples=None, batch_size=100):
        """Share of examples that the model puts into the right class; num_samples: measure on a random choice of so many."""
        if num_samples is not None and X.shape[0] > num_samples:
            rows = np.random.choice(X.shape[0], num_samples)
            X, y = X[rows], y[rows]
        guesses = [
            np.argmax(self.model.loss(X[start : start + batch_size]), axis=1)
            for start in range(0, X.shape[0], batch_size)
        ]
        return np.mean(np.concatenate(guesses) == y)

    def train(self):
        """Train for num_epochs, then put the best parameters into the model."""
        iterations_per_epoch = max(self.X_train.shape[0] // self.batch_size, 1)
        iterations = self.num_epochs * iterations_per_epoch
        for iteration in range(iterations):
            self._step()
            if self.verbose and iteration % self.print_every == 0:
                print(f"(Iteration {iteration + 1} / {iterations}) loss: {self.loss_history[-1]:f}")
            epoch_ends = (iteration + 1) % iterations_per_epoch == 0
            if epoch_ends:
                self.epoch += 1
                for config in self.optim_configs.values():
                    config["learning_rate"] *= self.lr_decay
            if iteration == 0 or iteration == iterations - 1 or epoch_ends:
                self._measure()
        self.last_params = self.model.params
        self.model.params = self.best_params
        if sum(np.size(value) for value in self.last_params.values()) <= self.SMALL:
            Solver.trained.append(self)

    def _measure(self):
        train_acc = self.check_accuracy(self.X_train, self.y_train, num_samples=self.num_train_samples)
        val_acc = self.check_accuracy(self.X_val, self.y_val, num_samples=self.num_val_samples)
        self.train_acc_history.append(train_acc)
        self.val_acc_history.append(val_acc)
        self._keep_state()
        self._save_checkpoint()
        if self.verbose:
            print(f"(Epoch {self.epoch} / {self.num_epochs}) train acc: {train_acc:f}; val_acc: {val_acc:f}")
        if val_acc > self.best_val_acc or not self.best_params:
            self.best_val_acc = val_acc
            self.best_params = {name: value.copy() for name, value in self.model.params.items()}

    def _keep_state(self):
        try:
            with np.errstate(all="ignore"):  # weights that burst leave half precision's range
                params = {
                    name: np.array(value, dtype=np.float16) for name, value in self.model.params.items()
                }
        except (TypeError, ValueError):  # no arrays: training goes on, and there is no state
            return
        size = sum(value.nbytes for value in params.values())
        if size > Solver._left:
            return
        Solver._left -= size
        layers = getattr(self.model, "bn_params", None)
        averages = [
            {name: np.array(layer[name]) for name in ("running_mean", "running_var") if name in layer}
            for layer in (layers if isinstance(layers, list) else [])
        ]
        self.states.append((len(self.train_acc_history) - 1, params, averages))

    def _save_checkpoint(self):
        if self.checkpoint_name is None:
            return
        kept = ("epoch", "loss_history", "train_acc_history", "val_acc_history", "lr_decay", "batch_size")
        checkpoint = {name: getattr(self, name) for name in kept}
        checkpoint["params"] = self.model.params
        with Path(f"{self.checkpoint_name}_epoch_{self.epoch}.pkl").open("wb") as file:
            pickle.dump(checkpoint, file)
