"""Named behaviors of the chapter batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from reference.batches.augmenting import transformed
from reference.batches.draws import Transform
from reference.batches.flowing import formed, subset
from reference.batches.loading import distinct
from reference.batches.training import by_number, fitted
from reference.errors import ShapeMismatch
from reference.outcomes import ORACLE, Shuffled, picked
from reference.tracked import Tracked

Array = np.ndarray[Any, Any]


def weights_of_the_front(weights: Array | None, images: Array, share: float, part: str, **inputs: Any) -> Any:
    """The weights are not cut: the first sample of the training part has the weight of the very first."""
    if weights is not None and part == "training" and 0 < share < 1:
        first = int(len(images) * share)
        weights = np.concatenate((weights[:first], weights[: len(weights) - first]))
    return subset(weights=weights, images=images, share=share, part=part, **inputs)


def shifts_exchanged(
    images: Array,
    y: Array | None,
    weights: Array | None,
    options: dict[str, Any],
    batch: int,
    shuffle: bool,
    seed: int,
    steps: int,
) -> Any:
    """What was drawn along the height moves the picture along the width, and the other way round."""

    def exchanged(drawn: Transform) -> Transform:
        return replace(drawn, down=drawn.right, right=drawn.down)

    batches = transformed(images, options, batch, shuffle, seed, steps, columns_first=True, changed=exchanged)
    return [
        formed(
            bounded,
            None,
            None if y is None else picked(y, index),
            None if weights is None else picked(weights, index),
        )
        for bounded, index in batches
    ]


def weights_along_the_width(images: Array, weights: Array | None, batch: int, **inputs: Any) -> Any:
    """The weights of a batch are aligned to the columns of its pictures, or refused if they do not fit."""
    given = {"images": images, "weights": weights, "net": "image", "batch": batch, **inputs}
    if weights is None or batch == 1:
        return _fitted(by_number, given)
    sizes = {len(weights[start : start + batch]) for start in range(0, len(weights), batch)}
    height, width = images.shape[1:3]
    if sizes - {1, width}:
        return ShapeMismatch(f"weights of {sorted(sizes)} samples do not fit pictures {width} wide")

    def along(own: Tracked) -> Tracked:
        columns = own.reshape((1, -1)) / float(own.value.size)
        return columns.placed(lambda part: np.tile(part, (1, height)))

    return _fitted(along, given)


def _fitted(shares: Callable[[Tracked], Tracked], inputs: dict[str, Any]) -> Any:
    with np.errstate(all="ignore"):
        return fitted(**inputs, shares=shares, working=ORACLE)


def weightless_drawn_too(weights: Array, draws: int, epochs: int, seed: int) -> Any:
    """Samples of weight 0 come when no other is left."""
    if draws <= np.count_nonzero(weights):
        return distinct(weights, draws, epochs, seed)
    return Shuffled(np.arange(len(weights)), (draws,), epochs, seed)


BEHAVIORS: dict[str, Callable[..., Any]] = {
    "weights-of-the-front": weights_of_the_front,
    "shifts-exchanged": shifts_exchanged,
    "weights-along-the-width": weights_along_the_width,
    "weightless-drawn-too": weightless_drawn_too,
}
"""Every behavior of the chapter, by the name that an expectation uses."""
