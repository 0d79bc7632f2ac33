"""Pictures, what a generator does to them, and nets that learn from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from hypothesis import strategies as st

from conformance.strategies.common import SEEDS
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
    "one": {"height_shift_range": [1], "fill_mode": "constant"},
    "more than one": {"width_shift_range": 1.5, "fill_mode": "constant"},
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
class Augmented(Structure):
    """Pictures, their masks and weights, and what is done to them; see OPTIONS."""

    given: ClassVar[tuple[int, ...]] = (0, 1, 2, 2, 2)
    """Of these one is how many of masks and weights there are."""

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
        times, given = random.choice([1, 8, 255]), random.choice(self.given)
        images = images * np.float32(times)
        return {
            "images": images.astype(np.uint8) if times == 8 else images,
            "y": masks if given > 0 else None,
            "weights": favoring(random, masks) if given > 1 else None,
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
    given: ClassVar[tuple[int, ...]] = (2,)

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        case = super().fill(random)
        seed = case.pop("seed")
        del case["weights"]
        masks = case.pop("y")
        return {**case, "masks": masks, "seeds": (seed, seed if self.same else seed + 77)}


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
class Lesson(Training):
    """Always the same pictures: one step, and as many as there are epochs."""

    def cases(self, fills: int) -> list[dict[str, Any]]:
        case = self.fill(np.random.default_rng(self.seed))
        return [case | {"epochs": 1}, case]


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
shifted = _with("down", "right", "far", "shares", "one", "more than one")
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
LESSON = Lesson(seed=1, net="flat", samples=6, size=(6, 6), weighted=True, batch=6, epochs=4, rate=1.0)
lessons = st.just(LESSON)
image_discs = _pictures("")
