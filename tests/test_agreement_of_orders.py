"""Outcomes in any order: what agrees with a `Shuffled`, and what does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backends.base import Outcome
from backends.numpy_control import settle
from conformance.agreement import Disagreement, agree
from conformance.reproduction import _is_random
from reference.outcomes import Shuffled, picked

X = np.arange(5, dtype=np.float32).reshape(5, 1)
W = np.arange(5) * 10.0
SAID = Shuffled(([X], W), (2, 2, 1), 2, 0)
ORDERS = [[0, 1], [2, 3], [4], [4, 2], [0, 3], [1]]


def batches(orders: list[list[int]]) -> list[Any]:
    return [picked(SAID.form, order) for order in orders]


def judged(actual: Any, said: Shuffled = SAID) -> str:
    """What is wrong with an outcome, nothing if it agrees."""
    try:
        agree(said, Outcome("value", actual))
    except Disagreement as disagreement:
        return str(disagreement)
    return ""


def test_any_order_agrees_and_each_epoch_has_one_of_its_own() -> None:
    assert judged(batches(ORDERS)) == ""
    assert judged(batches(list(reversed([list(reversed(o)) for o in ORDERS[:3]])))[::-1] * 2) == ""


@pytest.mark.parametrize("seed", range(5))
def test_the_control_shuffles_what_agrees(seed: int) -> None:
    said = Shuffled(SAID.form, SAID.sizes, SAID.epochs, seed)
    assert judged(settle(said), said) == ""


def test_a_sample_twice_in_an_epoch_is_found() -> None:
    assert "[2]" in judged(batches([[0, 1], [2, 3], [3], *ORDERS[3:]]))


def test_a_weight_of_another_sample_is_found() -> None:
    said = batches(ORDERS)
    said[1][1][:] = said[1][1][::-1].copy()
    assert "none that is left" in judged(said)


def test_a_value_that_differs_in_its_last_bit_is_found() -> None:
    said = batches(ORDERS)
    said[4][0][0][1, 0] = np.nextafter(said[4][0][0][1, 0], np.float32(9))
    assert "[4]" in judged(said)


@pytest.mark.parametrize(
    ("actual", "words"),
    [
        (batches(ORDERS[:3]), "a list of 6 batches"),
        (tuple(batches(ORDERS)), "a list of 6 batches"),
        (batches([[0], [1, 2], [3, 4], *ORDERS[3:]]), "shape"),
        ([(one[0][0], one[1]) for one in batches(ORDERS)], "a list of 1"),
        ([(one[0], one[1].astype(np.float32)) for one in batches(ORDERS)], "dtype float64"),
        ([one[:1] for one in batches(ORDERS)], "a tuple of 2"),
        (None, "a list of 6 batches"),
    ],
)
def test_another_form_is_found(actual: Any, words: str) -> None:
    assert words in judged(actual)


def test_fewer_samples_than_there_are_may_be_any_of_them() -> None:
    said = Shuffled(np.arange(4), (2,), 2, 0)
    assert judged([np.array([3, 1]), np.array([1, 0])], said) == ""
    assert judged([np.array([3, 3]), np.array([1, 0])], said) != ""
    assert judged([np.array([3, 4]), np.array([1, 0])], said) != ""


def test_a_repeated_sample_may_come_as_often_as_it_is_there() -> None:
    said = Shuffled(np.array([7, 7, 8]), (3,), 1, 0)
    assert judged([np.array([7, 8, 7])], said) == ""
    assert judged([np.array([7, 8, 8])], said) != ""


def test_one_run_cannot_show_a_random_order() -> None:
    assert _is_random(SAID)
