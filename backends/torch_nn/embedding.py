"""The operations of the chapter embedding, on torch.nn."""

from __future__ import annotations

from typing import Any

from backends.base import operation
from backends.codec import dtype_named
from backends.engines.adapter import EngineBackend
from backends.engines.base import Array
from backends.engines.torch import TorchEngine


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

    @operation("embedding.gradient")
    def gradient(self, table: Array, ids: Array, upstream: Array) -> Any:
        """The gradient of the module's table."""
        return self.equivalence(table, ids, upstream, "lookup")[1]

    @operation("embedding.equivalence", kind="composed")
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
        import numpy as np

        yield from super().smoke()
        for name in self.dtypes:
            table = np.array([[1, 2], [3, 4]], dtype_named(name))
            (weights,) = self.table_module(table).parameters()
            yield f"weights of {name}", table, self.tensors.array(weights)


def _linear(torch: Any) -> Any:
    """A Dense layer without bias: torch keeps its kernel transposed."""
    return lambda rows, weights: torch.nn.functional.linear(rows, weights.T)
