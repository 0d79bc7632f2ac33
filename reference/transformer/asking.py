"""Asking: which fields an output has, by arguments and by configuration."""

from __future__ import annotations

from typing import Any

from reference.clause import reading
from reference.outcomes import AnyOf
from reference.sources import transformers

Fields = dict[str, Any]

_TOKENS = (2, 3)
_HIDDEN = 4
_HEADS = 2


@reading(
    "transformer.asking",
    "transformers",
    source=(
        transformers("utils/generic.py", "TransformersKwargs"),
        transformers("utils/output_capturing.py", "capture_outputs"),
        transformers("modeling_outputs.py", "BaseModelOutputWithPoolingAndCrossAttentions"),
        transformers("modeling_outputs.py", "Seq2SeqModelOutput"),
        transformers("configuration_utils.py", "PreTrainedConfig"),
    ),
)
def asking(family: str, layers: int, arguments: Fields, settings: Fields) -> Any:
    """An output has the fields that were asked for, by argument or else by configuration.

    family: "bert", "gpt2", "llama" or "t5"; hidden 4, heads 2, attention "eager", without a cache.
    layers: 1 or more. tokens are (2, 3), and a decoder's (2, 4).
    arguments, settings: of the call, and of the configuration: output_hidden_states,
    output_attentions, return_dict; each True, False, None, or absent.
    Returns ["dict", {field: shape, or tuple of shapes}] or ["tuple", (the same without names,)].

    [argument] An argument that is given MUST win over the configuration.
    [none] An argument None MUST count as not given.
    [default] Neither given, the states and maps MUST NOT be there, and the output MUST be a dict.
    [order] The fields MUST come in the order last_hidden_state, pooler_output, hidden_states,
        attentions; of an encoder-decoder: last_hidden_state, decoder_hidden_states,
        decoder_attentions, cross_attentions, encoder_last_hidden_state, encoder_hidden_states,
        encoder_attentions.
    [tuple] With return_dict False the output MUST be a tuple of the fields that are there, in that order.
    [cross] Whether an output of a model without cross attention, whose class could have it, holds an
        empty tuple of cross attentions when attentions are asked for, is OPEN.
    [select] What a number or a list of numbers gives for output_hidden_states is OPEN: all entries, or
        None in the place of each that is not named.
    """
    states = _asked("output_hidden_states", False, arguments, settings)
    maps = bool(_asked("output_attentions", False, arguments, settings))
    as_dict = bool(_asked("return_dict", True, arguments, settings))
    allowed = []
    for chosen in _selections(states, layers):
        for cross in (False, True) if maps and family in ("bert", "gpt2") else (False,):
            fields = _fields(family, layers, chosen, maps)
            if cross:
                fields["cross_attentions"] = ()  # [cross]
            allowed.append(["dict", fields] if as_dict else ["tuple", tuple(fields.values())])  # [tuple]
    return allowed[0] if len(allowed) == 1 else AnyOf(tuple(allowed))


def _asked(name: str, default: Any, arguments: Fields, settings: Fields) -> Any:
    """What counts: the argument, the setting, the default."""
    for place in (arguments, settings):  # [argument]
        if place.get(name) is not None:
            return place[name]  # [none]
    return default  # [default]


def _selections(states: Any, layers: int) -> list[Any]:
    """What may be chosen of the entries: False for no field, None for all, or a set of them."""
    if states is True or states is False:
        return [None] if states else [False]
    named = {states} if isinstance(states, int) else set(states)
    kept = {i % (layers + 1) for i in named if -layers - 1 <= i <= layers}
    return [False, None, kept] if not states else [None, kept]  # [select]


def _fields(family: str, layers: int, chosen: Any, maps: bool) -> Fields:
    """The fields, in order."""
    batch, time = _TOKENS
    state, map_ = (batch, time, _HIDDEN), (batch, _HEADS, time, time)

    def entries(shape: tuple[int, ...]) -> tuple[Any, ...]:
        """The embeddings and every layer: the shape where the entry was chosen, else None."""
        return tuple(shape if chosen is None or i in chosen else None for i in range(layers + 1))

    if family != "t5":
        fields: Fields = {"last_hidden_state": state}  # [order]
        if family == "bert":
            fields |= {"pooler_output": (batch, _HIDDEN)}
        fields |= {"hidden_states": entries(state)} if chosen is not False else {}
        return fields | ({"attentions": (map_,) * layers} if maps else {})
    own = (batch, time + 1, _HIDDEN)
    fields = {"last_hidden_state": own}
    fields |= {"decoder_hidden_states": entries(own)} if chosen is not False else {}
    if maps:
        fields |= {"decoder_attentions": ((batch, _HEADS, time + 1, time + 1),) * layers}
        fields |= {"cross_attentions": ((batch, _HEADS, time + 1, time),) * layers}
    fields |= {"encoder_last_hidden_state": state}
    fields |= {"encoder_hidden_states": entries(state)} if chosen is not False else {}
    return fields | ({"encoder_attentions": (map_,) * layers} if maps else {})


@reading(
    "transformer.generation",
    "transformers",
    source=(
        transformers("generation/utils.py", "GenerationMixin._sample"),
        transformers("generation/utils.py", "GenerateDecoderOnlyOutput"),
    ),
)
def generation(prompt: int, steps: int, layers: int, cache: bool) -> Any:
    """What is generated step by step has hidden states and maps for each step.

    prompt: tokens that are given. steps: tokens that are generated, greedily, by a GPT-2 with hidden 4,
    heads 2. cache: whether keys and values of earlier steps are kept.
    Returns a dict: "hidden_states" and "attentions", tuples over the steps of tuples of shapes.

    [steps] There MUST be one entry a generated token, each as a forward pass gives it.
    [first] The first step MUST have the states of all tokens of the prompt.
    [later] With a cache every later step MUST have the states of one token, whose maps go over all
        tokens so far; without one MUST have the states of all tokens so far.
    """
    states, maps = [], []
    for step in range(steps):  # [steps]
        so_far = prompt + step
        time = 1 if cache and step else so_far  # [first] [later]
        states.append(((1, time, _HIDDEN),) * (layers + 1))
        maps.append(((1, _HEADS, time, so_far),) * layers)
    return {"hidden_states": tuple(states), "attentions": tuple(maps)}
