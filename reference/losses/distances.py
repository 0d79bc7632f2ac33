"""Losses that measure how far a prediction is from its target."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.clause import reading
from reference.losses.shapes import mean_last, pair, same_rank, softplus
from reference.outcomes import ORACLE, Bounded, Working
from reference.sources import keras, tf_keras
from reference.tracked import Tracked, track

Array = np.ndarray[Any, Any]
Losses = tuple[Bounded, Bounded]

_SQUEEZE = keras("v3.15.1", "losses/loss.py", "squeeze_or_expand_to_same_rank")


@reading("losses.distance", "keras-2.2", source=keras("2.2.5", "losses.py", "mean_squared_error"))
@reading("losses.distance", "keras-2", source=tf_keras("losses.py", "mean_squared_error"))
@np.errstate(all="ignore")
def distance_keras_2(
    loss: str, y_true: Array, y_pred: Array, upstream: Array, *, working: Working = ORACLE
) -> Losses:
    """Squared and absolute error are averaged over the last axis.

    loss: "mean_squared_error" or "mean_absolute_error". y_true, y_pred: floating (batch, ..., features).
    upstream: floating (batch, ...). Returns losses (batch, ...) and gradient of the shape of y_pred.

    [squared] The squared error MUST be the mean of (y_pred − y_true)².
    [absolute] The absolute error MUST be the mean of |y_pred − y_true|.
    [kink] Its slope where there is no error at all is OPEN: any number from −1 to 1.
    [last-axis] The mean MUST go over the last axis alone; (batch,) against (batch, 1) MUST be
        broadcast to (batch, batch) first.
    [gradient] The gradient MUST be 2·(y_pred − y_true), or its sign, times upstream ÷ features.
    [dtype] Both MUST have the dtype of y_pred.
    """
    target, prediction = pair(y_true, y_pred, working)
    return _distance(loss, target, prediction, upstream, y_pred)


@reading(
    "losses.distance",
    "keras-3",
    since="3.0.5",
    source=(keras("v3.15.1", "losses/losses.py", "mean_squared_error"), _SQUEEZE),
)
@np.errstate(all="ignore")
def distance_keras_3(
    loss: str, y_true: Array, y_pred: Array, upstream: Array, *, working: Working = ORACLE
) -> Losses:
    """Squared and absolute error are averaged over the last axis, after the ranks were aligned.

    loss: "mean_squared_error" or "mean_absolute_error". y_true, y_pred: floating (batch, ..., features).
    upstream: floating (batch, ...). Returns losses (batch, ...) and gradient of the shape of y_pred.

    [squared] The squared error MUST be the mean of (y_pred − y_true)².
    [absolute] The absolute error MUST be the mean of |y_pred − y_true|.
    [kink] Its slope where there is no error at all is OPEN: any number from −1 to 1.
    [ranks] (batch,) against (batch, 1) MUST be taken as (batch, 1); (batch, time) against
        (batch, time, 1) MUST be taken as (batch, time).
    [last-axis] The mean MUST go over the last axis alone.
    [gradient] The gradient MUST be 2·(y_pred − y_true), or its sign, times upstream ÷ features.
    [dtype] Both MUST have the dtype of y_pred.
    """
    true, pred = same_rank(y_true, y_pred)  # [ranks]
    target, prediction = pair(true, pred, working)
    return _distance(loss, target, prediction, upstream, y_pred)


def _distance(loss: str, target: Tracked, prediction: Tracked, upstream: Array, y_pred: Array) -> Losses:
    error = prediction - target
    sign = np.sign(np.asarray(error.value, np.float64))
    if loss == "mean_squared_error":
        elements, slope = error * error, error * 2.0  # [squared]
    else:
        elements = error.abs()  # [absolute]
        slope = track(sign.astype(y_pred.dtype), y_pred.dtype, error.working)
        slope = slope.within((sign == 0).astype(np.float64))  # [kink]
    values, gradient = mean_last(elements, slope, upstream, prediction.value)  # [last-axis]
    return values.bounded(), gradient.reshape(y_pred.shape).bounded()  # [gradient] [dtype]


@reading("losses.huber", "keras-2", source=tf_keras("losses.py", "huber"))
@np.errstate(all="ignore")
def huber_keras_2(
    y_true: Array, y_pred: Array, upstream: Array, delta: float, *, working: Working = ORACLE
) -> Losses:
    """Huber's loss is a parabola up to delta and a line beyond, averaged over the last axis.

    y_true, y_pred: floating (batch, ..., features). upstream: floating (batch, ...). delta: float > 0.
    Returns losses (batch, ...) and gradient of the shape of y_pred.

    [parabola] Where |y_pred − y_true| ≤ delta an element MUST cost half the squared error.
    [line] Elsewhere it MUST cost delta·|y_pred − y_true| − delta² ÷ 2.
    [broadcast] Different shapes MUST be broadcast first: (batch,) against (batch, 1) is (batch, batch).
    [gradient] The gradient MUST be the error clipped to ± delta, times upstream ÷ features.
    [dtype] The losses MUST be computed in, and have, float32, the default floating dtype;
        the gradient MUST have the dtype of y_pred.
    """
    single = np.dtype(np.float32)
    working = working.at_least(single)
    prediction, target = y_pred.astype(single), y_true.astype(single)
    values, gradient = _huber(target, prediction, upstream.astype(single), delta, working)
    return values.bounded(), gradient.cast(y_pred.dtype).bounded()  # [dtype]


@reading(
    "losses.huber",
    "keras-3",
    since="3.0.5",
    source=(keras("v3.15.1", "losses/losses.py", "huber"), _SQUEEZE),
)
@np.errstate(all="ignore")
def huber_keras_3(
    y_true: Array, y_pred: Array, upstream: Array, delta: float, *, working: Working = ORACLE
) -> Losses:
    """Huber's loss is a parabola up to delta and a line beyond, averaged over the last axis.

    y_true, y_pred: floating (batch, ..., features). upstream: floating (batch, ...). delta: float > 0.
    Returns losses (batch, ...) and gradient of the shape of y_pred.

    [parabola] Where |y_pred − y_true| ≤ delta an element MUST cost half the squared error.
    [line] Elsewhere it MUST cost delta·|y_pred − y_true| − delta² ÷ 2.
    [ranks] (batch,) against (batch, 1) MUST be taken as (batch, 1); (batch, time) against
        (batch, time, 1) MUST be taken as (batch, time).
    [gradient] The gradient MUST be the error clipped to ± delta, times upstream ÷ features.
    [dtype] Both MUST have the dtype of y_pred.
    """
    true, pred = same_rank(y_true, y_pred)  # [ranks]
    values, gradient = _huber(true, pred, upstream, delta, working)
    return values.bounded(), gradient.reshape(y_pred.shape).bounded()  # [dtype]


def _huber(
    y_true: Array, y_pred: Array, upstream: Array, delta: float, working: Working
) -> tuple[Tracked, Tracked]:
    target, prediction = pair(y_true, y_pred, working)  # [broadcast]
    elements, slope = huber_elements(target, prediction, delta)
    return mean_last(elements, slope, upstream, y_pred)  # [gradient]


def huber_elements(target: Tracked, prediction: Tracked, delta: float) -> tuple[Tracked, Tracked]:
    """The cost of each element, and its slope."""
    error = prediction - target
    limit = error.constant(delta)
    distance = error.abs()
    near = np.asarray(distance.value <= limit.value)
    beside = np.abs(distance.size - limit.size) <= distance.error + limit.error
    parabola = error * error * 0.5  # [parabola]
    line = (limit * distance - limit * limit * 0.5).either((distance - limit * 0.5) * limit)  # [line]
    return parabola.where(near, line, beside), error.minimum(limit).maximum(-limit)


@reading("losses.log-cosh", "keras-2.2", source=keras("2.2.5", "losses.py", "logcosh"))
@np.errstate(all="ignore")
def log_cosh(y_true: Array, y_pred: Array, upstream: Array, *, working: Working = ORACLE) -> Losses:
    """The logarithm of the hyperbolic cosine of the error, averaged over the last axis.

    y_true, y_pred: floating (batch, ..., features). upstream: floating (batch, ...).
    Returns losses (batch, ...) and gradient of the shape of y_pred.

    [stable] An element MUST cost e + softplus(−2e) − log 2, e = y_pred − y_true, which is
        log cosh e and does not overflow.
    [broadcast] Different shapes MUST be broadcast first: (batch,) against (batch, 1) is (batch, batch).
    [gradient] The gradient MUST be tanh e times upstream ÷ features.
    [dtype] Both MUST have the dtype of y_pred.
    """
    values, gradient = _log_cosh(y_true, y_pred, upstream, working)  # [broadcast]
    return values.bounded(), gradient.bounded()  # [dtype]


@reading(
    "losses.log-cosh",
    "keras-3",
    since="3.0.5",
    source=(keras("v3.15.1", "losses/losses.py", "log_cosh"), _SQUEEZE),
)
@np.errstate(all="ignore")
def log_cosh_keras_3(y_true: Array, y_pred: Array, upstream: Array, *, working: Working = ORACLE) -> Losses:
    """The logarithm of the hyperbolic cosine of the error, averaged over the last axis.

    y_true, y_pred: floating (batch, ..., features). upstream: floating (batch, ...).
    Returns losses (batch, ...) and gradient of the shape of y_pred.

    [stable] An element MUST cost e + softplus(−2e) − log 2, e = y_pred − y_true, which is
        log cosh e and does not overflow.
    [ranks] (batch,) against (batch, 1) MUST be taken as (batch, 1); (batch, time) against
        (batch, time, 1) MUST be taken as (batch, time).
    [gradient] The gradient MUST be tanh e times upstream ÷ features.
    [dtype] Both MUST have the dtype of y_pred.
    """
    true, pred = same_rank(y_true, y_pred)  # [ranks]
    values, gradient = _log_cosh(true, pred, upstream, working)
    return values.bounded(), gradient.reshape(y_pred.shape).bounded()  # [dtype]


def _log_cosh(y_true: Array, y_pred: Array, upstream: Array, working: Working) -> tuple[Tracked, Tracked]:
    target, prediction = pair(y_true, y_pred, working)
    error = prediction - target
    elements = error + softplus(error * -2.0) - float(np.log(2.0))  # [stable]
    plain = error.constant(1.0) - error.constant(2.0) / ((error * 2.0).exp() + 1.0)
    return mean_last(elements, error.tanh().either(plain), upstream, y_pred)  # [gradient]


@reading("losses.hinge", "keras-2.2", source=keras("2.2.5", "losses.py", "hinge"))
@np.errstate(all="ignore")
def hinge_keras_2_2(y_true: Array, y_pred: Array, upstream: Array, *, working: Working = ORACLE) -> Losses:
    """A prediction costs what its product with the target lacks to 1, averaged over the last axis.

    y_true: floating (batch, ..., features), −1 or 1. y_pred: the same shape. upstream: (batch, ...).
    Returns losses (batch, ...) and gradient of the shape of y_pred.

    [margin] An element MUST cost max(0, 1 − y_true·y_pred), with targets as they are.
    [gradient] The gradient MUST be −y_true times upstream ÷ features where the element costs
        something, 0 where it costs nothing, and at the kink −y_true times a share from 0 to 1.
    [dtype] Both MUST have the dtype of y_pred.
    """
    target, prediction = pair(y_true, y_pred, working)
    return _hinge(target, prediction, upstream, y_pred)


@reading("losses.hinge", "keras-2.3", source=keras("2.3.1", "losses.py", "hinge"))
@reading("losses.hinge", "keras-3", source=keras("v3.15.1", "losses/losses.py", "hinge"))
@np.errstate(all="ignore")
def hinge_keras_2_3(y_true: Array, y_pred: Array, upstream: Array, *, working: Working = ORACLE) -> Losses:
    """A prediction costs what its product with the target lacks to 1, averaged over the last axis.

    y_true: floating (batch, ..., features), −1 or 1, or 0 or 1. y_pred: the same shape.
    upstream: (batch, ...). Returns losses (batch, ...) and gradient of the shape of y_pred.

    [binary] If every target is 0 or 1, targets MUST be taken as −1 and 1.
    [margin] An element MUST cost max(0, 1 − y_true·y_pred).
    [gradient] The gradient MUST be −y_true times upstream ÷ features where the element costs
        something, 0 where it costs nothing, and at the kink −y_true times a share from 0 to 1.
    [dtype] Both MUST have the dtype of y_pred.
    """
    binary = bool(((y_true == 0) | (y_true == 1)).all())
    labels = (2 * y_true - 1).astype(y_true.dtype) if binary else y_true  # [binary]
    target, prediction = pair(labels, y_pred, working)
    return _hinge(target, prediction, upstream, y_pred)


def _hinge(target: Tracked, prediction: Tracked, upstream: Array, y_pred: Array) -> Losses:
    lacking = 1.0 - target * prediction
    costs = np.asarray(lacking.value > 0)
    slope = (-target).where(costs, 0.0, lacking.size <= lacking.error)
    values, gradient = mean_last(lacking.maximum(0.0), slope, upstream, y_pred)  # [margin] [gradient]
    return values.bounded(), gradient.bounded()  # [dtype]
