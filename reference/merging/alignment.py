"""How inputs of different shapes come to lie over each other: ranks, axes of size 1, batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from reference.errors import ShapeMismatch

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]


def broadcast(shapes: Iterable[Shape]) -> Shape | None:
    """The shape that agrees with all from the right, where 1 goes with everything; None if none does.

    >>> broadcast([(2, 1), (3,)])
    (2, 3)
    """
    shapes = list(shapes)
    rank = max(map(len, shapes))
    columns = zip(*((1,) * (rank - len(shape)) + shape for shape in shapes), strict=True)
    sizes = [set(column) - {1} or {1} for column in columns]
    if any(len(size) > 1 for size in sizes):
        return None
    return tuple(size.pop() for size in sizes)


def aligned_shape(shape: Shape, rank: int) -> Shape:
    """The shape with unit axes inserted behind the batch axis until it has the rank.

    >>> aligned_shape((2, 5), 4)
    (2, 1, 1, 5)
    """
    return (shape[0], *(1,) * (rank - len(shape)), *shape[1:])


def align(arrays: Sequence[Array]) -> list[Array]:
    """The arrays, each with unit axes behind the batch axis until all have the highest rank."""
    rank = max(array.ndim for array in arrays)
    return [array.reshape(aligned_shape(array.shape, rank)) for array in arrays]


def merged_shape(shapes: Sequence[Shape]) -> Shape:
    """The shape of an elementwise merge; ShapeMismatch if the batches or the other axes do not fit."""
    if len({shape[0] for shape in shapes}) > 1:
        raise ShapeMismatch(
            f"inputs of shapes {list(shapes)} differ in their batch", shows_as=("ValueError",)
        )
    rank = max(map(len, shapes))
    merged = broadcast(aligned_shape(shape, rank) for shape in shapes)
    if merged is None:
        raise ShapeMismatch(f"inputs of shapes {list(shapes)} cannot be broadcast", shows_as=("ValueError",))
    return merged


def validity(mask: Array | None, array: Array) -> Array:
    """A mask as bool of the array's very shape: spread over the last axis, all true for None."""
    if mask is None:
        return np.ones(array.shape, np.bool_)
    unit_axes = (1,) * (array.ndim - 1 - mask.ndim)
    spread = mask.reshape((*mask.shape[:1], *unit_axes, *mask.shape[1:], 1))
    return np.broadcast_to(spread, array.shape)


def sum_to(array: Array, shape: Shape) -> Array:
    """The array summed over the axes that were broadcast from `shape`, and shaped so."""
    lifted = aligned_shape(shape, array.ndim)
    axes = tuple(axis for axis, size in enumerate(lifted) if size == 1 and array.shape[axis] != 1)
    return np.asarray(array.sum(axis=axes, keepdims=True)).reshape(shape)


def terms_to(array: Shape, shape: Shape) -> int:
    """How many terms `sum_to` adds for an element: the product of the axes that were broadcast."""
    lifted = aligned_shape(shape, len(array))
    return int(np.prod([a for a, s in zip(array, lifted, strict=True) if s == 1 and a != 1], dtype=np.int64))
