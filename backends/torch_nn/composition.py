"""The operations of the chapter composition, on torch.nn modules and the graphs of torch.fx."""

from __future__ import annotations

from typing import Any

from backends.base import operation
from backends.engines.adapter import EngineBackend
from backends.engines.torch import TorchEngine
from backends.torch_nn.graphs import build

Layers = dict[str, Any]


class TorchComposition(EngineBackend):
    """Modules made of plain data, and used as a user would."""

    tensors: TorchEngine

    def built(self, layers: Layers) -> dict[str, Any]:
        """The modules of a table by name."""
        with self.tensors.place():
            return build(self.tensors.torch, layers)

    @operation(
        "composition.call",
        kind="composed",
        script="module = build(torch, layers)[model].eval()\n"
        "if isinstance(data, dict):\n"
        "    actual = module(**{name: tensor(one) for name, one in data.items()})\n"
        "else:\n"
        "    actual = module(*[tensor(one) for one in (data if isinstance(data, list) else [data])])\n"
        "actual = [numpy(one) for one in actual] if isinstance(actual, (list, tuple)) else numpy(actual)",
    )
    def composed(self, layers: Layers, model: str, data: Any) -> Any:
        """A module of a graph, in eval mode, called with positional or keyword arguments."""
        module = self.built(layers)[model].eval()
        return self.arrays(self.called(module, data))

    def called(self, module: Any, data: Any) -> Any:
        """The module on a tensor, on the tensors of a list, or on those of a dict by name."""
        if isinstance(data, dict):
            return module(**{name: self.tensors.tensor(one) for name, one in data.items()})
        return module(*[self.tensors.tensor(one) for one in (data if isinstance(data, list) else [data])])

    def arrays(self, output: Any) -> Any:
        """An output, or a list of them, as arrays."""
        if isinstance(output, (list, tuple)):
            return [self.tensors.array(one) for one in output]
        return self.tensors.array(output)
