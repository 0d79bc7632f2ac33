"""A layer that takes the mask into account and lets it end: GlobalAveragePooling1D."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.clause import reading
from reference.errors import TypeRefused
from reference.outcomes import ORACLE, AnyOf, Bounded, Working
from reference.sources import keras, tf_keras, torch

Array = np.ndarray[Any, Any]

_PATH = "layers/pooling/global_average_pooling1d.py"


@reading("masking.pooling", "keras-2.2", source=keras("2.2.5", "layers/pooling.py", "GlobalAveragePooling1D"))
def pooling_keras_2_2(
    x: Array, mask: Array | None, data_format: str, keepdims: bool, *, working: Working = ORACLE
) -> Bounded | AnyOf:
    """Global average pooling takes the mean over the steps that are valid.

    x: floating (batch, time, features), or (batch, features, time) if data_format is "channels_first".
    mask: bool (batch, time) or None. keepdims: whether the axis of the steps stays, with size 1.
    Returns the mean, (batch, features) or with the axis kept, in the dtype of x.

    [plain] Without a mask the result MUST be the mean over all steps.
    [masked-mean] With a mask it MUST be the sum over the valid steps, divided by their number.
    [precision] It MUST be computed in the dtype of x.
    [channels-first] What a mask with "channels_first" gives is OPEN: a refusal, or the mean over the
        valid steps.
    [all-masked] Where every step is masked the result is OPEN: NaN or zero.
    [multiplied] What NaN or an infinity at a masked step gives is OPEN: nothing, or NaN.
    [keepdims] The option keepdims MUST be refused, there is none.
    """
    if keepdims:
        raise TypeRefused("there is no option keepdims")  # [keepdims]
    mean = _mean(x, mask, data_format, keepdims, working)  # [plain] [masked-mean] [precision]
    allowed: list[Any] = [mean]
    if mask is not None:
        allowed += [_nan_where_nothing_is_valid(mean, mask, data_format, keepdims)]  # [all-masked]
        leaked = multiplied(x, mask, data_format, keepdims, working=working)
        allowed += [leaked]  # [multiplied]
        if data_format == "channels_first":
            allowed += [
                TypeRefused("a mask of the last axis", shows_as=("ValueError", "InvalidArgumentError"))
            ]
            # [channels-first]
    return mean if len(allowed) == 1 else AnyOf(tuple(allowed))


@reading(
    "masking.pooling",
    "keras-2",
    source=(
        keras("v2.15.0", _PATH, "GlobalAveragePooling1D"),
        tf_keras(_PATH, "GlobalAveragePooling1D"),
    ),
)
@reading("masking.pooling", "keras-3", source=keras("v3.15.1", _PATH, "GlobalAveragePooling1D"))
@reading("masking.pooling", "torch", source=torch("_torch_docs.py", "where"))
def pooling(
    x: Array, mask: Array | None, data_format: str, keepdims: bool, *, working: Working = ORACLE
) -> Bounded | AnyOf:
    """Global average pooling takes the mean over the steps that are valid.

    x: floating (batch, time, features), or (batch, features, time) if data_format is "channels_first".
    mask: bool (batch, time) or None. keepdims: whether the axis of the steps stays, with size 1.
    Returns the mean, (batch, features) or with the axis kept, in the dtype of x.

    [plain] Without a mask the result MUST be the mean over all steps.
    [masked-mean] With a mask it MUST be the sum over the valid steps, divided by their number.
    [precision] It MUST be computed in the dtype of x.
    [excluded] A masked step MUST have no influence, NaN and infinities included: the documentation says
        that it is excluded from the average.
    [all-masked] Where every step is masked the result is OPEN: NaN or zero.
    [channels-first] With "channels_first" the last axis MUST be that of the steps.
    [keepdims] With keepdims the axis of the steps MUST stay, with size 1.
    """
    mean = _mean(x, mask, data_format, keepdims, working)  # [plain] [masked-mean] [precision] [excluded]
    if mask is None or mask.any(axis=1).all():
        return mean
    return AnyOf((_nan_where_nothing_is_valid(mean, mask, data_format, keepdims), mean))  # [all-masked]


def multiplied(
    x: Array, mask: Array, data_format: str, keepdims: bool, *, working: Working = ORACLE
) -> Bounded:
    """The mean by products with the mask, as older releases take it: what is not finite spoils the sum."""
    mean = _mean(x, mask, data_format, keepdims, working)
    axis = 2 if data_format == "channels_first" else 1
    valid = np.expand_dims(mask, 3 - axis)
    bad = (~np.isfinite(x.astype(np.float64)) & ~valid).any(axis=axis, keepdims=keepdims)
    spoiled = np.where(bad, np.array(np.nan, mean.value.dtype), mean.value)
    return _nan_where_nothing_is_valid(
        Bounded(spoiled, mean.magnitude, mean.roundings, mean.dtype), mask, data_format, keepdims
    )


def _mean(x: Array, mask: Array | None, data_format: str, keepdims: bool, working: Working) -> Bounded:
    """The mean over the valid steps; zero where there is none."""
    axis = 2 if data_format == "channels_first" else 1  # [channels-first]
    valid = (
        np.ones(x.shape, bool) if mask is None else np.broadcast_to(np.expand_dims(mask, 3 - axis), x.shape)
    )
    terms = np.where(valid, x, np.zeros((), x.dtype)).astype(working.dtype)
    steps = x.shape[axis]
    total = np.zeros(np.sum(terms, axis=axis, keepdims=keepdims).shape, working.dtype)
    for step in working.order(steps):
        one = np.take(terms, [step] if keepdims else step, axis=axis)  # [keepdims]
        total = total + one
    count = np.maximum(np.sum(valid, axis=axis, keepdims=keepdims), 1)
    size = np.abs(terms.astype(np.float64)).sum(axis=axis, keepdims=keepdims) / count
    # steps - 1 additions, and either a division, or the rounding of 1 ÷ count and a product.
    roundings = np.full((), steps + 1, np.int64)
    return Bounded(total / count.astype(working.dtype), size, roundings, x.dtype)


def _nan_where_nothing_is_valid(mean: Bounded, mask: Array, data_format: str, keepdims: bool) -> Bounded:
    """The same mean with NaN, the quotient of two zeros, in rows that are wholly masked."""
    empty = ~mask.any(axis=1)
    rows = empty.reshape(-1, *[1] * (mean.value.ndim - 1))
    value = np.where(rows, np.array(np.nan, mean.value.dtype), mean.value)
    return Bounded(value, mean.magnitude, mean.roundings, mean.dtype)
