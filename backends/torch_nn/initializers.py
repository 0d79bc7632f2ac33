"""The operations of the chapter initializers, on torch and torch.nn.init."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from backends.base import Unsupported, coincide, operation
from backends.codec import dtype_named
from backends.engines.adapter import EngineBackend
from backends.engines.base import Array
from backends.engines.torch import TorchEngine

NAMES = {
    "uniform": "uniform_",
    "normal": "normal_",
    "truncated normal": "trunc_normal_",
    "glorot uniform": "xavier_uniform_",
    "he normal": "kaiming_normal_",
    "orthogonal": "orthogonal_",
}

_GENERATOR = """\
names = {"uniform": "uniform_", "normal": "normal_", "truncated normal": "trunc_normal_"}
names |= {"glorot uniform": "xavier_uniform_", "he normal": "kaiming_normal_", "orthogonal": "orthogonal_"}
fill = getattr(torch.nn.init, names[initializer])
first = torch.Generator().manual_seed(seed)
second = first if plan == "one generator" else torch.Generator().manual_seed(seed)
one, two = (fill(torch.empty(shape), generator=g).numpy().tobytes() for g in (first, second))
actual = [0, 0 if one == two else 1]"""


class TorchInitializers(EngineBackend):
    """Weights that are filled in place."""

    tensors: TorchEngine

    def _coins(self, shape: tuple[int, ...], probability: float, route: str) -> Any:
        torch = self.tensors.torch
        if route == "categorical":
            weights = torch.tensor([1 - probability, probability])
            return torch.multinomial(weights, math.prod(shape), replacement=True).reshape(shape) == 1
        if route == "binomial":
            return torch.empty(shape).bernoulli_(probability) == 1
        return torch.rand(shape) < probability

    def _chosen(self, coins: Any, values: tuple[int, int], dtype: str) -> Any:
        lower, upper = values
        return self.tensors.torch.where(coins, upper, lower).to(getattr(self.tensors.torch, dtype))

    @operation("initializers.binary", kind="composed")
    def binary_draws(
        self,
        shape: tuple[int, ...],
        dtype: str,
        values: tuple[int, int],
        probability: float,
        route: str,
        calls: int,
        seed: int,
    ) -> Any:
        """Tensors of coins, after the global seed was set once."""
        self.tensors.torch.manual_seed(seed)
        with self.tensors.place():
            drawn = [
                self._chosen(self._coins(shape, probability, route), values, dtype) for _ in range(calls)
            ]
        return [self.tensors.array(tensor) for tensor in drawn]

    @operation("initializers.kernel", kind="composed")
    def initializer_kernel(
        self,
        layer: str,
        sizes: tuple[int, ...],
        dtype: str,
        values: tuple[int, int],
        probability: float,
        seed: int,
    ) -> Any:
        """The weight when filled, and which of filled, called and trained are the same."""
        torch, tensors = self.tensors.torch, self.tensors
        torch.manual_seed(seed)
        with tensors.place():
            module, inputs = self._initialized_module(layer, sizes, getattr(torch, dtype), dtype)
            with torch.no_grad():
                module.weight.copy_(
                    self._chosen(
                        self._coins(tuple(module.weight.shape), probability, "binomial"), values, dtype
                    )
                )
            states = [tensors.array(module.weight)]
            output = module(inputs)
            states.append(tensors.array(module.weight))
            output.sum().backward()
            torch.optim.SGD(module.parameters(), lr=0.5).step()
            states.append(tensors.array(module.weight))
        return [states[0]], coincide(states)

    def _initialized_module(
        self, layer: str, sizes: tuple[int, ...], kind: Any, dtype: str
    ) -> tuple[Any, Any]:
        """A module without bias, and an input whose sum of outputs has the gradient one in every weight."""
        nn = self.tensors.torch.nn
        if layer == "Embedding":
            return nn.Embedding(*sizes, dtype=kind), self.tensors.tensor(np.arange(sizes[0]))
        if layer == "Dense":
            ones = np.ones((1, sizes[0]), dtype_named(dtype))
            return nn.Linear(*sizes, bias=False, dtype=kind), self.tensors.tensor(ones)
        width, inputs, filters = sizes
        ones = np.ones((1, inputs, width), dtype_named(dtype))
        return nn.Conv1d(inputs, filters, width, bias=False, dtype=kind), self.tensors.tensor(ones)

    @operation("initializers.seed")
    def initializer_seeds(
        self, initializer: str, seed: int | None, plan: str, shape: tuple[int, int], dtype: str
    ) -> Any:
        """Which of two draws are the same."""
        if seed is not None:
            raise Unsupported(
                "the functions of torch.nn.init take no seed; a torch.Generator takes its place"
            )

        def draw() -> Array:
            if plan == "global":
                self.tensors.torch.manual_seed(5)
            with self.tensors.place():
                return self._filled(initializer, shape, dtype)

        return coincide([draw(), draw()])

    def _filled(self, initializer: str, shape: tuple[int, int], dtype: str, **options: Any) -> Array:
        torch = self.tensors.torch
        weight = torch.empty(shape, dtype=getattr(torch, dtype))
        if initializer == "binary":
            return np.asarray(self.tensors.array(weight.bernoulli_(0.5)))
        return np.asarray(self.tensors.array(getattr(torch.nn.init, NAMES[initializer])(weight, **options)))

    @operation("initializers.generator", script=_GENERATOR)
    def initializer_generators(
        self, initializer: str, seed: int, plan: str, shape: tuple[int, int], dtype: str
    ) -> Any:
        """Which of two draws are the same, of one generator or of two."""
        torch = self.tensors.torch
        first = torch.Generator(self.tensors.torch_device).manual_seed(seed)
        second = (
            first if plan == "one generator" else torch.Generator(self.tensors.torch_device).manual_seed(seed)
        )
        with self.tensors.place():
            return coincide([self._filled(initializer, shape, dtype, generator=g) for g in (first, second)])
