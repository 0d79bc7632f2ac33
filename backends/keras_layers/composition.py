"""The operations of the chapter composition, on Keras 2 and Keras 3 alike."""

from __future__ import annotations

import tempfile
from typing import Any

import numpy as np

from backends.base import operation, untouched
from backends.engines.base import Array
from backends.keras_layers import composition_scripts as scripts
from backends.keras_layers.base import KerasBase
from backends.keras_layers.graphs import (
    act,
    blank,
    build,
    common,
    compiled,
    feed,
    held,
    inside,
    keep,
    named,
    optimizer_of,
    reopened,
    weights_of,
)
from backends.keras_layers.spelled import spelled_build

Layers = dict[str, Any]
Flags = list[list[Any]]
Options = dict[str, float]


class KerasComposition(KerasBase):
    """Models made of plain data by the functional API, and used as a user would."""

    @classmethod
    def spelled(cls, inputs: dict[str, Any]) -> str:
        """The models of a case, call by call."""
        return spelled_build(inputs)

    def built(self, layers: Layers, flags: Flags = ()) -> dict[str, Any]:  # type: ignore[assignment]
        """The layers of a table by name, with flags set in turn."""
        with self.place():
            made = build(self.keras, layers)
        for name, value in flags:
            made[name].trainable = value
        return made

    @operation("composition.connectivity", script=scripts.CONNECTIVITY)
    def models_connected(self, layers: Layers, model: str) -> Any:
        """A functional model of tensors, that is made and not called."""
        made = self.built(layers)
        return {
            "inputs": len(made[model].inputs),
            "weighted": held(layers, made, made[model].weights),
        }

    @operation("composition.call", script=scripts.CALL)
    def models_called(self, layers: Layers, model: str, data: Any) -> Any:
        """A model, functional, sequential or subclassed, called."""
        made = self.built(layers)[model]
        with self.place():
            given = each(self.tensors.tensor, data)
            return each(self.tensors.array, made(tuple(given) if isinstance(data, tuple) else given))

    @operation("composition.sharing", script=scripts.SHARING)
    def models_shared(self, layers: Layers, model: str, data: list[Array], upstream: list[Array]) -> Any:
        """What a model counts, and the gradients of its weights by automatic differentiation."""
        engine, made = self.tensors, self.built(layers)
        one = made[model]
        x, arriving = (feed(each(engine.tensor, given)) for given in (data, upstream))
        _, pulled = engine.layer_gradient(one, [x], arriving)
        names = [held(layers, made, [weight])[0] for weight in one.trainable_variables]
        with self.place():
            one(x)
            losses = engine.array(sum(one.losses, start=engine.to_tensor(np.zeros((), np.float32))))
        return {
            "parameters": one.count_params(),
            "weights": len(one.weights),
            "losses": losses,
            "gradients": {
                name: [engine.array(g) for g, of in zip(pulled, names, strict=True) if of == name]
                for name in held(layers, made, one.weights)
            },
        }

    @operation("composition.freezing", script=scripts.FREEZING)
    def models_frozen(self, layers: Layers, model: str, flags: Flags) -> Any:
        """What every model lists as trainable."""
        made = self.built(layers, flags)
        models = [name for name, layer in layers.items() if layer["kind"] == "Model"]
        return {name: held(layers, made, made[name].trainable_weights) for name in models}

    @operation("composition.step", script=scripts.STEP)
    def models_stepped(
        self,
        layers: Layers,
        model: str,
        data: list[Array],
        targets: list[Array],
        flags: Flags,
        optimizer: str,
        options: Options,
        steps: int,
    ) -> Any:
        """The weights after train_on_batch."""
        with self.place():
            made = self.built(layers, flags)
            one = compiled(made[model], optimizer_of(self.keras, optimizer, options))
            for _ in range(steps):
                one.train_on_batch(feed(data), feed(targets))
        return weights_of(layers, made)

    @operation("composition.gan", kind="composed", script=scripts.GAN)
    def models_alternated(
        self,
        layers: Layers,
        generator: str,
        discriminator: str,
        images: list[Array],
        noise: list[Array],
        optimizer: str,
        options: Options,
        recipe: str,
    ) -> Any:
        """The recipe: compile the discriminator, freeze it, compile the two together, and take turns."""
        keras = self.keras
        said: list[dict[str, Any]] = []
        with self.place():
            made = self.built(layers)
            g, d = made[generator], made[discriminator]
            ours, theirs = (optimizer_of(keras, optimizer, options) for _ in range(2))
            code = keras.Input(g.inputs[0].shape[1:])
            beside = [code] * (len(d.inputs) - 1)
            together = keras.Model(code, d(feed([*beside, g(code)])))
            compiled(d, theirs)
            d.trainable = False
            compiled(together, ours)
            for real, codes in zip(images, noise, strict=True):
                if recipe == "reloaded" and said:
                    d.trainable = True
                    g, d = reopened(keras, g, together.optimizer), reopened(keras, d, d.optimizer)
                    made |= named(g) | named(d)
                    together = compiled(keras.Model(code, d(feed([*beside, g(code)]))), g.optimizer)
                ones, zeros = np.ones((len(real), 1), real.dtype), np.zeros((len(real), 1), real.dtype)
                fake = np.asarray(g.predict_on_batch(codes))
                known = [codes] * len(beside)
                for model, x, y, other in (
                    (d, feed([*known, real]), ones, g),
                    (d, feed([*known, fake]), zeros, g),
                    (together, codes, ones, d),
                ):
                    before = other.get_weights()
                    if recipe != "compiled-once":
                        d.trainable = model is d
                        compiled(model, model.optimizer)
                    model.train_on_batch(x, y)
                    stayed = untouched(before, other.get_weights())
                    said.append({"weights": weights_of(layers, made), "stayed": stayed})
        return said

    @operation("composition.persistence", script=scripts.PERSISTENCE)
    def models_kept(self, layers: Layers, model: str, data: list[Array], flags: Flags, way: str) -> Any:
        """A model that went through a file, a clone with its weights, or one that has loaded them."""
        with self.place(), tempfile.TemporaryDirectory() as folder:
            one = self.built(layers, flags)[model]
            other = keep(self.keras, folder, one, way, lambda: self.built(blank(layers))[model])
            output = other(feed(each(self.tensors.tensor, data)))
            return {
                "outputs": each(
                    self.tensors.array, output if isinstance(output, (list, tuple)) else [output]
                ),
                "parameters": other.count_params(),
                "trained": len(other.trainable_weights),
                "common": common(one.weights, other.weights),
            }

    @operation("composition.actions", script=scripts.ACTIONS)
    def models_acted(
        self,
        layers: Layers,
        model: str,
        data: list[Array],
        targets: list[Array],
        options: Options,
        actions: list[list[str]],
    ) -> Any:
        """What the model trains and its weights, after each action."""
        with self.place(), tempfile.TemporaryDirectory() as folder:
            made, said = self.built(inside(layers, model)), []
            for action, *layer in actions:
                model = layer[0] if action in ("add", "share", "nest") else model
                made = act(self.keras, folder, layers, made, model, action, layer, data, targets, options)
                trains = held(layers, made, made[model].trainable_weights)
                said.append({"trains": trains, "weights": weights_of(layers, made)})
        return said


def each(change: Any, value: Any) -> Any:
    """`change` of a tensor, or of every tensor in a list, a tuple or a dict; a tuple becomes a list."""
    if isinstance(value, dict):
        return {name: change(item) for name, item in value.items()}
    return [change(item) for item in value] if isinstance(value, (list, tuple)) else change(value)
