"""Cross-entropies of two and of many classes, divergence and direction, between distributions."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.clause import reading
from reference.losses.shapes import (
    classes_back,
    clipped,
    logistic,
    mean_last,
    open_where,
    pair,
    same_rank,
    same_shape,
    softplus,
    through,
)
from reference.outcomes import ORACLE, Bounded, Working
from reference.sources import keras, tensorflow, tf_keras
from reference.tracked import Tracked, track

Array = np.ndarray[Any, Any]
Losses = tuple[Bounded, Bounded]

EPSILON = 1e-7
"""What every Keras adds to, or keeps from, a probability, unless told otherwise."""


@reading(
    "losses.binary",
    "keras-2.2",
    source=keras("2.2.5", "backend/tensorflow_backend.py", "binary_crossentropy"),
)
@reading("losses.binary", "keras-3", source=keras("v3.15.1", "losses/losses.py", "binary_crossentropy"))
@np.errstate(all="ignore")
def binary(
    y_true: Array,
    y_pred: Array,
    upstream: Array,
    from_logits: bool,
    label_smoothing: float,
    *,
    working: Working = ORACLE,
) -> Losses:
    """The cross-entropy of independent yes-no questions, averaged over the last axis.

    y_true: floating (batch, ..., features) in 0 … 1. y_pred: the same shape, probabilities or logits.
    upstream: (batch, ...). label_smoothing: 0 … 1. Returns losses (batch, ...) and gradient of the
    shape of y_pred. ε is 1e-7, and it and 1 − ε are rounded to the dtype of y_pred.

    [shape] Targets and predictions of different shapes MUST be refused.
    [smoothing] A target t MUST be taken as t·(1 − s) + s ÷ 2.
    [clip] A probability MUST be kept between ε and 1 − ε first.
    [probabilities] An element MUST cost −t·log q − (1 − t)·log(1 − q).
    [logits] For a logit z it MUST cost max(z, 0) − z·t + log(1 + exp −|z|).
    [gradient] The gradient MUST be that of the formula times upstream ÷ features; clipping has slope
        0 outside its bounds.
    [half] In a dtype in which 1 − ε rounds to 1, what a row with a probability of 1 costs is OPEN.
    [beyond] Where 1 ÷ ε is too large for the dtype, whether a clipped probability has slope 0 or NaN,
        0·∞, is OPEN.
    """
    same_shape(y_true, y_pred)  # [shape]
    target, prediction = pair(y_true, y_pred, working)
    target = _smooth(target, label_smoothing, 2)  # [smoothing]
    if from_logits:
        elements, slope = logit_elements(target, prediction)  # [logits]
    else:
        low, high = prediction.held(EPSILON), prediction.held(1 - EPSILON)
        q, inside = clipped(prediction, low, high)  # [clip]
        elements = -(target * q.log() + (1.0 - target) * (1.0 - q).log())  # [probabilities]
        each = (1.0 - target) * (1.0 - q).reciprocal() - target * q.reciprocal()
        slope = through(each.either((q - target) / (q * (1.0 - q))), inside)  # [beyond]
        lost = np.asarray(q.value == 1)
        elements, slope = open_where(elements, lost), open_where(slope, lost)  # [half]
    values, gradient = mean_last(elements, slope, upstream, y_pred)  # [gradient]
    if not from_logits:
        # What arrives may come between numerator and denominator, and vanish in the product with the former.
        share = track(upstream, y_pred.dtype, working) * (q.constant(1.0) / float(q.shape[-1]))
        early = share.reshape((*share.shape, 1)) * (q - target) / (q * (1.0 - q))
        gradient = gradient.either(open_where(through(early, inside), lost))
    return values.bounded(), gradient.bounded()


@reading("losses.binary", "keras-2", source=tf_keras("backend.py", "binary_crossentropy"))
@np.errstate(all="ignore")
def binary_keras_2(
    y_true: Array,
    y_pred: Array,
    upstream: Array,
    from_logits: bool,
    label_smoothing: float,
    *,
    working: Working = ORACLE,
) -> Losses:
    """The cross-entropy of independent yes-no questions, averaged over the last axis.

    y_true: floating (batch, ..., features) in 0 … 1. y_pred: the same shape, probabilities or logits.
    upstream: (batch, ...). label_smoothing: 0 … 1. Returns losses (batch, ...) and gradient of the
    shape of y_pred. ε is 1e-7, and it and 1 − ε are rounded to the dtype of y_pred.

    [smoothing] A target t MUST be taken as t·(1 − s) + s ÷ 2.
    [clip] A probability MUST be kept between ε and 1 − ε first.
    [probabilities] An element MUST cost −t·log(q + ε) − (1 − t)·log(1 − q + ε).
    [logits] For a logit z it MUST cost max(z, 0) − z·t + log(1 + exp −|z|).
    [gradient] The gradient MUST be that of the formula times upstream ÷ features; clipping has slope
        0 outside its bounds.
    [half] In a dtype in which 1 − ε rounds to 1, what a row with a probability of 1 costs is OPEN.
    [beyond] Where 1 ÷ ε is too large for the dtype, whether a clipped probability has slope 0 or NaN,
        0·∞, is OPEN.
    """
    target, prediction = pair(y_true, y_pred, working)
    target = _smooth(target, label_smoothing, 2)  # [smoothing]
    if from_logits:
        elements, slope = logit_elements(target, prediction)  # [logits]
    else:
        low, high = prediction.held(EPSILON), prediction.held(1 - EPSILON)
        q, inside = clipped(prediction, low, high)  # [clip]
        yes, no = q + EPSILON, (1.0 - q) + EPSILON
        elements = -(target * yes.log() + (1.0 - target) * no.log())  # [probabilities]
        each = (1.0 - target) * no.reciprocal() - target * yes.reciprocal()
        slope = through(each, inside)  # [beyond]
        lost = np.asarray(q.value == 1)
        elements, slope = open_where(elements, lost), open_where(slope, lost)  # [half]
    values, gradient = mean_last(elements, slope, upstream, y_pred)  # [gradient]
    return values.bounded(), gradient.bounded()


def logit_elements(target: Tracked, logit: Tracked) -> tuple[Tracked, Tracked]:
    """The cost of a yes-no question from its logit, and its slope."""
    stable = logit.maximum(0.0) - logit * target + (-logit.abs()).exp().log1p()
    elements = stable.either(target * softplus(-logit) + (1.0 - target) * softplus(logit))
    elements = elements.either((1.0 - target) * logit + softplus(-logit))
    slope = (logistic(logit) - target).either((1.0 - target) * logistic(logit) - target * logistic(-logit))
    return elements, slope


def _smooth(target: Tracked, smoothing: float, classes: int) -> Tracked:
    """Targets that keep 1 − s of themselves and share s evenly among the classes."""
    if not smoothing:
        return target
    kept = 1.0 - target.constant(smoothing)
    return target * kept + (target.constant(smoothing) / float(classes)).either(
        target.constant(smoothing) * (1.0 / classes)
    )


@reading(
    "losses.categorical",
    "keras-2.2",
    source=(
        keras("2.2.5", "backend/tensorflow_backend.py", "categorical_crossentropy"),
        tf_keras("losses.py", "categorical_crossentropy"),
        keras("v3.15.1", "losses/losses.py", "categorical_crossentropy"),
        tensorflow("python/ops/nn_ops.py", "softmax_cross_entropy_with_logits_v2"),
    ),
)
@np.errstate(all="ignore")
def categorical(
    y_true: Array,
    y_pred: Array,
    upstream: Array,
    from_logits: bool,
    label_smoothing: float,
    axis: int,
    *,
    working: Working = ORACLE,
) -> Losses:
    """The cross-entropy of one choice among classes, summed over the class axis.

    y_true: floating, distributions along `axis`. y_pred: the same shape, probabilities or logits.
    upstream: the shape without the class axis. label_smoothing: 0 … 1. Returns losses of the shape
    without the class axis, and gradient of the shape of y_pred.
    ε is 1e-7, and it and 1 − ε are rounded to the dtype of y_pred.

    [shape] Targets and predictions of different shapes MUST be refused.
    [smoothing] A target t MUST be taken as t·(1 − s) + s ÷ the number of classes.
    [normalized] Probabilities MUST be divided by their sum along the class axis, or multiplied with
        its reciprocal, which may be too large for the dtype where the quotient is not.
    [clip] Then they MUST be kept between ε and 1 − ε.
    [probabilities] The loss MUST be −Σ t·log q along the class axis.
    [logits] For logits it MUST be −Σ t·log softmax(z).
    [axis] The classes MUST lie along `axis`.
    [gradient] The gradient MUST be that of the formula times upstream; clipping has slope 0
        outside its bounds.
    [beyond] Where 1 ÷ ε is too large for the dtype, whether a clipped probability has slope 0 or NaN,
        0·∞, is OPEN.
    """
    same_shape(y_true, y_pred)  # [shape]
    true, pred = np.moveaxis(y_true, axis, -1), np.moveaxis(y_pred, axis, -1)  # [axis]
    target, prediction = pair(true, pred, working)
    target = _smooth(target, label_smoothing, true.shape[-1])  # [smoothing]
    arriving = track(upstream[..., None], y_pred.dtype, working)
    if from_logits:
        logs = log_softmax(prediction)
        values = -(target * logs).sum(-1)  # [logits]
        share = logs.exp().either(softmax(prediction))
        cost = target * arriving
        # The two are one for distributions, which smoothing by a wrong number of classes does not give.
        gradient = ((share - target) * arriving).also(share * cost.sum(-1, keepdims=True) - cost)
    else:
        values, gradient = _of_probabilities(target, prediction, arriving)
    return values.bounded(), classes_back(gradient, axis).bounded()  # [gradient]


def _of_probabilities(target: Tracked, prediction: Tracked, arriving: Tracked) -> tuple[Tracked, Tracked]:
    """The cost of normalized, clipped probabilities along the last axis, and its gradient."""
    total = prediction.sum(-1, keepdims=True)
    share = normalized(prediction, total)  # [normalized]
    q, inside = clipped(share, share.held(EPSILON), share.held(1 - EPSILON))  # [clip]
    values = -(target * q.log()).sum(-1)  # [probabilities]
    cost = through(-(target * arriving * q.reciprocal()), inside)  # [beyond]
    return values, normalized_back(cost, prediction, total)


def normalized(prediction: Tracked, total: Tracked) -> Tracked:
    """Probabilities divided by their sum, or multiplied with its reciprocal, as XLA does."""
    return (prediction / total).either(prediction * (total.constant(1.0) / total))


def normalized_back(cost: Tracked, prediction: Tracked, total: Tracked) -> Tracked:
    """The gradient before a division by the sum, from the one after it."""
    drawn = (cost * (prediction / total)).sum(-1, keepdims=True)
    square = total.reciprocal() * total.reciprocal()
    ways = (cost / total - drawn / total).either((cost - drawn) / total)
    ways = ways.either(cost / total - (cost * prediction * square).sum(-1, keepdims=True))
    return ways.either(cost / total - (cost * square * prediction).sum(-1, keepdims=True))


def log_softmax(z: Tracked) -> Tracked:
    """Log softmax along the last axis, after the largest logit is taken away."""
    shifted = z - z.max(-1, keepdims=True)
    return shifted - shifted.exp().sum(-1, keepdims=True).log()


def softmax(z: Tracked) -> Tracked:
    """Softmax along the last axis, after the largest logit is taken away."""
    raised = (z - z.max(-1, keepdims=True)).exp()
    return raised / raised.sum(-1, keepdims=True)


@reading(
    "losses.kl-divergence", "keras-2.2", source=keras("2.2.5", "losses.py", "kullback_leibler_divergence")
)
@np.errstate(all="ignore")
def kl_divergence(y_true: Array, y_pred: Array, upstream: Array, *, working: Working = ORACLE) -> Losses:
    """What is lost when a distribution is taken for another, summed over the last axis.

    y_true, y_pred: floating (batch, ..., classes). upstream: (batch, ...).
    Returns losses (batch, ...) and gradient of the shape of y_pred. ε is 1e-7 in the dtype of y_pred.

    [clip] Both MUST be kept between ε and 1 first, and MUST not be normalized.
    [sum] The loss MUST be Σ t·log(t ÷ p) along the last axis.
    [gradient] The gradient MUST be −t ÷ p times upstream, and 0 where p was clipped.
    [beyond] Where 1 ÷ ε is too large for the dtype, whether a clipped probability has slope 0 or NaN,
        0·∞, is OPEN.
    """
    target, prediction = pair(y_true, y_pred, working)
    low, high = prediction.held(EPSILON), prediction.held(1.0)
    t, _ = clipped(target, low, high)  # [clip]
    p, inside = clipped(prediction, low, high)  # [clip]
    arriving = track(upstream[..., None], y_pred.dtype, working)
    values = (t * (t / p).log()).sum(-1)  # [sum]
    quotient = t / p
    back = (arriving * t) * quotient.reciprocal()
    squares = t * (p.reciprocal() * p.reciprocal())
    ways = (quotient * arriving).either(back * (quotient / p)).either(back * squares)
    gradient = -through(ways, inside)  # [gradient] [beyond]
    return values.bounded(), gradient.bounded()


@reading("losses.cosine", "keras-2.2", source=keras("2.2.5", "losses.py", "cosine_proximity"))
@reading("losses.cosine", "keras-2", source=tf_keras("losses.py", "cosine_similarity"))
@np.errstate(all="ignore")
def cosine_keras_2(y_true: Array, y_pred: Array, *, working: Working = ORACLE) -> Bounded:
    """The negative cosine of the angle between target and prediction.

    y_true, y_pred: floating (batch, ..., features) of one shape. Returns losses (batch, ...).

    [normalized] Both MUST be divided by their norm along the last axis, by no less than 1e-6.
    [negative] The loss MUST be the negative sum of the products: −1 is the same direction.
    [zero] If one of them is a zero vector, the loss MUST be 0.
    """
    return _cosine(y_true, y_pred, 1e-12, working)


@reading("losses.cosine", "keras-3", source=keras("v3.15.1", "losses/losses.py", "cosine_similarity"))
@np.errstate(all="ignore")
def cosine_keras_3(y_true: Array, y_pred: Array, *, working: Working = ORACLE) -> Bounded:
    """The negative cosine of the angle between target and prediction.

    y_true, y_pred: floating (batch, ..., features), of one shape or with a unit axis more.
    Returns losses (batch, ...).

    [normalized] Both MUST be divided by their norm along the last axis, by no less than ε, 1e-7.
    [negative] The loss MUST be the negative sum of the products: −1 is the same direction.
    [zero] If one of them is a zero vector, the loss MUST be 0.
    [ranks] (batch,) against (batch, 1) MUST be taken as (batch, 1); (batch, time) against
        (batch, time, 1) MUST be taken as (batch, time).
    """
    true, pred = same_rank(y_true, y_pred)  # [ranks]
    return _cosine(true, pred, EPSILON**2, working)


def _cosine(y_true: Array, y_pred: Array, least: float, working: Working) -> Bounded:
    target, prediction = pair(y_true, y_pred, working)
    products = _normalized(target, least) * _normalized(prediction, least)  # [normalized]
    loss = -products.sum(-1)  # [negative]
    empty = ~(np.any(y_true != 0, -1) & np.any(y_pred != 0, -1))
    return loss.constant(0.0).where(empty, loss).bounded()  # [zero]


def _normalized(x: Tracked, least: float) -> Tracked:
    """A vector along the last axis, divided by its norm or multiplied with the reciprocal of it."""
    norm = (x * x).sum(-1, keepdims=True).maximum(x.constant(least)).sqrt()
    return (x / norm).either(x * (x.constant(1.0) / norm))
