"""What `trainable` is after it was set, and which weights that leaves to training."""

from __future__ import annotations

from reference.composition.machine import Flags, Layers, used, weighted

Setting = tuple[str, bool]


def all_true(layers: Layers) -> Flags:
    """Every layer is trainable when it is made."""
    return dict.fromkeys(layers, True)


def set_alone(layers: Layers, flags: Flags, name: str, value: bool) -> Flags:
    """The flags after one is set on a layer, and on nothing inside it."""
    return {**flags, name: value}


def set_inside(layers: Layers, flags: Flags, name: str, value: bool) -> Flags:
    """The flags after one is set on a layer and on everything inside it."""
    return {**flags, **dict.fromkeys(used(layers, name), value)}


def along_paths(layers: Layers, flags: Flags, model: str) -> list[str]:
    """Layers whose weights a model trains: on some way down to them, every flag is True."""
    reached: set[str] = set()
    waiting = [model]
    while waiting:
        one = waiting.pop()
        if flags[one] and one not in reached:
            reached.add(one)
            waiting += [called for _, called, _ in layers[one].get("calls", ())]
    return [one for one in weighted(layers, model) if one in reached]


def of_weights(layers: Layers, flags: Flags, model: str) -> list[str]:
    """Layers whose weights a model trains: its own flag is True, and so is theirs, whatever lies between."""
    return [one for one in weighted(layers, model) if flags[model] and flags[one]]


def of_parameters(layers: Layers, flags: Flags, model: str) -> list[str]:
    """Layers whose parameters require a gradient: a module has no flag, its parameters have."""
    return [one for one in weighted(layers, model) if flags[one]]


def bare(layers: Layers, flags: Flags) -> Flags:
    """The flags of layers as they are, and those of models as if they had never been set."""
    return {name: flag or "calls" in layers[name] for name, flag in flags.items()}
