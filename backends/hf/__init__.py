"""Hugging Face transformers on PyTorch."""

from __future__ import annotations

from typing import Any, ClassVar

from backends.engines.torch import TorchEngine
from backends.hf.embedding import HuggingFaceEmbedding
from backends.hf.transformer import HuggingFaceTransformer
from backends.hf.weighting import HuggingFaceLabels
from backends.torch_nn import TORCH_HELPERS


class HuggingFace(HuggingFaceEmbedding, HuggingFaceTransformer, HuggingFaceLabels):
    """Models with the weights of the case, the tables of a BERT without layers, the losses of its heads."""

    name = "hf"
    dialect = "transformers"
    engine = "torch"
    packages = ("transformers", "torch")
    oldest = "4.40.2"
    preamble = "import numpy as np\nimport torch\nimport transformers\n" + TORCH_HELPERS
    without: ClassVar[dict[str, str]] = {
        **dict.fromkeys(
            (
                "merging.average-masked",
                "merging.average-masked-gradient",
                "merging.average-axis",
                "merging.average-axis-gradient",
            ),
            "transformers adds no averages to PyTorch's; the recipe is judged on the backend torch",
        ),
        "merging.mask": "transformers has no layer that merges masks",
        "embedding.mask": "the input embeddings of a model make no mask",
        **dict.fromkeys(
            (
                "embedding.pretrained",
                "embedding.frequency",
                "embedding.sparse",
                "embedding.lazy-step",
                "embedding.max-norm",
                "embedding.bag",
                "embedding.bag-gradient",
            ),
            "the models of transformers make their tables without this option of torch",
        ),
        **dict.fromkeys(
            ("masking.produce", "masking.pooling", "masking.packed"),
            "transformers leaves this to PyTorch: see the backend torch",
        ),
        **dict.fromkeys(
            ("losses.reduced-distance", "losses.reduced-binary", "losses.reduced-classes"),
            "the models of transformers call these losses of torch; see weighting.token-labels",
        ),
        **dict.fromkeys(
            (
                "batches.loader",
                "batches.random-split",
                "batches.order",
                "batches.sampler",
                "batches.distinct",
                "batches.weights",
            ),
            "transformers leaves batches to torch.utils.data: see the backend torch",
        ),
        **dict.fromkeys(
            (
                "composition.connectivity",
                "composition.call",
                "composition.sharing",
                "composition.freezing",
                "composition.step",
                "composition.gan",
                "composition.persistence",
                "composition.actions",
            ),
            "the models of transformers are modules of torch: see the backend torch",
        ),
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
