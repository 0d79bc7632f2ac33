"""The laws of the chapter embedding: gradients, one-hot products, padding, norms and steps."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given

from conformance.law import law
from conformance.strategies.embedding import gradient, training
from conformance.strategies.embedding.gradient import Norms, Padded, Upstream
from conformance.strategies.embedding.training import Placed, Step, Steps
from conformance.trial import Trial


@law("embedding.equivalence", "value", "gradient")
@given(structure=gradient.routes)
def test_lookup_one_hot_product_and_dense_are_one_function(backend: Trial, structure: Upstream) -> None:
    backend.agrees(structure)


@law("embedding.gradient", "duplicates", "untouched")
@given(structure=gradient.gradients)
def test_the_gradient_of_a_row_is_the_sum_over_its_positions(backend: Trial, structure: Upstream) -> None:
    backend.agrees(structure)


@law("embedding.gradient", "duplicates")
@given(structure=gradient.whole_gradients)
def test_the_gradient_of_whole_numbers_is_counted_exactly(backend: Trial, structure: Upstream) -> None:
    """With an upstream gradient of ones, each row's gradient is the number of its positions."""

    def counts(inputs: dict[str, Any]) -> Any:
        table, ids = inputs["table"], inputs["ids"]
        times = np.bincount(ids.reshape(-1), minlength=len(table))
        return np.repeat(times[:, None], table.shape[1], axis=1).astype(table.dtype)

    backend.gives(structure, counts)


@law("embedding.equivalence", "outside", "device")
@given(structure=gradient.outside_routes)
def test_an_id_outside_the_table_has_no_one_hot_row(backend: Trial, structure: Upstream) -> None:
    """The point where a lookup and a product cannot agree."""
    backend.agrees(structure)


@law("embedding.padding", "forward", "gradient", "others", "refused")
@given(structure=gradient.padded)
def test_the_padding_row_is_looked_up_and_learns_nothing(backend: Trial, structure: Padded) -> None:
    backend.agrees(structure)


@law("embedding.padding", "forward", "gradient")
@given(structure=gradient.legally_padded)
def test_a_padding_row_may_be_counted_from_the_end(backend: Trial, structure: Padded) -> None:
    """A row and the same row less the vocabulary are one."""

    def other_end(inputs: dict[str, Any]) -> dict[str, Any]:
        row, vocabulary = inputs["padding_idx"], len(inputs["table"])
        return {**inputs, "padding_idx": row - vocabulary if row >= 0 else row + vocabulary}

    backend.same_after(structure, other_end)


@law("embedding.frequency", "mean", "padding", "untouched", "sparse")
@given(structure=gradient.frequencies)
def test_a_gradient_scaled_by_frequency_is_a_mean(backend: Trial, structure: Padded) -> None:
    backend.agrees(structure)


@law("embedding.sparse", "sparse", "dense", "accumulated")
@given(structure=gradient.sparse_gradients)
def test_a_sparse_gradient_made_dense_is_the_gradient(backend: Trial, structure: Padded) -> None:
    backend.agrees(structure)


@law("embedding.max-norm", "scaled", "kept", "in-place", "output")
@given(structure=gradient.norms)
def test_only_long_rows_that_are_looked_up_are_scaled_down(backend: Trial, structure: Norms) -> None:
    backend.agrees(structure)


@law("embedding.step", "untouched", "sgd", "momentum", structures=12)
@given(structure=training.sgd_steps)
def test_a_step_of_sgd_changes_only_the_rows_that_it_names(backend: Trial, structure: Steps) -> None:
    backend.agrees(structure)


@law("embedding.step", "untouched", "adam", "momentum", structures=12)
@given(structure=training.adam_steps)
def test_a_step_of_adam_changes_only_rows_that_were_named_so_far(backend: Trial, structure: Steps) -> None:
    backend.agrees(structure)


@law("embedding.lazy-step", "untouched", "lazy", "adam", structures=25)
@given(structure=training.lazy_steps)
def test_a_lazy_step_changes_only_the_rows_that_it_names(backend: Trial, structure: Steps) -> None:
    backend.agrees(structure)


@law("embedding.constraint", "rows", "order", structures=12)
@given(structure=training.constrained)
def test_a_constraint_reaches_rows_that_were_not_looked_up(backend: Trial, structure: Step) -> None:
    backend.agrees(structure)


@law("embedding.place", "learns", structures=12)
@given(structure=training.placed)
def test_a_layer_built_under_the_name_of_a_device_learns(backend: Trial, structure: Placed) -> None:
    backend.agrees(structure)
