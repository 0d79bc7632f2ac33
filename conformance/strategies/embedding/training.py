"""Structures of training steps.

What arrives is whole and small and the rates are powers of two, so that sums and moments are exact
in every dtype and order, and what is left of rounding is that of the update itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.strategies import fills
from conformance.strategies.common import SEEDS, Few

ADAM = {"learning_rate": 0.125, "beta_1": 0.5, "beta_2": 0.75, "epsilon": 2.0**-10}
SGD = {"learning_rate": 0.125}


@dataclass(frozen=True)
class Steps(Few):
    """A table, and a batch of ids with what arrives for each step; `optimizer` None for SparseAdam."""

    vocabulary: int
    dimension: int
    dtype: str
    shapes: tuple[tuple[int, int], ...]
    optimizer: str | None

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        reach = max(1, self.vocabulary - 1)
        inputs = {
            "table": fills.floats(random, (self.vocabulary, self.dimension), self.dtype),
            "ids": [fills.ids(random, shape, reach, "int32") for shape in self.shapes],
            "upstream": [whole(random, (*shape, self.dimension), self.dtype) for shape in self.shapes],
        }
        if self.optimizer is not None:
            inputs["optimizer"] = self.optimizer
        return {**inputs, "options": SGD if self.optimizer == "sgd" else ADAM}


@dataclass(frozen=True)
class Step(Few):
    """A table, ids and what arrives, for one step of SGD."""

    vocabulary: int
    dimension: int
    dtype: str
    shape: tuple[int, int]

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        return {
            "table": fills.floats(random, (self.vocabulary, self.dimension), self.dtype),
            "ids": fills.ids(random, self.shape, self.vocabulary, "int32"),
            "upstream": whole(random, (*self.shape, self.dimension), self.dtype),
            "learning_rate": 0.125,
        }


@dataclass(frozen=True)
class Placed(Step):
    """As `Step`, with the name of the device under which the layer is built."""

    place: str | None

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        return {**super().fill(random), "place": self.place}


def whole(random: np.random.Generator, shape: tuple[int, ...], dtype: str) -> np.ndarray[Any, Any]:
    """Small whole numbers other than 0."""
    return random.choice([-3, -2, -1, 1, 2, 3, 4], shape).astype(dtype)


_sizes: dict[str, Any] = {
    "seed": SEEDS,
    "vocabulary": st.sampled_from((4, 2, 1, 6)),
    "dimension": st.sampled_from((2, 1)),
    "dtype": st.sampled_from(("float32", "float64")),
}
_shapes = st.sampled_from(((2, 2), (1, 1), (1, 3), (3, 1)))
_batches = st.lists(_shapes, min_size=1, max_size=3).map(tuple)

sgd_steps = st.builds(Steps, **_sizes, shapes=_batches, optimizer=st.just("sgd"))
adam_steps = st.builds(Steps, **_sizes, shapes=_batches, optimizer=st.just("adam"))
lazy_steps = st.builds(Steps, **_sizes, shapes=_batches, optimizer=st.none())
constrained = st.builds(Step, **_sizes, shape=_shapes)
placed = st.builds(Placed, **_sizes, shape=_shapes, place=st.sampled_from((None, "cpu:0")))
