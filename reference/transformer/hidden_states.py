"""Hidden states: what `output_hidden_states` holds, and what it does not."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.clause import reading
from reference.errors import ShapeMismatch
from reference.outcomes import ORACLE, AnyOf, Working
from reference.sources import keras, tf_keras, torch, transformers
from reference.transformer.arithmetic import Arithmetic, run
from reference.transformer.families import Forward
from reference.transformer.parts import Model, Weights
from reference.transformer.t5 import FAMILIES

Array = np.ndarray[Any, Any]


@reading(
    "transformer.hidden-states",
    "transformers",
    source=(
        transformers("modeling_outputs.py", "BaseModelOutput"),
        transformers("utils/output_capturing.py", "capture_outputs"),
        transformers("models/bert/modeling_bert.py", "BertModel.forward"),
        transformers("models/gpt2/modeling_gpt2.py", "GPT2Model.forward"),
        transformers("models/llama/modeling_llama.py", "LlamaModel.forward"),
        transformers("models/t5/modeling_t5.py", "T5Stack.forward"),
        transformers("models/vit/modeling_vit.py", "ViTModel.forward"),
    ),
)
def hidden_states(
    family: str,
    model: Model,
    weights: Weights,
    tokens: Array,
    segments: Array | None,
    positions: Array | None,
    mask: Array | None,
    decoder_tokens: Array | None,
    *,
    working: Working = ORACLE,
) -> Any:
    """The hidden states of a model are its embedding output and then the output of every layer.

    family: "bert", "gpt2", "llama", "t5" or "vit". model, weights: as `reference.transformer.families`.
    tokens: int64 (batch, time); for ViT an image (batch, channels, height, width).
    segments, positions: int64 (batch, time), of BERT alone. mask: (batch, time) of 0 and 1, or None.
    decoder_tokens: int64 (batch, time), of T5 alone. Attention is computed as written: "eager".
    Returns a dict: "last_hidden_state", (batch, time, hidden); "hidden_states", a tuple of such;
    "reached", whether a gradient of the last hidden state reaches each of them; "apart", whether no
    two of them share memory.

    [count] There MUST be 1 + layers entries; a model without layers has one.
    [first] Entry 0 MUST be what the first layer gets: in BERT the normalized sum, not the bare sum.
    [order] Entry i MUST be the output of layer i, residuals included; a final norm is not in it.
    [last] The last entry of a text model with layers MUST be its last hidden state, which is after
        the final norm where the family has one.
    [vision] The last entry of ViT MUST be the output of the last layer, before the final norm.
    [encoder] An encoder-decoder MUST name them decoder_hidden_states, with the decoder's embeddings
        first, and beside them encoder_last_hidden_state and encoder_hidden_states.
    [path] A gradient of the last hidden state MUST reach every entry.
    [apart] No two entries may share memory: what a layer does in place MUST NOT change another entry.
    [hopeless] A query that has no valid key MUST attend to all keys alike, valid or not, since the mask
        adds the lowest finite number: its state is finite, and so is what is computed from it.
    [empty] What an empty batch gives is OPEN: empty states, or a refusal.
    """
    batch = batch_of(locals())
    said = run_family(
        lambda forward: entries_of_transformers(family, forward), family, model, weights, working, **batch
    )
    reached = said.get("decoder_hidden_states", said.get("hidden_states"))
    said |= {"reached": (True,) * len(reached), "apart": True}  # [path] [apart]
    if len(tokens) == 0:
        return AnyOf((said, ShapeMismatch("an empty batch")))  # [empty]
    return said


def entries_of_transformers(family: str, forward: Forward) -> dict[str, Any]:
    """The fields that hold states."""
    if forward.encoder is None:
        return {"last_hidden_state": forward.last, "hidden_states": _entries(family, forward)}
    return {  # [encoder]
        "last_hidden_state": forward.last,
        "decoder_hidden_states": _entries(family, forward),
        "encoder_last_hidden_state": forward.encoder.last,
        "encoder_hidden_states": _entries(family, forward.encoder),
    }


def _entries(family: str, forward: Forward) -> tuple[Array, ...]:
    """The entries, in order."""
    if not forward.outputs:
        return (forward.embedded,)  # [count] [first]
    final = forward.outputs[-1] if family == "vit" else forward.last  # [vision] [last]
    return (forward.embedded, *forward.outputs[:-1], final)  # [first] [order]


@reading(
    "transformer.hidden-states",
    "torch",
    source=(
        torch("nn/modules/transformer.py", "TransformerEncoder.forward"),
        torch("nn/modules/transformer.py", "TransformerEncoderLayer.forward"),
    ),
)
@reading(
    "transformer.hidden-states",
    "keras-2",
    source=(
        keras("v3.15.1", "layers/attention/multi_head_attention.py", "MultiHeadAttention.call"),
        keras("v3.15.1", "layers/normalization/layer_normalization.py", "LayerNormalization.call"),
        tf_keras("layers/attention/multi_head_attention.py", "MultiHeadAttention.call"),
    ),
)
def composed_states(
    family: str,
    model: Model,
    weights: Weights,
    tokens: Array,
    segments: Array | None,
    positions: Array | None,
    mask: Array | None,
    decoder_tokens: Array | None,
    *,
    working: Working = ORACLE,
) -> Any:
    """A stack of a framework's own encoder layers computes what the paper says, layer by layer.

    The arguments are those of the reading of transformers; the embeddings are assembled from
    lookups, sums and a norm.
    Returns a dict: "last_hidden_state", and "hidden_states" of the embeddings and of every layer.

    [order] Entry 0 MUST be what the first layer gets, and entry i the output of layer i; the last
        hidden state is that of the last layer, after the final norm where the family has one.
    [hopeless] What a query attends to that has no valid key is OPEN: all keys alike, all keys as if
        they were valid, nothing, or NaN.
    """
    manners: tuple[str, ...] = ("uniform",)
    if mask is not None and not (mask[:, :1] if family == "gpt2" else mask).any(-1).all():
        manners = ("uniform", "ignored", "zeros", "nan")  # [hopeless]
    batch = batch_of(locals())
    said = [
        run_family(
            lambda forward: _composed(forward), family, {**model, "empty": manner}, weights, working, **batch
        )
        for manner in manners
    ]
    return said[0] if len(said) == 1 else AnyOf(tuple(said))


def _composed(forward: Forward) -> dict[str, Any]:
    return {
        "last_hidden_state": forward.last,
        "hidden_states": (forward.embedded, *forward.outputs),  # [order]
    }


def batch_of(given: dict[str, Any]) -> dict[str, Any]:
    """The arrays of a batch, among a reading's arguments."""
    return {k: given[k] for k in ("tokens", "segments", "positions", "mask", "decoder_tokens")}


def run_family(
    lay_out: Any, family: str, model: Model, weights: Weights, working: Working, **batch: Array | None
) -> Any:
    """The fields of a family's forward pass, measured."""
    tokens = batch["tokens"]
    assert tokens is not None

    def compute(a: Arithmetic, **given: Array | None) -> Any:
        """The fields that `lay_out` makes of one forward pass of the family, in `a`."""
        return lay_out(FAMILIES[family](a, {"empty": "uniform", **model}, weights, given))  # [hopeless]

    dtype = next(iter(weights.values())).dtype
    return run(compute, dtype, batch, working, len(tokens), model.get("precision"))
