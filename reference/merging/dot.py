"""Dot: a product of two inputs, sample by sample, summed over one axis of each."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.clause import reading
from reference.errors import LengthMismatch, ShapeMismatch, TypeRefused
from reference.outcomes import ORACLE, Bounded, Working
from reference.sources import keras, tf_keras

Array = np.ndarray[Any, Any]

_KERAS_2_2 = (
    keras("2.2.5", "layers/merge.py", "Dot"),
    keras("2.2.5", "backend/tensorflow_backend.py", "batch_dot"),
)
_KERAS_2 = (
    keras("v2.15.0", "layers/merging/dot.py", "Dot"),
    tf_keras("layers/merging/dot.py", "Dot"),
    tf_keras("backend.py", "batch_dot"),
)
_KERAS_3 = (keras("v3.15.1", "layers/merging/dot.py", "Dot"), keras("v3.15.1", "ops/nn.py", "normalize"))


@reading("merging.dot", "keras-2.2", source=(*_KERAS_2_2, *_KERAS_2, *_KERAS_3))
def dot(inputs: list[Array], axes: Any, normalize: bool, *, working: Working = ORACLE) -> Bounded:
    """Each sample of the first input is multiplied with that of the second and summed over one axis.

    inputs: two floating arrays (batch, …) of rank 2 or more, of one dtype.
    axes: the axis of each that is summed over, a pair, or one int for both; negative from the end.
    normalize: whether each input is divided by its Euclidean norm along that axis before.
    Returns the axes of the first that are left, then those of the second without its batch.

    [axes-type] Axes that are neither an int nor a list nor a tuple MUST be refused.
    [axes-pair] A list of axes that does not hold just two ints MUST be refused.
    [two] Any number of inputs but two MUST be refused.
    [batch-axis] The batch axis MUST be refused.
    [sizes] Axes of different sizes, and batches of different sizes, MUST be refused.
    [contraction] The value MUST be the sum of products over the axes named, sample by sample.
    [order] The axes left of the first input MUST come before those of the second.
    [unit] Where none but the batch is left, the shape MUST be (batch, 1).
    [dtype] The value MUST be computed in the dtype of the inputs, and keep it.
    [normalized] With `normalize` the value MUST be the cosine where neither norm is 0.
    [zero] With `normalize` a vector of zeros MUST stay zeros.
    """
    first, second = _axes(inputs, axes)  # [axes-type] [axes-pair] [two] [batch-axis]
    a, b = inputs
    if a.shape[0] != b.shape[0] or a.shape[first] != b.shape[second]:
        raise ShapeMismatch(f"shapes {a.shape}, {b.shape} do not fit along {first}, {second}")  # [sizes]
    left = np.moveaxis(a, first, -1).astype(working.dtype)
    right = np.moveaxis(b, second, -1).astype(working.dtype)
    if normalize:
        left, right = _unit(left), _unit(right)  # [normalized] [zero]
    terms = left.shape[-1]
    order = working.order(terms)
    rest = (*a.shape[:first], *a.shape[first + 1 :], *b.shape[1:second], *b.shape[second + 1 :])
    shape = rest if len(rest) > 1 else (*rest, 1)  # [order] [unit]
    value = _product(left[..., order], right[..., order]).reshape(shape)  # [contraction]
    magnitude = _product(np.abs(left), np.abs(right)).reshape(shape)
    each = 2 * (terms + 4) if normalize else 0  # a norm: squares, sum, root, quotient; for each of two
    roundings = np.where(magnitude == 0, 0, terms + each)  # products that are all 0 are added exactly
    return Bounded(value, magnitude, roundings, a.dtype)  # [dtype]


@reading("merging.dot-gradient", "keras-2.2", source=(*_KERAS_2_2, *_KERAS_2, *_KERAS_3))
def dot_gradient(
    inputs: list[Array], axes: Any, upstream: Array, *, working: Working = ORACLE
) -> list[Bounded]:
    """Each input gets what arrives, times the other input.

    inputs, axes: as in merging.dot, legal, without `normalize`. upstream: of the shape of the output.
    Returns a list with the gradient of each input, in its shape and dtype.

    [first] The first input MUST get the product of what arrives with the second, summed over its other axes.
    [second] The second input MUST get the product of what arrives with the first, summed over its other axes.
    [dtype] The gradients MUST be computed in the dtype of the inputs, and keep it.
    """
    first, second = _axes(inputs, axes)
    left = np.moveaxis(inputs[0], first, -1).astype(working.dtype)
    right = np.moveaxis(inputs[1], second, -1).astype(working.dtype)
    rows, columns = _rows(left), _rows(right)
    arriving = upstream.reshape(left.shape[0], rows.shape[1], columns.shape[1]).astype(working.dtype)
    backward = arriving.swapaxes(1, 2)
    answers = []
    for shape, axis, upward, other in (
        (left.shape, first, arriving, columns),  # [first]
        (right.shape, second, backward, rows),  # [second]
    ):
        total = _product(upward, other.swapaxes(1, 2)).reshape(shape)
        magnitude = _product(np.abs(upward), np.abs(other.swapaxes(1, 2))).reshape(shape)
        summed, dtype = np.asarray(other.shape[1]), inputs[0].dtype  # [dtype]
        answers.append(Bounded(np.moveaxis(total, -1, axis), np.moveaxis(magnitude, -1, axis), summed, dtype))
    return answers


def _axes(inputs: list[Array], axes: Any) -> tuple[int, int]:
    """The two axes, counted from the front."""
    if isinstance(axes, int):
        axes = (axes, axes)
    if not isinstance(axes, (list, tuple)):
        said = f"axes are an int or a pair, these are {axes!r}"
        raise TypeRefused(said, shows_as=("TypeError",))  # [axes-type]
    if len(axes) != 2 or not all(isinstance(axis, int) for axis in axes):
        raise LengthMismatch(f"axes are an int or a pair of int, these are {axes!r}")  # [axes-pair]
    if len(inputs) != 2:
        raise LengthMismatch(f"Dot takes exactly 2 inputs, these are {len(inputs)}")  # [two]
    first, second = (axis % array.ndim for axis, array in zip(axes, inputs, strict=True))
    if first == 0 or second == 0:
        said = "axis 0 is the batch, which is not summed over"
        raise ShapeMismatch(said, shows_as=("ValueError",))  # [batch-axis]
    return first, second


def _unit(array: Array) -> Array:
    """The array divided by its norm along the last axis; zeros stay zeros."""
    norm = np.sqrt(np.sum(array * array, axis=-1, keepdims=True))
    return np.asarray(array / np.where(norm == 0, 1, norm))


def _product(left: Array, right: Array) -> Array:
    """The sums of products over the last axis of both, sample by sample: every pair of the other axes."""
    return np.asarray((_rows(left)[:, :, None, :] * _rows(right)[:, None, :, :]).sum(axis=-1))


def _rows(array: Array) -> Array:
    """The array with the axes between the first and the last as one: (batch, rest, terms)."""
    return array.reshape(array.shape[0], int(np.prod(array.shape[1:-1], dtype=int)), array.shape[-1])
