"""Models of a case spelled out, call by call, for reproductions: what `graphs.build` does with a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Layers = dict[str, dict[str, Any]]


def spelled_build(inputs: dict[str, Any]) -> str:
    """The text of a function `build(keras, layers)` for the table of just this case.

    An empty text where the case has no table, names that Python does not take, models of other makes,
    or models that are made one after another.
    """
    layers: Layers = inputs.get("layers") or {}
    if not layers or not all(map(str.isidentifier, _names(layers))):
        return ""
    if any(layer.get("style") == "subclassed" or layer.get("form") == "tuple" for layer in layers.values()):
        return ""
    if any(action in ("add", "share", "nest") for action, *_ in inputs.get("actions", ())):
        return ""
    lines: list[str] = []
    scopes: dict[str, dict[str, str]] = {}
    for name, layer in layers.items():
        if layer["kind"] == "Model":
            lines += _model(name, layer, layers, scopes)
        else:
            lines.append(f"{name} = keras.layers.{_leaf(name, layer)}")
    held = [name for name, layer in layers.items() if layer.get("weights")]
    lines += [f'{name}.set_weights(layers["{name}"]["weights"])' for name in held]
    lines.append(f"return {_dict(layers, layers)}")
    return "\n    ".join(["def build(keras, layers):", *lines])


def _leaf(name: str, layer: dict[str, Any]) -> str:
    kind, weights, called = layer["kind"], layer.get("weights", ()), layer.get("name", name)
    given = {
        "Dense": lambda: (
            [str(weights[1].size)]
            + [
                f"{of}_regularizer=keras.regularizers.L2({layer[key]})"
                for of, key in (("kernel", "l2"), ("activity", "activity"))
                if key in layer
            ]
        ),
        "Embedding": lambda: list(map(str, weights[0].shape)),
        "BatchNormalization": lambda: [f"{key}={layer[key]}" for key in ("momentum", "epsilon")],
        "Activation": lambda: [repr(layer["function"])],
        "Reshape": lambda: [str(tuple(layer["shape"]))],
        "Dropout": lambda: ["0.0"],
    }.get(kind, list)()
    return f"{kind}({', '.join([*given, f'name={called!r}'])})"


def _model(name: str, layer: dict[str, Any], layers: Layers, scopes: dict[str, dict[str, str]]) -> list[str]:
    made = f"name={layer.get('name', name)!r}"
    entries = {one: f"keras.Input({tuple(shape)}, dtype={dtype!r}" for one, shape, dtype in layer["inputs"]}
    if layer.get("style") == "sequential":
        (first,) = entries.values()
        steps = ", ".join([f"{first})", *(called for _, called, _ in layer["calls"])])
        return [f"{name} = keras.Sequential([{steps}], name={name!r})"]
    known = dict(scopes.get(layer.get("scope", ""), {})) | {one: f"{name}_{one}" for one in entries}
    lines = [f"{known[one]} = {text}, name={one!r})" for one, text in entries.items()]
    for outputs, called, arguments in layer["calls"]:
        inner = layers[called]
        form = inner.get("form", "list" if len(arguments) > 1 else "single")
        given = _packed(form, [one[0] for one in inner.get("inputs", ())], [known[one] for one in arguments])
        known |= {one: f"{name}_{one}" for one in outputs}
        lines.append(f"{', '.join(known[one] for one in outputs)} = {called}({given})")
    scopes[name] = known
    declared = layer.get("declared", list(entries))
    ends = [known[one] for one in layer["outputs"]]
    ended = f"[{', '.join(ends)}]" if len(ends) > 1 else ends[0]
    packed = _packed(layer["form"], declared, [known[one] for one in declared])
    return [*lines, f"{name} = keras.Model({packed}, {ended}, {made})"]


def _packed(form: str, names: list[str], tensors: list[str]) -> str:
    if form == "dict":
        return _dict(names, tensors)
    return f"[{', '.join(tensors)}]" if form == "list" else tensors[0]


def _dict(keys: Iterable[str], values: Iterable[str]) -> str:
    entries = (f'"{key}": {value}' for key, value in zip(keys, values, strict=False))
    return "{" + ", ".join(entries) + "}"


def _names(layers: Layers) -> list[str]:
    inside = [
        name
        for layer in layers.values()
        for outputs, _, arguments in layer.get("calls", ())
        for name in (*outputs, *arguments)
    ]
    return [*layers, *inside]
