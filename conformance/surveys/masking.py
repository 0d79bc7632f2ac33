"""The survey of the chapter masking."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.survey import pin

_MASK = np.array([[True, False]])
_X = np.zeros((1, 2, 3), np.float32)
_OPTIONS: dict[str, Any] = {
    "return_sequences": True,
    "return_state": False,
    "go_backwards": False,
    "unroll": False,
    "zero_output_for_mask": False,
    "reset_after": False,
}

for _name in ("Flatten", "Custom", "GlobalMaxPooling1D"):
    _layer: dict[str, Any] = {"layer": _name, "options": {}}
    pin(
        "masking.unsupported", "masked", f"{_name} with a mask", layer=_layer, x=_X, mask=_MASK, route="eager"
    )

pin(
    "masking.propagate",
    "backwards",
    "SimpleRNN that goes backwards",
    layer={
        "layer": "SimpleRNN",
        "options": {"units": 2, "go_backwards": True, "return_sequences": True},
    },
    x=_X,
    mask=_MASK,
    route="eager",
)
pin("masking.explicit", "none", "mask=None", attached=_MASK, explicit=None, given=True, supports=True)
pin(
    "masking.recurrent",
    "leading",
    "initial state 5, first step masked",
    cell="linear",
    weights=[np.ones((1, 1), np.float32), np.ones((1, 1), np.float32), np.zeros(1, np.float32)],
    x=np.ones((1, 2, 1), np.float32),
    mask=_MASK[:, ::-1].copy(),
    options=_OPTIONS,
    initial=[np.full((1, 1), 5, np.float32)],
)
pin(
    "masking.pooling",
    "all-masked",
    "every step masked",
    x=np.ones((1, 2, 1), np.float32),
    mask=np.zeros((1, 2), bool),
    data_format="channels_last",
    keepdims=False,
)
pin(
    "masking.produce",
    "subnormal",
    "the smallest float32",
    x=np.full((1, 1, 1), 1e-45, np.float32),
    mask_value=0.0,
)
pin(
    "masking.produce",
    "infinite",
    "mask value infinity",
    x=np.array([[[np.inf], [1.0]]], np.float32),
    mask_value=float("inf"),
)
pin(
    "masking.pooling",
    "multiplied",
    "NaN at a masked step",
    x=np.array([[[1.0], [np.nan]]], np.float32),
    mask=_MASK,
    data_format="channels_last",
    keepdims=False,
)
pin(
    "masking.pooling",
    "channels-first",
    "channels_first with a mask",
    x=np.array([[[1.0, 2.0]]], np.float32),
    mask=_MASK,
    data_format="channels_first",
    keepdims=False,
)
pin(
    "masking.time-distributed",
    "unsupporting",
    "Flatten inside, with a mask of rank 2",
    inner={"layer": "Flatten", "options": {}},
    x=np.zeros((1, 2, 2, 1), np.float32),
    mask=_MASK,
)
