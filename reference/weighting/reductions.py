"""The reductions of a loss object: what becomes of weighted losses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from reference.clause import reading
from reference.errors import Refused, ShapeMismatch
from reference.outcomes import ORACLE, AnyOf, Bounded, Working
from reference.sources import keras, tf_keras
from reference.tracked import Tracked
from reference.weighting.parts import elements, fits, fitted, same_rank

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

    y_true, y_pred: floating (batch, ..., features), squared error. weights: as for weighting.weighted.
    mask: bool (batch, ...), or None. Returns a scalar, or an array of the shape of the losses.

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
    [per-sample] Weights (batch,) for losses (batch, time) are OPEN, as for weighting.weighted.
    [axis] Weights with a unit axis more at their end weigh the loss before it; whether flat losses
        beside them get a unit axis as well, if every loss is kept, is OPEN.
    [unknown] Any other reduction, "auto" among them, MUST be refused.
    """
    known = (None, "none", "sum", "sum_over_batch_size", "mean", "mean_with_sample_weight")
    if reduction not in known:
        raise Refused(f"there is no reduction {reduction!r}")  # [unknown]
    losses, _ = elements(y_true, y_pred, working)
    given, weighted, more = fitted(weights, losses), weights is not None, 0
    if weighted and given.shape:
        more = len(given.shape) - len(losses.shape)
    if more == 1 and given.shape[-1] == 1:
        found = _reductions(losses, given.reshape(given.shape[:-1]), mask, reduction, weighted)
        if reduction in (None, "none") and len(losses.shape) == 1:
            found += [_with_unit(one) for one in found]  # [axis]
    elif more == -1:
        ways = [way for way in (given.reshape((*given.shape, 1)), given) if fits(way, losses)]
        found = [one for way in ways for one in _reductions(losses, way, mask, reduction, weighted)]
        found.append(ShapeMismatch(f"weights {given.shape} do not fit losses {losses.shape}"))  # [per-sample]
    else:
        found = _reductions(losses, given, mask, reduction, weighted)
    return found[0] if len(found) == 1 else AnyOf(tuple(found))


def _reductions(
    losses: Tracked, given: Tracked, mask: Array | None, reduction: str | None, weighted: bool
) -> list[Any]:
    """What a reduction may give of losses and weights that fit, one outcome or several."""
    scalar = weighted and not given.shape
    if mask is not None and reduction in ("sum_over_batch_size", "mean"):
        valid = fitted(mask, losses)
        scale = valid.constant(float(mask.size)) / valid.sum()
        given = given * (valid * scale if mask.any() else valid)
    elif mask is not None:
        given = given * fitted(mask, losses)  # [mask]
    values = losses * given
    if not values.value.size and reduction not in (None, "none"):
        return [way.bounded() for way in (values.sum(), values.sum() / 0.0, values)]  # [empty]
    single = [values.reshape(()).bounded()] if scalar and losses.shape == (1,) else []
    if reduction in (None, "none") and single:
        return [values.bounded(), *single]  # [unit]
    if reduction != "mean_with_sample_weight" or not (weighted or mask is not None):
        return [_reduced(values, reduction).bounded()]
    once = _guarded(values.sum(), given.sum())  # [by-weights]
    if given.shape == losses.shape and not single:
        return [once.bounded()]
    everywhere = _guarded(values.sum(), (given + losses * 0.0).sum())
    return [once.bounded(), everywhere.bounded(), *single]  # [spread]


def _with_unit(bounded: Bounded) -> Bounded:
    """The same with a unit axis at its end."""
    parts = {name: part[..., None] for name, part in vars(bounded).items() if np.ndim(part)}
    return replace(bounded, **parts)


def _guarded(total: Tracked, divisor: Tracked) -> Tracked:
    """The quotient, 0 where the divisor is just 0."""
    zero = np.asarray(divisor.value == 0)
    return total.constant(0.0).where(zero, total / divisor)
