"""The survey of the chapter composition."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.survey import pin

_DENSE = {"kind": "Dense", "weights": [np.eye(2, dtype=np.float32), np.zeros(2, np.float32)]}
_INPUT = [["a", [2], "float32"]]
_INNER = {
    "kind": "Model",
    "inputs": _INPUT,
    "form": "single",
    "calls": [[["b"], "d", ["a"]]],
    "outputs": ["b"],
}
_BOTH = {
    "kind": "Model",
    "inputs": _INPUT,
    "form": "single",
    "calls": [[["b"], "d", ["a"]], [["c"], "inner", ["b"]]],
    "outputs": ["c"],
}

pin(
    "composition.connectivity",
    "both",
    "a model whose input and output is one inner tensor",
    layers={"d": _DENSE, "m": _INNER | {"declared": ["b"]}},
    model="m",
)
for _way in ("file", "h5", "clone"):
    pin(
        "composition.persistence",
        "across",
        f"a layer of a model and of the model inside it, {_way}",
        layers={"d": _DENSE, "inner": _INNER, "m": _BOTH},
        model="m",
        data=[np.array([[1, 2]], np.float32)],
        flags=[],
        way=_way,
    )

_ZEROS = np.zeros((2, 2), np.float32)
_SPREAD = np.array([[0, 0], [0, 2]], np.float32)
_NORM = {
    "kind": "BatchNormalization",
    "epsilon": 0.125,
    "momentum": 0.5,
    "weights": [*_SPREAD * 0, *_SPREAD * 0],
}
_TWICE: dict[str, Any] = {
    "layers": {
        "n": _NORM,
        "d": _DENSE,
        "m": {
            "kind": "Model",
            "inputs": [["a", [2], "float32"], ["b", [2], "float32"]],
            "form": "list",
            "calls": [[["u"], "n", ["b"]], [["v"], "n", ["a"]], [["w"], "d", ["v"]]],
            "outputs": ["u", "w"],
        },
    },
    "model": "m",
    "data": [_ZEROS, _SPREAD],
    "targets": [_ZEROS, _ZEROS],
}
_RATE = {"learning_rate": 0.25, "momentum": 0.5}
pin(
    "composition.step",
    "repeated",
    "a batch normalization on the second input, then on the first, behind which another layer is",
    **_TWICE,
    flags=[],
    optimizer="momentum",
    options=_RATE,
    steps=1,
)
pin(
    "composition.actions",
    "repeated",
    "the same, compiled and trained",
    **_TWICE,
    options=_RATE,
    actions=[["compile"], ["step"]],
)
for _way in ("reload", "clone"):
    pin(
        "composition.actions",
        "own-flag",
        f"a frozen model, then {_way}, then its layer is thawed",
        layers={"d": _DENSE, "m": _INNER},
        model="m",
        data=[_ZEROS],
        targets=[_ZEROS],
        options=_RATE,
        actions=[["compile"], ["freeze", "m"], ["compile"], [_way], ["unfreeze", "d"]],
    )
pin(
    "composition.actions",
    "reload",
    "a step, then a layer is frozen, reload, then it is thawed and a step",
    layers={"d": _DENSE, "m": _INNER},
    model="m",
    data=[_ZEROS],
    targets=[_ZEROS + 1],
    options=_RATE,
    actions=[["compile"], ["step"], ["freeze", "d"], ["reload"], ["unfreeze", "d"], ["step"]],
)
