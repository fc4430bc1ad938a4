"""Arrays are put where a network keeps them, also where it only shows what its layers hold."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assignments.common.parameters import put
from grader.probe import NeedsPersonError

NEW = np.array([[3.0, 4.0]])


class Shown:
    """A network of layers; `W` and `params` are built anew each time."""

    def __init__(self, *, copied: bool = False) -> None:
        self.layers = [SimpleNamespace(W=np.zeros((1, 2))) for _ in range(2)]
        self.copied = copied

    @property
    def W(self) -> list[Any]:  # noqa: N802 - the course's name
        """The arrays of all layers."""
        return [layer.W.copy() if self.copied else layer.W for layer in self.layers]

    @property
    def params(self) -> dict[str, Any]:
        """The same by name."""
        return {f"W{number}": array for number, array in enumerate(self.W, 1)}


def test_a_list_gets_a_copy_and_keeps_its_old_array_as_it_was() -> None:
    old = np.zeros((1, 2))
    kept = [old, old]
    put(lambda: kept, 1, NEW, "W")
    assert kept[1].tolist() == NEW.tolist()
    assert kept[1] is not NEW
    assert not old.any()


def test_what_layers_hold_is_written_into() -> None:
    net = Shown()
    put(lambda: net.W, -1, NEW, "W")
    put(lambda: net.params, "W1", 2 * NEW, "W1")
    assert [layer.W.tolist() for layer in net.layers] == [(2 * NEW).tolist(), NEW.tolist()]


def test_arrays_of_a_tuple_are_written_into() -> None:
    kept = (np.zeros((1, 2)),)
    put(lambda: kept, 0, NEW, "W")
    assert kept[0].tolist() == NEW.tolist()


@pytest.mark.parametrize("net", [Shown(copied=True), SimpleNamespace(W=(np.zeros((1, 2), int),))])
def test_what_cannot_be_written_waits_for_a_person(net: Any) -> None:
    with pytest.raises(NeedsPersonError, match="keeps its W in a form that the check cannot write"):
        put(lambda: net.W, 0, NEW / 8, "W")
