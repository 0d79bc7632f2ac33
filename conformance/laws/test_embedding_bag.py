"""The laws of the chapter embedding: bags."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import example, given

from conformance.law import law
from conformance.strategies.embedding import bag
from conformance.strategies.embedding.bag import BagGradients, Bags
from conformance.trial import Trial
from reference.outcomes import Bounded


@law("embedding.bag", "sum", "mean", "max", "padding", "empty")
@given(structure=bag.bags)
def test_a_bag_is_the_sum_the_mean_or_the_largest_of_its_rows(backend: Trial, structure: Bags) -> None:
    backend.agrees(structure)


@law("embedding.bag", "last")
@given(structure=bag.closed_bags)
def test_the_last_offset_ends_the_last_bag(backend: Trial, structure: Bags) -> None:
    backend.agrees(structure)


@law("embedding.bag", "nan")
@given(structure=bag.nan_bags)
def test_the_largest_of_a_bag_with_nan_is_nan(backend: Trial, structure: Bags) -> None:
    """Wherever in the bag it stands, as for torch.max."""
    backend.agrees(structure)


@law("embedding.bag", "rows", structures=20)
@given(structure=bag.hollow_bags)
def test_rows_without_ids_are_empty_bags(backend: Trial, structure: Bags) -> None:
    backend.agrees(structure)


@law("embedding.bag", "offsets", "first", "range", "weights-shape", "weights-mode")
@given(structure=bag.bag_misuses)
@example(structure=bag.late_bags)
def test_bags_that_make_no_sense_are_refused(backend: Trial, structure: Bags) -> None:
    backend.agrees(structure)


@law("embedding.bag", "sum", "mean", "max")
@given(structure=bag.single_bags)
def test_a_bag_of_one_id_is_a_lookup(backend: Trial, structure: Bags) -> None:
    """Whatever the mode, one row is its own sum, mean and maximum, up to the sign of zero."""

    def rows(inputs: dict[str, Any]) -> Bounded:
        taken = inputs["table"][inputs["ids"].reshape(-1)].astype(np.float64)
        return Bounded(taken, np.abs(taken), np.zeros((), np.int64), inputs["table"].dtype)

    backend.gives(structure, rows)


@law("embedding.bag-gradient", "sum", "mean", "max", "padding", "weights", "sparse", "refused")
@given(structure=bag.bag_gradients)
@example(structure=bag.largest_gradients)
def test_the_gradient_of_a_bag_goes_to_the_rows_that_made_it(backend: Trial, structure: BagGradients) -> None:
    backend.agrees(structure)


@law("embedding.bag-gradient", "frequency", "sparse")
@given(structure=bag.frequent_bags)
def test_the_frequency_that_divides_a_gradient_is_that_of_its_own_row(
    backend: Trial, structure: BagGradients
) -> None:
    backend.agrees(structure)
