"""Behaviors of the chapter merging."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.tolerance import unit_roundoff
from reference import merging
from reference.errors import ShapeMismatch
from reference.merging.alignment import align
from reference.outcomes import AnyOf

Array = np.ndarray[Any, Any]


def extremes_in_float32(layer: str, inputs: list[Array], masks: list[Array | None]) -> Any:
    """Maximum and Minimum of float64 are chosen among float32 values, and stay float32."""
    if layer in ("Maximum", "Minimum"):
        inputs = [_narrowed(array) for array in inputs]
    return merging.value_keras_3_4(layer, inputs, masks)


def extreme_gradients_in_float32(
    layer: str, inputs: list[Array], masks: list[Array | None], upstream: Array
) -> Any:
    """The gradient of Maximum and Minimum of float64 goes through float32, and is float64 again."""
    if layer not in ("Maximum", "Minimum") or inputs[0].dtype != np.float64:
        return merging.gradient_with_masks(layer, inputs, masks, upstream)
    narrow = [_narrowed(array) for array in inputs]
    return _widened(merging.gradient_with_masks(layer, narrow, masks, _narrowed(upstream)))


def dot_in_float32(inputs: list[Array], axes: Any, normalize: bool) -> Any:
    """Dot of float64 is computed in float32, and stays float32."""
    return merging.dot([_narrowed(array) for array in inputs], axes, normalize)


def dot_gradient_in_float32(inputs: list[Array], axes: Any, upstream: Array) -> Any:
    """The gradient of Dot of float64 goes through float32, and is float64 again."""
    if inputs[0].dtype != np.float64:
        return merging.dot_gradient(inputs, axes, upstream)
    return _roughened(merging.dot_gradient(inputs, axes, upstream), 1)


def plain_mean_in_float32(x: Array, mask: Array | None, keepdims: bool) -> Any:
    """Without a mask the mean of float64 is computed in float32, and is float64 again."""
    said = merging.pooling(x, mask, keepdims)
    if mask is not None or x.dtype != np.float64:
        return said
    return _roughened(said, 1)


def pooling_multiplies_by_the_mask(x: Array, mask: Array | None, keepdims: bool) -> Any:
    """Masked steps are multiplied by 0, so that a NaN or an infinity there makes the mean NaN."""
    said = merging.pooling(x, mask, keepdims)
    if mask is None:
        return said
    with np.errstate(invalid="ignore"):
        leaks = np.isnan(x.astype(np.float64) * mask[..., None]) & ~mask[..., None]
    leaked = leaks.any(axis=1, keepdims=keepdims)
    if isinstance(said, AnyOf):
        said = said.allowed[0]
    return replace(said, value=np.where(leaked, np.nan, said.value))


def zero_over_zero_in_float16(inputs: list[Array], axes: Any, normalize: bool) -> Any:
    """In float16 the guard of a norm of 0 is itself 0, and a vector of zeros becomes NaN."""
    if not normalize or inputs[0].dtype != np.float16:
        return merging.dot(inputs, axes, normalize)
    pair = axes if isinstance(axes, (list, tuple)) else (axes, axes)
    spoiled = []
    for array, axis in zip(inputs, pair, strict=True):
        nothing = ~array.any(axis=axis, keepdims=True)
        spoiled.append(np.where(nothing, np.float16(np.nan), array))
    return merging.dot(spoiled, axes, normalize)


def addition_as_bias(layer: str, inputs: list[Array], masks: list[Array | None]) -> Any:
    """Add and Average take an input with one axis longer than 1 for a bias of an axis of that size.

    The bias is added along the last axis if that has the size, otherwise along the second; and an
    input that is empty beside that axis is refused.
    """
    said = merging.value_keras_3_4(layer, inputs, masks)
    if layer not in ("Add", "Average") or len({a.shape[0] for a in inputs}) > 1:
        return said
    aligned = align(inputs)
    moved = aligned[:1]
    shape = aligned[0].shape
    for array in aligned[1:]:
        long = [size for size in array.shape if size > 1]
        if len(long) == 1 and long[0] in (shape[1], shape[-1]):
            if 0 in array.shape:
                return ShapeMismatch("Biases must be 1D")
            place = -1 if shape[-1] == long[0] else 1
            unit = [1] * len(shape)
            unit[place] = long[0]
            array = array.reshape(unit)
        moved.append(array)
        shape = np.broadcast_shapes(shape, array.shape)
    whole = [np.broadcast_to(array, shape) for array in moved]
    return merging.value_keras_3_4(layer, whole, [None] * len(whole))


def empty_addition_refused(layer: str, options: dict[str, Any], shapes: list[tuple[int, ...]]) -> Any:
    """Add and Average refuse an empty batch where the second axis is the only one longer than 1."""
    if layer in ("Add", "Average"):
        given = [np.zeros(shape, np.float32) for shape in shapes]
        said = addition_as_bias(layer, given, [None] * len(given))
        if isinstance(said, ShapeMismatch):
            return said
    return merging.shape_keras_2(layer, options, shapes)


def _narrowed(array: Array) -> Array:
    return array.astype(np.float32) if array.dtype == np.float64 else array


def _widened(said: Any) -> Any:
    """What was said of float32 arrays, as float64 arrays of the same values."""
    if isinstance(said, AnyOf):
        return AnyOf(tuple(map(_widened, said.allowed)))
    if isinstance(said, list):
        return [_widened(item) for item in said]
    return _roughened(replace(said, dtype=np.dtype(np.float64)), 0)


def _roughened(said: Any, more: int) -> Any:
    """What was said of float64 arrays, with each rounding one of float32, and some more of them."""
    if isinstance(said, AnyOf):
        return AnyOf(tuple(_roughened(item, more) for item in said.allowed))
    if isinstance(said, list):
        return [_roughened(item, more) for item in said]
    ratio = unit_roundoff(np.dtype(np.float32)) / unit_roundoff(np.dtype(np.float64))
    return replace(said, magnitude=said.magnitude * ratio, roundings=said.roundings + more)


BEHAVIORS: dict[str, Callable[..., Any]] = {
    "extremes-in-float32": extremes_in_float32,
    "extreme-gradients-in-float32": extreme_gradients_in_float32,
    "dot-in-float32": dot_in_float32,
    "dot-gradient-in-float32": dot_gradient_in_float32,
    "plain-mean-in-float32": plain_mean_in_float32,
    "pooling-multiplies-by-the-mask": pooling_multiplies_by_the_mask,
    "addition-as-bias": addition_as_bias,
    "empty-addition-refused": empty_addition_refused,
    "zero-over-zero-in-float16": zero_over_zero_in_float16,
}
"""Every behavior of the chapter, by the name that an expectation uses."""
