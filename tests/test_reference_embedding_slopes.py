"""The readings of the chapter embedding, checked by means other than themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import reference.embedding as chapter
from reference.embedding import (
    bag,
    bag_gradient,
    equivalence,
    gradient,
    lazy_step,
    max_norm,
    step_keras,
    step_torch,
)
from reference.errors import Refused

ADAM = {"learning_rate": 0.125, "beta_1": 0.5, "beta_2": 0.75, "epsilon": 2.0**-10}


def slope(function: Any, at: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The derivative of a scalar function by each element, by central differences."""
    result = np.zeros_like(at)
    for index in np.ndindex(at.shape):
        ahead, behind = at.copy(), at.copy()
        ahead[index] += 1e-6
        behind[index] -= 1e-6
        result[index] = (function(ahead) - function(behind)) / 2e-6
    return result


def test_the_gradient_of_a_lookup_is_its_slope() -> None:
    random = np.random.default_rng(0)
    table, ids = random.standard_normal((4, 2)), np.array([[1, 1, 3], [0, 1, 3]])
    upstream = random.standard_normal((2, 3, 2))
    by_differences = slope(lambda t: (t[ids] * upstream).sum(), table)
    np.testing.assert_allclose(gradient(table, ids, upstream).value, by_differences, atol=1e-8)


def test_the_gradient_of_a_lookup_is_that_of_the_one_hot_product() -> None:
    random = np.random.default_rng(1)
    table, ids, upstream = random.standard_normal((5, 3)), np.array([4, 0, 4]), random.standard_normal((3, 3))
    one_hot = np.eye(5)[ids]
    value, pulled = equivalence(table, ids, upstream, "one-hot")
    np.testing.assert_allclose(value.value, one_hot @ table)
    np.testing.assert_allclose(pulled.value, one_hot.T @ upstream)


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("padding", [None, 1, -1])
def test_the_gradient_of_a_bag_is_its_slope(mode: str, padding: int | None) -> None:
    random = np.random.default_rng(2)
    table, ids, offsets = random.standard_normal((4, 2)), np.array([1, 3, 1, 0, 2]), np.array([0, 3, 3])
    upstream = random.standard_normal((3, 2))

    def total(t: Any) -> Any:
        return (bag(t, ids, offsets, mode, padding, None, False).value * upstream).sum()

    said = bag_gradient(table, ids, offsets, upstream, mode, padding, None, False, False)
    assert isinstance(said, tuple)
    np.testing.assert_allclose(said[0].value, slope(total, table), atol=1e-8)


def test_the_gradient_of_the_weights_of_a_bag_is_their_slope() -> None:
    random = np.random.default_rng(3)
    table, ids, offsets = random.standard_normal((4, 2)), np.array([1, 3, 1]), np.array([0, 2])
    weights, upstream = random.standard_normal(3), random.standard_normal((2, 2))
    said = bag_gradient(table, ids, offsets, upstream, "sum", 3, weights, False, False)
    assert isinstance(said, tuple)
    assert said[1] is not None

    def total(w: Any) -> Any:
        return (bag(table, ids, offsets, "sum", 3, w, False).value * upstream).sum()

    np.testing.assert_allclose(said[1].value, slope(total, weights), atol=1e-8)


def test_bags_of_equal_length_are_lookups_that_are_reduced() -> None:
    table, ids = np.arange(8.0).reshape(4, 2), np.array([[1, 3], [0, 0]])
    for mode, reduce in (("sum", np.sum), ("mean", np.mean), ("max", np.max)):
        said = bag(table, ids, None, mode, None, None, False)
        np.testing.assert_array_equal(said.value, reduce(table[ids], axis=1))


def test_adam_by_hand() -> None:
    """A first gradient of 2 gives m = v = 1; the epsilons differ by √(1 − beta_2)."""
    table, ids, upstream = np.zeros((2, 1)), [np.array([[0, 0]])], [np.ones((1, 2, 1))]
    keras = step_keras(table, ids, upstream, "adam", ADAM).value
    torch = step_torch(table, ids, upstream, "adam", ADAM).value
    np.testing.assert_allclose(keras.ravel(), [-0.125 / (1 + 2**-10), 0])
    np.testing.assert_allclose(torch.ravel(), [-0.125 * 2 / (2 + 2**-10), 0])


def test_momentum_moves_a_row_that_only_an_earlier_step_has_named_unless_the_step_is_lazy() -> None:
    table, ids = np.zeros((3, 1)), [np.array([[0]]), np.array([[1]])]
    upstream = [np.ones((1, 1, 1)), np.ones((1, 1, 1))]
    first = step_keras(table, ids[:1], upstream[:1], "adam", ADAM).value
    second = step_keras(table, ids, upstream, "adam", ADAM).value
    lazy = lazy_step(table, ids, upstream, ADAM).value
    assert second[0] < first[0] < 0
    assert lazy[0] == first[0]
    assert second[2] == lazy[2] == 0


def test_a_row_as_long_as_max_norm_is_kept() -> None:
    _, after = max_norm(np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([0, 1]), 2.0, 2.0)
    np.testing.assert_allclose(after.value, [[2, 0], [0, 2]], rtol=1e-7)
    assert (after.roundings.ravel() == 0).tolist() == [True, False]


def test_no_reading_returns_a_view_of_its_inputs() -> None:
    table = np.arange(6.0).reshape(3, 2)
    assert not np.shares_memory(chapter.weights(table, 3, 2), table)
    assert not np.shares_memory(chapter.pretrained_torch(table, None)[0], table)
    assert not np.shares_memory(chapter.resize(table, 2, True)["kept"], table)
    assert not np.shares_memory(chapter.lookup_keras_3(table, np.array(1)), table)


def test_a_refusal_names_the_size() -> None:
    with pytest.raises(Refused, match="True"):
        chapter.build_keras_3_15(True, 2, "float32")
