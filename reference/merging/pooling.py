"""GlobalAveragePooling1D: the one masked mean that frameworks ship, along the time axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.clause import reading
from reference.outcomes import ORACLE, AnyOf, Bounded, Working
from reference.sources import keras, tf_keras

Array = np.ndarray[Any, Any]


@reading(
    "merging.pooling",
    "keras-2",
    source=(
        keras("v2.15.0", "layers/pooling/global_average_pooling1d.py", "GlobalAveragePooling1D"),
        tf_keras("layers/pooling/global_average_pooling1d.py", "GlobalAveragePooling1D"),
        keras("v3.15.1", "layers/pooling/global_average_pooling1d.py", "GlobalAveragePooling1D"),
    ),
)
def pooling(x: Array, mask: Array | None, keepdims: bool, *, working: Working = ORACLE) -> Bounded | AnyOf:
    """The mean over the steps; a step that is masked is excluded from the average.

    x: floating (batch, time, features), time at least 1. mask: bool (batch, time), or None.
    Returns (batch, features), or (batch, 1, features) with keepdims, in the dtype of x.

    [mean] Without a mask the value MUST be the mean over all steps.
    [excluded] With a mask the value MUST be the mean over the valid steps alone, whatever others hold.
    [all-masked] What a row gives in which every step is masked is OPEN: NaN, or 0; alike for all.
    [dtype] The value MUST be computed in the dtype of the inputs, and keep it.
    [keepdims] With keepdims the time axis MUST stay, with size 1.
    """
    valid = np.ones(x.shape, np.bool_) if mask is None else np.broadcast_to(mask[..., None], x.shape)
    kept = np.where(valid, x, np.zeros((), x.dtype)).astype(working.dtype)  # [mean] [excluded]
    count = valid.sum(axis=1, keepdims=keepdims)  # [keepdims]
    divisor = np.maximum(count, 1).astype(working.dtype)
    with np.errstate(invalid="ignore"):
        value = kept.sum(axis=1, keepdims=keepdims) / divisor
    magnitude = np.abs(kept).sum(axis=1, keepdims=keepdims) / divisor
    zero = Bounded(value, magnitude, np.where(count > 0, x.shape[1] + 1, 0), x.dtype)  # [dtype]
    if (count > 0).all():
        return zero
    nan = Bounded(np.where(count > 0, value, np.nan), magnitude, zero.roundings, x.dtype)
    return AnyOf((nan, zero))  # [all-masked]
