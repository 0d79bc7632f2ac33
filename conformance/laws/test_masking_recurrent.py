"""The laws of the chapter masking: recurrent layers look at the mask."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import example, given

from conformance.law import law
from conformance.strategies import recurrent as structures
from conformance.strategies.recurrent import Bidirection, Packed, Recurrence
from conformance.trial import Trial

Inputs = dict[str, Any]


@law("masking.recurrent", "step", "carried", "repeated", "last", "backwards", "states", structures=30)
@given(structure=structures.smooth)
@example(structure=structures.simple_in_bfloat16)
def test_a_recurrent_layer_skips_masked_steps(backend: Trial, structure: Recurrence) -> None:
    backend.agrees(structure)


@law("masking.recurrent", "precision", structures=15)
@given(structure=structures.doubles)
def test_a_recurrent_layer_in_float64_computes_in_float64(backend: Trial, structure: Recurrence) -> None:
    backend.agrees(structure)


@law(
    "masking.recurrent",
    "step",
    "carried",
    "repeated",
    "leading",
    "last",
    "backwards",
    "states",
    structures=25,
)
@given(structure=structures.whole)
def test_a_linear_recurrence_of_whole_numbers_is_exact(backend: Trial, structure: Recurrence) -> None:
    """A second way to the same numbers: an integer loop over single rows and steps."""
    backend.gives(structure, _counted)


@law("masking.recurrent", "leading", "carried", "all-masked", structures=25)
@given(structure=structures.whole_with_states)
def test_initial_states_last_until_the_first_valid_step(backend: Trial, structure: Recurrence) -> None:
    backend.agrees(structure)


@law("masking.recurrent", "zero-output", "unrolled", "option", structures=25)
@given(structure=structures.zero_outputs)
def test_zero_output_for_mask_gives_zeros_at_masked_steps(backend: Trial, structure: Recurrence) -> None:
    backend.agrees(structure)


@law("masking.recurrent", "sequences-only", "option", structures=25)
@given(structure=structures.last_outputs)
def test_zero_output_for_mask_is_for_sequences_alone(backend: Trial, structure: Recurrence) -> None:
    backend.agrees(structure)


@law("masking.recurrent", "no-influence", structures=25)
@given(structure=structures.spoiled)
def test_nan_at_a_masked_step_has_no_influence(backend: Trial, structure: Recurrence) -> None:
    backend.agrees(structure)


@law("masking.recurrent", "no-influence", structures=15)
@given(structure=structures.unspoiled)
def test_what_stands_at_a_masked_step_can_be_anything(backend: Trial, structure: Recurrence) -> None:
    backend.same_after(structure, _with_other_padding)


@law("masking.recurrent", "carried", "last", "states", structures=15)
@given(structure=structures.padded)
def test_left_and_right_padding_end_in_the_same_state(backend: Trial, structure: Recurrence) -> None:
    backend.same_after(structure, _padded_on_the_left)


@law("masking.recurrent", "all-masked", structures=15)
@given(structure=structures.wholly_masked)
def test_a_wholly_masked_batch_gives_zeros(backend: Trial, structure: Recurrence) -> None:
    def zeros(inputs: Inputs) -> Any:
        batch, time, _ = inputs["x"].shape
        steps = (time,) if inputs["options"]["return_sequences"] else ()
        return [np.zeros((batch, *steps, len(inputs["weights"][1])), inputs["x"].dtype)]

    backend.gives(structure, zeros)


@law("masking.recurrent", "no-mask", structures=15)
@given(structure=structures.wholly_valid)
def test_a_mask_of_all_true_changes_nothing(backend: Trial, structure: Recurrence) -> None:
    backend.same_after(structure, lambda inputs: inputs | {"mask": None})


@law("masking.recurrent", "backwards", structures=15)
@given(structure=structures.whole)
def test_going_backwards_is_going_forwards_over_the_reverse(backend: Trial, structure: Recurrence) -> None:
    backend.same_after(structure, _reversed)


@law("masking.recurrent", "unrolled", structures=15)
@given(structure=structures.unrolled)
def test_unrolling_changes_nothing(backend: Trial, structure: Recurrence) -> None:
    def other_way(inputs: Inputs) -> Inputs:
        options = inputs["options"]
        return inputs | {"options": options | {"unroll": not options["unroll"]}}

    backend.same_after(structure, other_way)


@law(
    "masking.bidirectional",
    "reversed",
    "aligned",
    "padding",
    "zero-output",
    "repeated",
    "concat",
    "sum",
    "apart",
    structures=25,
)
@given(structure=structures.bidirections)
def test_both_directions_skip_the_padding(backend: Trial, structure: Bidirection) -> None:
    backend.agrees(structure)


@law("masking.bidirectional", "zero-output", "repeated", structures=15)
@given(structure=structures.bidirections_with_zeros)
def test_both_directions_give_at_masked_steps_what_the_reading_says(
    backend: Trial, structure: Bidirection
) -> None:
    backend.agrees(structure)


@law("masking.packed", "step", "zero-output", "longest", "states", "reversed", "no-influence")
@given(structure=structures.packed)
def test_a_packed_sequence_ends_at_its_length(backend: Trial, structure: Packed) -> None:
    backend.agrees(structure)


@law("masking.packed", "empty", structures=15)
@given(structure=structures.empty_packed)
def test_an_empty_sequence_cannot_be_packed(backend: Trial, structure: Packed) -> None:
    backend.agrees(structure)


def _counted(inputs: Inputs) -> Any:
    """The linear recurrence in whole numbers, row by row, over the valid steps alone."""
    x, options = inputs["x"], inputs["options"]
    kernel, recurrent, bias = (array.astype(np.int64) for array in inputs["weights"])
    batch, time, _ = x.shape
    mask = np.ones((batch, time), bool) if inputs["mask"] is None else inputs["mask"]
    outputs = np.zeros((batch, time, len(recurrent)), np.int64)
    states = np.zeros((batch, len(recurrent)), np.int64)
    for row in range(batch):
        order = range(time)[::-1] if options["go_backwards"] else range(time)
        for place, step in enumerate(order):
            if mask[row, step]:
                states[row] = x[row, step].astype(np.int64) @ kernel + states[row] @ recurrent + bias
            outputs[row, place] = states[row]
    output = outputs if options["return_sequences"] else outputs[:, -1]
    return [_signless(one, x.dtype) for one in (output, *([states] if options["return_state"] else []))]


def _signless(whole: np.ndarray[Any, Any], dtype: np.dtype[Any]) -> Any:
    """Whole numbers exactly, a zero with either sign."""
    from reference.outcomes import Bounded

    value = whole.astype(np.float64)
    return Bounded(value, np.abs(value), np.zeros((), np.int64), dtype)


def _with_other_padding(inputs: Inputs) -> Inputs:
    """Other values where the mask is False."""
    mask = inputs["mask"]
    other = np.where(mask[..., None], inputs["x"], np.array(np.nan, inputs["x"].dtype))
    return inputs | {"x": other}


def _padded_on_the_left(inputs: Inputs) -> Inputs:
    """The same valid steps at the other end of the axis of time."""
    x, mask = inputs["x"].copy(), inputs["mask"].copy()
    for row, length in enumerate(inputs["mask"].sum(axis=1)):
        x[row], mask[row] = np.roll(x[row], -length, axis=0), np.roll(mask[row], -length)
    return inputs | {"x": x, "mask": mask}


def _reversed(inputs: Inputs) -> Inputs:
    """The sequence in reverse, run in the other direction."""
    options, mask = inputs["options"], inputs["mask"]
    return inputs | {
        "x": inputs["x"][:, ::-1].copy(),
        "mask": None if mask is None else mask[:, ::-1].copy(),
        "options": options | {"go_backwards": not options["go_backwards"]},
    }
