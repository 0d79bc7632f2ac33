"""The reductions of a loss object: what becomes of weighted losses."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.clause import reading
from reference.errors import Refused
from reference.outcomes import ORACLE, AnyOf, Bounded, Working
from reference.sources import keras, tf_keras
from reference.tracked import Tracked
from reference.weighting.parts import elements, fitted, same_rank

Array = np.ndarray[Any, Any]

_OBJECT = keras("v3.15.1", "losses/loss.py", "reduce_values")


@reading("weighting.reduction", "keras-2", source=tf_keras("utils/losses_utils.py", "ReductionV2"))
@np.errstate(all="ignore")
def reduction_keras_2(
    y_true: Array,
    y_pred: Array,
    weights: Array | None,
    mask: Array | None,
    reduction: str,
    *,
    working: Working = ORACLE,
) -> Bounded:
    """A loss object keeps, adds or averages its weighted losses.

    y_true, y_pred: floating (batch, ..., features), squared error. weights: as for weighting.weighted.
    mask: bool (batch, ...), or None. Returns a scalar, or an array of the shape of the losses.

    [none] "none" MUST give every loss times its weight.
    [mask] A mask MUST multiply the weights, as 0 or 1, and leave those that were given as they are.
    [sum] "sum" MUST add these.
    [mean] "sum_over_batch_size" and "auto" MUST divide the sum by N, after the mask was scaled by
        N ÷ ΣM.
    [empty] Without a loss the sum and the mean MUST be 0.
    [unknown] Any other reduction MUST be refused.
    """
    if reduction not in ("none", "sum", "sum_over_batch_size", "auto"):
        raise Refused(f"there is no reduction {reduction!r}")  # [unknown]
    losses, _ = elements(y_true, y_pred, working)
    factor = same_rank(fitted(weights, losses), len(losses.shape))
    if mask is not None and reduction in ("sum_over_batch_size", "auto"):
        valid = fitted(mask, losses)
        factor = factor * (valid * (valid.constant(float(mask.size)) / valid.sum()))
    elif mask is not None:
        factor = factor * fitted(mask, losses)  # [mask]
    return _reduced(losses * factor, "sum_over_batch_size" if reduction == "auto" else reduction).bounded()


def _reduced(values: Tracked, reduction: str | None) -> Tracked:
    if reduction in (None, "none"):
        return values  # [none]
    if reduction == "sum" or not values.value.size:
        return values.sum()  # [sum] [empty]
    return values.sum() / float(values.value.size)  # [mean]


@reading("weighting.reduction", "keras-3", since="3.13", source=_OBJECT)
@np.errstate(all="ignore")
def reduction_keras_3(
    y_true: Array,
    y_pred: Array,
    weights: Array | None,
    mask: Array | None,
    reduction: str | None,
    *,
    working: Working = ORACLE,
) -> Bounded | AnyOf:
    """A loss object keeps, adds or averages its weighted losses.

    y_true, y_pred: floating (batch, ..., features), squared error. weights: floating, that broadcast to
    the losses, scalar or None. mask: bool (batch, ...), or None.
    Returns a scalar, or an array of the shape of the losses.

    [none] "none" and None MUST give every loss times its weight.
    [mask] A mask MUST multiply the weights, as 0 or 1, and leave those that were given as they are.
    [sum] "sum" MUST add these.
    [mean] "sum_over_batch_size" and "mean" MUST divide the sum by N, after the mask was scaled by
        N ÷ ΣM, or became 0 if nothing is valid.
    [by-weights] "mean_with_sample_weight" MUST divide the sum of losses times weight times mask by
        the sum of weight times mask, and give 0 if that is 0; without both it MUST be the mean.
    [spread] If the weights are fewer than the losses, whether [by-weights] counts each once or at
        every loss that it weighs is OPEN.
    [unit] Whether a single loss, (1,), keeps its axis beside a weight that is a scalar, and is then
        divided by it under [by-weights], is OPEN.
    [empty] What no loss at all gives under a sum or a mean is OPEN: 0, NaN, or no number.
    [unknown] Any other reduction, "auto" among them, MUST be refused.
    """
    known = (None, "none", "sum", "sum_over_batch_size", "mean", "mean_with_sample_weight")
    if reduction not in known:
        raise Refused(f"there is no reduction {reduction!r}")  # [unknown]
    losses, _ = elements(y_true, y_pred, working)
    given = fitted(weights, losses)
    if mask is not None and reduction in ("sum_over_batch_size", "mean"):
        valid = fitted(mask, losses)
        scale = valid.constant(float(mask.size)) / valid.sum()
        given = given * (valid * scale if mask.any() else valid)
    elif mask is not None:
        given = given * fitted(mask, losses)  # [mask]
    values = losses * given
    if not values.value.size and reduction not in (None, "none"):
        nothing = (values.sum(), values.sum() / 0.0, values)
        return AnyOf(tuple(way.bounded() for way in nothing))  # [empty]
    scalar = weights is not None and not weights.shape
    single = values.reshape(()).bounded() if scalar and losses.shape == (1,) else None
    if reduction in (None, "none") and single is not None:
        return AnyOf((values.bounded(), single))  # [unit]
    if reduction != "mean_with_sample_weight" or (weights is None and mask is None):
        return _reduced(values, reduction).bounded()
    once = _guarded(values.sum(), given.sum())  # [by-weights]
    everywhere = _guarded(values.sum(), (given + losses * 0.0).sum())
    if given.shape == losses.shape and single is None:
        return once.bounded()
    ways = (once.bounded(), everywhere.bounded())  # [spread]
    return AnyOf(ways if single is None else (*ways, single))


def _guarded(total: Tracked, divisor: Tracked) -> Tracked:
    """The quotient, 0 where the divisor is just 0."""
    zero = np.asarray(divisor.value == 0)
    return total.constant(0.0).where(zero, total / divisor)
