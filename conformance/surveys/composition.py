"""The survey of the chapter composition."""

from __future__ import annotations

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
