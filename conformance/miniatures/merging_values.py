"""Miniatures of the chapter merging: values, shapes and gradients."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from backends.base import operation
from conformance.miniatures import Miniature
from reference import merging
from reference.merging.alignment import align, validity
from reference.outcomes import AnyOf


class MasksSwapped(Miniature):
    """Each input is given the mask of another."""

    dialect = "keras-3"
    clause = "merging.value"
    law = "test_what_every_input_masks_is_merged_as_the_reading_says"
    notice = "valid steps of one input vanish behind the padding of the other"

    @operation("merging.value")
    def merged(self, layer: str, inputs: Any, masks: Any) -> Any:
        return merging.value_keras_3_4(layer, inputs, masks[::-1])


class FirstMaskForAll(Miniature):
    """The mask of the first input is used for all of them."""

    dialect = "keras-3"
    clause = "merging.value"
    law = "test_what_every_input_masks_is_merged_as_the_reading_says"
    notice = "the result depends on the order of the inputs"

    @operation("merging.value")
    def merged(self, layer: str, inputs: Any, masks: Any) -> Any:
        fits = all(mask is not None and mask.shape == masks[0].shape for mask in masks)
        return merging.value_keras_3_4(layer, inputs, masks[:1] * len(masks) if fits else masks)


class ZeroWhereOneBelongs(Miniature):
    """Multiply takes 0 for what is masked, and not 1."""

    dialect = "keras-3"
    clause = "merging.value"
    law = "test_what_every_input_masks_is_merged_as_the_reading_says"
    notice = "one padded input wipes out the others"

    @operation("merging.value")
    def merged(self, layer: str, inputs: Any, masks: Any) -> Any:
        return merging.value_keras_3_4(
            layer, _zeroed(inputs, masks) if layer == "Multiply" else inputs, [None] * len(masks)
        )


class ZeroForTheLeast(Miniature):
    """Maximum and Minimum take 0 for what is masked."""

    dialect = "keras-3"
    clause = "merging.value"
    law = "test_an_input_that_is_masked_everywhere_changes_no_valid_value"
    notice = "the greatest of negative numbers is 0 as soon as one is padded"

    @operation("merging.value")
    def merged(self, layer: str, inputs: Any, masks: Any) -> Any:
        if layer not in ("Maximum", "Minimum"):
            return merging.value_keras_3_4(layer, inputs, masks)
        return merging.value_keras_3_4(layer, _zeroed(inputs, masks), [None] * len(masks))


class MasksUnheeded(Miniature):
    """Masks have no say in any value, as it was before Keras 3.4."""

    dialect = "keras-3"
    clause = "merging.value"
    law = "test_what_every_input_masks_is_merged_as_the_reading_says"
    notice = "padding multiplies into the result"

    @operation("merging.value")
    def merged(self, layer: str, inputs: Any, masks: Any) -> Any:
        return merging.value_keras_3(layer, inputs, masks)


class AverageOfTheValid(Miniature):
    """Average divides by the number of inputs that are valid, which no Keras does."""

    dialect = "keras-3"
    clause = "merging.value"
    law = "test_average_divides_by_the_number_of_inputs_and_not_of_valid_ones"
    notice = "the average of padded inputs is larger than in every Keras"

    @operation("merging.value")
    def merged(self, layer: str, inputs: Any, masks: Any) -> Any:
        if layer != "Average":
            return merging.value_keras_3_4(layer, inputs, masks)
        return merging.average_masked(inputs, masks, "called")[0]


class LeftExpansion(Miniature):
    """An input of lower rank gets its unit axes before the batch, as in numpy."""

    dialect = "keras-2"
    clause = "merging.value"
    law = "test_inputs_of_unequal_shape_are_aligned_behind_the_batch"
    notice = "with as many rows as steps, rows and steps are mixed up; otherwise an error"

    @operation("merging.value")
    def merged(self, layer: str, inputs: Any, masks: Any) -> Any:
        rank = max(array.ndim for array in inputs)
        lifted = [array.reshape((1,) * (rank - array.ndim) + array.shape) for array in inputs]
        whole = np.broadcast_shapes(*(array.shape for array in lifted))
        return merging.value_keras_2(layer, [np.broadcast_to(array, whole) for array in lifted], masks)


class PromisesTheFirst(Miniature):
    """The promised shape is the shape of the first input."""

    dialect = "keras-3"
    clause = "merging.shape"
    law = "test_the_promised_shape_is_the_shape_at_run_time"
    notice = "the next layer is built for another shape than it gets"

    @operation("merging.shape")
    def shape(self, layer: str, options: Any, shapes: Any) -> Any:
        return shapes[0], merging.shape_keras_2(layer, options, shapes)[1]


class AllOfTheGradientToEach(Miniature):
    """Equal inputs of Maximum get the whole gradient each."""

    dialect = "keras-3"
    clause = "merging.gradient"
    law = "test_the_gradient_among_equal_inputs_is_one_of_those_known"
    notice = "training steps are twice as long where inputs are equal"

    @operation("merging.gradient")
    def gradient(self, layer: str, inputs: Any, masks: Any, upstream: Any) -> Any:
        said = merging.gradient_with_masks(layer, inputs, masks, upstream)
        if not isinstance(said, AnyOf):
            return said
        return [
            replace(first, value=np.where(first.value == 0, last.value, first.value))
            for first, last in zip(said.allowed[0], said.allowed[1], strict=True)
        ]


class BroadcastNotSummed(Miniature):
    """An input that was broadcast gets the mean over its places, and not the sum."""

    dialect = "keras-2"
    clause = "merging.gradient"
    law = "test_an_input_that_was_broadcast_gets_the_sum"
    notice = "what is shared by all steps learns too slowly"

    @operation("merging.gradient")
    def gradient(self, layer: str, inputs: Any, masks: Any, upstream: Any) -> Any:
        said = merging.gradient_plain(layer, inputs, masks, upstream)
        answers = said.allowed[0] if isinstance(said, AnyOf) else said
        return [replace(one, value=one.value * one.value.size / upstream.size) for one in answers]


class MaskedGetTheGradient(Miniature):
    """What Multiply leaves out gets a gradient all the same."""

    dialect = "keras-3"
    clause = "merging.gradient"
    law = "test_a_gradient_goes_to_the_inputs_that_took_part"
    notice = "embeddings of the padding id are trained"

    @operation("merging.gradient")
    def gradient(self, layer: str, inputs: Any, masks: Any, upstream: Any) -> Any:
        return merging.gradient_plain(layer, inputs, masks, upstream)


def _zeroed(inputs: Any, masks: Any) -> Any:
    valid = [validity(mask, array) for mask, array in zip(masks, align(inputs), strict=True)]
    pairs = zip(valid, inputs, strict=True)
    return [np.where(v.reshape(a.shape), a, np.zeros((), a.dtype)) for v, a in pairs]
