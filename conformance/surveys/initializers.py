"""The survey of the chapter initializers."""

from __future__ import annotations

import numpy as np

from conformance.survey import pin

for _holder in ("tensor", "array"):
    pin(
        "initializers.weight",
        "shape",
        f"a {_holder} of another shape",
        shape=(3, 2),
        dtype="float32",
        returned=np.array([[0, 1, 1], [1, 0, 1]], np.float32),
        holder=_holder,
    )
    pin(
        "initializers.weight",
        "dtype",
        f"a {_holder} of another dtype",
        shape=(2, 2),
        dtype="float32",
        returned=np.array([[0, 1], [1, 0]], np.int32),
        holder=_holder,
    )
