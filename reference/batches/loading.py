"""PyTorch's way from data to batches: datasets, loaders, random splits, weighted samplers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference.batches.flowing import sizes
from reference.clause import reading
from reference.errors import LengthMismatch, Refused
from reference.outcomes import Coins, Shuffled, picked
from reference.sources import torch

Array = np.ndarray[Any, Any]

_LOADER = torch("utils/data/dataloader.py", "DataLoader")
_SAMPLER = torch("utils/data/sampler.py", "WeightedRandomSampler")


@reading("batches.loader", "torch", source=(_LOADER, torch("utils/data/dataset.py", "TensorDataset")))
def loader(
    tensors: list[Array],
    chosen: list[int] | None,
    batch: int,
    drop: bool,
    shuffle: bool,
    seed: int,
    epochs: int,
) -> list[list[Array]] | Shuffled:
    """A loader over a TensorDataset gives each sample once an epoch, with all that belongs to it.

    tensors: of (samples, ...): images, targets, weights. chosen: of a Subset, or None for all.
    batch: samples a batch. drop: drop_last. seed: of the loader's generator. epochs: how many.
    Returns a list with every batch of all epochs, each a list with a part of every tensor.

    [rows] What stands in one place of a batch MUST be of one sample, in every tensor.
    [order] Without shuffling the order MUST be that of the tensors, or of the subset's indices.
    [chosen] A Subset MUST have the samples that it names, as often as it names them.
    [last] The last batch MUST be what remains, and MUST be left out with drop_last.
    [shuffled] With shuffling any order MUST do, each epoch anew.
    [dtype] Every tensor MUST keep its dtype.
    [lengths] Tensors of different numbers of samples MUST be refused.
    """
    if len({len(tensor) for tensor in tensors}) > 1:
        text = f"tensors of {[len(tensor) for tensor in tensors]} samples"
        raise LengthMismatch(text, shows_as=("AssertionError", "ValueError"))  # [lengths]
    own = np.arange(len(tensors[0])) if chosen is None else np.array(chosen, np.int64)  # [chosen]
    form = picked(tensors, own)  # [rows] [dtype]
    cut = tuple(size for size in sizes(len(own), batch) if size == batch or not drop)  # [last]
    if shuffle:
        return Shuffled(form, cut, epochs, seed)  # [shuffled]
    starts = range(0, batch * len(cut), batch)
    return [picked(form, slice(start, start + batch)) for _ in range(epochs) for start in starts]  # [order]


@reading("batches.random-split", "torch", source=torch("utils/data/dataset.py", "random_split"))
def random_split(samples: int, lengths: list[int] | list[float], seed: int) -> Shuffled:
    """random_split deals the samples out at random: every one to just one part.

    samples: how many. lengths: of the parts, or fractions of 1. seed: of the generator.
    Returns a list with the samples of every part, int64.

    [parts] Every sample MUST be in one part and no other; which, is random.
    [lengths] The parts MUST have the lengths that were asked for.
    [fractions] Of numbers that sum up to 1 a part MUST get the floor of its fraction of the samples,
        and what is left MUST be given out one by one, the first part first.
    [sum] Lengths that do not add up to the samples MUST be refused.
    """
    counts = [int(length) for length in lengths]
    if math.isclose(sum(lengths), 1):
        counts = [math.floor(samples * share) for share in lengths]
        for turn in range(samples - sum(counts)):
            counts[turn % len(counts)] += 1  # [fractions]
    elif sum(lengths) != samples:
        raise Refused(f"{lengths} do not add up to {samples}")  # [sum]
    return Shuffled(np.arange(samples), tuple(counts), 1, seed)  # [parts] [lengths]


@reading("batches.sampler", "torch", source=_SAMPLER)
def sampler(labels: Array, weights: Array, draws: int, seed: int) -> Coins:
    """A weight of WeightedRandomSampler is how often a sample comes, and no factor of its loss.

    labels: int64 (samples,), 0 or 1. weights: float64 (samples,), not negative, of any sum.
    draws: how many samples an epoch has, with replacement. seed: of the sampler's generator.
    Returns a list of one array, int64 (draws,): the labels of the samples that came.

    [probability] A sample MUST come with probability weight ÷ sum of the weights, every time.
    [independence] The draws MUST be independent of each other: a sample may come again at once.
    [draws] There MUST be as many as asked for, whatever the number of samples.
    """
    share = float(weights[labels == 1].sum() / weights.sum())  # [probability] [independence]
    return Coins(1, (draws,), "int64", (0, 1), share, seed)  # [draws]


@reading("batches.distinct", "torch", source=_SAMPLER)
def distinct(weights: Array, draws: int, epochs: int, seed: int) -> Shuffled:
    """Without replacement a sample comes at most once an epoch, and never with a weight of 0.

    weights: float64 (samples,), not negative. draws: how many samples an epoch has. epochs: how
    many. seed: of the sampler's generator. Returns a list of int64 (draws,), one an epoch.

    [once] A sample MUST come at most once an epoch.
    [never] A sample of weight 0 MUST not come.
    [too-many] More draws than samples of a weight above 0 MUST be refused.
    """
    able = np.flatnonzero(weights > 0)  # [never]
    if draws > len(able):
        text = f"{draws} draws of {len(able)} samples that can come"
        raise Refused(text, shows_as=("RuntimeError", "ValueError"))  # [too-many]
    return Shuffled(able, (draws,), epochs, seed)  # [once]
