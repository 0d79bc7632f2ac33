"""Miniatures of the chapter merging: Concatenate and Dot."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from backends.numpy_control import settle
from conformance.miniatures import Miniature
from reference import merging

Array = np.ndarray[Any, Any]


class JoinedBackwards(Miniature):
    """The last input comes first."""

    dialect = "keras-2"
    clause = "merging.concatenate"
    law = "test_concatenated_inputs_stand_in_their_order"
    notice = "saved weights of the next layer meet the features of another input"

    @operation("merging.concatenate")
    def joined(self, inputs: Any, axis: int) -> Any:
        return merging.concatenate(inputs[::-1], axis)


class NegativeAxisIsLast(Miniature):
    """Every axis below 0 is taken for the last."""

    dialect = "keras-3"
    clause = "merging.concatenate"
    law = "test_an_axis_counted_from_the_end_is_the_same_axis"
    notice = "axis=-2 joins features where steps were meant"

    @operation("merging.concatenate")
    def joined(self, inputs: Any, axis: int) -> Any:
        return merging.concatenate(inputs, -1 if axis < 0 else axis)


class SingleInputDoubled(Miniature):
    """A single input is joined with itself."""

    dialect = "keras-3"
    clause = "merging.concatenate"
    law = "test_concatenating_a_single_input"
    notice = "a list of one input that was built in a loop has twice its features"

    @operation("merging.concatenate")
    def joined(self, inputs: Any, axis: int) -> Any:
        return merging.concatenate(inputs * 2 if len(inputs) == 1 else inputs, axis)


class UnfitInputsCut(Miniature):
    """Inputs that differ beside the axis are left out."""

    dialect = "keras-2"
    clause = "merging.concatenate"
    law = "test_inputs_that_differ_beside_the_axis_are_refused"
    notice = "an input of another length is missing from the result"

    @operation("merging.concatenate")
    def joined(self, inputs: Any, axis: int) -> Any:
        first = list(inputs[0].shape)
        first[axis] = 0
        fitting = [a for a in inputs if a.ndim == len(first) and _without(a.shape, axis) == first]
        return merging.concatenate(fitting, axis)


class SlicesSwapped(Miniature):
    """The slices of the gradient go to the inputs in reverse."""

    dialect = "keras-3"
    clause = "merging.concatenate-gradient"
    law = "test_each_input_gets_its_slice_of_the_gradient"
    notice = "each branch of a network learns what the other should"

    @operation("merging.concatenate-gradient")
    def pulled(self, inputs: Any, axis: int, upstream: Array) -> Any:
        parts = merging.concatenate_gradient(inputs[::-1], axis, upstream)
        return parts[::-1]


class MissingMasksAdded(Miniature):
    """A list of masks that is too short is filled up with masks that are all true."""

    dialect = "keras-3"
    clause = "merging.concatenate-mask"
    law = "test_what_is_no_list_of_masks_is_not_concatenated"
    notice = "masks are given to the wrong inputs, and nothing says so"

    @operation("merging.concatenate-mask")
    def mask(self, inputs: Any, masks: Any, axis: int) -> Any:
        if isinstance(masks, (list, tuple)):
            masks = [*masks, *[None] * len(inputs)][: len(inputs)]
        return merging.concatenate_mask_keras_3_4(inputs, masks, axis)


class CosineOfZeroIsNan(Miniature):
    """A vector of zeros is divided by its norm."""

    dialect = "keras-3"
    clause = "merging.dot"
    law = "test_a_vector_of_zeros_has_the_cosine_zero"
    notice = "one empty row makes the loss NaN"

    @operation("merging.dot")
    def product(self, inputs: Any, axes: Any, normalize: bool) -> Any:
        said = settle(merging.dot(inputs, axes, normalize))
        zero = np.zeros((), said.dtype)
        return np.where(said == 0, zero * np.nan, said).astype(said.dtype) if normalize else said


class FirstTwoMultiplied(Miniature):
    """Of more than two inputs the first two are multiplied, and of more than two axes as well."""

    dialect = "keras-3"
    clause = "merging.dot"
    law = "test_axes_that_dot_cannot_take_are_refused"
    notice = "a third input has no influence"

    @operation("merging.dot")
    def product(self, inputs: Any, axes: Any, normalize: bool) -> Any:
        pair = axes[:2] if isinstance(axes, (list, tuple)) else axes
        return merging.dot(inputs[:2], pair, normalize)


class OwnInputBack(Miniature):
    """The second input gets the gradient with its sign turned."""

    dialect = "keras-2"
    clause = "merging.dot-gradient"
    law = "test_each_input_of_dot_gets_the_other"
    notice = "one tower of a pair is trained away from the other"

    @operation("merging.dot-gradient")
    def pulled(self, inputs: Any, axes: Any, upstream: Array) -> Any:
        first, second = settle(merging.dot_gradient(inputs, axes, upstream))
        return [first, -second]


class DotInSingle(Miniature):
    """Products of float64 are summed in float32."""

    dialect = "keras-2"
    clause = "merging.dot"
    law = "test_dot_of_float64_is_computed_in_float64"
    notice = "similarities that differ in the ninth digit are the same"

    @operation("merging.dot")
    def product(self, inputs: Any, axes: Any, normalize: bool) -> Any:
        return _through_single(settle(merging.dot(inputs, axes, normalize)))


class DotGradientInSingle(Miniature):
    """Gradients of products of float64 are summed in float32."""

    dialect = "keras-3"
    clause = "merging.dot-gradient"
    law = "test_the_gradient_of_dot_of_float64_is_computed_in_float64"
    notice = "a check of gradients by differences fails in float64"

    @operation("merging.dot-gradient")
    def pulled(self, inputs: Any, axes: Any, upstream: Array) -> Any:
        return [_through_single(array) for array in settle(merging.dot_gradient(inputs, axes, upstream))]


def _without(shape: tuple[int, ...], axis: int) -> list[int]:
    """The shape with 0 in the place of the axis."""
    sizes = list(shape)
    sizes[axis] = 0
    return sizes


def _through_single(array: Array) -> Array:
    """Rounded to float32 if it is float64, in its own dtype."""
    with np.errstate(over="ignore", invalid="ignore"):
        return array.astype(np.float32).astype(array.dtype) if array.dtype == np.float64 else array
