"""What a computation gives where a number on its way is too large for its dtype: infinities, and NaN.

A result is followed by a set of flags, a uint8 an element: which of these may come out instead of the
number. UP and DOWN are the infinities, NOTHING is NaN. They are followed by the rules of IEEE 754:
∞ − ∞ and 0·∞ are NaN, and a factor gives an infinity its sign. A number may be 0 if its bound says so.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

UP, DOWN, NOTHING = np.uint8(1), np.uint8(2), np.uint8(4)


def beyond(up: Array, down: Array) -> Array:
    """The flags of results that may be too large, upward and downward; both at once may meet as NaN."""
    return np.asarray(up * UP | down * DOWN | (up & down) * NOTHING, np.uint8)


def turned(flags: Array) -> Array:
    """The flags of −x."""
    return np.asarray((flags & UP) * np.uint8(2) | (flags & DOWN) // np.uint8(2) | flags & NOTHING)


def absolute(flags: Array) -> Array:
    """The flags of |x|."""
    return np.asarray((flags | (flags & DOWN) // np.uint8(2)) & (UP | NOTHING))


def added(flags: Array, other: Array) -> Array:
    """The flags of a sum of two."""
    against = ((flags & UP != 0) & (other & DOWN != 0)) | ((flags & DOWN != 0) & (other & UP != 0))
    return np.asarray(flags | other | against * NOTHING, np.uint8)


def summed(flags: Array, axes: int | tuple[int, ...], keepdims: bool) -> Array:
    """The flags of a sum over axes."""
    over = (axes,) if isinstance(axes, int) else axes
    every = ((flags & bit != 0).any(axis=over, keepdims=keepdims) * bit for bit in (UP, DOWN, NOTHING))
    joined = np.asarray(sum(every), np.uint8)
    return added(joined, joined)


def multiplied(flags: Array, low: Array, high: Array) -> Array:
    """The flags of a product with a factor between two ends, which is finite."""
    same, other = np.where(high > 0, flags, 0), np.where(low < 0, turned(flags), 0)
    lost = (low <= 0) & (high >= 0) & (flags & (UP | DOWN) != 0)
    return np.asarray(same | other | flags & NOTHING | lost * NOTHING, np.uint8)


def crossed(flags: Array, other: Array) -> Array:
    """The flags of a product of two infinities, where both factors may be such."""
    plain = np.where(other & UP != 0, flags, 0) | np.where(other & DOWN != 0, turned(flags), 0)
    return np.asarray(plain, np.uint8)
