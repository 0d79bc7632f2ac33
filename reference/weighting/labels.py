"""Labels of tokens, and the one label that is none."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.clause import reading
from reference.losses.reduced import reduced_classes
from reference.outcomes import ORACLE, Bounded, Working
from reference.sources import transformers

Array = np.ndarray[Any, Any]

IGNORED = -100

_BERT = "models/bert/modeling_bert.py"


@reading(
    "weighting.token-labels",
    "transformers",
    source=(
        transformers("loss/loss_utils.py", "ForTokenClassification"),
        transformers(_BERT, "BertForTokenClassification"),
        transformers(_BERT, "BertForMaskedLM"),
    ),
)
def token_labels(
    task: str, logits: Array, labels: Array, attention_mask: Array | None, *, working: Working = ORACLE
) -> Bounded:
    """The loss of a model over tokens is the mean over the tokens whose label is not −100.

    task: "token-classification", "masked-lm" or "causal-lm". logits: float32 (batch, time, classes).
    labels: int64 (batch, time). attention_mask: int64 (batch, time) of 0 and 1, or None.
    Returns the loss, a float32 scalar.

    [ignored] A token whose label is −100 MUST not count, neither in the sum nor in the divisor.
    [whole-batch] The mean MUST go over all counted tokens of the batch at once, not over sequences.
    [attention] The attention mask MUST have no influence on which tokens count.
    [shift] For "causal-lm" the logits at a position MUST be judged by the next label; for the other
        tasks by the label there.
    [none] If no label counts the loss MUST be NaN.
    [range] Any other label outside 0 … classes − 1 MUST be refused on a CPU.
    """
    classes = logits.shape[-1]
    if task == "causal-lm":
        ends = np.full((len(labels), 1), IGNORED, labels.dtype)
        labels = np.concatenate((labels[:, 1:], ends), axis=1)  # [shift]
    value, _ = reduced_classes(
        "CrossEntropyLoss",
        labels.reshape(-1),  # [whole-batch]
        logits.reshape(-1, classes),
        np.ones((), logits.dtype),
        None,
        IGNORED,  # [ignored] [attention]
        0.0,
        "mean",  # [none] [range]
        working=working,
    )
    return value
