"""The kinds of layers that this chapter's models are made of, forward and backward.

A kind is a function of the numbers, the layer's description, its weights and its inputs. It returns
the output and a function that takes the gradient of a loss by the output, and returns the gradients
by the inputs and by the weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from reference.composition.arithmetic import Array, Numbers

Layer = dict[str, Any]
Pull = Callable[[Array], tuple[list[Array | None], list[Array | None]]]
"""From the gradient of the loss by a call's output, of the output's shape, to those by its inputs and by
its weights, of theirs; None where there is none."""
Kind = Callable[[Numbers, Layer, list[Array], list[Array]], tuple[Array, Pull]]


def dense(numbers: Numbers, layer: Layer, weights: list[Array], inputs: list[Array]) -> tuple[Array, Pull]:
    """X (batch, …, inputs) times kernel (inputs, units), plus bias (units,)."""
    kernel, bias = weights
    (x,) = inputs
    rows, width = x.shape[0], x.shape[-1]
    flat = x.reshape(rows, math.prod(x.shape[1:-1]), width)
    output = numbers.add(numbers.product(flat, kernel), bias[:, None, :])

    def pull(upstream: Array) -> tuple[list[Array | None], list[Array | None]]:
        """By x, as `x`; by the kernel (inputs, units), and by the bias, summed over all rows."""
        arriving = upstream.reshape(*flat.shape[:2], kernel.shape[-1])
        by_x = numbers.product(arriving, kernel.swapaxes(1, 2)).reshape(x.shape)
        return [by_x], [numbers.product(flat.swapaxes(1, 2), arriving), numbers.total(arriving, (1,))]

    return output.reshape(*x.shape[:-1], kernel.shape[-1]), pull


def embedding(
    numbers: Numbers, layer: Layer, weights: list[Array], inputs: list[Array]
) -> tuple[Array, Pull]:
    """Rows of a table (vocabulary, units) for ids (batch, …)."""
    (table,), (ids,) = weights, inputs

    def pull(upstream: Array) -> tuple[list[Array | None], list[Array | None]]:
        """Nothing by the ids; by the table, row by row, the sum over the places where its id stands."""
        one_hot = (np.arange(table.shape[1])[:, None] == ids.reshape(-1)).astype(numbers.kind)
        arriving = upstream.reshape(len(table), ids.size, table.shape[-1])
        return [None], [numbers.product(np.broadcast_to(one_hot, (len(table), *one_hot.shape)), arriving)]

    return table[:, ids], pull


def concatenate(
    numbers: Numbers, layer: Layer, weights: list[Array], inputs: list[Array]
) -> tuple[Array, Pull]:
    """The inputs side by side along the last axis."""
    ends = np.cumsum([x.shape[-1] for x in inputs])[:-1]
    return np.concatenate(inputs, -1), lambda upstream: (list(np.split(upstream, ends, -1)), [])


def add(numbers: Numbers, layer: Layer, weights: list[Array], inputs: list[Array]) -> tuple[Array, Pull]:
    """The sum of the inputs."""
    output = inputs[0]
    for x in inputs[1:]:
        output = numbers.add(output, x)
    return output, lambda upstream: ([upstream] * len(inputs), [])


def multiply(numbers: Numbers, layer: Layer, weights: list[Array], inputs: list[Array]) -> tuple[Array, Pull]:
    """The product of the inputs."""

    def product(factors: list[Array]) -> Array:
        """The factors multiplied from the left."""
        output = factors[0]
        for x in factors[1:]:
            output = numbers.multiply(output, x)
        return output

    def pull(upstream: Array) -> tuple[list[Array | None], list[Array | None]]:
        """By each input the product of the gradient and all other inputs."""
        others = [inputs[:i] + inputs[i + 1 :] for i in range(len(inputs))]
        return [product([upstream, *other]) for other in others], []

    return product(inputs), pull


def activation(
    numbers: Numbers, layer: Layer, weights: list[Array], inputs: list[Array]
) -> tuple[Array, Pull]:
    """Tanh, relu or linear, element by element."""
    (x,) = inputs
    if layer["function"] == "tanh":
        output = numbers.tanh(x)
        slope = numbers.subtract(np.ones_like(output), numbers.multiply(output, output))
        return output, lambda upstream: ([numbers.multiply(upstream, slope)], [])
    if layer["function"] == "relu":
        return np.maximum(x, 0), lambda upstream: ([np.where(x > 0, upstream, 0)], [])
    return x, lambda upstream: ([upstream], [])


def reshape(numbers: Numbers, layer: Layer, weights: list[Array], inputs: list[Array]) -> tuple[Array, Pull]:
    """The same elements of every sample in another shape."""
    (x,) = inputs
    return x.reshape(*x.shape[:2], *layer["shape"]), lambda upstream: ([upstream.reshape(x.shape)], [])


def dropout(numbers: Numbers, layer: Layer, weights: list[Array], inputs: list[Array]) -> tuple[Array, Pull]:
    """At rate 0 nothing is dropped."""
    return inputs[0], lambda upstream: ([upstream], [])


def normalization(
    numbers: Numbers, layer: Layer, weights: list[Array], inputs: list[Array]
) -> tuple[Array, Pull]:
    """(x − mean) ÷ √(variance + epsilon) · gamma + beta, with the moving mean and variance."""
    gamma, beta, mean, variance = (weight[:, None, :] for weight in weights)
    (x,) = inputs
    deviation = numbers.root(variance + numbers.kind.type(layer["epsilon"]))
    factor = numbers.divide(gamma, deviation)
    centered = numbers.subtract(x, mean)
    scaled = numbers.multiply(centered, factor)
    # Some backends compute x · factor + (beta − mean · factor).
    size = np.abs(x * factor) + np.abs(mean * factor) + np.abs(beta)
    output = numbers.shaken(scaled + beta, size, 3.0)

    def pull(upstream: Array) -> tuple[list[Array | None], list[Array | None]]:
        """By x; by gamma and beta, summed over the batch; nothing by the moving statistics."""
        normal = numbers.divide(centered, np.broadcast_to(deviation, centered.shape))
        by_gamma = numbers.total(numbers.multiply(upstream, normal), (1,))
        return [numbers.multiply(upstream, factor)], [by_gamma, numbers.total(upstream, (1,)), None, None]

    return output, pull


def batch_normalization(
    numbers: Numbers, layer: Layer, weights: list[Array], inputs: list[Array]
) -> tuple[Array, Pull, Array, Array]:
    """The same with the mean and variance of the batch, which are returned as well."""
    gamma, beta = (weight[:, None, :] for weight in weights[:2])
    (x,) = inputs
    count = x.shape[1]
    mean = numbers.scale(numbers.total(x, (1,), keepdims=True), 1 / count)
    wide = np.abs(x) + np.abs(mean)
    centered = numbers.shaken(x - mean, wide)
    # Some backends take the variance as mean(x²) − mean², so its error is relative to both.
    square = np.square(wide).mean(1, keepdims=True)
    variance = numbers.shaken(np.square(centered).mean(1, keepdims=True), square, 3.0)
    deviation = numbers.root(np.maximum(variance, 0) + numbers.kind.type(layer["epsilon"]))
    normal = numbers.divide(centered, np.broadcast_to(deviation, centered.shape))
    scaled = numbers.multiply(normal, np.broadcast_to(gamma, normal.shape))
    size = (wide / deviation) * np.abs(gamma) + np.abs(beta)
    output = numbers.shaken(scaled + beta, size, 3.0)

    def pull(upstream: Array) -> tuple[list[Array | None], list[Array | None]]:
        """By x, also through mean and variance; by gamma and beta; nothing by the moving statistics."""
        by_gamma = numbers.total(numbers.multiply(upstream, normal), (1,))
        by_beta = numbers.total(upstream, (1,))
        even = upstream - by_beta[:, None, :] / count - normal * by_gamma[:, None, :] / count
        size = np.abs(upstream) + (np.abs(upstream) * (1 + np.abs(normal))).mean(1, keepdims=True) * (
            1 + wide / deviation
        )
        even = numbers.shaken(even, size, 4.0)
        return [numbers.multiply(even, numbers.divide(gamma, deviation))], [by_gamma, by_beta, None, None]

    return output, pull, mean[:, 0], variance[:, 0]


KINDS: dict[str, Kind] = {
    "Dense": dense,
    "Embedding": embedding,
    "Concatenate": concatenate,
    "Add": add,
    "Multiply": multiply,
    "Activation": activation,
    "Reshape": reshape,
    "Dropout": dropout,
    "BatchNormalization": normalization,
}
"""Every kind of layer but a model, by its name in Keras."""
