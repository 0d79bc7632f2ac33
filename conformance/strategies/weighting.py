"""Structures for the chapter weighting: losses, weights and masks."""

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

FEW = 3
"""Cases that are made of a structure whose cases take a model to be compiled and run."""

QUARTERS = np.array([0.0, 0.0, 1.0, 2.0, 0.5, 0.25, 3.0])
"""Weights on a coarse grid, 0 often: their sums are exact in every dtype."""


def weights(random: np.random.Generator, shape: tuple[int, ...], dtype: str, negative: bool = True) -> Array:
    """Weights with zeros, now and then all zero, of both signs, or with a sum of 0."""
    drawn = random.choice(QUARTERS, shape)
    manner = random.random()
    if manner < 0.1:
        drawn = np.zeros(shape)
    elif manner < 0.2 and negative:
        drawn = np.where(random.random(shape) < 0.5, -drawn, drawn)
    elif manner < 0.3 and negative and drawn.size > 1:
        drawn = np.zeros(shape)
        drawn.flat[0], drawn.flat[-1] = 2.0, -2.0
    return drawn.astype(dtype_named(dtype))


def masks(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Masks, now and then all true or all false."""
    return fills.booleans(random, shape)


@dataclass(frozen=True)
class Weighted(Structure):
    """Targets and predictions, weights of a shape relative to the losses, and a mask.

    losses: shape of the losses. fit: how the weights lie to them, or "none". masked: whether there is
    a mask. reduction: of the loss object, "" for a clause without one. nan: whether a loss is NaN.
    """

    losses: tuple[int, ...]
    features: int
    dtype: str
    fit: str
    masked: bool
    reduction: str | None = ""
    nan: bool = False

    def cases(self, fills: int) -> list[dict[str, Any]]:
        return super().cases(min(fills, 2 * FEW))

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        shape = (*self.losses, self.features)
        y_true, y_pred = (fills.floats(random, shape, self.dtype) for _ in range(2))
        if self.nan and y_pred.size:
            y_pred.flat[random.integers(y_pred.size)] = np.nan
        given = self.weights_shape
        reduction = {} if self.reduction == "" else {"reduction": self.reduction}
        return {
            "y_true": y_true,
            "y_pred": y_pred,
            "weights": None if given is None else weights(random, given, self.dtype),
            "mask": masks(random, self.losses) if self.masked else None,
            **reduction,
        }

    @property
    def weights_shape(self) -> tuple[int, ...] | None:
        """The shape of the weights."""
        return {
            "none": None,
            "scalar": (),
            "same": self.losses,
            "batch": self.losses[:1],
            "batch-unit": (self.losses[0], *(1,) * (len(self.losses) - 1)),
            "trailing-unit": (*self.losses, 1),
            "misfit": (self.losses[0] + 1, *self.losses[1:]),
            "stacked": (2, *self.losses),
        }[self.fit]


@dataclass(frozen=True)
class Far(Weighted):
    """Losses that are too large for float16, some of them, under weights of both signs.

    back: whether the weights bring them back to size, so that an infinity is all that is lost; if not,
    some weights are 0 as well.
    """

    back: bool = False

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        case = super().fill(random)
        kind, shape = dtype_named(self.dtype), case["y_pred"].shape
        for name, ends in (("y_true", [-300.0, 1.0, 300.0]), ("y_pred", [-300.0, 300.0, 2.0])):
            case[name] = random.choice(np.array(ends, kind), shape)
        drawn = random.choice(np.array([2.0, -2.0, 1.0, -1.0 if self.back else 0.0], kind), self.losses)
        if self.back:  # all of one sign, of the other, or of both
            drawn = (np.abs(drawn), -np.abs(drawn), drawn)[random.integers(3)] * kind.type(2.0**-6)
        case["weights"] = drawn
        return case


@dataclass(frozen=True)
class Below(Weighted):
    """Losses of 22500 or 0 under weights of -1: sums that are large for float16, and not too large."""

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        case = super().fill(random)
        kind = dtype_named(self.dtype)
        drawn = {"y_true": [0.0], "y_pred": [150.0, 0.0], "weights": [-1.0]}
        return case | {n: random.choice(np.array(ends, kind), case[n].shape) for n, ends in drawn.items()}


_FLOATS = st.sampled_from(fills.FLOATS)
_LOSSES = st.sampled_from(((3,), (2, 3), (3, 3), (1,), (2, 1), (1, 3), (4,), (2, 2, 2), (10,)))
_FITS = ("none", "same", "batch-unit", "trailing-unit", "scalar", "batch")


def _weighted(**fixed: Any) -> st.SearchStrategy[Weighted]:
    drawn = {
        "seed": SEEDS,
        "losses": _LOSSES,
        "features": st.sampled_from((1, 2, 3)),
        "dtype": _FLOATS,
        "fit": st.sampled_from(_FITS),
        "masked": st.booleans(),
    }
    return st.builds(Weighted, **(drawn | fixed))


weighted = _weighted()
weighted_per_sample = _weighted(
    fit=st.sampled_from(("none", "batch")),
    losses=st.sampled_from(((3,), (2, 3), (3, 3), (1, 3), (2, 2, 2), (2, 3, 2))),
)
temporal = _weighted(fit=st.just("same"), losses=st.sampled_from(((2, 3), (3, 3), (1, 4), (4, 1))))
masked = _weighted(masked=st.just(True), fit=st.sampled_from(("none", "same")))
misfits = st.one_of(
    _weighted(fit=st.just("misfit"), masked=st.just(False)),
    _weighted(fit=st.just("misfit"), masked=st.just(False), losses=st.sampled_from(((1, 3), (1, 2), (1,)))),
    _weighted(fit=st.just("stacked"), masked=st.just(False)),
)
spoiled = _weighted(fit=st.sampled_from(("same", "none")), nan=st.just(True))
unmasked = _weighted(masked=st.just(False), fit=st.sampled_from(("same", "none")))
REDUCTIONS = ("none", "sum", "sum_over_batch_size", "auto", "mean", "mean_with_sample_weight", None, "median")
reductions = st.one_of(
    _weighted(
        fit=st.sampled_from(("none", "same", "batch-unit", "scalar")), reduction=st.sampled_from(REDUCTIONS)
    ),
    _weighted(fit=st.sampled_from(("batch", "trailing-unit")), reduction=st.sampled_from(REDUCTIONS)),
    _weighted(fit=st.sampled_from(("batch-unit", "scalar")), reduction=st.just("mean_with_sample_weight")),
    _weighted(
        losses=st.just((1,)),
        fit=st.just("scalar"),
        reduction=st.sampled_from(("none", None, "mean_with_sample_weight")),
    ),
)
flat_losses_in_turn = Weighted(0, (3,), 2, "float32", "trailing-unit", False, reduction="none")
"""A column of weights beside flat losses that are all kept."""
far, far_and_back, each_far_and_back = (
    Far(0, (2, 3), 2, "float16", "same", False, reduction=reduction, back=back)
    for reduction, back in (("sum", False), ("sum", True), ("none", True))
)
"""Weighted losses that may be infinities of either sign, and whose sum may be NaN."""
below = Below(0, (2, 2), 1, "float16", "same", False, reduction="sum")
"""A sum of negative terms to which float16 has room for one more."""
sums = _weighted(
    fit=st.sampled_from(("none", "same")),
    reduction=st.just("sum"),
    masked=st.just(False),
    features=st.just(1),
    losses=st.sampled_from(((10,), (2, 5), (4,))),
)
empty = _weighted(
    losses=st.sampled_from(((0,), (0, 2))),
    fit=st.sampled_from(("none", "same")),
    reduction=st.sampled_from(("sum", "sum_over_batch_size")),
    masked=st.just(False),
)
