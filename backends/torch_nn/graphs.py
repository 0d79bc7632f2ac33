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


class Eager:
    """Stands for a graph where functions are called at once."""

    @staticmethod
    def call_function(function: Any, arguments: tuple[Any, ...]) -> Any:
        """What the function gives."""
        return function(*arguments)


def subclassed(torch: Any, layer: dict[str, Any], layers: dict[str, Any], made: dict[str, Any]) -> Any:
    """A module of a class of its own, that calls its submodules in turn."""
    names = [one[0] for one in layer["inputs"]]

    class Made(torch.nn.Module):  # type: ignore[misc]
        """A module that calls its submodules in turn."""

        def __init__(self) -> None:
            super().__init__()
            for _, called, _ in layer["calls"]:
                if made[called] is not None:
                    self.add_module(called, made[called])

        def forward(self, *given: Any, **named: Any) -> Any:
            """What the submodules give."""
            known = dict(zip(names, given, strict=False)) | named
            for outputs, called, arguments in layer["calls"]:
                tensors = [known[one] for one in arguments]
                if made[called] is None:
                    came = call_function(torch, Eager, layers[called], tensors)
                else:
                    came = made[called](*tensors)
                known |= zip(outputs, came if len(outputs) > 1 else [came], strict=False)
            results = [known[one] for one in layer["outputs"]]
            return results if len(results) > 1 else results[0]

    return Made()


def build_graph(
    torch: Any, layer: dict[str, Any], layers: dict[str, Any], made: dict[str, Any], scopes: dict[str, Any]
) -> Any:
    """A module of a graph; `scopes` keeps the nodes of every model by name. A foreign node is refused."""
    import operator

    graph = torch.fx.Graph()
    declared = layer.get("declared", [one[0] for one in layer["inputs"]])
    known = dict(scopes.get(layer.get("scope", ""), {}))
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
        known = dict(zip(outputs, parts, strict=False)) | {
            k: v for k, v in known.items() if k in declared or k not in outputs
        }
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
        state = dict(zip(("weight", "bias", "running_mean", "running_var"), weights, strict=False))
    module.load_state_dict(state, strict=False)


def read_weights(module: Any, layer: dict[str, Any]) -> list[Any]:
    """The weights of a module in the layout of the description."""
    if layer["kind"] == "Dense":
        return [module.weight.T, module.bias]
    if layer["kind"] == "Embedding":
        return [module.weight]
    return [module.weight, module.bias, module.running_mean, module.running_var]


def build(torch: Any, layers: dict[str, Any], known: Any = ()) -> dict[str, Any]:
    """Every layer of a table by name, with its weights; None for a function without state.

    Those that are `known` are taken as they are.
    """
    made: dict[str, Any] = dict(known)
    scopes: dict[str, Any] = {}
    for name, layer in layers.items():
        if name in made:
            continue
        if layer.get("style") == "subclassed":
            made[name] = subclassed(torch, layer, layers, made)
        elif layer["kind"] == "Model":
            made[name] = build_graph(torch, {"name": name, **layer}, layers, made, scopes)
        else:
            made[name] = build_module(torch, layer)
            if layer.get("weights"):
                load_weights(torch, made[name], layer)
    return made


def inside(layers: dict[str, Any], model: str) -> dict[str, Any]:
    """The part of a table that a model is made of."""
    names = [model]
    for name in names:
        names += [called for _, called, _ in layers[name].get("calls", ())]
    return {name: layer for name, layer in layers.items() if name in names}


def blank(layers: dict[str, Any]) -> dict[str, Any]:
    """The table with zeros in the place of all weights, for a module that is to load them."""
    return {
        name: {**layer, "weights": [weight * 0 for weight in layer["weights"]]}
        if "weights" in layer
        else layer
        for name, layer in layers.items()
    }


def common(some: list[Any], others: list[Any]) -> int:
    """How many of some weights are among others: the very same objects."""
    return sum(any(one is other for other in others) for one in some)


def held(layers: dict[str, Any], made: dict[str, Any], parameters: list[Any]) -> list[str]:
    """The names of the layers that hold some of these parameters themselves."""
    holding = [name for name, layer in layers.items() if layer.get("weights") and name in made]
    own = {name: list(made[name].parameters()) for name in holding}
    return [name for name in own if any(one is other for one in own[name] for other in parameters)]


def weights_of(layers: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
    """The weights of every layer that is made and has any, as copies."""
    own = {name: layer for name, layer in layers.items() if layer.get("weights") and name in made}
    return {
        name: [weight.detach().clone().numpy() for weight in read_weights(made[name], layer)]
        for name, layer in own.items()
    }


def gradients_of(layers: dict[str, Any], made: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """The gradients of the parameters of layers, in the layout of the description."""
    found = {}
    for name in names:
        module = made[name]
        if layers[name]["kind"] == "Dense":
            found[name] = [module.weight.grad.T, module.bias.grad]
        else:
            found[name] = [parameter.grad for parameter in module.parameters()]
    return found


def optimizer_of(torch: Any, name: str, options: dict[str, float], parameters: list[Any]) -> Any:
    """A new optimizer of parameters."""
    if name == "adam":
        betas = (options["beta_1"], options["beta_2"])
        return torch.optim.Adam(parameters, options["learning_rate"], betas, options["epsilon"])
    return torch.optim.SGD(parameters, options["learning_rate"], options.get("momentum", 0.0))


def outputs_of(module: Any, tensors: list[Any]) -> list[Any]:
    """The outputs of a module, as a list."""
    output = module(*tensors)
    return list(output) if isinstance(output, (list, tuple)) else [output]


def step(torch: Any, module: Any, optimizer: Any, tensors: list[Any], targets: list[Any]) -> None:
    """One training step on the sum of the mean squared errors of all outputs."""
    optimizer.zero_grad()
    losses = map(torch.nn.functional.mse_loss, outputs_of(module, tensors), targets)
    sum(losses).backward()
    optimizer.step()


def inputs_of(module: Any) -> int:
    """How many inputs a module of a graph has."""
    import inspect

    return len(inspect.signature(module.forward).parameters)


def paired(torch: Any, generator: Any, discriminator: Any) -> Any:
    """What a generator makes, judged; a discriminator of two inputs is given first what it was made from."""
    graph = torch.fx.Graph()
    code = graph.placeholder("code")
    beside = [code] * (inputs_of(discriminator) - 1)
    made = graph.call_module("generator", (code,))
    graph.output(graph.call_module("discriminator", (*beside, made)))
    return torch.fx.GraphModule({"generator": generator, "discriminator": discriminator}, graph)


def reload(torch: Any, made: Any, fresh: Any) -> Any:
    """A module or an optimizer with the state of another, through a file."""
    import io

    file = io.BytesIO()
    torch.save(made.state_dict(), file)
    file.seek(0)
    fresh.load_state_dict(torch.load(file))
    return fresh


def reopened(torch: Any, layers: dict[str, Any], made: dict[str, Any], names: Any) -> dict[str, Any]:
    """New modules by name, some of which have loaded what was saved of the old ones."""
    fresh = build(torch, blank(layers))
    for name in names:
        reload(torch, made[name], fresh[name])
    return fresh


def through_safetensors(made: Any, fresh: Any) -> Any:
    """A module with the state of another, through a file of safetensors."""
    import tempfile

    from safetensors.torch import load_model, save_model

    with tempfile.NamedTemporaryFile(suffix=".safetensors") as file:
        save_model(made, file.name)
        load_model(fresh, file.name)
    return fresh


def act(
    torch: Any,
    layers: dict[str, Any],
    made: dict[str, Any],
    model: str,
    optimizer: Any,
    action: str,
    layer: list[str],
    data: list[Any],
    targets: list[Any],
    options: dict[str, float],
) -> tuple[dict[str, Any], Any]:
    """The modules by name and the optimizer, after an action."""
    import copy

    if action in ("freeze", "unfreeze"):
        modules = [made[layer[0]]] if made[layer[0]] is not None else []
        for module in modules:
            module.requires_grad_(action == "unfreeze")
    elif action in ("add", "share", "nest"):
        return build(torch, inside(layers, model), made), None
    elif action == "compile":
        optimizer = optimizer_of(torch, "momentum", options, made[model].parameters())
    elif action == "step":
        step(torch, made[model].train(), optimizer, data, targets)
    elif action == "reload":
        fresh = build(torch, inside(layers, model))
        reload(torch, made[model], fresh[model])
        new = optimizer_of(torch, "momentum", options, fresh[model].parameters())
        return fresh, optimizer and reload(torch, optimizer, new)
    else:
        return copy.deepcopy(made), None
    return made, optimizer
