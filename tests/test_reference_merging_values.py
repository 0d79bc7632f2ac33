"""The values, gradients and averages of the chapter merging, checked by other means than itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reference import merging
from reference.errors import LengthMismatch, ShapeMismatch
from reference.outcomes import AnyOf, Bounded

Array = np.ndarray[Any, Any]

A = np.array([[[1.0], [2.0], [3.0], [4.0]]])
B = np.array([[[10.0], [-20.0], [30.0], [-40.0]]])
MASK_A = np.array([[False, True, False, True]])
MASK_B = np.array([[False, False, True, True]])


def row(said: Any) -> list[float]:
    assert isinstance(said, Bounded)
    return [float(value) for value in said.value.reshape(-1)]


@pytest.mark.parametrize(
    ("layer", "before", "after"),
    [
        ("Add", [11, -18, 33, -36], [11, -18, 33, -36]),
        ("Average", [5.5, -9, 16.5, -18], [5.5, -9, 16.5, -18]),
        ("Multiply", [10, -40, 90, -160], [0, 2, 30, -160]),
        ("Maximum", [10, 2, 30, 4], [1, 2, 30, 4]),
        ("Minimum", [1, -20, 3, -40], [1, 2, 30, -40]),
    ],
)
def test_two_masked_rows_by_hand(layer: str, before: list[float], after: list[float]) -> None:
    """The values were seen on Keras 3.0.5, 3.3.3, 3.4.1, 3.15.1 and tf_keras 2.21."""
    assert row(merging.value_keras_2(layer, [A, B], [MASK_A, MASK_B])) == before
    assert row(merging.value_keras_3_4(layer, [A, B], [MASK_A, MASK_B])) == after


def test_the_masked_average_by_hand() -> None:
    mean, mask = merging.average_masked([A, B], [MASK_A, MASK_B], "called")
    assert row(mean) == [0, 2, 30, -18]
    assert mask is not None and mask.tolist() == [[False, True, True, True]]


def test_masks_are_concatenated_by_hand() -> None:
    def along(axis: int, masks: Any, rule: Any) -> Any:
        return rule([A, B], masks, axis).astype(int).tolist()

    both = [MASK_A, MASK_B]
    assert along(-1, both, merging.concatenate_mask_keras_2) == [[0, 0, 0, 1]]
    assert along(-1, both, merging.concatenate_mask_keras_3_4) == [[0, 1, 1, 1]]
    assert along(1, both, merging.concatenate_mask_keras_3_4) == [[0, 1, 0, 1, 0, 0, 1, 1]]
    assert along(1, [MASK_A, None], merging.concatenate_mask_keras_3_4) == [[0, 1, 0, 1, 1, 1, 1, 1]]


def test_lower_ranks_are_aligned_behind_the_batch() -> None:
    low, high = np.array([[1.0, 2.0], [10.0, 20.0]]), np.zeros((2, 2, 2))
    said = merging.value_keras_2("Add", [low, high], [None, None])
    assert isinstance(said, Bounded)
    assert said.value.tolist() == [[[1, 2], [1, 2]], [[10, 20], [10, 20]]]


def test_refusals() -> None:
    with pytest.raises(LengthMismatch, match="exactly 2 inputs"):
        merging.value_keras_2("Subtract", [A], [None])
    with pytest.raises(ShapeMismatch, match="differ in their batch"):
        merging.value_keras_2("Add", [A, np.zeros((2, 4, 1))], [None, None])
    with pytest.raises(LengthMismatch, match="at least 2"):
        merging.value_keras_2_2("Add", [A], [None])


@pytest.mark.parametrize("layer", ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"])
@pytest.mark.parametrize("masked", [False, True])
def test_gradients_are_those_of_finite_differences(layer: str, masked: bool) -> None:
    random = np.random.default_rng(0)
    inputs = [random.standard_normal((2, 1, 2)), random.standard_normal((2, 3, 2))]
    masks = [random.random((2, 1)) < 0.5, random.random((2, 3)) < 0.5] if masked else [None, None]
    upstream = random.standard_normal((2, 3, 2))
    said = merging.gradient_with_masks(layer, inputs, masks, upstream)
    assert isinstance(said, list)

    def total(arrays: list[Array]) -> float:
        merged = merging.value_keras_3_4(layer, arrays, masks)
        assert isinstance(merged, Bounded)
        return float((merged.value * upstream).sum())

    for which, gradient in enumerate(said):
        np.testing.assert_allclose(gradient.value, differences(total, inputs, which), atol=1e-6)


@pytest.mark.parametrize("axes", [1, (1, 2), (2, 1), -1])
def test_dot_and_its_gradient_along_a_second_path(axes: Any) -> None:
    random = np.random.default_rng(1)
    inputs = [random.standard_normal((2, 3, 3)), random.standard_normal((2, 3, 3))]
    first, second = (axes, axes) if isinstance(axes, int) else axes
    left, right = np.moveaxis(inputs[0], first, 2), np.moveaxis(inputs[1], second, 1)
    np.testing.assert_allclose(merging.dot(inputs, axes, False).value, left @ right)
    upstream = random.standard_normal((2, 3, 3))

    def total(arrays: list[Array]) -> float:
        return float((merging.dot(arrays, axes, False).value * upstream).sum())

    for which, gradient in enumerate(merging.dot_gradient(inputs, axes, upstream)):
        np.testing.assert_allclose(gradient.value, differences(total, inputs, which), atol=1e-6)


def test_the_masked_average_ignores_what_is_masked_and_never_gives_nan() -> None:
    spoiled = np.where(MASK_A[..., None], A, np.nan)
    mean, _ = merging.average_masked([spoiled, B], [MASK_A, MASK_B], "called")
    assert row(mean) == [0, 2, 30, -18]
    gradients = merging.average_masked_gradient([spoiled, B], [MASK_A, MASK_B], np.ones((1, 4, 1)))
    assert [row(gradient) for gradient in gradients] == [[0, 1, 0, 0.5], [0, 0, 1, 0.5]]


def test_the_average_along_an_axis_by_hand() -> None:
    mean, mask = merging.average_axis(A, MASK_A, (1,), True, "called")
    assert mean.value.tolist() == [[[3.0]]] and mask is not None and mask.tolist() == [[True]]
    mean, mask = merging.average_axis(A, np.zeros((1, 4), np.bool_), (1,), False, "called")
    assert mean.value.tolist() == [[0.0]] and mask is not None and mask.tolist() == [False]


def test_a_row_that_is_wholly_masked_is_left_open_in_pooling() -> None:
    said = merging.pooling(A, np.zeros((1, 4), np.bool_), False)
    assert isinstance(said, AnyOf)
    assert [float(one.value[0, 0]) for one in said.allowed][1] == 0.0


def differences(total: Any, inputs: list[Array], which: int) -> Array:
    """The derivative of `total` by one of its inputs, by central differences."""
    step = 1e-6
    result = np.zeros_like(inputs[which])
    for index in np.ndindex(result.shape):
        ends = []
        for sign in (1, -1):
            moved = [array.copy() for array in inputs]
            moved[which][index] += sign * step
            ends.append(total(moved))
        result[index] = (ends[0] - ends[1]) / (2 * step)
    return result
