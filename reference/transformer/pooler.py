"""The pooler: one vector a sequence."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.clause import reading
from reference.outcomes import ORACLE, Working
from reference.sources import keras, tf_keras, transformers
from reference.transformer.arithmetic import Arithmetic, run
from reference.transformer.families import bert
from reference.transformer.parts import Model, Weights

Array = np.ndarray[Any, Any]


@reading(
    "transformer.pooler",
    "transformers",
    before="5.0",
    source=transformers("models/bert/modeling_bert.py", "BertModel.forward", "v4.57.6"),
)
def pooler_4(
    model: Model,
    weights: Weights,
    tokens: Array,
    segments: Array,
    positions: Array,
    mask: Array | None,
    return_dict: bool,
    *,
    working: Working = ORACLE,
) -> Any:
    """The pooler output of BERT is tanh of an affine map of the first position of the last hidden state.

    weights: of BERT, with "pooler" (hidden, hidden) and "pooler_bias", or without both for a model
    whose pooler is switched off. The other arguments are those of transformer.hidden-states.
    Returns the fields that the output has: a dict of names and arrays, or a tuple of arrays.

    [tanh] It MUST be tanh(first · pooler + pooler_bias), (batch, hidden).
    [first] `first` MUST be position 0, whether it is masked or not.
    [absent] Without a pooler the field MUST NOT be a key, and in a tuple it MUST be None.
    [order] The last hidden state MUST come first, and the pooler output second.
    """
    said = pooler(model, weights, tokens, segments, positions, mask, return_dict, working=working)
    if not return_dict and "pooler" not in weights:
        return (*said, None)  # [absent]
    return said  # [tanh] [first] [order]


@reading(
    "transformer.pooler",
    "keras-2",
    source=(
        keras("v3.15.1", "layers/core/dense.py", "Dense.call"),
        tf_keras("layers/core/dense.py", "Dense.call"),
    ),
)
@reading(
    "transformer.pooler",
    "transformers",
    since="5.0",
    source=(
        transformers("models/bert/modeling_bert.py", "BertPooler.forward"),
        transformers("models/bert/modeling_bert.py", "BertModel.__init__"),
        transformers("utils/generic.py", "ModelOutput.to_tuple"),
    ),
)
def pooler(
    model: Model,
    weights: Weights,
    tokens: Array,
    segments: Array,
    positions: Array,
    mask: Array | None,
    return_dict: bool,
    *,
    working: Working = ORACLE,
) -> Any:
    """The pooler output of BERT is tanh of an affine map of the first position of the last hidden state.

    weights: of BERT, with "pooler" (hidden, hidden) and "pooler_bias", or without both for a model
    whose pooler is switched off. The other arguments are those of transformer.hidden-states.
    Returns the fields that the output has: a dict of names and arrays, or a tuple of arrays.

    [tanh] It MUST be tanh(first · pooler + pooler_bias), (batch, hidden).
    [first] `first` MUST be position 0, whether it is masked or not.
    [absent] Without a pooler the field MUST NOT be there: neither as a key nor as a None in the tuple.
    [order] The last hidden state MUST come first, and the pooler output second.
    """
    batch = {"tokens": tokens, "segments": segments, "positions": positions, "mask": mask}

    def compute(a: Arithmetic, **given: Array | None) -> dict[str, Array]:
        """The last hidden state (batch, time, hidden), and of a pooler its output (batch, hidden), in `a`."""
        last = bert(a, {"empty": "uniform", **model}, weights, given).last
        if "pooler" not in weights:
            return {"last_hidden_state": last}  # [absent]
        first = last[:, 0]  # [first]
        pooled = a.tanh(a.linear(first, weights["pooler"], weights["pooler_bias"]))  # [tanh]
        return {"last_hidden_state": last, "pooler_output": pooled}  # [order]

    dtype = weights["token"].dtype
    said = run(compute, dtype, batch, working, len(tokens), model.get("precision"))
    return said if return_dict else tuple(said.values())
