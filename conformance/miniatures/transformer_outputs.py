"""Miniatures of the chapter transformer: maps, masks, the pooler, modes, and what is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from backends.numpy_control import settle
from conformance.behaviors.transformer import none_switches_off
from conformance.miniatures import Miniature
from conformance.miniatures.transformer import cast, forward
from reference.outcomes import ORACLE
from reference.transformer import asking, embeddings, modes, pooler
from reference.transformer.attentions import maps_of_transformers, valid_part

_MAPS = "test_attention_maps_are_those_of_the_reading"
_ASKED = "test_an_output_has_the_fields_that_were_asked_for"


def maps(inputs: dict[str, Any], **other: Any) -> dict[str, Any]:
    """What the operation transformer.attentions gives."""
    fields = maps_of_transformers(forward(inputs, **other))
    return cast(inputs, fields | {"warned": False})  # type: ignore[no-any-return]


def each(fields: dict[str, Any], change: Any) -> dict[str, Any]:
    """The same with every tuple of maps changed."""
    return {n: change(v) if n.endswith("attentions") else v for n, v in fields.items()}


class MapForTheEmbeddings(Miniature):
    """There is one more map, as if the embeddings had one."""

    dialect = "transformers"
    clause = "transformer.attentions"
    law = _MAPS
    notice = "maps and states are out of step by one"

    @operation("transformer.attentions")
    def attended(self, **inputs: Any) -> Any:
        return each(maps(inputs), lambda all_maps: all_maps[:1] + all_maps)


class MapsTransposed(Miniature):
    """A map has keys before queries."""

    dialect = "transformers"
    clause = "transformer.attentions"
    law = _MAPS
    notice = "arrows in a picture of attention point the wrong way"

    @operation("transformer.attentions")
    def attended(self, **inputs: Any) -> Any:
        return each(maps(inputs), lambda all_maps: tuple(m.swapaxes(-1, -2).copy() for m in all_maps))


class HeadsAveraged(Miniature):
    """A map is the mean over the heads."""

    dialect = "transformers"
    clause = "transformer.attentions"
    law = _MAPS
    notice = "heads cannot be told apart"

    @operation("transformer.attentions")
    def attended(self, **inputs: Any) -> Any:
        return each(maps(inputs), lambda all_maps: tuple(m.mean(1, dtype=m.dtype) for m in all_maps))


class MasksLeak(Miniature):
    """Masked keys keep a weight of a millionth."""

    dialect = "transformers"
    clause = "transformer.attentions"
    law = _MAPS
    notice = "padding changes the last digits"

    @operation("transformer.attentions")
    def attended(self, **inputs: Any) -> Any:
        tiny = np.asarray(1e-6, next(iter(inputs["weights"].values())).dtype)
        return each(maps(inputs), lambda all_maps: tuple(np.where(m == 0, tiny, m) for m in all_maps))


class MapsAfterDropout(Miniature):
    """The maps are those after dropout, outside of training too."""

    dialect = "transformers"
    clause = "transformer.attentions"
    law = _MAPS
    notice = "rows of a map do not sum to 1"

    @operation("transformer.attentions")
    def attended(self, **inputs: Any) -> Any:
        def dropped(all_maps: Any) -> Any:
            kept = np.arange(all_maps[0].shape[-1]) % 2 == 0
            return tuple(np.where(kept, 2 * m, 0).astype(m.dtype) for m in all_maps)

        return each(maps(inputs), dropped)


class CrossForOwn(Miniature):
    """The cross attentions of a decoder are its own attentions."""

    dialect = "transformers"
    clause = "transformer.attentions"
    law = _MAPS
    notice = "an alignment of a translation shows the translation against itself"

    @operation("transformer.attentions")
    def attended(self, **inputs: Any) -> Any:
        fields = maps(inputs)
        own = fields.get("decoder_attentions")
        return fields if own is None else fields | {"cross_attentions": own}


class SilentKernel(Miniature):
    """Under another implementation the maps are missing, and nothing is said."""

    dialect = "transformers"
    clause = "transformer.attentions"
    law = "test_another_kernel_gives_maps_or_says_that_it_has_none"
    notice = "attentions are an empty tuple since an upgrade"

    @operation("transformer.attentions")
    def attended(self, **inputs: Any) -> Any:
        fields = maps(inputs)
        return fields if inputs["implementation"] == "eager" else each(fields, lambda all_maps: ())


class MaskUpsideDown(Miniature):
    """A 1 in the mask stands for padding."""

    dialect = "transformers"
    clause = "transformer.attention-mask"
    law = "test_masked_keys_get_no_weight"
    notice = "padding is all that is read"

    @operation("transformer.attention-mask")
    def masked(self, **inputs: Any) -> Any:
        mask = inputs["mask"]
        return valid_part(maps(inputs, mask=np.asarray(mask == 0)), mask)


class MaskForgotten(Miniature):
    """The mask is not used."""

    dialect = "transformers"
    clause = "transformer.attention-mask"
    law = "test_tokens_at_masked_positions_do_not_matter"
    notice = "a sentence means something else in a longer batch"

    @operation("transformer.attention-mask")
    def masked(self, **inputs: Any) -> Any:
        return valid_part(maps(inputs, mask=None), inputs["mask"])


class LeftPaddingTrimmed(Miniature):
    """A mask is taken for a length: the first tokens are valid, as many as there are ones."""

    dialect = "transformers"
    clause = "transformer.attention-mask"
    law = "test_padding_on_the_left_is_masked_like_any_other"
    notice = "generation in batches goes wrong, where padding is on the left"

    @operation("transformer.attention-mask")
    def masked(self, **inputs: Any) -> Any:
        mask = inputs["mask"]
        count = (mask != 0).sum(1, keepdims=True)
        return valid_part(maps(inputs, mask=np.arange(mask.shape[1]) < count), mask)


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


class EmbedsForEverything(Miniature):
    """Embeds that are given stand in the place of the whole sum."""

    dialect = "transformers"
    clause = "transformer.embeddings"
    law = "test_embeddings_are_a_normalized_sum"
    notice = "adversarial embeddings have no positions"

    @operation("transformer.embeddings")
    def embedded(self, **inputs: Any) -> Any:
        if inputs["embeds"] is None:
            return embeddings.embeddings(**inputs)
        weights = {n: a.astype(np.float64) for n, a in inputs["weights"].items()}
        empty = {n: np.zeros_like(weights[n]) for n in ("segment", "position")}
        plain = embeddings.embeddings(**inputs | {"weights": weights | empty}, working=ORACLE)
        return cast(inputs, plain.value)


class PositionsFromOne(Miniature):
    """Positions that are not given begin with 1."""

    dialect = "transformers"
    clause = "transformer.embeddings"
    law = "test_embeddings_are_a_normalized_sum"
    notice = "every state is slightly off after a port"

    @operation("transformer.embeddings")
    def embedded(self, **inputs: Any) -> Any:
        given = inputs["tokens"] if inputs["tokens"] is not None else inputs["embeds"]
        if inputs["positions"] is None and given is not None:
            last = len(inputs["weights"]["position"]) - 1
            positions = np.minimum(np.arange(given.shape[1]) + 1, last)
            inputs = inputs | {"positions": np.tile(positions, (given.shape[0], 1))}
        return embeddings.embeddings(**inputs)


class TokensBeforeEmbeds(Miniature):
    """Where tokens and embeds are both given, the embeds win."""

    dialect = "transformers"
    clause = "transformer.embeddings"
    law = "test_what_does_not_say_which_embeddings_is_refused"
    notice = "tokens that are passed by mistake are left out without a word"

    @operation("transformer.embeddings")
    def embedded(self, tokens: Any, embeds: Any, **inputs: Any) -> Any:
        kept = tokens if embeds is None else None
        return settle(embeddings.embeddings(tokens=kept, embeds=embeds, **inputs))


class IdsFromTheEnd(Miniature):
    """Ids outside their tables are counted from the end, and beyond it from the beginning again."""

    dialect = "transformers"
    clause = "transformer.embeddings"
    law = "test_ids_outside_the_tables_are_refused"
    notice = "a vocabulary that is too large for the table trains other tokens' rows"

    @operation("transformer.embeddings")
    def embedded(self, **inputs: Any) -> Any:
        tables = {"tokens": "token", "segments": "segment", "positions": "position"}
        rows = {name: len(inputs["weights"][table]) for name, table in tables.items()}
        inside = {name: inputs[name] % rows[name] for name in tables if inputs[name] is not None}
        return settle(embeddings.embeddings(**inputs | inside))


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
