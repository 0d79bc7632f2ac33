"""What merge layers compute from their inputs, and whether masks have a say in it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from reference.clause import reading
from reference.errors import LengthMismatch, ShapeMismatch
from reference.merging.alignment import align, merged_shape, validity
from reference.merging.masks import and_of_present
from reference.outcomes import ORACLE, AnyOf, Bounded, Working
from reference.sources import keras, tf_keras

Array = np.ndarray[Any, Any]
Masks = Sequence[Array | None]


@reading("merging.value", "keras-2.2", source=keras("2.2.5", "layers/merge.py", "_Merge.call"))
def value_keras_2_2(
    layer: str, inputs: list[Array], masks: Masks, *, working: Working = ORACLE
) -> Bounded | AnyOf:
    """Inputs are merged element by element, and masks have no say in the value.

    layer: Add, Subtract, Multiply, Average, Maximum or Minimum.
    inputs: floating arrays (batch, …), all of one dtype. masks: of each bool (batch, …) or None.
    Returns the merged array, in the dtype of the inputs.

    [one] A single input MUST be refused.
    [subtract] Subtract MUST refuse any number of inputs but two.
    [batch] Inputs of different batch sizes MUST be refused, a batch of 1 as well.
    [shapes] Inputs that cannot be broadcast MUST be refused.
    [mask-shape] Masks that are not None and differ in shape MUST be refused.
    [stretched] An axis of size 1 MUST be stretched along itself, whatever the sizes of other axes.
    [empty] An empty batch, or an empty axis, MUST give an empty array of the merged shape.
    [rank] An input of lower rank MUST get unit axes behind its batch axis, not before it.
    [elementwise] The value MUST be the sum, difference, product, mean, greatest or least of all inputs.
    [count] Average MUST divide by the number of inputs, whatever is masked.
    [dtype] The value MUST be computed in the dtype of the inputs, and keep it.
    [nan] What Maximum and Minimum make of a NaN beside a number is OPEN: the NaN, or the number.
    """
    if len(inputs) == 1:
        raise LengthMismatch("a merge layer takes at least 2 inputs, this is 1")  # [one]
    require_inputs(layer, inputs)  # [subtract] [batch] [shapes]
    and_of_present(inputs, masks)  # [mask-shape]
    aligned = align(inputs)  # [stretched] [empty] [rank]
    return combine(layer, aligned, working)  # [elementwise] [count] [nan]


@reading(
    "merging.value",
    "keras-2",
    source=(
        keras("v2.15.0", "layers/merging/base_merge.py", "_Merge.call"),
        tf_keras("layers/merging/base_merge.py", "_Merge.call"),
    ),
)
def value_keras_2(
    layer: str, inputs: list[Array], masks: Masks, *, working: Working = ORACLE
) -> Bounded | AnyOf:
    """Inputs are merged element by element, and masks have no say in the value.

    layer: Add, Subtract, Multiply, Average, Maximum or Minimum.
    inputs: floating arrays (batch, …), all of one dtype. masks: of each bool (batch, …) or None.
    Returns the merged array, in the dtype of the inputs.

    [one] A single input MUST come back as it is; Subtract refuses it.
    [subtract] Subtract MUST refuse any number of inputs but two.
    [batch] Inputs of different batch sizes MUST be refused, a batch of 1 as well.
    [shapes] Inputs that cannot be broadcast MUST be refused.
    [mask-shape] Masks that are not None and differ in shape MUST be refused.
    [stretched] An axis of size 1 MUST be stretched along itself, whatever the sizes of other axes.
    [empty] An empty batch, or an empty axis, MUST give an empty array of the merged shape.
    [rank] An input of lower rank MUST get unit axes behind its batch axis, not before it.
    [elementwise] The value MUST be the sum, difference, product, mean, greatest or least of all inputs.
    [count] Average MUST divide by the number of inputs, whatever is masked.
    [dtype] The value MUST be computed in the dtype of the inputs, and keep it.
    [nan] What Maximum and Minimum make of a NaN beside a number is OPEN: the NaN, or the number.
    """
    require_inputs(layer, inputs)  # [subtract] [batch] [shapes]
    and_of_present(inputs, masks)  # [mask-shape]
    aligned = align(inputs)  # [one] [stretched] [empty] [rank]
    return combine(layer, aligned, working)  # [elementwise] [count] [nan]


@reading(
    "merging.value",
    "keras-3",
    before="3.4",
    source=keras("v3.3.3", "layers/merging/base_merge.py", "Merge.call"),
)
def value_keras_3(
    layer: str, inputs: list[Array], masks: Masks, *, working: Working = ORACLE
) -> Bounded | AnyOf:
    """Inputs are merged element by element, and no mask of theirs reaches the layer.

    layer: Add, Subtract, Multiply, Average, Maximum or Minimum.
    inputs: floating arrays (batch, …), all of one dtype. masks: of each bool (batch, …) or None.
    Returns the merged array, in the dtype of the inputs.

    [one] A single input MUST come back as it is; Subtract refuses it.
    [subtract] Subtract MUST refuse any number of inputs but two.
    [batch] Inputs of different batch sizes MUST be refused, a batch of 1 as well.
    [shapes] Inputs that cannot be broadcast MUST be refused.
    [stretched] An axis of size 1 MUST be stretched along itself, whatever the sizes of other axes.
    [empty] An empty batch, or an empty axis, MUST give an empty array of the merged shape.
    [rank] An input of lower rank MUST get unit axes behind its batch axis, not before it.
    [elementwise] The value MUST be the sum, difference, product, mean, greatest or least of all inputs.
    [count] Average MUST divide by the number of inputs, whatever is masked.
    [dtype] The value MUST be computed in the dtype of the inputs, and keep it.
    [nan] What Maximum and Minimum make of a NaN beside a number is OPEN: the NaN, or the number.
    """
    require_inputs(layer, inputs)  # [subtract] [batch] [shapes]
    aligned = align(inputs)  # [one] [stretched] [empty] [rank]
    return combine(layer, aligned, working)  # [elementwise] [count] [nan]


@reading(
    "merging.value",
    "keras-3",
    since="3.4",
    source=(
        keras("v3.4.0", "layers/merging/base_merge.py", "Merge._apply_merge_op_and_or_mask"),
        keras("v3.15.1", "layers/merging/base_merge.py", "Merge._apply_merge_op_and_or_mask"),
        keras("v3.15.1", "layers/merging/multiply.py", "Multiply._merge_function"),
    ),
)
def value_keras_3_4(
    layer: str, inputs: list[Array], masks: Masks, *, working: Working = ORACLE
) -> Bounded | AnyOf:
    """Multiply, Maximum and Minimum leave out what is masked; Add, Subtract and Average do not.

    layer: Add, Subtract, Multiply, Average, Maximum or Minimum.
    inputs: floating arrays (batch, …), all of one dtype. masks: of each bool (batch, …) or None;
    an input without a mask is valid everywhere.
    Returns the merged array, in the dtype of the inputs.

    [one] A single input MUST come back as it is, but for what Multiply masks; Subtract refuses it.
    [subtract] Subtract MUST refuse any number of inputs but two.
    [batch] Inputs of different batch sizes MUST be refused, a batch of 1 as well.
    [shapes] Inputs that cannot be broadcast MUST be refused.
    [stretched] An axis of size 1 MUST be stretched along itself, whatever the sizes of other axes.
    [empty] An empty batch, or an empty axis, MUST give an empty array of the merged shape.
    [rank] An input of lower rank MUST get unit axes behind its batch axis, not before it.
    [elementwise] Where nothing is masked the value MUST be the sum, difference, product, mean,
        greatest or least of all inputs.
    [unheeded] Add, Subtract and Average MUST take what is masked like anything else.
    [count] Average MUST divide by the number of inputs, whatever is masked.
    [product] Multiply MUST take 1 for what is masked.
    [product-none] Where every input has a mask and all are masked, Multiply MUST give 0.
    [extreme] Maximum and Minimum MUST choose among the inputs that are valid at the position.
    [extreme-none] Where no input is valid, Maximum and Minimum MUST give the value of the first input.
    [mask-rank] What the mask of an input of lower rank does is OPEN: a refusal, no influence, or
        the same as any other mask.
    [dtype] The value MUST be computed in the dtype of the inputs, and keep it.
    [nan] What Maximum and Minimum make of a NaN beside a number is OPEN: the NaN, or the number.
    """
    require_inputs(layer, inputs)  # [subtract] [batch] [shapes]
    aligned = align(inputs)
    valid = [validity(mask, array) for mask, array in zip(masks, aligned, strict=True)]
    value = select(layer, aligned, valid, all(m is not None for m in masks), working)
    if not lower_and_masked(inputs, masks):
        return value  # [one] [stretched] [empty] [rank]
    heeded = [None if a.ndim < aligned[0].ndim else m for a, m in zip(inputs, masks, strict=True)]
    lifted = [validity(mask, array) for mask, array in zip(heeded, aligned, strict=True)]
    refusal = ShapeMismatch("masks of different ranks cannot be merged")
    return AnyOf((refusal, select(layer, aligned, lifted, False, working), value))  # [mask-rank]


def require_inputs(layer: str, inputs: Sequence[Array]) -> None:
    """Refuse what no merge layer takes."""
    if layer == "Subtract" and len(inputs) != 2:
        raise LengthMismatch(f"Subtract takes exactly 2 inputs, these are {len(inputs)}")  # [subtract]
    merged_shape([array.shape for array in inputs])  # [batch] [shapes]


def lower_and_masked(inputs: Sequence[Array], masks: Masks) -> bool:
    """Whether an input of lower rank than another has a mask."""
    rank = max(array.ndim for array in inputs)
    return any(array.ndim < rank and mask is not None for array, mask in zip(inputs, masks, strict=True))


def select(
    layer: str, arrays: Sequence[Array], valid: Sequence[Array], all_masked: bool, working: Working
) -> Bounded | AnyOf:
    """The merge from Keras 3.4 on, of arrays of one rank."""
    if layer == "Multiply":
        pairs = zip(valid, arrays, strict=True)
        factors = [np.where(v, a, np.ones((), a.dtype)) for v, a in pairs]  # [product]
        product = combine(layer, factors, working)
        assert isinstance(product, Bounded)
        none = ~reduce(np.logical_or, valid) & all_masked
        return Bounded(
            np.where(none, 0, product.value),  # [product-none]
            np.where(none, 0, product.magnitude),
            np.where(none, 0, product.roundings),
            product.dtype,
            amplified=np.where(none, 1, product.amplified),
        )
    if layer in ("Maximum", "Minimum"):
        return extreme(layer, arrays, valid, working)  # [extreme] [extreme-none] [nan]
    return combine(layer, arrays, working)  # [unheeded] [count] [elementwise]


def combine(layer: str, arrays: Sequence[Array], working: Working) -> Bounded | AnyOf:
    """The merge of arrays of one rank, where masks have no say."""
    if layer in ("Maximum", "Minimum"):
        return extreme(layer, arrays, [np.ones(a.shape, np.bool_) for a in arrays], working)
    number, dtype = len(arrays), arrays[0].dtype
    wide = [array.astype(working.dtype) for array in arrays]
    order = [int(index) for index in working.order(number)]
    with np.errstate(over="ignore", invalid="ignore"):
        if layer == "Multiply":
            value = reduce(np.multiply, [wide[k] for k in order])
            amplified = reduce(np.multiply, [np.maximum(np.abs(a), 1) for a in wide])
            return Bounded(value, np.abs(value), np.asarray(number - 1), dtype, amplified=amplified)
        if layer == "Subtract":
            wide = [wide[0], -wide[1]]
        total = reduce(np.add, [wide[k] for k in order])
        magnitude = reduce(np.add, [np.abs(array) for array in wide])
    if layer == "Average" and number > 1:
        return Bounded(total / number, magnitude / number, np.asarray(number), dtype)
    return Bounded(total, magnitude, np.asarray(number - 1), dtype)  # [dtype]


def extreme(layer: str, arrays: Sequence[Array], valid: Sequence[Array], working: Working) -> Bounded | AnyOf:
    """The greatest or least of what is valid; the first input where nothing is."""
    with_nan, without_nan = {
        "Maximum": (np.maximum, np.fmax),
        "Minimum": (np.minimum, np.fmin),
    }[layer]
    spoken = _fold(with_nan, arrays, valid, working)
    silent = _fold(without_nan, arrays, valid, working)
    if np.array_equal(np.isnan(spoken.value), np.isnan(silent.value)):
        return spoken
    return AnyOf((spoken, silent))  # [nan]


def _fold(choose: Any, arrays: Sequence[Array], valid: Sequence[Array], working: Working) -> Bounded:
    shape = np.broadcast_shapes(*(array.shape for array in arrays))
    wide = [np.broadcast_to(array, shape).astype(working.dtype) for array in arrays]
    order = [int(index) for index in working.order(len(arrays))]
    value, known = wide[0], np.zeros(shape, np.bool_)  # [extreme-none]
    for k in order:
        with np.errstate(invalid="ignore"):
            chosen = np.where(known, choose(value, wide[k]), wide[k])
        value = np.where(valid[k], chosen, value)  # [extreme]
        known = known | valid[k]
    return Bounded(value, np.abs(value), np.zeros((), np.int64), arrays[0].dtype)  # [dtype]
