"""The average that was asked for: only what is not masked has a say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from reference.clause import reading
from reference.errors import ShapeMismatch
from reference.merging.alignment import align, broadcast, merged_shape, sum_to, terms_to, validity
from reference.outcomes import ORACLE, Bounded, Working
from reference.sources import Source

Array = np.ndarray[Any, Any]

_ASKED = Source(
    "keras-team/keras", "v3.15.1", "keras/src/layers/merging/average.py", "Average, which is no masked mean"
)


@reading("merging.average-masked", "suite", source=_ASKED)
def average_masked(
    inputs: list[Array], masks: Sequence[Array | None], route: str, *, working: Working = ORACLE
) -> tuple[Bounded, Array | None]:
    """At each position the mean over the inputs that are not masked there.

    inputs: arrays (batch, …, features) of one dtype, floating or integer; ranks may differ.
    masks: of each bool of its leading shape, or None, which is valid everywhere.
    route: how the layer is reached: "called", inside a "model", or in that model "reloaded" from a file.
    Returns the mean, in the dtype of floating inputs and in float32 of others, and its mask or None.

    [mean] The value MUST be the sum of the inputs that are valid at the position, divided by their number.
    [all-masked] Where all are masked the value MUST be 0.
    [mask] The mask MUST be True where any input is valid.
    [no-mask] The mask MUST be None if any mask is None, for then every position has an input.
    [selected] What is masked MUST be dropped, not multiplied by 0: NaN and infinity leave no trace.
    [rank] Inputs and masks of lower rank MUST get unit axes behind the batch; then all are broadcast.
    [refused] Inputs that cannot be broadcast MUST be refused.
    [dtype] Integer inputs MUST be averaged in float32.
    [route] Whether called, in a model, or loaded again, the layer MUST give the same.
    """
    aligned = align(inputs)
    if broadcast(array.shape for array in aligned) is None:
        raise ShapeMismatch(f"inputs of shapes {[a.shape for a in inputs]} cannot be broadcast")  # [refused]
    valid = [validity(mask, array) for mask, array in zip(masks, aligned, strict=True)]  # [rank]
    kept = [np.where(v, a, np.zeros((), a.dtype)) for v, a in zip(valid, aligned, strict=True)]  # [selected]
    mean = _mean_of(kept, valid, working)  # [mean] [all-masked] [dtype]
    if any(mask is None for mask in masks):
        return mean, None  # [no-mask]
    leading = [v[..., 0] for v in valid]
    return mean, np.logical_or.reduce(np.broadcast_arrays(*leading))  # [mask] [route]


def _mean_of(kept: list[Array], valid: list[Array], working: Working) -> Bounded:
    """The sum of what was kept over how many were valid; 0 over 0 is 0."""
    whole = kept[0].dtype.kind in "iub"
    dtype = np.dtype(np.float32) if whole else kept[0].dtype
    wide = [array.astype(np.float64 if whole else working.dtype) for array in kept]
    order = [int(k) for k in working.order(len(wide))]
    shape = np.broadcast_shapes(*(array.shape for array in wide))
    total, magnitude, count = np.zeros(shape, wide[0].dtype), np.zeros(shape), np.zeros(shape, np.int64)
    with np.errstate(invalid="ignore"):
        for k in order:
            total = total + wide[k]
            magnitude = magnitude + np.abs(wide[k].astype(np.float64))
            count = count + valid[k]
    divisor = np.maximum(count, 1)
    # The additions, and a division, which an engine may do as two: by the reciprocal of the count.
    roundings = np.where(count > 1, count + 1, 0) + (1 if whole else 0)
    return Bounded(total / divisor.astype(total.dtype), magnitude / divisor, roundings, dtype)


@reading("merging.average-masked-gradient", "suite", source=_ASKED)
def average_masked_gradient(
    inputs: list[Array], masks: Sequence[Array | None], upstream: Array, *, working: Working = ORACLE
) -> list[Bounded]:
    """What arrives is divided among the inputs that took part, and goes to no other.

    inputs: floating arrays of one dtype. masks: as in merging.average-masked. upstream: of the shape
    of the mean. Returns a list with the gradient of each input, in its shape.

    [part] An input that is valid at a position MUST get what arrives there over the number of valid ones.
    [masked] An input that is masked at a position MUST get 0 there, whatever it holds.
    [summed] An input that was broadcast MUST get the sum over the places that it was broadcast to.
    """
    aligned = align(inputs)
    shape = merged_shape([array.shape for array in inputs])
    valid = [np.broadcast_to(validity(m, a), shape) for m, a in zip(masks, aligned, strict=True)]
    count = np.maximum(np.sum(valid, axis=0), 1)
    share = upstream.astype(working.dtype) / count.astype(working.dtype)
    answers = []
    for array, v in zip(inputs, valid, strict=True):
        part = np.where(v, share, 0)  # [part] [masked]
        added = 2 + max(terms_to(shape, array.shape) - 1, 0)  # [summed]
        gradient, magnitude = sum_to(part, array.shape), sum_to(np.abs(part), array.shape)
        answers.append(Bounded(gradient, magnitude, np.asarray(added), array.dtype))
    return answers


@reading("merging.average-axis", "suite", source=_ASKED)
def average_axis(
    x: Array,
    mask: Array | None,
    axes: tuple[int, ...],
    keepdims: bool,
    route: str,
    *,
    working: Working = ORACLE,
) -> tuple[Bounded, Array | None]:
    """The mean along one or more axes over what is not masked.

    x: floating or integer (batch, …, features), rank 2 or more. mask: bool of the leading shape, or None.
    axes: without repetition, negative from the end. keepdims: whether the axes stay, with size 1.
    route: how the layer is reached: "called", inside a "model", or in that model "reloaded" from a file.
    Returns the mean, in the dtype of a floating x and in float32 of another, and its mask or None.

    [mean] The value MUST be the sum of what is valid along the axes, divided by its number.
    [all-masked] Where nothing along the axes is valid, or nothing is there, the value MUST be 0.
    [mask] The mask MUST be True where anything along the axes is valid.
    [features] The last axis has no part in the mask: averaged over it alone, the mask MUST stay.
    [no-mask] Without a mask the value MUST be the plain mean, and the mask None.
    [selected] What is masked MUST be dropped, not multiplied by 0: NaN and infinity leave no trace.
    [keepdims] With `keepdims` the averaged axes MUST stay with size 1, in the mask as well.
    [dtype] An integer x MUST be averaged in float32.
    [route] Whether called, in a model, or loaded again, the layer MUST give the same.
    """
    places = tuple(axis % x.ndim for axis in axes)
    valid = validity(mask, x)
    whole = x.dtype.kind in "iub"
    wide = np.dtype(np.float64) if whole else working.dtype
    kept = np.where(valid, x, np.zeros((), x.dtype)).astype(wide)  # [selected]
    with np.errstate(invalid="ignore"):
        total = np.asarray(kept.sum(axis=places, keepdims=keepdims))
        magnitude = np.abs(kept.astype(np.float64)).sum(axis=places, keepdims=keepdims)
    count = np.asarray(valid.sum(axis=places, keepdims=keepdims))  # [keepdims]
    divisor = np.maximum(count, 1)  # [all-masked]
    roundings = np.asarray(np.where(count > 1, count + 1, 0) + (1 if whole else 0))
    dtype = np.dtype(np.float32) if whole else x.dtype  # [dtype]
    quotient = np.asarray(total / divisor.astype(total.dtype))
    mean = Bounded(quotient, np.asarray(magnitude / divisor), roundings, dtype)  # [mean]
    if mask is None:
        return mean, None  # [no-mask]
    leading = tuple(place for place in places if place != x.ndim - 1)  # [features]
    any_valid = mask.any(axis=leading, keepdims=keepdims) if leading else mask.copy()
    return mean, np.asarray(any_valid)  # [mask] [route]


@reading("merging.average-axis-gradient", "suite", source=_ASKED)
def average_axis_gradient(
    x: Array, mask: Array | None, axes: tuple[int, ...], upstream: Array, *, working: Working = ORACLE
) -> Bounded:
    """What arrives is divided among the elements that took part, and goes to no other.

    x: floating. mask, axes: as in merging.average-axis, without keepdims. upstream: of the shape of the
    mean. Returns the gradient of x.

    [part] A valid element MUST get what arrives at its mean over the number of valid ones.
    [masked] A masked element MUST get 0, whatever it holds.
    """
    places = tuple(axis % x.ndim for axis in axes)
    valid = validity(mask, x)
    count = np.maximum(valid.sum(axis=places, keepdims=True), 1)
    arriving = np.expand_dims(upstream, places).astype(working.dtype)
    gradient = np.where(valid, arriving / count.astype(working.dtype), 0)  # [part] [masked]
    return Bounded(gradient, np.abs(gradient), np.full((), 2), x.dtype)
