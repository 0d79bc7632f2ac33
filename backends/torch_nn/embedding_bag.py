"""The operations of the chapter embedding on torch.nn.EmbeddingBag and torch.nn.functional.embedding_bag."""

from __future__ import annotations

from typing import Any

from backends.base import operation
from backends.engines.adapter import EngineBackend
from backends.engines.base import Array
from backends.engines.torch import TorchEngine


class TorchEmbeddingBag(EngineBackend):
    """torch.nn.EmbeddingBag."""

    tensors: TorchEngine

    @operation(
        "embedding.bag",
        script="module = torch.nn.EmbeddingBag.from_pretrained(\n"
        "    tensor(table), mode=mode, padding_idx=padding_idx, include_last_offset=include_last_offset\n)\n"
        "given = [None if array is None else tensor(array) for array in (ids, offsets, weights)]\n"
        "actual = numpy(module(*given))",
    )
    def bagged(
        self,
        table: Array,
        ids: Array,
        offsets: Array | None,
        mode: str,
        padding_idx: int | None,
        weights: Array | None,
        include_last_offset: bool,
    ) -> Any:
        """The module's output."""
        engine = self.tensors
        module = engine.torch.nn.EmbeddingBag.from_pretrained(
            engine.tensor(table), mode=mode, padding_idx=padding_idx, include_last_offset=include_last_offset
        )
        return engine.array(module(engine.tensor(ids), engine.tensor(offsets), engine.tensor(weights)))

    @operation(
        "embedding.bag-gradient",
        script="table, given, begins = tensor(table).requires_grad_(), tensor(ids), None\n"
        "if offsets is not None:\n"
        "    begins = tensor(offsets)\n"
        "if weights is not None:\n"
        "    weights = tensor(weights).requires_grad_()\n"
        "output = torch.nn.functional.embedding_bag(\n"
        "    given, table, begins, mode=mode, padding_idx=padding_idx, per_sample_weights=weights,\n"
        "    scale_grad_by_freq=scale_grad_by_freq, sparse=sparse\n)\n"
        "output.backward(tensor(upstream))\n"
        "actual = numpy(table.grad.to_dense()), None if weights is None else numpy(weights.grad)",
    )
    def bag_gradient(
        self,
        table: Array,
        ids: Array,
        offsets: Array | None,
        upstream: Array,
        mode: str,
        padding_idx: int | None,
        weights: Array | None,
        scale_grad_by_freq: bool,
        sparse: bool,
    ) -> Any:
        """The gradients of the table, made dense, and of the weights."""
        engine = self.tensors
        given, begins = engine.tensor(ids), engine.tensor(offsets)

        def call(table: Any, scales: Any = None) -> Any:
            return engine.torch.nn.functional.embedding_bag(
                given,
                table,
                begins,
                mode=mode,
                padding_idx=padding_idx,
                per_sample_weights=scales,
                scale_grad_by_freq=scale_grad_by_freq,
                sparse=sparse,
            )

        leaves = [engine.tensor(array) for array in (table, weights) if array is not None]
        _, gradients = engine.gradient(call, leaves, engine.tensor(upstream))
        of_table, of_weights, *_ = (*gradients, None)
        return engine.array(of_table), engine.array(of_weights)
