"""Augmentation: what a generator does to images, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from reference.batches.draws import Options, Transform, after_order, orders, transform
from reference.batches.flowing import formed
from reference.clause import reading
from reference.outcomes import ORACLE, Bounded, Working, picked
from reference.sources import keras, keras_preprocessing, tf_keras
from reference.tracked import Tracked, format_of

Array = np.ndarray[Any, Any]

_UNIT = 2.0**-53
_ROUNDINGS = 64
"""Of a coordinate, at most: an angle in radians, its sine and cosine (12), five products of matrices
of three (5 each), and the product with the pixel's own place (5); in float64."""

_SOURCE_2_2 = (
    keras_preprocessing("image/image_data_generator.py", "ImageDataGenerator.get_random_transform"),
    keras_preprocessing("image/affine_transformations.py", "apply_affine_transform"),
)
_SOURCE_2 = (
    tf_keras("preprocessing/image.py", "ImageDataGenerator"),
    tf_keras("preprocessing/image.py", "apply_affine_transform"),
)
_SOURCE_3 = (
    keras("v3.15.1", "legacy/preprocessing/image.py", "ImageDataGenerator"),
    keras("v3.15.1", "legacy/preprocessing/image.py", "apply_affine_transform"),
)


@reading("batches.augmentation", "keras-2.2", source=_SOURCE_2_2)
@reading("batches.augmentation", "keras-2", before="2.9", source=_SOURCE_2_2)
def augmentation_keras_2_2(
    images: Array,
    y: Array | None,
    weights: Array | None,
    options: Options,
    batch: int,
    shuffle: bool,
    seed: int,
    steps: int,
    *,
    working: Working = ORACLE,
) -> list[Any]:
    """A generator transforms images at random, and neither their targets nor their weights.

    images: floating (samples, height, width, channels). y, weights: (samples, ...), or None.
    options: of ImageDataGenerator: rotation_range, width_shift_range, height_shift_range, zoom_range,
    horizontal_flip, vertical_flip, fill_mode, cval, rescale. Returns a list of `steps` batches.

    [images-only] y MUST come as it was given, even if it is an image itself: a mask is not moved.
    [weights] Weights MUST come as they were given: each copy of a sample has its sample's weight.
    [copies] A sample MUST be transformed anew in every epoch.
    [draws] Of a seeded step the numbers MUST be those of numpy's legacy generator, after the order:
        for each image rotation, height, width, two zooms, each if asked for, and always two flips.
    [height] A height shift MUST move the picture along its height; by a share of it if it is a
        float below 1, by whole pixels of (−n, n) if it is an int, or by an element of a list that
        has each with both signs.
    [width] A width shift MUST do the same along the width.
    [rotation] A pixel (row, column) MUST be looked up at R·S·Z of it, R = (cos −sin; sin cos), S the
        shifts and Z the zooms of (row, column), all about (height ÷ 2 + ½, width ÷ 2 + ½): the
        point that lies one pixel beyond the middle.
    [between] Between pixels the value MUST be interpolated linearly; outside, "reflect" and "nearest"
        continue the picture and "constant" gives cval.
    [flips] Flips MUST come after that, along the width and along the height.
    [rescale] Last, the pixels MUST be multiplied by rescale.
    """
    return _augmented(images, y, weights, options, batch, shuffle, seed, steps, False, working)


@reading("batches.augmentation", "keras-2", since="2.9", source=_SOURCE_2)
@reading("batches.augmentation", "keras-3", source=_SOURCE_3)
def augmentation_keras_2(
    images: Array,
    y: Array | None,
    weights: Array | None,
    options: Options,
    batch: int,
    shuffle: bool,
    seed: int,
    steps: int,
    *,
    working: Working = ORACLE,
) -> list[Any]:
    """A generator transforms images at random, and neither their targets nor their weights.

    The arguments and what is returned are those of keras-2.2.

    [images-only] y MUST come as it was given, even if it is an image itself: a mask is not moved.
    [weights] Weights MUST come as they were given: each copy of a sample has its sample's weight.
    [copies] A sample MUST be transformed anew in every epoch.
    [draws] Of a seeded step the numbers MUST be those of numpy's legacy generator, after the order:
        for each image rotation, height, width, two zooms, each if asked for, and always two flips.
    [height] A height shift MUST move the picture along its height; by a share of it if it is a
        float below 1, by whole pixels of (−n, n) if it is an int, or by an element of a list that
        has each with both signs.
    [width] A width shift MUST do the same along the width.
    [rotation] A pixel (column, row) MUST be looked up at R·S·Z of it, R = (cos −sin; sin cos), S the
        shifts and Z the zooms of (column, row), all about ((height − 1) ÷ 2, (width − 1) ÷ 2): the
        middle of a square image, and of no other.
    [between] Between pixels the value MUST be interpolated linearly; outside, "reflect" and "nearest"
        continue the picture and "constant" gives cval.
    [flips] Flips MUST come after that, along the width and along the height.
    [rescale] Last, the pixels MUST be multiplied by rescale.
    """
    return _augmented(images, y, weights, options, batch, shuffle, seed, steps, True, working)


def _augmented(
    images: Array,
    y: Array | None,
    weights: Array | None,
    options: Options,
    batch: int,
    shuffle: bool,
    seed: int,
    steps: int,
    columns_first: bool,
    working: Working,
) -> list[Any]:
    batches = transformed(images, options, batch, shuffle, seed, steps, columns_first, working)
    return [formed(bounded, None, *_beside(y, weights, index)) for bounded, index in batches]


def _beside(y: Array | None, weights: Array | None, index: Array) -> tuple[Array | None, Array | None]:
    """The targets and the weights of a batch, untouched."""
    own = [None if given is None else picked(given, index) for given in (y, weights)]
    return own[0], own[1]  # [images-only] [weights]


def transformed(
    images: Array,
    options: Options,
    batch: int,
    shuffle: bool,
    seed: int,
    steps: int,
    columns_first: bool,
    working: Working = ORACLE,
    changed: Callable[[Transform], Transform] = lambda drawn: drawn,
) -> Iterator[tuple[Bounded, Array]]:
    """The first batches of images, with the samples that they are; `changed` may change what was drawn."""
    held = images.astype(np.float32)
    samples, height, width = held.shape[:3]
    for step, index in islice(orders(samples, batch, shuffle, seed), steps):
        random = after_order(samples, batch, shuffle, seed, step)  # [draws] [copies]
        parts = []
        for sample in index:
            drawn = changed(transform(random, options, height, width))
            parts.append(_one(held[sample], drawn, options, columns_first))
        value, error = (np.stack(kind) for kind in zip(*parts, strict=True))
        form = format_of(held.dtype)
        pixels = Tracked(value.astype(working.dtype), error, np.abs(value) + error, form, working)
        scale = options.get("rescale")
        yield (pixels * pixels.constant(scale) if scale else pixels).bounded(), index  # [rescale]


def _one(image: Array, drawn: Transform, options: Options, columns_first: bool) -> tuple[Array, Array]:
    """One image transformed, in float64, and how far a computation in float64 and float32 may err."""
    value, error = image.astype(np.float64), np.zeros(image.shape)
    if drawn.moves:
        places, unsure = _places(drawn, image.shape[:2], columns_first)
        value, error = _looked_up(value, places, unsure, options)
    if drawn.horizontal:
        value, error = value[:, ::-1], error[:, ::-1]  # [flips]
    if drawn.vertical:
        value, error = value[::-1], error[::-1]
    return value, error


def _places(drawn: Transform, shape: tuple[int, ...], columns_first: bool) -> tuple[Array, Array]:
    """Where each pixel is looked up, (2, height, width), rows then columns; and how unsure that is."""
    height, width = shape
    theta = np.deg2rad(drawn.degrees)
    turn = np.array([[np.cos(theta), -np.sin(theta), 0], [np.sin(theta), np.cos(theta), 0], [0, 0, 1]])
    first, second = drawn.down, drawn.right  # [height] [width]
    middle = height / 2 + 0.5, width / 2 + 0.5  # [rotation]
    if columns_first:
        first, second = second, first
        middle = height / 2 - 0.5, width / 2 - 0.5  # [rotation]
    shift = np.array([[1, 0, first], [0, 1, second], [0, 0, 1]])
    zoom = np.diag([*drawn.zoom, 1.0])
    there = np.array([[1, 0, middle[0]], [0, 1, middle[1]], [0, 0, 1]])
    back = np.array([[1, 0, -middle[0]], [0, 1, -middle[1]], [0, 0, 1]])
    rows, columns = np.meshgrid(np.arange(float(height)), np.arange(float(width)), indexing="ij")
    ones = np.ones_like(rows)
    pixels = np.stack((columns, rows, ones) if columns_first else (rows, columns, ones)).reshape(3, -1)
    chain = (there, turn, shift, zoom, back) if drawn.degrees else (there, shift, zoom, back)
    places, reach = pixels, np.abs(pixels)
    for matrix in reversed(chain):
        places = matrix @ places
        wide = np.where(np.abs(matrix) > 0, 1.0, 0.0) if matrix is turn else np.abs(matrix)
        reach = wide @ reach
    order = [1, 0] if columns_first else [0, 1]
    found, size = (part[order].reshape(2, height, width) for part in (places, reach))
    if (found == np.rint(found)).all():  # whole shifts alone; no turn and no zoom that is drawn gives such
        return found, np.zeros_like(found)
    return found, _ROUNDINGS * _UNIT * size


def _looked_up(image: Array, places: Array, unsure: Array, options: Options) -> tuple[Array, Array]:
    """Linear interpolation, and its error.

    A coordinate's error is multiplied by the slope, which is at most the range of a channel. Four
    products of three factors and their sum in float64 make eight roundings, and the result is
    rounded to float32, unless every coordinate is whole.
    """
    mode, cval = options.get("fill_mode", "nearest"), options.get("cval", 0.0)
    low = np.floor(places)
    share = places - low
    value, size = np.zeros(image.shape), np.zeros(image.shape)
    for down in (0, 1):
        for right in (0, 1):
            rows, columns = (
                _inside(low[axis].astype(np.int64) + step, image.shape[axis], mode)
                for axis, step in ((0, down), (1, right))
            )
            weight = np.abs(1 - down - share[0]) * np.abs(1 - right - share[1])
            value += weight[..., None] * image[rows, columns]  # [between]
            size += weight[..., None] * np.abs(image[rows, columns])
    spread = np.ptp(image, axis=(0, 1))
    error = unsure.sum(axis=0)[..., None] * spread
    if unsure.any():
        error = error + 8 * _UNIT * size
        error = error + 2.0**-24 * (np.abs(value) + error)
    if mode == "constant":
        ends = image.shape[0] - 1, image.shape[1] - 1
        beyond = [(place < 0) | (place > end) for place, end in zip(places, ends, strict=True)]
        outside = (beyond[0] | beyond[1])[..., None]
        value, error = np.where(outside, cval, value), np.where(outside, 0.0, error)
    return value, error


def _inside(index: Array, size: int, mode: str) -> Array:
    """Indices beyond the border as indices of the pixels that continue it."""
    if mode == "reflect":
        folded = index % (2 * size)
        return np.asarray(np.minimum(folded, 2 * size - 1 - folded))
    return np.asarray(np.clip(index, 0, size - 1))


@reading("batches.pair", "keras-2.2", source=_SOURCE_2_2, columns_first=False)
@reading("batches.pair", "keras-2", before="2.9", source=_SOURCE_2_2, columns_first=False)
@reading("batches.pair", "keras-2", since="2.9", source=_SOURCE_2, columns_first=True)
@reading("batches.pair", "keras-3", source=_SOURCE_3, columns_first=True)
def pair_keras(
    images: Array,
    masks: Array,
    options: Options,
    batch: int,
    shuffle: bool,
    seeds: tuple[int, int],
    steps: int,
    *,
    columns_first: bool,
    working: Working = ORACLE,
) -> list[tuple[Bounded, Bounded]]:
    """A generator of images and one of masks, with one seed, transform alike.

    images, masks: floating (samples, height, width, channels), as many of each. options: of both
    generators. seeds: of the two. columns_first: whether the dialect transforms (column, row) and not
    (row, column), as [rotation] of batches.augmentation has it.
    Returns a list of `steps` pairs of batches, as zip gives them.

    [alike] With one seed an image and its mask MUST come together, and MUST be transformed alike.
    [apart] With two seeds each MUST have the order and the transformations of its own.
    """
    first, second = (
        transformed(given, options, batch, shuffle, seed, steps, columns_first, working)  # [alike]
        for given, seed in zip((images, masks), seeds, strict=True)  # [apart]
    )
    return [(one, other) for (one, _), (other, _) in zip(first, second, strict=True)]
