"""Losses that are reduced as torch does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from backends.codec import dtype_named
from conformance.strategies import fills
from conformance.strategies.common import SEEDS
from conformance.strategies.losses import DTYPES, SHAPES, UNALIGNED, distribution, probabilities, spread
from conformance.structure import Structure

Array = np.ndarray[Any, Any]


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
    """Yes-no questions. weight, pos_weight: "none", "same" or "last".

    how: "fit", with a prediction "outside" 0 … 1, or targets that are too "long" or a "column".
    """

    weight: str
    pos_weight: str
    how: str = "fit"

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        columns = {"long": self.shape[-1] + 1, "column": 1}.get(self.how, self.shape[-1])
        true = (*self.shape[:-1], columns)
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
        if random.random() < 0.1:
            weight = np.zeros_like(weight)
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


_reducing = {"seed": SEEDS, "dtype": DTYPES, "reduction": st.sampled_from(("mean", "mean", "sum", "none"))}
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
    how=st.sampled_from(("long", "column", "outside")),
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
