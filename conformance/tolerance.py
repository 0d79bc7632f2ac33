"""Where bounds come from: never typed, always derived from what a reading says of its roundings."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from backends.codec import dtype_named
from reference.outcomes import Bounded, Measured
from reference.overflow import DOWN, NOTHING, UP

Array = np.ndarray[Any, Any]


@cache
def finfo(dtype: np.dtype[Any]) -> Any:
    """The limits of a floating dtype, bfloat16 included."""
    if dtype == dtype_named("bfloat16"):
        import ml_dtypes

        return ml_dtypes.finfo(dtype)
    return np.finfo(dtype)


@cache
def unit_roundoff(dtype: np.dtype[Any]) -> float:
    """The largest relative error of one rounding to nearest."""
    return float(finfo(dtype).eps) / 2


def relative_bound(roundings: Array, dtype: np.dtype[Any]) -> Array:
    """k·u ÷ (1 − k·u), the relative error that k roundings can add up to; infinite from k·u = 1 on.

    Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, lemma 3.1.
    """
    product = np.asarray(roundings, np.float64) * unit_roundoff(dtype)
    return np.where(product < 1, product / np.where(product < 1, 1 - product, 1), np.inf)


def bound(expected: Bounded, *, flushes: bool) -> Array:
    """How far a backend's element may lie from the expected one, float64, shape of the value.

    The backend's own roundings in its dtype and the oracle's in float64, each relative to the
    magnitude; below the normal numbers each rounding errs by at most half a subnormal, or, where
    the backend flushes subnormals to zero, by a smallest normal number. In a product that loss is
    multiplied by the factors that follow, at most by `amplified`.
    A reading that followed every operation has stated the bound itself, both shares included.
    """
    limits = finfo(expected.dtype)
    roundings = np.broadcast_to(expected.roundings, expected.value.shape)
    least = float(limits.smallest_normal) if flushes else float(limits.smallest_subnormal) / 2
    if expected.error is not None:
        return np.asarray(expected.error + np.where(roundings > 0, least, 0.0))
    relative = relative_bound(roundings, expected.dtype) + relative_bound(roundings, np.dtype(np.float64))
    magnitude = np.asarray(expected.magnitude, np.float64)
    with np.errstate(invalid="ignore"):
        scaled = np.where((roundings > 0) & (magnitude != 0), relative * magnitude, 0.0)
    smallest = least * np.where(roundings > 0, np.asarray(expected.amplified, np.float64), 1.0)
    return np.asarray(scaled + roundings * smallest)


def can_overflow(expected: Bounded) -> tuple[Array, Array, Array]:
    """Where a partial sum, in some order, can pass the largest finite number, and what then comes out.

    Three bool arrays of the shape of the value: ∞, −∞, and NaN, where both may meet. No partial sum
    exceeds the sum of the positive terms, (magnitude + value) ÷ 2, or the sum of the negative ones, by
    more than the roundings add. No partial product exceeds `amplified`, of either sign.
    Where a reading followed every operation, it has followed the infinities as well.
    """
    if expected.error is not None:
        flags = np.zeros(expected.value.shape, np.uint8) if expected.flags is None else expected.flags
        return flags & UP != 0, flags & DOWN != 0, flags & NOTHING != 0
    value, magnitude = np.asarray(expected.value, np.float64), np.asarray(expected.magnitude, np.float64)
    largest = float(finfo(expected.dtype).max)
    grown = 1 + relative_bound(np.broadcast_to(expected.roundings, value.shape), expected.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        up, down = (grown * (magnitude / 2 + part / 2) > largest for part in (value, -value))
        product = grown * np.asarray(expected.amplified, np.float64) > largest
    finite = np.isfinite(magnitude) & np.isfinite(value)
    up, down = finite & (up | product), finite & (down | product)
    return up, down, up & down


def measured_bound(expected: Measured) -> Array:
    """How far a backend's element may lie from an expected one whose sensitivity was measured.

    Roundings e_k of an operation do g_k·e_k to the result, to first order, with |e_k| ≤ u_k. If
    they are independent and of mean zero, then by Hoeffding's inequality, with s² = Σ (g_k·u_k)²,

        P(|Σ g_k·e_k| > λ·s) ≤ 2·exp(−λ²÷2),

    which is below 2e-9 for λ = 6.5 (Higham and Mary, A new approach to probabilistic rounding error
    analysis, SIAM Journal on Scientific Computing 41, 2019, theorem 2.4; inner products of n terms
    err by at most λ·√n·u times the product of the absolute values, theorem 3.1).
    The spread is an estimate of s from 64 runs. It falls below √t·s with a probability of at most
    (t·exp(1 − t))³², a Chernoff bound of the χ² distribution, which is 1.5e-9 for t = ¼.
    So the bound is 6.5 ÷ √¼ = 13 spreads. The oracle's own roundings, in float64, count once more.
    Results below the normal numbers err by a smallest normal number at most; their spread may be too
    small for float64, but then they are no numbers of the dtype.
    """
    unit = unit_roundoff(expected.dtype)
    share = 1 + unit_roundoff(np.dtype(np.float64)) / unit
    smallest = float(finfo(expected.dtype).smallest_normal)
    tiny = np.where(np.abs(expected.value) < smallest, expected.value, 0.0)
    vanishing = tiny.astype(expected.dtype).astype(np.float64) != tiny
    floor = np.where((expected.spread > 0) | vanishing, smallest, 0.0)
    return np.asarray(13 * share * expected.spread + floor)
