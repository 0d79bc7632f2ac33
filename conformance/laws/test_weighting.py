"""The laws of the chapter weighting."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import example, given

from conformance.law import law
from conformance.strategies import paths
from conformance.strategies import weighting as structures
from conformance.strategies.paths import ClassWeight, Metrics, Outputs, Path, Step, Tokens
from conformance.strategies.weighting import Weighted
from conformance.trial import Trial


@law("weighting.weighted", "mask", "divisor", "fit", "gradient", "per-sample", structures=40)
@given(structure=structures.weighted)
def test_weights_and_a_mask_do_what_the_reading_says(backend: Trial, structure: Weighted) -> None:
    backend.agrees(structure)


@law(
    "weighting.weighted", "extra-axes", "nonzero", "all-zero", "per-sample", "divisor", "mask", structures=50
)
@given(structure=structures.weighted_per_sample)
def test_a_weight_for_each_sample_weighs_the_sample(backend: Trial, structure: Weighted) -> None:
    backend.agrees(structure)


@law("weighting.weighted", "nonzero", "divisor", "fit", "mask", structures=40)
@given(structure=structures.temporal)
def test_a_weight_for_each_step_weighs_the_step(backend: Trial, structure: Weighted) -> None:
    backend.agrees(structure)


@law("weighting.weighted", "mask", "all-masked", "divisor", structures=40)
@given(structure=structures.masked)
def test_a_mask_changes_the_divisor_as_the_reading_says(backend: Trial, structure: Weighted) -> None:
    backend.agrees(structure)


@law("weighting.weighted", "shape", "larger", "divisor", structures=20)
@given(structure=structures.misfits)
def test_weights_that_do_not_fit_are_refused(backend: Trial, structure: Weighted) -> None:
    backend.agrees(structure)


@law("weighting.weighted", "spoiled", "mask", "divisor", structures=20)
@given(structure=structures.spoiled)
def test_a_loss_of_nan_is_not_hidden_by_a_weight_of_zero(backend: Trial, structure: Weighted) -> None:
    backend.agrees(structure)


@law("weighting.weighted", "divisor", "nonzero", structures=30)
@given(structure=structures.unmasked)
def test_the_order_of_the_samples_does_not_matter(backend: Trial, structure: Weighted) -> None:
    """Samples, weights and targets turned round together: the loss stays, the gradient turns round."""

    def turned(inputs: dict[str, Any]) -> Any:
        given = {name: _turned(value) for name, value in inputs.items()}
        said = backend.judge.expects("weighting.weighted", given)
        if not isinstance(said, tuple):
            return said
        loss, gradient = said
        kept = {name: part for name, part in vars(gradient).items() if np.ndim(part)}
        return loss, replace(gradient, **{name: part[::-1] for name, part in kept.items()})

    backend.gives(structure, turned)


def _turned(value: Any) -> Any:
    return value[::-1].copy() if isinstance(value, np.ndarray) else value


@law(
    "weighting.reduction",
    "none",
    "unit",
    "mask",
    "sum",
    "mean",
    "by-weights",
    "spread",
    "per-sample",
    "axis",
    "unknown",
    structures=80,
)
@given(structure=structures.reductions)
@example(structure=structures.flat_losses_in_turn)
@example(structure=structures.each_far_and_back)
def test_a_reduction_keeps_adds_or_averages(backend: Trial, structure: Weighted) -> None:
    backend.agrees(structure)


@law("weighting.reduction", "sum", structures=30)
@given(structure=structures.sums)
@example(structure=structures.far)
@example(structure=structures.far_and_back)
@example(structure=structures.below)
def test_a_sum_of_ten_terms_errs_by_nine_roundings_at_most(backend: Trial, structure: Weighted) -> None:
    backend.agrees(structure)


@law("weighting.reduction", "empty", "sum", structures=10)
@given(structure=structures.empty)
def test_no_losses_give_what_the_reading_says(backend: Trial, structure: Weighted) -> None:
    backend.agrees(structure)


@law("weighting.paths", "one-batch", "last-batch", "weighted", "per-batch", "same", structures=30)
@given(structure=paths.paths)
def test_every_path_reports_the_loss_of_its_batches(backend: Trial, structure: Path) -> None:
    backend.agrees(structure)


@law("weighting.paths", "flat", structures=12)
@given(structure=paths.flat_paths)
def test_flat_targets_are_those_of_a_column_of_predictions(backend: Trial, structure: Path) -> None:
    backend.agrees(structure)


@law("weighting.paths", "per-sample", structures=12)
@given(structure=paths.temporal_paths)
def test_a_weight_belongs_to_its_sample_on_every_path(backend: Trial, structure: Path) -> None:
    backend.agrees(structure)


@law("weighting.step", "before", "step", structures=10)
@given(structure=paths.steps)
def test_heavy_samples_move_the_kernel_by_their_weight(backend: Trial, structure: Step) -> None:
    backend.agrees(structure)


@law("weighting.metrics", "plain", "weighted", "loss", structures=4)
@given(structure=paths.metrics)
def test_only_weighted_metrics_are_weighted(backend: Trial, structure: Metrics) -> None:
    backend.agrees(structure)


@law("weighting.outputs", "sum", "report", "own", structures=12)
@given(structure=paths.outputs)
def test_the_losses_of_all_outputs_add_up(backend: Trial, structure: Outputs) -> None:
    backend.agrees(structure)


@law("weighting.class-weight", "argmax", "column", "missing", "product", "divisor", structures=24)
@given(structure=paths.class_weights)
def test_a_class_weight_weighs_every_sample_of_its_class(backend: Trial, structure: ClassWeight) -> None:
    backend.agrees(structure)


@law("weighting.class-weight", "temporal", "product", structures=24)
@given(structure=paths.temporal_classes)
def test_a_class_weight_weighs_every_step_of_its_class(backend: Trial, structure: ClassWeight) -> None:
    backend.agrees(structure)


@law("weighting.token-labels", "ignored", "whole-batch", "attention", "shift", "none", structures=40)
@given(structure=paths.tokens)
def test_a_label_of_minus_100_does_not_count(backend: Trial, structure: Tokens) -> None:
    backend.agrees(structure)


@law("weighting.token-labels", "range", structures=10)
@given(structure=paths.tokens_outside)
def test_a_label_of_no_class_is_refused(backend: Trial, structure: Tokens) -> None:
    backend.agrees(structure)
