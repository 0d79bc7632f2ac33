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

Array = np.ndarray[Any, Any]

SHAPES = ((2, 3), (1, 1), (3, 3), (2, 2, 3), (0, 2))
UNALIGNED = (((3,), (3, 1)), ((3, 1), (3,)), ((1,), (1, 1)), ((2, 2, 1), (2, 2)))
"""Shapes of targets and predictions of which one has a unit axis more, and which can be broadcast."""


def distribution(random: np.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
    """Rows of sixteenths that add up to 1, one-hot ones often."""
    classes = shape[-1]
    rows = int(np.prod(shape[:-1], dtype=np.int64))
    counts = random.multinomial(16, np.full(classes, 1 / classes), size=rows).reshape(shape) / 16
    sharp = np.eye(classes)[random.integers(0, classes, shape[:-1])]
    return np.where(random.random((*shape[:-1], 1)) < 0.5, sharp, counts).astype(dtype_named(dtype))


def probabilities(random: np.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
    """Numbers from 0 to 1, both ends among them."""
    drawn = random.random(shape)
    edge = random.choice([0.0, 1.0, 0.5, 1e-3], shape)
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


@dataclass(frozen=True)
class Unaligned(Structure):
    """Targets and predictions of which one has a unit axis more."""

    loss: str
    dtype: str
    shapes: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        true, pred, losses = self.shapes
        y_true, y_pred = spread(random, true, self.dtype), spread(random, pred, self.dtype)
        upstream = spread(random, losses, self.dtype)
        return {"loss": self.loss, "y_true": y_true, "y_pred": y_pred, "upstream": upstream}


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
    """Vectors, one of them zero now and then."""

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        y_true, y_pred = (fills.floats(random, self.shape, self.dtype) for _ in range(2))
        y_pred[random.random(self.shape[:-1]) < 0.15] = 0
        return {"y_true": y_true, "y_pred": y_pred}


@dataclass(frozen=True)
class Binary(Structure):
    """Yes-no questions. short: a class that the targets lack, for a shape that must be refused."""

    shape: tuple[int, ...]
    dtype: str
    from_logits: bool
    label_smoothing: float
    short: int = 0

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        true = (*self.shape[:-1], self.shape[-1] + self.short)
        sharp = random.random(true) < 0.7
        y_true = np.where(sharp, random.integers(0, 2, true), random.integers(0, 9, true) / 8)
        make = spread if self.from_logits else probabilities
        return {
            "y_true": y_true.astype(dtype_named(self.dtype)),
            "y_pred": make(random, self.shape, self.dtype),
            "upstream": spread(random, self.shape[:-1], self.dtype),
            "from_logits": self.from_logits,
            "label_smoothing": self.label_smoothing,
        }


@dataclass(frozen=True)
class Categorical(Structure):
    """One choice among classes, which lie along `axis`."""

    shape: tuple[int, ...]
    dtype: str
    from_logits: bool
    label_smoothing: float
    axis: int
    short: int = 0

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        wide = (*self.shape[:-1], self.shape[-1] + self.short)
        y_true = distribution(random, wide, self.dtype)
        return {
            "y_true": np.moveaxis(y_true, -1, self.axis).copy(),
            "y_pred": _scores(random, self.shape, self.dtype, self.from_logits, self.axis),
            "upstream": spread(random, self.shape[:-1], self.dtype),
            "from_logits": self.from_logits,
            "label_smoothing": self.label_smoothing,
            "axis": self.axis,
        }


@dataclass(frozen=True)
class Sparse(Structure):
    """Class ids. outside: whether one of them names no class. unit: whether they end in a unit axis."""

    shape: tuple[int, ...]
    dtype: str
    from_logits: bool
    ignore_class: int | None
    axis: int
    outside: int | None = None

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        classes = self.shape[-1]
        ids = fills.ids(random, self.shape[:-1], classes, "int64")
        if self.ignore_class is not None:
            ids = np.where(random.random(ids.shape) < 0.4, self.ignore_class, ids)
        if self.outside is not None and ids.size:
            ids.flat[random.integers(ids.size)] = self.outside if self.outside < 0 else classes
        return {
            "y_true": ids,
            "y_pred": _scores(random, self.shape, self.dtype, self.from_logits, self.axis),
            "upstream": spread(random, self.shape[:-1], self.dtype),
            "from_logits": self.from_logits,
            "ignore_class": self.ignore_class,
            "axis": self.axis,
        }


def _scores(
    random: np.random.Generator, shape: tuple[int, ...], dtype: str, from_logits: bool, axis: int
) -> Array:
    """Logits, or probabilities of which none add up to 0, with the classes moved to `axis`."""
    if from_logits:
        scores = spread(random, shape, dtype)
    else:
        scores = probabilities(random, shape, dtype)
        scores[..., 0] = np.where(scores.sum(-1) == 0, scores.dtype.type(1), scores[..., 0])
    return np.moveaxis(scores, -1, axis).copy()


_FLOATS = st.sampled_from(fills.FLOATS)
_base = {"seed": SEEDS, "shape": st.sampled_from(SHAPES), "dtype": _FLOATS}
_CLASS_SHAPES = st.sampled_from(((2, 3), (3, 3), (2, 1), (2, 2, 3), (0, 3)))
_scoring = {"seed": SEEDS, "dtype": _FLOATS, "from_logits": st.booleans()}
_smoothing = st.sampled_from((0.0, 0.0, 0.1, 0.5, 1.0))

DISTANCES = st.sampled_from(("mean_squared_error", "mean_absolute_error"))
distances = st.builds(Pair, **_base, loss=DISTANCES)
unaligned = st.builds(
    Unaligned,
    seed=SEEDS,
    loss=DISTANCES,
    dtype=_FLOATS,
    shapes=st.sampled_from(
        (
            *((*pair, pair[1][:1]) for pair in UNALIGNED[:3]),
            ((2, 3), (2, 3, 1), (2,)),
            ((2, 3, 1), (2, 3), (2,)),
        )
    ),
)
hubers = st.builds(Pair, **_base, delta=st.sampled_from((1.0, 0.5, 0.3, 2.0)))
errors = st.builds(Pair, **_base)
hinges = st.builds(Hinge, **_base, loss=st.sampled_from(("signed", "binary")))
divergences = st.builds(Divergence, **_base)
directions = st.builds(Directions, **_base)
binaries = st.builds(Binary, **_scoring, shape=st.sampled_from(SHAPES), label_smoothing=_smoothing)
misfits = st.builds(
    Binary, **_scoring, shape=st.just((2, 3)), label_smoothing=st.just(0.0), short=st.just(-1)
)
categories = st.builds(
    Categorical, **_scoring, shape=_CLASS_SHAPES, label_smoothing=_smoothing, axis=st.just(-1)
)
category_misfits = st.builds(
    Categorical,
    **_scoring,
    shape=st.just((2, 3)),
    label_smoothing=st.just(0.0),
    axis=st.just(-1),
    short=st.just(-1),
)
categories_first = st.builds(
    Categorical,
    **_scoring,
    shape=st.sampled_from(((2, 3, 2), (2, 2, 3), (1, 4, 2))),
    label_smoothing=_smoothing,
    axis=st.just(1),
)
sparse = st.builds(
    Sparse,
    **_scoring,
    shape=_CLASS_SHAPES,
    ignore_class=st.sampled_from((None, None, -1, 0, 255)),
    axis=st.just(-1),
)
sparse_first = st.builds(
    Sparse,
    **_scoring,
    shape=st.sampled_from(((2, 3, 2), (2, 2, 3), (1, 4, 2))),
    ignore_class=st.sampled_from((None, -1)),
    axis=st.just(1),
)
sparse_outside = st.builds(
    Sparse,
    **_scoring,
    shape=st.sampled_from(((2, 3), (3, 2), (2, 2, 3))),
    ignore_class=st.sampled_from((None, 0)),
    axis=st.just(-1),
    outside=st.sampled_from((1, -1, -100)),
)


@dataclass(frozen=True)
class Reduced(Structure):
    """Targets and predictions for a loss of PyTorch, with its reduction."""

    shape: tuple[int, ...]
    dtype: str
    loss: str
    reduction: str

    @property
    def fillable(self) -> bool:
        return 0 not in self.shape

    def upstream(self, random: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """The upstream gradient of losses of a shape, after the reduction."""
        return spread(random, shape if self.reduction == "none" else (), self.dtype)


@dataclass(frozen=True)
class ReducedDistance(Reduced):
    """Errors. true_shape: of the targets if it is another."""

    delta: float
    true_shape: tuple[int, ...] | None = None

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        true = self.shape if self.true_shape is None else self.true_shape
        y_true, y_pred = spread(random, true, self.dtype), spread(random, self.shape, self.dtype)
        return {
            "loss": self.loss,
            "y_true": y_true,
            "y_pred": y_pred,
            "upstream": self.upstream(random, np.broadcast_shapes(true, self.shape)),
            "delta": self.delta,
            "reduction": self.reduction,
        }


@dataclass(frozen=True)
class ReducedBinary(Reduced):
    """Yes-no questions. weight, pos_weight: "none", "same" or "last". how: "fit", "misfit" or "outside"."""

    weight: str
    pos_weight: str
    how: str = "fit"

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        true = (*self.shape[:-1], self.shape[-1] + 1) if self.how == "misfit" else self.shape
        y_true = random.choice([0.0, 1.0, 0.25], true).astype(dtype_named(self.dtype))
        logits = self.loss == "BCEWithLogitsLoss"
        y_pred = (spread if logits else probabilities)(random, self.shape, self.dtype)
        if self.how == "outside":
            y_pred.flat[0] = 1.5
        return {
            "loss": self.loss,
            "y_true": y_true,
            "y_pred": y_pred,
            "upstream": self.upstream(random, self.shape),
            "weight": self._factor(random, self.weight),
            "pos_weight": self._factor(random, self.pos_weight) if logits else None,
            "reduction": self.reduction,
        }

    def _factor(self, random: np.random.Generator, fit: str) -> Array | None:
        shape = {"none": None, "same": self.shape, "last": self.shape[-1:]}[fit]
        if shape is None:
            return None
        return random.choice([0.0, 1.0, 2.0, 0.5, 3.0], shape).astype(dtype_named(self.dtype))


@dataclass(frozen=True)
class ReducedClasses(Reduced):
    """Class ids or distributions. how: "ids", "distributions", "outside" or "int32"."""

    weighted: bool
    ignore_index: int
    label_smoothing: float
    how: str

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        class_axis = 0 if len(self.shape) == 1 else 1
        classes = self.shape[class_axis]
        rest = (*self.shape[:class_axis], *self.shape[class_axis + 1 :])
        ids = fills.ids(random, rest, classes, "int64")
        ids = np.asarray(np.where(random.random(rest) < random.choice([0.3, 1.0]), self.ignore_index, ids))
        if self.how == "outside" and ids.size:
            ids.flat[0] = random.choice([classes, -1 if self.ignore_index != -1 else -2])
        y_true: Array = ids.astype(np.int32) if self.how == "int32" else ids
        if self.how == "distributions":
            y_true = np.moveaxis(distribution(random, (*rest, classes), self.dtype), -1, class_axis).copy()
        weight = random.choice([0.0, 1.0, 2.0, 0.5, 3.0], classes).astype(dtype_named(self.dtype))
        return {
            "loss": self.loss,
            "y_true": y_true,
            "y_pred": spread(random, self.shape, self.dtype),
            "upstream": self.upstream(random, rest),
            "weight": weight if self.weighted else None,
            "ignore_index": self.ignore_index,
            "label_smoothing": self.label_smoothing,
            "reduction": self.reduction,
        }


_reducing = {"seed": SEEDS, "dtype": _FLOATS, "reduction": st.sampled_from(("mean", "mean", "sum", "none"))}
_ERRORS = st.sampled_from(("MSELoss", "L1Loss", "HuberLoss", "SmoothL1Loss"))
_DELTAS = st.sampled_from((1.0, 0.5, 2.0))
reduced_distances = st.builds(
    ReducedDistance, **_reducing, shape=st.sampled_from(SHAPES), loss=_ERRORS, delta=_DELTAS
)
broadcast_distances = st.sampled_from(UNALIGNED).flatmap(
    lambda shapes: st.builds(
        ReducedDistance,
        **_reducing,
        shape=st.just(shapes[1]),
        true_shape=st.just(shapes[0]),
        loss=_ERRORS,
        delta=_DELTAS,
    )
)
_factors = {
    "weight": st.sampled_from(("none", "same", "last")),
    "pos_weight": st.sampled_from(("none", "last")),
}
reduced_binaries = st.builds(
    ReducedBinary,
    **_reducing,
    **_factors,
    shape=st.sampled_from(SHAPES),
    loss=st.sampled_from(("BCELoss", "BCEWithLogitsLoss")),
)
refused_binaries = st.builds(
    ReducedBinary,
    **_reducing,
    **_factors,
    shape=st.just((2, 3)),
    loss=st.just("BCELoss"),
    how=st.sampled_from(("misfit", "outside")),
)
_class_shapes = st.sampled_from(((3, 2), (2, 3), (4,), (1, 1), (2, 3, 2), (0, 3), (3, 3), (2, 2, 2, 2)))
_ignored = st.sampled_from((-100, 0, -1, 1))
reduced_classes = st.builds(
    ReducedClasses,
    **_reducing,
    shape=_class_shapes,
    loss=st.sampled_from(("CrossEntropyLoss", "CrossEntropyLoss", "NLLLoss")),
    weighted=st.booleans(),
    ignore_index=_ignored,
    label_smoothing=st.sampled_from((0.0, 0.0, 0.1, 0.5)),
    how=st.just("ids"),
)
reduced_distributions = st.builds(
    ReducedClasses,
    **_reducing,
    shape=_class_shapes,
    loss=st.just("CrossEntropyLoss"),
    weighted=st.booleans(),
    ignore_index=st.sampled_from((-100, -100, -1, 0)),
    label_smoothing=st.sampled_from((0.0, 0.1)),
    how=st.just("distributions"),
)
refused_classes = st.builds(
    ReducedClasses,
    **_reducing,
    shape=st.sampled_from(((2, 3), (2, 3, 2))),
    loss=st.sampled_from(("CrossEntropyLoss", "NLLLoss")),
    weighted=st.booleans(),
    ignore_index=_ignored,
    label_smoothing=st.just(0.0),
    how=st.sampled_from(("outside", "int32")),
)
