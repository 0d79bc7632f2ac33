"""Miniatures of the chapter transformer: the pooler, modes, and what is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from conformance.behaviors.transformer import none_switches_off
from conformance.miniatures import Miniature
from conformance.miniatures.transformer import cast, forward
from reference.transformer import asking, modes, pooler

_ASKED = "test_an_output_has_the_fields_that_were_asked_for"


class PoolerOnTheLast(Miniature):
    """The pooler takes the last position."""

    dialect = "transformers"
    clause = "transformer.pooler"
    law = "test_the_pooler_is_tanh_of_the_first_position"
    notice = "a classifier reads padding"

    @operation("transformer.pooler")
    def pooled(self, **inputs: Any) -> Any:
        fields = pooler.pooler(**inputs | {"return_dict": True})
        if "pooler" in inputs["weights"]:
            kernel, bias = (inputs["weights"][n].astype(np.float64) for n in ("pooler", "pooler_bias"))
            last = fields["last_hidden_state"].value[:, -1]
            fields |= {"pooler_output": cast(inputs, np.tanh(last @ kernel + bias))}
        return fields if inputs["return_dict"] else tuple(fields.values())


class PoolerWithoutTanh(Miniature):
    """The pooler is an affine map alone."""

    dialect = "transformers"
    clause = "transformer.pooler"
    law = "test_the_pooler_is_tanh_of_the_first_position"
    notice = "pooled values leave −1 … 1"

    @operation("transformer.pooler")
    def pooled(self, **inputs: Any) -> Any:
        fields = pooler.pooler(**inputs | {"return_dict": True})
        if "pooler" in inputs["weights"]:
            value = np.arctanh(np.clip(fields["pooler_output"].value, -0.999, 0.999))
            fields |= {"pooler_output": cast(inputs, value)}
        return fields if inputs["return_dict"] else tuple(fields.values())


class NoneForThePooler(Miniature):
    """Without a pooler the tuple holds a None in its place."""

    dialect = "transformers"
    clause = "transformer.pooler"
    law = "test_the_pooler_is_tanh_of_the_first_position"
    notice = "output[1] is None, or the hidden states, by version"

    @operation("transformer.pooler")
    def pooled(self, **inputs: Any) -> Any:
        fields = pooler.pooler(**inputs)
        return (*fields, None) if isinstance(fields, tuple) and len(fields) == 1 else fields


class PooledFirst(Miniature):
    """The pooler output comes before the last hidden state."""

    dialect = "transformers"
    clause = "transformer.pooler"
    law = "test_the_pooler_is_tanh_of_the_first_position"
    notice = "output[0] is a vector"

    @operation("transformer.pooler")
    def pooled(self, **inputs: Any) -> Any:
        fields = pooler.pooler(**inputs)
        return fields[::-1] if isinstance(fields, tuple) else fields


class DropoutAlways(Miniature):
    """Dropout is active outside of training."""

    dialect = "transformers"
    clause = "transformer.modes"
    law = "test_dropout_stands_where_the_reading_says"
    notice = "predictions change from call to call"

    @operation("transformer.modes")
    def ran(self, **inputs: Any) -> Any:
        return modes.modes(**inputs | {"mode": "train"})


class DropoutNever(Miniature):
    """Dropout is not active in training."""

    dialect = "transformers"
    clause = "transformer.modes"
    law = "test_dropout_stands_where_the_reading_says"
    notice = "training overfits"

    @operation("transformer.modes")
    def ran(self, **inputs: Any) -> Any:
        return modes.modes(**inputs | {"mode": "eval"})


class StatesBeforeDropout(Miniature):
    """Entry 0 in training is what it is before dropout."""

    dialect = "transformers"
    clause = "transformer.modes"
    law = "test_dropout_stands_where_the_reading_says"
    notice = "entries of training are not what the layers got"

    @operation("transformer.modes")
    def ran(self, **inputs: Any) -> Any:
        fields = modes.modes(**inputs)
        before = cast(inputs, forward(inputs, model={**inputs["model"], "hidden_dropout": 0.0}).embedded)
        states = fields.get("hidden_states")
        return fields if states is None else fields | {"hidden_states": (before, *states[1:])}


class CheckpointsLoseStates(Miniature):
    """With checkpoints, only the last entry is kept."""

    dialect = "transformers"
    clause = "transformer.modes"
    law = "test_every_mode_gives_the_same_states"
    notice = "a loss on a middle layer fails once memory is saved"

    @operation("transformer.modes")
    def ran(self, **inputs: Any) -> Any:
        fields = modes.modes(**inputs)
        if inputs["mode"] != "checkpointing" or "hidden_states" not in fields:
            return fields
        return fields | {"hidden_states": fields["hidden_states"][-1:]}


class ConfigurationWins(Miniature):
    """The configuration wins over an argument."""

    dialect = "transformers"
    clause = "transformer.asking"
    law = _ASKED
    notice = "output_hidden_states=False is ignored"

    @operation("transformer.asking")
    def asked(self, family: str, layers: int, arguments: Any, settings: Any) -> Any:
        return asking.asking(family, layers, {**arguments, **settings}, {})


class NoneSwitchesOff(Miniature):
    """An argument None hides the configuration."""

    dialect = "transformers"
    clause = "transformer.asking"
    law = "test_an_argument_none_counts_as_not_given"
    notice = "a wrapper that hands on its own default None loses the hidden states"
    report = (
        "https://github.com/huggingface/transformers/blob/v5.23.0/src/transformers/utils/output_capturing.py"
    )

    @operation("transformer.asking")
    def asked(self, **inputs: Any) -> Any:
        return none_switches_off(**inputs)


class MapsFirst(Miniature):
    """In a tuple the maps come before the states."""

    dialect = "transformers"
    clause = "transformer.asking"
    law = _ASKED
    notice = "output[2] is the attentions"

    @operation("transformer.asking")
    def asked(self, **inputs: Any) -> Any:
        form = asking.asking(**inputs)
        kind, fields = form.allowed[0] if hasattr(form, "allowed") else form
        if kind == "tuple" and len(fields) > 2:
            fields = (*fields[:-2], fields[-1], fields[-2])
        return [kind, fields]


class FirstStepShort(Miniature):
    """The first generated token has the state of the last token of the prompt alone."""

    dialect = "transformers"
    clause = "transformer.generation"
    law = "test_every_generated_token_has_states_and_maps"
    notice = "the states of the prompt are lost"

    @operation("transformer.generation")
    def generated(self, **inputs: Any) -> Any:
        fields = asking.generation(**inputs)
        first = tuple((1, 1, shape[2]) for shape in fields["hidden_states"][0])
        return fields | {"hidden_states": (first, *fields["hidden_states"][1:])}
