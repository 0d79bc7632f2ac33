"""Modes: what may change how a model runs, and must not change what it says."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.clause import reading
from reference.outcomes import ORACLE, Working
from reference.sources import keras, torch, transformers
from reference.transformer.hidden_states import batch_of, entries_of_transformers, run_family
from reference.transformer.parts import Model, Weights

Array = np.ndarray[Any, Any]


@reading(
    "transformer.modes",
    "transformers",
    source=(
        transformers("modeling_layers.py", "GradientCheckpointingLayer"),
        transformers("utils/output_capturing.py", "capture_outputs"),
        transformers("models/bert/modeling_bert.py", "BertEmbeddings.forward"),
    ),
)
def modes(
    family: str,
    model: Model,
    weights: Weights,
    tokens: Array,
    segments: Array | None,
    positions: Array | None,
    mask: Array | None,
    decoder_tokens: Array | None,
    mode: str,
    *,
    working: Working = ORACLE,
) -> Any:
    """How a model runs does not change its hidden states, except that training drops what it is told to.

    The arguments are those of transformer.hidden-states; `model` of BERT also has "hidden_dropout" and
    "attention_dropout", the rates, each 0 or 1: at rate 1 everything is dropped, and nothing is random.
    mode: "eval"; "no-grad", "inference", without gradients; "train"; "checkpointing", training with
        checkpoints in place of stored activations; "twice", the second of two calls; "threads", one
        of two calls at the same time on the same model; "traced", through torch.compile's capture.
    Returns a dict: "last_hidden_state" and "hidden_states".

    [eval] In every mode that is no training dropout MUST do nothing.
    [dropout] In training dropout MUST be applied to the embeddings after their norm, to the attention
        weights, and to both branches of a layer before they are added: never after an addition.
    [states] The entries MUST be those of the mode: in training they are after dropout.
    [same] At rate 0 every mode MUST give the same states.
    """
    if mode not in ("train", "checkpointing"):
        model = {**model, "hidden_dropout": 0.0, "attention_dropout": 0.0}  # [eval]
    batch = batch_of(locals())
    # [dropout] [states] [same]
    return run_family(
        lambda forward: entries_of_transformers(family, forward), family, model, weights, working, **batch
    )


@reading(
    "transformer.modes",
    "torch",
    source=(
        torch("nn/modules/transformer.py", "TransformerEncoder.forward"),
        torch("nn/modules/transformer.py", "TransformerEncoderLayer.forward"),
    ),
)
@reading(
    "transformer.modes",
    "keras-2",
    source=keras("v3.15.1", "layers/attention/multi_head_attention.py", "MultiHeadAttention.call"),
)
def composed_modes(
    family: str,
    model: Model,
    weights: Weights,
    tokens: Array,
    segments: Array | None,
    positions: Array | None,
    mask: Array | None,
    decoder_tokens: Array | None,
    mode: str,
    *,
    working: Working = ORACLE,
) -> Any:
    """How an encoder runs does not change the last hidden states of valid positions.

    The arguments are those of the reading of transformers. mode: "eval"; "no-grad", which PyTorch
    runs on a path of its own; "train".
    Returns the last hidden state at the valid positions, (valid, hidden).

    [eval] Outside of training dropout MUST do nothing.
    [dropout] In training a branch that is all dropped MUST leave its residual alone.
    [same] At rate 0 every mode MUST give the same states.
    [padding] What stands at masked positions is OPEN: they are not part of the result.
    """
    if mode != "train":
        model = {**model, "hidden_dropout": 0.0, "attention_dropout": 0.0}  # [eval]
    batch = batch_of(locals())
    last = run_family(
        lambda forward: forward.last, family, model, weights, working, **batch
    )  # [dropout] [same]
    valid = np.ones(last.value.shape[:-1], bool) if mask is None else mask != 0
    return last[np.nonzero(valid)]  # [padding]
