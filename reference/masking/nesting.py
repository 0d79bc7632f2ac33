"""Masks through models inside models, and through a layer that is applied to every step."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.clause import reading
from reference.errors import TypeRefused
from reference.masking.traveling import LOSING, Layer, Masks, propagate
from reference.outcomes import AnyOf
from reference.sources import keras, tf_keras

Array = np.ndarray[Any, Any]

MODELS = ("Sequential", "Sequential with Input", "Functional", "Subclass")


@reading(
    "masking.nested", "keras-2.2", source=keras("2.2.5", "engine/network.py", "Network.run_internal_graph")
)
def nested_keras_2_2(model: Layer, x: Array, mask: Array | None) -> Masks:
    """A model inside a model takes the mask that comes in, and hands on what its layers make of it.

    model: {"layer": a kind of model, "layers": [...]}, each a layer as plain data, or a model again, or
    {"layer": "Probe"}, which looks at the mask that reaches it. x: (batch, time, features).
    mask: bool (batch, time) or None, the mask of x.
    Returns what each probe saw, in the order of the layers, and last the mask of the output.

    [inside] A layer inside MUST see the mask that the layers before it hand on, however deep it lies.
    [incoming] The first layer inside MUST see the mask of the input of the model.
    [outgoing] The mask of the output MUST be what the last layer inside hands on.
    [subclass] The output of a subclassed model MUST bear no mask.
    """
    seen: Masks = []
    out = _through(model, x, mask, seen, subclass_hands_on=False)  # [inside] [incoming] [outgoing] [subclass]
    return [*seen, out]


@reading(
    "masking.nested", "keras-2", source=tf_keras("engine/functional.py", "Functional._run_internal_graph")
)
@reading(
    "masking.nested",
    "keras-3",
    source=(
        keras("v3.15.1", "models/functional.py", "Functional.call"),
        keras("v3.15.1", "models/sequential.py", "Sequential.call"),
    ),
)
def nested(model: Layer, x: Array, mask: Array | None) -> Masks:
    """A model inside a model takes the mask that comes in, and hands on what its layers make of it.

    model: {"layer": a kind of model, "layers": [...]}, each a layer as plain data, or a model again, or
    {"layer": "Probe"}, which looks at the mask that reaches it. x: (batch, time, features).
    mask: bool (batch, time) or None, the mask of x.
    Returns what each probe saw, in the order of the layers, and last the mask of the output.

    [inside] A layer inside MUST see the mask that the layers before it hand on, however deep it lies.
    [incoming] The first layer inside MUST see the mask of the input of the model.
    [outgoing] The mask of the output MUST be what the last layer inside hands on.
    [subclass] The output of a subclassed model MUST bear the mask of what its `call` returns.
    """
    seen: Masks = []
    out = _through(model, x, mask, seen, subclass_hands_on=True)  # [inside] [incoming] [outgoing] [subclass]
    return [*seen, out]


def _through(
    model: Layer, x: Array, mask: Array | None, seen: Masks, *, subclass_hands_on: bool
) -> Array | None:
    """The mask behind a model; what the probes inside see is added to `seen`."""
    for layer in model["layers"]:
        if layer["layer"] == "Probe":
            seen.append(mask)
        elif layer["layer"] in MODELS:
            mask = _through(layer, x, mask, seen, subclass_hands_on=subclass_hands_on)
        else:
            said = propagate(layer, x, mask, "eager")
            assert isinstance(said, list), "the layers inside are those of which no point is open"
            (mask,) = said
    return mask if subclass_hands_on or model["layer"] != "Subclass" else None


@reading(
    "masking.time-distributed",
    "keras-2.2",
    source=keras("2.2.5", "layers/wrappers.py", "TimeDistributed.compute_mask"),
)
@reading(
    "masking.time-distributed",
    "keras-2",
    source=(
        keras("v2.15.0", "layers/rnn/time_distributed.py", "TimeDistributed.compute_mask"),
        tf_keras("layers/rnn/time_distributed.py", "TimeDistributed.compute_mask"),
    ),
)
def time_distributed_keras_2(inner: Layer, x: Array, mask: Array | None) -> Masks | AnyOf:
    """TimeDistributed asks the layer inside what becomes of the mask of each step.

    inner: the layer inside, as plain data. x: (batch, steps, time, features).
    mask: bool (batch, steps), or (batch, steps, time), or None.
    Returns the mask of the output in a list, bool or None.

    [inner] If the layer inside makes a mask of each step, or hands on the one it gets, the result MUST
        be these masks, step by step.
    [reduced] If it hands none on and a mask came in, a step MUST be valid where any part of it is.
    [unsupporting] If it does not support masks and one came in, the result is OPEN: a refusal, or
        the incoming mask, reduced in this way or not.
    [absent] Without a mask coming in or made inside there MUST be none.
    """
    reduced = None if mask is None else np.any(mask.reshape(*mask.shape[:2], -1), axis=-1)  # [absent]
    if inner["layer"] in LOSING:
        if mask is None:
            return [None]  # [absent]
        return AnyOf(
            ([reduced], [mask], TypeRefused(f"{inner['layer']} does not support masking"))
        )  # [unsupporting]
    said = propagate(inner, x.reshape(-1, *x.shape[2:]), None if mask is None else _each(mask), "eager")
    assert isinstance(said, list), "the layer inside is one of which no point is open"
    if said[0] is None:
        return [reduced]  # [reduced]
    return [said[0].reshape(*x.shape[:2], *said[0].shape[1:])]  # [inner]


def _each(mask: Array) -> Array:
    """(batch, steps, ...) as (batch · steps, ...)."""
    return mask.reshape(-1, *mask.shape[2:])


@reading(
    "masking.time-distributed",
    "keras-3",
    source=(
        keras("v3.15.1", "layers/rnn/time_distributed.py", "TimeDistributed"),
        keras("v3.15.1", "layers/layer.py", "Layer.compute_mask"),
    ),
)
def time_distributed_keras_3(inner: Layer, x: Array, mask: Array | None) -> Masks:
    """TimeDistributed hands on the mask that comes in, and does not ask the layer inside.

    inner: the layer inside, as plain data. x: (batch, steps, time, features).
    mask: bool (batch, steps), or (batch, steps, time), or None.
    Returns the mask of the output in a list, bool or None.

    [unchanged] The result MUST be the mask that comes in, of either rank.
    [absent] Without one there MUST be none, also if the layer inside makes masks.
    """
    return [mask]  # [unchanged] [absent]
