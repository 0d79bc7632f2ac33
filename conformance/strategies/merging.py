"""Structures for the chapter merging."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.strategies import fills
from conformance.strategies.common import SEEDS
from conformance.structure import Structure

LAYERS = ("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract")
SIZES = (1, 2, 3, 0)


@dataclass(frozen=True)
class Merge(Structure):
    """Inputs of a merge layer and their masks.

    present: for each input whether it has a mask. container: type of both lists, "list" or "tuple".
    """

    layer: str
    batch: int
    time: int
    present: tuple[bool, ...]
    container: str = "list"

    @property
    def fillable(self) -> bool:
        return any(self.present) and self.batch * self.time > 0

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        make = list if self.container == "list" else tuple
        shape = (self.batch, self.time)
        inputs = make(np.zeros((*shape, 1), np.float32) for _ in self.present)
        masks = make(fills.booleans(random, shape) if there else None for there in self.present)
        return {"layer": self.layer, "inputs": inputs, "masks": masks}


@dataclass(frozen=True)
class UnequalMasks(Structure):
    """Two masks whose shapes differ. time: of the two masks."""

    layer: str
    batch: int
    times: tuple[int, int]

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        masks = [fills.booleans(random, (self.batch, time)) for time in self.times]
        inputs = [np.zeros((self.batch, time, 1), np.float32) for time in self.times]
        return {"layer": self.layer, "inputs": inputs, "masks": masks}


@dataclass(frozen=True)
class Misuse(Structure):
    """A call that breaks the form: how is "no masks", "masks", "inputs" or "length"."""

    layer: str
    how: str

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        inputs: Any = [np.zeros((1, 1, 1), np.float32) for _ in range(2)]
        masks: Any = [fills.booleans(random, (1, 1)) for _ in range(2)]
        if self.how == "no masks":
            inputs, masks = (inputs if random.random() < 0.5 else inputs[0]), None
        elif self.how == "masks":
            masks = masks[0]
        elif self.how == "inputs":
            inputs = inputs[0]
        else:
            masks = masks[:1] if random.random() < 0.5 else [*masks, None]
        return {"layer": self.layer, "inputs": inputs, "masks": masks}


def _layers(inputs: int) -> st.SearchStrategy[str]:
    return st.sampled_from(LAYERS if inputs == 2 else LAYERS[:-1])


def _merges(present: st.SearchStrategy[tuple[bool, ...]]) -> st.SearchStrategy[Merge]:
    return st.builds(
        Merge,
        seed=SEEDS,
        layer=_layers(0),
        batch=st.sampled_from(SIZES),
        time=st.sampled_from(SIZES),
        present=present,
        container=st.sampled_from(("list", "list", "tuple")),
    )


fully_masked = _merges(st.integers(1, 4).map(lambda inputs: (True,) * inputs))
partly_masked = _merges(
    st.lists(st.booleans(), min_size=1, max_size=4).map(tuple).filter(lambda present: not all(present))
)
merges = _merges(st.lists(st.booleans(), min_size=1, max_size=4).map(tuple))
unequal_masks = st.builds(
    UnequalMasks,
    seed=SEEDS,
    layer=_layers(2),
    batch=st.sampled_from((1, 2, 3)),
    times=st.sampled_from(((1, 2), (2, 1), (2, 3), (3, 2), (1, 3))),
)
misuses = st.builds(
    Misuse, seed=SEEDS, layer=_layers(2), how=st.sampled_from(("no masks", "masks", "inputs", "length"))
)
