"""Standalone scripts for the operations of the chapter transformer, and what they are written with."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.engines.base import Array

Weights = dict[str, Array]

_RUN = """\
made = encoder(keras)
made.set_weights([np.array(one) for one in weights])
states, maps, last{} = made(ids if mask is None else [ids, mask != 0]{})
"""

HIDDEN_STATES = (
    _RUN.format("", "")
    + """\
actual = {"last_hidden_state": numpy(last), "hidden_states": tuple(map(numpy, states))}"""
)

ATTENTIONS = (
    _RUN.format("", "")
    + """\
actual = {"last_hidden_state": numpy(last), "attentions": tuple(map(numpy, maps))}"""
)

POOLER = (
    _RUN.format(", pooled", "")
    + """\
if pooler:
    actual = {"last_hidden_state": numpy(last), "pooler_output": numpy(pooled)}
else:
    actual = {"last_hidden_state": numpy(last)}
if not return_dict:
    actual = tuple(actual.values())"""
)

ATTENTION_MASK = (
    _RUN.format("", "")
    + """\
rows = np.nonzero(mask)
actual = {"states": numpy(last)[rows], "maps": numpy(maps[-1])[rows[0], :, rows[1]]}"""
)

MODES = (
    _RUN.format("", ', training=mode == "train"')
    + """\
actual = numpy(last)[np.nonzero(np.ones(ids[:, 0].shape) if mask is None else mask)]"""
)


def laid_out(inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs of a case as its encoder takes them.

    weights: lists of numbers, exact, in the order in which a model of `spelled_encoder` has them.
    ids: int64 (batch, tables, time). pooler: whether there is one.
    """
    weights, tokens, positions = inputs["weights"], inputs["tokens"], inputs["positions"]
    if "segment" in weights:
        ids = np.stack([tokens, inputs["segments"], positions], axis=1)
    else:
        ids = np.stack([tokens, np.broadcast_to(np.arange(tokens.shape[1]), tokens.shape)], axis=1)
    ordered = [one.astype(np.float64).tolist() for one in _in_order(inputs["model"], weights)]
    return {**inputs, "weights": ordered, "ids": ids, "pooler": "pooler" in weights}


def _in_order(model: dict[str, Any], weights: Weights) -> list[Array]:
    """The weights in Keras's order and shapes: heads apart as MultiHeadAttention has them."""
    last = "segment" not in weights
    found = [weights[name] for name in ("token", "segment", "position") if name in weights]
    found += [] if last else _pair(weights, "embedding_norm")
    for index in range(len(weights["query"])):
        kernels = [one for name in ("query", "key", "value") for one in _pair(weights, name, index)]
        apart = (model["heads"], kernels[0].shape[0] // model["heads"])
        kernels = [one.reshape(*one.shape[:-1], *apart) for one in kernels]
        output, bias = _pair(weights, "output", index)
        attention = [*kernels, output.reshape(*apart, -1), bias]
        norms = [_pair(weights, name, index) for name in ("attention_norm", "output_norm")]
        inner, outer = _pair(weights, "inner", index), _pair(weights, "outer", index)
        if last:
            found += [*norms[0], *attention, *norms[1], *inner, *outer]
        else:
            found += [*attention, *norms[0], *inner, *outer, *norms[1]]
    found += _pair(weights, "final_norm") if last else []
    return found + (_pair(weights, "pooler") if "pooler" in weights else [])


def _pair(weights: Weights, name: str, *index: int) -> list[Array]:
    return [weights[name][index], weights[f"{name}_bias"][index]]


def spelled_encoder(inputs: dict[str, Any]) -> str:
    """The text of a function `encoder(keras)`: the encoder of just this case, layer by layer.

    It is a model of ids, and of a mask where there is one, whose outputs are the states, the maps, the last
    hidden state, and for transformer.pooler what the pooler gives.
    """
    weights, model, time = inputs["weights"], inputs["model"], inputs["tokens"].shape[1]
    (layers, hidden, inner), masked = weights["inner"].shape, inputs["mask"] is not None
    first, dtype = "segment" not in weights, f'dtype="{weights["inner"].dtype.name}"'
    tables = [name for name in ("token", "segment", "position") if name in weights]
    activation = f'"{model["activation"]}"'
    if model["activation"] == "gelu_new":
        activation = "lambda x: keras.activations.gelu(x, approximate=True)"
    heads = f"{model['heads']}, {hidden // model['heads']}, {dtype}"
    options = "return_attention_scores=True" + ", use_causal_mask=True" * first
    options += ", attention_mask=valid[:, None, :]" * masked
    lines = [
        f"norm = lambda v: keras.layers.LayerNormalization(epsilon={model['epsilon']}, {dtype})(v)",
        f'entry = keras.Input(({len(tables)}, {time}), dtype="int64")',
        *([f'valid = keras.Input(({time},), dtype="bool")'] if masked else []),
    ]
    for place, name in enumerate(tables):
        rows, width = weights[name].shape
        lines.append(f"{name} = keras.layers.Embedding({rows}, {width}, {dtype})(entry[:, {place}])")
    added = " + ".join(tables)
    lines.append(f"state_0 = {added}" if first else f"state_0 = norm({added})")
    for i in range(layers):
        given = f"normed_{i}" if first else f"state_{i}"
        lines += [f"{given} = norm(state_{i})"] * first
        lines.append(f"attention = keras.layers.MultiHeadAttention({heads})")
        lines.append(f"mixed, map_{i} = attention({given}, {given}, {options})")
        lines.append(f"x = state_{i} + mixed" if first else f"x = norm(state_{i} + mixed)")
        lines.append(
            f"inner = keras.layers.Dense({inner}, {activation}, {dtype})({'norm(x)' if first else 'x'})"
        )
        added = f"x + keras.layers.Dense({hidden}, {dtype})(inner)"
        lines.append(f"state_{i + 1} = {added}" if first else f"state_{i + 1} = norm({added})")
    lines.append(f"last = norm(state_{layers})" if first else f"last = state_{layers}")
    states = ", ".join(f"state_{i}" for i in range(layers + 1))
    outputs = f"[{states}], [{', '.join(f'map_{i}' for i in range(layers))}], last"
    if "pooler" in weights:
        lines.append(f'pooled = keras.layers.Dense({hidden}, "tanh", {dtype})(last[:, 0])')
    outputs += ", pooled" if "pooler" in weights else ", []" if "return_dict" in inputs else ""
    lines.append(f"return keras.Model({'[entry, valid]' if masked else 'entry'}, [{outputs}])")
    return "\n    ".join(["def encoder(keras):", *lines])
