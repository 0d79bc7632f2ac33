"""The laws of the chapter masking: where masks come from, and how they travel."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given

from conformance.law import law
from conformance.strategies import masking, traveling
from conformance.strategies.masking import Explicit, Features, Pooling
from conformance.strategies.traveling import Distributed, Nested, Traveling
from conformance.trial import Trial


@law(
    "masking.produce",
    "all-features",
    "some-features",
    "cast",
    "signed-zero",
    "nan",
    "vector",
    "kept",
    "zeroed",
)
@given(structure=masking.features)
def test_masking_masks_the_steps_that_equal_the_mask_value(backend: Trial, structure: Features) -> None:
    backend.agrees(structure)


@law("masking.produce", "double", structures=20)
@given(structure=masking.doubles)
def test_a_mask_value_in_float64_is_a_double(backend: Trial, structure: Features) -> None:
    backend.agrees(structure)


@law("masking.produce", "half", structures=20)
@given(structure=masking.halves)
def test_a_mask_value_in_half_precision_is_found(backend: Trial, structure: Features) -> None:
    backend.agrees(structure)


@law("masking.produce", "wide", structures=20)
@given(structure=masking.wide_integers)
def test_an_int64_stays_an_int64(backend: Trial, structure: Features) -> None:
    backend.agrees(structure)


@law("masking.produce", "zeroed", "infinite")
@given(structure=masking.infinite_features)
def test_masked_infinities_become_what_the_reading_says(backend: Trial, structure: Features) -> None:
    backend.agrees(structure)


@law("masking.produce", "subnormal", structures=20)
@given(structure=masking.subnormal_features)
def test_a_subnormal_feature_is_a_number_or_zero(backend: Trial, structure: Features) -> None:
    backend.agrees(structure)


@law("masking.produce", "all-features", "some-features")
@given(structure=masking.features)
def test_the_order_of_the_features_does_not_matter_to_the_mask(backend: Trial, structure: Features) -> None:
    """Two Masking layers on x and on x with its features in reverse see the same steps."""

    def expected(inputs: dict[str, Any]) -> Any:
        x, value = inputs["x"], inputs["mask_value"]
        sought = np.broadcast_to(np.asarray(value).astype(x.dtype), x.shape)
        equal = np.ones(x.shape[:-1], bool)
        for feature in reversed(range(x.shape[-1])):
            equal &= x[..., feature] == sought[..., feature]
        values = x.copy()
        values[equal] = 0
        return _any_zero(values), ~equal

    backend.gives(structure, expected)


def _any_zero(values: np.ndarray[Any, Any]) -> Any:
    """The values, where a zero may bear either sign."""
    from reference.outcomes import Bounded

    if values.dtype.kind in "iu":
        return values
    return Bounded(values, np.abs(values), np.zeros((), np.int64), values.dtype)


@law("masking.propagate", "kept", "opted-in", "absent")
@given(structure=traveling.keeping_layers)
def test_a_layer_that_supports_masks_hands_them_on(backend: Trial, structure: Traveling) -> None:
    backend.agrees(structure)


@law("masking.propagate", "preprocessing", structures=20)
@given(structure=traveling.newly_keeping_layers)
def test_identity_and_rescaling_hand_masks_on(backend: Trial, structure: Traveling) -> None:
    backend.agrees(structure)


@law("masking.propagate", "sequences", "last", "states", structures=12)
@given(structure=traveling.recurrent_layers)
def test_a_recurrent_layer_hands_on_the_mask_with_the_sequence(backend: Trial, structure: Traveling) -> None:
    backend.agrees(structure)


@law("masking.propagate", "backwards", "last", structures=8)
@given(structure=traveling.backward_layers)
def test_a_reversed_sequence_bears_a_mask_that_the_reading_allows(
    backend: Trial, structure: Traveling
) -> None:
    backend.agrees(structure)


@law("masking.propagate", "both-directions", structures=12)
@given(structure=traveling.bidirectional_layers)
def test_bidirectional_hands_on_the_mask_with_its_sequences(backend: Trial, structure: Traveling) -> None:
    backend.agrees(structure)


@law("masking.propagate", "computed")
@given(structure=traveling.shortening_layers)
def test_a_layer_that_shortens_time_hands_on_the_mask_it_computes(
    backend: Trial, structure: Traveling
) -> None:
    backend.agrees(structure)


@law("masking.propagate", "averaged", "lambda", "own")
@given(structure=traveling.other_layers)
def test_lambda_pooling_and_masking_follow_their_own_rules(backend: Trial, structure: Traveling) -> None:
    backend.agrees(structure)


@law("masking.propagate", "kept", "opted-in", "absent")
@given(structure=traveling.keeping_layers)
def test_a_layer_that_works_step_by_step_changes_no_mask(backend: Trial, structure: Traveling) -> None:
    backend.gives(structure, lambda inputs: [inputs["mask"]])


@law("masking.unsupported", "masked", "absent")
@given(structure=traveling.losing_layers)
def test_a_layer_that_does_not_support_masks_hands_none_on(backend: Trial, structure: Traveling) -> None:
    backend.agrees(structure)


@law("masking.unsupported", "operators")
@given(structure=traveling.operators)
def test_a_plain_operator_hands_no_mask_on(backend: Trial, structure: Traveling) -> None:
    backend.agrees(structure)


@law("masking.explicit", "attached", "explicit", "none", "output", "opt-in")
@given(structure=masking.explicit_masks)
def test_an_explicit_mask_goes_before_the_one_of_the_input(backend: Trial, structure: Explicit) -> None:
    backend.agrees(structure)


@law("masking.nested", "inside", "incoming", "outgoing", structures=40)
@given(structure=traveling.nested_models)
def test_masks_go_through_models_inside_models(backend: Trial, structure: Nested) -> None:
    backend.agrees(structure)


@law("masking.nested", "subclass", structures=40)
@given(structure=traveling.subclassed_models)
def test_masks_go_through_subclassed_models_as_the_reading_says(backend: Trial, structure: Nested) -> None:
    backend.agrees(structure)


@law("masking.nested", "inside", "outgoing", structures=40)
@given(structure=traveling.nested_models)
def test_nesting_a_model_changes_no_mask(backend: Trial, structure: Nested) -> None:
    """A model gives the same masks as its layers in one flat model."""

    def leaves(model: dict[str, Any]) -> list[dict[str, Any]]:
        parts = (leaves(layer) if "layers" in layer else [layer] for layer in model["layers"])
        return [leaf for part in parts for leaf in part]

    def flattened(inputs: dict[str, Any]) -> dict[str, Any]:
        return inputs | {"model": {"layer": "Functional", "layers": leaves(inputs["model"])}}

    backend.same_after(structure, flattened)


@law("masking.time-distributed", "inner", "reduced", "unchanged", "absent", structures=40)
@given(structure=traveling.distributed_layers)
def test_time_distributed_gives_the_mask_of_the_reading(backend: Trial, structure: Distributed) -> None:
    backend.agrees(structure)


@law("masking.time-distributed", "inner", "reduced", "unchanged", structures=20)
@given(structure=traveling.distributed_recurrence)
def test_time_distributed_recurrence_gives_the_mask_of_the_reading(
    backend: Trial, structure: Distributed
) -> None:
    backend.agrees(structure)


@law("masking.time-distributed", "unsupporting", "unchanged", structures=20)
@given(structure=traveling.distributed_losing)
def test_time_distributed_around_a_layer_without_support(backend: Trial, structure: Distributed) -> None:
    backend.agrees(structure)


@law("masking.pooling", "plain", "masked-mean", "channels-first", "keepdims")
@given(structure=masking.poolings)
def test_pooling_takes_the_mean_over_the_valid_steps(backend: Trial, structure: Pooling) -> None:
    backend.agrees(structure)


@law("masking.pooling", "precision", structures=20)
@given(structure=masking.double_poolings)
def test_a_mean_in_float64_is_computed_in_float64(backend: Trial, structure: Pooling) -> None:
    backend.agrees(structure)


@law("masking.pooling", "excluded", "multiplied")
@given(structure=masking.spoiled_poolings)
def test_what_stands_at_a_masked_step_does_not_enter_the_mean(backend: Trial, structure: Pooling) -> None:
    backend.agrees(structure)


@law("masking.pooling", "all-masked")
@given(structure=masking.masked_poolings)
def test_a_mean_over_no_steps_is_nan_or_zero(backend: Trial, structure: Pooling) -> None:
    backend.agrees(structure)
