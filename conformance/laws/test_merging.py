"""The laws of the chapter merging: masks, values, shapes and gradients of the elementwise layers."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import example, given

from conformance.law import law
from conformance.strategies import merging as structures
from conformance.strategies.merging import Delivery, Merge, Misuse, Shapes, UnequalMasks, Values
from conformance.structure import Changed
from conformance.trial import Trial
from reference.outcomes import Bounded

Array = np.ndarray[Any, Any]
Inputs = dict[str, Any]


@law("merging.mask", "rule", "masks-list")
@given(structure=structures.fully_masked)
def test_merging_gives_the_mask_of_the_reading(backend: Trial, structure: Merge) -> None:
    backend.agrees(structure)


@law("merging.mask", "some-absent", "all-absent")
@given(structure=structures.partly_masked)
def test_an_input_without_a_mask_counts_as_the_reading_says(backend: Trial, structure: Merge) -> None:
    backend.agrees(structure)


@law("merging.mask", "no-masks", "masks-list", "inputs-list", "length")
@given(structure=structures.misuses)
def test_what_is_no_list_of_masks_is_refused(backend: Trial, structure: Misuse) -> None:
    backend.agrees(structure)


@law("merging.mask", "shape", "broadcast")
@given(structure=structures.unequal_masks)
def test_masks_of_unequal_shapes_do_what_the_reading_says(backend: Trial, structure: UnequalMasks) -> None:
    backend.agrees(structure)


@law("merging.mask", "rule", "some-absent")
@given(structure=structures.merges)
def test_the_order_of_the_inputs_does_not_matter(backend: Trial, structure: Merge) -> None:
    backend.same_after(structure, lambda inputs: {**inputs, "masks": inputs["masks"][::-1]})


@law("merging.mask", "rule")
@given(structure=structures.fully_masked)
def test_an_input_given_twice_changes_nothing(backend: Trial, structure: Merge) -> None:
    backend.same_after(structure, _last_input_twice)


@law("merging.mask", "rule")
@given(structure=structures.fully_masked)
def test_a_position_that_becomes_valid_makes_none_invalid(backend: Trial, structure: Merge) -> None:
    """AND and OR are monotone: unmasking an input never masks the result."""
    backend.follows(structure, _first_input_unmasked, _still_valid)


@law("merging.mask", "rule", "some-absent")
@given(structure=structures.merges)
def test_the_mask_of_a_row_does_not_depend_on_its_neighbors(backend: Trial, structure: Merge) -> None:
    backend.follows(structure, _first_row, _row_of)


@law("merging.delivery", "elementwise", "concatenate", "dot", "unmasked", "lost")
@given(structure=structures.deliveries)
@example(structure=structures.unmasked_delivery)
def test_the_output_carries_the_mask_that_the_reading_says(backend: Trial, structure: Delivery) -> None:
    backend.agrees(structure)


@law("merging.value", "elementwise", "nan")
@given(structure=structures.plain_values)
def test_inputs_are_merged_element_by_element(backend: Trial, structure: Values) -> None:
    backend.agrees(structure)


@law("merging.value", "elementwise", "unheeded", "count")
@given(structure=structures.masked_values)
def test_masks_have_the_say_in_values_that_the_reading_gives_them(backend: Trial, structure: Values) -> None:
    backend.agrees(structure)


@law("merging.value", "product", "product-none", "extreme", "extreme-none", "elementwise")
@given(structure=structures.chosen_values)
def test_what_every_input_masks_is_merged_as_the_reading_says(backend: Trial, structure: Values) -> None:
    backend.agrees(structure)


@law("merging.value", "count")
@given(structure=structures.average_values)
def test_average_divides_by_the_number_of_inputs_and_not_of_valid_ones(
    backend: Trial, structure: Values
) -> None:
    backend.agrees(structure)


@law("merging.value", "rank", "elementwise")
@given(structure=structures.stretched_values)
def test_inputs_of_unequal_shape_are_aligned_behind_the_batch(backend: Trial, structure: Values) -> None:
    backend.agrees(structure)


@law("merging.value", "stretched")
@given(structure=structures.bias_values)
def test_an_axis_of_size_one_is_stretched_along_itself(backend: Trial, structure: Values) -> None:
    """An input with a single axis that is not 1 is not taken for a bias of another axis of that size."""
    backend.agrees(structure)


@law("merging.value", "empty")
@given(structure=structures.empty_values)
def test_an_empty_batch_is_merged_to_an_empty_batch(backend: Trial, structure: Values) -> None:
    backend.agrees(structure)


@law("merging.value", "rank", "mask-rank", "mask-shape")
@given(structure=structures.ranked_values)
def test_masks_of_unequal_rank_do_what_the_reading_says(backend: Trial, structure: Values) -> None:
    backend.agrees(structure)


@law("merging.value", "one", "subtract")
@given(structure=structures.alone_values)
def test_a_single_input_and_subtract_of_others_than_two(backend: Trial, structure: Values) -> None:
    backend.agrees(structure)


@law("merging.value", "batch", "shapes")
@given(structure=structures.unfit_values)
def test_inputs_that_do_not_fit_are_refused(backend: Trial, structure: Values) -> None:
    backend.agrees(structure)


@law("merging.value", "mask-shape", "product", "extreme", "unheeded")
@given(structure=structures.unfit_masks)
def test_masks_that_must_be_broadcast_do_what_the_reading_says(backend: Trial, structure: Values) -> None:
    backend.agrees(structure)


@law("merging.value", "elementwise")
@given(structure=structures.masked_values)
def test_masks_of_all_true_change_no_value(backend: Trial, structure: Values) -> None:
    """Without masks comes what comes with masks that are all true."""

    def everything(inputs: Inputs) -> Inputs:
        masks = [None if m is None else np.ones_like(m) for m in inputs["masks"]]
        return {**inputs, "masks": masks}

    def nothing(inputs: Inputs) -> Inputs:
        return {**inputs, "masks": [None] * len(inputs["masks"])}

    backend.same_after(Changed.of(structure, everything), nothing)


@law("merging.value", "extreme", "elementwise")
@given(structure=structures.plain_values)
def test_the_greatest_and_least_of_an_input_and_itself_is_the_input(
    backend: Trial, structure: Values
) -> None:
    backend.same_after(Changed.of(structure, _as_maximum), _twice)


@law("merging.value", "product", "extreme")
@given(structure=structures.chosen_values)
def test_an_input_that_is_masked_everywhere_changes_no_valid_value(backend: Trial, structure: Values) -> None:
    backend.same_after(Changed.of(structure, _first_valid), _with_masked_input)


@law("merging.value", "elementwise")
@given(structure=structures.masked_values)
def test_the_value_of_a_row_does_not_depend_on_its_neighbors(backend: Trial, structure: Values) -> None:
    """Up to the sign of zero: which of 0 and −0 is the larger depends on the place in a vector register."""
    backend.follows(structure, _first_row, _row_up_to_zeros)


@law("merging.value", "dtype")
@given(structure=structures.wide_values)
def test_float64_is_merged_in_float64(backend: Trial, structure: Values) -> None:
    backend.agrees(structure)


@law("merging.shape", "one", "promised", "kept", "refused")
@given(structure=structures.shapes)
def test_the_promised_shape_is_the_shape_at_run_time(backend: Trial, structure: Shapes) -> None:
    backend.agrees(structure)


@law("merging.shape", "one", structures=20)
@given(structure=structures.alone_shapes)
def test_the_promised_shape_of_a_single_input_is_its_shape(backend: Trial, structure: Shapes) -> None:
    backend.agrees(structure)


@law("merging.shape", "empty", structures=20)
@given(structure=structures.empty_shapes)
def test_the_promised_shape_of_an_empty_batch_is_kept(backend: Trial, structure: Shapes) -> None:
    backend.agrees(structure)


@law("merging.gradient", "linear", "product", "extreme", "masked", "none-valid", "summed")
@given(structure=structures.gradients)
def test_a_gradient_goes_to_the_inputs_that_took_part(backend: Trial, structure: Values) -> None:
    backend.agrees(structure)


@law("merging.gradient", "summed")
@given(structure=structures.stretched_gradients)
def test_an_input_that_was_broadcast_gets_the_sum(backend: Trial, structure: Values) -> None:
    backend.agrees(structure)


@law("merging.gradient", "ties", "extreme")
@given(structure=structures.tied_gradients)
def test_the_gradient_among_equal_inputs_is_one_of_those_known(backend: Trial, structure: Values) -> None:
    backend.agrees(structure)


@law("merging.gradient", "dtype")
@given(structure=structures.wide_gradients)
def test_the_gradient_of_float64_is_computed_in_float64(backend: Trial, structure: Values) -> None:
    backend.agrees(structure)


def _last_input_twice(inputs: Inputs) -> Inputs:
    return {
        "layer": inputs["layer"],
        "inputs": inputs["inputs"] + inputs["inputs"][-1:],
        "masks": inputs["masks"] + inputs["masks"][-1:],
    }


def _first_input_unmasked(inputs: Inputs) -> Inputs:
    masks = list(inputs["masks"])
    return {**inputs, "masks": type(inputs["masks"])([np.ones_like(masks[0]), *masks[1:]])}


def _first_row(inputs: Inputs) -> Inputs:
    kind = type(inputs["inputs"])
    rows = kind(array[:1] for array in inputs["inputs"])
    return {**inputs, "inputs": rows, "masks": kind(None if m is None else m[:1] for m in inputs["masks"])}


def _still_valid(before: Any, after: Any) -> Any:
    return before if before is None or after is None else before | after


def _row_of(before: Any, after: Any) -> Any:
    return None if before is None else before[:1]


def _row_up_to_zeros(before: Array, after: Array) -> Any:
    row = before[:1]
    return Bounded(row, np.abs(row), np.zeros((), np.int64), row.dtype) if row.dtype.kind in "fV" else row


def _as_maximum(inputs: Inputs) -> Inputs:
    return {"layer": "Maximum", "inputs": [*inputs["inputs"][:1]] * 2, "masks": [None, None]}


def _twice(inputs: Inputs) -> Inputs:
    return {"layer": "Minimum", "inputs": inputs["inputs"] * 2, "masks": inputs["masks"] * 2}


def _first_valid(inputs: Inputs) -> Inputs:
    return {**inputs, "masks": [np.ones_like(inputs["masks"][0]), *inputs["masks"][1:]]}


def _with_masked_input(inputs: Inputs) -> Inputs:
    extra = np.full_like(inputs["inputs"][0], np.nan)
    nowhere = np.zeros_like(inputs["masks"][0])
    return {**inputs, "inputs": [*inputs["inputs"], extra], "masks": [*inputs["masks"], nowhere]}
