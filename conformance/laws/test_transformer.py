"""The laws of the chapter transformer."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given

from conformance.law import law
from conformance.strategies import transformer, transformer_outputs
from conformance.strategies.transformer import VOCABULARY, Encoder
from conformance.strategies.transformer_outputs import Asked, Generated
from conformance.trial import Trial


@law(
    "transformer.hidden-states", "first", "order", "last", "vision", "encoder", "path", "apart", structures=30
)
@given(structure=transformer.states)
def test_hidden_states_are_the_embeddings_and_every_layer(backend: Trial, structure: Encoder) -> None:
    backend.agrees(structure)


@law("transformer.hidden-states", "order", "encoder", structures=12)
@given(structure=transformer.distant)
def test_tokens_far_apart_share_a_relative_position(backend: Trial, structure: Encoder) -> None:
    """In an encoder in both directions, in a decoder toward the past."""
    backend.agrees(structure)


@law("transformer.hidden-states", "order", "last", structures=3)
@given(structure=transformer.deep)
def test_hidden_states_of_twelve_layers_agree(backend: Trial, structure: Encoder) -> None:
    backend.agrees(structure)


@law("transformer.hidden-states", "order", "hopeless", structures=14)
@given(structure=transformer.hopeless)
def test_a_row_without_a_valid_key_does_what_the_reading_says(backend: Trial, structure: Encoder) -> None:
    backend.agrees(structure)


@law("transformer.hidden-states", "count", structures=10)
@given(structure=transformer.without_layers)
def test_a_model_without_layers_has_one_hidden_state(backend: Trial, structure: Encoder) -> None:
    backend.agrees(structure)


@law("transformer.hidden-states", "empty", structures=10)
@given(structure=transformer.empty)
def test_an_empty_batch_does_what_the_reading_says(backend: Trial, structure: Encoder) -> None:
    backend.agrees(structure)


@law("transformer.hidden-states", "first", "order", structures=10)
@given(structure=transformer.renamed)
def test_renaming_the_tokens_changes_no_state(backend: Trial, structure: Encoder) -> None:
    """Other ids for the same rows leave every state as it was, bit for bit."""
    backend.same_after(structure, _renamed)


def _renamed(inputs: dict[str, Any]) -> dict[str, Any]:
    weights = inputs["weights"]
    turned = {**weights, "token": weights["token"][::-1].copy()}
    return {**inputs, "weights": turned, "tokens": VOCABULARY - 1 - inputs["tokens"]}


@law("transformer.embeddings", "sum", "norm", "embeds", "segments", "positions", structures=30)
@given(structure=transformer_outputs.embedded)
def test_embeddings_are_a_normalized_sum(backend: Trial, structure: Encoder) -> None:
    backend.agrees(structure)


@law("transformer.embeddings", "one-of-both", "length", structures=20)
@given(structure=transformer_outputs.misgiven)
def test_what_does_not_say_which_embeddings_is_refused(backend: Trial, structure: Encoder) -> None:
    backend.agrees(structure)


@law("transformer.embeddings", "range", structures=20)
@given(structure=transformer_outputs.outside_tables)
def test_ids_outside_the_tables_are_refused(backend: Trial, structure: Encoder) -> None:
    backend.agrees(structure)


@law("transformer.embeddings", "empty", structures=4)
@given(structure=transformer_outputs.empty_embeddings)
def test_no_embeddings_do_what_the_reading_says(backend: Trial, structure: Encoder) -> None:
    backend.agrees(structure)


@law("transformer.attentions", "count", "softmax", "masked", "cross", structures=20)
@given(structure=transformer_outputs.attending)
def test_attention_maps_are_those_of_the_reading(backend: Trial, structure: Encoder) -> None:
    backend.agrees(structure)


@law("transformer.attentions", "kernel", "value", structures=20)
@given(structure=transformer_outputs.other_kernels)
def test_another_kernel_gives_maps_or_says_that_it_has_none(backend: Trial, structure: Encoder) -> None:
    backend.agrees(structure)


@law("transformer.attention-mask", "ones", "key", "rest", structures=16)
@given(structure=transformer_outputs.masked)
def test_masked_keys_get_no_weight(backend: Trial, structure: Encoder) -> None:
    backend.agrees(structure)


@law("transformer.attention-mask", "ones", "key", "rest", structures=10)
@given(structure=transformer_outputs.left_padded)
def test_padding_on_the_left_is_masked_like_any_other(backend: Trial, structure: Encoder) -> None:
    """Positions are given, so that they are those of the tokens and not of the padding."""
    backend.agrees(structure)


@law("transformer.attention-mask", "tokens", structures=10)
@given(structure=transformer_outputs.right_padded)
def test_tokens_at_masked_positions_do_not_matter(backend: Trial, structure: Encoder) -> None:
    """Other tokens under the mask leave the valid positions as they were, bit for bit."""
    backend.same_after(structure, _other_padding)


def _other_padding(inputs: dict[str, Any]) -> dict[str, Any]:
    tokens, mask = inputs["tokens"], inputs["mask"]
    return {**inputs, "tokens": np.where(mask != 0, tokens, VOCABULARY - 1 - tokens)}


@law("transformer.pooler", "tanh", "first", "absent", "order", structures=20)
@given(structure=transformer_outputs.pooled)
def test_the_pooler_is_tanh_of_the_first_position(backend: Trial, structure: Encoder) -> None:
    backend.agrees(structure)


@law("transformer.modes", "eval", "same", "padding", structures=50)
@given(structure=transformer_outputs.running)
def test_every_mode_gives_the_same_states(backend: Trial, structure: Encoder) -> None:
    backend.agrees(structure)


@law("transformer.modes", "dropout", "states", structures=20)
@given(structure=transformer_outputs.dropping)
def test_dropout_stands_where_the_reading_says(backend: Trial, structure: Encoder) -> None:
    """At a rate of 1 everything is dropped, so that nothing is random."""
    backend.agrees(structure)


@law("transformer.modes", "eval", structures=1)
@given(structure=transformer_outputs.traced)
def test_a_traced_model_gives_the_same_states(backend: Trial, structure: Encoder) -> None:
    backend.agrees(structure)


@law("transformer.asking", "argument", "default", "order", "tuple", "cross")
@given(structure=transformer_outputs.asked)
def test_an_output_has_the_fields_that_were_asked_for(backend: Trial, structure: Asked) -> None:
    backend.agrees(structure)


@law("transformer.asking", "none", structures=40)
@given(structure=transformer_outputs.asked_with_none)
def test_an_argument_none_counts_as_not_given(backend: Trial, structure: Asked) -> None:
    backend.agrees(structure)


@law("transformer.asking", "select", structures=30)
@given(structure=transformer_outputs.asked_by_number)
def test_entries_asked_for_by_number_do_what_the_reading_says(backend: Trial, structure: Asked) -> None:
    backend.agrees(structure)


@law("transformer.generation", "steps", "first", "later", structures=12)
@given(structure=transformer_outputs.generated)
def test_every_generated_token_has_states_and_maps(backend: Trial, structure: Generated) -> None:
    backend.agrees(structure)
