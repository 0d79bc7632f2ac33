"""Keras: tf.keras as TensorFlow ships it, tf_keras, and Keras 3 on torch and on JAX."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from backends.base import Fault, Unsupported, source_of
from backends.engines.jax import JaxEngine
from backends.engines.tensorflow import TensorFlowEngine
from backends.engines.torch import TorchEngine
from backends.keras_layers import graphs
from backends.keras_layers.averages import KerasAverages
from backends.keras_layers.batches import WITHOUT_GENERATORS, KerasBatches, KerasGenerators
from backends.keras_layers.composition import KerasComposition
from backends.keras_layers.embedding import KerasEmbedding
from backends.keras_layers.embedding_table import KerasEmbeddingTable
from backends.keras_layers.embedding_training import KerasEmbeddingTraining
from backends.keras_layers.initializers import Keras2Initializers, Keras3Initializers, TensorFlowRecipe
from backends.keras_layers.joining import KerasJoining
from backends.keras_layers.masking import KerasMasking
from backends.keras_layers.merging import KerasMerging
from backends.keras_layers.recurrent import KerasRecurrent
from backends.keras_layers.text import WITHOUT_TEXT, KerasText
from backends.keras_layers.transformer import KerasTransformer

_WITHOUT_TENSORFLOW = (
    WITHOUT_TEXT
    | WITHOUT_GENERATORS
    | {"initializers.recipe": "the function of the answer is written for TensorFlow"}
)

_TENSORFLOW_HELPERS = """
tensor = tf.constant


def numpy(value):
    return value.numpy() if isinstance(value, tf.Tensor) else value"""

_KERAS_3_HELPERS = """
import keras

tensor = keras.ops.convert_to_tensor


def numpy(value):
    return None if value is None else keras.ops.convert_to_numpy(value)"""


_GRAPHS = {"build": source_of(graphs)}

_PRODUCT = "def product(left, right):\n    return {sum}(left * right)"

_KERAS_3_SHARED = {
    "product": _PRODUCT.format(sum="keras.ops.sum"),
    "one_hot": "def one_hot(ids, size, dtype):\n    return keras.ops.one_hot(ids, size, dtype=dtype)",
    "matmul": "matmul = keras.ops.matmul",
}

_TAPE = {
    "dataset": "def dataset(given, batch):\n"
    "    return tf.data.Dataset.from_tensor_slices(given).batch(batch)",
    "gradients": "def gradients(function, at, arriving):\n"
    "    with tf.GradientTape() as tape:\n"
    "        tape.watch(at)\n"
    "        output = function(*at)\n"
    "    return tape.gradient(output, at, arriving)",
    "model_gradient": "def model_gradient(model, given, arriving):\n"
    "    with tf.GradientTape() as tape:\n"
    "        output = model(given)\n"
    "    weights = [getattr(variable, 'value', variable) for variable in model.trainable_variables]\n"
    "    weights = [w if not callable(w) else v for w, v in zip(weights, model.trainable_variables)]\n"
    "    pulled = tape.gradient(output, weights, output_gradients=arriving)\n"
    "    return output, [tf.convert_to_tensor(one) for one in pulled]",
    "function_gradient": "def function_gradient(function, at, arriving):\n"
    "    with tf.GradientTape() as tape:\n"
    "        tape.watch(at)\n"
    "        output = function(at)\n"
    "    return output, tf.convert_to_tensor(tape.gradient(output, at, output_gradients=arriving))",
    "layer_gradient": "def layer_gradient(layer, given, arriving):\n"
    "    with tf.GradientTape() as tape:\n"
    "        output = layer(given)\n"
    "    weight = getattr(layer.weights[0], 'value', layer.weights[0])\n"
    "    weight = layer.weights[0] if callable(weight) else weight\n"
    "    return output, tf.convert_to_tensor(tape.gradient(output, weight, output_gradients=arriving))",
}

_AUTOGRAD = {
    "dataset": "def dataset(given, batch):\n"
    "    import torch.utils.data as data\n\n"
    "    return data.DataLoader(data.TensorDataset(*map(tensor, given)), batch)",
    "gradients": "def gradients(function, at, arriving):\n"
    "    leaves = [value.detach().requires_grad_() for value in at]\n"
    "    function(*leaves).backward(arriving)\n"
    "    return [leaf.grad for leaf in leaves]",
    "model_gradient": "def model_gradient(model, given, arriving):\n"
    "    import torch\n\n"
    "    output = model(given)\n"
    "    weights = [variable.value for variable in model.trainable_variables]\n"
    "    return output, torch.autograd.grad(output, weights, arriving)",
    "function_gradient": "def function_gradient(function, at, arriving):\n"
    "    at.requires_grad_()\n"
    "    output = function(at)\n"
    "    output.backward(arriving)\n"
    "    return output, at.grad",
    "layer_gradient": "def layer_gradient(layer, given, arriving):\n"
    "    output = layer(given)\n"
    "    output.backward(arriving)\n"
    "    return output, layer.weights[0].value.grad",
}

_VJP = {
    "dataset": "def dataset(given, batch):\n"
    "    class Batches(keras.utils.PyDataset):\n"
    "        def __len__(self):\n"
    "            return len(range(0, len(given[0]), batch))\n\n"
    "        def __getitem__(self, index):\n"
    "            return tuple(part[index * batch : (index + 1) * batch] for part in given)\n\n"
    "    return Batches()",
    "gradients": "def gradients(function, at, arriving):\n"
    "    import jax\n\n"
    "    output, pull = jax.vjp(function, *at)\n"
    "    return pull(arriving.astype(output.dtype))",
    "model_gradient": "def model_gradient(model, given, arriving):\n"
    "    import jax\n\n"
    "    weights, fixed = ([v.value for v in part] for part in "
    "(model.trainable_variables, model.non_trainable_variables))\n"
    "    call = lambda *weights: model.stateless_call(list(weights), fixed, given)[0]\n"
    "    output, pull = jax.vjp(call, *weights)\n"
    "    return output, pull(arriving)",
    "function_gradient": "def function_gradient(function, at, arriving):\n"
    "    import jax\n\n"
    "    output, pull = jax.vjp(function, at)\n"
    "    return output, pull(arriving)[0]",
    "layer_gradient": "def layer_gradient(layer, given, arriving):\n"
    "    import jax\n\n"
    "    call = lambda weight: layer.stateless_call([weight], [], given)[0]\n"
    "    output, pull = jax.vjp(call, layer.weights[0].value)\n"
    "    return output, pull(arriving)[0]",
}


class Keras3(
    KerasEmbedding,
    KerasEmbeddingTable,
    KerasEmbeddingTraining,
    Keras3Initializers,
    KerasMasking,
    KerasMerging,
    KerasRecurrent,
    KerasJoining,
    KerasAverages,
    KerasTransformer,
    KerasBatches,
    KerasComposition,
):
    """Keras 3 on the engine of the subclass."""

    dialect = "keras-3"
    recipe = "keras_masked_average"
    packages: ClassVar[tuple[str, ...]] = ("keras",)
    oldest = "3.3.3"

    def _import(self) -> None:
        os.environ["KERAS_BACKEND"] = self.engine
        import keras

        self.keras = keras
        if keras.backend.backend() != self.engine:
            raise Fault(
                f"Keras already runs on {keras.backend.backend()} in this process, and {self.name} "
                f"needs {self.engine}: leave out --in-process, or name one Keras backend"
            )

    def place(self) -> AbstractContextManager[Any]:
        return self.keras.device(self._keras_device)  # type: ignore[no-any-return]

    @property
    def _keras_device(self) -> str:
        kind, _, index = self.device.partition(":")
        return f"{'cpu' if kind == 'cpu' else 'gpu'}:{index or 0}"

    def one_hot(self, ids: Any, vocabulary: int, dtype: str) -> Any:
        return self.keras.ops.one_hot(ids, vocabulary, dtype=dtype)

    def matmul(self, left: Any, right: Any) -> Any:
        return self.keras.ops.matmul(left, right)

    def product(self, left: Any, right: Any) -> Any:
        return self.keras.ops.sum(left * right)

    def loss_object(self, reduction: str | None, dtype: str) -> Any:
        made = self.keras.losses.MeanSquaredError
        chosen = {} if reduction == "default" else {"reduction": reduction}
        if "dtype" in made.__init__.__code__.co_varnames:
            return made(dtype=dtype, **chosen)
        if dtype != self.keras.config.floatx():
            raise Unsupported("before Keras 3.4 a loss takes no dtype and computes in that of floatx()")
        return made(**chosen)


class Tf(KerasText, TensorFlowRecipe, KerasGenerators, Keras3):
    """tf.keras as TensorFlow ships it, which is Keras 3."""

    name = "tf"
    helpers: ClassVar[dict[str, str]] = _GRAPHS | _KERAS_3_SHARED | _TAPE
    engine = "tensorflow"
    packages = ("keras", "tensorflow")
    preamble = (
        "import numpy as np\nimport tensorflow as tf\nfrom tensorflow import keras\n" + _TENSORFLOW_HELPERS
    )

    def __init__(self, device: str = "cpu") -> None:
        super().__init__(device)
        os.environ["KERAS_BACKEND"] = self.engine
        self.tensors = TensorFlowEngine(device)
        self._import()

    @property
    def text_functions(self) -> Any:
        return self.tensors.tf.keras.preprocessing.text  # type: ignore[attr-defined]

    @property
    def image_functions(self) -> Any:
        return self.tensors.tf.keras.preprocessing.image  # type: ignore[attr-defined]


class KerasTorch(Keras3):
    """Keras 3 on PyTorch."""

    name = "keras-torch"
    helpers: ClassVar[dict[str, str]] = _GRAPHS | _KERAS_3_SHARED | _AUTOGRAD
    engine = "torch"
    packages = ("keras", "torch")
    without: ClassVar[dict[str, str]] = _WITHOUT_TENSORFLOW
    preamble = 'import os\n\nimport numpy as np\n\nos.environ["KERAS_BACKEND"] = "torch"' + _KERAS_3_HELPERS

    def __init__(self, device: str = "cpu") -> None:
        super().__init__(device)
        self.tensors = TorchEngine(device)
        self._import()

    @property
    def _keras_device(self) -> str:
        # Under the name "cpu:0" a variable is a copy of a parameter and cannot be trained.
        return "cpu" if self.device == "cpu" else super()._keras_device

    def dataset(self, given: tuple[Any, ...], batch: int) -> Any:
        data = self.tensors.torch.utils.data  # type: ignore[attr-defined]
        return data.DataLoader(data.TensorDataset(*map(self.tensors.tensor, given)), batch)


class KerasJax(Keras3):
    """Keras 3 on JAX, with JAX's defaults: 64-bit types are off."""

    name = "keras-jax"
    helpers: ClassVar[dict[str, str]] = _GRAPHS | _KERAS_3_SHARED | _VJP
    engine = "jax"
    packages = ("keras", "jax")
    without: ClassVar[dict[str, str]] = _WITHOUT_TENSORFLOW
    dtypes = ("float32", "float16", "bfloat16")
    preamble = 'import os\n\nimport numpy as np\n\nos.environ["KERAS_BACKEND"] = "jax"' + _KERAS_3_HELPERS

    def __init__(self, device: str = "cpu") -> None:
        super().__init__(device)
        self.tensors = JaxEngine(device)
        self._import()

    def dataset(self, given: tuple[Any, ...], batch: int) -> Any:
        class Batches(self.keras.utils.PyDataset):  # type: ignore[misc, name-defined]
            def __len__(self) -> int:
                return len(range(0, len(given[0]), batch))

            def __getitem__(self, index: int) -> tuple[Any, ...]:
                return tuple(part[index * batch : (index + 1) * batch] for part in given)

        return Batches()


class TfLegacy(
    KerasText,
    KerasEmbedding,
    KerasEmbeddingTable,
    KerasEmbeddingTraining,
    Keras2Initializers,
    KerasMasking,
    KerasMerging,
    KerasRecurrent,
    KerasJoining,
    KerasAverages,
    KerasTransformer,
    KerasGenerators,
    KerasComposition,
):
    """tf_keras, where Keras 2 lives on."""

    name = "tf-legacy"
    helpers: ClassVar[dict[str, str]] = (
        _GRAPHS
        | _TAPE
        | {
            "product": _PRODUCT.format(sum="tf.reduce_sum"),
            "one_hot": "def one_hot(ids, size, dtype):\n    return tf.one_hot(ids, size, dtype=dtype)",
            "matmul": "matmul = tf.matmul",
        }
    )
    dialect = "keras-2"
    recipe = "tf_keras_masked_average"
    engine = "tensorflow"
    packages = ("tf_keras", "tensorflow")
    oldest = "2.16.0"
    preamble = "import numpy as np\nimport tensorflow as tf\nimport tf_keras as keras\n" + _TENSORFLOW_HELPERS
    huber_dtype = "float32"

    def __init__(self, device: str = "cpu") -> None:
        super().__init__(device)
        self.tensors = TensorFlowEngine(device)
        import tf_keras

        self.keras = tf_keras
        self.tf = self.tensors.tf

    @property
    def image_functions(self) -> Any:
        return self.keras.preprocessing.image

    def one_hot(self, ids: Any, vocabulary: int, dtype: str) -> Any:
        return self.tf.one_hot(ids, vocabulary, dtype=dtype)

    def matmul(self, left: Any, right: Any) -> Any:
        return self.tf.matmul(left, right)

    def product(self, left: Any, right: Any) -> Any:
        return self.tf.reduce_sum(left * right)

    def loss_object(self, reduction: str | None, dtype: str) -> Any:
        chosen = {} if reduction == "default" else {"reduction": reduction}
        return self.keras.losses.MeanSquaredError(**chosen)
