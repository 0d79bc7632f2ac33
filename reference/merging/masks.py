"""What becomes of the masks when inputs are merged: the rule, and what the layer's output carries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from reference.clause import reading
from reference.errors import LengthMismatch, NotAList, ShapeMismatch
from reference.merging.alignment import broadcast
from reference.merging.concatenation import (
    concatenate_mask_keras_2,
    concatenate_mask_keras_3_4,
)
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
    return and_of_present(inputs, masks)  # [length] [all-absent] [shape] [some-absent] [rule]


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
    return and_of_present(inputs, masks)  # [length] [all-absent] [shape] [some-absent] [rule]


def and_of_present(inputs: Sequence[Array], masks: Sequence[Array | None]) -> Array | None:
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
    if broadcast(shapes) is None:
        raise refusal  # [shape]
    return AnyOf((refusal, np.logical_or.reduce(np.broadcast_arrays(*masks))))  # [broadcast]


def _require(kinds: type | tuple[type, ...], name: str, value: Any) -> None:
    if not isinstance(value, kinds):
        raise NotAList(f"`{name}` should be a list, it is {type(value).__name__}: {value!r}")


def _require_one_each(inputs: Sequence[Array], masks: Sequence[Array | None]) -> None:
    if len(masks) != len(inputs):
        raise LengthMismatch(
            f"there should be one mask an input; there are {len(masks)} masks, {len(inputs)} inputs"
        )


@reading("merging.delivery", "keras-2.2", source=keras("2.2.5", "engine/base_layer.py", "Layer.__call__"))
@reading(
    "merging.delivery",
    "keras-2",
    source=(
        keras("v2.15.0", "engine/base_layer.py", "Layer._set_mask_metadata"),
        tf_keras("engine/base_layer.py", "Layer._set_mask_metadata"),
    ),
)
def delivery_keras_2(
    layer: str, options: dict[str, Any], inputs: list[Array], masks: list[Array | None]
) -> Array | AnyOf | None:
    """What a merge layer's output carries is the mask that the layer computes.

    layer: Add, Subtract, Multiply, Average, Maximum, Minimum, Concatenate or Dot.
    options: the layer's own, {"axis": …} or {"axes": …}. masks: attached to the inputs, bool or None.
    Returns the mask that the next layer is given, or None.

    [elementwise] Elementwise layers MUST deliver what merging.mask says.
    [concatenate] Concatenate MUST deliver what merging.concatenate-mask says.
    [dot] Dot MUST deliver None.
    [unmasked] Where no input carries a mask, the output MUST carry none.
    """
    if layer == "Dot":
        return None  # [dot]
    if all(mask is None for mask in masks):
        return None  # [unmasked]
    if layer == "Concatenate":
        return concatenate_mask_keras_2(inputs, masks, options["axis"])  # [concatenate]
    return mask_keras_2(layer, inputs, masks)  # [elementwise]


@reading(
    "merging.delivery",
    "keras-3",
    before="3.4",
    source=keras("v3.3.3", "layers/layer.py", "Layer.__call__"),
)
def delivery_keras_3(
    layer: str, options: dict[str, Any], inputs: list[Array], masks: list[Array | None]
) -> None:
    """The output of a merge layer carries no mask, whatever its inputs carry.

    layer: Add, Subtract, Multiply, Average, Maximum, Minimum, Concatenate or Dot.
    options: the layer's own, {"axis": …} or {"axes": …}. masks: attached to the inputs, bool or None.
    Returns None: the masks of a list of inputs are looked for on the list, and never found.

    [lost] The mask that the next layer is given MUST be None.
    """
    return  # [lost]


@reading(
    "merging.delivery",
    "keras-3",
    since="3.4",
    source=(
        keras("v3.4.0", "layers/layer.py", "Layer.__call__"),
        keras("v3.15.1", "layers/layer.py", "Layer._set_mask_metadata"),
    ),
)
def delivery_keras_3_4(
    layer: str, options: dict[str, Any], inputs: list[Array], masks: list[Array | None]
) -> Array | AnyOf | None:
    """What a merge layer's output carries is the mask that the layer computes.

    layer: Add, Subtract, Multiply, Average, Maximum, Minimum, Concatenate or Dot.
    options: the layer's own, {"axis": …} or {"axes": …}. masks: attached to the inputs, bool or None.
    Returns the mask that the next layer is given, or None.

    [elementwise] Elementwise layers MUST deliver what merging.mask says.
    [concatenate] Concatenate MUST deliver what merging.concatenate-mask says.
    [dot] Dot MUST deliver None.
    [unmasked] Where no input carries a mask, the output MUST carry none.
    """
    if layer == "Dot":
        return None  # [dot]
    if all(mask is None for mask in masks):
        return None  # [unmasked]
    if layer == "Concatenate":
        return concatenate_mask_keras_3_4(inputs, masks, options["axis"])  # [concatenate]
    return mask_keras_3_4(layer, inputs, masks)  # [elementwise]
