"""What the losses share: ranks that are aligned, means over the last axis, gradients summed back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from reference.errors import ShapeMismatch
from reference.outcomes import Working
from reference.tracked import Tracked, track

Array = np.ndarray[Any, Any]


def pair(y_true: Array, y_pred: Array, working: Working) -> tuple[Tracked, Tracked]:
    """Targets, cast to the dtype of the predictions, and predictions."""
    try:
        np.broadcast_shapes(y_true.shape, y_pred.shape)
    except ValueError:
        shapes = f"targets {y_true.shape} and predictions {y_pred.shape}"
        raise ShapeMismatch(f"{shapes} cannot be broadcast together") from None
    return track(y_true, y_pred.dtype, working), track(y_pred, y_pred.dtype, working)


def same_rank(first: Array, second: Array) -> tuple[Array, Array]:
    """Keras 3's rule: if the ranks differ by one and the longer array ends in a unit axis, a rank-1
    array gets a unit axis, and otherwise the longer one loses its own.
    """
    if first.ndim == second.ndim + 1 and first.shape[-1] == 1:
        return (first, second[:, None]) if second.ndim == 1 else (first[..., 0], second)
    if second.ndim == first.ndim + 1 and second.shape[-1] == 1:
        return (first[:, None], second) if first.ndim == 1 else (first, second[..., 0])
    return first, second


def mean_last(elements: Tracked, slope: Tracked, upstream: Array, y_pred: Array) -> tuple[Tracked, Tracked]:
    """The mean over the last axis, and its gradient in the shape of the predictions."""
    count = elements.shape[-1]
    arriving = track(upstream, elements.form.dtype, elements.working)
    share = arriving * (elements.constant(1.0) / float(count))
    spread = share.reshape((*share.shape, 1)) * slope
    return elements.mean(-1), summed_back(spread, y_pred.shape)


def summed_back(gradient: Tracked, shape: tuple[int, ...]) -> Tracked:
    """The gradient of what was broadcast: summed over the axes that the broadcast made."""
    missing = len(gradient.shape) - len(shape)
    padded = (1,) * missing + shape
    axes = tuple(
        axis for axis, (wide, own) in enumerate(zip(gradient.shape, padded, strict=True)) if wide != own
    )
    total = gradient.sum(axes, keepdims=True) if axes else gradient
    return total.reshape(shape)


def softplus(z: Tracked) -> Tracked:
    """log(1 + exp z), by the stable formula or the plain one."""
    stable = z.maximum(0.0) + (-z.abs()).exp().log1p()
    return stable.either(z.exp().log1p())


def logistic(z: Tracked) -> Tracked:
    """1 ÷ (1 + exp −z), by that formula or through tanh."""
    plain = z.constant(1.0) / ((-z).exp() + 1.0)
    return plain.either((z * 0.5).tanh() * 0.5 + 0.5)


def clipped(x: Tracked, low: Tracked, high: Tracked) -> tuple[Tracked, Tracked]:
    """The value between two bounds, and the slope of clipping: 1 inside, 0 outside, either on a bound."""
    inside = np.asarray((x.value > low.value) & (x.value < high.value))
    value = np.asarray(x.value, np.float64)
    beside = (np.abs(value - low.value) <= x.error) | (np.abs(value - high.value) <= x.error)
    return x.maximum(low).minimum(high), x.constant(1.0).where(inside, 0.0, beside)


def through(slope: Tracked, inside: Tracked) -> Tracked:
    """A slope behind a clipping: outside it is 0, or, where it was too large for the dtype, NaN, 0·∞."""
    outside = np.asarray((inside.value == 0) & (inside.error == 0))
    taken = slope * inside
    return replace(taken.where(~outside, 0.0), flags=taken.flags)


def open_where(x: Tracked, condition: Array) -> Tracked:
    """The same, with elements of which nothing is said: any number, infinity or NaN will do."""
    condition = np.broadcast_to(condition, x.shape)
    return replace(
        x,
        value=np.where(condition, 0, x.value).astype(x.value.dtype),
        error=np.where(condition, np.inf, x.error),
    )


def same_shape(y_true: Array, y_pred: Array) -> None:
    """Refuse targets and predictions of different shapes."""
    if y_true.shape != y_pred.shape:
        raise ShapeMismatch(f"targets {y_true.shape} and predictions {y_pred.shape} differ in shape")


def classes_back(x: Tracked, axis: int) -> Tracked:
    """The last axis moved to where the classes were."""
    return x.placed(lambda part: np.moveaxis(part, -1, axis))
