"""The default objective of every Keras: one number from losses, weights and a mask."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.clause import reading
from reference.errors import ShapeMismatch
from reference.outcomes import ORACLE, AnyOf, Bounded, Working
from reference.sources import keras, tf_keras
from reference.tracked import Tracked
from reference.weighting.parts import (
    EPSILON,
    elements,
    enlarged,
    fits,
    fitted,
    from_the_left,
    objective,
    require_broadcast,
    same_rank,
)

Array = np.ndarray[Any, Any]
Losses = tuple[Bounded, Bounded]

_WEIGHTED = "weighted_masked_objective"


@reading(
    "weighting.weighted",
    "keras-2.2",
    since="2.2.5",
    source=(
        keras("2.2.5", "engine/training_utils.py", _WEIGHTED),
        keras("2.2.5", "engine/training_utils.py", "standardize_weights"),
    ),
)
@np.errstate(all="ignore")
def weighted_keras_2_2(
    y_true: Array, y_pred: Array, weights: Array | None, mask: Array | None, *, working: Working = ORACLE
) -> Losses:
    """The loss is the mean over the weights that are not 0, and, with a mask, over what is not masked.

    y_true, y_pred: floating (batch, ..., features), squared error. weights: floating (batch,), or
    (batch, time) for targets of rank 3 and more, or None. mask: bool (batch, ...), or None.
    Returns the loss, a scalar, and its gradient with respect to y_pred. ε is 1e-7.

    [mask] With a mask the losses MUST be multiplied with M and divided by mean(M) + ε.
    [extra-axes] Then they MUST be averaged over the axes beyond those of the weights.
    [nonzero] Then they MUST be multiplied with W and divided by the mean of W ≠ 0: the sum is
        divided by the number of weights that are not 0, whatever their sum.
    [all-zero] If every weight is 0 the loss MUST be NaN, 0 ÷ 0.
    [all-masked] If everything is masked the loss MUST be 0: ε keeps the quotient finite.
    [shape] Weights whose shape is no prefix of the targets' MUST be refused.
    [gradient] The gradient MUST be that of the formula; no gradient goes through W or M.
    """
    losses, slope = elements(y_true, y_pred, working)
    factor = losses.constant(1.0)
    if mask is not None:
        valid = fitted(mask, losses)
        factor = valid / (valid.mean() + EPSILON)  # [mask] [all-masked]
    return _over_nonzero(losses, slope, factor, weights, y_true.shape)


@reading(
    "weighting.weighted",
    "keras-2.2",
    before="2.2.5",
    source=keras("2.2.4", "engine/training_utils.py", _WEIGHTED),
)
@np.errstate(all="ignore")
def weighted_keras_2_2_4(
    y_true: Array, y_pred: Array, weights: Array | None, mask: Array | None, *, working: Working = ORACLE
) -> Losses:
    """The loss is the mean over the weights that are not 0, and, with a mask, over what is not masked.

    y_true, y_pred: floating (batch, ..., features), squared error. weights: floating (batch,), or
    (batch, time) for targets of rank 3 and more, or None. mask: bool (batch, ...), or None.
    Returns the loss, a scalar, and its gradient with respect to y_pred.

    [mask] With a mask the losses MUST be multiplied with M and divided by mean(M), without an ε.
    [extra-axes] Then they MUST be averaged over the axes beyond those of the weights.
    [nonzero] Then they MUST be multiplied with W and divided by the mean of W ≠ 0.
    [all-zero] If every weight is 0 the loss MUST be NaN, 0 ÷ 0.
    [all-masked] If everything is masked the loss MUST be NaN, 0 ÷ 0.
    [shape] Weights whose shape is no prefix of the targets' MUST be refused.
    [gradient] The gradient MUST be that of the formula; no gradient goes through W or M.
    """
    losses, slope = elements(y_true, y_pred, working)
    factor = losses.constant(1.0)
    if mask is not None:
        valid = fitted(mask, losses)
        factor = valid / valid.mean()  # [mask] [all-masked]
    return _over_nonzero(losses, slope, factor, weights, y_true.shape)


def _over_nonzero(
    losses: Tracked, slope: Tracked, factor: Tracked, weights: Array | None, shape: tuple[int, ...]
) -> Losses:
    """The mean over the weights that are not 0, of losses times a factor."""
    if weights is not None:
        allowed = [shape[:1]] + ([shape[:2]] if len(shape) > 2 else [])
        if weights.shape not in allowed:
            text = f"weights {weights.shape} are no prefix of targets {shape}"
            raise ShapeMismatch(text, shows_as=("ValueError",))  # [shape]
        counted = fitted(weights != 0, losses).mean()
        spread = (*weights.shape, *(1,) * (len(losses.shape) - weights.ndim))
        share = fitted(weights, losses) / counted  # [nonzero] [all-zero]
        factor = factor * share.reshape(spread)  # [extra-axes]
    return objective(losses, slope, factor, float(losses.value.size))  # [gradient]


@reading(
    "weighting.weighted",
    "keras-2.3",
    source=(
        keras("2.3.1", "engine/training.py", "_prepare_total_loss"),
        keras("2.3.1", "utils/losses_utils.py", "compute_weighted_loss"),
        keras("2.3.1", "utils/losses_utils.py", "broadcast_weights"),
    ),
)
@np.errstate(all="ignore")
def weighted_keras_2_3(
    y_true: Array, y_pred: Array, weights: Array | None, mask: Array | None, *, working: Working = ORACLE
) -> Losses:
    """The loss is the weighted sum divided by the number of all losses, masked ones included.

    y_true, y_pred: floating (batch, ..., features), squared error. weights: floating, of the shape of
    the losses, of its first axes, or with a unit axis at the end; scalar or None.
    mask: bool (batch, ...), or None. Returns the loss, a scalar, and its gradient.

    [mask] A mask MUST only multiply the weights.
    [divisor] The sum of weighted losses MUST be divided by N, whatever the weights and the mask.
    [all-masked] If everything is masked the loss MUST be 0.
    [fit] Weights MUST gain or lose unit axes at the end, to fit the losses from the left.
    [shape] Weights that then cannot be broadcast to the shape of the losses MUST be refused.
    [gradient] The gradient MUST be that of the formula; no gradient goes through W or M.
    """
    losses, slope = elements(y_true, y_pred, working)
    factor = from_the_left(fitted(weights, losses), len(losses.shape))  # [fit]
    require_broadcast(factor, losses)
    if not fits(factor, losses):
        text = f"weights {factor.shape} do not fit losses {losses.shape}"
        raise ShapeMismatch(text, shows_as=("ValueError",))  # [shape]
    if mask is not None:
        factor = factor * fitted(mask, losses)  # [mask] [all-masked]
    return objective(losses, slope, factor, float(losses.value.size))  # [divisor] [gradient]


@reading(
    "weighting.weighted",
    "keras-2",
    since="2.11",
    source=(
        keras("v2.11.0", "utils/losses_utils.py", "apply_valid_mask"),
        tf_keras("utils/losses_utils.py", "apply_valid_mask"),
        tf_keras("utils/losses_utils.py", "compute_weighted_loss"),
    ),
)
@np.errstate(all="ignore")
def weighted_keras_2(
    y_true: Array, y_pred: Array, weights: Array | None, mask: Array | None, *, working: Working = ORACLE
) -> Losses | AnyOf:
    """The loss is the weighted sum divided by N or, with a mask, by the number of valid losses.

    y_true, y_pred: floating (batch, ..., features), squared error. weights: floating, of the shape of
    the losses, with an axis less or a unit axis more at the end; scalar or None.
    mask: bool (batch, ...), or None. Returns the loss, a scalar, and its gradient.

    [divisor] Without a mask the sum of weighted losses MUST be divided by N, whatever the weights.
    [mask] With a mask the weights MUST be multiplied with M·N ÷ ΣM: the sum over what is valid is
        divided by the number of what is valid.
    [all-masked] If everything is masked the loss MUST be NaN.
    [fit] Weights of one axis less MUST belong to the first axes; a unit axis more MUST be dropped.
    [shape] Weights that cannot be broadcast together with the losses MUST be refused.
    [larger] Weights that would make the losses more than they are, are OPEN: refused, or they do.
    [spoiled] A loss of NaN SHOULD make the result NaN, even if its weight is 0 or it is masked.
    [gradient] The gradient MUST be that of the formula; no gradient goes through W or M.
    """
    losses, slope = elements(y_true, y_pred, working)
    factor = same_rank(fitted(weights, losses), len(losses.shape))  # [fit]
    require_broadcast(factor, losses)  # [shape]
    if mask is None and not fits(factor, losses):
        return enlarged(losses, slope, factor)  # [larger]
    if mask is not None:
        valid = fitted(mask, losses)
        factor = factor * (valid * (valid.constant(float(mask.size)) / valid.sum()))  # [mask] [all-masked]
    return objective(losses, slope, factor, float(losses.value.size))  # [divisor] [spoiled] [gradient]


@reading(
    "weighting.weighted",
    "keras-3",
    since="3.13",
    source=(
        keras("v3.15.1", "losses/loss.py", "apply_mask"),
        keras("v3.15.1", "losses/loss.py", "reduce_weighted_values"),
    ),
)
@np.errstate(all="ignore")
def weighted_keras_3(
    y_true: Array, y_pred: Array, weights: Array | None, mask: Array | None, *, working: Working = ORACLE
) -> Losses | AnyOf:
    """The loss is the weighted sum divided by N or, with a mask, by the number of valid losses.

    y_true, y_pred: floating (batch, ..., features), squared error. weights: floating, that broadcast to
    the losses, or with a unit axis more at the end; scalar or None.
    mask: bool (batch, ...), or None. Returns the loss, a scalar, and its gradient.

    [divisor] Without a mask the sum of weighted losses MUST be divided by N, whatever the weights.
    [mask] With a mask the weights MUST be multiplied with M·N ÷ ΣM: the sum over what is valid is
        divided by the number of what is valid.
    [all-masked] If everything is masked the loss MUST be 0.
    [fit] Weights (batch, 1) MUST belong to the samples; a unit axis more MUST be dropped.
    [per-sample] Weights (batch,) for losses (batch, time) are OPEN where a loss is called: they
        belong to the samples, or are aligned to the last axis, or are refused.
    [shape] Other weights that cannot be broadcast together with the losses MUST be refused.
    [larger] Weights that would make the losses more than they are, are OPEN: refused, or they do.
    [spoiled] A loss of NaN SHOULD make the result NaN, even if its weight is 0 or it is masked.
    [gradient] The gradient MUST be that of the formula; no gradient goes through W or M.
    """
    losses, slope = elements(y_true, y_pred, working)
    factor = _valid_share(mask, losses, 0.0)  # [mask] [all-masked]
    return _keras_3(losses, slope, factor, weights)


@reading(
    "weighting.weighted",
    "keras-3",
    before="3.13",
    source=keras("v3.12.0", "losses/loss.py", "apply_mask"),
)
@np.errstate(all="ignore")
def weighted_keras_3_12(
    y_true: Array, y_pred: Array, weights: Array | None, mask: Array | None, *, working: Working = ORACLE
) -> Losses | AnyOf:
    """The loss is the weighted sum divided by N or, with a mask, by the number of valid losses.

    y_true, y_pred: floating (batch, ..., features), squared error. weights: floating, that broadcast to
    the losses, or with a unit axis more at the end; scalar or None.
    mask: bool (batch, ...), or None. Returns the loss, a scalar, and its gradient. ε is 1e-7.

    [divisor] Without a mask the sum of weighted losses MUST be divided by N, whatever the weights.
    [mask] With a mask the weights MUST be multiplied with M·N ÷ (ΣM + ε).
    [all-masked] If everything is masked the loss MUST be 0.
    [fit] Weights (batch, 1) MUST belong to the samples; a unit axis more MUST be dropped.
    [per-sample] Weights (batch,) for losses (batch, time) are OPEN where a loss is called: they
        belong to the samples, or are aligned to the last axis, or are refused.
    [shape] Other weights that cannot be broadcast together with the losses MUST be refused.
    [larger] Weights that would make the losses more than they are, are OPEN: refused, or they do.
    [spoiled] A loss of NaN SHOULD make the result NaN, even if its weight is 0 or it is masked.
    [gradient] The gradient MUST be that of the formula; no gradient goes through W or M.
    """
    losses, slope = elements(y_true, y_pred, working)
    factor = _valid_share(mask, losses, EPSILON)  # [mask] [all-masked]
    return _keras_3(losses, slope, factor, weights)


def _valid_share(mask: Array | None, losses: Tracked, epsilon: float) -> Tracked:
    """M·N ÷ (ΣM + ε), and 0 where everything is masked."""
    if mask is None:
        return losses.constant(1.0)
    valid = fitted(mask, losses)
    if not mask.any():
        return valid
    return valid * (valid.constant(float(mask.size)) / (valid.sum() + epsilon))


def _keras_3(losses: Tracked, slope: Tracked, factor: Tracked, weights: Array | None) -> Losses | AnyOf:
    """The weighted sum over N, with Keras 3's ways to fit weights to losses."""
    count = float(losses.value.size)
    given = fitted(weights, losses)
    if len(given.shape) == len(losses.shape) + 1 and given.shape[-1] == 1:
        given = given.reshape(given.shape[:-1])  # [fit]
    if weights is None or len(given.shape) != len(losses.shape) - 1 or not given.shape:
        require_broadcast(given, losses)  # [shape]
        if not fits(given, losses):
            return enlarged(losses, slope, given)  # [larger]
        return objective(losses, slope, factor * given, count)  # [divisor] [spoiled] [gradient]
    allowed: list[Any] = [ShapeMismatch(f"weights {given.shape} do not fit losses {losses.shape}")]
    for way in (given.reshape((*given.shape, 1)), given):  # [per-sample]
        if way.shape[0] == losses.shape[0] if way.shape[-1:] == (1,) else way.shape == losses.shape[1:]:
            allowed.insert(0, objective(losses, slope, factor * way, count))
    return AnyOf(tuple(allowed))
