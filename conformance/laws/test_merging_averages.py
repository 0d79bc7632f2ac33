"""The laws of the chapter merging: averages in which only what is not masked has a say."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given

from conformance.law import law
from conformance.strategies import averages as structures
from conformance.strategies.averages import Averaged, AveragedAxis, Pooled
from conformance.structure import Changed
from conformance.trial import Trial
from reference.merging import average_axis, average_masked
from reference.outcomes import Bounded

Inputs = dict[str, Any]


@law("merging.average-masked", "mean", "all-masked", "mask", "no-mask", "selected", "dtype")
@given(structure=structures.averaged)
def test_the_mean_is_over_the_inputs_that_are_not_masked(backend: Trial, structure: Averaged) -> None:
    backend.agrees(structure)


@law("merging.average-masked", "rank", "mean")
@given(structure=structures.averaged_stretched)
def test_the_masked_mean_of_unequal_shapes_is_aligned_behind_the_batch(
    backend: Trial, structure: Averaged
) -> None:
    backend.agrees(structure)


@law("merging.average-masked", "refused", structures=20)
@given(structure=structures.averaged_unfit)
def test_inputs_that_do_not_fit_have_no_masked_mean(backend: Trial, structure: Averaged) -> None:
    backend.agrees(structure)


@law("merging.average-masked", "route", structures=8)
@given(structure=structures.averaged_routes)
def test_the_masked_mean_is_the_same_in_a_model_and_after_loading_it(
    backend: Trial, structure: Averaged
) -> None:
    backend.agrees(structure)


@law("merging.average-masked", "mean", "mask")
@given(structure=structures.averaged_fully_masked)
def test_swapping_two_inputs_with_their_masks_changes_no_masked_mean(
    backend: Trial, structure: Averaged
) -> None:
    """Of two inputs: with more, the order of the additions shows in the last bit."""

    def two(inputs: Inputs) -> Inputs:
        return {**inputs, "inputs": inputs["inputs"][:2], "masks": inputs["masks"][:2]}

    def swapped(inputs: Inputs) -> Inputs:
        return {**inputs, "inputs": inputs["inputs"][::-1], "masks": inputs["masks"][::-1]}

    backend.same_after(Changed.of(structure, two), swapped)


@law("merging.average-masked", "selected", "mean")
@given(structure=structures.averaged_fully_masked)
def test_what_is_masked_has_no_say_in_the_mean(backend: Trial, structure: Averaged) -> None:
    """Other values at masked positions change nothing, not a bit."""

    def other_values(inputs: Inputs) -> Inputs:
        pairs = zip(inputs["inputs"], inputs["masks"], strict=True)
        return {**inputs, "inputs": [np.where(m[..., None], x, np.ones((), x.dtype)) for x, m in pairs]}

    backend.same_after(structure, other_values)


@law("merging.average-masked", "mean", "mask", "all-masked")
@given(structure=structures.averaged_fully_masked)
def test_an_input_that_is_masked_everywhere_changes_no_mean(backend: Trial, structure: Averaged) -> None:
    def with_masked_input(inputs: Inputs) -> Inputs:
        extra, nowhere = np.full_like(inputs["inputs"][0], np.nan), np.zeros_like(inputs["masks"][0])
        return {**inputs, "inputs": [*inputs["inputs"], extra], "masks": [*inputs["masks"], nowhere]}

    backend.same_after(structure, with_masked_input)


@law("merging.average-masked", "mask", "mean")
@given(structure=structures.averaged_fully_masked)
def test_the_masked_mean_of_a_row_does_not_depend_on_its_neighbors(
    backend: Trial, structure: Averaged
) -> None:
    def first_row(inputs: Inputs) -> Inputs:
        return {
            **inputs,
            "inputs": [a[:1] for a in inputs["inputs"]],
            "masks": [m[:1] for m in inputs["masks"]],
        }

    def row_of(before: Any, after: Any) -> Any:
        return tuple(None if item is None else item[:1] for item in before)

    backend.follows(structure, first_row, row_of)


@law("merging.average-masked-gradient", "part", "masked", "summed")
@given(structure=structures.averaged_gradients)
def test_the_gradient_goes_to_the_inputs_that_had_a_say(backend: Trial, structure: Averaged) -> None:
    backend.agrees(structure)


@law(
    "merging.average-axis",
    "mean",
    "all-masked",
    "mask",
    "features",
    "no-mask",
    "selected",
    "keepdims",
    "dtype",
)
@given(structure=structures.along)
def test_the_mean_along_axes_is_over_what_is_not_masked(backend: Trial, structure: AveragedAxis) -> None:
    backend.agrees(structure)


@law("merging.average-axis", "route", structures=8)
@given(structure=structures.along_routes)
def test_the_mean_along_axes_is_the_same_in_a_model_and_after_loading_it(
    backend: Trial, structure: AveragedAxis
) -> None:
    backend.agrees(structure)


@law("merging.average-axis", "mean", "mask")
@given(structure=structures.along_one)
def test_averaging_the_slices_along_an_axis_is_averaging_along_it(
    backend: Trial, structure: AveragedAxis
) -> None:
    """The average along an axis MUST be the masked average over the list of slices along it."""
    backend.gives(structure, _average_of_slices)


@law("merging.average-axis-gradient", "part", "masked")
@given(structure=structures.along_gradients)
def test_the_gradient_goes_to_the_elements_that_had_a_say(backend: Trial, structure: AveragedAxis) -> None:
    backend.agrees(structure)


@law("merging.pooling", "mean", "keepdims")
@given(structure=structures.pooled_tame)
def test_global_pooling_is_the_mean_of_the_valid_steps(backend: Trial, structure: Pooled) -> None:
    backend.agrees(structure)


@law("merging.pooling", "excluded")
@given(structure=structures.pooled_somewhere)
def test_nothing_that_a_masked_step_holds_shows_in_global_pooling(backend: Trial, structure: Pooled) -> None:
    """NaN and infinities at masked steps leave no trace."""
    backend.agrees(structure)


@law("merging.pooling", "mean")
@given(structure=structures.pooled_tame)
def test_global_pooling_is_the_masked_average_along_the_time_axis(backend: Trial, structure: Pooled) -> None:
    def along_time(inputs: Inputs) -> Any:
        return average_axis(inputs["x"], inputs["mask"], (1,), inputs["keepdims"], "called")[0]

    backend.gives(structure, along_time)


@law("merging.pooling", "all-masked")
@given(structure=structures.pooled_anywhere)
def test_a_row_without_a_valid_step_gives_nan_or_zero(backend: Trial, structure: Pooled) -> None:
    backend.agrees(structure)


@law("merging.pooling", "dtype")
@given(structure=structures.pooled_wide)
def test_global_pooling_of_float64_is_computed_in_float64(backend: Trial, structure: Pooled) -> None:
    backend.agrees(structure)


def _average_of_slices(inputs: Inputs) -> Any:
    """The masked average over the list of slices along the one axis."""
    (axis,) = inputs["axes"]
    slices = [np.expand_dims(part, 0) for part in np.moveaxis(inputs["x"], axis, 0)]
    mask = inputs["mask"]
    masks = [None] * len(slices) if mask is None else [m[None] for m in np.moveaxis(mask, axis, 0)]
    mean, merged = average_masked(slices, masks, "called")

    def shaped(array: Any) -> Any:
        whole = np.broadcast_to(array, mean.value.shape)[0]
        return np.expand_dims(whole, axis) if inputs["keepdims"] else whole

    value = Bounded(shaped(mean.value), shaped(mean.magnitude), shaped(mean.roundings + 1), mean.dtype)
    if merged is None:
        return value, None
    return value, np.expand_dims(merged[0], axis) if inputs["keepdims"] else merged[0]
