"""What the families share: their weights by layer, norms and dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.transformer.arithmetic import Arithmetic

Array = np.ndarray[Any, Any]
Model = dict[str, Any]
Weights = dict[str, Array]

_KERNELS = ("query", "key", "value", "output", "inner", "outer", "gate", "up", "down")
_CROSS = ("cross_query", "cross_key", "cross_value", "cross_output", "cross_norm")
_LAYERED = frozenset(
    f"{name}{bias}"
    for name in (*_KERNELS, *_CROSS, "attention_norm", "output_norm")
    for bias in ("", "_bias")
)


def layers(weights: Weights) -> int:
    """How many layers there are."""
    return len(weights["query"])


def of_layer(weights: Weights, index: int) -> Weights:
    """The weights of one layer."""
    return {name: weights[name][index] for name in weights if name in _LAYERED}


def norm(a: Arithmetic, model: Model, weights: Weights, name: str, x: Array) -> Array:
    """The layer norm of a name."""
    return a.layer_norm(x, weights[name], weights[f"{name}_bias"], model["epsilon"])


def dropped(model: Model, x: Array) -> Array:
    """Dropout at the rate 0 or 1: everything, or nothing."""
    return np.asarray(x * np.asarray(1 - model.get("hidden_dropout", 0.0), x.dtype))
