"""The random numbers of an image generator: which are drawn, and in which order.

They come from the legacy generator of numpy, `numpy.random.RandomState`, whose streams are frozen:
numpy promises that a seed gives the same numbers in every release.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Options = dict[str, Any]


@dataclass(frozen=True)
class Transform:
    """What is done to one image.

    degrees: of the rotation. down, right: how far along height and width the picture is looked up,
    in pixels. zoom: a factor for each of two axes. horizontal, vertical: whether it is flipped.
    """

    degrees: float
    down: float
    right: float
    zoom: tuple[float, float]
    horizontal: bool
    vertical: bool

    @property
    def moves(self) -> bool:
        """Whether there is anything but flips."""
        return (self.degrees, self.down, self.right, self.zoom) != (0, 0, 0, (1, 1))


def transform(random: np.random.RandomState, options: Options, height: int, width: int) -> Transform:
    """The next random transformation: rotation, height, width, zoom, and always two flips."""
    turn = options.get("rotation_range", 0)
    degrees = float(random.uniform(-turn, turn)) if turn else 0.0
    down = _shift(random, options.get("height_shift_range", 0), height)
    right = _shift(random, options.get("width_shift_range", 0), width)
    reach = options.get("zoom_range", 0)
    zoom = (1.0, 1.0)
    if reach:
        first, second = random.uniform(1 - reach, 1 + reach, 2)
        zoom = float(first), float(second)
    horizontal = bool(random.random_sample() < 0.5) and options.get("horizontal_flip", False)
    vertical = bool(random.random_sample() < 0.5) and options.get("vertical_flip", False)
    return Transform(degrees, down, right, zoom, horizontal, vertical)


def _shift(random: np.random.RandomState, reach: float | list[int], size: int) -> float:
    """A shift in pixels: below ±n for an int n, ± an element of a list, else a fraction of the size."""
    if not reach:
        return 0.0
    if isinstance(reach, float):
        drawn = float(random.uniform(-reach, reach))
    else:
        drawn = float(random.choice(reach)) * float(random.choice([-1, 1]))
    return drawn * size if np.max(reach) < 1 else drawn


def orders(samples: int, batch: int, shuffle: bool, seed: int) -> Iterator[tuple[int, Array]]:
    """The batches of a seeded iterator without end: the number of the step, and the samples."""
    step = 0
    while True:
        order = np.arange(samples)
        if shuffle:
            order = np.random.RandomState(seed + step).permutation(samples)
        for start in range(0, samples, batch):
            yield step, order[start : start + batch]
            step += 1


def after_order(samples: int, batch: int, shuffle: bool, seed: int, step: int) -> np.random.RandomState:
    """The generator of a step, from which the transformations are drawn: the order was drawn before."""
    random = np.random.RandomState(seed + step)
    if shuffle and step % -(-samples // batch) == 0:
        random.permutation(samples)
    return random
