"""Hugging Face transformers on PyTorch."""

from __future__ import annotations

from typing import Any, ClassVar

from backends.engines.base import Array
from backends.engines.torch import TorchEngine
from backends.torch_nn import TORCH_HELPERS
from backends.torch_nn.embedding import TorchEmbedding


class HuggingFace(TorchEmbedding):
    """The input embeddings of a BertModel without layers, which has no padding id."""

    name = "hf"
    dialect = "transformers"
    engine = "torch"
    packages = ("transformers", "torch")
    preamble = "import numpy as np\nimport torch\nimport transformers\n" + TORCH_HELPERS
    without: ClassVar[dict[str, str]] = {
        "merging.mask": "transformers has no layer that merges masks",
        "embedding.mask": "the input embeddings of a model make no mask",
        **dict.fromkeys(
            ("initializers.binary", "initializers.kernel", "initializers.seed", "initializers.generator"),
            "transformers has no initializers to hand to a layer: it fills weights with torch.nn.init",
        ),
    }

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        self.tensors = TorchEngine(device)
        import transformers

        transformers.logging.set_verbosity_error()
        self.transformers = transformers
        self._models: dict[tuple[Any, ...], Any] = {}

    def fresh_module(self, vocabulary: int, dimension: int, dtype: Any) -> Any:
        config = self.transformers.BertConfig(
            vocab_size=vocabulary,
            hidden_size=dimension,
            num_hidden_layers=0,
            num_attention_heads=1,
            intermediate_size=1,
            max_position_embeddings=1,
            pad_token_id=None,
        )
        return self.transformers.BertModel(config).to(dtype).get_input_embeddings()

    def table_module(self, table: Array) -> Any:
        torch = self.tensors.torch
        weights = self.tensors.tensor(table)
        key = (*table.shape, table.dtype.name)
        if key not in self._models:
            self._models[key] = self.fresh_module(table.shape[0], table.shape[1], weights.dtype)
        module = self._models[key]
        with torch.no_grad():
            module.weight.copy_(weights)
        return module
