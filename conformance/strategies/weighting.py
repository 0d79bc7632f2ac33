"""Structures for the chapter weighting."""

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
class Path(Structure):
    """Samples in batches, on a route. time: steps, 0 for none. fit: of the weights. flat: the targets."""

    samples: int
    time: int
    batch: int
    fit: str
    route: str
    flat: bool = False

    def cases(self, fills: int) -> list[dict[str, Any]]:
        return super().cases(min(fills, FEW))

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        shape = (self.samples, self.time, 1) if self.time else (self.samples, 1)
        x, y = (fills.floats(random, shape, "float32") for _ in range(2))
        given = {"none": None, "samples": shape[:1], "steps": shape[:-1]}[self.fit]
        return {
            "x": x,
            "y": y[:, 0] if self.flat else y,
            "weights": None if given is None else weights(random, given, "float32"),
            "batch": self.batch,
            "route": self.route,
        }


@dataclass(frozen=True)
class Step(Path):
    """Samples for one step of gradient descent."""

    rate: float = 0.5

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        case = super().fill(random)
        return {"x": case["x"], "y": case["y"], "weights": case["weights"], "rate": self.rate}


@dataclass(frozen=True)
class Metrics(Path):
    """Samples in batches for metrics."""

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        case = super().fill(random)
        return {name: case[name] for name in ("x", "y", "weights", "batch")}


@dataclass(frozen=True)
class Outputs(Structure):
    """A model with two outputs."""

    samples: int
    weighted: bool
    loss_weights: tuple[float, float] | None

    def cases(self, fills: int) -> list[dict[str, Any]]:
        return super().cases(min(fills, FEW))

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        shape = (self.samples, 1)
        own = [weights(random, shape[:1], "float32") for _ in range(2)]
        return {
            "x": fills.floats(random, shape, "float32"),
            "targets": [fills.floats(random, shape, "float32") for _ in range(2)],
            "weights": own if self.weighted else None,
            "loss_weights": None if self.loss_weights is None else list(self.loss_weights),
        }


@dataclass(frozen=True)
class ClassWeight(Structure):
    """Targets of classes and a weight for each. columns: 1, or the number of classes for one-hot.

    keys: "all", "gap" (one in the middle is absent), "short" (the last is absent), "more" (of a class
    that is none), "negative", "text" (digits), "floats". fit: of the weights: "none", "samples" or
    "steps". time: steps, 0 for none.
    """

    samples: int
    columns: int
    keys: str
    fit: str
    time: int

    def cases(self, fills: int) -> list[dict[str, Any]]:
        return super().cases(min(fills, FEW))

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        classes = self.columns if self.columns > 1 else 3
        shape = (self.samples, self.time) if self.time else (self.samples,)
        ids = random.integers(0, classes, shape)
        y_true = np.eye(classes)[ids] if self.columns > 1 else ids[..., None]
        own = shape if self.fit == "steps" else shape[:1]
        return {
            "y_true": y_true.astype(np.float32),
            "y_pred": fills.floats(random, y_true.shape, "float32"),
            "class_weight": self.table(random, classes),
            "sample_weight": None if self.fit == "none" else weights(random, own, "float32", negative=False),
        }

    def table(self, random: np.random.Generator, classes: int) -> dict[Any, float]:
        """A weight for each key."""
        numbers: dict[str, list[Any]] = {
            "gap": [0, *range(2, classes)],
            "short": [*range(classes - 1)],
            "more": [*range(classes + 1)],
            "negative": [-1, *range(classes)],
            "text": [str(i) for i in range(classes)],
            "floats": [float(i) for i in range(classes)],
        }
        keys = numbers.get(self.keys, [*range(classes)])
        return {key: float(random.choice([0.5, 1.0, 2.0, 3.0])) for key in keys}


@dataclass(frozen=True)
class Tokens(Structure):
    """Logits and labels of tokens, -100 among the labels."""

    task: str
    batch: int
    time: int
    classes: int
    attended: bool
    outside: bool = False

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        shape = (self.batch, self.time)
        labels = fills.ids(random, shape, self.classes, "int64")
        labels = np.where(random.random(shape) < random.choice([0.3, 0.6, 1.0]), -100, labels)
        if self.outside:
            labels.flat[-1] = random.choice([self.classes, -1, -99])
        attention = random.integers(0, 2, shape)
        attention[:, 0] = 1
        return {
            "task": self.task,
            "logits": fills.floats(random, (*shape, self.classes), "float32"),
            "labels": labels,
            "attention_mask": attention if self.attended else None,
        }


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

ROUTES = (
    "evaluate",
    "fit",
    "evaluate-generator",
    "fit-generator",
    "evaluate-dataset",
    "fit-dataset",
    "validation",
    "train_on_batch",
    "test_on_batch",
    "call",
)
paths = st.builds(
    Path,
    seed=SEEDS,
    samples=st.just(5),
    time=st.just(0),
    batch=st.sampled_from((2, 5)),
    fit=st.sampled_from(("samples",) * 5 + ("none",)),
    route=st.sampled_from((*ROUTES, "validation")),
)
flat_paths = st.builds(
    Path,
    seed=SEEDS,
    samples=st.sampled_from((5, 3)),
    time=st.just(0),
    batch=st.sampled_from((2, 5)),
    fit=st.sampled_from(("samples", "none")),
    route=st.sampled_from([route for route in ROUTES if route != "call"]),
    flat=st.just(True),
)
temporal_paths = st.builds(
    Path,
    seed=SEEDS,
    samples=st.just(3),
    time=st.sampled_from((3, 2)),
    batch=st.just(3),
    fit=st.sampled_from(("steps", "samples")),
    route=st.sampled_from(("train_on_batch", "evaluate", "fit")),
)
steps = st.builds(
    Step,
    seed=SEEDS,
    samples=st.just(4),
    time=st.just(0),
    batch=st.just(4),
    fit=st.sampled_from(("samples", "none")),
    route=st.just(""),
    rate=st.sampled_from((0.5, 0.1)),
)
metrics = st.builds(
    Metrics,
    seed=SEEDS,
    samples=st.just(5),
    time=st.just(0),
    batch=st.sampled_from((2, 5)),
    fit=st.just("samples"),
    route=st.just(""),
)
outputs = st.builds(
    Outputs,
    seed=SEEDS,
    samples=st.just(3),
    weighted=st.booleans(),
    loss_weights=st.sampled_from((None, (1.0, 0.5), (0.25, 3.0))),
)
class_weights = st.builds(
    ClassWeight,
    seed=SEEDS,
    samples=st.just(5),
    columns=st.sampled_from((1, 2, 3)),
    keys=st.sampled_from(("all", "all", "all", "gap", "short", "more", "negative", "text", "floats")),
    fit=st.sampled_from(("none", "samples")),
    time=st.just(0),
)
temporal_classes = st.builds(
    ClassWeight,
    seed=SEEDS,
    samples=st.sampled_from((3, 2)),
    columns=st.sampled_from((1, 3)),
    keys=st.sampled_from(("all", "all", "short")),
    fit=st.sampled_from(("none", "samples", "steps")),
    time=st.sampled_from((2, 3, 1)),
)
TASKS = st.sampled_from(("token-classification", "masked-lm", "causal-lm"))
tokens = st.builds(
    Tokens,
    seed=SEEDS,
    task=TASKS,
    batch=st.sampled_from((2, 1, 3)),
    time=st.sampled_from((3, 2, 1)),
    classes=st.sampled_from((3, 5)),
    attended=st.booleans(),
)
tokens_outside = st.builds(
    Tokens,
    seed=SEEDS,
    task=TASKS,
    batch=st.just(2),
    time=st.just(2),
    classes=st.just(3),
    attended=st.just(False),
    outside=st.just(True),
)
