"""Persistence: what of a model is kept when it is saved and loaded, or cloned."""

from __future__ import annotations

import math
from typing import Any

from reference.clause import reading
from reference.composition.arithmetic import Array, Numbers
from reference.composition.flags import bare
from reference.composition.learning import KERAS_2, KERAS_2_2, KERAS_3, TORCH, Rules
from reference.composition.machine import Layers, Machine, dtype_of, tensors, used, weighted
from reference.composition.origins import MODULE
from reference.errors import Refused
from reference.outcomes import ORACLE, AnyOf, Working
from reference.sources import keras, tf_keras, torch


@reading(
    "composition.persistence",
    "keras-2.2",
    source=(keras("2.2.5", "engine/saving.py", "save_model"), keras("2.2.5", "models.py", "clone_model")),
    rules=KERAS_2_2,
)
@reading(
    "composition.persistence",
    "keras-2",
    source=(
        tf_keras("saving/saving_api.py", "save_model"),
        tf_keras("saving/saving_api.py", "save_weights"),
        tf_keras("models/cloning.py", "clone_model"),
    ),
    rules=KERAS_2,
)
@reading(
    "composition.persistence",
    "keras-3",
    source=(
        keras("v3.15.1", "saving/saving_api.py", "save_model"),
        keras("v3.15.1", "saving/saving_api.py", "save_weights"),
        keras("v3.15.1", "models/cloning.py", "clone_model"),
    ),
    rules=KERAS_3,
)
def persistence_keras(
    layers: Layers,
    model: str,
    data: list[Array],
    flags: list[list[Any]],
    way: str,
    *,
    rules: Rules,
    working: Working = ORACLE,
) -> Any:
    """A model that was saved and loaded, or cloned, does what the model did.

    layers: the table of layers. model: name of the one that is kept. data: the list that it is called on.
    flags: names and values of `trainable`, set in this order before.
    way: "file" for the format of the dialect, "h5" for HDF5, "folder" for a path without an extension,
    "clone" for a clone whose weights are set, "weights" for a file of weights alone, loaded into a new
    model of the same make.
    rules: what the dialect does with flags of layers and models, and with a path without an extension.
    Returns the outputs, the number of parameters, that of the weights that are trained, and that of the
    weights which are the model's own.

    [outputs] Its outputs MUST be those of the model.
    [shared] A layer that the model uses more than once MUST be one layer still.
    [across] Whether a layer that two models use is one layer still, or one for each of them, or refused,
        and whether a layer that was thawed inside a frozen model is trained afterwards, is OPEN.
    [called] Each of these models MUST call it on what it has called it on.
    [flags] What was trainable MUST be trainable, and nothing else.
    [apart] It MUST have weights of its own, however deep they lie: none of them is a weight of the model.
    [weights] Weights alone MUST be those of the model, also of a layer that two models use; they carry
        no flags.
    [folder] A path without an extension MUST be refused where there is no format for it.
    """
    if way == "weights":
        return _kept(rules, layers, model, data, [], working)  # [weights]
    if way == "folder" and not rules.folders:  # [folder]
        raise Refused("no format has a path without an extension")
    given = (layers, model, data, flags, working)
    return _spread(rules, *given)  # [outputs] [shared] [across] [called] [flags]


@reading(
    "composition.persistence",
    "torch",
    source=(
        MODULE,
        torch("nn/modules/module.py", "Module.load_state_dict"),
        torch("serialization.py", "save"),
    ),
)
def persistence_torch(
    layers: Layers,
    model: str,
    data: list[Array],
    flags: list[list[Any]],
    way: str,
    *,
    working: Working = ORACLE,
) -> dict[str, Any]:
    """A module whose state was saved and loaded into one of the same make, or copied, does what it did.

    layers: the table of layers. model: name of the one that is kept. data: the list that it is called on.
    flags: names and values for `requires_grad_`, called in this order before.
    way: "file" for a state dict in a file, "weights" for one in a file of safetensors, "clone" for a deep
    copy, any other for one in memory.
    Returns the outputs, the number of elements of parameters, of parameters that are trained, and of
    parameters which are the module's own.

    [outputs] Its outputs MUST be those of the module.
    [shared] A module that is held under several names MUST be one module still.
    [apart] It MUST have parameters of its own, however deep they lie.
    [flags] A deep copy MUST keep what requires a gradient; a state dict MUST not carry it.
    [weights] What safetensors give back MUST be the state dict, tensors that share memory included.
    """
    given = (layers, model, data, flags if way == "clone" else [], working)  # [flags]
    return _kept(TORCH, *given, buffers=False)  # [outputs] [shared] [weights]


def _spread(
    rules: Rules, layers: Layers, model: str, data: list[Array], flags: list[list[Any]], working: Working
) -> Any:
    """What is kept; where models share a layer, any number of copies of it, or a refusal."""
    said = _kept(rules, layers, model, data, flags, working)
    users: dict[str, set[str]] = {}
    for name in used(layers, model):
        for _, called, _ in layers[name].get("calls", ()):
            users.setdefault(called, set()).add(name)
    copies = max(map(len, users.values()))
    if copies == 1:
        thawed = said | {"trained": _without_models(rules, layers, model, flags)}
        return said if thawed["trained"] == said["trained"] else AnyOf((said, thawed))  # [across]
    refused = Refused("a layer belongs to two models", shows_as=("ValueError", "KeyError", "TypeError"))
    own, least = weighted(layers, model), said["parameters"]
    sizes = [sum(math.prod(w.shape) for w in layers[name]["weights"]) for name in own]
    most = _uses(layers, model)
    counts = [least + extra for extra in _sums(sizes, [most[name] - 1 for name in own])]
    weights = [len(layers[name]["weights"][:2]) for name in own]
    trains = _sums(weights, [most[name] for name in own])
    kinds = [said | {"parameters": c, "trained": t} for c in sorted(set(counts)) for t in sorted(trains)]
    return AnyOf((said, *kinds, refused))  # [across]


def _without_models(rules: Rules, layers: Layers, model: str, flags: list[list[Any]]) -> int:
    """How many weights are trained if the flags of models are lost, and those of layers are not."""
    own = bare(layers, rules.flags(layers, flags))
    return sum(len(layers[name]["weights"][:2]) for name in rules.view(layers, own, model))


def _uses(layers: Layers, model: str) -> dict[str, int]:
    """By how many ways down each layer is reached: no more copies of it can be made."""
    found = {model: 1}
    for name in reversed(used(layers, model)):
        for _, called, _ in layers[name].get("calls", ()):
            found[called] = found.get(called, 0) + found[name]
    return found


def _sums(parts: list[int], most: list[int]) -> set[int]:
    """What can be had by adding each of the parts some times, up to its most."""
    sums = {0}
    for part, times in zip(parts, most, strict=True):
        sums = {total + part * taken for total in sums for taken in range(times + 1)}
    return sums


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
        "common": 0,  # [apart]
    }
