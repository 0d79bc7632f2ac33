"""Behaviors of the chapter transformer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from reference.errors import Refused
from reference.outcomes import AnyOf
from reference.transformer.asking import asking
from reference.transformer.attentions import attention_mask, attentions, composed_maps
from reference.transformer.hidden_states import composed_states, hidden_states
from reference.transformer.modes import composed_modes
from reference.transformer.pooler import pooler


def none_switches_off(family: str, layers: int, arguments: dict[str, Any], settings: dict[str, Any]) -> Any:
    """An argument None counts as False, and return_dict None as True, whatever the configuration says.

    T5Model alone looks at its configuration when return_dict is None.
    """
    given = {name: False if value is None else value for name, value in arguments.items()}
    if "return_dict" in arguments and arguments["return_dict"] is None:
        given["return_dict"] = settings.get("return_dict", True) if family == "t5" else True
    return tuples_break_the_encoder(family, layers, given, settings)


def tuples_break_the_encoder(
    family: str, layers: int, arguments: dict[str, Any], settings: dict[str, Any]
) -> Any:
    """With return_dict False in its configuration, a T5Model fails on the tuple that its encoder gives."""
    if family == "t5" and settings.get("return_dict") is False:
        raise Refused("'tuple' object has no attribute 'last_hidden_state'", shows_as=("AttributeError",))
    return asking(family, layers, arguments, settings)


def no_layers_no_states(**inputs: Any) -> Any:
    """A model without layers gives an empty tuple of hidden states, not even its embeddings."""
    said = hidden_states(**inputs)
    if isinstance(said, AnyOf):
        return AnyOf(tuple(_emptied(one) for one in said.allowed))
    layers = "encoder_query" if inputs["family"] == "t5" else "query"
    return said if len(inputs["weights"][layers]) else _emptied(said)


def _emptied(said: Any) -> Any:
    if not isinstance(said, dict):
        return said
    empty = {name: () for name in said if name.endswith("hidden_states")}
    return {**said, **empty, "reached": ()}


def nan_without_a_key_in_float64(**inputs: Any) -> Any:
    """In float64, a Llama's query without a valid key gets NaN, and so does what is computed from it.

    The lowest float64 becomes minus infinity when the softmax casts the scores to float32.
    """
    if inputs["family"] == "llama" and inputs["weights"]["token"].dtype == np.float64:
        return hidden_states(**inputs | {"model": {**inputs["model"], "empty": "nan"}})
    return hidden_states(**inputs)


def states_in_float32(**inputs: Any) -> Any:
    """The hidden states of a float64 encoder, as precise as float32."""
    return composed_states(**_single(inputs))


def maps_in_float32(**inputs: Any) -> Any:
    """The attention maps of a float64 encoder, as precise as float32."""
    return composed_maps(**_single(inputs))


def pooled_in_float32(**inputs: Any) -> Any:
    """The pooler output of a float64 encoder, as precise as float32."""
    return pooler(**_single(inputs))


def masked_in_float32(**inputs: Any) -> Any:
    """What concerns valid positions of a float64 encoder, as precise as float32."""
    return attention_mask(**_single(inputs))


def modes_in_float32(**inputs: Any) -> Any:
    """The last hidden states of a float64 encoder in a mode, as precise as float32."""
    return composed_modes(**_single(inputs))


def _single(inputs: dict[str, Any]) -> dict[str, Any]:
    if inputs["weights"]["token"].dtype != np.float64:
        return inputs
    return inputs | {"model": {**inputs["model"], "precision": "float32"}}


def gpt2_omits_maps_in_silence(**inputs: Any) -> Any:
    """Under sdpa a GPT-2 that is asked for attentions gives none and does not say so."""
    said = attentions(**inputs)
    if inputs["family"] != "gpt2" or not isinstance(said, AnyOf):
        return said
    return said.allowed[1] | {"warned": False}


BEHAVIORS: dict[str, Callable[..., Any]] = {
    "none-switches-off": none_switches_off,
    "tuples-break-the-encoder": tuples_break_the_encoder,
    "no-layers-no-states": no_layers_no_states,
    "nan-without-a-key-in-float64": nan_without_a_key_in_float64,
    "states-in-float32": states_in_float32,
    "maps-in-float32": maps_in_float32,
    "pooled-in-float32": pooled_in_float32,
    "masked-in-float32": masked_in_float32,
    "modes-in-float32": modes_in_float32,
    "gpt2-omits-maps-in-silence": gpt2_omits_maps_in_silence,
}
"""Every behavior, by the name that an expectation uses."""
