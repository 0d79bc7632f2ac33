"""The laws of the chapter embedding: what a layer builds, and the tables of models."""

from __future__ import annotations

from hypothesis import given

from conformance.law import law
from conformance.strategies.embedding import gradient, table
from conformance.strategies.embedding.gradient import PaddedTable
from conformance.strategies.embedding.lookup import Table
from conformance.strategies.embedding.table import Given, Initialized, Policed, Regularized, Resized, Settings
from conformance.trial import Trial


@law("embedding.build", "one", "shape", "dtype", structures=20)
@given(structure=table.tables)
def test_an_embedding_holds_one_table_and_nothing_else(backend: Trial, structure: Table) -> None:
    backend.agrees(structure)


@law("embedding.build", "positive", "size", structures=25)
@given(structure=table.odd_tables)
def test_a_size_that_is_no_positive_int_does_what_the_reading_says(backend: Trial, structure: Table) -> None:
    backend.agrees(structure)


@law("embedding.initializer", "once", "shape", "dtype", "value", structures=20)
@given(structure=table.initialized)
def test_the_initializer_is_asked_once_for_the_whole_table(backend: Trial, structure: Initialized) -> None:
    backend.agrees(structure)


@law("embedding.regularizer", "once", "whole", structures=25)
@given(structure=table.regularized)
def test_the_regularizer_adds_one_loss_of_the_whole_table(backend: Trial, structure: Regularized) -> None:
    backend.agrees(structure)


@law("embedding.regularizer", "once", structures=15)
@given(structure=table.regularized)
def test_calls_add_nothing_to_the_loss_of_the_table(backend: Trial, structure: Regularized) -> None:
    backend.same_after(structure, lambda inputs: {**inputs, "ids": []})


@law("embedding.trainable", "last", "count", structures=25)
@given(structure=table.settings)
def test_the_last_setting_of_trainable_decides(backend: Trial, structure: Settings) -> None:
    backend.agrees(structure)


@law("embedding.weights", "value", "shape", structures=25)
@given(structure=table.given_tables)
def test_a_table_given_to_the_constructor_is_the_table(backend: Trial, structure: Given) -> None:
    backend.agrees(structure)


@law("embedding.pretrained", "value", "default", "freeze", structures=25)
@given(structure=table.pretrained)
def test_a_given_table_learns_or_not_as_the_dialect_says(backend: Trial, structure: Given) -> None:
    backend.agrees(structure)


@law("embedding.policy", "variable", "output")
@given(structure=table.policed)
def test_under_a_policy_the_table_keeps_its_dtype_and_the_output_is_rounded(
    backend: Trial, structure: Policed
) -> None:
    backend.agrees(structure)


@law("embedding.padding-row", "zero", "random", structures=30)
@given(structure=gradient.padded_tables)
def test_a_new_table_is_zero_in_its_padding_row_alone(backend: Trial, structure: PaddedTable) -> None:
    """Sixteen draws of a normal distribution are never all zero."""
    backend.agrees(structure)


@law("embedding.resize", "shape", "kept", "configuration", "output", structures=20)
@given(structure=table.resized)
def test_a_resized_model_keeps_the_rows_that_it_had(backend: Trial, structure: Resized) -> None:
    backend.agrees(structure)


@law("embedding.tied", "shared", "one", "apart", structures=15)
@given(structure=table.tied)
def test_a_tied_model_has_one_table(backend: Trial, structure: Resized) -> None:
    backend.agrees(structure)
