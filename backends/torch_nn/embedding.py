"""The operations of the chapter embedding, on torch.nn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backends.base import operation
from backends.codec import dtype_named
from backends.engines.adapter import EngineBackend
from backends.engines.base import Array
from backends.engines.torch import TorchEngine

_GRADIENT = """\
weight = torch.nn.Parameter(tensor(table))
torch.nn.functional.embedding(tensor(ids), weight).backward(tensor(upstream))
actual = numpy(weight.grad)"""

_EQUIVALENCE = """\
weight, given = torch.nn.Parameter(tensor(table)), tensor(ids)
if route == "lookup":
    output = torch.nn.functional.embedding(given, weight)
else:
    one_hot = torch.nn.functional.one_hot(given.long(), len(table)).to(weight.dtype)
    output = one_hot @ weight if route == "one-hot" else torch.nn.functional.linear(one_hot, weight.T)
output.backward(tensor(upstream))
actual = numpy(output), numpy(weight.grad)"""


class TorchEmbedding(EngineBackend):
    """torch.nn.Embedding."""

    tensors: TorchEngine

    def table_module(self, table: Array) -> Any:
        """A module that holds the table and looks up ids."""
        return self.tensors.torch.nn.Embedding.from_pretrained(self.tensors.tensor(table), freeze=False)

    def fresh_module(self, vocabulary: int, dimension: int, dtype: Any) -> Any:
        """A new module, with a table of its own making."""
        return self.tensors.torch.nn.Embedding(vocabulary, dimension, dtype=dtype)

    @operation(
        "embedding.build",
        script="module = torch.nn.Embedding(vocabulary, dimension, dtype=getattr(torch, dtype))\n"
        "weights = list(module.parameters())\n"
        'actual = {"shapes": [tuple(w.shape) for w in weights], "dtype": str(weights[0].dtype)[6:]}',
    )
    def build(self, vocabulary: int, dimension: int, dtype: str) -> dict[str, Any]:
        """The shapes of all weights and the dtype of the first."""
        with self.tensors.place():
            module = self.fresh_module(vocabulary, dimension, getattr(self.tensors.torch, dtype))
        weights = [self.tensors.array(parameter) for parameter in module.parameters()]
        return {"shapes": [w.shape for w in weights], "dtype": weights[0].dtype.name}

    @operation(
        "embedding.lookup",
        script="module = torch.nn.Embedding.from_pretrained(tensor(table))\n"
        "actual = numpy(module(tensor(ids)))",
    )
    def lookup(self, table: Array, ids: Array) -> Any:
        """The module's output."""
        return self.tensors.array(self.table_module(table)(self.tensors.tensor(ids)))

    @operation(
        "embedding.containers",
        script="module = torch.nn.Embedding.from_pretrained(tensor(table))\n"
        "given = {'tensor': tensor, 'array': np.array, 'list': np.ndarray.tolist}[container](ids)\n"
        "actual = numpy(module(given))",
    )
    def contained(self, table: Array, ids: Array, container: str) -> Any:
        """The module's output for ids in a tensor, an array or a list."""
        put: dict[str, Callable[[Array], Any]] = {
            "tensor": self.tensors.tensor,
            "array": np.array,
            "list": np.ndarray.tolist,
        }
        return self.tensors.array(self.table_module(table)(put[container](ids)))

    @operation(
        "embedding.step",
        script="weight = torch.nn.Parameter(tensor(table.copy()))\n"
        "if optimizer == 'sgd':\n"
        "    stepper = torch.optim.SGD([weight], lr=options['learning_rate'])\n"
        "else:\n"
        "    betas = options['beta_1'], options['beta_2']\n"
        "    rates = {'lr': options['learning_rate'], 'betas': betas, 'eps': options['epsilon']}\n"
        "    stepper = torch.optim.Adam([weight], **rates)\n"
        "for batch, arriving in zip(ids, upstream):\n"
        "    stepper.zero_grad()\n"
        "    torch.nn.functional.embedding(tensor(batch), weight).backward(tensor(arriving))\n"
        "    stepper.step()\n"
        "actual = numpy(weight)",
    )
    def stepped(
        self, table: Array, ids: list[Array], upstream: list[Array], optimizer: str, options: dict[str, float]
    ) -> Any:
        """The table after one training step for each batch."""
        module = self.trainable_module(table)
        optimizers = {"sgd": self.tensors.torch.optim.SGD, "adam": self.tensors.torch.optim.Adam}
        stepper = optimizers[optimizer](module.parameters(), **torch_options(options))
        return self.train(module, stepper, ids, upstream)

    def trainable_module(self, table: Array, **options: Any) -> Any:
        """A module with a table of its own, that may be changed in place."""
        weights = self.tensors.to_tensor(table)
        return self.tensors.torch.nn.Embedding.from_pretrained(weights, freeze=False, **options)

    def train(self, module: Any, optimizer: Any, ids: list[Array], upstream: list[Array]) -> Array:
        """The module's table after one step of the optimizer for each batch."""
        for batch, arriving in zip(ids, upstream, strict=True):
            optimizer.zero_grad()
            module(self.tensors.tensor(batch)).backward(self.tensors.tensor(arriving))
            optimizer.step()
        table: Array = self.tensors.array(module.weight)
        return table

    @operation("embedding.gradient", script=_GRADIENT)
    def gradient(self, table: Array, ids: Array, upstream: Array) -> Any:
        """The gradient of the module's table."""
        return self.equivalence(table, ids, upstream, "lookup")[1]

    @operation("embedding.equivalence", kind="composed", script=_EQUIVALENCE)
    def equivalence(self, table: Array, ids: Array, upstream: Array, route: str) -> Any:
        """Output and gradient of the table by one of three routes."""
        engine, torch = self.tensors, self.tensors.torch
        given, arriving = engine.tensor(ids), engine.tensor(upstream)
        if route == "lookup":
            output, gradients = engine.layer_gradient(self.table_module(table), [given], arriving)
            return engine.array(output), engine.array(gradients[0])
        one_hot = torch.nn.functional.one_hot(given.long(), len(table)).to(arriving.dtype)
        product = torch.matmul if route == "one-hot" else _linear(torch)
        output, gradients = engine.gradient(
            lambda weights: product(one_hot, weights), [engine.tensor(table)], arriving
        )
        return engine.array(output), engine.array(gradients[0])

    def smoke(self) -> Any:
        """Round trips, and a module that keeps the weights that it is given."""
        yield from super().smoke()
        for name in self.dtypes:
            table = np.array([[1, 2], [3, 4]], dtype_named(name))
            (weights,) = self.table_module(table).parameters()
            yield f"weights of {name}", table, self.tensors.array(weights)


def torch_options(options: dict[str, float]) -> dict[str, Any]:
    """The options of an optimizer, by the names that torch has for them."""
    names = {"learning_rate": "lr", "epsilon": "eps"}
    betas = {"betas": (options["beta_1"], options["beta_2"])} if "beta_1" in options else {}
    return {names[name]: value for name, value in options.items() if name in names} | betas


def _linear(torch: Any) -> Any:
    """A Dense layer without bias: torch keeps its kernel transposed."""
    return lambda rows, weights: torch.nn.functional.linear(rows, weights.T)
