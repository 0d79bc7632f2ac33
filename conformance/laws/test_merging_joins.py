"""The laws of the chapter merging: Concatenate and Dot."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given

from conformance.law import law
from conformance.strategies import joining as structures
from conformance.strategies.joining import ConcatenatedMasks, Concatenation, Product
from conformance.structure import Changed
from conformance.trial import Trial

Inputs = dict[str, Any]


@law("merging.concatenate", "order")
@given(structure=structures.concatenations)
def test_concatenated_inputs_stand_in_their_order(backend: Trial, structure: Concatenation) -> None:
    backend.agrees(structure)


@law("merging.concatenate", "one", structures=20)
@given(structure=structures.alone)
def test_concatenating_a_single_input(backend: Trial, structure: Concatenation) -> None:
    backend.agrees(structure)


@law("merging.concatenate", "shapes", structures=30)
@given(structure=structures.unfit)
def test_inputs_that_differ_beside_the_axis_are_refused(backend: Trial, structure: Concatenation) -> None:
    backend.agrees(structure)


@law("merging.concatenate", "order")
@given(structure=structures.concatenations)
def test_an_axis_counted_from_the_end_is_the_same_axis(backend: Trial, structure: Concatenation) -> None:
    backend.same_after(structure, _axis_from_the_other_end)


@law("merging.concatenate-gradient", "slices")
@given(structure=structures.concatenation_gradients)
def test_each_input_gets_its_slice_of_the_gradient(backend: Trial, structure: Concatenation) -> None:
    backend.agrees(structure)


@law("merging.concatenate-mask", "along", "last", "some-absent", "absent-along", "all-absent")
@given(structure=structures.masks)
def test_masks_are_concatenated_like_their_inputs(backend: Trial, structure: ConcatenatedMasks) -> None:
    backend.agrees(structure)


@law("merging.concatenate-mask", "no-masks", "masks-list", "length")
@given(structure=structures.misused_masks)
def test_what_is_no_list_of_masks_is_not_concatenated(backend: Trial, structure: ConcatenatedMasks) -> None:
    backend.agrees(structure)


@law("merging.concatenate-mask", "along", "last")
@given(structure=structures.masks)
def test_a_mask_of_all_true_is_no_mask(backend: Trial, structure: ConcatenatedMasks) -> None:
    """What comes of masks that are all true is all true, along every axis."""

    def everything(inputs: Inputs) -> Inputs:
        return {**inputs, "masks": [np.ones(array.shape[:-1], np.bool_) for array in inputs["inputs"]]}

    def all_true(inputs: Inputs) -> Any:
        return np.ones(np.concatenate(inputs["inputs"], axis=inputs["axis"]).shape[:-1], np.bool_)

    backend.gives(Changed.of(structure, everything), all_true)


@law("merging.dot", "contraction", "order", "unit", "normalized")
@given(structure=structures.products)
def test_dot_sums_products_over_the_axes(backend: Trial, structure: Product) -> None:
    backend.agrees(structure)


@law("merging.dot", "zero")
@given(structure=structures.zero_products)
def test_a_vector_of_zeros_has_the_cosine_zero(backend: Trial, structure: Product) -> None:
    backend.agrees(structure)


@law("merging.dot", "axes-type", "axes-pair", "two", "batch-axis", "sizes", structures=40)
@given(structure=structures.misused_products)
def test_axes_that_dot_cannot_take_are_refused(backend: Trial, structure: Product) -> None:
    backend.agrees(structure)


@law("merging.dot-gradient", "first", "second")
@given(structure=structures.product_gradients)
def test_each_input_of_dot_gets_the_other(backend: Trial, structure: Product) -> None:
    backend.agrees(structure)


@law("merging.dot", "dtype")
@given(structure=structures.wide_products)
def test_dot_of_float64_is_computed_in_float64(backend: Trial, structure: Product) -> None:
    backend.agrees(structure)


@law("merging.dot-gradient", "dtype")
@given(structure=structures.wide_product_gradients)
def test_the_gradient_of_dot_of_float64_is_computed_in_float64(backend: Trial, structure: Product) -> None:
    backend.agrees(structure)


def _axis_from_the_other_end(inputs: Inputs) -> Inputs:
    axis, rank = inputs["axis"], inputs["inputs"][0].ndim
    return {**inputs, "axis": axis - rank if axis >= 0 else axis + rank}
