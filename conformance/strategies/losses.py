"""Structures for the chapter losses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from backends.codec import dtype_named
from conformance.strategies import fills
from conformance.strategies.common import SEEDS
from conformance.structure import Structure
from conformance.tolerance import finfo

Array = np.ndarray[Any, Any]
SHAPES = ((2, 3), (1, 1), (3, 3), (3, 1), (2, 2, 3), (0, 2))
UNALIGNED = (((3,), (3, 1)), ((3, 1), (3,)), ((1,), (1, 1)), ((2, 2, 1), (2, 2)))
"""Shapes of targets and predictions of which one has a unit axis more, and which can be broadcast."""


def distribution(random: np.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
    """Rows of sixteenths that add up to 1, one-hot ones often."""
    classes = shape[-1]
    rows = int(np.prod(shape[:-1], dtype=np.int64))
    counts = random.multinomial(16, np.full(classes, 1 / classes), size=rows).reshape(shape) / 16
    sharp = np.eye(classes)[random.integers(0, classes, shape[:-1])]
    return np.where(random.random((*shape[:-1], 1)) < 0.5, sharp, counts).astype(dtype_named(dtype))


def probabilities(
    random: np.random.Generator, shape: tuple[int, ...], dtype: str, least: float = 1e-3
) -> Array:
    """Numbers from 0 to 1, both ends among them, and a least one, such as that to which Keras clips.

    Some are far below 1: in float16 their reciprocals overflow, and with them slopes on the way.
    """
    drawn = random.random(shape)
    drawn = np.where(random.random(shape) < 0.1, np.exp2(-25 * drawn), drawn)
    edge = random.choice([0.0, 1.0, 0.5, least], shape)
    return np.where(random.random(shape) < 0.25, edge, drawn).astype(dtype_named(dtype))


def spread(random: np.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
    """Values around 1, now and then ten times as large."""
    scale = random.choice([1.0, 1.0, 1.0, 10.0], shape).astype(dtype_named(dtype))
    return np.asarray(fills.floats(random, shape, dtype) * scale)


@dataclass(frozen=True)
class Pair(Structure):
    """Targets and predictions of one shape, or of two. loss: name of the loss, if a clause has several."""

    shape: tuple[int, ...]
    dtype: str
    loss: str | None = None
    true_shape: tuple[int, ...] | None = None
    delta: float | None = None

    @property
    def fillable(self) -> bool:
        return 0 not in self.shape

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        true = self.shape if self.true_shape is None else self.true_shape
        y_true, y_pred = spread(random, true, self.dtype), spread(random, self.shape, self.dtype)
        if self.true_shape is None:
            y_true = np.where(random.random(true) < 0.15, y_pred, y_true)
        upstream = spread(random, self.upstream_shape(true), self.dtype)
        extra = {"loss": self.loss, "delta": self.delta}
        given = {name: value for name, value in extra.items() if value is not None}
        return {"y_true": y_true, "y_pred": y_pred, "upstream": upstream, **given}

    def upstream_shape(self, true: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the losses."""
        return self.shape[:-1]


LARGE = {"float16": 49152.0, "bfloat16": 2.0**127}


@dataclass(frozen=True)
class Far(Pair):
    """Targets and predictions whose differences are at the largest number of a dtype, or beyond it.

    near: whether they come as near to the largest number as a few units in the last place, on this side.
    """

    near: bool = False

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        kind = dtype_named(self.dtype)
        large, largest = LARGE[self.dtype], float(finfo(kind).max)
        ends = np.array([0, 0, 0, 0, large, -large, largest, -largest * 2.0**-9], kind)
        if self.near:
            ends = np.array([0, -large, large * 251 / 256, large * 253 / 256], kind)
        return super().fill(random) | {name: random.choice(ends, self.shape) for name in ("y_true", "y_pred")}


@dataclass(frozen=True)
class Steep(Pair):
    """Errors beyond delta, under gradients which times delta are too large for float16."""

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        case, kind = super().fill(random), dtype_named(self.dtype)
        drawn = {"y_true": [0.0], "y_pred": [3.0, -3.0], "upstream": [49152.0]}
        return case | {n: random.choice(np.array(ends, kind), case[n].shape) for n, ends in drawn.items()}


@dataclass(frozen=True)
class Unaligned(Structure):
    """Targets and predictions of which one has a unit axis more.

    loss, delta: as the clause has them. sloped: whether the clause asks for a gradient.
    """

    dtype: str
    shapes: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]
    loss: str | None = None
    delta: float | None = None
    sloped: bool = True

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        true, pred, losses = self.shapes
        y_true, y_pred = spread(random, true, self.dtype), spread(random, pred, self.dtype)
        upstream = spread(random, losses, self.dtype) if self.sloped else None
        extra = {"loss": self.loss, "upstream": upstream, "delta": self.delta}
        given = {name: value for name, value in extra.items() if value is not None}
        return {"y_true": y_true, "y_pred": y_pred, **given}


@dataclass(frozen=True)
class Hinge(Pair):
    """Targets of −1 and 1, or of 0 and 1 if `loss` says "binary"."""

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        low = 0.0 if self.loss == "binary" else -1.0
        y_true = random.choice([low, 1.0], self.shape).astype(dtype_named(self.dtype))
        y_pred = fills.floats(random, self.shape, self.dtype)
        upstream = spread(random, self.shape[:-1], self.dtype)
        return {"y_true": y_true, "y_pred": y_pred, "upstream": upstream}


@dataclass(frozen=True)
class Divergence(Pair):
    """Two distributions that are not normalized, both with zeros and ones, and some numbers above one."""

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        y_true, y_pred = (probabilities(random, self.shape, self.dtype) for _ in range(2))
        for array in (y_true, y_pred):
            array[random.random(self.shape) < 0.1] = 1.5
        return {"y_true": y_true, "y_pred": y_pred, "upstream": spread(random, self.shape[:-1], self.dtype)}


@dataclass(frozen=True)
class Directions(Pair):
    """Vectors, one of them zero now and then, or, but in float16, between the least norms of two dialects."""

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        y_true, y_pred = (fills.floats(random, self.shape, self.dtype) for _ in range(2))
        y_pred[random.random(self.shape[:-1]) < 0.15] = 0
        if self.dtype != "float16":
            y_pred[random.random(self.shape[:-1]) < 0.1] *= y_pred.dtype.type(2.0**-22)
        return {"y_true": y_true, "y_pred": y_pred}


DTYPES = st.sampled_from(fills.FLOATS)
_base = {"seed": SEEDS, "shape": st.sampled_from(SHAPES), "dtype": DTYPES}
DISTANCES = st.sampled_from(("mean_squared_error", "mean_absolute_error"))
distances = st.builds(Pair, **_base, loss=DISTANCES)
far, far_in_bfloat16 = (Far(0, (3, 3), dtype, "mean_absolute_error") for dtype in LARGE)
"""Differences that overflow, whose absolute values are infinite and positive."""
near_in_bfloat16 = Far(0, (6, 2), "bfloat16", "mean_absolute_error", near=True)
"""Differences of 1.9805 and 1.9883 times a power of two, of which the second may overflow, by its bound."""
far_errors = Far(0, (3, 3), "float16")
"""Differences that overflow, and a sum of two parts that overflow in opposite directions."""
_unaligned = {
    "seed": SEEDS,
    "dtype": DTYPES,
    "shapes": st.sampled_from(
        (
            *((*pair, pair[1][:1]) for pair in UNALIGNED[:3]),
            ((2, 3), (2, 3, 1), (2,)),
            ((2, 3, 1), (2, 3), (2,)),
        )
    ),
}
unaligned = st.builds(Unaligned, **_unaligned, loss=DISTANCES)
unaligned_hubers = st.builds(Unaligned, **_unaligned, delta=st.sampled_from((1.0, 0.5)))
unaligned_errors = st.builds(Unaligned, **_unaligned)
unaligned_directions = st.builds(Unaligned, **_unaligned, sloped=st.just(False))
hubers = st.builds(Pair, **_base, delta=st.sampled_from((1.0, 0.5, 0.3, 2.0)))
steep = Steep(0, (3, 1), "float16", delta=2.0)
"""Slopes that overflow in either direction."""
errors = st.builds(Pair, **_base)
hinges = st.builds(Hinge, **_base, loss=st.sampled_from(("signed", "binary")))
divergences = st.builds(Divergence, **_base)
directions = st.builds(Directions, **_base)
