"""Attention maps: what `output_attentions` holds, under each implementation of attention."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.clause import reading
from reference.errors import Refused
from reference.outcomes import ORACLE, AnyOf, Working
from reference.sources import keras, tf_keras, transformers
from reference.transformer.families import Forward
from reference.transformer.hidden_states import batch_of, run_family
from reference.transformer.parts import Model, Weights

Array = np.ndarray[Any, Any]


@reading(
    "transformer.attentions",
    "transformers",
    source=(
        transformers("modeling_outputs.py", "BaseModelOutput"),
        transformers("models/bert/modeling_bert.py", "eager_attention_forward"),
        transformers("integrations/sdpa_attention.py", "sdpa_attention_forward"),
        transformers("configuration_utils.py", "PreTrainedConfig.output_attentions"),
    ),
)
def attentions(
    family: str,
    model: Model,
    weights: Weights,
    tokens: Array,
    segments: Array | None,
    positions: Array | None,
    mask: Array | None,
    decoder_tokens: Array | None,
    implementation: str,
    *,
    working: Working = ORACLE,
) -> Any:
    """Every layer gives the weights with which its queries took their means.

    The arguments are those of transformer.hidden-states. implementation: "eager" or "sdpa".
    Every query has a valid key.
    Returns a dict: "last_hidden_state"; "attentions", a tuple of (batch, heads, queries, keys), for
    an encoder-decoder "decoder_attentions", "cross_attentions" and "encoder_attentions"; and "warned",
    whether the model said that it gives none.

    [count] Under "eager" there MUST be one entry a layer, and none for the embeddings.
    [softmax] An entry MUST be the softmax over the keys of query · key ÷ √size, of every head: its rows
        sum to 1.
    [masked] The weight of a masked key, and of a later one in a decoder, MUST be exactly 0.
    [cross] The cross attentions of a decoder MUST be over the encoder's keys, and those apart from its own.
    [kernel] Under another implementation there MUST be the same maps, or a refusal, or none and a
        warning that says so; never none in silence.
    [value] Under every implementation the last hidden state MUST be the same.
    """
    batch = batch_of(locals())
    said = run_family(
        lambda forward: maps_of_transformers(forward), family, model, weights, working, **batch
    ) | {"warned": False}
    if implementation == "eager":
        return said
    without = {"last_hidden_state": said["last_hidden_state"]}  # [value]
    without |= {name: () for name in said if name.endswith("attentions")}
    return AnyOf((said, without | {"warned": True}, Refused("no maps under sdpa")))  # [kernel]


def _maps(
    family: str, model: Model, weights: Weights, working: Working, batch: dict[str, Any]
) -> dict[str, Any]:
    """The maps of a forward pass, measured."""
    said: dict[str, Any] = run_family(
        lambda forward: maps_of_transformers(forward), family, model, weights, working, **batch
    )
    return said


def maps_of_transformers(forward: Forward) -> dict[str, Any]:
    """The fields that hold maps, and the last hidden state."""
    own = forward.attentions  # [count] [softmax] [masked]
    if forward.encoder is None:
        return {"last_hidden_state": forward.last, "attentions": own}
    return {  # [cross]
        "last_hidden_state": forward.last,
        "decoder_attentions": own,
        "cross_attentions": forward.cross,
        "encoder_attentions": forward.encoder.attentions,
    }


@reading(
    "transformer.attentions",
    "keras-2",
    source=(
        keras("v3.15.1", "layers/attention/multi_head_attention.py", "MultiHeadAttention.call"),
        tf_keras("layers/attention/multi_head_attention.py", "MultiHeadAttention.call"),
    ),
)
def composed_maps(
    family: str,
    model: Model,
    weights: Weights,
    tokens: Array,
    segments: Array | None,
    positions: Array | None,
    mask: Array | None,
    decoder_tokens: Array | None,
    implementation: str,
    *,
    working: Working = ORACLE,
) -> Any:
    """A layer that is asked for its attention scores gives the weights of its queries.

    The arguments are those of the reading of transformers; implementation: "eager".
    Returns a dict: "last_hidden_state" and "attentions".

    [count] There MUST be one map a layer, (batch, heads, queries, keys).
    [softmax] It MUST be the softmax over the keys of query · key ÷ √size, of every head.
    [masked] The weight of a masked key MUST be exactly 0.
    """
    batch = batch_of(locals())
    # [count] [softmax] [masked]
    return _maps(family, model, weights, working, batch)


@reading(
    "transformer.attention-mask",
    "transformers",
    source=(
        transformers("models/bert/modeling_bert.py", "BertModel._create_attention_masks"),
        transformers("masking_utils.py", "create_bidirectional_mask"),
        transformers("masking_utils.py", "create_causal_mask"),
    ),
)
@reading(
    "transformer.attention-mask",
    "keras-2",
    source=keras("v3.15.1", "layers/attention/multi_head_attention.py", "MultiHeadAttention.call"),
)
def attention_mask(
    family: str,
    model: Model,
    weights: Weights,
    tokens: Array,
    segments: Array | None,
    positions: Array | None,
    mask: Array,
    decoder_tokens: Array | None,
    *,
    working: Working = ORACLE,
) -> Any:
    """What stands at masked positions, and how many there are, changes nothing at the others.

    The arguments are those of transformer.hidden-states, with a mask of dtype int64, bool or the
    dtype of the weights, whose last or first position is valid where a query needs one.
    Returns a dict of what concerns valid positions alone: "states", (valid, hidden), of the last
    hidden state; "maps", (valid, heads, keys), of the last layer's weights of their queries.

    [ones] A 1 or True MUST stand for a valid token and a 0 or False for a masked one.
    [key] The weight of a masked key MUST be exactly 0, wherever it stands.
    [rest] The weights of the valid keys MUST be the softmax over them alone.
    [tokens] The tokens at masked positions MUST NOT matter to what stands at valid ones.
    """
    batch = batch_of(locals())
    said = run_family(
        lambda forward: maps_of_transformers(forward), family, model, weights, working, **batch
    )  # [key] [rest]
    return valid_part(said, mask)


def valid_part(said: dict[str, Any], mask: Array) -> dict[str, Any]:
    """What concerns valid positions alone."""
    row, time = np.nonzero(mask != 0)  # [ones]
    states, maps = said["last_hidden_state"], said["attentions"][-1]
    return {"states": states[row, time], "maps": maps[row, :, time]}  # [tokens]
