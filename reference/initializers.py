"""Initializers: what a weight holds before the first step.

An initializer is a function of a shape and a dtype. The one that was asked for, weights of 0 and 1,
or of -1 and 1, is a coin for every entry, whatever the shape; no framework ships it under that
name, so every backend composes it from what it offers. Training takes the weights off the two
values at the first step: they are binary at the beginning, and that is all.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.clause import reading
from reference.errors import IndexOutOfRange, Refused, ShapeMismatch, TypeRefused
from reference.outcomes import AnyOf, Coins
from reference.sources import keras, tensorflow, tf_keras, torch

Array = np.ndarray[Any, Any]

_CATEGORICAL = tensorflow("python/ops/random_ops.py", "categorical")
_KERAS_2_2 = keras("2.2.5", "initializers.py", "Initializer")
_KERAS_2 = (
    keras("v2.15.0", "initializers/initializers.py", "Initializer"),
    tf_keras("initializers/initializers.py", "Initializer"),
)
_KERAS_3 = keras("v3.15.1", "initializers/initializer.py", "Initializer")
_GET_2 = (keras("v2.15.0", "initializers/__init__.py", "get"), tf_keras("initializers/__init__.py", "get"))
_GET_3 = keras("v3.15.1", "initializers/__init__.py", "get")
_TORCH = torch("nn/init.py", "uniform_")


@reading(
    "initializers.binary",
    "keras-2.2",
    source=keras("2.2.5", "backend/tensorflow_backend.py", "random_binomial"),
)
@reading("initializers.binary", "keras-2", source=(_CATEGORICAL, tf_keras("backend.py", "random_bernoulli")))
@reading("initializers.binary", "keras-3", source=keras("v3.15.1", "random/random.py", "binomial"))
@reading("initializers.binary", "torch", source=torch("_torch_docs.py", "bernoulli"))
def binary(
    shape: tuple[int, ...],
    dtype: str,
    values: tuple[int, int],
    probability: float,
    route: str,
    calls: int,
    seed: int,
) -> Coins:
    """A binary initializer throws a coin for every entry, for any shape and any dtype.

    shape: of any rank. dtype: name. values: (0, 1) or (-1, 1). probability: of the upper value.
    route: what the coins are made of: draws of a class with unnormalized log-probabilities
    ("categorical", the way of the seed's function), of a binomial ("binomial"), or a uniform
    number below the probability ("uniform"). calls: how often the initializer is called.
    seed: of the framework's global generator, set once before the first call.
    Returns a list with one array a call.

    [shape] Every array MUST have the shape that was asked for: (), (n,), (n, m) and beyond.
    [dtype] Its dtype MUST be the dtype that was asked for.
    [support] Every entry MUST be one of the two values; with -1 and 1 there is no 0, and no -0.0.
    [probability] An entry MUST be the upper value with the given probability, to within 2^-20 of it.
    [independence] Entries MUST be independent of each other, along every axis, near and far.
    [calls] An array MUST be independent of the arrays of earlier calls: calling again gives new coins.
    """
    # [shape] [dtype] [support] [probability] [independence] [calls]
    return Coins(calls, shape, dtype, values, probability, seed)


@reading("initializers.recipe", "keras-2.2", source=_CATEGORICAL)
def recipe(shape: tuple[int, ...], dtype: str, seed: int) -> Coins:
    """The function that the seed's answer gives makes coins for a matrix, and for a matrix alone.

    It draws shape[1] classes for each of shape[0] rows of two equal log-probabilities.
    shape: tuple. dtype: name. seed: of the framework's global generator.
    Returns a list of one array.

    [matrix] For a shape of two axes the array MUST be fair coins of 0 and 1, of that shape and dtype.
    [vector] A shape of one axis, or of none, MUST be refused: there is no shape[1].
    [kernel] For more axes, as a kernel of Conv1D has them, the array MUST have the first two alone:
        it is no initializer for such a weight.
    """
    if len(shape) < 2:
        raise IndexOutOfRange(f"the shape {shape} has no second axis")  # [vector]
    return Coins(1, shape[:2], dtype, (0, 1), 0.5, seed)  # [matrix] [kernel]


_KERNELS = {"Dense": (0, 1), "Conv1D": (0, 1, 2), "Embedding": (0, 1)}
_KERNELS_OF_TORCH = {"Dense": (1, 0), "Conv1D": (2, 1, 0), "Embedding": (0, 1)}


@reading(
    "initializers.kernel", "keras-2.2", source=keras("2.2.5", "engine/base_layer.py", "Layer.add_weight")
)
@reading("initializers.kernel", "keras-2", source=_KERAS_2)
@reading("initializers.kernel", "keras-3", source=_KERAS_3)
def kernel(
    layer: str, sizes: tuple[int, ...], dtype: str, values: tuple[int, int], probability: float, seed: int
) -> tuple[Coins, list[int]]:
    """A layer that was given a binary initializer has a binary kernel until the first step.

    layer: "Dense", "Conv1D" or "Embedding", without bias. sizes: (inputs, units), (width, inputs,
    filters) or (vocabulary, dimension). dtype, values, probability, seed: as for the initializer.
    The loss is the sum of the output for an input of ones, or of every id, so that the gradient of
    every weight is one; the step is one of SGD with the rate 0.5.
    Returns a list of one array, the kernel when built; and for the kernel when built, after a
    forward pass and after the step the number of the first of the three that equals it.

    [shape] The kernel MUST have the shape of the sizes, in this order.
    [binary] When built, it MUST hold coins of the two values, in the dtype of the layer.
    [forward] A forward pass MUST leave it as it is.
    [step] The first step of training MUST take it off.
    """
    shape = tuple(sizes[axis] for axis in _KERNELS[layer])  # [shape]
    built = Coins(1, shape, dtype, values, probability, seed)  # [binary]
    return built, [0, 0, 2]  # [forward] [step]


@reading(
    "initializers.kernel",
    "torch",
    source=(torch("nn/modules/linear.py", "Linear"), torch("nn/modules/conv.py", "Conv1d")),
)
def kernel_torch(
    layer: str, sizes: tuple[int, ...], dtype: str, values: tuple[int, int], probability: float, seed: int
) -> tuple[Coins, list[int]]:
    """A module whose weight was filled with coins has a binary weight until the first step.

    layer: "Dense" for Linear, "Conv1D" for Conv1d, or "Embedding", without bias.
    All else is as for Keras, but for the order of the axes.

    [shape] Linear MUST have (units, inputs), Conv1d (filters, inputs, width), Embedding
        (vocabulary, dimension).
    [binary] When filled, it MUST hold coins of the two values, in the dtype of the module.
    [forward] A forward pass MUST leave it as it is.
    [step] The first step of training MUST take it off.
    """
    shape = tuple(sizes[axis] for axis in _KERNELS_OF_TORCH[layer])  # [shape]
    built = Coins(1, shape, dtype, values, probability, seed)  # [binary]
    return built, [0, 0, 2]  # [forward] [step]


Said = dict[str, Any]


@reading("initializers.call", "keras-2.2", source=(keras("2.2.5", "initializers.py", "get"), _KERAS_2_2))
def call_keras_2_2(given: str, shape: tuple[int, int], dtype: str) -> list[Said]:
    """A layer calls its initializer once for a weight, with the shape and the dtype of the weight.

    given: what the layer got: a "function" of shape and dtype, an "instance" of a class with such
    a call, that "class" itself, a function of the shape alone ("no dtype"), an "array" of that
    shape, a "name" that stands for nothing, or a "number". shape: of the kernel of Dense.
    dtype: name. Returns one dict a call: the shape and the dtype that it was called with.

    [once] The initializer MUST be called once.
    [arguments] It MUST be called with the shape of the weight, and `dtype` as a keyword.
    [class] A class MUST be called like any function, which one without such arguments refuses.
    [no-dtype] A function that takes no `dtype` MUST be refused with a TypeError.
    [array] An array MUST be refused: it is no function.
    [unknown] A name that stands for nothing, or a number, MUST be refused.
    """
    _refuse_strangers(given)  # [unknown] [no-dtype]
    if given == "class":
        raise TypeRefused("a class takes no shape")  # [class]
    if given == "array":
        raise Refused("an array is no initializer")  # [array]
    return [{"shape": shape, "dtype": dtype}]  # [once] [arguments]


@reading("initializers.call", "keras-2", source=(*_GET_2, *_KERAS_2))
@reading(
    "initializers.call", "keras-3", before="3.7", source=(keras("v3.6.0", "initializers/__init__.py", "get"),)
)
def call_keras_2(given: str, shape: tuple[int, int], dtype: str) -> list[Said]:
    """A layer calls its initializer once for a weight, with the shape and the dtype of the weight.

    given: what the layer got: a "function" of shape and dtype, an "instance" of a class with such
    a call, that "class" itself, a function of the shape alone ("no dtype"), an "array" of that
    shape, a "name" that stands for nothing, or a "number". shape: of the kernel of Dense.
    dtype: name. Returns one dict a call: the shape and the dtype that it was called with.

    [once] The initializer MUST be called once.
    [arguments] It MUST be called with the shape of the weight, and `dtype` as a keyword.
    [class] A class MUST be instantiated without arguments, and the instance called.
    [no-dtype] A function that takes no `dtype` MUST be refused with a TypeError.
    [array] An array MUST be refused: it is no function.
    [unknown] A name that stands for nothing, or a number, MUST be refused.
    """
    _refuse_strangers(given)  # [unknown] [no-dtype]
    if given == "array":
        raise Refused("an array is no initializer")  # [array]
    return [{"shape": shape, "dtype": dtype}]  # [once] [arguments] [class]


@reading("initializers.call", "keras-3", since="3.7", source=(_GET_3, _KERAS_3))
def call_keras_3(given: str, shape: tuple[int, int], dtype: str) -> list[Said]:
    """A layer calls its initializer once for a weight, with the shape and the dtype of the weight.

    given: what the layer got: a "function" of shape and dtype, an "instance" of a class with such
    a call, that "class" itself, a function of the shape alone ("no dtype"), an "array" of that
    shape, a "name" that stands for nothing, or a "number". shape: of the kernel of Dense.
    dtype: name. Returns one dict a call: the shape and the dtype that it was called with.

    [once] The initializer MUST be called once.
    [arguments] It MUST be called with the shape of the weight, and `dtype` as a keyword.
    [class] A class MUST be instantiated without arguments, and the instance called.
    [no-dtype] A function that takes no `dtype` MUST be refused with a TypeError.
    [array] An array of the right shape MUST be taken for the weight itself, and nothing is called.
    [unknown] A name that stands for nothing, or a number, MUST be refused.
    """
    _refuse_strangers(given)  # [unknown] [no-dtype]
    if given == "array":
        return []  # [array]
    return [{"shape": shape, "dtype": dtype}]  # [once] [arguments] [class]


def _refuse_strangers(given: str) -> None:
    if given in ("name", "number"):
        raise Refused(f"a {given} is no initializer")
    if given == "no dtype":
        raise TypeRefused("the function takes no dtype", shows_as=("TypeError",))


@reading(
    "initializers.weight", "keras-2", source=(*_KERAS_2, tensorflow("python/ops/variables.py", "Variable"))
)
def weight_keras_2(shape: tuple[int, int], dtype: str, returned: Array, holder: str) -> Said | AnyOf:
    """What an initializer returns becomes the weight, in the shape and the dtype of the weight.

    shape: of the kernel of Dense, which asks for it. dtype: name of the layer's floating dtype.
    returned: what the initializer gives back, of zeros and ones. holder: as a "tensor" or an "array".
    Returns the values that the weight holds, and the shape and the dtype that it says it has.

    [kept] An array of the shape and the dtype that were asked for MUST become the weight as it is.
    [shape] Any other shape MUST be refused.
    [dtype] What another dtype gives is OPEN: a refusal, or the values cast to the layer's dtype.
    [says] A weight MUST hold values of the shape and the dtype that it says it has.
    """
    if returned.shape != shape:
        raise ShapeMismatch(f"the weight has the shape {shape}, not {returned.shape}")  # [shape]
    return _stored(returned, dtype)  # [kept] [dtype] [says]


@reading(
    "initializers.weight", "keras-2.2", source=keras("2.2.5", "engine/base_layer.py", "Layer.add_weight")
)
@reading(
    "initializers.weight",
    "keras-3",
    source=(_KERAS_3, keras("v3.15.1", "backend/common/variables.py", "Variable")),
)
def weight(shape: tuple[int, int], dtype: str, returned: Array, holder: str) -> Said | AnyOf:
    """What an initializer returns becomes the weight, in the dtype of the weight.

    shape: of the kernel of Dense, which asks for it. dtype: name of the layer's floating dtype.
    returned: what the initializer gives back, of zeros and ones. holder: as a "tensor" or an "array".
    Returns the values that the weight holds, and the shape and the dtype that it says it has.

    [kept] An array of the shape and the dtype that were asked for MUST become the weight as it is.
    [dtype] What another dtype gives is OPEN: a refusal, or the values cast to the layer's dtype.
    [shape] What another shape gives is OPEN: a refusal, or a weight of the shape that was returned.
    [says] A weight MUST hold values of the shape and the dtype that it says it has.
    """
    stored = _stored(returned, dtype)  # [kept] [dtype] [says]
    if returned.shape == shape:
        return stored
    allowed = stored.allowed if isinstance(stored, AnyOf) else (stored,)
    return AnyOf(
        (ShapeMismatch(f"the weight has the shape {shape}, not {returned.shape}"), *allowed)
    )  # [shape]


def _stored(returned: Array, dtype: str) -> Said | AnyOf:
    """The weight in the layer's dtype, or a refusal where that takes a cast."""
    kept: Said = {"value": _of_dtype(returned, dtype), "shape": returned.shape, "dtype": dtype}
    if returned.dtype.name == dtype:
        return kept
    return AnyOf((TypeRefused(f"the weight is {dtype}, not {returned.dtype}"), kept))


def _of_dtype(array: Array, dtype: str) -> Array:
    return array.astype(dtype)


@reading(
    "initializers.seed",
    "keras-2.2",
    source=(_KERAS_2_2, keras("2.2.5", "backend/tensorflow_backend.py", "random_uniform")),
)
def seed_keras_2_2(
    initializer: str, seed: int | None, plan: str, shape: tuple[int, int], dtype: str
) -> list[int]:
    """Whether two draws are the same is decided by the seed, and without a seed they differ.

    initializer: the name of one of Keras, or "binary", a function on the global generator, which
    has no seed of its own. seed: int, or None for no seed. shape, dtype: of both draws.
    plan: how the two draws are made: "one object" called twice; "two objects" with this seed;
    "other seed": a second object with the next seed; "global": two objects, the global seed set
    before each; "two layers" of Dense with one initializer object each.
    Returns for each draw the number of the first that equals it: [0, 0] or [0, 1].

    [global] After the global seed was set again, the same draws MUST come again.
    [unseeded] Without a seed every draw MUST differ, of one object as well.
    [custom] A function on the global generator MUST differ at every call.
    [other-seed] Another seed MUST give other values.
    [same-seed] Equal seeds SHOULD give equal values, in one object and in two.
    """
    if plan == "global":
        return [0, 0]  # [global]
    if initializer == "binary" or seed is None or plan == "other seed":
        return [0, 1]  # [custom] [unseeded] [other-seed]
    return [0, 0]  # [same-seed]


@reading(
    "initializers.seed",
    "keras-2",
    source=(
        keras("v2.15.0", "initializers/initializers.py", "Initializer._warn_reuse"),
        tf_keras("initializers/initializers.py", "RandomUniform"),
    ),
)
@reading(
    "initializers.seed",
    "keras-3",
    source=keras("v3.15.1", "initializers/random_initializers.py", "RandomInitializer"),
)
def seed_keras_2(
    initializer: str, seed: int | None, plan: str, shape: tuple[int, int], dtype: str
) -> list[int]:
    """Whether two draws are the same is decided by the object and its seed: one object repeats itself.

    initializer: the name of one of Keras, or "binary", a function on the global generator, which
    has no seed of its own. seed: int, or None for no seed. shape, dtype: of both draws.
    plan: how the two draws are made: "one object" called twice; "two objects" with this seed;
    "other seed": a second object with the next seed; "global": two objects, the global seed set
    before each; "two layers" of Dense with one initializer object each.
    Returns for each draw the number of the first that equals it: [0, 0] or [0, 1].

    [global] After the global seed was set again, the same draws MUST come again.
    [custom] A function on the global generator MUST differ at every call.
    [one-object] One object called twice MUST give the same values, with a seed and without one.
    [unseeded] Two objects without a seed MUST differ.
    [other-seed] Another seed MUST give other values.
    [same-seed] Two objects with equal seeds, and two layers that hold them, MUST give equal values.
    """
    if plan == "global":
        return [0, 0]  # [global]
    if initializer == "binary":
        return [0, 1]  # [custom]
    if plan == "one object":
        return [0, 0]  # [one-object]
    if seed is None or plan == "other seed":
        return [0, 1]  # [unseeded] [other-seed]
    return [0, 0]  # [same-seed]


@reading("initializers.seed", "torch", source=(_TORCH, torch("random.py", "manual_seed")))
def seed_torch(
    initializer: str, seed: int | None, plan: str, shape: tuple[int, int], dtype: str
) -> list[int]:
    """The functions of torch.nn.init have no seed: they draw from the global generator.

    initializer: a name for one of torch.nn.init, or "binary" for Tensor.bernoulli_.
    plan: "one object", "two objects" or "two layers" for two calls, each with a weight of its own;
    "global": the global seed set before each. shape, dtype: of both draws.
    Returns for each draw the number of the first that equals it: [0, 0] or [0, 1].

    [global] After the global seed was set again, the same draws MUST come again.
    [unseeded] Two calls MUST differ.
    """
    if plan == "global":
        return [0, 0]  # [global]
    return [0, 1]  # [unseeded]


@reading(
    "initializers.generator",
    "keras-3",
    source=(
        keras("v3.15.1", "random/seed_generator.py", "SeedGenerator"),
        keras("v3.15.1", "initializers/random_initializers.py", "RandomNormal"),
    ),
)
@reading("initializers.generator", "torch", source=(_TORCH, torch("_C/__init__.pyi.in", "Generator")))
def generator(initializer: str, seed: int, plan: str, shape: tuple[int, int], dtype: str) -> list[int]:
    """A generator that is handed to an initializer keeps a state: it goes on, and starts alike.

    initializer: a name for one of the framework's. seed: int, of the generator.
    plan: "one generator" for two calls with it, "two generators" of the same seed for one call each.
    shape, dtype: of both draws.
    Returns for each draw the number of the first that equals it: [0, 0] or [0, 1].

    [state] Two calls with one generator MUST differ.
    [seed] Two generators of the same seed MUST give the same values.
    """
    return [0, 1] if plan == "one generator" else [0, 0]  # [state] [seed]
