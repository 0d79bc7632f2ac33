"""Modules of a case spelled out, for reproductions: what `graphs.build` does with a table."""

from __future__ import annotations

from typing import Any

Layers = dict[str, dict[str, Any]]

_NORMALIZED = """\
    names = ("weight", "bias", "running_mean", "running_var")
    {name}.load_state_dict(dict(zip(names, map(torch.tensor, layers["{name}"]["weights"]))), strict=False)"""


def spelled_build(inputs: dict[str, Any]) -> str:
    """The text of a function `build(torch, layers)` for the table of just this case.

    An empty text where the case has layers other than batch normalizations, models that are no chains, or
    actions, which may make models later on.
    """
    if "actions" in inputs:
        return ""
    layers: Layers = inputs.get("layers") or {}
    models = [layer for layer in layers.values() if layer["kind"] == "Model"]
    leaves = [layer for layer in layers.values() if layer["kind"] == "BatchNormalization"]
    if not models or len(models) + len(leaves) < len(layers) or not all(map(_is_chain, models)):
        return ""
    lines = ["from collections import OrderedDict", "", "", "def build(torch, layers):"]
    for name, layer in layers.items():
        if layer["kind"] == "Model":
            parts = ", ".join(f"{called}={called}" for _, called, _ in layer["calls"])
            lines.append(f"    {name} = torch.nn.Sequential(OrderedDict({parts}))")
        else:
            given = layer["weights"][0].size, layer["epsilon"], 1 - layer["momentum"]
            lines.append(f"    {name} = torch.nn.BatchNorm1d{given}")
            lines.append(_NORMALIZED.format(name=name))
    entries = ", ".join(f'"{name}": {name}' for name in layers)
    return "\n".join([*lines, f"    return {{{entries}}}"])


def _is_chain(model: dict[str, Any]) -> bool:
    """Whether each call takes what the one before gave, and each layer is called once."""
    calls = model["calls"]
    passed = [[model["inputs"][0][0]], *(outputs for outputs, _, _ in calls)]
    chained = [arguments for _, _, arguments in calls] == passed[:-1]
    plain = len(model["inputs"]) == 1 and model["outputs"] == passed[-1]
    plain = plain and not {"style", "scope", "declared"} & set(model)
    return plain and chained and len({called for _, called, _ in calls}) == len(calls)
