"""Sharing: a layer that is used twice is one layer."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from reference.clause import reading
from reference.composition.arithmetic import Array, Numbers
from reference.composition.learning import KERAS_2, KERAS_2_2, KERAS_3, Rules
from reference.composition.machine import Layers, Machine, dtype_of, tensors, weighted
from reference.composition.origins import FUNCTIONAL_2, FUNCTIONAL_3, LAYER_2, LAYER_2_2, LAYER_3, MODULE
from reference.outcomes import ORACLE, Measured, Working
from reference.sources import keras, torch


@reading(
    "composition.sharing",
    "keras-2.2",
    source=(keras("2.2.5", "utils/layer_utils.py", "count_params"), LAYER_2_2),
    rules=KERAS_2_2,
)
@reading("composition.sharing", "keras-2", source=(LAYER_2, *FUNCTIONAL_2), rules=KERAS_2)
@reading(
    "composition.sharing",
    "keras-3",
    source=(keras("v3.13.2", "layers/layer.py", "Layer.__call__"), *FUNCTIONAL_3),
    before="3.14",
    rules=replace(KERAS_3, divided=False),
)
@reading("composition.sharing", "keras-3", source=(LAYER_3, *FUNCTIONAL_3), since="3.14", rules=KERAS_3)
def sharing_keras(
    layers: Layers,
    model: str,
    data: list[Array],
    upstream: list[Array],
    *,
    rules: Rules,
    working: Working = ORACLE,
) -> dict[str, Any]:
    """A layer or a model that is used twice has one set of weights, and learns from every use.

    layers: the table of layers. model: name of the one that is called on the list `data`.
    upstream: what arrives at each output. rules: whether an activity is divided by the batch size.
    Returns the number of parameters and of weights, the sum of the regularization losses, and for every
    layer with weights the gradients of those that can be trained.

    [count] A weight MUST count once, however often and through how many models its layer is used.
    [gradient] The gradient of a weight MUST be the sum over all uses of its layer.
    [regularizer] A regularizer MUST add the loss of its weight once, however often the layer is used.
    [activity] A regularizer of the activity MUST add the loss of its layer's output once for each call,
        divided by the batch size where the dialect does so.
    """
    own = weighted(layers, model)
    weights = [weight for name in own for weight in layers[name]["weights"]]  # [count]
    machine = _pulled(layers, model, data, upstream, working)
    numbers, calls = machine.numbers, machine.calls
    decay = [(machine.weights[name][0].value, layers[name]["l2"]) for name in own if "l2" in layers[name]]
    total = numbers.given(np.zeros((), numbers.dtype))
    for kernel, rate in decay:
        square = numbers.total(numbers.multiply(kernel, kernel), (1, 2))
        total = numbers.add(total, numbers.scale(square, rate))  # [regularizer]
    active = [
        (layers[name]["activity"], output.value) for name, output in calls if "activity" in layers[name]
    ]
    for rate, output in active:
        square = numbers.total(numbers.multiply(output, output), tuple(range(1, output.ndim)))
        per = rate / output.shape[1] if rules.divided else rate
        total = numbers.add(total, numbers.scale(square, per))  # [activity]
    return {
        "parameters": sum(math.prod(weight.shape) for weight in weights),
        "weights": len(weights),
        "losses": numbers.measured(total),
        "gradients": _gradients(machine, own),  # [gradient]
    }


@reading("composition.sharing", "torch", source=(MODULE, torch("nn/modules/module.py", "Module.parameters")))
def sharing_torch(
    layers: Layers, model: str, data: list[Array], upstream: list[Array], *, working: Working = ORACLE
) -> dict[str, Any]:
    """A module that is used twice has one set of parameters, and learns from every use.

    layers: the table of layers. model: name of the one that is called on the list `data`.
    upstream: what arrives at each output.
    Returns the number of elements and of parameters, and for every layer with weights their gradients.

    [count] A parameter MUST count once, under however many names it is held; a buffer MUST not count.
    [gradient] The gradient of a parameter MUST be the sum over all uses of its module.
    """
    own = weighted(layers, model)
    parameters = [weight for name in own for weight in layers[name]["weights"][:2]]  # [count]
    return {
        "parameters": sum(math.prod(weight.shape) for weight in parameters),
        "weights": len(parameters),
        "gradients": _gradients(_pulled(layers, model, data, upstream, working), own),  # [gradient]
    }


def _pulled(
    layers: Layers, model: str, data: list[Array], upstream: list[Array], working: Working
) -> Machine:
    numbers = Numbers(dtype_of(layers), working)
    machine = Machine(numbers, layers)
    outputs = machine.run(model, tensors(numbers, data))
    machine.pull((o, numbers.given(part)) for o, part in zip(outputs, upstream, strict=True))
    return machine


def _gradients(machine: Machine, own: list[str]) -> dict[str, list[Measured]]:
    parts = {name: [weight.gradient for weight in machine.weights[name]] for name in own}
    return {
        name: [machine.numbers.measured(g) for g in each if g is not None] for name, each in parts.items()
    }
