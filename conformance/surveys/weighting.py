"""The survey of the chapter weighting."""

from __future__ import annotations

import numpy as np

from conformance.survey import pin

_TRUE = np.zeros((2, 2, 1), np.float32)
_PRED = np.array([[[1], [2]], [[3], [4]]], np.float32)
_WEIGHTS = np.array([1, 0], np.float32)

pin(
    "weighting.weighted",
    "per-sample",
    "weights (2,) for losses (2, 2)",
    y_true=_TRUE,
    y_pred=_PRED,
    weights=_WEIGHTS,
    mask=None,
)
pin(
    "weighting.weighted",
    "per-sample",
    "weights (2,) for losses (2, 1)",
    y_true=_TRUE[:, :1],
    y_pred=_PRED[:, :1],
    weights=_WEIGHTS,
    mask=None,
)
pin(
    "weighting.weighted",
    "larger",
    "weights (2,) for losses (1,)",
    y_true=_TRUE[:1, 0],
    y_pred=_PRED[:1, 0],
    weights=_WEIGHTS,
    mask=None,
)
pin(
    "weighting.reduction",
    "spread",
    "weights (2, 1) for losses (2, 2)",
    y_true=_TRUE,
    y_pred=_PRED,
    weights=_WEIGHTS[:, None],
    mask=None,
    reduction="mean_with_sample_weight",
)
pin(
    "weighting.reduction",
    "per-sample",
    "weights (2,) for losses (2, 2)",
    y_true=_TRUE,
    y_pred=_PRED,
    weights=_WEIGHTS,
    mask=None,
    reduction="none",
)
pin(
    "weighting.reduction",
    "axis",
    "weights (2, 1) for losses (2,)",
    y_true=_TRUE[:, 0],
    y_pred=_PRED[:, 0],
    weights=_WEIGHTS[:, None],
    mask=None,
    reduction="none",
)
for _name, _shape in (("losses (0,)", (0, 1)), ("losses (0, 2)", (0, 2, 1))):
    pin(
        "weighting.reduction",
        "empty",
        _name,
        y_true=np.zeros(_shape, np.float32),
        y_pred=np.zeros(_shape, np.float32),
        weights=None,
        mask=None,
        reduction="sum_over_batch_size",
    )
pin(
    "weighting.reduction",
    "unit",
    "a scalar weight for losses (1,)",
    y_true=_TRUE[:1, 0],
    y_pred=_PRED[:1, 0],
    weights=np.ones((), np.float32),
    mask=None,
    reduction="none",
)
