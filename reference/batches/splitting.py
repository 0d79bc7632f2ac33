"""Model.fit(validation_split=…): the last samples, cut off before anything is shuffled."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference.clause import reading
from reference.errors import Refused
from reference.outcomes import ORACLE, AnyOf, Bounded, Working
from reference.sources import keras, tf_keras
from reference.weighting.paths import paths_keras_2_2, paths_keras_2_3

Array = np.ndarray[Any, Any]
Told = tuple[Bounded, Bounded | None]

_CUT = "train_validation_split"


@reading(
    "batches.validation-split",
    "keras-2.2",
    source=(
        keras("2.2.5", "engine/training.py", "Model.fit"),
        keras("2.3.1", "engine/training.py", "Model.fit"),
    ),
)
def split_keras_2_2(
    x: Array,
    y: Array,
    weights: Array | None,
    share: float,
    batch: int,
    shuffle: bool,
    own: bool,
    *,
    working: Working = ORACLE,
) -> Told | AnyOf:
    """Fit keeps the last samples for validation, with their weights, and never learns from them.

    x, y: float32 (samples, 1). weights: float32 (samples,), or None. share: of the validation.
    batch: samples a batch. own: whether the first sample is given as validation data as well.
    The model gives back x, and learns nothing. Returns loss and validation loss, None without one.

    [end] Training MUST be the first ⌊samples · (1 − share)⌋ samples, and validation the others.
    [binary] The product MUST be taken in float64: 10 samples and a share of 0.9 leave none.
    [before] The parts MUST be cut before anything is shuffled.
    [weights] Weights MUST be cut with their samples, and MUST count in both losses.
    [given] Validation data MUST win over a share.
    [range] A share that is not between 0 and 1 MUST be ignored.
    [empty] What a part without a sample gives is OPEN: a refusal, or no loss.
    """
    if own:
        return _told(paths_keras_2_2, x, y, weights, len(x), batch, working, slice(0, 1))  # [given]
    if not 0 < share < 1:
        return _told(paths_keras_2_2, x, y, weights, len(x), batch, working, None)  # [range]
    first = int(len(x) * (1.0 - share))  # [end] [binary]
    if first in (0, len(x)):
        return AnyOf((Refused("a part is empty"), (None, None)))  # [empty]
    return _told(paths_keras_2_2, x, y, weights, first, batch, working)


@reading("batches.validation-split", "keras-2", source=tf_keras("engine/data_adapter.py", _CUT))
@reading(
    "batches.validation-split",
    "keras-3",
    source=keras("v3.15.1", "trainers/data_adapters/array_slicing.py", _CUT),
)
def split_keras_2(
    x: Array,
    y: Array,
    weights: Array | None,
    share: float,
    batch: int,
    shuffle: bool,
    own: bool,
    *,
    working: Working = ORACLE,
) -> Told:
    """Fit keeps the last samples for validation, with their weights, and never learns from them.

    x, y: float32 (samples, 1). weights: float32 (samples,), or None. share: of the validation.
    batch: samples a batch. own: whether the first sample is given as validation data as well.
    The model gives back x, and learns nothing. Returns loss and validation loss, None without one.

    [end] Training MUST be the first ⌊samples · (1 − share)⌋ samples, and validation the others.
    [binary] The product MUST be taken in float64: 10 samples and a share of 0.9 leave none.
    [before] The parts MUST be cut before anything is shuffled.
    [weights] Weights MUST be cut with their samples, and MUST count in both losses.
    [given] Validation data MUST win over a share.
    [range] A share of 0 MUST mean no validation.
    [empty] A share that leaves either part without a sample MUST be refused.
    """
    if own:
        return _told(paths_keras_2_3, x, y, weights, len(x), batch, working, slice(0, 1))  # [given]
    if share == 0:
        return _told(paths_keras_2_3, x, y, weights, len(x), batch, working, None)  # [range]
    first = math.floor(len(x) * (1.0 - share))  # [end] [binary]
    if first in (0, len(x)):
        raise Refused(f"a share of {share} leaves a part of {len(x)} samples empty")  # [empty]
    return _told(paths_keras_2_3, x, y, weights, first, batch, working)


_REST = slice(0, 0)


def _told(
    paths: Any,
    x: Array,
    y: Array,
    weights: Array | None,
    first: int,
    batch: int,
    working: Working,
    validated: slice | None = _REST,
) -> Told:
    """The losses of the first samples and of the validation: the rest, a part given, or none."""
    cut = [slice(0, first), slice(first, len(x)) if validated is _REST else validated]  # [before]
    own = None if validated not in (_REST, None) else weights  # validation data come without weights
    losses: list[Any] = []
    for part, given in zip(cut, (weights, own), strict=True):
        if part is None:
            losses.append(None)
            continue
        cut_weights = None if given is None else given[part]  # [weights]
        losses.append(paths(x[part], y[part], cut_weights, batch, "evaluate", working=working))
    return losses[0], losses[1]
