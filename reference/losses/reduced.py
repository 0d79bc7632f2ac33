"""The losses of PyTorch, which come with their reduction."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.clause import reading
from reference.errors import IndexOutOfRange, Refused, ShapeMismatch, TypeRefused
from reference.losses.distances import huber_elements
from reference.losses.entropies import log_softmax, softmax
from reference.losses.shapes import classes_back, logistic, open_where, pair, softplus, summed_back
from reference.outcomes import ORACLE, Bounded, Working
from reference.sources import torch
from reference.tracked import Tracked, track

Array = np.ndarray[Any, Any]
Losses = tuple[Bounded, Bounded]

_LOSS = "nn/modules/loss.py"


@reading(
    "losses.reduced-distance",
    "torch",
    source=(torch(_LOSS, "MSELoss"), torch(_LOSS, "L1Loss"), torch(_LOSS, "HuberLoss")),
)
@np.errstate(all="ignore")
def reduced_distance(
    loss: str,
    y_true: Array,
    y_pred: Array,
    upstream: Array,
    delta: float,
    reduction: str,
    *,
    working: Working = ORACLE,
) -> Losses:
    """Squared error, absolute error and Huber's loss are reduced over all elements at once.

    loss: "MSELoss", "L1Loss", "HuberLoss" or "SmoothL1Loss". y_true, y_pred: floating, shapes that can
    be broadcast. upstream: of the shape of the result. delta: float > 0, of the last two.
    reduction: "none", "sum" or "mean". Returns loss and gradient of the shape of y_pred.

    [squared] MSELoss MUST cost (x − y)² an element.
    [absolute] L1Loss MUST cost |x − y| an element, with slope 0 at 0.
    [huber] HuberLoss MUST cost half the squared error below delta, delta·(|x − y| − delta ÷ 2) from
        there on.
    [smooth] SmoothL1Loss MUST cost as much as HuberLoss, divided by delta.
    [broadcast] Different shapes MUST be broadcast first: (batch,) against (batch, 1) is (batch, batch).
    [reduction] "none" MUST keep every element, "sum" MUST add all, and "mean" MUST divide by the
        number of all elements, 0 ÷ 0 for none.
    [gradient] The gradient MUST be that of the formula times upstream.
    """
    target, prediction = pair(y_true, y_pred, working)  # [broadcast]
    error = prediction - target
    if loss == "MSELoss":
        elements, slope = error * error, error * 2.0  # [squared]
    elif loss == "L1Loss":
        sign = np.sign(np.asarray(error.value, np.float64)).astype(y_pred.dtype)
        elements, slope = error.abs(), track(sign, y_pred.dtype, working)  # [absolute]
    else:
        elements, slope = huber_elements(target, prediction, delta)  # [huber]
        if loss == "SmoothL1Loss":
            elements, slope = elements / elements.constant(delta), slope / slope.constant(delta)  # [smooth]
    return _reduced(elements, slope, upstream, reduction, y_pred.shape)  # [reduction] [gradient]


def _reduced(
    elements: Tracked,
    slope: Tracked,
    upstream: Array,
    reduction: str,
    shape: tuple[int, ...],
    scale: Tracked | None = None,
    divided: tuple[Tracked, Tracked] | None = None,
) -> Losses:
    """Elements and slopes under a reduction that divides by the number of elements.

    scale: weights of the slopes; these, what arrives and the divisor may come in any order.
    divided: the slopes as numerator and denominator: what arrives may also come between them, and
    what vanishes in the product with the numerator is then not brought back by the quotient.
    """
    arriving = track(upstream, elements.form.dtype, elements.working)
    value, late = elements, slope if scale is None else slope * arriving * scale
    early = None
    if divided is not None:
        early = divided[0] * arriving / divided[1]
        early = early if scale is None else early * scale
    if reduction == "sum":
        value = elements.sum()
    elif reduction == "mean":
        count = float(elements.value.size)
        value = elements.sum() / count
        value = value.either(elements.sum() * (elements.constant(1.0) / count)) if count else value
        arriving = arriving * (elements.constant(1.0) / count) if count else arriving
        late = late / count if count else late
        early = early / count if count and early is not None else early
    gradient = slope * arriving if scale is None else (slope * scale * arriving).either(late)
    gradient = gradient if early is None else gradient.either(early)
    return value.bounded(), summed_back(gradient, shape).bounded()


@reading(
    "losses.reduced-binary",
    "torch",
    source=(
        torch(_LOSS, "BCELoss"),
        torch(_LOSS, "BCEWithLogitsLoss"),
        torch("nn/functional.py", "binary_cross_entropy"),
    ),
)
@np.errstate(all="ignore")
def reduced_binary(
    loss: str,
    y_true: Array,
    y_pred: Array,
    upstream: Array,
    weight: Array | None,
    pos_weight: Array | None,
    reduction: str,
    *,
    working: Working = ORACLE,
) -> Losses:
    """The cross-entropy of yes-no questions: a weight scales an element, and no mean divides by it.

    loss: "BCELoss" or "BCEWithLogitsLoss". y_true, y_pred: floating, one shape. upstream: of the shape
    of the result. weight, pos_weight: floating that broadcast to y_pred, or None; pos_weight only
    with logits. reduction: "none", "sum" or "mean". Returns loss and gradient.

    [shape] Targets and predictions of different shapes MUST be refused.
    [domain] BCELoss MUST refuse a prediction outside 0 … 1.
    [clamp] BCELoss MUST cost −w·(t·log x + (1 − t)·log(1 − x)), logarithms no less than −100.
    [edge] The gradient of BCELoss at a prediction of just 0 or 1 is OPEN.
    [logits] BCEWithLogitsLoss MUST cost −w·(P·t·log σ(z) + (1 − t)·log(1 − σ(z))), P = pos_weight.
    [reduction] "none" MUST keep every element, "sum" MUST add all, and "mean" MUST divide by the
        number of all elements, whatever the weights.
    [gradient] The gradient MUST be that of the formula times upstream.
    """
    if y_true.shape != y_pred.shape:
        sizes = f"target size {y_true.shape} and input size {y_pred.shape}"
        raise ShapeMismatch(f"{sizes} are not the same", shows_as=("ValueError",))  # [shape]
    if loss == "BCELoss" and not ((y_pred >= 0) & (y_pred <= 1)).all():  # [domain]
        raise Refused("all elements of the input should be between 0 and 1", shows_as=("RuntimeError",))
    t, x = pair(y_true, y_pred, working)
    one, divided = x.constant(1.0), None
    if loss == "BCELoss":
        elements = -(t * x.log().maximum(-100.0) + (one - t) * (one - x).log().maximum(-100.0))  # [clamp]
        divided = x - t, (one - x) * x
        slope = open_where(divided[0] / divided[1], (y_pred == 0) | (y_pred == 1))  # [edge]
    else:
        p = one if pos_weight is None else track(pos_weight, y_pred.dtype, working)
        plain = p * t * softplus(-x) + (one - t) * softplus(x)  # [logits]
        share = (p - 1.0) * t + 1.0
        elements = plain.either((one - t) * x + share * softplus(-x))
        slope = ((one - t) * logistic(x) - p * t * logistic(-x)).either(
            (p * t + (one - t)) * logistic(x) - p * t
        )
    if weight is not None:
        scale = track(weight, y_pred.dtype, working)
        elements = elements * scale
        return _reduced(elements, slope, upstream, reduction, y_pred.shape, scale, divided)
    # [reduction] [gradient]
    return _reduced(elements, slope, upstream, reduction, y_pred.shape, None, divided)


@reading(
    "losses.reduced-classes",
    "torch",
    source=(
        torch(_LOSS, "CrossEntropyLoss"),
        torch(_LOSS, "NLLLoss"),
        torch("nn/functional.py", "cross_entropy"),
    ),
)
@np.errstate(all="ignore")
def reduced_classes(
    loss: str,
    y_true: Array,
    y_pred: Array,
    upstream: Array,
    weight: Array | None,
    ignore_index: int,
    label_smoothing: float,
    reduction: str,
    *,
    working: Working = ORACLE,
) -> Losses:
    """The cross-entropy of one choice among classes: the mean divides by the weights of the targets.

    loss: "CrossEntropyLoss" on logits or "NLLLoss" on log-probabilities. y_pred: floating (classes,),
    (batch, classes) or (batch, classes, ...). y_true: int64 ids of the shape without the classes or,
    for CrossEntropyLoss, floating distributions of the shape of y_pred. upstream: of the shape of the
    result. weight: floating (classes,) or None. Returns loss and gradient of the shape of y_pred.

    [ids-dtype] Ids of int32 MUST be refused.
    [range] An id that is neither ignore_index nor 0 … classes − 1 MUST be refused on a CPU.
    [ids] The cost of a position MUST be −w_y·log softmax(z)_y, or −w_y·x_y for NLLLoss.
    [ignored] A position whose id is ignore_index MUST cost 0, with gradient 0.
    [smoothing] With smoothing s it MUST be (1 − s) of that and s ÷ classes of Σ −w_c·log softmax(z)_c.
    [distributions] For a distribution it MUST be Σ −w_c·t_c·log softmax(z)_c, t smoothed first.
    [no-ignoring] For distributions an ignore_index from 0 on MUST be refused; another has no meaning.
    [sum] "none" MUST keep every position, and "sum" MUST add all.
    [mean-ids] For ids "mean" MUST divide by the sum of w_y over the positions that are not ignored;
        if that is 0 the loss MUST be NaN, even if the smoothing still costs something.
    [weightless] The gradient at positions that count, where the sum of w_y is 0, is OPEN.
    [mean-distributions] For distributions "mean" MUST divide by the number of positions.
    [gradient] The gradient MUST be that of the formula times upstream; where every position is
        ignored it MUST be 0, and NLLLoss MUST have none beside the named classes.
    """
    class_axis = 0 if y_pred.ndim == 1 else 1
    x = track(np.moveaxis(y_pred, class_axis, -1), y_pred.dtype, working)
    w = x.constant(1.0) if weight is None else track(weight, y_pred.dtype, working)
    smoothing = 0.0 if loss == "NLLLoss" else label_smoothing
    named, kept, smoothed = _coefficients(y_true, x, class_axis, ignore_index, smoothing)
    shares = smoothed * w
    logs = x if loss == "NLLLoss" else log_softmax(x)
    costs = -(shares * logs).where(kept[..., None], 0.0).sum(-1)  # [ids] [distributions] [ignored]
    arriving = track(upstream, y_pred.dtype, working)
    value, scale = costs, arriving
    total = (smoothed if named is None else named * w).where(kept[..., None], 0.0).sum()
    if reduction == "sum":
        value = costs.sum()  # [sum]
    elif reduction == "mean" and named is not None:
        empty = np.asarray(total.value == 0)
        value, scale = (
            costs.constant(np.nan).where(empty, costs.sum() / total),
            arriving / total,
        )  # [mean-ids]
    elif reduction == "mean":
        positions = float(costs.value.size)
        value, scale = costs.sum() / positions, arriving / positions  # [mean-distributions]
    slope = -shares
    if loss != "NLLLoss":
        share = logs.exp().either(softmax(x))
        slope = share * shares.sum(-1, keepdims=True) - shares
    gradient = slope * scale.reshape((*scale.shape, 1) if scale.shape else ())
    if reduction == "mean" and named is not None and total.value == 0:
        gradient = open_where(gradient, kept[..., None])  # [weightless]
    if loss == "NLLLoss" and named is not None:
        gradient = gradient.where(named.value > 0, 0.0)
    gradient = gradient.where(kept[..., None], 0.0)
    return value.bounded(), classes_back(gradient, class_axis).bounded()  # [gradient]


def _coefficients(
    y_true: Array, x: Tracked, class_axis: int, ignore_index: int, smoothing: float
) -> tuple[Tracked | None, Array, Tracked]:
    """One-hot rows of ids or None, the positions that are kept, and the smoothed targets."""
    classes, dtype = x.shape[-1], x.form.dtype
    kept_share = x.constant(1.0) - x.constant(smoothing)
    even = x.constant(smoothing) / float(classes)
    if y_true.dtype.kind in "fV":
        if ignore_index >= 0:
            text = "ignore_index is not supported for distributions"
            raise Refused(text, shows_as=("RuntimeError",))  # [no-ignoring]
        t = track(np.moveaxis(y_true, class_axis, -1), dtype, x.working)
        return None, np.ones(x.shape[:-1], bool), t * kept_share + even if smoothing else t  # [smoothing]
    if y_true.dtype != np.int64:
        raise TypeRefused(
            f"ids are int64, these are {y_true.dtype}", shows_as=("RuntimeError",)
        )  # [ids-dtype]
    kept = np.asarray(y_true != ignore_index)  # [ignored]
    outside = kept & ((y_true < 0) | (y_true >= classes))
    if outside.any():
        bad = y_true[outside].flat[0]
        raise IndexOutOfRange(
            f"target {bad} is outside 0 … {classes - 1}", shows_as=("IndexError",)
        )  # [range]
    rows = np.arange(classes) == np.where(kept, y_true, 0)[..., None]
    named = track(rows.astype(dtype), dtype, x.working)
    return named, kept, named * kept_share + even if smoothing else named  # [smoothing]
