"""What the readings of the chapter share: losses of the elements, weights that fit, the weighted sum."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.errors import ShapeMismatch
from reference.losses.shapes import pair, summed_back
from reference.outcomes import AnyOf, Bounded, Working
from reference.tracked import Tracked, track

Array = np.ndarray[Any, Any]
Losses = tuple[Bounded, Bounded]

EPSILON = 1e-7


def elements(y_true: Array, y_pred: Array, working: Working) -> tuple[Tracked, Tracked]:
    """The squared error of every element, averaged over the last axis, and its slope."""
    target, prediction = pair(y_true, y_pred, working)
    error = prediction - target
    features = float(y_pred.shape[-1])
    return (error * error).mean(-1), (error * 2.0) * (error.constant(1.0) / features)


def objective(losses: Tracked, slope: Tracked, weights: Tracked, divisor: Tracked | float) -> Losses:
    """The weighted sum of the losses, divided, and its gradient; weights fit the losses by broadcasting."""
    factor = _spread(weights / divisor, losses)
    value = (losses * weights).sum() / divisor
    gradient = slope * factor.reshape((*factor.shape, 1))
    return value.bounded(), gradient.bounded()


def _spread(weights: Tracked, like: Tracked) -> Tracked:
    """The weights, one for every loss."""
    return weights.placed(lambda part: np.broadcast_to(part, like.shape))


def fitted(weights: Array | None, like: Tracked) -> Tracked:
    """Weights or a mask in the dtype of the losses; 1 if there are none."""
    return like.constant(1.0) if weights is None else track(weights, like.form.dtype, like.working)


def same_rank(weights: Tracked, rank: int) -> Tracked:
    """Weights with a unit axis more or less at their end, if their rank differs by one."""
    if len(weights.shape) == rank + 1 and weights.shape[-1] == 1:
        return weights.reshape(weights.shape[:-1])
    if weights.shape and len(weights.shape) == rank - 1:
        return weights.reshape((*weights.shape, 1))
    return weights


def from_the_left(weights: Tracked, rank: int) -> Tracked:
    """Weights with as many unit axes at their end as they lack, or with one less."""
    if weights.shape and len(weights.shape) < rank:
        return weights.reshape((*weights.shape, *(1,) * (rank - len(weights.shape))))
    return same_rank(weights, rank)


def fits(weights: Tracked, losses: Tracked) -> bool:
    """Whether weights can be broadcast to the losses."""
    if len(weights.shape) > len(losses.shape):
        return False
    pairs = zip(reversed(weights.shape), reversed(losses.shape), strict=False)
    return all(own in (1, size) for own, size in pairs)


def require_broadcast(weights: Tracked, losses: Tracked) -> None:
    """Refuse weights that cannot be broadcast together with the losses."""
    try:
        np.broadcast_shapes(weights.shape, losses.shape)
    except ValueError:
        raise ShapeMismatch(f"weights {weights.shape} do not fit losses {losses.shape}") from None


def enlarged(losses: Tracked, slope: Tracked, weights: Tracked) -> AnyOf:
    """Weights that enlarge the losses: refused, or the losses are repeated and count as often."""
    shape = np.broadcast_shapes(weights.shape, losses.shape)
    count = float(np.prod(shape))
    features = slope.shape[-1]
    value = (losses * weights).sum() / count
    factor = (losses * 0.0 + 1.0) * (weights / count)
    gradient = summed_back(slope * factor.reshape((*factor.shape, 1)), (*losses.shape, features))
    refusal = ShapeMismatch(f"weights {weights.shape} do not fit losses {losses.shape}")
    return AnyOf(((value.bounded(), gradient.bounded()), refusal))
