"""The sources that the readings of this chapter share."""

from __future__ import annotations

from reference.sources import keras, tf_keras, torch

NETWORK_2_2 = keras("2.2.5", "engine/network.py", "Network")
LAYER_2_2 = keras("2.2.5", "engine/base_layer.py", "Layer.__call__")
FUNCTIONAL_2 = (
    tf_keras("engine/functional.py", "Functional"),
    keras("v2.15.0", "engine/functional.py", "Functional"),
)
LAYER_2 = tf_keras("engine/base_layer.py", "Layer")
FUNCTIONAL_3 = (
    keras("v3.15.1", "models/functional.py", "Functional"),
    keras("v3.15.1", "ops/function.py", "Function"),
)
LAYER_3 = keras("v3.15.1", "layers/layer.py", "Layer")
GUIDE_3 = keras("v3.15.1", "trainers/trainer.py", "Trainer.compile")
MODULE = torch("nn/modules/module.py", "Module")
GRAPH = (torch("fx/graph.py", "Graph"), torch("fx/graph_module.py", "GraphModule"))
