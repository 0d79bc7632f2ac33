"""The laws of the chapter embedding."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given

from conformance.law import law
from conformance.strategies import embedding as structures
from conformance.strategies.embedding import LargeIds, Lookup, MaskedIds, Table, Upstream
from conformance.trial import Trial


@law("embedding.build", "one", "shape", "dtype", structures=20)
@given(structure=structures.tables)
def test_an_embedding_holds_one_table_and_nothing_else(backend: Trial, structure: Table) -> None:
    backend.agrees(structure)


@law("embedding.lookup", "gather", "shape", "dtype", "cast", "ids-dtype")
@given(structure=structures.lookups)
def test_lookup_gives_the_rows_of_the_reading(backend: Trial, structure: Lookup) -> None:
    backend.agrees(structure)


@law("embedding.lookup", "gather", structures=6)
@given(structure=structures.large_ids)
def test_large_ids_are_not_rounded(backend: Trial, structure: LargeIds) -> None:
    """Ids beyond what float16 and float32 hold exactly find their rows."""
    backend.agrees(structure)


@law("embedding.lookup", "range", "device")
@given(structure=structures.outside_lookups)
def test_an_id_outside_the_table_does_what_the_reading_says(backend: Trial, structure: Lookup) -> None:
    backend.agrees(structure)


@law("embedding.lookup", "gather")
@given(structure=structures.gradients)
def test_swapping_two_rows_and_their_ids_changes_nothing(backend: Trial, structure: Upstream) -> None:
    """Renaming the ids and moving the rows along with them leaves every output as it was."""

    def reversed_names(inputs: dict[str, Any]) -> dict[str, Any]:
        table, ids = inputs["table"], inputs["ids"]
        return {"table": table[::-1].copy(), "ids": np.asarray(len(table) - 1 - ids, ids.dtype)}

    backend.same_after(structure.without_upstream(), reversed_names)


@law("embedding.equivalence", "value", "gradient")
@given(structure=structures.routes)
def test_lookup_one_hot_product_and_dense_are_one_function(backend: Trial, structure: Upstream) -> None:
    backend.agrees(structure)


@law("embedding.gradient", "duplicates", "untouched")
@given(structure=structures.gradients)
def test_the_gradient_of_a_row_is_the_sum_over_its_positions(backend: Trial, structure: Upstream) -> None:
    backend.agrees(structure)


@law("embedding.gradient", "duplicates")
@given(structure=structures.whole_gradients)
def test_the_gradient_of_whole_numbers_is_counted_exactly(backend: Trial, structure: Upstream) -> None:
    """With an upstream gradient of ones, each row's gradient is the number of its positions."""

    def counts(inputs: dict[str, Any]) -> Any:
        table, ids = inputs["table"], inputs["ids"]
        times = np.bincount(ids.reshape(-1), minlength=len(table))
        return np.repeat(times[:, None], table.shape[1], axis=1).astype(table.dtype)

    backend.gives(structure, counts)


@law("embedding.mask", "off", "zero", "as-received", "bool")
@given(structure=structures.masked_ids)
def test_mask_zero_masks_just_the_ids_that_are_zero(backend: Trial, structure: MaskedIds) -> None:
    backend.agrees(structure)
