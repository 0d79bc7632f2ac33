"""The survey of the chapter embedding."""

from __future__ import annotations

import numpy as np

from conformance.survey import pin

_TABLE = np.array([[1, 2], [3, 4], [5, 6]], np.float32)

for _name, _id in (
    ("id = vocabulary", 3),
    ("id = -1", -1),
    ("id = -vocabulary - 1", -4),
    ("id = 2^31 - 1", 2**31 - 1),
):
    pin("embedding.lookup", "range", _name, table=_TABLE, ids=np.array([0, _id], np.int64))

pin("embedding.mask", "bool", "bool ids", ids=np.array([[False, True]]), mask_zero=True)
