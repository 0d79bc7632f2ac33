"""The chapter initializers, checked by hand, and the agreement of random outcomes, both ways."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backends.base import Outcome, coincide
from backends.numpy_control import throw
from conformance.agreement import Disagreement, agree
from reference import initializers
from reference.errors import IndexOutOfRange, Refused, ShapeMismatch, TypeRefused
from reference.outcomes import AnyOf, Codes, Coins


def coins(shape: tuple[int, ...] = (4, 3), dtype: str = "float32", values: tuple[int, int] = (0, 1)) -> Coins:
    return Coins(2, shape, dtype, values, 0.5, 7)


@pytest.mark.parametrize("shape", [(), (5,), (4, 3), (2, 3, 4)])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int8", "bool"])
def test_thrown_coins_agree(shape: tuple[int, ...], dtype: str) -> None:
    agree(coins(shape, dtype), Outcome("value", throw(coins(shape, dtype))))


def _with(index: int, value: Any, dtype: str = "float32") -> list[Any]:
    arrays = [np.zeros((4, 3), dtype), np.ones((4, 3), dtype)]
    arrays[index].flat[5] = value
    return arrays


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (_with(0, 0.5), r"at \[0\]\[1, 2\]: expected 0.0 or 1.0, got 0.5"),
        (_with(1, np.nan), r"at \[1\]\[1, 2\]: expected 0.0 or 1.0, got nan"),
        (_with(0, -0.0), r"at \[0\]\[1, 2\]: expected 0.0 or 1.0, got -0.0"),
        (_with(0, 1)[:1], "expected a list of 2 arrays"),
        (tuple(_with(0, 1)), "expected a list of 2 arrays"),
        (_with(0, 1, "float64"), "expected dtype float32, got float64"),
        ([np.zeros((3, 4), np.float32)] * 2, r"expected shape \(4, 3\)"),
    ],
)
def test_other_arrays_do_not(value: Any, said: str) -> None:
    with pytest.raises(Disagreement, match=said):
        agree(coins(), Outcome("value", value))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([1, 2], "a list of 3 numbers"),
        ([1, 5, 1], r"\[1\]: expected an int from 1 to 4"),
        ([0, 1, 0], r"\[0\]: expected an int from 1 to 4"),
        ([1, 2, 3], r"\[2\]: expected 1 for 'a' again, got 3"),
        ([[0, 1], [1, 0], [0, 1]], r"\[0\]: expected an int"),
        ([True, 2, True], r"\[0\]: expected an int"),
    ],
)
def test_numbers_for_words_agree_only_in_range_and_alike(value: Any, said: str) -> None:
    expected = Codes(("a", "b", "a"), 1, 4)
    agree(expected, Outcome("value", [4, 1, 4]))
    agree(expected, Outcome("value", [2, 2, 2]))
    with pytest.raises(Disagreement, match=said):
        agree(expected, Outcome("value", value))


def test_the_function_of_the_answer_by_hand() -> None:
    assert initializers.recipe((4, 3), "float32", 0).shape == (4, 3)
    assert initializers.recipe((3, 4, 2), "float32", 0).shape == (3, 4)
    for shape in ((), (5,)):
        with pytest.raises(IndexOutOfRange, match="no second axis"):
            initializers.recipe(shape, "float32", 0)


def test_kernels_by_hand() -> None:
    def shapes(reading: Any) -> list[tuple[int, ...]]:
        given = {"Dense": (4, 2), "Conv1D": (3, 4, 2), "Embedding": (7, 2)}
        return [reading(layer, sizes, "float32", (0, 1), 0.5, 0)[0].shape for layer, sizes in given.items()]

    assert shapes(initializers.kernel) == [(4, 2), (3, 4, 2), (7, 2)]
    assert shapes(initializers.kernel_torch) == [(2, 4), (2, 4, 3), (7, 2)]


def test_what_is_given_for_an_initializer_by_dialect() -> None:
    called = [{"shape": (3, 2), "dtype": "float32"}]
    for reading in (initializers.call_keras_2_2, initializers.call_keras_2, initializers.call_keras_3):
        assert reading("function", (3, 2), "float32") == called
        for given in ("no dtype", "name", "number"):
            with pytest.raises(Refused):
                reading(given, (3, 2), "float32")
    assert initializers.call_keras_3("array", (3, 2), "float32") == []
    with pytest.raises(Refused):
        initializers.call_keras_2("array", (3, 2), "float32")
    assert initializers.call_keras_2("class", (3, 2), "float32") == called
    with pytest.raises(TypeRefused):
        initializers.call_keras_2_2("class", (3, 2), "float32")


def test_what_a_weight_may_become() -> None:
    right, transposed = np.ones((3, 2), np.float32), np.ones((2, 3), np.float32)
    kept = initializers.weight((3, 2), "float32", right, "tensor")
    assert isinstance(kept, dict)
    assert (kept["shape"], kept["dtype"]) == ((3, 2), "float32")
    assert kept["value"] is not right
    with pytest.raises(ShapeMismatch):
        initializers.weight_keras_2((3, 2), "float32", transposed, "tensor")
    said = initializers.weight((3, 2), "float32", transposed, "tensor")
    assert isinstance(said, AnyOf)
    assert said.allowed[1]["shape"] == (2, 3)
    cast = initializers.weight((3, 2), "float32", right.astype(np.int32), "array")
    assert isinstance(cast, AnyOf)
    assert cast.allowed[1]["value"].dtype == np.float32


@pytest.mark.parametrize(
    ("seed", "plan", "of_2_2", "of_2", "of_torch"),
    [
        (3, "one object", [0, 0], [0, 0], [0, 1]),
        (3, "two objects", [0, 0], [0, 0], [0, 1]),
        (None, "one object", [0, 1], [0, 0], [0, 1]),
        (None, "two objects", [0, 1], [0, 1], [0, 1]),
        (3, "other seed", [0, 1], [0, 1], [0, 1]),
        (None, "global", [0, 0], [0, 0], [0, 0]),
    ],
)
def test_seeds_by_dialect(
    seed: int | None, plan: str, of_2_2: list[int], of_2: list[int], of_torch: list[int]
) -> None:
    arguments = ("uniform", seed, plan, (16, 16), "float32")
    assert initializers.seed_keras_2_2(*arguments) == of_2_2
    assert initializers.seed_keras_2(*arguments) == of_2
    assert initializers.seed_torch(*arguments) == of_torch


def test_arrays_coincide_bit_for_bit() -> None:
    one, other = np.zeros((2, 2)), np.ones((2, 2))
    assert coincide([one, other, one.copy(), one.reshape(4), -one]) == [0, 1, 0, 3, 4]
