"""Behaviors of the chapter composition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from reference.composition.actions import GROWING, LOSING
from reference.composition.arithmetic import Numbers
from reference.composition.calling import call_keras_3
from reference.composition.flags import bare
from reference.composition.learning import KERAS_2, KERAS_3, Rules, advance, state
from reference.composition.machine import Flags, Layers, Machine, Tensor, dtype_of, tensors
from reference.composition.persistence import persistence_keras, persistence_torch
from reference.composition.training import gan_keras, step_keras
from reference.errors import Refused
from reference.outcomes import ORACLE, AnyOf


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
    """A discriminator that was compiled before it was frozen no longer learns: a step reads its flag."""
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


def gan_loses_its_metrics(**inputs: Any) -> Any:
    """A model that was compiled cannot be trained once another is compiled that it is a part of."""
    if inputs["recipe"] == "compiled-once":
        raise Refused("the discriminator lost its metrics", shows_as=("AttributeError",))
    return gan_keras(**inputs)


def actions_read_flags_late(**inputs: Any) -> Any:
    """A step trains what is trainable then; an optimizer refuses weights that it was not built for.

    It is built for what is trainable in its first step, or when a compiled model is loaded; if that is
    another number of weights than when the model was saved, its state is lost.
    """
    return _either(KERAS_3, **inputs)


def actions_count_variables(**inputs: Any) -> Any:
    """A step trains what is trainable then; an optimizer refuses another number of weights than it was
    built for, and takes them for its own in their order.
    """
    return _either(KERAS_3, **inputs, counted=True)


def _either(rules: Rules, **inputs: Any) -> Any:
    """Flags that are read in the step; a file or a clone may lose those of models, which is OPEN."""
    layers, actions = inputs["layers"], inputs["actions"]
    frozen = [name for action, *names in actions if action == "freeze" for name in names]
    kinds = {action for action, *_ in actions}
    losable = {"reload", "clone"} & kinds
    if not losable or not any("calls" in layers[name] for name in frozen):
        return _late(rules, **inputs)
    losing = dict.fromkeys(frozenset(kinds & {*some}) for some in LOSING)
    return each_way(_late, [{"rules": rules, **inputs, "lost": lost} for lost in losing])


def each_way(acted: Callable[..., Any], ways: list[dict[str, Any]]) -> AnyOf:
    """What comes of several ways to go on, which are open: an outcome each, or a refusal."""
    said: list[Any] = []
    for way in ways:
        try:
            said.append(acted(**way))
        except Refused as refusal:
            said.append(refusal)
    return AnyOf(tuple(said))


def _late(
    rules: Rules,
    layers: Any,
    model: str,
    data: Any,
    targets: Any,
    options: Any,
    actions: list[list[str]],
    lost: frozenset[str] = frozenset(),
    counted: bool = False,
    deferred: bool = False,
) -> Any:
    machine, said = rules.machine(layers, ORACLE), []
    flags = rules.flags(layers, [])
    optimizer = rules.optimizer("momentum", options)
    known: list[str] | None = None
    compiled = loaded = False
    for action, *layer in actions:
        if action in lost:
            flags = bare(layers, flags)
        trains = rules.view(layers, flags, model)
        if action in ("freeze", "unfreeze"):
            flags = rules.set_flag(layers, flags, layer[0], action == "unfreeze")
        elif action == "compile":
            optimizer, known, compiled = rules.optimizer("momentum", options), None, True
            loaded = False
        elif action in GROWING:
            model, compiled = layer[0], False
        elif action == "clone":
            compiled = False
        elif action == "reload" and compiled:
            if known != trains:
                optimizer.slots.clear()
            known, loaded = trains, True
        elif action == "step":
            known = trains if known is None else known
            if counted and len(_places(layers, trains)) != len(_places(layers, known)):
                raise Refused("another number of variables", shows_as=("ValueError",))
            if counted:
                new = dict(zip(_places(layers, known), _places(layers, trains), strict=True))
                optimizer.slots = {new[place]: slot for place, slot in optimizer.slots.items()}
                known = trains
            if set(trains) - set(known):
                raise Refused("Unknown variable", shows_as=("ValueError", "KeyError"))
            advance(machine, rules, [model], data, targets, flags, optimizer)
            known = known or None if deferred and not loaded else known
        said.append({"trains": rules.view(layers, flags, model), "weights": state(machine, [model])})
    return said


def _places(layers: Layers, names: list[str]) -> list[tuple[str, int]]:
    """The trainable weights of layers, in their order."""
    return [(name, number) for name in names for number in range(len(layers[name]["weights"][:2]))]


def set_changed(layers: Layers, flags: Flags, name: str, value: bool) -> Flags:
    """The flags after one is set on a layer, and inside it; a flag that it has already is not set at all."""
    if flags[name] == value:
        return flags
    flags = {**flags, name: value}
    for _, called, _ in layers[name].get("calls", ()):
        flags = set_changed(layers, flags, called, value)
    return flags


SKIPPING = replace(KERAS_3, set_flag=set_changed)


def same_flag_skipped(layers: Layers, model: str, flags: list[list[Any]]) -> Any:
    """What models train where a flag that is set to the value it has reaches nothing inside."""
    models = [name for name in layers if layers[name]["kind"] == "Model"]
    now = SKIPPING.flags(layers, flags)
    return {name: SKIPPING.view(layers, now, name) for name in models}


def _effective(layers: Layers, flags: list[list[Any]]) -> list[list[Any]]:
    """Flags that lead, set layer by layer, to where those given lead if values that are there are skipped."""
    now = SKIPPING.flags(layers, flags)
    return [[name, now[name]] for name in reversed(layers)]


def step_skips_flags(**inputs: Any) -> Any:
    """A step under such flags."""
    return step_keras(rules=KERAS_3, **inputs | {"flags": _effective(inputs["layers"], inputs["flags"])})


def persistence_skips_flags(**inputs: Any) -> Any:
    """A file or a clone of a model under such flags."""
    return persistence_keras(
        rules=KERAS_3, **inputs | {"flags": _effective(inputs["layers"], inputs["flags"])}
    )


def actions_skip_flags(**inputs: Any) -> Any:
    """Flags that are read in the step, and skipped where the value is there.

    On TensorFlow, an optimizer is built in the first step that trains anything, not in one that trains
    nothing, and for all that a loaded model trains.
    """
    return _either(SKIPPING, **inputs, deferred=True)


def inner_calls_taken(layers: Layers, model: str, data: Any, flags: Any, way: str) -> Any:
    """In a file of HDF5, a layer that a model calls before a model inside it that uses it as well is called
    on what the inner one calls it on, by name; it is refused where there is no such name.
    """
    whole, kept = layers[model], {"data": data, "flags": flags, "way": way, "rules": KERAS_2}
    if way == "h5" and "calls" in whole:
        known, calls = {name for name, _, _ in whole["inputs"]}, []
        for number, (outputs, called, arguments) in enumerate(whole["calls"]):
            later = [layers[one].get("calls", ()) for _, one, _ in whole["calls"][number + 1 :]]
            taken = [its for inner in later for _, one, its in inner if one == called] or [arguments]
            if set(taken[-1]) - known:
                raise Refused("a name that is not there", shows_as=("KeyError",))
            calls.append([outputs, called, taken[-1]])
            known |= set(outputs)
        layers = layers | {model: whole | {"calls": calls}}
    return persistence_keras(layers, model, **kept)


class _Biased(Machine):
    """A machine whose sums take an empty batch for a bias."""

    def _call(self, name: str, layer: Any, inputs: list[Tensor]) -> Tensor:
        shape = inputs[0].value.shape[1:]
        wide = [size for size in shape if size > 1]
        if layer["kind"] == "Add" and not shape[0] and len(wide) == 1 and wide[0] in (shape[1], shape[-1]):
            raise Refused("Biases must be 1D", shows_as=("InvalidArgumentError",))
        return super()._call(name, layer, inputs)


def empty_sum_refused(layers: Layers, model: str, data: Any) -> Any:
    """The sum of two empty batches is refused where it looks like that of an input and a bias."""
    said = call_keras_3(layers, model, data)
    names = [name for name, _, _ in layers[model]["inputs"]]
    given = [data[name] for name in names] if isinstance(data, dict) else data
    numbers = Numbers(dtype_of(layers))
    _Biased(numbers, layers).run(model, tensors(numbers, given if isinstance(given, list) else [given]))
    return said


def shared_normalization_refused(layers: Layers, model: str, data: Any, flags: Any, way: str) -> Any:
    """Safetensors refuse the state that they wrote if a module holds a batch normalization twice."""
    holds = _held(layers, model)
    twice = {name for name in holds if holds.count(name) > 1}
    if way == "weights" and any(layers[name]["kind"] == "BatchNormalization" for name in twice):
        raise Refused("Unexpected key(s) in state_dict", shows_as=("RuntimeError",))
    return persistence_torch(layers, model, data, flags, way)


def _held(layers: Layers, name: str) -> list[str]:
    """The layers below one, each as often as there are names that lead to it."""
    called = dict.fromkeys(called for _, called, _ in layers[name].get("calls", ()))
    return [one for below in called for one in (below, *_held(layers, below))]


BEHAVIORS: dict[str, Callable[..., Any]] = {
    "extra-keys-taken": extra_keys_taken,
    "shared-normalization-refused": shared_normalization_refused,
    "gan-reads-flags-late": gan_reads_flags_late,
    "gan-loses-its-metrics": gan_loses_its_metrics,
    "actions-read-flags-late": actions_read_flags_late,
    "actions-count-variables": actions_count_variables,
    "actions-skip-flags": actions_skip_flags,
    "same-flag-skipped": same_flag_skipped,
    "step-skips-flags": step_skips_flags,
    "persistence-skips-flags": persistence_skips_flags,
    "empty-sum-refused": empty_sum_refused,
    "inner-calls-taken": inner_calls_taken,
}
"""Every behavior, by the name that an expectation uses."""
