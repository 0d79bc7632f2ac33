"""The order in which a functional model runs its calls, where it is not the one in which they were made."""

from __future__ import annotations

from reference.composition.kinds import Layer
from reference.composition.machine import Call, Layers, normalizing, used


def deepest_first(model: Layer) -> list[Call]:
    """The calls that a model's outputs need, those farthest from the outputs first."""
    found = depths(model)
    return [model["calls"][number] for number in sorted(found, key=lambda number: -found[number])]


def depths(model: Layer) -> dict[int, int]:
    """How far each call that a model's outputs need, by its number, is from the outputs.

    The depth of a call is one more than that of the calls that use it, and at least that of a later call
    of the same layer. Source: keras@v3.15.1 ops/function.py map_graph; tf_keras@v2.21.0
    engine/functional.py _map_graph_network has the same rule.
    """
    makes = {name: number for number, (outputs, _, _) in enumerate(model["calls"]) for name in outputs}
    inward: list[int] = []
    for output in model["outputs"]:
        _inward(output, model, makes, inward)
    found: dict[int, int] = {}
    of_layers: dict[str, int] = {}
    for number in reversed(inward):
        _, called, arguments = model["calls"][number]
        depth = max(found.setdefault(number, 0), of_layers.get(called, 0))
        found[number] = of_layers[called] = depth
        for needed in (makes[name] for name in arguments if name in makes):
            found[needed] = max(depth + 1, found.get(needed, 0))
    return found


def reordered(layers: Layers, model: str) -> bool:
    """Whether the order can show: in the averages of a batch normalization that is called more than once."""
    models = [layers[name] for name in used(layers, model) if "calls" in layers[name]]
    other = any([c for c in one["calls"] if c in deepest_first(one)] != deepest_first(one) for one in models)
    return other and bool(normalizing(layers, model))


def _inward(name: str, model: Layer, makes: dict[str, int], found: list[int]) -> None:
    """Add the calls that a tensor needs, each after those that it needs itself."""
    number = makes.get(name)
    if number is None or number in found:
        return
    for argument in model["calls"][number][2]:
        _inward(argument, model, makes, found)
    found.append(number)
