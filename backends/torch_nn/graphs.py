"""Modules from plain data, by torch.fx: what the adapter runs and what scripts show."""

from __future__ import annotations

from typing import Any


def build_module(torch: Any, layer: dict[str, Any]) -> Any:
    """A module with weights, or an activation, of its description; None for a function without state."""
    nn, kind, weights = torch.nn, layer["kind"], layer.get("weights", ())
    if kind == "Dense":
        return nn.Linear(*weights[0].shape)
    if kind == "Embedding":
        return nn.Embedding(*weights[0].shape)
    if kind == "BatchNormalization":
        return nn.BatchNorm1d(weights[0].size, layer["epsilon"], 1 - layer["momentum"])
    if kind == "Activation":
        return {"tanh": nn.Tanh, "relu": nn.ReLU, "linear": nn.Identity}[layer["function"]]()
    return nn.Dropout(0.0) if kind == "Dropout" else None


def call_function(torch: Any, graph: Any, layer: dict[str, Any], arguments: list[Any]) -> Any:
    """The node of a layer without state."""
    import operator

    if layer["kind"] == "Concatenate":
        return graph.call_function(torch.cat, (arguments, -1))
    if layer["kind"] == "Reshape":
        return graph.call_function(torch.reshape, (arguments[0], (-1, *layer["shape"])))
    join = operator.add if layer["kind"] == "Add" else operator.mul
    node = arguments[0]
    for one in arguments[1:]:
        node = graph.call_function(join, (node, one))
    return node


def build_graph(
    torch: Any, layer: dict[str, Any], layers: dict[str, Any], made: dict[str, Any], scopes: dict[str, Any]
) -> Any:
    """A module of a graph; `scopes` keeps the nodes of every model by name. A foreign node is refused."""
    import operator

    graph = torch.fx.Graph()
    declared = layer.get("declared", [one[0] for one in layer["inputs"]])
    known = dict(scopes.get(layer.get("scope"), {}))
    known |= {name: torch.fx.Graph().placeholder(name) for name, _, _ in layer["inputs"]}
    known |= {name: graph.placeholder(name) for name in declared}
    for outputs, called, arguments in layer["calls"]:
        nodes = [known[one] for one in arguments]
        if made.get(called) is None:
            came = call_function(torch, graph, layers[called], nodes)
        else:
            came = graph.call_module(called, tuple(nodes))
        several = range(len(outputs)) if len(outputs) > 1 else ()
        parts = [graph.call_function(operator.getitem, (came, i)) for i in several] or [came]
        known = dict(zip(outputs, parts)) | {k: v for k, v in known.items() if k in declared or k not in outputs}
    scopes[layer["name"]] = known
    results = [known[one] for one in layer["outputs"]]
    graph.output(results if len(results) > 1 else results[0])
    graph.lint()
    modules = {called: made[called] for _, called, _ in layer["calls"] if made.get(called) is not None}
    return torch.fx.GraphModule(modules, graph)


def load_weights(torch: Any, module: Any, layer: dict[str, Any]) -> None:
    """Put given weights into a module, with the layout and the names of PyTorch."""
    weights = [torch.tensor(weight) for weight in layer["weights"]]
    if layer["kind"] == "Dense":
        state = {"weight": weights[0].T, "bias": weights[1]}
    elif layer["kind"] == "Embedding":
        state = {"weight": weights[0]}
    else:
        state = dict(zip(("weight", "bias", "running_mean", "running_var"), weights))
    module.load_state_dict(state, strict=False)


def read_weights(module: Any, layer: dict[str, Any]) -> list[Any]:
    """The weights of a module in the layout of the description."""
    if layer["kind"] == "Dense":
        return [module.weight.T, module.bias]
    if layer["kind"] == "Embedding":
        return [module.weight]
    return [module.weight, module.bias, module.running_mean, module.running_var]


def build(torch: Any, layers: dict[str, Any]) -> dict[str, Any]:
    """Every layer of a table by name, with its weights; None for a function without state."""
    made: dict[str, Any] = {}
    scopes: dict[str, Any] = {}
    for name, layer in layers.items():
        if layer["kind"] == "Model":
            made[name] = build_graph(torch, {"name": name, **layer}, layers, made, scopes)
        else:
            made[name] = build_module(torch, layer)
            if layer.get("weights"):
                load_weights(torch, made[name], layer)
    return made
