"""Miniatures of the chapter transformer: the embeddings by themselves."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from backends.numpy_control import settle
from conformance.miniatures import Miniature
from conformance.miniatures.transformer import cast
from reference.outcomes import ORACLE
from reference.transformer import embeddings


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
