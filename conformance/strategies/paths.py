"""Structures for the chapter weighting: paths from data to a loss, steps, metrics, outputs, tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.strategies import fills
from conformance.strategies.common import SEEDS
from conformance.strategies.weighting import FEW, weights
from conformance.structure import Structure

Array = np.ndarray[Any, Any]


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
