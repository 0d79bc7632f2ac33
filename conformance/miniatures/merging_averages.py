"""Miniatures of the chapter merging: masks that are joined, and averages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from backends.base import operation
from conformance.miniatures import Miniature
from reference import merging
from reference.merging.alignment import align, validity
from reference.outcomes import AnyOf


class MaskLostOnDelivery(Miniature):
    """The mask is computed, and never reaches the output."""

    dialect = "keras-3"
    clause = "merging.delivery"
    law = "test_the_output_carries_the_mask_that_the_reading_says"
    notice = "layers behind a merge treat padding as data"

    @operation("merging.delivery")
    def delivery(self, layer: str, options: Any, inputs: Any, masks: Any) -> Any:
        return None


class DotDeliversAMask(Miniature):
    """Dot delivers the mask of its first input."""

    dialect = "keras-2"
    clause = "merging.delivery"
    law = "test_the_output_carries_the_mask_that_the_reading_says"
    notice = "a mask whose steps are no steps of the output"

    @operation("merging.delivery")
    def delivery(self, layer: str, options: Any, inputs: Any, masks: Any) -> Any:
        return masks[0] if layer == "Dot" else merging.delivery_keras_2(layer, options, inputs, masks)


class AbsentMaskIsFalse(Miniature):
    """Where masks are concatenated, an input without one counts as masked."""

    dialect = "keras-3"
    clause = "merging.concatenate-mask"
    law = "test_masks_are_concatenated_like_their_inputs"
    notice = "an input without padding disappears"

    @operation("merging.concatenate-mask")
    def mask(self, inputs: Any, masks: Any, axis: int) -> Any:
        if (
            isinstance(masks, (list, tuple))
            and any(m is not None for m in masks)
            and len(masks) == len(inputs)
        ):
            pairs = zip(masks, inputs, strict=True)
            masks = [np.zeros(a.shape[:-1], np.bool_) if m is None else m for m, a in pairs]
        return merging.concatenate_mask_keras_3_4(inputs, masks, axis)


class LastAxisTakesTheFirst(Miniature):
    """Along the last axis the mask of the first input is the mask of the result."""

    dialect = "keras-3"
    clause = "merging.concatenate-mask"
    law = "test_masks_are_concatenated_like_their_inputs"
    notice = "steps that only the second input has are dropped"

    @operation("merging.concatenate-mask")
    def mask(self, inputs: Any, masks: Any, axis: int) -> Any:
        said = merging.concatenate_mask_keras_3_4(inputs, masks, axis)
        last = axis % inputs[0].ndim == inputs[0].ndim - 1
        return masks[0] if said is not None and last and masks[0] is not None else said


class DotInTheOtherOrder(Miniature):
    """The axes left of the second input come before those of the first."""

    dialect = "keras-3"
    clause = "merging.dot"
    law = "test_dot_sums_products_over_the_axes"
    notice = "attention scores are transposed, unnoticed where both lengths are equal"

    @operation("merging.dot")
    def dot(self, inputs: Any, axes: Any, normalize: bool) -> Any:
        said = merging.dot(inputs, axes, normalize)
        return merging.dot(inputs[::-1], axes[::-1], normalize) if isinstance(axes, (list, tuple)) else said


class PoolingDividesByTime(Miniature):
    """Global pooling divides by the number of steps, masked ones included."""

    dialect = "keras-3"
    clause = "merging.pooling"
    law = "test_global_pooling_is_the_mean_of_the_valid_steps"
    notice = "short sequences have small means"

    @operation("merging.pooling")
    def pooling(self, x: Any, mask: Any, keepdims: bool) -> Any:
        if mask is None:
            return merging.pooling(x, mask, keepdims)
        return merging.pooling(np.where(mask[..., None], x, np.zeros((), x.dtype)), None, keepdims)


class PoolingMultiplies(Miniature):
    """Global pooling multiplies by the mask, so that NaN at a masked step spreads."""

    dialect = "keras-3"
    clause = "merging.pooling"
    law = "test_nothing_that_a_masked_step_holds_shows_in_global_pooling"
    notice = "one NaN in the padding makes the whole mean NaN"
    report = "https://github.com/keras-team/keras/blob/v3.14.1/keras/src/layers/pooling/global_average_pooling1d.py"

    @operation("merging.pooling")
    def pooling(self, x: Any, mask: Any, keepdims: bool) -> Any:
        said = merging.pooling(x, mask, keepdims)
        if mask is None or isinstance(said, AnyOf):
            return said
        spread = np.isnan(_times(x, mask)).any(axis=1, keepdims=keepdims)
        return replace(said, value=np.where(spread, np.nan, said.value))


class DividesByTheInputs(Miniature):
    """The masked average divides by the number of inputs, not of the valid ones."""

    dialect = "suite"
    clause = "merging.average-masked"
    law = "test_the_mean_is_over_the_inputs_that_are_not_masked"
    notice = "padding pulls the average toward 0"

    @operation("merging.average-masked")
    def average(self, inputs: Any, masks: Any, route: str) -> Any:
        mean, mask = merging.average_masked(inputs, masks, route)
        valid = [validity(m, a) for m, a in zip(masks, align(inputs), strict=True)]
        count = np.sum(np.broadcast_arrays(*valid, mean.value)[:-1], axis=0)
        return replace(mean, value=mean.value * count / len(inputs)), mask


class MultipliesByTheMask(Miniature):
    """What is masked is multiplied by 0, so that NaN there stays NaN."""

    dialect = "suite"
    clause = "merging.average-masked"
    law = "test_the_mean_is_over_the_inputs_that_are_not_masked"
    notice = "one NaN in the padding makes the average NaN"

    @operation("merging.average-masked")
    def average(self, inputs: Any, masks: Any, route: str) -> Any:
        mean, mask = merging.average_masked(inputs, masks, route)
        spread = np.zeros(mean.value.shape, np.bool_)
        for array, m in zip(align(inputs), masks, strict=True):
            if m is not None:
                spread = spread | np.isnan(_times(array, m.reshape(array.shape[:-1])))
        return replace(mean, value=np.where(spread, np.nan, mean.value)), mask


class AllMaskedIsNan(Miniature):
    """Where every input is masked the average is 0 over 0."""

    dialect = "suite"
    clause = "merging.average-masked"
    law = "test_the_mean_is_over_the_inputs_that_are_not_masked"
    notice = "the loss is NaN after the first batch with a short sequence"

    @operation("merging.average-masked")
    def average(self, inputs: Any, masks: Any, route: str) -> Any:
        mean, mask = merging.average_masked(inputs, masks, route)
        if mask is None:
            return mean, mask
        return replace(mean, value=np.where(mask[..., None], mean.value, np.nan)), mask


class MaskOfTheAverageByAll(Miniature):
    """The average is masked where any input is, and not only where all are."""

    dialect = "suite"
    clause = "merging.average-masked"
    law = "test_an_input_that_is_masked_everywhere_changes_no_mean"
    notice = "an input that is wholly padding masks everything"

    @operation("merging.average-masked")
    def average(self, inputs: Any, masks: Any, route: str) -> Any:
        mean, mask = merging.average_masked(inputs, masks, route)
        return mean, mask if mask is None else np.logical_and.reduce(np.broadcast_arrays(*masks))


class LoadedWithoutItsMask(Miniature):
    """After saving and loading, the average forgets its masks."""

    dialect = "suite"
    clause = "merging.average-masked"
    law = "test_the_masked_mean_is_the_same_in_a_model_and_after_loading_it"
    notice = "a model answers otherwise than before it was saved"

    @operation("merging.average-masked")
    def average(self, inputs: Any, masks: Any, route: str) -> Any:
        return merging.average_masked(inputs, [None] * len(masks) if route == "reloaded" else masks, route)


class MeanOverAllSteps(Miniature):
    """The average along an axis divides by its length, not by what is valid."""

    dialect = "suite"
    clause = "merging.average-axis"
    law = "test_averaging_the_slices_along_an_axis_is_averaging_along_it"
    notice = "short sequences have small means"

    @operation("merging.average-axis")
    def average(self, x: Any, mask: Any, axes: Any, keepdims: bool, route: str) -> Any:
        zeroed = np.where(validity(mask, x), x, np.zeros((), x.dtype))
        mean, _ = merging.average_axis(zeroed, None, axes, keepdims, route)
        return mean, merging.average_axis(x, mask, axes, keepdims, route)[1]


class MaskWithoutItsAxis(Miniature):
    """With `keepdims` the mask loses the averaged axes all the same."""

    dialect = "suite"
    clause = "merging.average-axis"
    law = "test_the_mean_along_axes_is_over_what_is_not_masked"
    notice = "the next layer gets a mask of another rank"

    @operation("merging.average-axis")
    def average(self, x: Any, mask: Any, axes: Any, keepdims: bool, route: str) -> Any:
        mean, _ = merging.average_axis(x, mask, axes, keepdims, route)
        return mean, merging.average_axis(x, mask, axes, False, route)[1]


class MaskedGetAShare(Miniature):
    """The gradient of the masked average goes to the masked inputs as well."""

    dialect = "suite"
    clause = "merging.average-masked-gradient"
    law = "test_the_gradient_goes_to_the_inputs_that_had_a_say"
    notice = "embeddings of the padding id are trained"

    @operation("merging.average-masked-gradient")
    def gradient(self, inputs: Any, masks: Any, upstream: Any) -> Any:
        return merging.average_masked_gradient(inputs, [None] * len(masks), upstream)


def _times(array: Any, mask: Any) -> Any:
    """The array multiplied by the mask, in float64."""
    with np.errstate(invalid="ignore"):
        return array.astype(np.float64) * mask[..., None]
