"""k-layer networks that are a class of the student's own, seen as the object with lists that the checks of `columns.py` know.

The class keeps lists W and b, and gamma, beta and moving averages, under names of its own, and its methods are called by what
their parameters are called, as `column_functions` does it with functions. What cannot be asked waits for a person.
NumPy and the standard library only; runs beside student code.
"""

from __future__ import annotations

import copy
import inspect
from typing import Any

import numpy as np

from assignments.common.by_role import call, given_by_role, role_of
from assignments.common.column_forms import RowsError, as_returned, asked, plain_function, start_terms
from assignments.common.column_functions import FunctionNet
from assignments.common.column_names import KINDS, ROLES
from grader.probe import NeedsPersonError

__all__ = ["ObjectNet"]

LISTS = {"W": "w", "b": "b", "gamma": "gamma", "beta": "beta", "muMA": "mu", "vaMA": "v"}


def _listed(kind: str) -> Any:
    """A property: the list of that kind which the object keeps."""

    def getter(self: Any) -> Any:
        return getattr(self.impl, self.__dict__["names"][kind]) if kind in self.__dict__["names"] else []

    def setter(self: Any, value: Any) -> None:
        if kind in self.__dict__["names"]:
            setattr(self.impl, self.__dict__["names"][kind], value)

    return property(getter, setter)


class ObjectNet(FunctionNet):
    """A network that is an object of the student's class; `impl` is that object.

    Raises: NeedsPersonError if the class cannot be asked for such a network, or keeps its lists in a form that is not known.
    """

    holds = frozenset({"w", "b", "gamma", "beta", "mu", "v", "lmda", "params"})
    W, b, gamma, beta, muMA, vaMA = (_listed(kind) for kind in LISTS.values())  # noqa: N815 - the course's

    def __init__(self, network: Any, sizes: Any, *, batchNorm: bool, **settings: Any) -> None:
        self.sizes, self.batchNorm = tuple(sizes), batchNorm
        self.settings = {"lmda": 0.0, "alpha": 0.8, "he": True, "sig": 0.1, **settings, "bn": batchNorm}
        self.template, self.unmoved, self.undrawn = None, False, ""
        self.impl = self._made(network)
        self.names = self._found()
        kinds = set(LISTS.values()) if batchNorm else {"w", "b"}
        absent = sorted(kinds - self.names.keys())
        if absent:
            raise NeedsPersonError(
                f"{network.__name__} keeps {', '.join(absent)} in a form that the check does not know"
            )

    def _made(self, network: Any) -> Any:
        sizes, hidden = self.sizes, list(self.sizes[1:-1])
        pairs = [(sizes[i], sizes[i + 1]) for i in range(len(sizes) - 1)]
        swapped = [(outputs, inputs) for inputs, outputs in pairs]
        values = {**self.settings, "d": sizes[0], "k": sizes[-1], "hidden": hidden}
        try:
            values.update(start_terms(network, values))
        except NeedsPersonError as exc:
            self.undrawn = str(exc)
        names = {role_of(name, ROLES) for name in inspect.signature(network).parameters}
        if "lmda" not in names or (self.batchNorm and "bn" not in names and "alpha" not in names):
            raise NeedsPersonError(
                f"{network.__name__} does not take lambda, or batch normalization, when it is made"
            )
        form = "takes the sizes of the layers"
        for given in (list(sizes), pairs, swapped, hidden):
            try:
                made = call(network, ROLES, {**values, "sizes": given})
            except Exception:  # noqa: BLE001, S112  # the student's constructor meets sizes in another form than its own
                continue
            if self._shapes(made):
                return made
            if given == list(sizes) and self._shapes(made, turned=True):
                raise RowsError(network.__name__)
            form = "keeps its weights"
        raise NeedsPersonError(f"{network.__name__} {form} in a form that the check does not know")

    def _shapes(self, made: Any, *, turned: bool = False) -> bool:
        """Whether the object's weights are (outputs, inputs) for each layer; turned: (inputs, outputs)."""
        step = 1 if turned else -1
        wanted = [pair[::step] for pair in zip(self.sizes, self.sizes[1:])]  # noqa: B905 - Python 3.8
        kept = [
            value
            for name, value in vars(made).items()
            if role_of(name, KINDS) == "w" and isinstance(value, list)
        ]
        return any([np.shape(W) for W in value] == wanted for value in kept)

    def _found(self) -> dict[str, str]:
        """Names of the object's lists, by kind: of several, the one whose arrays have the layers' shapes."""
        found: dict[str, str] = {}
        units = [(size, 1) for size in self.sizes[1:]]
        for name, value in vars(self.impl).items():
            kind = role_of(name, KINDS)
            if not kind or not isinstance(value, list):
                continue
            shapes = [np.shape(one) for one in value[: len(units) - (kind not in ("w", "b"))]]
            unset = kind in ("mu", "v") and bool(shapes) and all(one is None for one in value)
            if unset:  # they start with the first batch
                self.undrawn = self.undrawn or "the moving averages start with the first batch"
            fits = (
                unset
                or kind == "w"
                or (shapes and shapes == units[: len(shapes)] and len(shapes) >= len(units) - 1)
            )
            if fits:
                found.setdefault(kind, name)
        return found

    def _twin(self) -> Any:
        twin = ObjectNet.__new__(ObjectNet)
        twin.__dict__.update(vars(self))
        twin.impl = copy.deepcopy(self.impl)
        return twin

    def _loss(self, function: Any, values: Any) -> Any:
        names = [name for name in vars(self.impl) if role_of(name, ROLES) == "lmda"]
        if not names:
            raise NeedsPersonError("lambda is kept under a name that the check does not know")
        twin = self._twin()
        setattr(twin.impl, names[0], 0.0)
        return call(getattr(twin.impl, function.__name__), ROLES, values)

    @asked
    def computeCost(self, X: Any, Y: Any) -> Any:  # noqa: N802 - the course's
        """As of functions. The averages are afterwards as a call leaves them that is not told whether it trains."""
        function = plain_function(self.impl, "computeCost", normalized=self.batchNorm)
        twin = self._twin()
        parameters = inspect.signature(function).parameters
        told = any(
            role_of(name, ROLES) in ("training", "testing") and one.default is not one.empty
            for name, one in parameters.items()
        )
        if not told:
            return super().computeCost(X, Y)
        values = {"x": X, "y": Y, "labels": np.argmax(Y, axis=0)}
        call(
            function,
            {role: names for role, names in ROLES.items() if role not in ("training", "testing")},
            values,
        )
        return FunctionNet.computeCost(twin, X, Y)

    def _watch(self, function: Any) -> list[int]:  # noqa: ARG002 - as of functions
        """Let the object take its gradients from `self.computeGradients`, if a check has put one there."""
        seen: list[int] = []
        if "computeGradients" not in vars(self):
            return seen
        own = plain_function(self.impl, "computeGradients", normalized=self.batchNorm)
        watched = vars(self)["computeGradients"]

        def gradient(*args: Any, **named: Any) -> Any:
            given = given_by_role(own, ROLES, args, named)
            returned = own(*args, **named)
            if returned is None:
                raise NeedsPersonError(f"{own.__name__} returns no gradients")
            seen.append(1)
            kinds = dict(zip(("w", "b", "gamma", "beta"), watched(given["x"], given["y"])))  # noqa: B905 - Python 3.8
            return as_returned(own, returned, kinds)

        setattr(self.impl, own.__name__, gradient)
        return seen

    def zeros(self) -> Any:
        """Raises: NeedsPersonError, if the class has no such method."""
        method = getattr(self.impl, "zeros", None)
        if method is None:
            raise NeedsPersonError("the class has no such method")
        return method()

    def _take(self, function: Any, returned: Any, values: Any, started: Any) -> None:
        """The object's lists are what training has left."""
