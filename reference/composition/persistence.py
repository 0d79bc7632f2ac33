"""Persistence: what of a model is kept when it is saved and loaded, or cloned."""

from __future__ import annotations

import math
from typing import Any

from reference.clause import reading
from reference.composition.arithmetic import Array, Numbers
from reference.composition.learning import KERAS_2, KERAS_2_2, KERAS_3, TORCH, Rules
from reference.composition.machine import Layers, Machine, dtype_of, tensors, weighted
from reference.composition.origins import MODULE
from reference.outcomes import ORACLE, Working
from reference.sources import keras, tf_keras, torch


@reading(
    "composition.persistence",
    "keras-2.2",
    source=(keras("2.2.5", "engine/saving.py", "save_model"), keras("2.2.5", "models.py", "clone_model")),
)
def persistence_keras_2_2(
    layers: Layers, model: str, data: list[Array], flags: list[list[Any]], way: str, *, working: Working = ORACLE
) -> dict[str, Any]:
    """A model that was saved and loaded, or cloned, does what the model did.

    layers: the table of layers. model: name of the one that is kept. data: the list that it is called on.
    flags: names and values of `trainable`, set in this order before.
    way: "file" for the format of the dialect, "h5" for HDF5, "clone" for a clone whose weights are set.
    Returns the outputs, the number of parameters, and that of the weights that are trained.

    [outputs] Its outputs MUST be those of the model.
    [shared] A layer that the model uses more than once MUST be one layer still.
    [flags] What was trainable MUST be trainable, and nothing else.
    """
    given = (layers, model, data, flags, working)
    return _kept(KERAS_2_2, *given)  # [outputs] [shared] [flags]


@reading(
    "composition.persistence",
    "keras-2",
    source=(
        tf_keras("saving/saving_api.py", "save_model"),
        tf_keras("models/cloning.py", "clone_model"),
    ),
)
def persistence_keras_2(
    layers: Layers, model: str, data: list[Array], flags: list[list[Any]], way: str, *, working: Working = ORACLE
) -> dict[str, Any]:
    """A model that was saved and loaded, or cloned, does what the model did.

    layers: the table of layers. model: name of the one that is kept. data: the list that it is called on.
    flags: names and values of `trainable`, set in this order before.
    way: "file" for the format of the dialect, "h5" for HDF5, "clone" for a clone whose weights are set.
    Returns the outputs, the number of parameters, and that of the weights that are trained.

    [outputs] Its outputs MUST be those of the model.
    [shared] A layer that the model uses more than once MUST be one layer still.
    [flags] What was trainable MUST be trainable, and nothing else.
    """
    given = (layers, model, data, flags, working)
    return _kept(KERAS_2, *given)  # [outputs] [shared] [flags]


@reading(
    "composition.persistence",
    "keras-3",
    source=(
        keras("v3.15.1", "saving/saving_api.py", "save_model"),
        keras("v3.15.1", "models/cloning.py", "clone_model"),
    ),
)
def persistence_keras_3(
    layers: Layers, model: str, data: list[Array], flags: list[list[Any]], way: str, *, working: Working = ORACLE
) -> dict[str, Any]:
    """A model that was saved and loaded, or cloned, does what the model did.

    layers: the table of layers. model: name of the one that is kept. data: the list that it is called on.
    flags: names and values of `trainable`, set in this order before.
    way: "file" for the format of the dialect, "h5" for HDF5, "clone" for a clone whose weights are set.
    Returns the outputs, the number of parameters, and that of the weights that are trained.

    [outputs] Its outputs MUST be those of the model.
    [shared] A layer that the model uses more than once MUST be one layer still.
    [flags] What was trainable MUST be trainable, and nothing else.
    """
    given = (layers, model, data, flags, working)
    return _kept(KERAS_3, *given)  # [outputs] [shared] [flags]


@reading(
    "composition.persistence",
    "torch",
    source=(MODULE, torch("nn/modules/module.py", "Module.load_state_dict"), torch("serialization.py", "save")),
)
def persistence_torch(
    layers: Layers, model: str, data: list[Array], flags: list[list[Any]], way: str, *, working: Working = ORACLE
) -> dict[str, Any]:
    """A module whose state was saved and loaded into one of the same make, or copied, does what it did.

    layers: the table of layers. model: name of the one that is kept. data: the list that it is called on.
    flags: names and values for `requires_grad_`, called in this order before.
    way: "file" for a state dict in a file, "h5" for one in memory, "clone" for a deep copy.
    Returns the outputs, the number of elements of parameters, and of parameters that are trained.

    [outputs] Its outputs MUST be those of the module.
    [shared] A module that is held under several names MUST be one module still.
    [flags] A deep copy MUST keep what requires a gradient; a state dict MUST not carry it.
    """
    given = (layers, model, data, flags if way == "clone" else [], working)  # [flags]
    return _kept(TORCH, *given, buffers=False)  # [outputs] [shared]


def _kept(
    rules: Rules,
    layers: Layers,
    model: str,
    data: list[Array],
    flags: list[list[Any]],
    working: Working,
    buffers: bool = True,
) -> dict[str, Any]:
    numbers = Numbers(dtype_of(layers), working)
    outputs = Machine(numbers, layers).run(model, tensors(numbers, data))  # [outputs]
    trained = rules.view(layers, rules.flags(layers, flags), model)  # [flags]
    held = {name: layers[name]["weights"] for name in weighted(layers, model)}
    own = [weight for weights in held.values() for weight in weights[: None if buffers else 2]]  # [shared]
    return {
        "outputs": [numbers.measured(output.value) for output in outputs],
        "parameters": sum(math.prod(weight.shape) for weight in own),
        "trained": sum(len(held[name][:2]) for name in trained),
    }
