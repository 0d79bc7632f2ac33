"""Miniatures of the chapter initializers."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from backends.codec import dtype_named
from backends.numpy_control import throw
from conformance.miniatures import Miniature
from reference import initializers
from reference.outcomes import Coins

Array = np.ndarray[Any, Any]


class Sampler(Miniature):
    """The base of those that draw coins in a wrong way: `faulty` gives the upper values of a call."""

    dialect = "keras-3"
    clause = "initializers.binary"

    def faulty(self, random: np.random.Generator, shape: tuple[int, ...], probability: float) -> Array:
        """Which entries are the upper value."""
        raise NotImplementedError

    @operation("initializers.binary")
    def drawn(
        self,
        shape: tuple[int, ...],
        dtype: str,
        values: tuple[int, int],
        probability: float,
        route: str,
        calls: int,
        seed: int,
    ) -> Any:
        random = np.random.default_rng(seed)
        lower, upper = np.array(values).astype(dtype_named(dtype))
        return [
            np.asarray(np.where(self.faulty(random, shape, probability), upper, lower)) for _ in range(calls)
        ]


class Biased(Sampler):
    """The coin lands on the upper value with a probability that is 0.01 too large."""

    law = "test_the_upper_value_comes_with_its_probability"
    notice = "nothing, ever: it takes hundreds of thousands of draws to see"

    def faulty(self, random: np.random.Generator, shape: tuple[int, ...], probability: float) -> Array:
        return np.asarray(random.random(shape) < probability + 0.01)


class Swapped(Sampler):
    """The coin lands on the upper value with the probability of the lower one."""

    law = "test_the_upper_value_comes_with_its_probability"
    notice = "a sparse kernel is dense; with probability 1/2 nothing at all"

    def faulty(self, random: np.random.Generator, shape: tuple[int, ...], probability: float) -> Array:
        return np.asarray(random.random(shape) >= probability)


class FairWhateverAsked(Sampler):
    """The coin is fair, whatever probability was asked for."""

    law = "test_the_upper_value_comes_with_its_probability"
    notice = "the probability has no effect"

    def faulty(self, random: np.random.Generator, shape: tuple[int, ...], probability: float) -> Array:
        return np.asarray(random.random(shape) < 0.5)


class OneCoinForAll(Sampler):
    """One coin is thrown a call, and every entry gets it."""

    law = "test_rows_columns_neighbors_and_calls_are_independent"
    notice = "every unit of the layer is the same"

    def faulty(self, random: np.random.Generator, shape: tuple[int, ...], probability: float) -> Array:
        return np.full(shape, random.random() < probability)


class Alternating(Sampler):
    """Entries alternate, so that exactly half of them are the upper value."""

    law = "test_rows_columns_neighbors_and_calls_are_independent"
    notice = "the mean is right, and the kernel is a stripe"

    def faulty(self, random: np.random.Generator, shape: tuple[int, ...], probability: float) -> Array:
        count = int(np.prod(shape, dtype=int))
        return np.asarray((np.arange(count) % 2 == 0).reshape(shape))


class RowsCopied(Sampler):
    """One row is drawn and copied to all others."""

    law = "test_rows_columns_neighbors_and_calls_are_independent"
    notice = "all inputs of a Dense layer weigh the same"

    def faulty(self, random: np.random.Generator, shape: tuple[int, ...], probability: float) -> Array:
        return np.broadcast_to(random.random(shape[1:]) < probability, shape)


class HalfCopied(Sampler):
    """The second half of the last axis repeats the first."""

    law = "test_rows_columns_neighbors_and_calls_are_independent"
    notice = "a layer has half the units that it seems to have"

    def faulty(self, random: np.random.Generator, shape: tuple[int, ...], probability: float) -> Array:
        upper = np.asarray(random.random(shape) < probability)
        half = shape[-1] // 2 if shape else 0
        if half:
            upper[..., half : 2 * half] = upper[..., :half]
        return upper


class EvenRows(Sampler):
    """Every line of the last axis has exactly its expected number of upper values, in random order."""

    law = "test_rows_columns_neighbors_and_calls_are_independent"
    notice = "entries are not independent: the last of a row can be told from the others"

    def faulty(self, random: np.random.Generator, shape: tuple[int, ...], probability: float) -> Array:
        length = shape[-1] if shape else 1
        count = int(np.floor(length * probability + random.random()))
        line = np.broadcast_to(np.arange(length) < count, (*shape[:-1], length))
        return np.asarray(random.permuted(line, axis=-1).reshape(shape))


class SameEveryCall(Sampler):
    """Every call starts the generator anew, and gives the same array."""

    law = "test_rows_columns_neighbors_and_calls_are_independent"
    notice = "all layers of one shape start with the same weights"

    def faulty(self, random: np.random.Generator, shape: tuple[int, ...], probability: float) -> Array:
        return np.asarray(np.random.default_rng(7).random(shape) < probability)


class Altered(Miniature):
    """The base of those that draw right and then alter what they return."""

    dialect = "keras-3"
    clause = "initializers.binary"
    law = "test_every_entry_is_one_of_the_two_values"

    def altered(self, array: Array, coins: Coins) -> Array:
        """What a call returns."""
        raise NotImplementedError

    @operation("initializers.binary")
    def drawn(self, **inputs: Any) -> Any:
        coins = initializers.binary(**inputs)
        return [self.altered(array, coins) for array in throw(coins)]


class ThirdValue(Altered):
    """Now and then there is a 0 among -1 and 1, as sign(0) gives it."""

    notice = "some weights of -1 and 1 are 0"

    def altered(self, array: Array, coins: Coins) -> Array:
        if coins.values == (-1, 1) and array.size:
            array.reshape(-1)[-1] = 0
        return array


class NegativeZero(Altered):
    """The lower value 0 comes as -0.0 in floating dtypes."""

    notice = "1 / w is minus infinity"

    def altered(self, array: Array, coins: Coins) -> Array:
        floating = coins.values == (0, 1) and coins.dtype.startswith(("float", "bfloat"))
        return np.where(array == 0, -array, array).astype(array.dtype) if floating else array


class AlwaysFloat32(Altered):
    """The dtype that was asked for is ignored."""

    notice = "a layer in half precision holds, or refuses, float32 weights"

    def altered(self, array: Array, coins: Coins) -> Array:
        return array.astype(np.float32)


class TwoAxesAlone(Altered):
    """Axes beyond the second are dropped, as by the function that the seed's answer gives."""

    notice = "a kernel of Conv1D cannot be built"

    def altered(self, array: Array, coins: Coins) -> Array:
        beyond = tuple(range(2, array.ndim))
        return np.asarray(array.max(axis=beyond)) if beyond else array


class KernelScaled(Miniature):
    """The kernel is scaled when the layer is built, as initializers that know the fan do."""

    dialect = "keras-3"
    clause = "initializers.kernel"
    law = "test_a_kernel_is_binary_until_the_first_step"
    notice = "the built weights are 0 and 0.5"

    @operation("initializers.kernel")
    def built(self, **inputs: Any) -> Any:
        coins, states = initializers.kernel(**inputs)
        return [array * np.asarray(0.5, array.dtype) for array in throw(coins)], states


class StepStaysBinary(Miniature):
    """The first step is rounded back to the two values."""

    dialect = "keras-3"
    clause = "initializers.kernel"
    law = "test_a_kernel_is_binary_until_the_first_step"
    notice = "the layer does not learn"

    @operation("initializers.kernel")
    def built(self, **inputs: Any) -> Any:
        coins, _ = initializers.kernel(**inputs)
        return throw(coins), [0, 0, 0]


class CalledTwice(Miniature):
    """The initializer is called twice for one weight, and the second result is taken."""

    dialect = "keras-3"
    clause = "initializers.call"
    law = "test_a_layer_calls_what_it_is_given_once"
    notice = "a seeded sequence of draws comes out of step"

    @operation("initializers.call")
    def called(self, given: str, shape: tuple[int, int], dtype: str) -> Any:
        return initializers.call_keras_3(given, shape, dtype) * 2


class ReturnedDtypeKept(Miniature):
    """A weight keeps the dtype that its initializer returned, and says the one that was asked for."""

    dialect = "keras-3"
    clause = "initializers.weight"
    law = "test_a_weight_holds_what_it_says_it_holds"
    notice = "a float32 layer computes with int32 weights, and its gradients are float0"
    report = "https://github.com/keras-team/keras/pull/20557"

    @operation("initializers.weight")
    def stored(self, shape: tuple[int, int], dtype: str, returned: Array, holder: str) -> Any:
        return {"value": returned.copy(), "shape": returned.shape, "dtype": dtype}


class WrongShapeStored(Miniature):
    """A weight takes whatever shape its initializer returns."""

    dialect = "keras-2"
    clause = "initializers.weight"
    law = "test_a_weight_holds_what_it_says_it_holds"
    notice = "a transposed kernel is found by the first input, or never if it is square"

    @operation("initializers.weight")
    def stored(self, shape: tuple[int, int], dtype: str, returned: Array, holder: str) -> Any:
        return {"value": returned.astype(dtype), "shape": returned.shape, "dtype": dtype}


class SeedIgnored(Miniature):
    """The seed of an initializer has no effect."""

    dialect = "keras-3"
    clause = "initializers.seed"
    law = "test_draws_coincide_just_where_the_dialect_says"
    notice = "runs cannot be repeated"

    @operation("initializers.seed")
    def seeded(self, initializer: str, seed: int | None, plan: str, shape: Any, dtype: str) -> Any:
        return [0, 0] if plan in ("global", "one object") and initializer != "binary" else [0, 1]


class UnseededAlike(Miniature):
    """Objects without a seed all start from one default seed."""

    dialect = "keras-3"
    clause = "initializers.seed"
    law = "test_draws_coincide_just_where_the_dialect_says"
    notice = "all layers of one shape start with the same weights"

    @operation("initializers.seed")
    def seeded(self, initializer: str, seed: int | None, plan: str, shape: Any, dtype: str) -> Any:
        said = initializers.seed_keras_2(initializer, seed, plan, shape, dtype)
        return [0, 0] if seed is None and initializer != "binary" else said


class GeneratorStandsStill(Miniature):
    """A generator that is handed to an initializer does not go on."""

    dialect = "keras-3"
    clause = "initializers.generator"
    law = "test_a_generator_goes_on_and_starts_alike"
    notice = "two layers that share a generator start alike"

    @operation("initializers.generator")
    def generated(self, initializer: str, seed: int, plan: str, shape: Any, dtype: str) -> Any:
        return [0, 0]
