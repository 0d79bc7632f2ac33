"""Structures for the chapter batches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.strategies.common import SEEDS
from conformance.strategies.weighting import weights as drawn_weights
from conformance.structure import Structure

Array = np.ndarray[Any, Any]

OPTIONS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "flips": {"horizontal_flip": True, "vertical_flip": True},
    "flip and rescale": {"horizontal_flip": True, "rescale": 1 / 255},
    "down": {"height_shift_range": 3, "fill_mode": "nearest"},
    "right": {"width_shift_range": [-2, 2], "fill_mode": "reflect"},
    "far": {"width_shift_range": 4, "height_shift_range": 3, "fill_mode": "constant", "cval": 7.0},
    "shares": {"width_shift_range": 0.4, "height_shift_range": 0.3, "fill_mode": "reflect"},
    "rotation": {"rotation_range": 90, "fill_mode": "reflect"},
    "zoom": {"zoom_range": 0.4, "fill_mode": "nearest", "vertical_flip": True},
    "seed": {
        "rotation_range": 90,
        "width_shift_range": 0.4,
        "height_shift_range": 0.4,
        "zoom_range": 0.4,
        "horizontal_flip": True,
        "fill_mode": "reflect",
        "rescale": 1.0 / 255,
    },
}
"""Options of a generator, by a name; the last is what the seed's question has."""


def discs(random: np.random.Generator, samples: int, height: int, width: int) -> tuple[Array, Array]:
    """Pictures in eighths, (samples, height, width, 1), and the masks of their objects, 0 or 1.

    An object is a disc or a rectangle on a dark ground; most pictures have none.
    """
    rows, columns = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    images, masks = [], []
    for _ in range(samples):
        row, column, size = random.integers(height), random.integers(width), random.integers(1, 3)
        disc = (rows - row) ** 2 + (columns - column) ** 2 <= size**2
        rectangle = (abs(rows - row) < size) & (abs(columns - column) <= size)
        mask = (disc if random.random() < 0.5 else rectangle) & (random.random() < 0.4)
        ground = random.integers(0, 3, (height, width))
        images.append(np.where(mask, ground + 5, ground) / 8)
        masks.append(mask)
    shape = (samples, height, width, 1)
    return np.reshape(images, shape).astype(np.float32), np.reshape(masks, shape).astype(np.float32)


def favoring(random: np.random.Generator, masks: Array) -> Array:
    """Weights that favor pictures with an object, one a sample; those of empty ones are now and then 0."""
    filled = masks.reshape(len(masks), -1).any(axis=1)
    light, heavy = random.choice([0.0, 0.5, 1.0]), random.choice([2.0, 3.0])
    return np.asarray(np.where(filled, heavy, light), np.float32)


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
            "seed": int(random.integers(1000)) if self.seeded else None,
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
        images = np.arange(n * 6, dtype=np.float32).reshape(n, 2, 3, 1)
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
class Augmented(Structure):
    """Pictures, their masks and weights, and what is done to them; see OPTIONS."""

    options: str
    size: tuple[int, int]
    samples: int
    batch: int
    shuffle: bool
    steps: int

    def cases(self, fills: int) -> list[dict[str, Any]]:
        return super().cases(min(fills, 6))

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        images, masks = discs(random, self.samples, *self.size)
        return {
            "images": images * np.float32(random.choice([1, 8, 255])),
            "y": masks,
            "weights": favoring(random, masks),
            "options": OPTIONS[self.options],
            "batch": self.batch,
            "shuffle": self.shuffle,
            "seed": int(random.integers(1000)),
            "steps": self.steps,
        }


@dataclass(frozen=True)
class Pair(Augmented):
    """Pictures and masks for two generators; same: whether these have one seed."""

    same: bool = field(kw_only=True)

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        case = super().fill(random)
        seed = case.pop("seed")
        del case["weights"]
        masks = case.pop("y")
        return {**case, "masks": masks, "seeds": (seed, seed if self.same else seed + 77)}


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


@dataclass(frozen=True)
class Training(Structure):
    """Pictures, targets and weights for a net; "" for the net of the clause itself."""

    net: str
    samples: int
    size: tuple[int, int]
    weighted: bool
    batch: int
    epochs: int
    rate: float

    def cases(self, fills: int) -> list[dict[str, Any]]:
        return super().cases(min(fills, 3))

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        images, masks = discs(random, self.samples, *self.size)
        shapes: list[tuple[int, ...]] = [(3, 3, 1, 2), (1, 1, 2, 1)]
        y = {"": masks, "flat": masks.reshape(len(masks), -1)}.get(self.net)
        if self.net == "dense":
            shapes = [(images[0].size, 1)]
            y = masks.reshape(len(masks), -1).max(axis=1, keepdims=True)
        weights = favoring(random, masks) * random.choice([1, 1, 1.5], len(masks)).astype(np.float32)
        return {
            "images": images,
            "y": y,
            "weights": weights if self.weighted else None,
            "kernels": [(random.integers(-8, 9, shape) / 8).astype(np.float32) for shape in shapes],
            **({"net": self.net} if self.net else {}),
            "batch": self.batch,
            "epochs": self.epochs,
            "rate": self.rate,
        }


@dataclass(frozen=True)
class Loader(Structure):
    """Tensors for a DataLoader. chosen: "all", "some" or "repeated". misfit: whether one is too short."""

    samples: int
    batch: int
    drop: bool
    shuffle: bool
    epochs: int
    chosen: str
    weighted: bool
    misfit: bool = False

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        n = self.samples
        tensors: list[Array] = [random.standard_normal((n, 2)).astype(np.float32), random.integers(0, 3, n)]
        tensors += [random.permutation(n).astype(np.float64) + 0.5] if self.weighted else []
        if self.misfit:
            tensors[1] = tensors[1][:-1]
        some = [int(index) for index in random.permutation(n)[: max(1, n - 2)]]
        chosen = {"all": None, "some": some, "repeated": [0, *some, 0]}[self.chosen]
        return {
            "tensors": tensors,
            "chosen": chosen,
            "batch": self.batch,
            "drop": self.drop,
            "shuffle": self.shuffle,
            "seed": int(random.integers(1000)),
            "epochs": self.epochs,
        }


@dataclass(frozen=True)
class Dealt(Structure):
    """Samples and the lengths, or fractions, of the parts that they are dealt out to."""

    samples: int
    lengths: tuple[Any, ...]

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        seed = int(random.integers(1000))
        return {"samples": self.samples, "lengths": list(self.lengths), "seed": seed}


@dataclass(frozen=True)
class Sampled(Structure):
    """Labels with weights of any sum, of which many are drawn."""

    samples: int
    draws: int

    @property
    def fillable(self) -> bool:
        return False

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        labels = np.resize([0, 1, 1], self.samples)
        weights = random.choice([0.0, 0.25, 1.0, 3.0, 0.5], self.samples)
        weights[:2] = random.choice([1.0, 2.0]), random.choice([1.0, 3.0])
        return {"labels": labels, "weights": weights, "draws": self.draws, "seed": self.seed}


@dataclass(frozen=True)
class Distinct(Structure):
    """Weights, some of them 0, and draws without replacement: as many as can come, fewer, or more."""

    samples: int
    zeros: int
    spare: int
    epochs: int

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        weights = random.choice([0.25, 1.0, 3.0, 100.0], self.samples)
        weights[random.permutation(self.samples)[: self.zeros]] = 0.0
        draws = self.samples - self.zeros - self.spare
        seed = int(random.integers(1000))
        return {"weights": weights, "draws": draws, "epochs": self.epochs, "seed": seed}


_SAMPLES = st.sampled_from((5, 4, 1, 3, 7))
_BATCHES = st.sampled_from((2, 3, 1, 8))
_ROUTES = st.sampled_from(("next", "index"))


def _flows(**fixed: Any) -> st.SearchStrategy[Flow]:
    drawn = {
        "seed": SEEDS,
        "samples": _SAMPLES,
        "batch": _BATCHES,
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
many_epochs = st.builds(Epochs, seed=SEEDS, epochs=st.just(2048))

_augmented = {
    "seed": SEEDS,
    "size": st.sampled_from(((5, 4), (4, 4), (3, 6))),
    "samples": st.sampled_from((3, 4)),
    "batch": st.sampled_from((2, 4)),
    "shuffle": st.booleans(),
    "steps": st.sampled_from((3, 2)),
}


def _with(*names: str) -> st.SearchStrategy[Augmented]:
    return st.builds(Augmented, **_augmented, options=st.sampled_from(names))


untouched = _with("nothing", "flips", "rotation", "zoom", "flip and rescale")
flipped = _with("flips", "flip and rescale", "nothing")
shifted = _with("down", "right", "far", "shares")
turned = _with("rotation", "zoom")
as_in_the_question = _with("seed")
pairs = st.builds(
    Pair,
    **_augmented,
    options=st.sampled_from(("flips", "rotation", "zoom", "nothing")),
    same=st.sampled_from((True, True, False)),
)
pairs_of_the_question = st.builds(
    Pair, **_augmented, options=st.sampled_from(("seed", "shares", "far")), same=st.just(True)
)

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
    share=st.sampled_from((0.9, 0.0, 0.05, 0.4)),
    batch=st.just(8),
    shuffle=st.just(False),
    own=st.booleans(),
    weighted=st.just(False),
)

dense = st.builds(
    Training,
    seed=SEEDS,
    net=st.just("dense"),
    samples=st.just(5),
    size=st.just((3, 4)),
    weighted=st.sampled_from((True, True, False)),
    batch=st.sampled_from((2, 5)),
    epochs=st.sampled_from((1, 2)),
    rate=st.just(0.5),
)


def _pictures(net: str) -> st.SearchStrategy[Training]:
    return st.builds(
        Training,
        seed=SEEDS,
        net=st.just(net),
        samples=st.just(6),
        size=st.sampled_from(((6, 5), (6, 6))),
        weighted=st.just(True),
        batch=st.just(6),
        epochs=st.sampled_from((1, 3)),
        rate=st.just(1.0),
    )


flat_discs = _pictures("flat")
image_discs = _pictures("")


def _loaders(**fixed: Any) -> st.SearchStrategy[Loader]:
    drawn = {
        "seed": SEEDS,
        "samples": _SAMPLES,
        "batch": _BATCHES,
        "drop": st.booleans(),
        "shuffle": st.just(False),
        "epochs": st.sampled_from((2, 1)),
        "chosen": st.sampled_from(("all", "some", "repeated")),
        "weighted": st.booleans(),
    }
    return st.builds(Loader, **(drawn | fixed))


loaders = _loaders()
shuffled_loaders = _loaders(shuffle=st.just(True), weighted=st.just(True))
misfit_loaders = _loaders(samples=st.just(3), misfit=st.just(True))
_LENGTHS = ((3, 7), (0.3, 0.3, 0.4), (0.25, 0.75), (1 / 3, 1 / 3, 1 / 3), (0.15, 0.35, 0.5), (5, 5), (10,))
dealt = st.builds(
    Dealt, seed=SEEDS, samples=st.just(10), lengths=st.sampled_from((*_LENGTHS, (3, 8), (0.5, 0.25), (4,)))
)
sampled = st.builds(Sampled, seed=SEEDS, samples=st.sampled_from((6, 3, 9)), draws=st.just(400_000))
drawn = st.builds(Sampled, seed=SEEDS, samples=st.sampled_from((6, 2)), draws=st.just(4096))
distinct = st.builds(
    Distinct,
    seed=SEEDS,
    samples=st.sampled_from((6, 5)),
    zeros=st.sampled_from((2, 0, 3)),
    spare=st.sampled_from((0, 1)),
    epochs=st.sampled_from((3, 1)),
)
too_many = st.builds(
    Distinct,
    seed=SEEDS,
    samples=st.just(6),
    zeros=st.sampled_from((2, 3)),
    spare=st.sampled_from((-1, -2)),
    epochs=st.just(1),
)
