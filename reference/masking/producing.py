"""Where masks come from: the Masking layer. Embedding is the other source, see `embedding.mask`."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.clause import reading
from reference.outcomes import AnyOf, Bounded
from reference.sources import keras, tf_keras, torch

Array = np.ndarray[Any, Any]


@reading("masking.produce", "keras-2.2", source=keras("2.2.5", "layers/core.py", "Masking"))
@reading(
    "masking.produce",
    "keras-2",
    source=(
        keras("v2.15.0", "layers/core/masking.py", "Masking"),
        tf_keras("layers/core/masking.py", "Masking"),
    ),
)
@reading(
    "masking.produce",
    "keras-3",
    before="3.15",
    source=keras("v3.14.1", "layers/core/masking.py", "Masking"),
)
def produce_by_product(x: Array, mask_value: Any) -> tuple[Any, Array] | AnyOf:
    """A step is masked if all its features equal the mask value, and its features become zero.

    x: (batch, time, features), or more axes before the last. mask_value: a number, or a vector (features,).
    Returns the values, in the shape of x, and the mask, without the last axis.

    [all-features] A step MUST be masked if every feature equals the mask value.
    [some-features] A step with a feature that differs MUST be valid, whichever feature it is.
    [cast] The mask value MUST be compared as a number of the dtype of x: 0.1 finds the float32
        that is nearest to 0.1.
    [double] So it MUST in float64, where 0.1 finds the double that is nearest to 0.1.
    [half] So it MUST in float16 and in bfloat16.
    [wide] An int64 MUST stay one, and be compared as one.
    [signed-zero] 0.0 and -0.0 MUST be equal.
    [nan] A NaN MUST differ from every value, NaN included, so that its step is valid.
    [vector] A vector of mask values MUST be compared feature by feature.
    [kept] The values of a valid step MUST stay as they are, NaN and infinities included.
    [zeroed] The values of a masked step MUST be zero, of either sign.
    [subnormal] Whether a subnormal number is one, or zero of its sign, is OPEN: processors may flush them.
    [infinite] If the mask value is infinite, what the values of a masked step are is OPEN:
        zero, or NaN, the product of an infinity and zero.
    """
    if _subnormal(x).any():
        return _whether_flushed_or_not(x, mask_value)  # [subnormal]
    mask = np.any(_differs(x, mask_value), axis=-1)
    zeroed = np.where(mask[..., None], x, np.zeros((), x.dtype))  # [kept] [zeroed]
    if np.isinf(x[~mask].astype(np.float64)).any():
        finite = np.isfinite(x.astype(np.float64))
        spoiled = np.where(mask[..., None] | finite, zeroed, np.array(np.nan, x.dtype))
        return AnyOf(((_up_to_sign(zeroed), mask), (_up_to_sign(spoiled), mask)))  # [infinite]
    return _up_to_sign(zeroed), mask


@reading(
    "masking.produce", "keras-3", since="3.15", source=keras("v3.15.1", "layers/core/masking.py", "Masking")
)
@reading("masking.produce", "torch", source=torch("_torch_docs.py", "where"))
def produce_by_selection(x: Array, mask_value: Any) -> tuple[Array, Array] | AnyOf:
    """A step is masked if all its features equal the mask value, and its features become zero.

    x: (batch, time, features), or more axes before the last. mask_value: a number, or a vector (features,).
    Returns the values, in the shape of x, and the mask, without the last axis.

    [all-features] A step MUST be masked if every feature equals the mask value.
    [some-features] A step with a feature that differs MUST be valid, whichever feature it is.
    [cast] The mask value MUST be compared as a number of the dtype of x: 0.1 finds the float32
        that is nearest to 0.1.
    [double] So it MUST in float64, where 0.1 finds the double that is nearest to 0.1.
    [half] So it MUST in float16 and in bfloat16.
    [wide] An int64 MUST stay one, and be compared as one.
    [signed-zero] 0.0 and -0.0 MUST be equal.
    [nan] A NaN MUST differ from every value, NaN included, so that its step is valid.
    [vector] A vector of mask values MUST be compared feature by feature.
    [kept] The values of a valid step MUST stay as they are, NaN and infinities included.
    [zeroed] The values of a masked step MUST be zero, also where the mask value is infinite.
    [subnormal] Whether a subnormal number is one, or zero of its sign, is OPEN: processors may flush them.
    """
    if _subnormal(x).any():
        return _whether_flushed_or_not(x, mask_value)  # [subnormal]
    mask = np.any(_differs(x, mask_value), axis=-1)
    return np.where(mask[..., None], x, np.zeros((), x.dtype)), mask  # [kept] [zeroed]


def _differs(x: Array, mask_value: Any) -> Array:
    """Where a feature differs from the mask value, in the shape of x."""
    sought = np.asarray(mask_value).astype(x.dtype)  # [cast] [double] [half] [wide]
    return np.asarray(x != sought)  # [all-features] [some-features] [signed-zero] [nan] [vector]


def _subnormal(x: Array) -> Array:
    """Where a floating x is below the normal numbers of its dtype, and not zero."""
    if x.dtype.kind in "iub":
        return np.zeros(x.shape, bool)
    smallest = 2.0**-126 if x.dtype.name == "bfloat16" else float(np.finfo(x.dtype).smallest_normal)
    return np.asarray((x != 0) & (np.abs(x.astype(np.float64)) < smallest))


def _whether_flushed_or_not(x: Array, mask_value: Any) -> AnyOf:
    """What comes out if the comparison, the values, both or none of them are flushed."""
    flushed = np.where(_subnormal(x), np.zeros((), x.dtype), x)
    masks = [np.any(_differs(compared, mask_value), axis=-1) for compared in (x, flushed)]
    zero = np.zeros((), x.dtype)
    return AnyOf(
        tuple(
            (_up_to_sign(np.where(mask[..., None], values, zero)), mask)
            for mask in masks
            for values in (x, flushed)
        )
    )


def _up_to_sign(values: Array) -> Bounded | Array:
    """Exact, but for the sign of a floating zero."""
    if values.dtype.kind in "iub":
        return values
    return Bounded(values, np.abs(values), np.zeros((), np.int64), values.dtype)
