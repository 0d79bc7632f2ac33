"""Labels and scores for cross-entropies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from backends.codec import dtype_named
from conformance.strategies import fills
from conformance.strategies.common import SEEDS
from conformance.strategies.losses import DTYPES, SHAPES, distribution, probabilities, spread
from conformance.structure import Structure

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Binary(Structure):
    """Yes-no questions. short: how many classes the targets lack, below 0, for a shape that is refused.

    flat: whether the targets lack the last axis.
    """

    shape: tuple[int, ...]
    dtype: str
    from_logits: bool
    label_smoothing: float
    short: int = 0
    flat: bool = False

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        true = self.shape[:-1] if self.flat else (*self.shape[:-1], self.shape[-1] + self.short)
        sharp = random.random(true) < 0.7
        y_true = np.where(sharp, random.integers(0, 2, true), random.integers(0, 9, true) / 8)
        make = spread if self.from_logits else _likely
        return {
            "y_true": y_true.astype(dtype_named(self.dtype)),
            "y_pred": make(random, self.shape, self.dtype),
            "upstream": spread(random, self.shape[:-1], self.dtype),
            "from_logits": self.from_logits,
            "label_smoothing": self.label_smoothing,
        }


@dataclass(frozen=True)
class Mistaken(Binary):
    """Sure mistakes: a probability of next to nothing where the answer is yes, so that slopes overflow."""

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        kind = dtype_named(self.dtype)
        small = random.choice(np.array([2.0**-20, 2.0**-18, 0.5], kind), self.shape)
        return super().fill(random) | {"y_true": np.ones(self.shape, kind), "y_pred": small}


@dataclass(frozen=True)
class Unlikely(Binary):
    """A probability of next to nothing where the answer is no: slopes of two numbers of few bits each."""

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        kind = dtype_named(self.dtype)
        small = (random.integers(2, 40, self.shape) * 2.0**-24).astype(kind)
        arriving = np.ones(self.shape[:-1], kind)
        return super().fill(random) | {
            "y_true": np.zeros(self.shape, kind),
            "y_pred": small,
            "upstream": arriving,
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
    """Class ids. outside: whether one of them names no class.

    form: "plain", with a "unit" axis in the place of the classes, of a batch too "long", or with an axis
    "twice" as if every sample had several classes.
    """

    shape: tuple[int, ...]
    dtype: str
    from_logits: bool
    ignore_class: int | None
    axis: int
    outside: int | None = None
    form: str = "plain"

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        classes = self.shape[-1]
        batch = self.shape[:-1]
        given = {"unit": (*batch, 1), "long": (batch[0] + 1, *batch[1:]), "twice": (*batch, 2)}
        ids = fills.ids(random, given.get(self.form, batch), classes, "int64")
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


def _likely(random: np.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
    """Probabilities, now and then just the least that Keras clips to."""
    return probabilities(random, shape, dtype, least=random.choice([1e-3, 1e-7]))


def _scores(
    random: np.random.Generator, shape: tuple[int, ...], dtype: str, from_logits: bool, axis: int
) -> Array:
    """Logits, or probabilities of which none add up to 0, with the classes moved to `axis`."""
    if from_logits:
        scores = spread(random, shape, dtype)
    else:
        scores = _likely(random, shape, dtype)
        scores[..., 0] = np.where(scores.sum(-1) == 0, scores.dtype.type(1), scores[..., 0])
    return np.moveaxis(scores, -1, axis).copy()


_CLASS_SHAPES = st.sampled_from(((2, 3), (3, 3), (2, 1), (2, 2, 3), (0, 3)))
_scoring = {"seed": SEEDS, "dtype": DTYPES, "from_logits": st.booleans()}
_smoothing = st.sampled_from((0.0, 0.0, 0.1, 0.5, 1.0))
binaries = st.builds(Binary, **_scoring, shape=st.sampled_from(SHAPES), label_smoothing=_smoothing)
mistaken = Mistaken(0, (2, 3), "float16", False, 0.0)
"""Slopes that are −∞ in float16, and not NaN."""
unlikely = Unlikely(0, (2, 2, 3), "float16", False, 0.0)
"""Slopes of 1 in float16, to few bits, if what arrives is multiplied in before the quotient is taken."""
_SHORT = st.sampled_from((-1, -2))
"""Targets of two classes, or of one, which could be broadcast."""
_plain = {**_scoring, "label_smoothing": st.just(0.0)}
misfits = st.one_of(
    st.builds(Binary, **_plain, shape=st.just((2, 3)), short=_SHORT),
    st.builds(Binary, **_plain, shape=st.sampled_from(((3, 1), (1, 1))), flat=st.just(True)),
)
"""Among them targets (batch,) and predictions (batch, 1)."""
categories = st.builds(
    Categorical, **_scoring, shape=_CLASS_SHAPES, label_smoothing=_smoothing, axis=st.just(-1)
)
category_misfits = st.builds(
    Categorical,
    **_scoring,
    shape=st.just((2, 3)),
    label_smoothing=st.just(0.0),
    axis=st.just(-1),
    short=_SHORT,
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
sparse_forms = st.builds(
    Sparse,
    **_scoring,
    shape=st.sampled_from(((2, 3), (3, 2), (1, 3), (2, 2, 3), (2, 1, 3))),
    ignore_class=st.sampled_from((None, None, 0)),
    axis=st.just(-1),
    form=st.sampled_from(("unit", "unit", "long", "twice")),
)
sparse_outside = st.builds(
    Sparse,
    **_scoring,
    shape=st.sampled_from(((2, 3), (3, 2), (2, 2, 3))),
    ignore_class=st.sampled_from((None, 0)),
    axis=st.just(-1),
    outside=st.sampled_from((1, -1, -100)),
)
