"""Miniatures of the chapter transformer: hidden states."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from backends.base import operation
from conformance.miniatures import Miniature
from reference.transformer.arithmetic import Arithmetic
from reference.transformer.families import Forward
from reference.transformer.hidden_states import entries_of_transformers
from reference.transformer.t5 import FAMILIES

Array = np.ndarray[Any, Any]
_STATES = "test_hidden_states_are_the_embeddings_and_every_layer"


def forward(inputs: dict[str, Any], arithmetic: Arithmetic | None = None, **other: Any) -> Forward:
    """A family's forward pass, with some of the inputs exchanged."""
    given = inputs | other
    model = {"empty": "uniform", **given["model"]}
    return FAMILIES[given["family"]](arithmetic or Arithmetic(), model, given["weights"], given)


def said(inputs: dict[str, Any], computed: Forward, **other: Any) -> dict[str, Any]:
    """What the operation gives of a forward pass, with some of the fields exchanged."""
    fields = entries_of_transformers(inputs["family"], computed)
    own = fields.get("decoder_hidden_states", fields.get("hidden_states"))
    reached = (True,) * len(own) if isinstance(own, tuple) else ()
    made: dict[str, Any] = cast(inputs, fields | {"reached": reached, "apart": True} | other)
    return made


def cast(inputs: dict[str, Any], value: Any) -> Any:
    """Arrays in the dtype of the weights, inside tuples and dicts too."""
    dtype = next(iter(inputs["weights"].values())).dtype
    if isinstance(value, tuple):
        return tuple(cast(inputs, item) for item in value)
    if isinstance(value, dict):
        return {name: cast(inputs, item) for name, item in value.items()}
    return value.astype(dtype) if isinstance(value, np.ndarray) else value


def entries(inputs: dict[str, Any], computed: Forward, changed: tuple[Array, ...]) -> dict[str, Any]:
    """The same with other entries."""
    name = "hidden_states" if computed.encoder is None else "decoder_hidden_states"
    return said(inputs, computed, **{name: changed, "reached": (True,) * len(changed)})


class OffByOne(Miniature):
    """The hidden states begin with the output of the first layer."""

    dialect = "transformers"
    clause = "transformer.hidden-states"
    law = _STATES
    notice = "layer 4 of a paper is layer 5 of the tuple, and the embeddings are gone"

    @operation("transformer.hidden-states")
    def states(self, **inputs: Any) -> Any:
        computed = forward(inputs)
        return entries(inputs, computed, (*computed.outputs[:-1], computed.last))


class EmbeddingsLast(Miniature):
    """The embeddings stand at the end of the tuple."""

    dialect = "transformers"
    clause = "transformer.hidden-states"
    law = _STATES
    notice = "entry −1 is not contextual"

    @operation("transformer.hidden-states")
    def states(self, **inputs: Any) -> Any:
        computed = forward(inputs)
        return entries(inputs, computed, (*computed.outputs[:-1], computed.last, computed.embedded))


class BareSum(Miniature):
    """Entry 0 of BERT is the sum of the embeddings before their norm."""

    dialect = "transformers"
    clause = "transformer.hidden-states"
    law = _STATES
    notice = "entry 0 is on another scale than what the first layer gets"

    @operation("transformer.hidden-states")
    def states(self, **inputs: Any) -> Any:
        computed = forward(inputs)
        fields = said(inputs, computed)
        if inputs["family"] == "bert":
            tables = zip(("tokens", "segments", "positions"), ("token", "segment", "position"), strict=True)
            bare = sum(inputs["weights"][name].astype(np.float64)[inputs[ids]] for ids, name in tables)
            return entries(inputs, computed, (bare, *fields["hidden_states"][1:]))
        return fields


class FurtherThanConfigured(Miniature):
    """The relative positions of T5 reach to a distance of 128, whatever the configuration says."""

    dialect = "transformers"
    clause = "transformer.hidden-states"
    law = "test_tokens_far_apart_share_a_relative_position"
    notice = "a checkpoint with another maximal distance gives other states on long inputs"

    @operation("transformer.hidden-states")
    def states(self, **inputs: Any) -> Any:
        if inputs["family"] != "t5":
            return said(inputs, forward(inputs))
        return said(inputs, forward(inputs, model=inputs["model"] | {"distance": 128}))


class LastBeforeTheFinalNorm(Miniature):
    """The last entry is the output of the last layer before the final norm."""

    dialect = "transformers"
    clause = "transformer.hidden-states"
    law = _STATES
    notice = "hidden_states[-1] is not last_hidden_state in GPT-2 and Llama"

    @operation("transformer.hidden-states")
    def states(self, **inputs: Any) -> Any:
        computed = forward(inputs)
        return entries(inputs, computed, (computed.embedded, *computed.outputs))


class LastAfterTheFinalNorm(Miniature):
    """The last entry of ViT is its last hidden state, after the final norm."""

    dialect = "transformers"
    clause = "transformer.hidden-states"
    law = _STATES
    notice = "features from entry −1 are normalized twice"

    @operation("transformer.hidden-states")
    def states(self, **inputs: Any) -> Any:
        computed = forward(inputs)
        return entries(inputs, computed, (computed.embedded, *computed.outputs[:-1], computed.last))


class NormedEntries(Miniature):
    """The final norm is applied to every entry of GPT-2."""

    dialect = "transformers"
    clause = "transformer.hidden-states"
    law = _STATES
    notice = "the residual stream is never seen as it is"

    @operation("transformer.hidden-states")
    def states(self, **inputs: Any) -> Any:
        computed = forward(inputs)
        if inputs["family"] != "gpt2":
            return said(inputs, computed)
        scale, shift = (inputs["weights"][f"final_norm{n}"].astype(np.float64) for n in ("", "_bias"))
        epsilon = inputs["model"]["epsilon"]
        outputs = [Arithmetic().layer_norm(x, scale, shift, epsilon) for x in computed.outputs]
        return entries(inputs, computed, (computed.embedded, *outputs))


class AllTheSame(Miniature):
    """Every entry is the last hidden state."""

    dialect = "transformers"
    clause = "transformer.hidden-states"
    law = _STATES
    notice = "all layers look equally good in a probe"

    @operation("transformer.hidden-states")
    def states(self, **inputs: Any) -> Any:
        computed = forward(inputs)
        return entries(inputs, computed, (computed.last,) * (1 + len(computed.outputs)))


class Backward(Miniature):
    """The entries come in the opposite order."""

    dialect = "transformers"
    clause = "transformer.hidden-states"
    law = _STATES
    notice = "the last four layers are the first four"

    @operation("transformer.hidden-states")
    def states(self, **inputs: Any) -> Any:
        computed = forward(inputs)
        return entries(inputs, computed, (computed.embedded, *computed.outputs[:-1], computed.last)[::-1])


class Increments(Miniature):
    """An entry is what its layer added, without the residual."""

    dialect = "transformers"
    clause = "transformer.hidden-states"
    law = _STATES
    notice = "someone adds the embeddings to each entry to repair it"

    @operation("transformer.hidden-states")
    def states(self, **inputs: Any) -> Any:
        computed = forward(inputs)
        chain = (computed.embedded, *computed.outputs)
        steps = tuple(after - before for before, after in pairwise(chain))
        return entries(inputs, computed, (computed.embedded, *steps[:-1], computed.last))


class Detached(Miniature):
    """No gradient reaches the entries."""

    dialect = "transformers"
    clause = "transformer.hidden-states"
    law = _STATES
    notice = "a loss on a middle layer trains nothing"

    @operation("transformer.hidden-states")
    def states(self, **inputs: Any) -> Any:
        computed = forward(inputs)
        return said(inputs, computed, reached=(False,) * (1 + len(computed.outputs)))


class OneBuffer(Miniature):
    """The entries share their memory."""

    dialect = "transformers"
    clause = "transformer.hidden-states"
    law = _STATES
    notice = "a change of one entry in place changes the others"

    @operation("transformer.hidden-states")
    def states(self, **inputs: Any) -> Any:
        return said(inputs, forward(inputs), apart=False)


class NothingWithoutLayers(Miniature):
    """A model without layers has no hidden states."""

    dialect = "transformers"
    clause = "transformer.hidden-states"
    law = "test_a_model_without_layers_has_one_hidden_state"
    notice = "an ablation down to no layers fails with an index error"

    @operation("transformer.hidden-states")
    def states(self, **inputs: Any) -> Any:
        computed = forward(inputs)
        return said(inputs, computed) if computed.outputs else entries(inputs, computed, ())


class EncoderForDecoder(Miniature):
    """The last hidden state of an encoder-decoder is the encoder's."""

    dialect = "transformers"
    clause = "transformer.hidden-states"
    law = _STATES
    notice = "the answer is as long as the question"

    @operation("transformer.hidden-states")
    def states(self, **inputs: Any) -> Any:
        computed = forward(inputs)
        own = said(inputs, computed)
        return (
            own if computed.encoder is None else own | {"last_hidden_state": own["encoder_last_hidden_state"]}
        )
