"""The survey of the chapter batches."""

from __future__ import annotations

import numpy as np

from conformance.survey import pin

_X = np.arange(3, dtype=np.float32).reshape(3, 1)

for _name, _share in (("a share that leaves no training", 0.9), ("a share that leaves no validation", 1e-17)):
    pin(
        "batches.validation-split",
        "empty",
        _name,
        x=_X,
        y=np.zeros_like(_X),
        weights=None,
        share=_share,
        batch=2,
        shuffle=False,
        own=False,
    )
