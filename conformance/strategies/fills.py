"""Values for arrays: ordinary ones, mixed with the edges on which implementations part."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.codec import dtype_named
from conformance.tolerance import finfo

Array = np.ndarray[Any, Any]

FLOATS = ("float32", "float64", "float16", "bfloat16")


def floats(random: np.random.Generator, shape: tuple[int, ...], dtype: str, *, edges: bool = False) -> Array:
    """Values around 1, a few of them 0, −0.0, ±1; with `edges` also subnormal, huge, infinite and NaN."""
    kind = dtype_named(dtype)
    values = random.standard_normal(shape).astype(kind)
    palette = [0.0, -0.0, 1.0, -1.0]
    if edges:
        limits = finfo(kind)
        palette += [
            float(limits.smallest_subnormal),
            float(limits.smallest_normal),
            float(limits.max),
            -float(limits.max),
            np.inf,
            -np.inf,
            np.nan,
        ]
    chosen = random.random(shape) < 0.3
    picks = np.array(palette)[random.integers(0, len(palette), shape)]
    return np.where(chosen, picks.astype(kind), values)


def booleans(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Fair coins, now and then all true or all false."""
    share = random.choice([0.5, 0.5, 0.5, 0.5, 0.0, 1.0])
    return np.asarray(random.random(shape) < share)


def ids(random: np.random.Generator, shape: tuple[int, ...], vocabulary: int, dtype: str) -> Array:
    """Legal ids, the first and the last among them often; repeated often; as `dtype`.

    A floating dtype gets fractions that truncation toward zero takes away again.
    """
    kind = np.dtype(dtype)
    reach = min(vocabulary, 2 if kind.kind == "b" else vocabulary)
    drawn = random.integers(0, reach, shape)
    edge = random.random(shape) < 0.3
    drawn = np.where(edge, random.choice([0, reach - 1], shape), drawn)
    if kind.kind != "f":
        return drawn.astype(kind)
    fractions = random.choice([0.0, 0.25, 0.5, 0.75], shape)
    whole = drawn + fractions
    return np.where((drawn == 0) & (random.random(shape) < 0.3), -fractions, whole).astype(kind)


def spread(
    random: np.random.Generator,
    shape: tuple[int, ...],
    dtype: str,
    specials: tuple[float, ...] = (),
    share: float = 0.1,
) -> Array:
    """Values around 1 with few repeated, and a share of `specials` among them."""
    kind = dtype_named(dtype)
    values = random.standard_normal(shape).astype(kind)
    if not specials:
        return values
    picks = np.array(specials)[random.integers(0, len(specials), shape)]
    return np.where(random.random(shape) < share, picks.astype(kind), values)
