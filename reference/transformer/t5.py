"""T5: an encoder and a decoder with relative positions and neither biases nor scaled scores."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference.transformer.arithmetic import Arithmetic
from reference.transformer.attention import attend, causal, keys_of
from reference.transformer.families import Forward, bert, gpt2, llama, vit
from reference.transformer.parts import Model, Weights, layers, of_layer

Array = np.ndarray[Any, Any]


def t5(a: Arithmetic, model: Model, weights: Weights, batch: dict[str, Array | None]) -> Forward:
    """The decoder's states, with the encoder's beside them."""
    tokens, answer = batch["tokens"], batch["decoder_tokens"]
    assert tokens is not None
    assert answer is not None
    mask = keys_of(batch["mask"])
    own, other = (_side(weights, name) for name in ("encoder_", "decoder_"))
    encoder = _stack(a, model, own, a.take(weights["token"], tokens), mask, None, None)
    looking_back = causal(None, answer.shape[1])
    decoder = _stack(a, model, other, a.take(weights["token"], answer), looking_back, encoder.last, mask)
    return Forward(
        decoder.embedded, decoder.outputs, decoder.last, decoder.attentions, decoder.cross, encoder
    )


def _stack(
    a: Arithmetic,
    model: Model,
    weights: Weights,
    x: Array,
    valid: Array | None,
    memory: Array | None,
    memory_valid: Array | None,
) -> Forward:
    """Layers of attention, attention to the memory if there is one, and a feed-forward without biases."""
    heads, epsilon, time = model["heads"], model["epsilon"], x.shape[1]
    distances = np.arange(time)[None, :] - np.arange(time)[:, None]
    bucket = buckets(distances, memory is None, model["buckets"], model["distance"])
    bias = a.take(weights["relative"], bucket).transpose(2, 0, 1)[None]
    embedded, outputs, attentions, cross = x, [], [], []
    for index in range(layers(weights)):
        layer = of_layer(weights, index)
        normed = a.rms_norm(x, layer["attention_norm"], epsilon)
        query, key, value = (a.linear(normed, layer[name]) for name in ("query", "key", "value"))
        mixed, maps = attend(a, query, key, value, heads=heads, valid=valid, bias=bias, scaled=False)
        x = a.add(x, a.linear(mixed, layer["output"]))
        attentions.append(maps)
        if memory is not None:
            query = a.linear(a.rms_norm(x, layer["cross_norm"], epsilon), layer["cross_query"])
            key, value = (a.linear(memory, layer[name]) for name in ("cross_key", "cross_value"))
            mixed, maps = attend(a, query, key, value, heads=heads, valid=memory_valid, scaled=False)
            x = a.add(x, a.linear(mixed, layer["cross_output"]))
            cross.append(maps)
        inner = a.linear(a.rms_norm(x, layer["output_norm"], epsilon), layer["inner"])
        x = a.add(x, a.linear(a.activation(model["activation"], inner), layer["outer"]))
        outputs.append(x)
    last = a.rms_norm(x, weights["final_norm"], epsilon)
    return Forward(embedded, tuple(outputs), last, tuple(attentions), tuple(cross))


def buckets(distances: Array, both_ways: bool, count: int, furthest: int) -> Array:
    """The bucket of each distance, key minus query: near ones each have their own, far ones share.

    both_ways: whether later keys have buckets of their own, the second half of `count`.
    """
    first = np.zeros_like(distances)
    if both_ways:
        count //= 2
        first = np.where(distances > 0, count, 0)
        distances = np.abs(distances)
    else:
        distances = np.maximum(-distances, 0)
    exact = count // 2
    with np.errstate(divide="ignore"):
        steps = np.log(np.maximum(distances, 1) / exact) / math.log(furthest / exact) * (count - exact)
    far = np.minimum(exact + np.trunc(steps), count - 1).astype(np.int64)
    return first + np.where(distances < exact, distances, far)


def _side(weights: Weights, prefix: str) -> Weights:
    """The weights of the encoder or of the decoder."""
    return {name.removeprefix(prefix): array for name, array in weights.items() if name.startswith(prefix)}


FAMILIES = {"bert": bert, "gpt2": gpt2, "vit": vit, "llama": llama, "t5": t5}
"""Every family with a reference of its own, by name."""
