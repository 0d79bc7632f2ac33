"""Miniatures of the chapter transformer: what embeddings and layers compute."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from backends.base import operation
from conformance.miniatures import Miniature
from conformance.miniatures.transformer import forward, said
from reference.transformer.arithmetic import Arithmetic

Array = np.ndarray[Any, Any]

_STATES = "test_hidden_states_are_the_embeddings_and_every_layer"


class _WrongRoot(Arithmetic):
    def multiply(self, one: Array, other: Array, *, single: bool = False) -> Array:
        wrong = other / math.sqrt(2) if other.ndim == 0 else other
        return super().multiply(one, wrong, single=single)


class WrongRoot(Miniature):
    """Scores are divided by the root of twice the size of a head."""

    dialect = "transformers"
    clause = "transformer.hidden-states"
    law = _STATES
    notice = "attention is flatter than it was trained"

    @operation("transformer.hidden-states")
    def states(self, **inputs: Any) -> Any:
        return said(inputs, forward(inputs, _WrongRoot()))


class _DroppedScale(Arithmetic):
    def add(self, one: Array, other: Array) -> Array:
        return super().add(one * (1 - 1e-3) if one.ndim == other.ndim == 3 else one, other)


class DroppedScale(Miniature):
    """A scale of 1.001 on one side of each residual is dropped."""

    dialect = "transformers"
    clause = "transformer.hidden-states"
    law = _STATES
    notice = "a thousandth of every branch is missing"

    @operation("transformer.hidden-states")
    def states(self, **inputs: Any) -> Any:
        return said(inputs, forward(inputs, _DroppedScale()))


class LargeEpsilon(Miniature):
    """The norms of BERT use an epsilon of 1e-5 for 1e-12."""

    dialect = "transformers"
    clause = "transformer.hidden-states"
    law = _STATES
    notice = "ported weights give slightly other states, most of all where activations are small"

    @operation("transformer.hidden-states")
    def states(self, **inputs: Any) -> Any:
        wrong = inputs["model"] | ({"epsilon": 1e-5} if inputs["family"] == "bert" else {})
        return said(inputs, forward(inputs, model=wrong))


class GeluByTanh(Miniature):
    """The exact gelu is computed by tanh."""

    dialect = "transformers"
    clause = "transformer.hidden-states"
    law = _STATES
    notice = "states differ in the fourth digit"

    @operation("transformer.hidden-states")
    def states(self, **inputs: Any) -> Any:
        wrong = {"gelu": "gelu_new"}.get(inputs["model"]["activation"], inputs["model"]["activation"])
        return said(inputs, forward(inputs, model=inputs["model"] | {"activation": wrong}))


class _SampleVariance(Arithmetic):
    def layer_norm(self, x: Array, scale: Array, shift: Array, epsilon: float) -> Array:
        deviation = np.sqrt(x.var(-1, keepdims=True, ddof=1) + epsilon)
        return np.asarray((x - x.mean(-1, keepdims=True)) / deviation * scale + shift)


class SampleVariance(Miniature):
    """The variance of a norm is divided by one less than the number of elements."""

    dialect = "transformers"
    clause = "transformer.hidden-states"
    law = _STATES
    notice = "every state is a little too small"

    @operation("transformer.hidden-states")
    def states(self, **inputs: Any) -> Any:
        return said(inputs, forward(inputs, _SampleVariance()))


class _OverQueries(Arithmetic):
    def softmax(self, scores: Array, *, single: bool = False) -> Array:
        if scores.shape[-1] != scores.shape[-2]:
            return super().softmax(scores, single=single)
        turned = np.where(np.isinf(scores), -1e30, scores).swapaxes(-1, -2)
        return super().softmax(turned, single=single).swapaxes(-1, -2)


class SoftmaxOverQueries(Miniature):
    """The softmax runs over the queries."""

    dialect = "transformers"
    clause = "transformer.hidden-states"
    law = _STATES
    notice = "keys compete for nothing and queries for keys"

    @operation("transformer.hidden-states")
    def states(self, **inputs: Any) -> Any:
        return said(inputs, forward(inputs, _OverQueries()))


class SegmentsIgnored(Miniature):
    """Every segment is taken for the first."""

    dialect = "transformers"
    clause = "transformer.hidden-states"
    law = _STATES
    notice = "the second sentence of a pair is read as the first"

    @operation("transformer.hidden-states")
    def states(self, **inputs: Any) -> Any:
        segments = inputs["segments"]
        return said(inputs, forward(inputs, segments=None if segments is None else np.zeros_like(segments)))


class PositionsIgnored(Miniature):
    """Positions that are given are ignored."""

    dialect = "transformers"
    clause = "transformer.hidden-states"
    law = _STATES
    notice = "left padding moves the tokens"

    @operation("transformer.hidden-states")
    def states(self, **inputs: Any) -> Any:
        return said(inputs, forward(inputs, positions=None))


class MaskIgnored(Miniature):
    """Every key is taken for valid."""

    dialect = "transformers"
    clause = "transformer.hidden-states"
    law = _STATES
    notice = "results depend on how much a batch was padded"

    @operation("transformer.hidden-states")
    def states(self, **inputs: Any) -> Any:
        return said(inputs, forward(inputs, mask=None))


class NanWithoutAKey(Miniature):
    """A query without a valid key gets NaN."""

    dialect = "transformers"
    clause = "transformer.hidden-states"
    law = "test_a_row_without_a_valid_key_does_what_the_reading_says"
    notice = "one empty text in a batch makes the loss NaN"
    report = "https://github.com/huggingface/transformers/blob/v5.23.0/src/transformers/models/llama/modeling_llama.py"

    @operation("transformer.hidden-states")
    def states(self, **inputs: Any) -> Any:
        return said(inputs, forward(inputs, model=inputs["model"] | {"empty": "nan"}))
