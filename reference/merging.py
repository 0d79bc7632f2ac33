"""Merging: several inputs become one, and so must their masks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from reference.clause import reading
from reference.errors import LengthMismatch, NotAList, ShapeMismatch
from reference.outcomes import AnyOf
from reference.sources import keras, tf_keras

Array = np.ndarray[Any, Any]


@reading("merging.mask", "keras-2.2", source=keras("2.2.5", "layers/merge.py", "_Merge.compute_mask"))
def mask_keras_2_2(layer: str, inputs: Any, masks: Any) -> Array | None:
    """A merged position is valid only if it is valid in every input that has a mask.

    layer: Add, Subtract, Multiply, Average, Maximum or Minimum; the rule is the same for all.
    inputs: list of floating (batch, time, features). masks: None, or list of bool (batch, time) or None.
    Returns the mask of the result, (batch, time), or None.

    [no-masks] If the masks as a whole are None, the result MUST be None, and nothing is checked.
    [masks-list] Masks that are not a list MUST be refused; a tuple is not a list.
    [inputs-list] Inputs that are not a list MUST be refused; a tuple is not a list.
    [length] Lists of different lengths MUST be refused.
    [all-absent] If every mask is None, the result MUST be None.
    [shape] Masks that are not None and differ in shape MUST be refused.
    [some-absent] A mask that is None MUST have no influence.
    [rule] The result MUST be the logical AND of the masks that are not None.
    """
    if masks is None:
        return None  # [no-masks]
    _require(list, "masks", masks)  # [masks-list]
    _require(list, "inputs", inputs)  # [inputs-list]
    return _and_of_present(inputs, masks)  # [length] [all-absent] [shape] [some-absent] [rule]


@reading(
    "merging.mask",
    "keras-2",
    source=(
        keras("v2.15.0", "layers/merging/base_merge.py", "_Merge.compute_mask"),
        tf_keras("layers/merging/base_merge.py", "_Merge.compute_mask"),
    ),
)
@reading(
    "merging.mask",
    "keras-3",
    before="3.4",
    source=keras("v3.3.3", "layers/merging/base_merge.py", "Merge.compute_mask"),
)
def mask_keras_2(layer: str, inputs: Any, masks: Any) -> Array | None:
    """A merged position is valid only if it is valid in every input that has a mask.

    layer: Add, Subtract, Multiply, Average, Maximum or Minimum; the rule is the same for all.
    inputs: list of floating (batch, time, features). masks: None, or list of bool (batch, time) or None.
    Returns the mask of the result, (batch, time), or None.

    [no-masks] If the masks as a whole are None, the result MUST be None, and nothing is checked.
    [masks-list] Masks that are neither a list nor a tuple MUST be refused.
    [inputs-list] Inputs that are neither a list nor a tuple MUST be refused.
    [length] Lists of different lengths MUST be refused.
    [all-absent] If every mask is None, the result MUST be None.
    [shape] Masks that are not None and differ in shape MUST be refused.
    [some-absent] A mask that is None MUST have no influence.
    [rule] The result MUST be the logical AND of the masks that are not None.
    """
    if masks is None:
        return None  # [no-masks]
    _require((list, tuple), "masks", masks)  # [masks-list]
    _require((list, tuple), "inputs", inputs)  # [inputs-list]
    return _and_of_present(inputs, masks)  # [length] [all-absent] [shape] [some-absent] [rule]


def _and_of_present(inputs: Sequence[Array], masks: Sequence[Array | None]) -> Array | None:
    """The AND of the masks that are not None, or None."""
    _require_one_each(inputs, masks)  # [length]
    present = [mask for mask in masks if mask is not None]  # [some-absent]
    if not present:
        return None  # [all-absent]
    shapes = {mask.shape for mask in present}
    if len(shapes) > 1:
        raise ShapeMismatch(f"masks of shapes {sorted(shapes)} cannot be merged")  # [shape]
    return np.asarray(np.logical_and.reduce(present))  # [rule]


@reading(
    "merging.mask",
    "keras-3",
    since="3.4",
    source=(
        keras("v3.4.0", "layers/merging/base_merge.py", "Merge.compute_mask"),
        keras("v3.15.1", "layers/merging/base_merge.py", "Merge.compute_mask"),
    ),
)
def mask_keras_3_4(layer: str, inputs: Any, masks: Any) -> Array | AnyOf | None:
    """A merged position is valid if it is valid in any input; one input without a mask lifts all.

    layer: Add, Subtract, Multiply, Average, Maximum or Minimum; the rule is the same for all.
    inputs: list of floating (batch, time, features). masks: None, or list of bool (batch, time) or None.
    Returns the mask of the result, (batch, time), or None.

    [no-masks] If the masks as a whole are None, the result MUST be None, and nothing is checked.
    [masks-list] Masks that are neither a list nor a tuple MUST be refused.
    [inputs-list] Inputs that are neither a list nor a tuple MUST be refused.
    [length] Lists of different lengths MUST be refused.
    [all-absent] If every mask is None, the result MUST be None.
    [some-absent] If any mask is None, the result MUST be None.
    [shape] Masks of shapes that cannot be broadcast together MUST be refused.
    [broadcast] What masks of different shapes that can be broadcast give is OPEN: a refusal, or
        the OR of the broadcast masks.
    [rule] The result MUST be the logical OR of the masks.
    """
    if masks is None:
        return None  # [no-masks]
    _require((list, tuple), "masks", masks)  # [masks-list]
    _require((list, tuple), "inputs", inputs)  # [inputs-list]
    _require_one_each(inputs, masks)  # [length]
    if any(mask is None for mask in masks):
        return None  # [some-absent] [all-absent]
    shapes = {mask.shape for mask in masks}
    if len(shapes) == 1:
        return np.asarray(np.logical_or.reduce(masks))  # [rule]
    refusal = ShapeMismatch(f"masks of shapes {sorted(shapes)} cannot be merged")
    if not _broadcast(shapes):
        raise refusal  # [shape]
    return AnyOf((refusal, np.logical_or.reduce(np.broadcast_arrays(*masks))))  # [broadcast]


def _broadcast(shapes: set[tuple[int, ...]]) -> bool:
    """Whether shapes agree from the right, where 1 goes with everything."""
    rank = max(map(len, shapes))
    columns = zip(*((1,) * (rank - len(shape)) + shape for shape in shapes), strict=True)
    return all(len(set(column) - {1}) <= 1 for column in columns)


def _require(kinds: type | tuple[type, ...], name: str, value: Any) -> None:
    if not isinstance(value, kinds):
        raise NotAList(f"`{name}` should be a list, it is {type(value).__name__}: {value!r}")


def _require_one_each(inputs: Sequence[Array], masks: Sequence[Array | None]) -> None:
    if len(masks) != len(inputs):
        raise LengthMismatch(
            f"there should be one mask an input; there are {len(masks)} masks, {len(inputs)} inputs"
        )
