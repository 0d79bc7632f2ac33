"""Attention: every query takes a weighted mean of the values, by how well the keys match it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference.transformer.arithmetic import Arithmetic

Array = np.ndarray[Any, Any]


def attend(
    a: Arithmetic,
    query: Array,
    key: Array,
    value: Array,
    *,
    heads: int,
    valid: Array | None = None,
    bias: Array | None = None,
    scaled: bool = True,
    empty: str = "uniform",
    drop: float = 0.0,
    single: bool = False,
) -> tuple[Array, Array]:
    """The context (batch, queries, heads · size), and the weights (batch, heads, queries, keys).

    query: (batch, queries, heads · size), head by head. key, value: (batch, keys, groups · size);
    heads ÷ groups neighboring heads share a group. valid: bool that broadcasts to the weights.
    bias: added to the scores. scaled: whether scores are divided by the root of a head's size.
    empty: what a query without a valid key attends to: "uniform", "zeros", "nan", or "ignored",
        which is as if all keys were valid. drop: 0, or 1 for weights that are all dropped.
    """
    size = query.shape[-1] // heads
    query, key, value = (split(x, x.shape[-1] // size) for x in (query, key, value))
    key, value = (np.repeat(x, heads // x.shape[1], axis=1) for x in (key, value))
    scores = a.matmul(query, np.swapaxes(key, -1, -2))
    if scaled:
        scores = a.multiply(scores, np.asarray(1 / math.sqrt(size), a.dtype))
    if bias is not None:
        scores = a.add(scores, bias)
    weights = masked_softmax(a, scores, valid, empty, single=single)
    weights = weights * np.asarray(1 - drop, weights.dtype)
    context = a.matmul(weights, value)
    batch, _, queries, _ = context.shape
    return np.swapaxes(context, 1, 2).reshape(batch, queries, heads * size), weights


def masked_softmax(a: Arithmetic, scores: Array, valid: Array | None, empty: str, *, single: bool) -> Array:
    """The softmax over the valid keys; others get exactly 0."""
    if valid is None:
        return a.softmax(scores, single=single)
    hopeless = ~valid.any(-1, keepdims=True)
    masked = np.where(valid, scores, np.asarray(-np.inf, scores.dtype))
    masked = np.where(hopeless, scores if empty == "ignored" else np.zeros_like(scores), masked)
    weights = a.softmax(masked, single=single)
    if empty in ("zeros", "nan"):
        filler = np.asarray(np.nan if empty == "nan" else 0, weights.dtype)
        weights = np.where(hopeless, filler, weights)
    return weights


def split(x: Array, heads: int) -> Array:
    """(batch, time, heads · size) as (batch, heads, time, size)."""
    batch, time, width = x.shape
    return np.swapaxes(x.reshape(batch, time, heads, width // heads), 1, 2)


def keys_of(mask: Array | None) -> Array | None:
    """A mask (batch, keys) as it broadcasts to the weights: bool (batch, 1, 1, keys)."""
    return None if mask is None else np.asarray(mask[:, None, None, :] != 0)


def causal(valid: Array | None, queries: int) -> Array:
    """Valid keys among those that are not later than the query: bool (batch or 1, 1, queries, queries)."""
    earlier = np.tri(queries, dtype=bool)[None, None]
    return earlier if valid is None else valid & earlier
