"""Concatenate: inputs one behind the other, and their masks too, if the axes allow it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from reference.clause import reading
from reference.errors import LengthMismatch, NotAList, ShapeMismatch
from reference.outcomes import AnyOf
from reference.sources import keras, tf_keras

Array = np.ndarray[Any, Any]
Masks = Sequence[Array | None]

_KERAS_2_2 = keras("2.2.5", "layers/merge.py", "Concatenate")
_KERAS_2 = (
    keras("v2.15.0", "layers/merging/concatenate.py", "Concatenate"),
    tf_keras("layers/merging/concatenate.py", "Concatenate"),
)
_KERAS_3 = keras("v3.15.1", "layers/merging/concatenate.py", "Concatenate")


@reading("merging.concatenate", "keras-2.2", source=_KERAS_2_2)
def concatenate_keras_2_2(inputs: list[Array], axis: int) -> Array:
    """The inputs stand one behind the other along an axis.

    inputs: arrays of one dtype and of one shape but for the axis. axis: int, negative from the end.
    Returns the array in which all of them lie, bit for bit.

    [one] A single input MUST be refused.
    [shapes] Inputs that differ in another axis, or in rank, MUST be refused.
    [order] The parts MUST stand in the order of the inputs, unchanged.
    """
    if len(inputs) == 1:
        raise LengthMismatch("Concatenate takes at least 2 inputs, this is 1")  # [one]
    return concatenate(inputs, axis)  # [shapes] [order]


@reading("merging.concatenate", "keras-2", source=(*_KERAS_2, _KERAS_3))
def concatenate(inputs: list[Array], axis: int) -> Array:
    """The inputs stand one behind the other along an axis.

    inputs: arrays of one dtype and of one shape but for the axis. axis: int, negative from the end.
    Returns the array in which all of them lie, bit for bit.

    [one] A single input MUST come back as it is.
    [shapes] Inputs that differ in another axis, or in rank, MUST be refused.
    [order] The parts MUST stand in the order of the inputs, unchanged.
    """
    others = {_without(array.shape, axis) for array in inputs}
    if len(others) > 1:
        shapes = [array.shape for array in inputs]
        raise ShapeMismatch(f"inputs of shapes {shapes} differ beside axis {axis}")  # [shapes]
    return np.concatenate(inputs, axis=axis)  # [one] [order]


@reading("merging.concatenate-gradient", "keras-2.2", source=(_KERAS_2_2, *_KERAS_2, _KERAS_3))
def concatenate_gradient(inputs: list[Array], axis: int, upstream: Array) -> list[Array]:
    """Each input gets the part of the gradient that arrives where its values lie.

    inputs: at least two arrays that can be concatenated. upstream: of the shape of the result.
    Returns a list with the gradient of each input, in its shape.

    [slices] The gradients MUST be the slices of what arrives, bit for bit.
    """
    ends = np.cumsum([array.shape[axis] for array in inputs])
    return [part.copy() for part in np.split(upstream, ends[:-1], axis=axis)]  # [slices]


@reading("merging.concatenate-mask", "keras-2.2", source=_KERAS_2_2)
def concatenate_mask_keras_2_2(inputs: Any, masks: Any, axis: int) -> Array | AnyOf | None:
    """Masks are concatenated like their inputs; along the last axis all of them must hold.

    inputs: list of arrays (batch, …, features). masks: None, or list of bool (batch, …) or None.
    Returns the mask of the result, or None.

    [no-masks] If the masks as a whole are None, the result MUST be None, and nothing is checked.
    [masks-list] Masks that are not a list MUST be refused; a tuple is not a list.
    [length] Lists of different lengths MUST be refused.
    [all-absent] If every mask is None, the result MUST be None.
    [along] Along an axis that the masks have, the result MUST be the masks one behind the other.
    [last] Along the last axis a position MUST be valid only if it is valid in every input.
    [some-absent] Along the last axis a mask that is None MUST have no influence.
    [absent-along] What a mask that is None does along another axis is OPEN unless the last axis of
        all inputs has the size 1, where it is all true: a refusal, None, or the same.
    """
    if masks is None:
        return None  # [no-masks]
    if not isinstance(masks, list):
        raise NotAList(f"`masks` should be a list, it is {type(masks).__name__}")  # [masks-list]
    return _all_along(inputs, masks, axis)


@reading("merging.concatenate-mask", "keras-2", source=_KERAS_2)
@reading(
    "merging.concatenate-mask",
    "keras-3",
    before="3.4",
    source=keras("v3.3.3", "layers/merging/concatenate.py", "Concatenate.compute_mask"),
)
def concatenate_mask_keras_2(inputs: Any, masks: Any, axis: int) -> Array | AnyOf | None:
    """Masks are concatenated like their inputs; along the last axis all of them must hold.

    inputs: list of arrays (batch, …, features). masks: None, or list of bool (batch, …) or None.
    Returns the mask of the result, or None.

    [no-masks] If the masks as a whole are None, the result MUST be None, and nothing is checked.
    [masks-list] Masks that are neither a list nor a tuple MUST be refused.
    [length] Lists of different lengths MUST be refused.
    [all-absent] If every mask is None, the result MUST be None.
    [along] Along an axis that the masks have, the result MUST be the masks one behind the other.
    [last] Along the last axis a position MUST be valid only if it is valid in every input.
    [some-absent] Along the last axis a mask that is None MUST have no influence.
    [absent-along] What a mask that is None does along another axis is OPEN unless the last axis of
        all inputs has the size 1, where it is all true: a refusal, None, or the same.
    """
    if masks is None:
        return None  # [no-masks]
    _require_list_or_tuple(masks)  # [masks-list]
    return _all_along(inputs, masks, axis)


def _all_along(inputs: Sequence[Array], masks: Masks, axis: int) -> Array | AnyOf | None:
    """The rule of Keras 2, once the form of the lists is right."""
    _require_one_each(inputs, masks)  # [length]
    if all(mask is None for mask in masks):
        return None  # [all-absent]
    rank = inputs[0].ndim
    if axis % rank == rank - 1:
        present = [mask for mask in masks if mask is not None]  # [some-absent]
        return np.asarray(np.logical_and.reduce(present))  # [last]
    whole = np.concatenate(_completed(inputs, masks), axis=axis % rank)  # [along]
    if all(mask is not None for mask in masks) or all(array.shape[-1] == 1 for array in inputs):
        return whole
    refusal = ShapeMismatch("a mask that is None cannot be put behind one that is not")
    return AnyOf((refusal, None, whole))  # [absent-along]


@reading(
    "merging.concatenate-mask",
    "keras-3",
    since="3.4",
    source=(keras("v3.4.0", "layers/merging/concatenate.py", "Concatenate.compute_mask"), _KERAS_3),
)
def concatenate_mask_keras_3_4(inputs: Any, masks: Any, axis: int) -> Array | None:
    """Masks are concatenated like their inputs; along the last axis any of them suffices.

    inputs: list of arrays (batch, …, features). masks: None, or list of bool (batch, …) or None.
    Returns the mask of the result, or None.

    [no-masks] If the masks as a whole are None, the result MUST be None, and nothing is checked.
    [masks-list] Masks that are neither a list nor a tuple MUST be refused.
    [length] Lists of different lengths MUST be refused.
    [all-absent] If every mask is None, the result MUST be None.
    [some-absent] An input whose mask is None MUST count as valid everywhere.
    [along] Along an axis that the masks have, the result MUST be the masks one behind the other.
    [last] Along the last axis a position MUST be valid if it is valid in any input.
    """
    if masks is None:
        return None  # [no-masks]
    _require_list_or_tuple(masks)  # [masks-list]
    _require_one_each(inputs, masks)  # [length]
    if all(mask is None for mask in masks):
        return None  # [all-absent]
    rank = inputs[0].ndim
    completed = _completed(inputs, masks)  # [some-absent]
    if axis % rank == rank - 1:
        return np.asarray(np.logical_or.reduce(completed))  # [last]
    return np.concatenate(completed, axis=axis % rank)  # [along]


def _completed(inputs: Sequence[Array], masks: Masks) -> list[Array]:
    """The masks, all true where one is None."""
    return [np.ones(a.shape[:-1], np.bool_) if m is None else m for a, m in zip(inputs, masks, strict=True)]


def _without(shape: tuple[int, ...], axis: int) -> tuple[Any, ...]:
    """The rank, and the shape without the axis."""
    place = axis % len(shape)
    return (len(shape), *shape[:place], *shape[place + 1 :])


def _require_list_or_tuple(masks: Any) -> None:
    if not isinstance(masks, (list, tuple)):
        raise NotAList(f"`masks` should be a list, it is {type(masks).__name__}")


def _require_one_each(inputs: Sequence[Array], masks: Masks) -> None:
    if len(masks) != len(inputs):
        raise LengthMismatch(f"there should be one mask an input; there are {len(masks)} for {len(inputs)}")
