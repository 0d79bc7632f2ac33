"""Models from plain data, by the functional API of Keras: what adapters run and what scripts show."""

from __future__ import annotations

from typing import Any


def build_leaf(keras: Any, name: str, layer: dict[str, Any]) -> Any:
    """A layer that is no model, of its description."""
    kinds, kind, weights = keras.layers, layer["kind"], layer.get("weights", ())
    named = {"name": layer.get("name", name)}
    if kind == "Dense":
        decay, active = (
            keras.regularizers.L2(layer[key]) if key in layer else None for key in ("l2", "activity")
        )
        options = {"kernel_regularizer": decay, "activity_regularizer": active}
        return kinds.Dense(weights[1].size, **options, **named)
    if kind == "Embedding":
        return kinds.Embedding(*weights[0].shape, **named)
    if kind == "BatchNormalization":
        return kinds.BatchNormalization(momentum=layer["momentum"], epsilon=layer["epsilon"], **named)
    if kind == "Activation":
        return kinds.Activation(layer["function"], **named)
    if kind == "Reshape":
        return kinds.Reshape(layer["shape"], **named)
    return kinds.Dropout(0.0, **named) if kind == "Dropout" else getattr(kinds, kind)(**named)


def build_model(
    keras: Any,
    name: str,
    layer: dict[str, Any],
    layers: dict[str, Any],
    made: dict[str, Any],
    scopes: dict[str, Any],
) -> Any:
    """A functional model of its description; `scopes` keeps the tensors of every model by name."""

    def pack(form: str, names: list[str], tensors: list[Any]) -> Any:
        return (
            dict(zip(names, tensors, strict=False))
            if form == "dict"
            else tensors
            if form == "list"
            else tensors[0]
        )

    if layer.get("style") == "sequential":
        ((_, shape, dtype),) = layer["inputs"]
        steps = [made[called] for _, called, _ in layer["calls"]]
        return keras.Sequential([keras.Input(shape, dtype=dtype), *steps], name=name)
    known = dict(scopes.get(layer.get("scope", ""), {}))
    known |= {n: keras.Input(shape, dtype=dtype, name=n) for n, shape, dtype in layer["inputs"]}
    for outputs, called, arguments in layer["calls"]:
        inner = layers[called]
        form = inner.get("form", "list" if len(arguments) > 1 else "single")
        names = [one[0] for one in inner.get("inputs", ())]
        came = made[called](pack(form, names, [known[one] for one in arguments]))
        known |= zip(outputs, came if len(outputs) > 1 else [came], strict=False)
    scopes[name] = known
    declared = layer.get("declared", [one[0] for one in layer["inputs"]])
    inputs = pack(layer["form"], declared, [known[one] for one in declared])
    results = [known[one] for one in layer["outputs"]]
    return keras.Model(inputs, results if len(results) > 1 else results[0], name=layer.get("name", name))


def build(keras: Any, layers: dict[str, Any]) -> dict[str, Any]:
    """Every layer of a table by name, with its weights."""
    made: dict[str, Any] = {}
    scopes: dict[str, Any] = {}
    for name, layer in layers.items():
        if layer["kind"] == "Model":
            made[name] = build_model(keras, name, layer, layers, made, scopes)
        else:
            made[name] = build_leaf(keras, name, layer)
    for name, layer in layers.items():
        if layer.get("weights"):
            made[name].set_weights(layer["weights"])
    return made


def blank(layers: dict[str, Any]) -> dict[str, Any]:
    """The table with zeros in the place of all weights, for a model that is to load them."""
    return {
        name: {**layer, "weights": [weight * 0 for weight in layer["weights"]]}
        if "weights" in layer
        else layer
        for name, layer in layers.items()
    }


def keep(keras: Any, folder: str, one: Any, way: str, fresh: Any) -> Any:
    """A model after a clone, a file, or a file of weights, which `fresh` makes a model for."""
    if way == "clone":
        other = keras.models.clone_model(one)
        other.set_weights(one.get_weights())
        return other
    if way == "weights":
        other = fresh()
        one.save_weights(f"{folder}/model.weights.h5")
        other.load_weights(f"{folder}/model.weights.h5")
        return other
    path = f"{folder}/model" + {"file": ".keras", "h5": ".h5", "folder": ""}[way]
    one.save(path)
    return keras.models.load_model(path)


def feed(tensors: list[Any]) -> Any:
    """The only tensor of a list, or all of them."""
    return tensors if len(tensors) > 1 else tensors[0]


def held(layers: dict[str, Any], made: dict[str, Any], weights: list[Any]) -> list[str]:
    """The names of the layers that hold some of these weights themselves."""
    own = [name for name, layer in layers.items() if layer.get("weights") and name in made]
    return [name for name in own if any(one is other for one in made[name].weights for other in weights)]


def weights_of(layers: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
    """The weights of every layer that has any."""
    return {name: made[name].get_weights() for name, layer in layers.items() if layer.get("weights")}


def optimizer_of(keras: Any, name: str, options: dict[str, float]) -> Any:
    """A new optimizer."""
    return (keras.optimizers.Adam if name == "adam" else keras.optimizers.SGD)(**options)


def compiled(model: Any, optimizer: Any) -> Any:
    """The model, compiled with the mean squared error of each output."""
    losses = ["mse"] * len(model.outputs)
    model.compile(optimizer=optimizer, loss=losses if len(losses) > 1 else "mse", run_eagerly=True)
    return model


def named(model: Any) -> dict[str, Any]:
    """A model and every layer inside, by name."""
    found = {model.name: model}
    for layer in model.layers:
        found |= named(layer) if hasattr(layer, "layers") else {layer.name: layer}
    return found


def act(
    keras: Any,
    folder: str,
    made: dict[str, Any],
    model: str,
    action: str,
    layer: list[str],
    data: list[Any],
    targets: list[Any],
    options: dict[str, float],
) -> dict[str, Any]:
    """The layers by name after an action."""
    one = made[model]
    if action in ("freeze", "unfreeze"):
        made[layer[0]].trainable = action == "unfreeze"
    elif action == "compile":
        compiled(one, optimizer_of(keras, "momentum", options))
    elif action == "step":
        one.train_on_batch(feed(data), feed(targets))
    elif action == "reload":
        one.save(f"{folder}/model.keras")
        other = keras.models.load_model(f"{folder}/model.keras")
        other.run_eagerly = True
        return named(other)
    else:
        other = keras.models.clone_model(one)
        other.set_weights(one.get_weights())
        return named(other)
    return made
