"""The operations of the chapter embedding on the models of transformers."""

from __future__ import annotations

from typing import Any

from backends.base import operation
from backends.engines.base import Array
from backends.torch_nn.embedding import TorchEmbedding

_MODEL = """\
config = transformers.BertConfig(
    vocab_size=len(table),
    hidden_size=table.shape[1],
    num_hidden_layers=0,
    num_attention_heads=1,
    intermediate_size=1,
    max_position_embeddings=1,
    pad_token_id=None,
    tie_word_embeddings={tie},
)
model = transformers.BertForMaskedLM(config)
with torch.no_grad():
    model.get_input_embeddings().weight.copy_(tensor(table))
"""


class HuggingFaceEmbedding(TorchEmbedding):
    """The input embeddings of a BERT without layers, which has no padding id."""

    transformers: Any
    _models: dict[tuple[Any, ...], Any]

    def config(self, vocabulary: int, dimension: int, **options: Any) -> Any:
        """The configuration of a BERT without layers."""
        return self.transformers.BertConfig(
            vocab_size=vocabulary,
            hidden_size=dimension,
            num_hidden_layers=0,
            num_attention_heads=1,
            intermediate_size=1,
            max_position_embeddings=1,
            **{"pad_token_id": None, **options},
        )

    def fresh_module(self, vocabulary: int, dimension: int, dtype: Any, **options: Any) -> Any:
        config = self.config(vocabulary, dimension, **options)
        return self.transformers.BertModel(config).to(dtype).get_input_embeddings()

    def table_module(self, table: Array, **options: Any) -> Any:
        weights = self.tensors.tensor(table)
        key = (*table.shape, table.dtype.name, *options.items())
        if key not in self._models:
            self._models[key] = self.fresh_module(table.shape[0], table.shape[1], weights.dtype, **options)
        module = self._models[key]
        with self.tensors.torch.no_grad():
            module.weight.copy_(weights)
        return module

    def trainable_module(self, table: Array, **options: Any) -> Any:
        return self.table_module(table, **options)

    @operation(
        "embedding.padding",
        script=_MODEL.format(tie="False").replace("pad_token_id=None", "pad_token_id=padding_idx")
        + "module = model.get_input_embeddings()\n"
        "output = module(tensor(ids))\n"
        "output.backward(tensor(upstream))\n"
        "actual = numpy(output), numpy(module.weight.grad)",
    )
    def padded(self, table: Array, ids: Array, upstream: Array, padding_idx: int) -> Any:
        """The output, and the gradient of the table, with a padding row."""
        engine = self.tensors
        module = self.table_module(table, pad_token_id=padding_idx)
        output, gradients = engine.layer_gradient(module, [engine.tensor(ids)], engine.tensor(upstream))
        return engine.array(output), engine.array(gradients[0])

    @operation(
        "embedding.padding-row",
        script="config = transformers.BertConfig(\n"
        "    vocab_size=vocabulary, hidden_size=16, num_hidden_layers=0, num_attention_heads=1,\n"
        "    max_position_embeddings=1, pad_token_id=padding_idx\n)\n"
        "weight = transformers.BertModel(config).get_input_embeddings().weight\n"
        "actual = numpy((weight == 0).all(dim=1))",
    )
    def padding_rows(self, vocabulary: int, padding_idx: int | None) -> Any:
        """Which rows of a new model's table are all zeros."""
        module = self.fresh_module(vocabulary, 16, self.tensors.torch.float32, pad_token_id=padding_idx)
        return self.tensors.array((module.weight == 0).all(dim=1))

    def language_model(self, table: Array, tie: bool) -> Any:
        """A masked language model with this input table."""
        model = self.transformers.BertForMaskedLM(self.config(*table.shape, tie_word_embeddings=tie))
        with self.tensors.torch.no_grad():
            model.get_input_embeddings().weight.copy_(self.tensors.tensor(table))
        return model

    @operation(
        "embedding.resize",
        script=_MODEL.format(tie="tied") + "resize = model.resize_token_embeddings\n"
        'asked = {"mean_resizing": False} if "mean_resizing" in resize.__code__.co_varnames else {}\n'
        "new = numpy(resize(size, **asked).weight)\n"
        "output = model.get_output_embeddings().weight\n"
        'actual = {"shape": new.shape, "kept": new[: len(table)], "vocab_size": model.config.vocab_size, '
        '"output": tuple(output.shape)}',
    )
    def resized(self, table: Array, size: int, tied: bool) -> Any:
        """The new shapes, the rows that are kept, and the size in the configuration."""
        model = self.language_model(table, tied)
        resize = model.resize_token_embeddings
        # Before 4.46 there is no other way than not to take the mean, and no name for it.
        asked = {"mean_resizing": False} if "mean_resizing" in resize.__code__.co_varnames else {}
        new = self.tensors.array(resize(size, **asked).weight)
        output = model.get_output_embeddings().weight
        return {
            "shape": new.shape,
            "kept": new[: len(table)],
            "vocab_size": model.config.vocab_size,
            "output": tuple(output.shape),
        }

    @operation(
        "embedding.tied",
        script=_MODEL.format(tie="tie")
        + "both = model.get_input_embeddings(), model.get_output_embeddings()\n"
        "tables = {id(module.weight) for module in both}\n"
        "output = numpy(model.get_output_embeddings().weight)\n"
        "actual = np.array_equal(output, table), len(tables)",
    )
    def tied(self, table: Array, tie: bool) -> Any:
        """Whether the output's table equals the input's, and how many tables there are."""
        model = self.language_model(table, tie)
        output = self.tensors.array(model.get_output_embeddings().weight)
        tables = {id(model.get_input_embeddings().weight), id(model.get_output_embeddings().weight)}
        return bool((output == table).all()), len(tables)
