"""Structures of steps in which a layer is called twice, so that an order shows: of calls, or of flags."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from conformance.strategies.common import SEEDS
from conformance.strategies.composition import training
from conformance.strategies.composition.graphs import Layers
from conformance.strategies.composition.training import Trained


@st.composite
def called_twice(draw: Any) -> Trained:
    """A batch normalization on each of two inputs, and a dense layer after its second call.

    So the call that was made second is the deeper one, unless the sum of both branches names the first
    branch first. There may be an output more, which needs a call that the sum does not.
    """
    branches = draw(st.sampled_from((["t2", "t0"], ["t0", "t2"])))
    calls = [
        [["t0"], "norm", ["a"]],
        [["t1"], "norm", ["b"]],
        [["t2"], "dense", ["t1"]],
        [["t3"], "sum", branches],
    ]
    outputs = ["t3"]
    if draw(st.booleans()):
        calls.append([["t4"], "dense", ["t0"]])
        outputs.append("t4")
    layers: Layers = {
        "norm": {"kind": "BatchNormalization", "sizes": [[2]] * 4, "epsilon": 0.125, "momentum": 0.5},
        "dense": {"kind": "Dense", "sizes": [[2, 2], [2]]},
        "sum": {"kind": "Add"},
        "model0": {
            "kind": "Model",
            "inputs": [[name, [2], "float32"] for name in "ab"],
            "form": "list",
            "calls": calls,
            "outputs": outputs,
        },
    }
    seed, batch, steps = draw(SEEDS), draw(st.sampled_from((2, 3))), draw(st.sampled_from((1, 2)))
    return Trained(seed, json.dumps(layers), "model0", batch, "form", "step", steps=steps)


steps = st.one_of(training.steps, called_twice())

FLAGS_CHANGE: tuple[tuple[tuple[str, ...], ...], ...] = (
    (("freeze", "dense"), ("compile",), ("unfreeze", "dense"), ("step",), ("step",)),
    (("freeze", "dense"), ("compile",), ("step",), ("unfreeze", "dense"), ("step",), ("freeze", "dense")),
    (("compile",), ("freeze", "dense"), ("step",), ("compile",), ("step",)),
    (("freeze", "model0"), ("compile",), ("unfreeze", "model0"), ("step",)),
)


@st.composite
def used_inside(draw: Any) -> Trained:
    """A dense layer that a model inside uses as well, and flags that change after a compilation."""
    names = draw(st.sampled_from((["dense", "model0"], ["model0", "dense"])))
    middle = [[["t0"], names[0], ["a"]], [["t1"], names[1], ["t0"]]]
    layers: Layers = {"dense": {"kind": "Dense", "sizes": [[2, 2], [2]]}}
    for name, calls in (("model0", [[["t0"], "dense", ["a"]]]), ("model1", middle)):
        layers[name] = {
            "kind": "Model",
            "inputs": [["a", [2], "float32"]],
            "form": "list",
            "calls": calls,
            "outputs": [f"t{len(calls) - 1}"],
        }
    seed, batch, actions = draw(SEEDS), draw(st.sampled_from((2, 3))), draw(st.sampled_from(FLAGS_CHANGE))
    return Trained(seed, json.dumps(layers), "model1", batch, "form", "actions", actions=actions)


freezes = st.one_of(training.freezes, used_inside())
_DENSE = {"kind": "Dense", "sizes": [[2, 2], [2]]}
_TWO: Layers = {
    "dense0": _DENSE,
    "dense1": _DENSE,
    "model0": {
        "kind": "Model",
        "inputs": [["a", [2], "float32"]],
        "form": "list",
        "calls": [[["t1"], "dense0", ["a"]], [["t2"], "dense1", ["t1"]]],
        "outputs": ["t2"],
    },
}
_LOADED = (("compile",), ("step",), ("freeze", "dense0"), ("reload",), ("step",), ("reload",), ("step",))
loaded_under_other_flags = Trained(0, json.dumps(_TWO), "model0", 2, "form", "actions", actions=_LOADED)
"""A step, flags that change, a model that is loaded: its optimizer may have lost the momentum."""
