"""The laws of the chapter merging."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from conformance.law import law
from conformance.strategies import merging as structures
from conformance.strategies.merging import Merge, Misuse, UnequalMasks
from conformance.trial import Trial


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


def _last_input_twice(inputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "layer": inputs["layer"],
        "inputs": inputs["inputs"] + inputs["inputs"][-1:],
        "masks": inputs["masks"] + inputs["masks"][-1:],
    }
