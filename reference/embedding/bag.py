"""Bags: sums, means and maxima of rows."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from reference.clause import reading
from reference.embedding.gradient import uses
from reference.embedding.origins import TORCH_BAG, Array, native, out_of_range, outside_of
from reference.errors import LengthMismatch, Refused, ShapeMismatch
from reference.outcomes import ORACLE, AnyOf, Bounded, Working

Padding = int | None


@reading("embedding.bag", "torch", source=(*TORCH_BAG, native("EmbeddingBag.cpp", "_embedding_bag_cpu")))
def bag(
    table: Array,
    ids: Array,
    offsets: Array | None,
    mode: str,
    padding_idx: Padding,
    weights: Array | None,
    include_last_offset: bool,
    *,
    working: Working = ORACLE,
) -> Bounded:
    """A bag is the sum, the mean or the largest of the rows that its ids name.

    table: floating (vocabulary, dimension). ids: int32 or int64, (bags, length), or (positions,)
    with offsets. offsets: where each bag begins, (bags,), of the dtype of the ids, or None.
    mode: "sum", "mean" or "max". padding_idx: a legal row, or None. weights: shape of the ids, or None.
    include_last_offset: whether the last offset is where the last bag ends.
    Returns an array (bags, dimension).

    [offsets] Ids of one axis without offsets, and ids of two axes with offsets, MUST be refused.
    [first] A first offset other than 0 MUST be refused.
    [range] An id below 0 or from vocabulary on MUST be refused.
    [weights-shape] Weights of another shape than the ids MUST be refused.
    [weights-mode] Weights in another mode than "sum" MUST be refused.
    [rows] Ids of two axes MUST be one bag a row, of no ids as well.
    [last] With include_last_offset the last bag MUST end at the last offset, else at the last id.
    [padding] Positions of the padding row MUST be left out, of the count of a mean as well.
    [empty] A bag of no ids, or of padding alone, MUST be zeros in every mode.
    [sum] A sum MUST add the rows, each times its weight if there are weights.
    [mean] A mean MUST be the sum divided by the number of ids in the bag.
    [max] A maximum MUST be taken feature by feature.
    [nan] A maximum MUST be NaN if any of its values is, as that of torch.max is.

    >>> table = np.array([[1.0], [2.0], [4.0]])
    >>> bag(table, np.array([2, 0, 0]), np.array([0, 2]), "mean", None, None, False).value.ravel()
    array([2.5, 1. ])
    """
    _check(table, ids, offsets, mode, weights)  # [offsets] [first] [range] [weights-shape] [weights-mode]
    bags = _positions(ids, offsets, include_last_offset)  # [rows] [last]
    flat, rows = ids.reshape(-1), table.astype(working.dtype)
    scales = None if weights is None else weights.reshape(-1).astype(working.dtype)
    value = np.zeros((len(bags), table.shape[1]), working.dtype)
    magnitude, roundings = np.zeros_like(value), np.zeros((len(bags), 1), np.int64)
    for number, positions in enumerate(bags):
        kept = positions[flat[positions] != _row(table, padding_idx)]  # [padding]
        if not kept.size:
            continue  # [empty]
        kept = kept[working.order(kept.size)]
        terms = rows[flat[kept]]
        if mode == "max":
            with np.errstate(invalid="ignore"):
                value[number] = terms.max(axis=0)  # [max] [nan]
            continue
        if scales is not None:
            terms = terms * scales[kept][:, None]
        value[number] = _total(terms)  # [sum]
        magnitude[number] = np.abs(terms).sum(axis=0)
        roundings[number] = kept.size - 1 + (scales is not None)
        if mode == "mean":
            count = working.dtype.type(kept.size)
            value[number], magnitude[number] = value[number] / count, magnitude[number] / count  # [mean]
            roundings[number] = kept.size + 1 if kept.size > 1 else 0
    return Bounded(value, np.where(roundings > 0, magnitude, np.abs(value)), roundings, table.dtype)


@reading(
    "embedding.bag-gradient",
    "torch",
    source=(*TORCH_BAG, native("EmbeddingBag.cpp", "_embedding_bag_dense_backward_cpu")),
)
def bag_gradient(
    table: Array,
    ids: Array,
    offsets: Array | None,
    upstream: Array,
    mode: str,
    padding_idx: Padding,
    weights: Array | None,
    scale_grad_by_freq: bool,
    sparse: bool,
    *,
    working: Working = ORACLE,
) -> tuple[Bounded, Bounded | None] | AnyOf:
    """The gradient of a bag goes to the rows that made it.

    table: finite (vocabulary, dimension), in mode "max" without equal elements in a column.
    ids, offsets, mode, padding_idx, weights: as for `embedding.bag`, all legal.
    upstream: (bags, dimension), the gradient that arrives at the output.
    scale_grad_by_freq, sparse: options of the table's gradient.
    Returns the gradient of the table, made dense, and that of the weights, None without weights.

    [refused] In mode "max" scale_grad_by_freq and sparse MUST be refused.
    [sum] A position of a sum MUST pass on what arrives at its bag, times its weight if there are weights.
    [mean] A position of a mean MUST pass on what arrives, divided by the number of ids in its bag.
    [max] A maximum MUST pass on what arrives, feature by feature, to the row that it was.
    [padding] Positions of the padding row MUST pass on nothing.
    [frequency] With scale_grad_by_freq a row's gradient MUST be divided by the number of positions,
        in all bags, that name this row.
    [weights] The gradient of a weight MUST be the product of what arrives with the row, summed.
    [sparse] A sparse gradient, made dense, MUST be the same; with scale_grad_by_freq it is OPEN
        whether it is refused.
    """
    if mode == "max" and (scale_grad_by_freq or sparse):
        raise Refused('mode "max" takes neither scale_grad_by_freq nor sparse')  # [refused]
    scales = np.ones(ids.size, table.dtype) if weights is None else weights.reshape(-1)
    rows, of_weights = _arrived(table, ids, offsets, upstream, mode, padding_idx, scales, working)
    total, magnitude = rows
    times = uses(table, ids)[:, None]
    if scale_grad_by_freq:
        divisors = np.maximum(times, 1).astype(working.dtype)
        total, magnitude = total / divisors, magnitude / divisors  # [frequency]
    extra = (weights is not None) + 2 * (mode == "mean") + 2 * scale_grad_by_freq
    rounded = np.where(times > 0, times - 1 + extra, 0)
    by_weight, size = (array.reshape(ids.shape) for array in of_weights)
    result = (
        Bounded(total, magnitude, rounded, table.dtype),
        None if weights is None else Bounded(by_weight, size, np.asarray(table.shape[1]), weights.dtype),
    )
    if sparse and scale_grad_by_freq:
        refused = Refused("a sparse gradient is not scaled", shows_as=("RuntimeError",))
        return AnyOf((refused, result))  # [sparse]
    return result


def _arrived(
    table: Array,
    ids: Array,
    offsets: Array | None,
    upstream: Array,
    mode: str,
    padding_idx: Padding,
    scales: Array,
    working: Working,
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """What arrives at the rows, (vocabulary, dimension), and at the scales, (positions,): sum, magnitude."""
    flat, rows, scales = ids.reshape(-1), table.astype(working.dtype), scales.astype(working.dtype)
    total, magnitude = np.zeros_like(rows), np.zeros_like(rows)
    of_scales, scales_magnitude = np.zeros_like(scales), np.zeros_like(scales)
    for share, positions in zip(upstream.astype(working.dtype), _positions(ids, offsets, False), strict=True):
        kept = positions[flat[positions] != _row(table, padding_idx)]  # [padding]
        if not kept.size:
            continue
        if mode == "max":
            winners = flat[kept][rows[flat[kept]].argmax(axis=0)]
            columns = np.arange(table.shape[1])
            total[winners, columns] += share  # [max]
            magnitude[winners, columns] += np.abs(share)
            continue
        own = share / working.dtype.type(kept.size) if mode == "mean" else share
        for position in kept[working.order(kept.size)]:
            row = flat[position]
            total[row] += own * scales[position]  # [sum] [mean]
            magnitude[row] += np.abs(own * scales[position])
            of_scales[position] = _total(own[:, None] * rows[row][:, None])[0]  # [weights]
            scales_magnitude[position] = np.abs(own * rows[row]).sum()
    return (total, magnitude), (of_scales, scales_magnitude)


def _check(table: Array, ids: Array, offsets: Array | None, mode: str, weights: Array | None) -> None:
    if weights is not None and weights.shape != ids.shape:
        raise ShapeMismatch(f"weights of shape {weights.shape} do not fit ids of shape {ids.shape}")
    if ids.ndim == 1 and offsets is None:
        raise LengthMismatch("ids of one axis need offsets")
    if ids.ndim == 2 and offsets is not None:
        raise LengthMismatch("ids of two axes need no offsets")
    if weights is not None and mode != "sum":
        raise Refused(f'weights go with mode "sum", not {mode!r}', shows_as=("NotImplementedError",))
    if offsets is not None and offsets.size and offsets[0] != 0:
        raise Refused(f"the first offset is 0, this is {offsets[0]}", shows_as=("RuntimeError",))
    if outside_of(table, ids).any():
        raise out_of_range(table, ids, shows_as=("RuntimeError", "IndexError"))


def _positions(ids: Array, offsets: Array | None, include_last_offset: bool) -> list[Array]:
    """The positions, in the flat ids, of each bag."""
    if offsets is None:
        return list(np.arange(ids.size).reshape(ids.shape))
    ends = offsets if include_last_offset else np.append(offsets, ids.size)
    return [np.arange(begin, end) for begin, end in pairwise(ends)]


def _row(table: Array, padding_idx: Padding) -> int:
    """The padding row, or -1 which no legal id is."""
    return -1 if padding_idx is None else padding_idx % len(table)


def _total(terms: Array) -> Any:
    """The sum over the first axis, first term first, without a wider accumulator."""
    total = np.zeros(terms.shape[1:], terms.dtype)
    for term in terms:
        total = total + term
    return total
