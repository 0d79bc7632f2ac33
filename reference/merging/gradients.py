"""How a gradient goes back through a merge layer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reference.clause import reading
from reference.merging.alignment import Array, align, sum_to, terms_to, validity
from reference.outcomes import ORACLE, AnyOf, Bounded, Working
from reference.sources import keras, tf_keras

Masks = Sequence[Array | None]

TIES = ("to the first", "to the last", "halved at each step", "in equal parts")


@reading("merging.gradient", "keras-2.2", source=keras("2.2.5", "layers/merge.py", "_Merge"))
@reading(
    "merging.gradient",
    "keras-2",
    source=(
        keras("v2.15.0", "layers/merging/base_merge.py", "_Merge"),
        tf_keras("layers/merging/base_merge.py", "_Merge"),
    ),
)
@reading(
    "merging.gradient",
    "keras-3",
    before="3.4",
    source=keras("v3.3.3", "layers/merging/base_merge.py", "Merge"),
)
def gradient_plain(
    layer: str, inputs: list[Array], masks: Masks, upstream: Array, *, working: Working = ORACLE
) -> list[Bounded] | AnyOf:
    """Each input gets what arrives, times the derivative of the merge by it; masks have no say.

    layer: Add, Subtract, Multiply, Average, Maximum or Minimum. inputs: two or more, finite.
    masks: of each bool or None, of one shape. upstream: the gradient that arrives at the output.
    Returns a list with the gradient of each input, in its shape and dtype.

    [linear] Add MUST pass on what arrives, Subtract its negative to the second, Average the n-th part.
    [product] Multiply MUST pass on what arrives times all other inputs.
    [extreme] Maximum and Minimum MUST pass on what arrives to the input that was chosen, 0 to others.
    [summed] An input that was broadcast MUST get the sum over the places that it was broadcast to.
    [dtype] The gradients MUST be computed in the dtype of the inputs, and keep it.
    [ties] Among inputs that are equal how the gradient is shared is OPEN: all to the first, all to
        the last, halved at each step, or in equal parts.
    """
    unmasked = [np.ones(array.shape, np.bool_) for array in align(inputs)]
    return _pull(layer, inputs, unmasked, upstream, working)  # [linear] [product] [extreme] [summed] [ties]


@reading(
    "merging.gradient",
    "keras-3",
    since="3.4",
    source=(
        keras("v3.4.0", "layers/merging/base_merge.py", "Merge._apply_merge_op_and_or_mask"),
        keras("v3.15.1", "layers/merging/multiply.py", "Multiply._merge_function"),
    ),
)
def gradient_with_masks(
    layer: str, inputs: list[Array], masks: Masks, upstream: Array, *, working: Working = ORACLE
) -> list[Bounded] | AnyOf:
    """Each input gets what arrives, times the derivative of the merge by it.

    layer: Add, Subtract, Multiply, Average, Maximum or Minimum. inputs: two or more, finite, of one rank.
    masks: of each bool or None. upstream: the gradient that arrives at the output.
    Returns a list with the gradient of each input, in its shape and dtype.

    [linear] Add MUST pass on what arrives, Subtract its negative to the second, Average the n-th part.
    [product] Multiply MUST pass on what arrives times all other inputs that are valid there.
    [masked] What Multiply, Maximum and Minimum leave out MUST get 0.
    [extreme] Maximum and Minimum MUST pass on what arrives to the input that was chosen, 0 to others.
    [none-valid] Where no input is valid, Maximum and Minimum MUST pass on what arrives to the first.
    [summed] An input that was broadcast MUST get the sum over the places that it was broadcast to.
    [dtype] The gradients MUST be computed in the dtype of the inputs, and keep it.
    [ties] Among valid inputs that are equal how the gradient is shared is OPEN: all to the first, all
        to the last, halved at each step, or in equal parts.
    """
    valid = [validity(mask, array) for mask, array in zip(masks, align(inputs), strict=True)]
    return _pull(layer, inputs, valid, upstream, working)


def _pull(
    layer: str, inputs: list[Array], valid: list[Array], upstream: Array, working: Working
) -> list[Bounded] | AnyOf:
    """The gradients, by the derivative of the layer by each input, in the shape of the output."""
    wide = [np.broadcast_to(a, upstream.shape).astype(working.dtype) for a in align(inputs)]
    spread = [np.broadcast_to(v, upstream.shape) for v in valid]
    number = len(inputs)
    if layer in ("Maximum", "Minimum"):
        sign = 1 if layer == "Maximum" else -1
        shared = [_shares([sign * array for array in wide], spread, manner) for manner in TIES]
        answers = [
            _gradients(inputs, shares, 1 if manner == "in equal parts" else 0, upstream, working)
            for manner, shares in zip(TIES, shared, strict=True)
        ]
        if all(np.array_equal(a, b) for shares in shared for a, b in zip(shares, shared[0], strict=True)):
            return answers[0]  # [extreme] [masked] [none-valid]
        return AnyOf(tuple(answers))  # [ties]
    if layer == "Multiply":
        factors = [np.where(v, a, 1) for v, a in zip(spread, wide, strict=True)]
        slopes = [
            np.where(spread[k], np.prod(factors[:k] + factors[k + 1 :], axis=0), 0)  # [product] [masked]
            for k in range(number)
        ]
        magnified = np.prod(np.maximum(np.abs(factors), 1), axis=0)
        return _gradients(inputs, slopes, number - 1, upstream, working, magnified)
    ones = np.ones(upstream.shape, working.dtype)
    if layer == "Average":
        divided = 2 if number > 1 else 0  # a quotient, or a reciprocal and a product
        return _gradients(inputs, [ones / number] * number, divided, upstream, working)
    signs = [ones, -ones] if layer == "Subtract" else [ones] * number
    return _gradients(inputs, signs, 0, upstream, working)  # [linear]


def _gradients(
    inputs: list[Array],
    slopes: list[Array],
    roundings: int,
    upstream: Array,
    working: Working,
    magnified: Array | None = None,
) -> list[Bounded]:
    """What arrives times each slope, summed over the axes that were broadcast.

    magnified: how far the factors that follow can magnify what a rounding loses, shape of the output.
    """
    arriving = upstream.astype(working.dtype)
    later = np.maximum(np.abs(arriving), 1) * (1 if magnified is None else magnified)
    result = []
    for array, slope in zip(inputs, slopes, strict=True):
        product = arriving * slope
        terms = terms_to(upstream.shape, array.shape)
        total, magnitude = sum_to(product, array.shape), sum_to(np.abs(product), array.shape)  # [summed]
        added = np.asarray(roundings + max(terms - 1, 0))
        result.append(Bounded(total, magnitude, added, array.dtype, sum_to(later, array.shape)))  # [dtype]
    return result


def _shares(arrays: list[Array], valid: list[Array], manner: str) -> list[Array]:
    """The share of each input in the greatest valid one; the first has it where nothing is valid.

    The inputs are gone through in their order, as the layers do; at each tie the shares are divided.
    """
    shape = arrays[0].shape
    shares = [np.zeros(shape) for _ in arrays]
    shares[0][...] = 1
    greatest, known, tied = arrays[0], valid[0], np.where(valid[0], 1, 0)
    for k in range(1, len(arrays)):
        better = valid[k] & (~known | (arrays[k] > greatest))
        tie = valid[k] & known & (arrays[k] == greatest)
        kept = {
            "to the first": np.ones(shape),
            "to the last": np.zeros(shape),
            "halved at each step": np.full(shape, 0.5),
            "in equal parts": tied / (tied + 1),
        }[manner]
        for j in range(k):
            shares[j] = np.where(better, 0, np.where(tie, shares[j] * kept, shares[j]))
        shares[k] = np.where(better, 1, np.where(tie, 1 - kept, 0))
        greatest = np.where(better, arrays[k], greatest)
        tied = np.where(better, 1, tied + tie)
        known = known | valid[k]
    return shares
