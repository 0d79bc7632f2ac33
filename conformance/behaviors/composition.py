"""Behaviors of the chapter composition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from reference.composition.calling import call_keras_3
from reference.composition.learning import KERAS_3, advance, state
from reference.composition.training import gan_keras
from reference.errors import Refused
from reference.outcomes import ORACLE


def extra_keys_taken(layers: Any, model: str, data: Any) -> Any:
    """A dict with keys that are no inputs becomes the list of its tensors by sorted keys.

    So does a model made of a dict take it: as many of them as it has inputs, whatever they are called.
    """
    names = [name for name, _, _ in layers[model]["inputs"]]
    if isinstance(data, dict) and layers[model]["form"] == "dict" and set(data) > set(names):
        taken = [data[key] for key in sorted(data)][: len(names)]
        return call_keras_3(layers, model, dict(zip(sorted(names), taken, strict=True)))
    return call_keras_3(layers, model, data)


def gan_reads_flags_late(**inputs: Any) -> Any:
    """A discriminator that was compiled before it was frozen no longer learns: its flag is read in the step."""
    if inputs["recipe"] != "compiled-once":
        return gan_keras(**inputs)
    layers, both = inputs["layers"], [inputs["generator"], inputs["discriminator"]]
    machine = KERAS_3.machine(layers, ORACLE)
    optimizer = KERAS_3.optimizer(inputs["optimizer"], inputs["options"])
    frozen = KERAS_3.flags(layers, [[inputs["discriminator"], False]])
    said = []
    for code in inputs["noise"]:
        said += [{"weights": state(machine, both), "stayed": True} for _ in range(2)]
        ones = np.ones((len(code), 1), code.dtype)
        advance(machine, KERAS_3, both, [code], [ones], frozen, optimizer)
        said.append({"weights": state(machine, both), "stayed": True})
    return said


def actions_read_flags_late(
    layers: Any, model: str, data: Any, targets: Any, options: Any, actions: list[list[str]]
) -> Any:
    """A step trains what is trainable then; an optimizer refuses weights that it was not built for.

    It is built for what is trainable in its first step, or when a compiled model is loaded; if that is
    another number of weights than when the model was saved, its state is lost.
    """
    machine, said = KERAS_3.machine(layers, ORACLE), []
    flags = KERAS_3.flags(layers, [])
    optimizer = KERAS_3.optimizer("momentum", options)
    known: list[str] | None = None
    compiled = False
    for action, *layer in actions:
        trains = KERAS_3.view(layers, flags, model)
        if action in ("freeze", "unfreeze"):
            flags = KERAS_3.set_flag(layers, flags, layer[0], action == "unfreeze")
        elif action == "compile":
            optimizer, known, compiled = KERAS_3.optimizer("momentum", options), None, True
        elif action == "clone":
            compiled = False
        elif action == "reload" and compiled:
            if known != trains:
                optimizer.slots.clear()
            known = trains
        elif action == "step":
            known = trains if known is None else known
            if set(trains) - set(known):
                raise Refused("Unknown variable", shows_as=("ValueError", "KeyError"))
            advance(machine, KERAS_3, [model], data, targets, flags, optimizer)
        said.append({"trains": KERAS_3.view(layers, flags, model), "weights": state(machine, [model])})
    return said


BEHAVIORS: dict[str, Callable[..., Any]] = {
    "extra-keys-taken": extra_keys_taken,
    "gan-reads-flags-late": gan_reads_flags_late,
    "actions-read-flags-late": actions_read_flags_late,
}
"""Every behavior, by the name that an expectation uses."""
