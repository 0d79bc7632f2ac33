"""Miniatures of the chapter transformer: maps and masks."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from conformance.miniatures import Miniature
from conformance.miniatures.transformer import cast, forward
from reference.transformer.attentions import maps_of_transformers, valid_part

_MAPS = "test_attention_maps_are_those_of_the_reading"


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
