from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backends.codec import dtype_named
from conformance.tolerance import bound
from reference.errors import LengthMismatch, TypeRefused
from reference.masking import cells
from reference.masking.directions import bidirectional, packed
from reference.masking.nesting import nested, time_distributed_keras_2, time_distributed_keras_3
from reference.masking.pooling import pooling
from reference.masking.producing import produce_by_product, produce_by_selection
from reference.masking.recurrent import recurrent_keras_2, recurrent_keras_2_2, recurrent_keras_3
from reference.masking.traveling import explicit, explicit_for_call_alone, propagate, unsupported
from reference.outcomes import ORACLE, AnyOf, Working
from reference.rounded import Arithmetic, unit_roundoff

UNIT = [np.ones((1, 1)), np.ones((1, 1)), np.zeros(1)]
STEPS = np.array([[[1.0], [2.0], [3.0], [4.0]]])
GAPS = np.array([[False, True, False, True]])


def options(**chosen: bool) -> dict[str, Any]:
    names = (
        "return_sequences",
        "return_state",
        "go_backwards",
        "unroll",
        "zero_output_for_mask",
        "reset_after",
    )
    return {name: chosen.get(name, False) for name in names}


def selected(x: Any, mask_value: Any) -> tuple[Any, Any]:
    said = produce_by_selection(x, mask_value)
    assert not isinstance(said, AnyOf)
    return said


def test_masking_looks_at_every_feature() -> None:
    x = np.array([[[0.0, 0.0], [1.0, 0.0], [0.0, -0.0]]])
    values, mask = selected(x, 0.0)
    assert mask.tolist() == [[False, True, False]]
    assert values.tolist() == [[[0, 0], [1, 0], [0, 0]]]


def test_masking_compares_in_the_dtype_of_x() -> None:
    x = np.array([[[0.1]]], np.float32)
    assert not selected(x, 0.1)[1].any()
    assert selected(x.astype(np.float64), 0.1)[1].all()


def test_a_product_with_the_mask_leaves_masked_infinities_open() -> None:
    said = produce_by_product(np.array([[[np.inf], [1.0]]]), np.inf)
    assert isinstance(said, AnyOf)
    assert [np.isnan(values.value[0, 0, 0]) for values, _ in said.allowed] == [False, True]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"return_sequences": True}, [0, 2, 2, 6]),
        ({"return_sequences": True, "zero_output_for_mask": True}, [0, 2, 0, 6]),
        ({"return_sequences": True, "go_backwards": True}, [4, 4, 6, 6]),
        ({}, [6]),
        ({"zero_output_for_mask": True, "go_backwards": True}, [6]),
    ],
)
def test_a_unit_recurrence_by_hand(chosen: dict[str, bool], expected: list[int]) -> None:
    (output,) = recurrent_keras_2("linear", UNIT, STEPS, GAPS, options(**chosen), None)
    assert output.value.reshape(-1).tolist() == expected


def test_keras_2_2_has_no_zero_output_for_mask() -> None:
    with pytest.raises(TypeRefused):
        recurrent_keras_2_2("linear", UNIT, STEPS, GAPS, options(zero_output_for_mask=True), None)


def test_before_the_first_valid_step_keras_3_is_open() -> None:
    said = recurrent_keras_3("linear", UNIT, STEPS, GAPS, options(return_sequences=True), [np.array([[5.0]])])
    assert isinstance(said, AnyOf)
    assert [one[0].value.reshape(-1).tolist() for one in said.allowed] == [[0, 7, 7, 11], [5, 7, 7, 11]]


def test_both_directions_by_hand() -> None:
    chosen = options(return_sequences=True)
    (output,) = bidirectional("linear", UNIT, UNIT, STEPS, GAPS, chosen, "concat")
    assert output.value.tolist() == [[[0, 0], [2, 6], [0, 0], [6, 4]]]


def test_a_packed_sequence_by_hand() -> None:
    weights = [np.ones((1, 1)), np.zeros((1, 1)), np.zeros(1), np.zeros(1)]
    output, state = packed("RNN", weights, np.full((2, 3, 1), 0.5), np.array([1, 2]), False)
    assert output.value.shape == (2, 2, 1)
    assert output.value[0, 1] == 0
    assert state.value.reshape(-1).tolist() == [np.tanh(0.5)] * 2
    with pytest.raises(LengthMismatch):
        packed("RNN", weights, np.zeros((1, 3, 1)), np.array([0]), False)


def test_a_cell_of_lstm_and_gru_by_a_second_path() -> None:
    random = np.random.default_rng(1)
    kernel, recurrent = random.standard_normal((2, 8)), random.standard_normal((2, 8))
    x, h, c = (random.standard_normal((1, 2)) for _ in range(3))
    arithmetic = Arithmetic(np.dtype(np.float64), ORACLE)
    row, states = arithmetic.exact(x), [arithmetic.exact(h), arithmetic.exact(c)]
    new = cells.lstm(arithmetic, cells.Weights(kernel, recurrent), row, states)

    def sigmoid(z: Any) -> Any:
        return 0.5 + 0.5 * np.tanh(z / 2)

    i, f, g, o = np.split(x @ kernel + h @ recurrent, 4, axis=1)
    carry = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    assert np.allclose(new[1].value, carry, rtol=1e-14)
    assert np.allclose(new[0].value, sigmoid(o) * np.tanh(carry), rtol=1e-14)
    three = cells.Weights(kernel[:, :6], recurrent[:, :6])
    (hidden,) = cells.gru("zrn", True)(arithmetic, three, row, states[:1])
    z, r, _ = np.split(x @ three.kernel + h @ three.recurrent, 3, axis=1)
    fresh = np.tanh(x @ kernel[:, 4:6] + r_times(sigmoid(r), h @ recurrent[:, 4:6]))
    assert np.allclose(hidden.value, sigmoid(z) * h + (1 - sigmoid(z)) * fresh, rtol=1e-14)


def r_times(gate: Any, state: Any) -> Any:
    return gate * state


@pytest.mark.parametrize("name", ["float32", "float16", "bfloat16"])
def test_the_error_that_is_followed_covers_a_run_in_the_dtype(name: str) -> None:
    dtype = dtype_named(name)
    random = np.random.default_rng(2)
    for _ in range(50):
        weights = [random.standard_normal(shape).astype(dtype) for shape in ((2, 8), (2, 8), (8,))]
        x = random.standard_normal((2, 3, 2)).astype(dtype)
        mask = random.random((2, 3)) < 0.7
        chosen = options(return_sequences=True)
        (exact,) = recurrent_keras_2("LSTM", weights, x, mask, chosen, None)
        (rough,) = recurrent_keras_2("LSTM", weights, x, mask, chosen, None, working=Working(dtype, True))
        distance = np.abs(rough.value.astype(np.float64) - exact.value)
        assert (distance <= bound(exact, flushes=False)).all()


def test_the_unit_roundoffs_are_those_of_the_formats() -> None:
    assert unit_roundoff(np.dtype(np.float32)) == 2.0**-24
    assert unit_roundoff(dtype_named("bfloat16")) == 2.0**-8


def test_pooling_by_hand() -> None:
    x, mask = np.array([[[1.0], [np.nan], [3.0]]]), np.array([[True, False, True]])
    said = pooling(x, mask, "channels_last", False)
    assert not isinstance(said, AnyOf)
    assert said.value.tolist() == [[2.0]]
    assert isinstance(pooling(x, ~mask & False, "channels_last", True), AnyOf)


def test_masks_travel_as_the_table_says() -> None:
    x, mask = np.zeros((1, 2, 3), np.float32), np.array([[True, False]])
    dense = {"layer": "Dense", "options": {"units": 2}}
    last = {"layer": "LSTM", "options": {"units": 2, "return_state": True}}
    assert propagate(dense, x, mask, "eager") == [mask]
    assert propagate(last, x, mask, "eager") == [None, None, None]
    assert isinstance(unsupported({"layer": "Flatten", "options": {}}, x, mask, "eager"), AnyOf)
    assert unsupported({"layer": "x + x", "options": {}}, x, mask, "eager") == [None]


def test_an_explicit_mask_is_handed_on_since_keras_3_11() -> None:
    attached, given = np.array([[True]]), np.array([[False]])
    assert explicit(attached, given, True, True) == (given, given)
    assert explicit_for_call_alone(attached, given, True, True) == (given, attached)


def test_probes_see_what_reaches_them() -> None:
    inner = {"layer": "Sequential", "layers": [{"layer": "Probe"}, {"layer": "Lambda", "options": {}}]}
    outer = {"layer": "Functional", "layers": [inner, {"layer": "Probe"}]}
    mask = np.array([[True, False]])
    assert nested(outer, np.zeros((1, 2, 1), np.float32), mask) == [mask, None, None]


def test_time_distributed_asks_the_layer_inside_or_does_not() -> None:
    inner = {"layer": "Masking", "options": {"mask_value": 0.0}}
    x = np.ones((1, 2, 3, 1), np.float32)
    said = time_distributed_keras_2(inner, x, None)
    assert isinstance(said, list)
    assert said[0] is not None
    assert said[0].shape == (1, 2, 3)
    assert time_distributed_keras_3(inner, x, None) == [None]
