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


def pack(form: str, names: list[str], tensors: list[Any]) -> Any:
    """Tensors in the form in which a model takes them."""
    if form == "dict":
        return dict(zip(names, tensors, strict=False))
    return {"list": list, "tuple": tuple}[form](tensors) if form in ("list", "tuple") else tensors[0]


def run_calls(
    layer: dict[str, Any], layers: dict[str, Any], made: dict[str, Any], known: dict[str, Any]
) -> Any:
    """The outputs of a model, its layers called in turn; `known` takes up every tensor by name."""
    for outputs, called, arguments in layer["calls"]:
        inner = layers[called]
        form = inner.get("form", "list" if len(arguments) > 1 else "single")
        names = [one[0] for one in inner.get("inputs", ())]
        came = made[called](pack(form, names, [known[one] for one in arguments]))
        known |= zip(outputs, came if len(outputs) > 1 else [came], strict=False)
    results = [known[one] for one in layer["outputs"]]
    return results if len(results) > 1 else results[0]


def subclassed(
    keras: Any, name: str, layer: dict[str, Any], layers: dict[str, Any], made: dict[str, Any]
) -> Any:
    """A model of a class of its own, that has seen its inputs once."""
    names, form = [one[0] for one in layer["inputs"]], layer["form"]

    class Made(keras.Model):  # type: ignore[misc]
        """A model that calls its layers in turn."""

        def __init__(self) -> None:
            super().__init__(name=name)
            self.parts = [made[one] for one in dict.fromkeys(called for _, called, _ in layer["calls"])]

        def call(self, inputs: Any) -> Any:
            """What the layers give."""
            given = inputs if form != "single" else [inputs]
            known = (
                {one: given[one] for one in names}
                if form == "dict"
                else dict(zip(names, given, strict=False))
            )
            return run_calls(layer, layers, made, known)

    model = Made()
    model(pack(form, names, [keras.Input(shape, dtype=dtype) for _, shape, dtype in layer["inputs"]]))
    return model


def build_model(
    keras: Any,
    name: str,
    layer: dict[str, Any],
    layers: dict[str, Any],
    made: dict[str, Any],
    scopes: dict[str, Any],
) -> Any:
    """A model of its description; `scopes` keeps the tensors of every functional one by name."""
    if layer.get("style") == "subclassed":
        return subclassed(keras, name, layer, layers, made)
    if layer.get("style") == "sequential":
        ((_, shape, dtype),) = layer["inputs"]
        steps = [made[called] for _, called, _ in layer["calls"]]
        return keras.Sequential([keras.Input(shape, dtype=dtype), *steps], name=name)
    known = dict(scopes.get(layer.get("scope", ""), {}))
    known |= {n: keras.Input(shape, dtype=dtype, name=n) for n, shape, dtype in layer["inputs"]}
    results = run_calls(layer, layers, made, known)
    scopes[name] = known
    declared = layer.get("declared", [one[0] for one in layer["inputs"]])
    inputs = pack(layer["form"], declared, [known[one] for one in declared])
    return keras.Model(inputs, results, name=layer.get("name", name))


def build(keras: Any, layers: dict[str, Any], known: Any = ()) -> dict[str, Any]:
    """Every layer of a table by name, with its weights; those that are `known` are taken as they are."""
    made: dict[str, Any] = dict(known)
    scopes: dict[str, Any] = {}
    new = [name for name in layers if name not in made]
    for name in new:
        layer = layers[name]
        if layer["kind"] == "Model":
            made[name] = build_model(keras, name, layer, layers, made, scopes)
        else:
            made[name] = build_leaf(keras, name, layer)
    for name in new:
        if layers[name].get("weights"):
            made[name].set_weights(layers[name]["weights"])
    return made


def inside(layers: dict[str, Any], model: str) -> dict[str, Any]:
    """The part of a table that a model is made of."""
    names = [model]
    for name in names:
        names += [called for _, called, _ in layers[name].get("calls", ())]
    return {name: layer for name, layer in layers.items() if name in names}


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


def reopened(keras: Any, model: Any, optimizer: Any) -> Any:
    """A model that was saved with its optimizer, and loaded."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        compiled(model, optimizer).save(f"{folder}/model.keras")
        return keras.models.load_model(f"{folder}/model.keras")


def common(some: list[Any], others: list[Any]) -> int:
    """How many of some weights are among others: the very same objects."""
    return sum(any(one is other for other in others) for one in some)


def feed(tensors: list[Any]) -> Any:
    """The only tensor of a list, or all of them."""
    return tensors if len(tensors) > 1 else tensors[0]


def held(layers: dict[str, Any], made: dict[str, Any], weights: list[Any]) -> list[str]:
    """The names of the layers that hold some of these weights themselves."""
    own = [name for name, layer in layers.items() if layer.get("weights") and name in made]
    return [name for name in own if any(one is other for one in made[name].weights for other in weights)]


def weights_of(layers: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
    """The weights of every layer that is made and has any."""
    own = [name for name, layer in layers.items() if layer.get("weights") and name in made]
    return {name: made[name].get_weights() for name in own}


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
    layers: dict[str, Any],
    made: dict[str, Any],
    model: str,
    action: str,
    layer: list[str],
    data: list[Any],
    targets: list[Any],
    options: dict[str, float],
) -> dict[str, Any]:
    """The layers by name after an action."""
    one: Any = made.get(model)
    if action in ("freeze", "unfreeze"):
        made[layer[0]].trainable = action == "unfreeze"
    elif action in ("add", "share", "nest"):
        return build(keras, inside(layers, model), made)
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
