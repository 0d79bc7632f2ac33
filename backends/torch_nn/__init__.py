"""PyTorch: torch.nn and torch.nn.functional."""

from __future__ import annotations

from typing import ClassVar

from backends.base import source_of
from backends.engines.torch import TorchEngine
from backends.torch_nn import graphs
from backends.torch_nn.averages import TorchAverages
from backends.torch_nn.batches import TorchBatches
from backends.torch_nn.composition import TorchComposition
from backends.torch_nn.embedding_bag import TorchEmbeddingBag
from backends.torch_nn.embedding_options import TorchEmbeddingOptions
from backends.torch_nn.initializers import TorchInitializers
from backends.torch_nn.losses import TorchLosses
from backends.torch_nn.masking import TorchMasking
from backends.torch_nn.transformer import TorchTransformer

TORCH_HELPERS = """

def tensor(array):
    if array.dtype.name == "bfloat16":
        return torch.from_numpy(array.astype("float32")).bfloat16()
    return torch.from_numpy(array)


def numpy(value):
    if value.dtype == torch.bfloat16:
        import ml_dtypes

        return value.detach().float().numpy().astype(ml_dtypes.bfloat16)
    return value.detach().numpy()"""


class Torch(
    TorchEmbeddingOptions,
    TorchEmbeddingBag,
    TorchInitializers,
    TorchMasking,
    TorchAverages,
    TorchTransformer,
    TorchLosses,
    TorchBatches,
    TorchComposition,
):
    """PyTorch in eager mode."""

    name = "torch"
    dialect = "torch"
    engine = "torch"
    packages = ("torch",)
    oldest = "2.13.0"
    preamble = "import numpy as np\nimport torch\n" + TORCH_HELPERS
    helpers: ClassVar[dict[str, str]] = {"build": source_of(graphs)}
    without: ClassVar[dict[str, str]] = {
        **TorchMasking.masking_without,
        "merging.mask": "PyTorch has no masks that travel with tensors, so no layer merges them",
        "embedding.mask": "torch.nn.Embedding makes no mask",
        "transformer.attentions": "torch.nn.TransformerEncoderLayer does not give its attention weights",
    }

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        self.tensors = TorchEngine(device)
