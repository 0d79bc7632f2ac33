"""The operations of the chapter batches, on torch.utils.data."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from backends.engines.adapter import EngineBackend
from backends.engines.base import Array
from backends.engines.torch import TorchEngine

_IMPORT = (
    "from torch.utils.data import DataLoader, Subset, TensorDataset, WeightedRandomSampler, random_split\n\n"
)

_LOADER = _IMPORT + (
    "dataset = TensorDataset(*map(tensor, tensors))\n"
    "dataset = dataset if chosen is None else Subset(dataset, chosen)\n"
    "generator = torch.Generator().manual_seed(seed)\n"
    "loader = DataLoader(dataset, batch, shuffle, drop_last=drop, generator=generator)\n"
    "actual = [[numpy(part) for part in one] for _ in range(epochs) for one in loader]"
)

_SPLIT = _IMPORT + (
    "generator = torch.Generator().manual_seed(seed)\n"
    "actual = [np.array(part.indices, np.int64) for part in random_split(range(samples), lengths, generator)]"
)

_ORDER = _IMPORT + (
    "torch.manual_seed(seed)\n"
    "loader = DataLoader(TensorDataset(torch.arange(2)), 1, shuffle=True)\n"
    "actual = [np.concatenate([numpy(next(iter(loader))[0]) for _ in range(epochs)])]"
)

_SAMPLER = _IMPORT + (
    "generator = torch.Generator().manual_seed(seed)\n"
    "sampler = WeightedRandomSampler(weights, draws, generator=generator)\n"
    "actual = [numpy(TensorDataset(tensor(labels))[list(sampler)][0])]"
)

_DISTINCT = _IMPORT + (
    "generator = torch.Generator().manual_seed(seed)\n"
    "sampler = WeightedRandomSampler(weights, draws, replacement=False, generator=generator)\n"
    "actual = [np.array(list(sampler), np.int64) for _ in range(epochs)]"
)

_WEIGHTS = (
    _IMPORT
    + """\
if net == "dense":
    layers = [torch.nn.Flatten(), torch.nn.Linear(kernels[0].shape[0], 1, bias=False)]
else:
    filters = kernels[0].shape[-1]
    layers = [torch.nn.Conv2d(1, filters, 3, padding=1, bias=False), torch.nn.ReLU()]
    layers += [torch.nn.Conv2d(filters, 1, 1, bias=False), torch.nn.Flatten()]
model = torch.nn.Sequential(*layers)
there, back = ((1, 0), (1, 0)) if net == "dense" else ((3, 2, 0, 1), (2, 3, 1, 0))
with torch.no_grad():
    for parameter, kernel in zip(model.parameters(), kernels):
        parameter.copy_(tensor(kernel).permute(there))
weighing = np.ones(len(images), np.float32) if weights is None else weights
flat = y.reshape(len(y), -1)
dataset = TensorDataset(tensor(images).permute(0, 3, 1, 2), tensor(flat), tensor(weighing))
optimizer, losses = torch.optim.SGD(model.parameters(), lr=rate), []
for _ in range(epochs):
    for x, target, own in DataLoader(dataset, batch):
        loss = torch.nn.BCEWithLogitsLoss(weight=own[:, None])(model(x), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(numpy(loss))
actual = losses, [numpy(parameter.permute(back)) for parameter in model.parameters()]"""
)


class TorchBatches(EngineBackend):
    """Datasets, loaders, splits and samplers."""

    tensors: TorchEngine

    def _seeded(self, seed: int) -> Any:
        return self.tensors.torch.Generator().manual_seed(seed)

    @operation("batches.loader", script=_LOADER)
    def loader(
        self,
        tensors: list[Array],
        chosen: list[int] | None,
        batch: int,
        drop: bool,
        shuffle: bool,
        seed: int,
        epochs: int,
    ) -> Any:
        """The batches of some epochs of a DataLoader."""
        data, engine = self.tensors.torch.utils.data, self.tensors
        dataset = data.TensorDataset(*map(engine.tensor, tensors))
        dataset = dataset if chosen is None else data.Subset(dataset, chosen)
        loader = data.DataLoader(dataset, batch, shuffle, drop_last=drop, generator=self._seeded(seed))
        return [[engine.array(part) for part in one] for _ in range(epochs) for one in loader]

    @operation("batches.random-split", script=_SPLIT)
    def random_split(self, samples: int, lengths: list[Any], seed: int) -> Any:
        """The indices of every part."""
        parts = self.tensors.torch.utils.data.random_split(range(samples), lengths, self._seeded(seed))
        return [np.array(part.indices, np.int64) for part in parts]

    @operation("batches.order", script=_ORDER)
    def order(self, epochs: int, seed: int) -> Any:
        """The first of two labels, epoch by epoch."""
        torch = self.tensors.torch
        torch.manual_seed(seed)
        dataset = torch.utils.data.TensorDataset(torch.arange(2))
        loader = torch.utils.data.DataLoader(dataset, 1, shuffle=True)
        return [np.concatenate([next(iter(loader))[0].numpy() for _ in range(epochs)])]

    @operation("batches.sampler", script=_SAMPLER)
    def sampler(self, labels: Array, weights: Array, draws: int, seed: int) -> Any:
        """The labels of the samples of one epoch."""
        data = self.tensors.torch.utils.data
        sampler = data.WeightedRandomSampler(weights, draws, generator=self._seeded(seed))
        return [self.tensors.array(data.TensorDataset(self.tensors.tensor(labels))[list(sampler)][0])]

    @operation("batches.distinct", script=_DISTINCT)
    def distinct(self, weights: Array, draws: int, epochs: int, seed: int) -> Any:
        """The samples of some epochs, drawn without replacement."""
        sampler = self.tensors.torch.utils.data.WeightedRandomSampler(
            weights, draws, replacement=False, generator=self._seeded(seed)
        )
        return [np.array(list(sampler), np.int64) for _ in range(epochs)]

    @operation("batches.weights", kind="composed", script=_WEIGHTS)
    def weights_in_batches(
        self,
        images: Array,
        y: Array,
        weights: Array | None,
        kernels: list[Array],
        net: str,
        batch: int,
        epochs: int,
        rate: float,
    ) -> Any:
        """The losses of a user's loop over a DataLoader, and the parameters at the end."""
        torch, engine = self.tensors.torch, self.tensors
        there, back = ((1, 0), (1, 0)) if net == "dense" else ((3, 2, 0, 1), (2, 3, 1, 0))
        model = _net(torch.nn, net, kernels[0].shape).to(engine.torch_device)
        with torch.no_grad():
            for parameter, kernel in zip(model.parameters(), kernels, strict=True):
                parameter.copy_(engine.tensor(kernel).permute(there))
        weighing = np.ones(len(images), np.float32) if weights is None else weights
        flat = engine.tensor(y).flatten(1)
        dataset = torch.utils.data.TensorDataset(
            engine.tensor(images).permute(0, 3, 1, 2), flat, engine.tensor(weighing)
        )
        optimizer, losses = torch.optim.SGD(model.parameters(), lr=rate), []
        for x, target, own in [
            one for _ in range(epochs) for one in torch.utils.data.DataLoader(dataset, batch)
        ]:
            loss = torch.nn.BCEWithLogitsLoss(weight=own[:, None])(model(x), target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(engine.array(loss))
        return losses, [engine.array(parameter.permute(back)) for parameter in model.parameters()]


def _net(nn: Any, net: str, shape: tuple[int, ...]) -> Any:
    if net == "dense":
        return nn.Sequential(nn.Flatten(), nn.Linear(shape[0], 1, bias=False))
    first, second = nn.Conv2d(1, shape[-1], 3, padding=1, bias=False), nn.Conv2d(shape[-1], 1, 1, bias=False)
    return nn.Sequential(first, nn.ReLU(), second, nn.Flatten())
