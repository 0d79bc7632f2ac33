"""The order of a generator: which samples are in which batch, and what stays together."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from reference.batches.draws import orders, transform
from reference.clause import reading
from reference.errors import LengthMismatch, Refused, TypeRefused
from reference.outcomes import Coins, Shuffled, picked
from reference.sources import keras, keras_preprocessing, tf_keras, torch

Array = np.ndarray[Any, Any]

ITERATOR = keras_preprocessing("image/iterator.py", "Iterator")
NUMPY_ITERATOR = keras_preprocessing("image/numpy_array_iterator.py", "NumpyArrayIterator")
OF_KERAS_2 = tf_keras("preprocessing/image.py", "NumpyArrayIterator")
OF_KERAS_3 = keras("v3.15.1", "legacy/preprocessing/image.py", "NumpyArrayIterator")


@reading("batches.flow", "keras-2.2", source=(ITERATOR, NUMPY_ITERATOR))
@reading("batches.flow", "keras-2", source=(tf_keras("preprocessing/image.py", "Iterator"), OF_KERAS_2))
@reading(
    "batches.flow",
    "keras-3",
    source=(keras("v3.15.1", "legacy/preprocessing/image.py", "Iterator"), OF_KERAS_3),
)
def flow(
    images: Array,
    extra: Array | None,
    y: Array | None,
    weights: Array | None,
    batch: int,
    shuffle: bool,
    seed: int | None,
    epochs: int,
    route: str,
) -> list[Any] | Shuffled:
    """ImageDataGenerator().flow gives each sample once an epoch, with all that belongs to it.

    images: (samples, height, width, channels). extra: (samples, ...), that goes beside the images,
    or None. y, weights: (samples, ...), or None. batch: samples a batch. epochs: how many.
    route: "next", the iterator itself, or "index", item by item as a Sequence, with on_epoch_end.
    Returns a list with every batch of all epochs.

    [rows] Image, extra, target and weight in one place of a batch MUST be those of one sample.
    [epoch] An epoch MUST have every sample once, in ⌈samples ÷ batch⌉ batches, and the next follows.
    [last] The last batch of an epoch MUST be what remains.
    [order] Without shuffling the order MUST be that of the arrays.
    [seeded] With a seed the order of an epoch MUST be the permutation by numpy's legacy generator,
        seeded with seed + number of the steps before.
    [by-index] By index that MUST hold for the first epoch; on_epoch_end permutes anew with what the
        generator has come to: two numbers were drawn for each image of the last batch.
    [unseeded] Without a seed any order MUST do, each epoch anew.
    [form] A batch MUST be (x, y, weights), (x, y) without weights and x alone without y, even if
        there are weights; with an extra, x is the list [images, extra].
    [dtype] Images MUST come as float32; the others as they were given.
    [lengths] Extra, y or weights of another number of samples MUST be refused.
    [rank] Images that are not of rank 4 MUST be refused.
    """
    samples = len(images)
    for name, other in (("extra", extra), ("y", y), ("weights", weights)):
        if other is not None and len(other) != samples:
            text = f"{len(other)} {name} for {samples} images"
            raise LengthMismatch(text, shows_as=("ValueError",))  # [lengths]
    if images.ndim != 4:
        raise Refused(f"images of shape {images.shape} are not of rank 4")  # [rank]
    form = formed(images.astype(np.float32), extra, y, weights)  # [form] [dtype]
    if shuffle and seed is None:
        return Shuffled(form, sizes(samples, batch), epochs, 0)  # [unseeded]
    steps = -(-samples // batch) * epochs  # [epoch] [last]
    if route == "index":
        chosen = _by_index(samples, batch, shuffle, seed or 0)  # [by-index]
    else:
        chosen = (index for _, index in orders(samples, batch, shuffle, seed or 0))  # [order] [seeded]
    return [picked(form, index) for index in islice(chosen, steps)]  # [rows]


def formed(x: Any, extra: Array | None, y: Array | None, weights: Array | None) -> Any:
    """All samples in the form of a batch."""
    given = x if extra is None else [x, extra]
    if y is None:
        return given
    return (given, y) if weights is None else (given, y, weights)


def sizes(samples: int, batch: int) -> tuple[int, ...]:
    """How many samples the batches of an epoch have."""
    return tuple(min(batch, samples - start) for start in range(0, samples, batch))


def _by_index(samples: int, batch: int, shuffle: bool, seed: int) -> Iterator[Array]:
    """The batches of a sequence whose items are asked for in turn, and which is told of each end."""
    step, order = 0, np.arange(samples)
    if shuffle:
        order = np.random.RandomState(seed).permutation(samples)
    while True:
        for start in range(0, samples, batch):
            random = np.random.RandomState(seed + step)
            if shuffle and step == 0:
                random.permutation(samples)
            yield order[start : start + batch]
            for _ in order[start : start + batch]:
                transform(random, {}, 1, 1)
            step += 1
        if shuffle:
            order = random.permutation(samples)


@reading("batches.subset", "keras-2.2", source=NUMPY_ITERATOR)
def subset_keras_2_2(
    images: Array,
    y: Array | None,
    weights: Array | None,
    share: float,
    part: str,
    batch: int,
    shuffle: bool,
    seed: int,
    ignore: bool,
) -> list[Any]:
    """validation_split keeps the first samples for validation, and the rest for training.

    images, y, weights: as for batches.flow. share: of the validation. part: "training" or
    "validation". shuffle, seed: of the part. ignore: whether classes may differ.
    Returns a list with every batch of one epoch.

    [front] Validation MUST be the first ⌊samples · share⌋ samples, in the order of the arrays.
    [rest] Training MUST be all others, so that no sample is in both.
    [before] The parts MUST be cut before anything is shuffled, and the same for every seed.
    [weights] A sample MUST keep its weight, in either part.
    [classes] Parts in which not the same values of y occur MUST be refused: labels that are sorted,
        or a first part of empty masks alone.
    [ignore] There MUST be no way to allow that.
    [share] A share below 0, of 1, or beyond, MUST be refused.
    [part] A part of any other name MUST be refused.
    """
    if ignore:
        raise TypeRefused("flow has no ignore_class_split", shows_as=("TypeError",))  # [ignore]
    return _part(images, y, weights, share, part, batch, shuffle, seed, alike=True)


@reading("batches.subset", "keras-2", source=OF_KERAS_2)
@reading("batches.subset", "keras-3", source=OF_KERAS_3)
def subset(
    images: Array,
    y: Array | None,
    weights: Array | None,
    share: float,
    part: str,
    batch: int,
    shuffle: bool,
    seed: int,
    ignore: bool,
) -> list[Any]:
    """validation_split keeps the first samples for validation, and the rest for training.

    images, y, weights: as for batches.flow. share: of the validation. part: "training" or
    "validation". shuffle, seed: of the part. ignore: whether classes may differ.
    Returns a list with every batch of one epoch.

    [front] Validation MUST be the first ⌊samples · share⌋ samples, in the order of the arrays.
    [rest] Training MUST be all others, so that no sample is in both.
    [before] The parts MUST be cut before anything is shuffled, and the same for every seed.
    [weights] A sample MUST keep its weight, in either part.
    [classes] Parts in which not the same values of y occur MUST be refused: labels that are sorted,
        or a first part of empty masks alone.
    [ignore] With ignore_class_split they MUST be accepted.
    [share] A share below 0, of 1, or beyond, MUST be refused.
    [part] A part of any other name MUST be refused.
    """
    return _part(images, y, weights, share, part, batch, shuffle, seed, alike=not ignore)  # [ignore]


def _part(
    images: Array,
    y: Array | None,
    weights: Array | None,
    share: float,
    part: str,
    batch: int,
    shuffle: bool,
    seed: int,
    alike: bool,
) -> list[Any]:
    if not 0 < share < 1:
        raise Refused(f"a share of {share} is not between 0 and 1")  # [share]
    if part not in ("training", "validation"):
        raise Refused(f"there is no part {part!r}")  # [part]
    first = int(len(images) * share)
    if y is not None and alike and not np.array_equal(np.unique(y[:first]), np.unique(y[first:])):
        raise Refused("the two parts have not the same classes")  # [classes]
    own = np.arange(first) if part == "validation" else np.arange(first, len(images))  # [front] [rest]
    form = picked(formed(images.astype(np.float32), None, y, weights), own)  # [weights] [before]
    steps = -(-len(own) // batch)
    return [picked(form, index) for _, index in islice(orders(len(own), batch, shuffle, seed), steps)]


@reading("batches.order", "keras-2.2", source=ITERATOR)
@reading("batches.order", "keras-2", source=tf_keras("preprocessing/image.py", "Iterator"))
@reading("batches.order", "keras-3", source=keras("v3.15.1", "legacy/preprocessing/image.py", "Iterator"))
@reading("batches.order", "torch", source=torch("utils/data/sampler.py", "RandomSampler"))
def order(epochs: int, seed: int) -> Coins:
    """Shuffling two samples is a fair coin, thrown anew in every epoch.

    Two samples, labeled 0 and 1, are shuffled, in batches of one. epochs: how many.
    seed: of the framework's global generator, set once.
    Returns a list of one array, int64 (epochs,): the label that comes first in each epoch.

    [fair] Each of the two MUST come first with probability one half.
    [anew] An epoch MUST be shuffled independently of those before.
    """
    return Coins(1, (epochs,), "int64", (0, 1), 0.5, seed)  # [fair] [anew]
