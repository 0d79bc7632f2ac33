"""From the generator to the gradient: what a weight does that came with its sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from reference.clause import reading
from reference.losses.entropies import logit_elements
from reference.outcomes import ORACLE, Bounded, Working
from reference.sources import keras, tf_keras, torch
from reference.tracked import Tracked, track

Array = np.ndarray[Any, Any]
Told = tuple[list[Bounded], list[Bounded]]
Shares = Callable[[Tracked], Tracked]
"""From the weights of a batch's samples, (samples, 1), to what their losses are multiplied with
before they are summed."""


@reading(
    "batches.weights",
    "keras-2.2",
    since="2.2.5",
    source=(
        keras("2.2.5", "engine/training_generator.py", "fit_generator"),
        keras("2.2.5", "engine/training_utils.py", "weighted_masked_objective"),
    ),
)
@np.errstate(all="ignore")
def weights_keras_2_2(
    images: Array,
    y: Array,
    weights: Array | None,
    kernels: list[Array],
    net: str,
    batch: int,
    epochs: int,
    rate: float,
    *,
    working: Working = ORACLE,
) -> Told:
    """A weight that comes with its sample multiplies the sample's loss, and so its part of every step.

    images: float32 (samples, height, width, 1), in batches without shuffling. y: float32 of 0 and 1.
    weights: float32 (samples,), or None. kernels: float32, of the net, without biases. net: "dense",
    one unit over all pixels, kernel (pixels, 1), y (samples, 1); or "flat", a convolution of 3 by 3
    with ReLU and one of 1 by 1, both to the size of the image, then flattened, y (samples, pixels).
    The loss is the cross-entropy of logits, the optimizer plain gradient descent with the rate.
    Returns the loss that fit reports of every epoch, and the kernels at the end.

    [own] A weight MUST multiply the loss of its own sample, in whatever batch that comes.
    [divisor] In a batch the sum MUST be divided by the number of weights that are not 0.
    [step] Every batch MUST move the kernels by −rate times the gradient of that.
    [epoch] An epoch MUST report the mean of its batches' losses, each as often as it has samples.
    """

    def shares(given: Tracked) -> Tracked:
        """Weights (samples, 1), divided by the number of those that are not 0."""
        counted = track((given.value != 0).astype(np.float32), given.form.dtype, working).mean()
        return given / counted / float(given.value.size)  # [divisor]

    return fitted(images, y, weights, kernels, net, batch, epochs, rate, shares, working)


def by_number(given: Tracked) -> Tracked:
    """Weights divided by the number of samples."""
    return given / float(given.value.size)


@reading(
    "batches.weights",
    "keras-2.3",
    source=(
        keras("2.3.1", "engine/training_generator.py", "fit_generator"),
        tf_keras("engine/training.py", "Model.fit"),
    ),
)
@reading(
    "batches.weights", "keras-3", since="3.2", source=keras("v3.15.1", "trainers/trainer.py", "Trainer.fit")
)
@np.errstate(all="ignore")
def weights_keras_2_3(
    images: Array,
    y: Array,
    weights: Array | None,
    kernels: list[Array],
    net: str,
    batch: int,
    epochs: int,
    rate: float,
    *,
    working: Working = ORACLE,
) -> Told:
    """A weight that comes with its sample multiplies the sample's loss, and so its part of every step.

    The arguments and what is returned are those of keras-2.2.

    [own] A weight MUST multiply the loss of its own sample, in whatever batch that comes.
    [divisor] In a batch the sum MUST be divided by the number of samples, whatever their weights,
        times that of the elements of each.
    [step] Every batch MUST move the kernels by −rate times the gradient of that.
    [epoch] An epoch MUST report the mean of its batches' losses, each as often as it has samples.
    """
    return fitted(images, y, weights, kernels, net, batch, epochs, rate, by_number, working)  # [divisor]


@reading(
    "batches.weights",
    "torch",
    source=(
        torch("nn/modules/loss.py", "BCEWithLogitsLoss"),
        torch("utils/data/dataset.py", "TensorDataset"),
    ),
)
@np.errstate(all="ignore")
def weights_torch(
    images: Array,
    y: Array,
    weights: Array | None,
    kernels: list[Array],
    net: str,
    batch: int,
    epochs: int,
    rate: float,
    *,
    working: Working = ORACLE,
) -> Told:
    """A weight in the dataset acts where the loss is given it, and multiplies its sample's part.

    images, y, weights, kernels, net, rate: as for Keras. A TensorDataset of them is loaded without
    shuffling, and each batch's weights, spread over the pixels of their images, are the `weight` of
    BCEWithLogitsLoss. Returns the loss of every batch, and the kernels at the end.

    [own] A weight MUST multiply the loss of its own sample, in whatever batch that comes.
    [divisor] In a batch the sum MUST be divided by the number of elements, whatever the weights.
    [step] Every batch MUST move the kernels by −rate times the gradient of that.
    """
    losses, ends = _steps(images, y, weights, kernels, net, batch, epochs, rate, by_number, working)
    return [loss.bounded() for loss, _ in losses], ends  # [divisor]


@reading(
    "batches.pixels",
    "keras-2.2",
    since="2.2.5",
    source=keras("2.2.5", "engine/training_utils.py", "weighted_masked_objective"),
)
@np.errstate(all="ignore")
def pixels_keras_2_2(
    images: Array,
    y: Array,
    weights: Array | None,
    kernels: list[Array],
    batch: int,
    epochs: int,
    rate: float,
    *,
    working: Working = ORACLE,
) -> Told:
    """Where the loss is one for each pixel, the weight of an image is that of all of its pixels.

    images, weights, kernels, rate: as for batches.weights. y: a mask for each image, of its shape:
    the net is that of two convolutions, and its output an image.
    Returns the loss that fit reports of every epoch, and the kernels at the end.

    [sample] The losses of an image MUST be averaged before its weight multiplies them.
    [divisor] In a batch the sum MUST be divided by the number of weights that are not 0.
    """
    net = "image"  # [sample] [divisor]
    return weights_keras_2_2(images, y, weights, kernels, net, batch, epochs, rate, working=working)


@reading("batches.pixels", "keras-2.3", source=tf_keras("engine/training.py", "Model.fit"))
@reading(
    "batches.pixels", "keras-3", since="3.2", source=keras("v3.15.1", "trainers/trainer.py", "Trainer.fit")
)
@np.errstate(all="ignore")
def pixels_keras_2_3(
    images: Array,
    y: Array,
    weights: Array | None,
    kernels: list[Array],
    batch: int,
    epochs: int,
    rate: float,
    *,
    working: Working = ORACLE,
) -> Told:
    """Where the loss is one for each pixel, the weight of an image is that of all of its pixels.

    The arguments and what is returned are those of keras-2.2.

    [sample] The weight of an image MUST multiply the losses of all of its pixels, and no others:
        fit documents an array of weights as one for each sample.
    [divisor] In a batch the sum MUST be divided by the number of pixels of all images.
    """
    net = "image"  # [sample] [divisor]
    return weights_keras_2_3(images, y, weights, kernels, net, batch, epochs, rate, working=working)


def fitted(
    images: Array,
    y: Array,
    weights: Array | None,
    kernels: list[Array],
    net: str,
    batch: int,
    epochs: int,
    rate: float,
    shares: Shares,
    working: Working,
) -> Told:
    """The losses of the epochs, and the kernels at the end."""
    losses, ends = _steps(images, y, weights, kernels, net, batch, epochs, rate, shares, working)
    steps = len(losses) // epochs
    told = []
    for epoch in range(epochs):
        own = losses[epoch * steps : (epoch + 1) * steps]
        total = own[0][0] * float(own[0][1])
        for loss, samples in own[1:]:
            total = total + loss * float(samples)
        told.append((total / float(len(images))).bounded())  # [epoch]
    return told, ends


def _steps(
    images: Array,
    y: Array,
    weights: Array | None,
    kernels: list[Array],
    net: str,
    batch: int,
    epochs: int,
    rate: float,
    shares: Shares,
    working: Working,
) -> tuple[list[tuple[Tracked, int]], list[Bounded]]:
    """The loss of every batch with its number of samples, and the kernels at the end."""
    layers = [track(kernel, kernel.dtype, working) for kernel in kernels]
    given = np.ones(len(images), np.float32) if weights is None else weights
    losses: list[tuple[Tracked, int]] = []
    for start in list(range(0, len(images), batch)) * epochs:
        part = slice(start, start + batch)
        own = track(given[part][:, None], np.dtype(np.float32), working)  # [own]
        target = track(y[part].reshape(len(own.value), -1), np.dtype(np.float32), working)
        loss, gradients = _gradients(images[part], target, shares(own), layers, net)
        losses.append((loss, len(own.value)))
        layers = [
            layer - slope * slope.constant(rate) for layer, slope in zip(layers, gradients, strict=True)
        ]  # [step]
    return losses, [layer.bounded() for layer in layers]


def _gradients(
    images: Array, target: Tracked, share: Tracked, layers: list[Tracked], net: str
) -> tuple[Tracked, list[Tracked]]:
    """The loss of a batch, and its gradient by every kernel."""
    samples, pixels = target.shape
    given = track(images, images.dtype, target.working)
    if net == "dense":
        inputs = given.reshape((samples, -1, 1))
        logits = (inputs * layers[0]).sum(1)
        loss, slope = _weighed(logits, target, share)
        return loss, [(inputs * slope.reshape((samples, 1, 1))).sum(0)]
    around = _around(given)
    first, second = (layer.reshape((-1, layer.shape[-1])) for layer in layers)
    before = (around.reshape((*around.shape, 1)) * first).sum(2)
    unsure = (np.abs(before.value) <= before.error) & (before.error > 0)
    hidden = before.maximum(0.0)
    logits = (hidden * second.reshape((-1,))).sum(2)
    loss, slope = _weighed(logits, target, share)
    arriving = slope.reshape((samples, pixels, 1))
    of_second = (hidden * arriving).sum((0, 1)).reshape(layers[1].shape)
    passing = (arriving * second.reshape((-1,))).where(before.value > 0, 0.0, unsure)
    passing = passing.reshape((samples, pixels, 1, passing.shape[-1]))
    of_first = (around.reshape((*around.shape, 1)) * passing).sum((0, 1)).reshape(layers[0].shape)
    return loss, [of_first, of_second]


def _weighed(logits: Tracked, target: Tracked, share: Tracked) -> tuple[Tracked, Tracked]:
    """The weighted loss of logits (samples, pixels), and its slope.

    Of p pixels and s samples a loss goes through s·p + 2 roundings. A mean over the pixels first, then
    the weight, then the samples and their number, makes no more: p + s + 1.
    """
    elements, slope = logit_elements(target, logits)
    pixels = float(target.shape[1])
    loss = (elements * share / pixels).sum()
    return loss, slope * (share * (share.constant(1.0) / pixels))


def _around(images: Tracked) -> Tracked:
    """The nine pixels around each pixel, 0 beyond the border: (samples, pixels, 9)."""
    samples, height, width, _ = images.shape

    def cut(part: Array) -> Array:
        """The nine shifts of an array (samples, height, width, 1), side by side: (samples, pixels, 9)."""
        wide = np.pad(np.asarray(part)[..., 0], ((0, 0), (1, 1), (1, 1)))
        moved = [wide[:, i : i + height, j : j + width] for i in range(3) for j in range(3)]
        return np.stack(moved, axis=-1).reshape(samples, -1, 9)

    return images.placed(cut)
