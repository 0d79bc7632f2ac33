"""The operations of the chapter initializers, on Keras 2 and Keras 3."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from backends.base import coincide, operation
from backends.engines.base import Array
from backends.keras_layers.base import KerasBase

NAMES = {
    "uniform": "RandomUniform",
    "normal": "RandomNormal",
    "truncated normal": "TruncatedNormal",
    "glorot uniform": "GlorotUniform",
    "he normal": "HeNormal",
    "orthogonal": "Orthogonal",
}

_GIVEN = """\
calls = []


def note(shape, dtype=None, **_):
    calls.append({"shape": tuple(shape), "dtype": getattr(dtype, "name", dtype)})
    return keras.initializers.Zeros()(shape, dtype=dtype)


class Noting(keras.initializers.Initializer):
    def __call__(self, shape, dtype=None, **_):
        return note(shape, dtype)


initializers = {
    "function": note,
    "instance": Noting(),
    "class": Noting,
    "no dtype": lambda shape: note(shape, dtype),
    "array": np.ones(shape, "float32"),
    "name": "no such initializer",
    "number": 3,
}
layer = keras.layers.Dense(shape[1], kernel_initializer=initializers[given], use_bias=False, dtype=dtype)
layer.build((None, shape[0]))
actual = calls"""

_WEIGHT = """\
given = tensor(returned) if holder == "tensor" else returned
layer = keras.layers.Dense(
    shape[1], kernel_initializer=lambda shape, dtype=None, **_: given, use_bias=False, dtype=dtype
)
layer.build((None, shape[0]))
kernel = layer.kernel
said = getattr(kernel.dtype, "name", kernel.dtype)
actual = {"value": layer.get_weights()[0], "shape": tuple(kernel.shape), "dtype": said}"""

_SEED = """\
names = {"uniform": "RandomUniform", "normal": "RandomNormal", "truncated normal": "TruncatedNormal"}
names |= {"glorot uniform": "GlorotUniform", "he normal": "HeNormal", "orthogonal": "Orthogonal"}


def make(seed):
    if plan == "global":
        keras.utils.set_random_seed(5)
    return getattr(keras.initializers, names[initializer])(seed=seed)


def draw(made):
    if plan != "two layers":
        return numpy(made(shape, dtype=dtype))
    layer = keras.layers.Dense(shape[1], kernel_initializer=made, use_bias=False, dtype=dtype)
    layer.build((None, shape[0]))
    return layer.get_weights()[0]


first = make(seed)
one = draw(first)
other = seed + 1 if plan == "other seed" and seed is not None else seed
two = draw(first if plan == "one object" else make(other))
actual = [0, 0 if one.tobytes() == two.tobytes() else 1]"""


class KerasInitializers(KerasBase):
    """Initializers of one's own, and those of keras.initializers."""

    def binary_coins(self, shape: tuple[int, ...], probability: float, route: str) -> Any:
        """A bool tensor of coins, made by the framework's own draws."""
        raise NotImplementedError

    def binary_chosen(self, coins: Any, values: tuple[int, int], dtype: Any) -> Any:
        """The upper value where a coin is true, the lower elsewhere."""
        raise NotImplementedError

    def binary_initializer(self, values: tuple[int, int], probability: float, route: str) -> Any:
        """An initializer as a user would write it."""

        def binary_weights(shape: Any, dtype: Any = None, **_: Any) -> Any:
            return self.binary_chosen(self.binary_coins(tuple(shape), probability, route), values, dtype)

        return binary_weights

    @operation("initializers.binary", kind="composed")
    def binary_draws(
        self,
        shape: tuple[int, ...],
        dtype: str,
        values: tuple[int, int],
        probability: float,
        route: str,
        calls: int,
        seed: int,
    ) -> Any:
        """What the initializer returns, call by call, after the global seed was set once."""
        self.keras.utils.set_random_seed(seed)
        initializer = self.binary_initializer(values, probability, route)
        with self.place():
            return [self.tensors.array(initializer(shape, dtype=dtype)) for _ in range(calls)]

    @operation("initializers.kernel", kind="composed")
    def initializer_kernel(
        self,
        layer: str,
        sizes: tuple[int, ...],
        dtype: str,
        values: tuple[int, int],
        probability: float,
        seed: int,
    ) -> Any:
        """The kernel when built, and which of built, called and trained are the same."""
        self.keras.utils.set_random_seed(seed)
        initializer = self.binary_initializer(values, probability, "uniform")
        with self.place():
            made, inputs = self._initialized_layer(layer, sizes, dtype, initializer)
            states = [made.get_weights()[0]]
            made(inputs)
            states.append(made.get_weights()[0])
            self._one_step(made, inputs)
            states.append(made.get_weights()[0])
        return [states[0]], coincide(states)

    def _initialized_layer(
        self, layer: str, sizes: tuple[int, ...], dtype: str, initializer: Any
    ) -> tuple[Any, Any]:
        """A built layer, and an input whose sum of outputs has the gradient one in every weight."""
        layers = self.keras.layers
        if layer == "Embedding":
            made = layers.Embedding(*sizes, embeddings_initializer=initializer, dtype=dtype)
            made.build(None)
            return made, self.tensors.tensor(np.arange(sizes[0], dtype=np.int32))
        made = (
            layers.Dense(sizes[1], kernel_initializer=initializer, use_bias=False, dtype=dtype)
            if layer == "Dense"
            else layers.Conv1D(
                sizes[2], sizes[0], kernel_initializer=initializer, use_bias=False, dtype=dtype
            )
        )
        made.build((None, *sizes[:-1]))
        return made, self.tensors.tensor(np.ones((1, *sizes[:-1]), dtype))

    def _one_step(self, layer: Any, inputs: Any) -> None:
        """One step of SGD on the sum of the outputs."""
        ones = self.tensors.tensor(np.ones_like(self.tensors.array(layer(inputs))))
        _, gradients = self.tensors.layer_gradient(layer, [inputs], ones)
        optimizer = self.keras.optimizers.SGD(0.5)
        optimizer.apply_gradients(zip(gradients, layer.trainable_variables, strict=True))

    @operation("initializers.call", script=_GIVEN)
    def initializer_call(self, given: str, shape: tuple[int, int], dtype: str) -> Any:
        """What the initializer of a Dense layer was called with."""
        calls: list[dict[str, Any]] = []

        def note(shape: Any, dtype: Any = None, **_: Any) -> Any:
            calls.append({"shape": tuple(shape), "dtype": getattr(dtype, "name", dtype)})
            return self.keras.initializers.Zeros()(shape, dtype=dtype)

        class Noting(self.keras.initializers.Initializer):  # type: ignore[name-defined, misc]
            def __call__(self, shape: Any, dtype: Any = None, **_: Any) -> Any:
                return note(shape, dtype)

        initializers = {
            "function": note,
            "instance": Noting(),
            "class": Noting,
            "no dtype": lambda shape: note(shape, dtype),
            "array": np.ones(shape, "float32"),
            "name": "no such initializer",
            "number": 3,
        }
        self._initialized_dense(shape, dtype, initializers[given])
        return calls

    @operation("initializers.weight", script=_WEIGHT)
    def initializer_weight(self, shape: tuple[int, int], dtype: str, returned: Array, holder: str) -> Any:
        """What the kernel of a Dense layer holds, and what it says of itself."""
        given = self.tensors.tensor(returned) if holder == "tensor" else returned
        layer = self._initialized_dense(shape, dtype, lambda shape, dtype=None, **_: given)
        kernel = layer.kernel
        said = getattr(kernel.dtype, "name", kernel.dtype)
        return {"value": np.asarray(layer.get_weights()[0]), "shape": tuple(kernel.shape), "dtype": said}

    def _initialized_dense(self, shape: tuple[int, int], dtype: str, initializer: Any) -> Any:
        with self.place():
            layer = self.keras.layers.Dense(
                shape[1], kernel_initializer=initializer, use_bias=False, dtype=dtype
            )
            layer.build((None, shape[0]))
        return layer

    @operation("initializers.seed", script=_SEED)
    def initializer_seeds(
        self, initializer: str, seed: int | None, plan: str, shape: tuple[int, int], dtype: str
    ) -> Any:
        """Which of two draws are the same."""

        def make(seed: int | None) -> Any:
            if plan == "global":
                self.keras.utils.set_random_seed(5)
            if initializer == "binary":
                return self.binary_initializer((0, 1), 0.5, "categorical")
            return getattr(self.keras.initializers, NAMES[initializer])(seed=seed)

        def draw(made: Any) -> Array:
            if plan == "two layers":
                return np.asarray(self._initialized_dense(shape, dtype, made).get_weights()[0])
            return np.asarray(self.tensors.array(made(shape, dtype=dtype)))

        with self.place(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras 2 warns of an object without a seed that is called again
            first = make(seed)
            one = draw(first)
            other = seed + 1 if plan == "other seed" and seed is not None else seed
            return coincide([one, draw(first if plan == "one object" else make(other))])


class Keras3Initializers(KerasInitializers):
    """With keras.random and keras.ops."""

    def binary_coins(self, shape: tuple[int, ...], probability: float, route: str) -> Any:
        random, ops = self.keras.random, self.keras.ops
        if route == "categorical":
            logits = ops.log(ops.convert_to_tensor([[1 - probability, probability]]))
            return ops.reshape(random.categorical(logits, math.prod(shape)), shape) == 1
        if route == "binomial":
            return random.binomial(shape, 1, probability) == 1
        return random.uniform(shape) < probability

    def binary_chosen(self, coins: Any, values: tuple[int, int], dtype: Any) -> Any:
        lower, upper = values
        return self.keras.ops.cast(self.keras.ops.where(coins, upper, lower), dtype)

    @operation("initializers.generator")
    def initializer_generators(
        self, initializer: str, seed: int, plan: str, shape: tuple[int, int], dtype: str
    ) -> Any:
        """Which of two draws are the same, of one SeedGenerator or of two."""
        kind = getattr(self.keras.initializers, NAMES[initializer])
        with self.place():
            first = kind(seed=self.keras.random.SeedGenerator(seed))
            second = first if plan == "one generator" else kind(seed=self.keras.random.SeedGenerator(seed))
            return coincide([self.tensors.array(made(shape, dtype=dtype)) for made in (first, second)])


class TensorFlowRecipe(KerasInitializers):
    """The function of the seed's answer, which needs TensorFlow."""

    @operation("initializers.recipe", kind="composed")
    def initializer_recipe(self, shape: tuple[int, ...], dtype: str, seed: int) -> Any:
        """What the function returns, as the answer has it."""
        tf = self.tensors.tf  # type: ignore[attr-defined]
        self.keras.utils.set_random_seed(seed)
        with self.place():
            logits = tf.fill((shape[0], 2), 0.5)
            return [
                self.tensors.array(tf.cast(tf.random.categorical(tf.math.log(logits), shape[1]), dtype=dtype))
            ]


class Keras2Initializers(TensorFlowRecipe):
    """With the functions of TensorFlow and of tf_keras.backend."""

    def binary_coins(self, shape: tuple[int, ...], probability: float, route: str) -> Any:
        tf = self.tensors.tf  # type: ignore[attr-defined]
        if route == "categorical":
            logits = tf.math.log([[1 - probability, probability]])
            return tf.reshape(tf.random.categorical(logits, math.prod(shape)), shape) == 1
        if route == "binomial":
            return self.keras.backend.random_bernoulli(shape, probability) == 1
        return tf.random.uniform(shape) < probability

    def binary_chosen(self, coins: Any, values: tuple[int, int], dtype: Any) -> Any:
        tf = self.tensors.tf  # type: ignore[attr-defined]
        lower, upper = values
        return tf.cast(tf.where(coins, upper, lower), dtype)
