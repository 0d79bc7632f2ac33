"""The survey of the chapter losses."""

from __future__ import annotations

import numpy as np

from conformance.survey import pin

_ONE, _HALF = np.ones(1, np.float32), np.dtype(np.float16)
_THREE = np.array([[0.2, 0.3, 0.5]], np.float32)
_OPTIONS = {"from_logits": False, "ignore_class": None, "axis": -1}
_OPTIONS_OF_CLASSES = {"from_logits": False, "label_smoothing": 0.0, "axis": -1}

pin(
    "losses.distance",
    "kink",
    "no error",
    loss="mean_absolute_error",
    y_true=_THREE,
    y_pred=_THREE,
    upstream=_ONE,
)
for _name, _target in (("a sure hit", 1), ("a sure mistake", 0)):
    pin(
        "losses.binary",
        "half",
        f"{_name} in float16",
        y_true=np.array([[_target]], _HALF),
        y_pred=np.array([[1]], _HALF),
        upstream=np.ones(1, _HALF),
        from_logits=False,
        label_smoothing=0.0,
    )
_MISTAKE = {"y_pred": np.array([[0, 1]], _HALF), "upstream": np.ones(1, _HALF)}
for _clause, _true, _more in (
    ("losses.binary", np.array([[1, 1]], _HALF), {"from_logits": False, "label_smoothing": 0.0}),
    ("losses.categorical", np.array([[1, 0]], _HALF), _OPTIONS_OF_CLASSES),
    ("losses.sparse", np.array([0], np.int64), _OPTIONS),
    ("losses.kl-divergence", np.array([[1, 0]], _HALF), {}),
):
    pin(_clause, "beyond", "the slope of a sure mistake in float16", y_true=_true, **_MISTAKE, **_more)
for _name, _id in (("id = classes", 3), ("id = -1", -1), ("id = -100", -100)):
    pin(
        "losses.sparse",
        "range",
        _name,
        y_true=np.array([_id], np.int64),
        y_pred=_THREE,
        upstream=_ONE,
        **_OPTIONS,
    )
pin(
    "losses.sparse",
    "order",
    "probabilities that add up to 2, one of them 0",
    y_true=np.array([0], np.int64),
    y_pred=np.array([[0, 1, 1]], np.float32),
    upstream=_ONE,
    **_OPTIONS,
)
pin(
    "losses.reduced-classes",
    "weightless",
    "a target whose class weighs nothing",
    loss="CrossEntropyLoss",
    y_true=np.array([0], np.int64),
    y_pred=_THREE,
    upstream=np.ones((), np.float32),
    weight=np.array([0, 1, 1], np.float32),
    ignore_index=-100,
    label_smoothing=0.1,
    reduction="mean",
)
for _prediction in (0, 1):
    pin(
        "losses.reduced-binary",
        "edge",
        f"a prediction of {_prediction}",
        loss="BCELoss",
        y_true=_ONE,
        y_pred=np.array([_prediction], np.float32),
        upstream=np.ones((), np.float32),
        weight=None,
        pos_weight=None,
        reduction="mean",
    )
