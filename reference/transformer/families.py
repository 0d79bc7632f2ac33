"""The families: what a model computes, from its weights and its tokens to every state on the way.

A family is a function of the arithmetic, the model's sizes, its weights and a batch. `weights` holds
arrays by name, kernels as (inputs, outputs); those of the layers have a first axis over the layers. Beside
its sizes `model` says what a query without a valid key attends to: "empty", as `attention.attend` has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from reference.transformer.arithmetic import Arithmetic
from reference.transformer.attention import attend, causal, keys_of
from reference.transformer.embeddings import summed_and_normalized
from reference.transformer.parts import Model, Weights, dropped, layers, norm, of_layer

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Forward:
    """What a stack of layers computed.

    embedded: (batch, time, hidden), what the first layer gets. outputs: of every layer, in order.
    last: the last hidden state. attentions: weights of every layer. cross: those of a decoder on
    its encoder. encoder: the encoder's own, of a model that has one.
    """

    embedded: Array
    outputs: tuple[Array, ...]
    last: Array
    attentions: tuple[Array, ...]
    cross: tuple[Array, ...] = ()
    encoder: Forward | None = None


def bert(a: Arithmetic, model: Model, weights: Weights, batch: dict[str, Array | None]) -> Forward:
    """BERT: embeddings that are summed and normalized, and layers that normalize after each residual."""
    x = summed_and_normalized(a, model, weights, batch)
    embedded, outputs, attentions = x, [], []
    for index in range(layers(weights)):
        layer = of_layer(weights, index)
        mixed, maps = self_attention(a, model, layer, x, keys_of(batch["mask"]))
        x = norm(a, model, layer, "attention_norm", a.add(dropped(model, mixed), x))
        x = norm(a, model, layer, "output_norm", a.add(dropped(model, feed_forward(a, model, layer, x)), x))
        outputs.append(x)
        attentions.append(maps)
    return Forward(embedded, tuple(outputs), x, tuple(attentions))


def gpt2(a: Arithmetic, model: Model, weights: Weights, batch: dict[str, Array | None]) -> Forward:
    """GPT-2: layers that normalize before each branch and look back only, and a final norm."""
    tokens = batch["tokens"]
    assert tokens is not None
    positions = np.arange(tokens.shape[1])
    x = a.add(a.take(weights["token"], tokens), a.take(weights["position"], positions))
    valid = causal(keys_of(batch["mask"]), tokens.shape[1])
    return _pre_norm(a, model, weights, x, valid)


def vit(a: Arithmetic, model: Model, weights: Weights, batch: dict[str, Array | None]) -> Forward:
    """ViT: patches of an image as tokens behind a class token, layers as in GPT-2 that see everything."""
    pixels, side = batch["tokens"], model["patch"]
    assert pixels is not None
    count, channels, height, width = pixels.shape
    patches = pixels.reshape(count, channels, height // side, side, width // side, side)
    tiles = (height // side) * (width // side)
    patches = patches.transpose(0, 2, 4, 1, 3, 5).reshape(count, tiles, channels * side * side)
    x = a.linear(patches.astype(a.dtype), weights["patch"], weights["patch_bias"])
    first = np.broadcast_to(weights["class"].astype(a.dtype), (count, 1, x.shape[-1]))
    x = a.add(np.concatenate([first, x], axis=1), weights["position"].astype(a.dtype))
    return _pre_norm(a, model, weights, x, None, single=True)


def _pre_norm(
    a: Arithmetic, model: Model, weights: Weights, x: Array, valid: Array | None, *, single: bool = False
) -> Forward:
    """Layers x + attention(norm(x)), then x + feed forward(norm(x)); a final norm."""
    embedded, outputs, attentions = x, [], []
    for index in range(layers(weights)):
        layer = of_layer(weights, index)
        mixed, maps = self_attention(
            a, model, layer, norm(a, model, layer, "attention_norm", x), valid, single=single
        )
        x = a.add(mixed, x)
        x = a.add(feed_forward(a, model, layer, norm(a, model, layer, "output_norm", x)), x)
        outputs.append(x)
        attentions.append(maps)
    return Forward(embedded, tuple(outputs), norm(a, model, weights, "final_norm", x), tuple(attentions))


def llama(a: Arithmetic, model: Model, weights: Weights, batch: dict[str, Array | None]) -> Forward:
    """Llama: root mean square norms, rotated queries and keys, keys shared by groups, gated feed-forward."""
    tokens = batch["tokens"]
    assert tokens is not None
    x = a.take(weights["token"], tokens)
    valid = causal(keys_of(batch["mask"]), tokens.shape[1])
    embedded, outputs, attentions = x, [], []
    for index in range(layers(weights)):
        layer = of_layer(weights, index)
        normed = a.rms_norm(x, layer["attention_norm"], model["epsilon"])
        query, key, value = (a.linear(normed, layer[name]) for name in ("query", "key", "value"))
        size = query.shape[-1] // model["heads"]
        query, key = (rotate(a, one, size, model["theta"]) for one in (query, key))
        mixed, maps = attend(
            a,
            query,
            key,
            value,
            heads=model["heads"],
            valid=valid,
            empty=model["empty"],
            single=True,
        )
        x = a.add(x, a.linear(mixed, layer["output"]))
        normed = a.rms_norm(x, layer["output_norm"], model["epsilon"])
        gate = a.activation(model["activation"], a.linear(normed, layer["gate"]))
        x = a.add(x, a.linear(a.multiply(gate, a.linear(normed, layer["up"])), layer["down"]))
        outputs.append(x)
        attentions.append(maps)
    last = a.rms_norm(x, weights["final_norm"], model["epsilon"])
    return Forward(embedded, tuple(outputs), last, tuple(attentions))


def rotate(a: Arithmetic, x: Array, size: int, theta: float) -> Array:
    """Rotary positions: in every head, the pair (i, i + size ÷ 2) is turned by time · theta^(−2i ÷ size)."""
    batch, time, width = x.shape
    frequencies = theta ** (-np.arange(0, size, 2) / size)
    angles = np.outer(np.arange(time), frequencies)[:, None, :] + np.zeros((batch, 1, 1, 1))
    # The angles are computed in float32 whatever the dtype, so they err by their own size.
    cosine, sine = (a.rounded(f(angles), lambda: 1 + angles, 6, single=True) for f in (np.cos, np.sin))
    pairs = x.reshape(batch, time, width // size, size)
    first, second = pairs[..., : size // 2], pairs[..., size // 2 :]
    turned = (
        a.add(a.multiply(first, cosine), a.multiply(-second, sine)),
        a.add(a.multiply(second, cosine), a.multiply(first, sine)),
    )
    return np.concatenate(turned, axis=-1).reshape(batch, time, width)


def self_attention(
    a: Arithmetic, model: Model, layer: Weights, x: Array, valid: Array | None, *, single: bool = False
) -> tuple[Array, Array]:
    """Affine maps to queries, keys and values, attention, and an affine map of the context."""
    query, key, value = (
        a.linear(x, layer[name], layer[f"{name}_bias"]) for name in ("query", "key", "value")
    )
    context, maps = attend(
        a,
        query,
        key,
        value,
        heads=model["heads"],
        valid=valid,
        empty=model["empty"],
        drop=model.get("attention_dropout", 0.0),
        single=single,
    )
    return a.linear(context, layer["output"], layer["output_bias"]), maps


def feed_forward(a: Arithmetic, model: Model, layer: Weights, x: Array) -> Array:
    """An affine map, the activation, an affine map back."""
    inner = a.activation(model["activation"], a.linear(x, layer["inner"], layer["inner_bias"]))
    return a.linear(inner, layer["outer"], layer["outer_bias"])
