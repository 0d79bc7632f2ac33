"""Generators and their parts: order, alignment, validation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.strategies.augmenting import discs
from conformance.strategies.common import SEEDS
from conformance.strategies.weighting import weights as drawn_weights
from conformance.structure import Structure

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Flow(Structure):
    """Samples for a generator. misfit: what has a sample too few, or "rank"."""

    samples: int
    batch: int
    shuffle: bool
    seeded: bool
    epochs: int
    route: str
    targets: str
    weighted: bool
    extra: bool
    misfit: str = ""

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        n = self.samples
        shape = (n, 2, 3, 1)
        images = random.integers(0, 256, shape).astype(random.choice(["float32", "uint8"]))
        targets: dict[str, Array | None] = {
            "labels": random.integers(0, 3, n),
            "masks": random.integers(0, 2, shape).astype(np.float32),
            "none": None,
        }
        given: dict[str, Any] = {
            "images": images[..., 0] if self.misfit == "rank" else images,
            "extra": random.standard_normal((n, 2)) if self.extra else None,
            "y": targets[self.targets],
            "weights": random.permutation(n).astype(np.float32) + 0.5 if self.weighted else None,
        }
        if self.misfit in given and given[self.misfit] is not None:
            given[self.misfit] = given[self.misfit][:-1]
        return {
            **given,
            "batch": self.batch,
            "shuffle": self.shuffle,
            "seed": int(random.integers(1000)) * int(random.random() < 0.8) if self.seeded else None,
            "epochs": self.epochs,
            "route": self.route,
        }


@dataclass(frozen=True)
class Subset(Structure):
    """Samples of which a part is kept for validation. labels: "mixed", "sorted", "masks" or "none"."""

    samples: int
    share: float
    part: str
    batch: int
    shuffle: bool
    ignore: bool
    labels: str
    weighted: bool

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        n = self.samples
        images = np.arange(n * 6).reshape(n, 2, 3, 1).astype(random.choice(["float32", "uint8"]))
        mixed = np.resize([0, 1], n)
        _, masks = discs(random, n, 2, 3)
        y = {"mixed": mixed, "sorted": np.sort(mixed), "masks": masks, "none": None}[self.labels]
        return {
            "images": images,
            "y": y,
            "weights": random.permutation(n).astype(np.float32) + 0.5 if self.weighted else None,
            "share": self.share,
            "part": self.part,
            "batch": self.batch,
            "shuffle": self.shuffle,
            "seed": int(random.integers(1000)),
            "ignore": self.ignore,
        }


@dataclass(frozen=True)
class Epochs(Structure):
    """Many epochs of two samples."""

    epochs: int

    @property
    def fillable(self) -> bool:
        return False

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        return {"epochs": self.epochs, "seed": self.seed}


@dataclass(frozen=True)
class Split(Structure):
    """Samples for fit, of which a share is kept for validation."""

    samples: int
    share: float
    batch: int
    shuffle: bool
    own: bool
    weighted: bool

    def cases(self, fills: int) -> list[dict[str, Any]]:
        return super().cases(min(fills, 2))

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        shape = (self.samples, 1)
        x, y = (random.standard_normal(shape).astype(np.float32) for _ in range(2))
        return {
            "x": x,
            "y": y,
            "weights": drawn_weights(random, shape[:1], "float32", False) if self.weighted else None,
            "share": self.share,
            "batch": self.samples if self.shuffle else self.batch,
            "shuffle": self.shuffle,
            "own": self.own,
        }


SAMPLES = st.sampled_from((5, 4, 1, 3, 7))
BATCHES = st.sampled_from((2, 3, 1, 8))
_ROUTES = st.sampled_from(("next", "index"))


def _flows(**fixed: Any) -> st.SearchStrategy[Flow]:
    drawn = {
        "seed": SEEDS,
        "samples": SAMPLES,
        "batch": BATCHES,
        "shuffle": st.booleans(),
        "seeded": st.just(True),
        "epochs": st.sampled_from((2, 1, 3)),
        "route": _ROUTES,
        "targets": st.sampled_from(("labels", "masks", "none")),
        "weighted": st.sampled_from((True, True, False)),
        "extra": st.booleans(),
    }
    return st.builds(Flow, **(drawn | fixed))


flows = _flows()
free_flows = _flows(
    shuffle=st.just(True), seeded=st.just(False), targets=st.sampled_from(("labels", "masks"))
)
misfits = _flows(
    samples=st.sampled_from((4, 3)),
    misfit=st.sampled_from(("extra", "y", "weights", "rank")),
    targets=st.just("labels"),
    weighted=st.just(True),
    extra=st.just(True),
)


def _subsets(**fixed: Any) -> st.SearchStrategy[Subset]:
    drawn = {
        "seed": SEEDS,
        "samples": st.sampled_from((10, 6, 7)),
        "share": st.sampled_from((0.2, 0.5, 0.3, 0.7)),
        "part": st.sampled_from(("training", "validation")),
        "batch": st.sampled_from((3, 2, 8)),
        "shuffle": st.booleans(),
        "ignore": st.just(False),
        "labels": st.just("none"),
        "weighted": st.just(False),
    }
    return st.builds(Subset, **(drawn | fixed))


subsets = _subsets(labels=st.sampled_from(("none", "mixed")))
weighted_subsets = _subsets(labels=st.just("mixed"), weighted=st.just(True))
classes = _subsets(ignore=st.booleans(), labels=st.sampled_from(("sorted", "mixed", "masks")))
refused_subsets = _subsets(
    share=st.sampled_from((1.0, 1.5, -0.1, 0.5)), part=st.sampled_from(("training", "test", "validation"))
)
no_such_part = Subset(0, 10, 0.5, "test", 3, False, False, "none", False)
"""A part of a name that there is not."""
many_epochs = st.builds(Epochs, seed=SEEDS, epochs=st.just(2048))
splits = st.builds(
    Split,
    seed=SEEDS,
    samples=st.sampled_from((5, 10)),
    share=st.sampled_from((0.4, 0.2, 0.3)),
    batch=st.sampled_from((2, 8)),
    shuffle=st.booleans(),
    own=st.just(False),
    weighted=st.booleans(),
)
odd_splits = st.builds(
    Split,
    seed=SEEDS,
    samples=st.sampled_from((10, 3)),
    share=st.sampled_from((0.9, 0.0, 0.05, 0.4, 1.0)),
    batch=st.just(8),
    shuffle=st.just(False),
    own=st.booleans(),
    weighted=st.just(False),
)
no_share = Split(0, 10, 0.0, 8, False, False, False)
"""A share of 0, which keeps nothing."""
