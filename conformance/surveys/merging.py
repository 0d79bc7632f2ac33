"""The survey of the chapter merging."""

from __future__ import annotations

import numpy as np

from conformance.survey import pin

_ROW, _CELL = np.array([[True, False]]), np.array([[False]])
_INPUTS = [np.zeros((1, 2, 1), np.float32), np.zeros((1, 1, 1), np.float32)]

pin("merging.mask", "broadcast", "masks (1, 2) and (1, 1)", layer="Add", inputs=_INPUTS, masks=[_ROW, _CELL])
