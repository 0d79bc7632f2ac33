"""PyTorch as an engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from backends.base import MissingDevice
from backends.codec import dtype_named
from backends.engines.base import Array, Engine

_BFLOAT16 = dtype_named("bfloat16")


class TorchEngine(Engine):
    """PyTorch, one thread, on any device that it has."""

    name = "torch"

    def __init__(self, device: str) -> None:
        super().__init__(device)
        import torch

        self.torch = torch
        torch.set_num_threads(1)
        self.torch_device = self._device(device)

    def _device(self, asked: str) -> Any:
        torch = self.torch
        accelerator = torch.accelerator.current_accelerator(check_available=True)
        counts = {"cpu": 1}
        if accelerator is not None:
            counts[accelerator.type] = torch.accelerator.device_count()
        kind, _, number = asked.partition(":")
        if kind == "gpu" and accelerator is not None:
            kind = accelerator.type
        index = int(number or 0)
        if index >= counts.get(kind, 0):
            there = ", ".join(f"{kind}:{i}" for kind, n in counts.items() for i in range(n))
            raise MissingDevice(f"torch has no device {asked!r}; the devices here are {there}")
        return torch.device("cpu") if kind == "cpu" else torch.device(kind, index)

    def place(self) -> AbstractContextManager[Any]:
        return self.torch_device  # type: ignore[no-any-return]

    def to_tensor(self, array: Array) -> Any:
        if array.dtype == _BFLOAT16:
            tensor = self.torch.from_numpy(array.view(np.int16).copy()).view(self.torch.bfloat16)
        else:
            tensor = self.torch.from_numpy(array.copy())
        return tensor.to(self.torch_device)

    @property
    def device_of_record(self) -> str:
        return str(self.torch_device)

    def where(self, tensor: Any) -> str:
        return str(tensor.device)

    def to_numpy(self, tensor: Any) -> Array:
        tensor = tensor.detach().to("cpu").resolve_neg().resolve_conj()
        if tensor.dtype == self.torch.bfloat16:
            bits: Array = tensor.contiguous().view(self.torch.int16).numpy()
            return bits.view(_BFLOAT16).copy()
        return tensor.numpy().copy()  # type: ignore[no-any-return]

    def gradient(
        self, function: Callable[..., Any], values: Sequence[Any], upstream: Any
    ) -> tuple[Any, list[Any]]:
        leaves = [value.detach().requires_grad_() for value in values]
        output = function(*leaves)
        return output, self._pull(output, leaves, upstream)

    def layer_gradient(
        self, layer: Callable[..., Any], inputs: Sequence[Any], upstream: Any
    ) -> tuple[Any, list[Any]]:
        output = layer(*inputs)
        if isinstance(layer, self.torch.nn.Module) and not hasattr(layer, "trainable_variables"):
            return output, self._pull(output, list(layer.parameters()), upstream)
        weights = [variable.value for variable in layer.trainable_variables]  # type: ignore[attr-defined]
        return output, self._pull(output, weights, upstream)

    def _pull(self, output: Any, leaves: Sequence[Any], upstream: Any) -> list[Any]:
        gradients = self.torch.autograd.grad(output, leaves, upstream, allow_unused=True)
        return [g.to_dense() if g is not None and g.is_sparse else g for g in gradients]

    def identity(self) -> dict[str, Any]:
        torch = self.torch
        name = torch.cuda.get_device_name(self.torch_device) if self.torch_device.type == "cuda" else ""
        return {
            "device": self.device_of_record,
            "device_name": name,
            "modes": {
                "threads": torch.get_num_threads(),
                "float32_matmul_precision": torch.get_float32_matmul_precision(),
                "cudnn_allow_tf32": bool(torch.backends.cudnn.allow_tf32),
                "mkldnn": bool(torch.backends.mkldnn.is_available()),
            },
        }
