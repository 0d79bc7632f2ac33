"""The laws of the chapter embedding: lookup and mask."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given

from conformance.law import law
from conformance.strategies.embedding import gradient, lookup
from conformance.strategies.embedding.gradient import Upstream
from conformance.strategies.embedding.lookup import Contained, FarIds, LargeIds, Lookup, MaskedIds
from conformance.trial import Trial


@law("embedding.lookup", "gather", "shape", "dtype", "cast", "ids-dtype")
@given(structure=lookup.lookups)
def test_lookup_gives_the_rows_of_the_reading(backend: Trial, structure: Lookup) -> None:
    backend.agrees(structure)


@law("embedding.lookup", "gather", structures=6)
@given(structure=lookup.large_ids)
def test_large_ids_are_not_rounded(backend: Trial, structure: LargeIds) -> None:
    """Ids beyond what float16 and float32 hold exactly find their rows."""
    backend.agrees(structure)


@law("embedding.lookup", "range", "device")
@given(structure=lookup.outside_lookups)
def test_an_id_outside_the_table_does_what_the_reading_says(backend: Trial, structure: Lookup) -> None:
    backend.agrees(structure)


@law("embedding.lookup", "width", "huge")
@given(structure=lookup.far_ids)
def test_an_id_far_beyond_the_table_counts_with_all_its_bits(backend: Trial, structure: FarIds) -> None:
    """Ids on which casts to 32 or 16 bits, and to floats, part."""
    backend.agrees(structure)


@law("embedding.containers", "array", "list")
@given(structure=lookup.contained)
def test_ids_in_an_array_or_a_list_are_what_the_reading_says(backend: Trial, structure: Contained) -> None:
    backend.agrees(structure)


@law("embedding.lookup", "gather")
@given(structure=gradient.gradients)
def test_swapping_two_rows_and_their_ids_changes_nothing(backend: Trial, structure: Upstream) -> None:
    """Renaming the ids and moving the rows along with them leaves every output as it was."""

    def reversed_names(inputs: dict[str, Any]) -> dict[str, Any]:
        table, ids = inputs["table"], inputs["ids"]
        return {"table": table[::-1].copy(), "ids": np.asarray(len(table) - 1 - ids, ids.dtype)}

    backend.same_after(structure.without_upstream(), reversed_names)


@law("embedding.mask", "off", "zero", "as-received", "bool", "incoming")
@given(structure=lookup.masked_ids)
def test_mask_zero_masks_just_the_ids_that_are_zero(backend: Trial, structure: MaskedIds) -> None:
    backend.agrees(structure)


@law("embedding.mask", "edges")
@given(structure=lookup.edges_of_masks)
def test_no_id_but_zero_passes_for_zero(backend: Trial, structure: MaskedIds) -> None:
    """NaN, the smallest numbers and powers of two that a cast turns into 0 are ids like any other."""
    backend.agrees(structure)


@law("embedding.mask", "incoming")
@given(structure=lookup.masked_ids)
def test_an_incoming_mask_changes_nothing(backend: Trial, structure: MaskedIds) -> None:
    backend.same_after(structure, lambda inputs: {**inputs, "incoming": np.zeros(inputs["ids"].shape, bool)})
