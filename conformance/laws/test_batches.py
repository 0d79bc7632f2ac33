"""The laws of the chapter batches: order, alignment, parts."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import example, given

from conformance.law import law
from conformance.strategies import batches, loading
from conformance.strategies.batches import Epochs, Flow, Split, Subset
from conformance.strategies.loading import Dealt, Distinct, Loader, Sampled
from conformance.trial import Trial


@law("batches.flow", "epoch", "last", "order", "seeded", "by-index", "form", "dtype", "rows", structures=60)
@given(structure=batches.flows)
def test_a_generator_gives_every_sample_once_an_epoch(backend: Trial, structure: Flow) -> None:
    backend.agrees(structure)


@law("batches.flow", "unseeded", "rows", "epoch", structures=40)
@given(structure=batches.free_flows)
def test_what_belongs_to_a_sample_comes_with_it_in_any_order(backend: Trial, structure: Flow) -> None:
    backend.agrees(structure)


@law("batches.flow", "rows", structures=40)
@given(structure=batches.flows)
def test_weights_change_nothing_but_themselves(backend: Trial, structure: Flow) -> None:
    """Twice the weights: the same images and targets in the same order, and twice the weights."""

    def heavier(inputs: dict[str, Any]) -> dict[str, Any]:
        weights = inputs["weights"]
        return inputs | {"weights": None if weights is None else weights * 2}

    def twice(before: Any, after: Any) -> Any:
        return [(*one[:2], one[2] * 2) if isinstance(one, tuple) and len(one) == 3 else one for one in before]

    backend.follows(structure, heavier, twice)


@law("batches.flow", "lengths", "rank", structures=20)
@given(structure=batches.misfits)
def test_arrays_of_other_lengths_are_refused(backend: Trial, structure: Flow) -> None:
    backend.agrees(structure)


@law("batches.subset", "front", "rest", "before", structures=40)
@given(structure=batches.subsets)
def test_a_generator_keeps_the_first_samples_for_validation(backend: Trial, structure: Subset) -> None:
    backend.agrees(structure)


@law("batches.subset", "weights", structures=40)
@given(structure=batches.weighted_subsets)
def test_a_sample_keeps_its_weight_in_either_part(backend: Trial, structure: Subset) -> None:
    backend.agrees(structure)


@law("batches.subset", "classes", "ignore", structures=40)
@given(structure=batches.classes)
def test_parts_of_other_classes_are_refused(backend: Trial, structure: Subset) -> None:
    backend.agrees(structure)


@law("batches.subset", "share", "part", structures=24)
@given(structure=batches.refused_subsets)
@example(structure=batches.no_such_part)
def test_a_share_or_a_part_that_is_none_is_refused(backend: Trial, structure: Subset) -> None:
    backend.agrees(structure)


@law("batches.order", "fair", "anew", structures=4)
@given(structure=batches.many_epochs)
def test_every_epoch_is_shuffled_anew(backend: Trial, structure: Epochs) -> None:
    """Two samples, 2,048 epochs: an order that is kept, alternates or repeats is caught."""
    backend.draws(structure, "dependence")


@law("batches.validation-split", "end", "before", "weights", structures=10)
@given(structure=batches.splits)
def test_fit_keeps_the_last_samples_for_validation(backend: Trial, structure: Split) -> None:
    backend.agrees(structure)


@law("batches.validation-split", "binary", "given", "range", "empty", structures=10)
@given(structure=batches.odd_splits)
@example(structure=batches.no_share)
def test_a_share_that_leaves_a_part_empty_is_none(backend: Trial, structure: Split) -> None:
    backend.agrees(structure)


@law("batches.loader", "order", "chosen", "last", "dtype", "rows")
@given(structure=loading.loaders)
def test_a_loader_gives_every_sample_in_order(backend: Trial, structure: Loader) -> None:
    backend.agrees(structure)


@law("batches.loader", "shuffled", "rows", "last")
@given(structure=loading.shuffled_loaders)
def test_a_shuffled_loader_keeps_together_what_belongs_together(backend: Trial, structure: Loader) -> None:
    backend.agrees(structure)


@law("batches.loader", "lengths", structures=10)
@given(structure=loading.misfit_loaders)
def test_tensors_of_other_lengths_are_refused(backend: Trial, structure: Loader) -> None:
    backend.agrees(structure)


@law("batches.random-split", "parts", "lengths", "fractions", "sum")
@given(structure=loading.dealt)
def test_every_sample_is_dealt_to_one_part(backend: Trial, structure: Dealt) -> None:
    backend.agrees(structure)


@law("batches.sampler", "probability", "draws", structures=6)
@given(structure=loading.sampled)
def test_a_sample_comes_as_often_as_it_weighs(backend: Trial, structure: Sampled) -> None:
    """400,000 draws a structure: a share that is off by 0.01 is caught."""
    backend.draws(structure, "shares")


@law("batches.sampler", "independence", structures=6)
@given(structure=loading.drawn)
def test_a_sample_may_come_again_at_once(backend: Trial, structure: Sampled) -> None:
    backend.draws(structure, "dependence")


@law("batches.sampler", "probability", structures=10)
@given(structure=loading.drawn)
def test_only_the_ratios_of_the_weights_count(backend: Trial, structure: Sampled) -> None:
    """A power of two times all weights draws the same samples."""
    backend.same_after(structure, lambda inputs: inputs | {"weights": np.ldexp(inputs["weights"], 5)})


@law("batches.distinct", "once", "never")
@given(structure=loading.distinct)
def test_without_replacement_no_sample_comes_twice(backend: Trial, structure: Distinct) -> None:
    backend.agrees(structure)


@law("batches.distinct", "too-many", structures=10)
@given(structure=loading.too_many)
def test_more_draws_than_samples_that_can_come_are_refused(backend: Trial, structure: Distinct) -> None:
    backend.agrees(structure)
