"""Miniatures of the chapter merging: inputs that do not fit, empty ones, and precision."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from backends.numpy_control import settle
from conformance.miniatures import Miniature
from reference import merging
from reference.errors import ShapeMismatch

Array = np.ndarray[Any, Any]


class BiasOfAnotherAxis(Miniature):
    """An input with one axis that is not 1 is taken for a bias of the last axis."""

    dialect = "keras-3"
    clause = "merging.value"
    law = "test_an_axis_of_size_one_is_stretched_along_itself"
    notice = "a gate over time acts on the features instead"

    @operation("merging.value")
    def merged(self, layer: str, inputs: Any, masks: Any) -> Any:
        last = max(array.shape[-1] for array in inputs)
        turned = []
        for array in inputs:
            bias = array.ndim > 2 and array.shape[-1] == 1 and array[0].size == last
            turned.append(array.reshape(len(array), *(1,) * (array.ndim - 2), last) if bias else array)
        return merging.value_keras_3_4(layer, turned, masks)


class EmptyBatchFilled(Miniature):
    """An empty batch is merged to a batch of one."""

    dialect = "keras-3"
    clause = "merging.value"
    law = "test_an_empty_batch_is_merged_to_an_empty_batch"
    notice = "the last, empty batch of a data set counts as a sample"

    @operation("merging.value")
    def merged(self, layer: str, inputs: Any, masks: Any) -> Any:
        said = settle(merging.value_keras_3_4(layer, inputs, masks))
        shape = tuple(max(size, 1) for size in said.shape)
        return said if said.size else np.zeros(shape, said.dtype)


class OneMinusNothing(Miniature):
    """Subtract takes any number of inputs, and a single one as it is."""

    dialect = "keras-3"
    clause = "merging.value"
    law = "test_a_single_input_and_subtract_of_others_than_two"
    notice = "an input that was left out by mistake goes unnoticed"

    @operation("merging.value")
    def merged(self, layer: str, inputs: Any, masks: Any) -> Any:
        if layer == "Subtract" and len(inputs) != 2:
            rest = [array.astype(np.float64) for array in inputs[1:]]
            return (inputs[0].astype(np.float64) - sum(rest)).astype(inputs[0].dtype)
        return merging.value_keras_3_4(layer, inputs, masks)


class BatchOfOneStretched(Miniature):
    """A batch of one is stretched to the batch of the others."""

    dialect = "keras-3"
    clause = "merging.value"
    law = "test_inputs_that_do_not_fit_are_refused"
    notice = "every sample is merged with the first of another input"

    @operation("merging.value")
    def merged(self, layer: str, inputs: Any, masks: Any) -> Any:
        batch = max(len(array) for array in inputs)
        whole = [np.repeat(array, batch, axis=0) if len(array) == 1 else array for array in inputs]
        return merging.value_keras_3_4(layer, whole, masks)


class MergedInSingle(Miniature):
    """Values of float64 are merged in float32."""

    dialect = "keras-3"
    clause = "merging.value"
    law = "test_float64_is_merged_in_float64"
    notice = "half of the digits are lost in a model that was set to float64"

    @operation("merging.value")
    def merged(self, layer: str, inputs: Any, masks: Any) -> Any:
        with np.errstate(over="ignore", invalid="ignore"):
            narrow = [_through_single(array) for array in inputs]
            return _through_single(settle(merging.value_keras_3_4(layer, narrow, masks)))


class EmptyIsUnknown(Miniature):
    """An axis of size 0 is promised as one of size 1."""

    dialect = "keras-3"
    clause = "merging.shape"
    law = "test_the_promised_shape_of_an_empty_batch_is_kept"
    notice = "a layer that is built by its shapes does not fit an empty batch"

    @operation("merging.shape")
    def promised(self, layer: str, options: Any, shapes: Any) -> Any:
        promised, given = merging.shape_keras_2(layer, options, shapes)
        return tuple(max(size, 1) for size in promised), given


class GradientInSingle(Miniature):
    """Gradients of float64 are computed in float32."""

    dialect = "keras-3"
    clause = "merging.gradient"
    law = "test_the_gradient_of_float64_is_computed_in_float64"
    notice = "a check of gradients by differences fails in float64"

    @operation("merging.gradient")
    def pulled(self, layer: str, inputs: Any, masks: Any, upstream: Array) -> Any:
        with np.errstate(over="ignore", invalid="ignore"):
            narrow = [_through_single(array) for array in inputs]
            said = settle(merging.gradient_with_masks(layer, narrow, masks, _through_single(upstream)))
            return [_through_single(array) for array in said]


class UnfitHaveAMean(Miniature):
    """Inputs that cannot be broadcast are cut to the first element of what does not fit."""

    dialect = "suite"
    clause = "merging.average-masked"
    law = "test_inputs_that_do_not_fit_have_no_masked_mean"
    notice = "a mean of sequences of unequal length, without a word"

    @operation("merging.average-masked")
    def averaged(self, inputs: Any, masks: Any, route: str) -> Any:
        try:
            return merging.average_masked(inputs, masks, route)
        except ShapeMismatch:
            return merging.average_masked(inputs[:1], masks[:1], route)


class AxesLostInFile(Miniature):
    """A layer that is loaded again gives another mean than the one that was saved."""

    dialect = "suite"
    clause = "merging.average-axis"
    law = "test_the_mean_along_axes_is_the_same_in_a_model_and_after_loading_it"
    notice = "a saved model scores otherwise"

    @operation("merging.average-axis")
    def averaged(self, x: Array, mask: Array | None, axes: Any, keepdims: bool, route: str) -> Any:
        value, merged = settle(merging.average_axis(x, mask, axes, keepdims, route))
        return (value + 1 if route == "reloaded" else value), merged


class ShareOfAll(Miniature):
    """What arrives is divided by the number of all elements, masked ones included."""

    dialect = "suite"
    clause = "merging.average-axis-gradient"
    law = "test_the_gradient_goes_to_the_elements_that_had_a_say"
    notice = "long padding makes training slow"

    @operation("merging.average-axis-gradient")
    def pulled(self, x: Array, mask: Array | None, axes: Any, upstream: Array) -> Any:
        return merging.average_axis_gradient(x, None, axes, upstream)


class PooledInSingle(Miniature):
    """Steps of float64 are averaged in float32."""

    dialect = "keras-3"
    clause = "merging.pooling"
    law = "test_global_pooling_of_float64_is_computed_in_float64"
    notice = "half of the digits are lost in a model that was set to float64"

    @operation("merging.pooling")
    def pooled(self, x: Array, mask: Array | None, keepdims: bool) -> Any:
        with np.errstate(over="ignore", invalid="ignore"):
            return _through_single(settle(merging.pooling(_through_single(x), mask, keepdims)))


def _through_single(array: Array) -> Array:
    """Rounded to float32 if it is float64, in its own dtype."""
    return array.astype(np.float32).astype(array.dtype) if array.dtype == np.float64 else array
