"""The embeddings of BERT, which are entry 0 of its hidden states."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.clause import reading
from reference.errors import IndexOutOfRange, Refused, ShapeMismatch
from reference.outcomes import ORACLE, AnyOf, Working
from reference.sources import transformers
from reference.transformer.arithmetic import Arithmetic, run
from reference.transformer.parts import Model, Weights, dropped, norm

Array = np.ndarray[Any, Any]


@reading(
    "transformer.embeddings",
    "transformers",
    source=(
        transformers("models/bert/modeling_bert.py", "BertEmbeddings.forward"),
        transformers("models/bert/modeling_bert.py", "BertModel.forward"),
    ),
)
def embeddings(
    model: Model,
    weights: Weights,
    tokens: Array | None,
    embeds: Array | None,
    segments: Array | None,
    positions: Array | None,
    *,
    working: Working = ORACLE,
) -> Any:
    """BERT's embedding output is the normalized sum of what token, segment and position say.

    model: "epsilon" of the norm. weights: "token" (vocabulary, hidden), "segment" and "position",
    the same of theirs, "embedding_norm" and "embedding_norm_bias" (hidden,).
    tokens, segments, positions: int64 (batch, time) or None. embeds: (batch, time, hidden) or None.
    Returns (batch, time, hidden), in the dtype of the weights.

    [one-of-both] Tokens and embeds together, or neither of them, MUST be refused.
    [length] Without positions, more time steps than rows of "position" MUST be refused.
    [range] A token, segment or position outside its table MUST be refused.
    [embeds] Embeds MUST stand in the place of the tokens' rows, and of nothing else.
    [segments] Without segments every one of them MUST be 0.
    [positions] Without positions they MUST be 0, 1, 2 …, also under padding.
    [sum] The three MUST be added.
    [norm] The sum MUST be normalized over the hidden axis, (sum − mean) ÷ √(variance + epsilon), with
        the variance divided by the number of elements, and then scaled and shifted.
    [empty] What an empty batch gives is OPEN: the empty array, or a refusal.
    """
    if (tokens is None) == (embeds is None):
        raise Refused("give tokens or embeds, and not both")  # [one-of-both]
    given = {"tokens": tokens, "embeds": embeds, "segments": segments, "positions": positions}
    batch, time = next(array.shape[:2] for array in (tokens, embeds) if array is not None)
    if positions is None and time > len(weights["position"]):
        raise ShapeMismatch(f"{time} time steps, and {len(weights['position'])} positions")  # [length]
    for ids, name in ((tokens, "token"), (segments, "segment"), (positions, "position")):
        if ids is not None and ((ids < 0) | (ids >= len(weights[name]))).any():
            raise IndexOutOfRange(f"a {name} is outside 0 … {len(weights[name]) - 1}")  # [range]

    def compute(a: Arithmetic, **given: Array | None) -> Array:
        """The output (batch, time, hidden) for tokens, embeds, segments and positions, in `a`."""
        return summed_and_normalized(a, model, weights, given)

    said = run(compute, weights["token"].dtype, given, working, batch)
    if batch == 0:
        return AnyOf((said, ShapeMismatch("an empty batch")))  # [empty]
    return said


def summed_and_normalized(
    a: Arithmetic, model: Model, weights: Weights, batch: dict[str, Array | None]
) -> Array:
    """LayerNorm(token + segment + position), in the arithmetic `a`."""
    tokens, embeds = batch["tokens"], batch.get("embeds")
    if embeds is not None:
        own = embeds.astype(a.dtype)  # [embeds]
    else:
        assert tokens is not None
        own = a.take(weights["token"], tokens)
    segments, positions = batch.get("segments"), batch.get("positions")
    if segments is None:
        segments = np.zeros(own.shape[:2], np.int64)  # [segments]
    if positions is None:
        positions = np.arange(own.shape[1])  # [positions]
    total = a.add(own, a.take(weights["segment"], segments))  # [sum]
    total = a.add(total, a.take(weights["position"], positions))
    return dropped(model, norm(a, model, weights, "embedding_norm", total))  # [norm]
