"""The operations of the chapter embedding that torch alone has: padding, frequency, sparseness, norms."""

from __future__ import annotations

from typing import Any

from backends.base import operation
from backends.engines.base import Array
from backends.torch_nn.embedding import TorchEmbedding, torch_options


class TorchEmbeddingOptions(TorchEmbedding):
    """The options of torch.nn.Embedding and torch.nn.functional.embedding."""

    @operation(
        "embedding.pretrained",
        script="options = {} if freeze is None else {'freeze': freeze}\n"
        "module = torch.nn.Embedding.from_pretrained(tensor(table), **options)\n"
        "actual = numpy(module.weight), module.weight.requires_grad",
    )
    def pretrained(self, table: Array, freeze: bool | None) -> Any:
        """The table of a module that was made from one, and whether it is trainable."""
        options = {} if freeze is None else {"freeze": freeze}
        module = self.tensors.torch.nn.Embedding.from_pretrained(self.tensors.tensor(table), **options)
        return self.tensors.array(module.weight), module.weight.requires_grad

    @operation(
        "embedding.padding",
        script="options = {'freeze': False, 'padding_idx': padding_idx}\n"
        "module = torch.nn.Embedding.from_pretrained(tensor(table), **options)\n"
        "output = module(tensor(ids))\n"
        "output.backward(tensor(upstream))\n"
        "actual = numpy(output), numpy(module.weight.grad)",
    )
    def padded(self, table: Array, ids: Array, upstream: Array, padding_idx: int) -> Any:
        """The output, and the gradient of the table, with a padding row."""
        engine = self.tensors
        module = self.trainable_module(table, padding_idx=padding_idx)
        output, gradients = engine.layer_gradient(module, [engine.tensor(ids)], engine.tensor(upstream))
        return engine.array(output), engine.array(gradients[0])

    @operation(
        "embedding.padding-row",
        script="module = torch.nn.Embedding(vocabulary, 16, padding_idx=padding_idx)\n"
        "actual = numpy((module.weight == 0).all(dim=1))",
    )
    def padding_rows(self, vocabulary: int, padding_idx: int | None) -> Any:
        """Which rows of a new table are all zeros."""
        with self.tensors.place():
            module = self.tensors.torch.nn.Embedding(vocabulary, 16, padding_idx=padding_idx)
        return self.tensors.array((module.weight == 0).all(dim=1))

    @operation(
        "embedding.frequency",
        script="weight = torch.nn.Parameter(tensor(table))\n"
        "output = torch.nn.functional.embedding(\n"
        "    tensor(ids), weight, padding_idx=padding_idx, scale_grad_by_freq=True, sparse=sparse\n)\n"
        "output.backward(tensor(upstream))\n"
        "actual = numpy(weight.grad.to_dense())",
    )
    def scaled_by_frequency(
        self, table: Array, ids: Array, upstream: Array, padding_idx: int | None, sparse: bool
    ) -> Any:
        """The gradient of the table, scaled by the frequency of the ids."""
        engine, embedding = self.tensors, self.tensors.torch.nn.functional.embedding
        given = engine.tensor(ids)
        _, gradients = engine.gradient(
            lambda weight: embedding(given, weight, padding_idx, scale_grad_by_freq=True, sparse=sparse),
            [engine.tensor(table)],
            engine.tensor(upstream),
        )
        return engine.array(gradients[0])

    @operation(
        "embedding.sparse",
        script="weight = torch.nn.Parameter(tensor(table))\n"
        "for _ in range(times):\n"
        "    given = tensor(ids)\n"
        "    output = torch.nn.functional.embedding(given, weight, padding_idx=padding_idx, sparse=True)\n"
        "    output.backward(tensor(upstream))\n"
        "actual = weight.grad.is_sparse, numpy(weight.grad.to_dense())",
    )
    def sparsely(self, table: Array, ids: Array, upstream: Array, padding_idx: int | None, times: int) -> Any:
        """Whether the accumulated gradient of the table is sparse, and the gradient made dense."""
        module = self.trainable_module(table, padding_idx=padding_idx, sparse=True)
        for _ in range(times):
            module(self.tensors.tensor(ids)).backward(self.tensors.tensor(upstream))
        gradient = module.weight.grad
        return gradient.is_sparse, self.tensors.array(gradient.to_dense())

    @operation(
        "embedding.lazy-step",
        script="options_of_table = {'freeze': False, 'sparse': True}\n"
        "module = torch.nn.Embedding.from_pretrained(tensor(table.copy()), **options_of_table)\n"
        "betas = options['beta_1'], options['beta_2']\n"
        "stepper = torch.optim.SparseAdam(\n"
        "    module.parameters(), lr=options['learning_rate'], betas=betas, eps=options['epsilon']\n)\n"
        "for batch, arriving in zip(ids, upstream):\n"
        "    stepper.zero_grad()\n"
        "    module(tensor(batch)).backward(tensor(arriving))\n"
        "    stepper.step()\n"
        "actual = numpy(module.weight)",
    )
    def stepped_lazily(
        self, table: Array, ids: list[Array], upstream: list[Array], options: dict[str, float]
    ) -> Any:
        """The table after one step of SparseAdam for each batch."""
        module = self.trainable_module(table, sparse=True)
        stepper = self.tensors.torch.optim.SparseAdam(module.parameters(), **torch_options(options))
        return self.train(module, stepper, ids, upstream)

    @operation(
        "embedding.max-norm",
        script="weight = tensor(table.copy())\n"
        "norm = {'max_norm': max_norm, 'norm_type': norm_type}\n"
        "output = torch.nn.functional.embedding(tensor(ids), weight, **norm)\n"
        "actual = numpy(output), numpy(weight)",
    )
    def renormalized(self, table: Array, ids: Array, max_norm: float, norm_type: float) -> Any:
        """The output, and the table afterwards, with a largest norm."""
        engine = self.tensors
        weight = engine.to_tensor(table)
        output = engine.torch.nn.functional.embedding(
            engine.tensor(ids), weight, max_norm=max_norm, norm_type=norm_type
        )
        return engine.array(output), engine.array(weight)
