"""The cross-entropy of class ids."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.clause import reading
from reference.errors import IndexOutOfRange, ShapeMismatch
from reference.losses.entropies import EPSILON, log_softmax, normalized, normalized_back, softmax
from reference.losses.shapes import classes_back, clipped, through
from reference.outcomes import ORACLE, AnyOf, Bounded, Setting, Working
from reference.sources import keras, tensorflow, tf_keras
from reference.tracked import Tracked, track

Array = np.ndarray[Any, Any]
Losses = tuple[Bounded, Bounded]

_TENSORFLOW = tensorflow("python/ops/nn_ops.py", "sparse_softmax_cross_entropy_with_logits")


@reading(
    "losses.sparse",
    "keras-2",
    source=(tf_keras("backend.py", "sparse_categorical_crossentropy"), _TENSORFLOW),
)
@np.errstate(all="ignore")
def sparse_keras_2(
    y_true: Array,
    y_pred: Array,
    upstream: Array,
    from_logits: bool,
    ignore_class: int | None,
    axis: int,
    *,
    setting: Setting,
    working: Working = ORACLE,
) -> Losses | IndexOutOfRange:
    """The cross-entropy of one choice among classes, for targets that name the class.

    y_true: ids, integer, the shape of y_pred without the class axis, which may stand there as 1.
    y_pred: floating, probabilities or logits, classes along `axis`. upstream: floating, the shape of
    the losses. ignore_class: id or None.
    Returns losses of the shape without the class axis, and gradient of the shape of y_pred. ε is 1e-7.

    [axis] The classes MUST lie along `axis`.
    [shape] A unit axis in the place of the classes MUST be dropped from the targets; targets that
        then lack the shape of y_pred without the class axis MUST be refused.
    [clip] Probabilities MUST be kept between ε and 1 − ε, in the dtype of y_pred, first.
    [probabilities] The loss MUST be −log(q_y ÷ Σ q): clipped, then normalized.
    [logits] For logits it MUST be −log softmax(z)_y.
    [ignored] A target equal to ignore_class MUST cost 0, and its gradient MUST be 0.
    [range] Any other id that is not 0 … classes − 1 MUST be refused on a CPU.
    [device] On a GPU such an id MUST give NaN as loss and gradient.
    [gradient] The gradient MUST be that of the formula times upstream.
    [beyond] Where 1 ÷ ε is too large for the dtype, whether a clipped probability has slope 0 or NaN,
        0·∞, is OPEN.
    """
    pred, ids = _aligned(y_true, y_pred, axis)  # [axis] [shape]
    kept = _kept(ids, ignore_class)
    outside = kept & ((ids < 0) | (ids >= pred.shape[-1]))
    if outside.any() and setting.device == "cpu":
        raise IndexOutOfRange(_outside(ids, outside, pred))  # [range]
    prediction = track(pred, y_pred.dtype, working)
    legal, arriving = np.where(outside, 0, ids), _arriving(upstream, y_pred, working)
    if from_logits:
        loss, slope = _of_scores(prediction, legal, kept)  # [logits] [ignored]
        gradient = slope * arriving  # [gradient]
    else:
        loss, gradient = _clipped_first(prediction, legal, kept, arriving)  # [clip] [probabilities]
    values = _spoiled(loss, outside)  # [device]
    gradient = _spoiled(gradient, outside[..., None])
    return values.bounded(), classes_back(gradient, axis).bounded()


@reading(
    "losses.sparse",
    "keras-3",
    source=(keras("v3.15.1", "losses/losses.py", "sparse_categorical_crossentropy"), _TENSORFLOW),
)
@np.errstate(all="ignore")
def sparse_keras_3(
    y_true: Array,
    y_pred: Array,
    upstream: Array,
    from_logits: bool,
    ignore_class: int | None,
    axis: int,
    *,
    setting: Setting,
    working: Working = ORACLE,
) -> Losses | AnyOf:
    """The cross-entropy of one choice among classes, for targets that name the class.

    y_true: ids, integer, the shape of y_pred without the class axis, which may stand there as 1.
    y_pred: floating, probabilities or logits, classes along `axis`. upstream: floating, the shape of
    the losses. ignore_class: id or None.
    Returns losses of the shape without the class axis, and gradient of the shape of y_pred. ε is 1e-7.

    [axis] The classes MUST lie along `axis`.
    [shape] A unit axis in the place of the classes MUST be dropped from the targets; targets that
        then lack the shape of y_pred without the class axis MUST be refused.
    [probabilities] The loss MUST be −log q_y of probabilities that are clipped to ε and 1 − ε, in
        the dtype of y_pred, and normalized.
    [order] Whether probabilities are first normalized or first clipped is OPEN.
    [logits] For logits the loss MUST be −log softmax(z)_y.
    [ignored] A target equal to ignore_class MUST cost 0, and its gradient MUST be 0.
    [range] What any other id that is not 0 … classes − 1 gives is OPEN: a refusal, or, at those
        positions alone, a loss of 0 or NaN with a gradient of 0, NaN, or of no target.
    [gradient] The gradient MUST be that of the formula times upstream.
    [beyond] Where 1 ÷ ε is too large for the dtype, whether a clipped probability has slope 0 or NaN,
        0·∞, is OPEN.
    [dtype] The losses MUST have the dtype of y_pred, on JAX, where targets become one-hot rows of
        float32, at least float32.
    """
    wide = setting.engine == "jax" and y_pred.dtype.itemsize < 4
    kind = np.dtype(np.float32) if wide else y_pred.dtype  # [dtype]
    pred, ids = _aligned(y_true, y_pred, axis)  # [axis] [shape]
    kept = _kept(ids, ignore_class)
    outside = kept & ((ids < 0) | (ids >= pred.shape[-1]))
    legal = np.where(outside, 0, ids)
    prediction = track(pred, y_pred.dtype, working)
    ways: list[tuple[Tracked, Tracked]] = []
    arriving = _arriving(upstream, y_pred, working)
    if from_logits:
        loss, slope = _of_scores(prediction, legal, kept)  # [logits] [ignored]
        ways.append((loss, slope * arriving))
    else:
        given = prediction, legal, kept, arriving
        ways += [_normalized_first(*given), _clipped_first(*given)]  # [probabilities] [order]
    if not outside.any():
        outcomes = tuple(
            (loss.bounded(kind), classes_back(gradient, axis).bounded())  # [gradient]
            for loss, gradient in ways
        )
        return outcomes[0] if len(outcomes) == 1 else AnyOf(outcomes)
    shows_as = (*IndexOutOfRange.shows_as, "RuntimeError")  # as torch's one_hot refuses, before 3.14
    allowed: list[Any] = [IndexOutOfRange(_outside(ids, outside, pred), shows_as=shows_as)]  # [range]
    for loss, gradient in ways:
        nothing = softmax(prediction) * arriving if from_logits else gradient
        for cost in (0.0, np.nan):
            for steep in (gradient.constant(0.0), gradient.constant(np.nan), nothing):
                back = classes_back(steep.where(outside[..., None], gradient), axis)
                spoiled = loss.constant(cost).where(outside, loss)
                allowed.append((spoiled.bounded(kind), back.bounded()))
    return AnyOf(tuple(allowed))


def _of_scores(scores: Tracked, ids: Array, kept: Array) -> tuple[Tracked, Tracked]:
    """−log softmax of the named class, and its slope; both 0 where the target is not kept."""
    named = np.arange(scores.shape[-1]) == ids[..., None]
    logs = log_softmax(scores)
    loss = -logs.where(named, 0.0).sum(-1)
    share = logs.exp().either(softmax(scores))
    slope = share - track(named.astype(scores.form.dtype), scores.form.dtype, scores.working)
    return loss.where(kept, 0.0), slope.where(kept[..., None], 0.0)


def _clipped_first(p: Tracked, ids: Array, kept: Array, arriving: Tracked) -> tuple[Tracked, Tracked]:
    """The loss and its gradient; what arrives may come before the reciprocal or after it."""
    q, inside = clipped(p, p.held(EPSILON), p.held(1 - EPSILON))
    loss, slope = _of_scores(q.log(), ids, kept)
    late, early = slope * q.reciprocal() * arriving, slope * arriving * q.reciprocal()
    return loss, through(late.either(early), inside)  # [beyond]


def _normalized_first(p: Tracked, ids: Array, kept: Array, arriving: Tracked) -> tuple[Tracked, Tracked]:
    total = p.sum(-1, keepdims=True)
    share = normalized(p, total)
    q, inside = clipped(share, share.held(EPSILON), share.held(1 - EPSILON))
    named = np.arange(p.shape[-1]) == ids[..., None]
    loss = -q.log().where(named, 0.0).sum(-1)
    cost = through(-q.reciprocal(), inside).where(named, 0.0)  # [beyond]
    late, early = normalized_back(cost, p, total) * arriving, normalized_back(cost * arriving, p, total)
    return loss.where(kept, 0.0), late.either(early).where(kept[..., None], 0.0)


def _aligned(y_true: Array, y_pred: Array, axis: int) -> tuple[Array, Array]:
    """Predictions with their classes at the end, and ids of the shape that is left without them."""
    pred = np.moveaxis(y_pred, axis, -1)
    ids = np.squeeze(y_true, axis) if y_true.ndim == y_pred.ndim and y_true.shape[axis] == 1 else y_true
    if ids.shape != pred.shape[:-1]:
        raise ShapeMismatch(f"targets {y_true.shape} do not name classes of {y_pred.shape}")
    return pred, ids


def _kept(ids: Array, ignore_class: int | None) -> Array:
    return np.ones(ids.shape, bool) if ignore_class is None else np.asarray(ids != ignore_class)


def _outside(ids: Array, outside: Array, pred: Array) -> str:
    return f"class {ids[outside].flat[0]} is outside 0 … {pred.shape[-1] - 1}"


def _arriving(upstream: Array, y_pred: Array, working: Working) -> Tracked:
    return track(upstream[..., None], y_pred.dtype, working)


def _spoiled(x: Tracked, outside: Array) -> Tracked:
    return x.constant(np.nan).where(outside, x) if outside.any() else x
