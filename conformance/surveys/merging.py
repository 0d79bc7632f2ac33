"""The survey of the chapter merging."""

from __future__ import annotations

import numpy as np

from conformance.survey import pin

_ROW, _CELL = np.array([[True, False]]), np.array([[False]])
_INPUTS = [np.zeros((1, 2, 1), np.float32), np.zeros((1, 1, 1), np.float32)]

pin("merging.mask", "broadcast", "masks (1, 2) and (1, 1)", layer="Add", inputs=_INPUTS, masks=[_ROW, _CELL])

_TRUE, _ROWS, _COLUMN = (
    np.array([[True, True]]),
    np.array([[[1.0], [np.nan]]], np.float32),
    np.array([[[2.0]]], np.float32),
)
_ONE, _TWO = np.array([[[1.0], [1.0]]], np.float32), np.array([[[1.0, 1.0], [1.0, 1.0]]], np.float32)

for _layer in ("Maximum", "Minimum"):
    pin(
        "merging.value",
        "nan",
        f"{_layer} of NaN and 2",
        layer=_layer,
        inputs=[_ROWS, _COLUMN],
        masks=[None, None],
    )
    pin(
        "merging.gradient",
        "ties",
        f"{_layer} of three equal inputs",
        layer=_layer,
        inputs=[_ONE, _ONE.copy(), _ONE.copy()],
        masks=[None, None, None],
        upstream=_ONE,
    )
for _layer in ("Add", "Multiply", "Maximum"):
    pin(
        "merging.value",
        "mask-rank",
        f"{_layer} of ranks 2 and 3, the lower masked",
        layer=_layer,
        inputs=[np.array([[3.0, 3.0]], np.float32), _TWO],
        masks=[np.array([False]), _TRUE],
    )
pin(
    "merging.concatenate-mask",
    "absent-along",
    "a mask and none along time",
    inputs=[_TWO, _TWO],
    masks=[_ROW, None],
    axis=1,
)
pin(
    "merging.pooling",
    "all-masked",
    "two steps, both masked",
    x=_TWO,
    mask=np.array([[False, False]]),
    keepdims=False,
)
