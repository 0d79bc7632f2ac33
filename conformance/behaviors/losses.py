"""Named behaviors of the chapters losses and weighting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from conformance.agreement import Changes
from conformance.judge import says
from reference.clause import find
from reference.errors import Refused, ShapeMismatch
from reference.losses.distances import log_cosh, log_cosh_keras_3
from reference.losses.entropies import categorical, cosine_keras_2, cosine_keras_3
from reference.losses.shapes import same_rank
from reference.outcomes import AnyOf, Bounded, Setting
from reference.weighting.classes import class_weight_keras_3
from reference.weighting.paths import paths_keras_2_3

Array = np.ndarray[Any, Any]

SINGLE, DOUBLE = np.dtype(np.float32), np.dtype(np.float64)


def in_float32(clause: str) -> Callable[..., Any]:
    """The clause of Keras 3, computed on float64 inputs with operations of which some are float32."""

    def behavior(**inputs: Any) -> Any:
        reading = find(clause, "keras-3")
        assert reading is not None
        said = says(reading, inputs, Setting("torch", "cpu"))
        arrays = [value for value in inputs.values() if isinstance(value, np.ndarray)]
        if not any(array.dtype == DOUBLE for array in arrays):
            return said
        ways = said.allowed if isinstance(said, AnyOf) else (said,)
        return AnyOf(tuple(single for way in ways for single in _in_float32(way)))

    return behavior


def _in_float32(way: Any) -> list[Any]:
    """An outcome with the error of float32, each of its parts in float32 or in float64."""
    if isinstance(way, Refused):
        return [way]
    parts = way if isinstance(way, tuple) else (way,)
    choices = [[_widened(part, dtype) for dtype in (SINGLE, DOUBLE)] for part in parts]
    return [chosen if isinstance(way, tuple) else chosen[0] for chosen in product(*choices)]


def _widened(bounded: Bounded, dtype: np.dtype[Any]) -> Bounded:
    assert bounded.error is not None
    error = bounded.error * 2.0**29 * (1 + 2.0**-10) + 2.0**-24 * np.abs(bounded.value) + 2.0**-149
    return replace(bounded, roundings=np.ones((), np.int64), dtype=dtype, error=error)


def log_two_in_float32(reading: Callable[..., Any]) -> Callable[..., Any]:
    """Log cosh takes away a log 2 that was rounded to float32, whatever the dtype."""

    def behavior(y_true: Array, y_pred: Array, upstream: Array) -> Any:
        values, gradient = reading(y_true, y_pred, upstream)
        if y_pred.dtype != DOUBLE:
            return values, gradient
        shift = float(np.log(2.0)) - float(np.float32(np.log(2.0)))
        return replace(values, value=values.value + shift), gradient

    return behavior


def classes_of_the_last_axis(y_true: Array, label_smoothing: float, **inputs: Any) -> Any:
    """Label smoothing shares among as many classes as the last axis is long, wherever the classes lie."""
    axis = inputs["axis"]
    if not label_smoothing or y_true.shape[axis] == y_true.shape[-1]:
        return categorical(y_true=y_true, label_smoothing=label_smoothing, **inputs)
    wide = y_true.astype(np.float64)
    smoothed = wide * (1 - label_smoothing) + label_smoothing / y_true.shape[-1]
    values, gradient = categorical(y_true=smoothed.astype(y_true.dtype), label_smoothing=0.0, **inputs)
    return _loose(values), _loose(gradient)


def _loose(bounded: Bounded) -> Bounded:
    """A bound for targets that were rounded once more."""
    assert bounded.error is not None
    reach = np.maximum(bounded.error, 1e-300) + 8 * bounded.magnitude * float(np.finfo(np.float16).eps)
    error = np.where(np.isnan(reach), np.inf, reach)
    return replace(bounded, roundings=np.ones((), np.int64), error=error)


def zero_vectors_give_nan_in_float16(reading: Callable[..., Any]) -> Callable[..., Any]:
    """The least norm is 0 in float16, so that a zero vector divided by its norm is NaN."""

    def behavior(y_true: Array, y_pred: Array) -> Any:
        said = reading(y_true, y_pred)
        if y_pred.dtype != np.float16:
            return said
        true, pred = same_rank(y_true, y_pred) if reading is cosine_keras_3 else (y_true, y_pred)
        empty = ~((true != 0).any(-1) & (pred != 0).any(-1))
        value = np.where(empty, np.nan, said.value)
        return replace(said, value=value)

    return behavior


def weights_along_time(weights: Array | None, x: Array, **inputs: Any) -> Any:
    """Weights (samples,) are aligned to the steps of time, and refused unless there are as many."""
    if weights is None or x.ndim != 3 or weights.ndim != 1 or x.shape[1] == 1:
        return paths_keras_2_3(x=x, weights=weights, **inputs)
    if x.shape[1] not in (1, len(weights)):
        return ShapeMismatch(f"weights {weights.shape} do not fit losses {x.shape[:-1]}")
    return paths_keras_2_3(x=x, weights=np.broadcast_to(weights, x.shape[:2]).copy(), **inputs)


def class_axis_is_the_last(y_true: Array, y_pred: Array, axis: int, **inputs: Any) -> Any:
    """Classes along any axis but the last are refused."""
    del y_true, y_pred, inputs
    return Refused(f"only axis=-1 is supported, not {axis}", shows_as=("ValueError",))


def weights_times_mask_in_place(clause: str) -> Callable[..., Any]:
    """Weights are multiplied with the mask in place: the caller's own change, or cannot hold the product."""

    def behavior(weights: Array | None, mask: Array | None, **inputs: Any) -> Any:
        said = in_float32(clause)(weights=weights, mask=mask, **inputs)
        if weights is None or mask is None:
            return said
        dropped = weights.ndim == mask.ndim + 1 and weights.shape[-1] == 1
        fitted = weights[..., 0] if dropped else weights
        if weights.ndim == mask.ndim - 1 and mask.shape[-1] == 1:
            fitted, mask = (weights[:, None], mask) if weights.ndim == 1 else (weights, mask[..., 0])
        if np.broadcast_shapes(fitted.shape, mask.shape) != fitted.shape:
            return Refused("weights cannot hold their product with the mask", shows_as=("RuntimeError",))
        scaled = inputs.get("reduction", "mean") in ("mean", "sum_over_batch_size") and mask.any()
        share = np.where(mask, mask.size / mask.sum() if scaled else 1.0, 0.0)
        product = (fitted.astype(np.float64) * share).astype(weights.dtype)
        return Changes(("weights",), said) if product.tobytes() != fitted.tobytes() else said

    return behavior


IN_FLOAT32 = (
    "losses.distance",
    "losses.huber",
    "losses.log-cosh",
    "losses.hinge",
    "losses.kl-divergence",
    "losses.cosine",
    "losses.binary",
    "losses.categorical",
    "losses.sparse",
    "weighting.weighted",
    "weighting.reduction",
)
"""Clauses of Keras 3 that PyTorch computes, in part, in float32."""


def classes_of_steps_are_refused(y_true: Array, **inputs: Any) -> Bounded:
    """Of targets with steps no class is found: the classes of a sample's steps are taken for one number."""
    said = class_weight_keras_3(y_true=y_true, **inputs)
    if y_true.ndim > 2:
        raise Refused(f"{y_true.shape[1]} classes a sample are no number", shows_as=("TypeError",))
    return said


BEHAVIORS: dict[str, Callable[..., Any]] = {
    **{f"{clause}-in-float32": in_float32(clause) for clause in IN_FLOAT32},
    "weights-times-mask-in-place": weights_times_mask_in_place("weighting.weighted"),
    "reduced-weights-times-mask-in-place": weights_times_mask_in_place("weighting.reduction"),
    "log-two-in-float32": log_two_in_float32(log_cosh),
    "log-two-in-float32-keras-3": log_two_in_float32(log_cosh_keras_3),
    "classes-of-the-last-axis": classes_of_the_last_axis,
    "zero-vectors-give-nan-in-float16": zero_vectors_give_nan_in_float16(cosine_keras_2),
    "zero-vectors-give-nan-in-float16-keras-3": zero_vectors_give_nan_in_float16(cosine_keras_3),
    "weights-along-time": weights_along_time,
    "class-axis-is-the-last": class_axis_is_the_last,
    "classes-of-steps-are-refused": classes_of_steps_are_refused,
}
