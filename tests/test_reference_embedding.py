"""The chapter embedding, against examples worked out by hand and along second paths."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backends.codec import dtype_named
from reference import embedding
from reference.clause import find
from reference.errors import IndexOutOfRange, TypeRefused
from reference.outcomes import AnyOf, Bounded, Setting, Working

TABLE = np.array([[1, 2], [3, 4], [5, 6]], np.float32)
CPU, GPU = Setting("tensorflow", "cpu"), Setting("tensorflow", "gpu")


def lookup(dialect: str, table: Any, ids: Any, setting: Setting = CPU) -> Any:
    reading = find("embedding.lookup", dialect)
    assert reading is not None
    extra = {"setting": setting} if "setting" in reading.parameters else {}
    return reading.function(table, ids, **extra)


DIALECTS = ("keras-2.2", "keras-2.3", "keras-2", "keras-3", "torch", "transformers")
KERAS = DIALECTS[:4]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("ids", "rows"),
    [
        (2, [5, 6]),
        ([0], [[1, 2]]),
        ([2, 0, 2], [[5, 6], [1, 2], [5, 6]]),
        ([[1], [2]], [[[3, 4]], [[5, 6]]]),
        ([[[[0, 1]]]], [[[[[1, 2], [3, 4]]]]]),
    ],
)
def test_rows_are_looked_up_by_hand(dialect: str, ids: Any, rows: Any) -> None:
    for dtype in ("int32", "int64"):
        found = lookup(dialect, TABLE, np.array(ids, dtype))
        assert found.dtype == np.float32
        assert found.tolist() == rows


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 3)])
def test_no_ids_give_no_rows_of_the_right_form(dialect: str, shape: tuple[int, ...]) -> None:
    for dtype in ("float16", "bfloat16", "float64"):
        found = lookup(dialect, TABLE.astype(dtype_named(dtype)), np.zeros(shape, np.int64))
        assert (found.shape, found.dtype) == ((*shape, 2), dtype_named(dtype))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_rows_keep_every_bit(dialect: str) -> None:
    bits = np.array([[0x7FC01234, 0x80000000], [0xFF800000, 0x00000001]], np.uint32)
    found = lookup(dialect, bits.view(np.float32), np.array([1, 0]))
    assert (found.view(np.uint32) == bits[::-1]).all()


@pytest.mark.parametrize("dialect", KERAS)
def test_keras_casts_ids_of_other_dtypes_toward_zero(dialect: str) -> None:
    assert lookup(dialect, TABLE, np.array([1.9, 0.5, -0.5, 2.0])).tolist() == TABLE[[1, 0, 0, 2]].tolist()
    assert lookup(dialect, TABLE, np.array([True, False])).tolist() == TABLE[[1, 0]].tolist()
    assert lookup(dialect, TABLE, np.array([2], np.uint8)).tolist() == TABLE[[2]].tolist()


def test_keras_2_2_casts_int64_where_keras_2_does_not() -> None:
    wrapped = np.array([2**32 + 1])
    assert lookup("keras-2.2", TABLE, wrapped).tolist() == [[3, 4]]
    with pytest.raises(IndexOutOfRange, match="id 4294967297 is outside 0 … 2"):
        lookup("keras-2", TABLE, wrapped)


@pytest.mark.parametrize("dialect", ["torch", "transformers"])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int16", "uint32", "float32", "float64"])
def test_torch_refuses_ids_of_other_dtypes(dialect: str, dtype: str) -> None:
    with pytest.raises(TypeRefused, match=f"these are {dtype}"):
        lookup(dialect, TABLE, np.zeros(1, dtype))


@pytest.mark.parametrize("dialect", ["keras-2.2", "keras-2", "torch"])
@pytest.mark.parametrize("id", [-1, 3, -4, 2**31 - 1])
def test_an_id_outside_is_refused_on_a_cpu(dialect: str, id: int) -> None:
    with pytest.raises(IndexOutOfRange, match=f"id {id} is outside 0 … 2"):
        lookup(dialect, TABLE, np.array([[0, id]]))


@pytest.mark.parametrize("dialect", ["keras-2.2", "keras-2"])
def test_an_id_outside_gives_zeros_on_a_gpu(dialect: str) -> None:
    assert lookup(dialect, TABLE, np.array([3, 1, -1]), GPU).tolist() == [[0, 0], [3, 4], [0, 0]]


def test_an_id_outside_is_open_for_torch_on_a_gpu() -> None:
    said = lookup("torch", TABLE, np.array([3, 1]), GPU)
    refusal, zeros, nans = said.allowed
    assert isinstance(refusal, IndexOutOfRange)
    assert zeros.tolist() == [[0, 0], [3, 4]]
    assert np.isnan(nans[0]).all()
    assert nans[1].tolist() == [3, 4]


def allowed(ids: list[int]) -> list[Any]:
    """The values that Keras 3 leaves open, NaN as None."""
    said = lookup("keras-3", TABLE, np.array(ids))
    assert isinstance(said, AnyOf)
    assert isinstance(said.allowed[0], IndexOutOfRange)
    return [np.where(np.isnan(value), -9, value).tolist() for value in said.allowed[1:]]


def test_an_id_outside_is_open_for_keras_3_within_reason() -> None:
    nan = [-9, -9]
    assert allowed([3]) == [[[0, 0]], [nan], [[5, 6]]]
    assert allowed([-1]) == [[[0, 0]], [nan], [[1, 2]], [[5, 6]]]
    assert allowed([-3]) == [[[0, 0]], [nan], [[1, 2]], [[1, 2]]]
    assert allowed([-4]) == [[[0, 0]], [nan], [[1, 2]]]
    assert [[0, 0], [5, 6]] not in allowed([3, 3]), "alike on the same side"
    assert [[0, 0], [5, 6]] in allowed([3, -1]), "each side in its own way"
    assert all(value[1] == [3, 4] for value in allowed([3, 1])), "the other rows are as ever"


def test_the_layer_holds_one_table() -> None:
    assert embedding.build(3, 2, "float16") == {"shapes": [(3, 2)], "dtype": "float16"}


# The gradient


def test_the_gradient_adds_up_by_hand() -> None:
    ids, upstream = np.array([[2, 0], [2, 2]]), np.array([[[1, 10], [2, 20]], [[3, 30], [4, 40]]], np.float32)
    said = embedding.gradient(TABLE, ids, -upstream)
    assert said.value.tolist() == [[-2, -20], [0, 0], [-8, -80]]
    assert said.magnitude.tolist() == [[2, 20], [0, 0], [8, 80]]
    assert np.broadcast_to(said.roundings, (3, 2)).tolist() == [[0, 0], [0, 0], [2, 2]]
    assert said.value.dtype == np.float64
    assert said.dtype == np.float32


def test_the_gradient_is_that_of_finite_differences() -> None:
    random = np.random.default_rng(0)
    table, ids = random.standard_normal((5, 3)), random.integers(0, 5, (4, 2))
    upstream = random.standard_normal((4, 2, 3))
    step = 1e-6
    differences = np.zeros_like(table)
    for index in np.ndindex(table.shape):
        up, down = table.copy(), table.copy()
        up[index] += step
        down[index] -= step
        change = lookup("torch", up, ids) - lookup("torch", down, ids)
        differences[index] = (change * upstream).sum() / (2 * step)
    said = embedding.gradient(table, ids, upstream)
    assert np.allclose(said.value, differences, rtol=0, atol=1e-8)


@pytest.mark.parametrize("route", ["lookup", "one-hot", "dense"])
def test_lookup_is_a_product_with_one_hot_rows(route: str) -> None:
    random = np.random.default_rng(1)
    table, ids = random.standard_normal((4, 3)), random.integers(0, 4, (5,))
    upstream = random.standard_normal((5, 3))
    one_hot = np.eye(4)[ids]
    value, gradient = embedding.equivalence(table, ids, upstream, route)
    assert np.array_equal(value.value, one_hot @ table)
    assert np.allclose(gradient.value, one_hot.T @ upstream, rtol=1e-14)
    assert not value.roundings.any()


def test_the_control_adds_in_its_own_dtype_and_order() -> None:
    ids, terms = np.zeros(3, np.int64), np.array([[1], [2**-11], [2**-11]], np.float16)
    table = np.zeros((1, 1), np.float16)
    forward = embedding.gradient(table, ids, terms, working=Working(np.dtype(np.float16)))
    backward = embedding.gradient(table, ids, terms, working=Working(np.dtype(np.float16), reverse=True))
    assert (forward.value.item(), backward.value.item()) == (1.0, 1 + 2**-10)


# The mask


@pytest.mark.parametrize("dialect", KERAS)
def test_mask_zero_masks_zeros_by_hand(dialect: str) -> None:
    reading = find("embedding.mask", dialect)
    assert reading is not None
    mask = reading.function
    assert mask(np.array([[0, 1, -1, 7]]), False) is None
    assert mask(np.array([[0, 1, -1, 7]]), True).tolist() == [[False, True, True, True]]
    assert mask(np.array([0.0, -0.0, 0.5, np.nan]), True).tolist() == [False, False, True, True]
    said = mask(np.array([True, False]), True)
    assert isinstance(said.allowed[0], TypeRefused)
    assert said.allowed[1].tolist() == [True, False]
    assert mask(np.array([True]), False) is None


@pytest.mark.parametrize("dialect", ["torch", "transformers", "suite"])
def test_torch_states_no_mask(dialect: str) -> None:
    assert find("embedding.mask", dialect) is None


# Inputs


def bits(*arrays: Any) -> list[bytes]:
    return [array.tobytes() for array in arrays]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("ids", [np.array([0, 2]), np.array(1), np.array([0, 9]), np.array([1], np.int64)])
def test_a_lookup_neither_changes_nor_shares_its_inputs(dialect: str, ids: Any) -> None:
    table = TABLE.copy()
    before = bits(table, ids)
    try:
        said = lookup(dialect, table, ids, GPU)
    except IndexOutOfRange:
        said = ()
    values = said.allowed if isinstance(said, AnyOf) else (said,)
    assert bits(table, ids) == before
    for value in values:
        if isinstance(value, np.ndarray):
            assert not np.shares_memory(value, table)
            assert not np.shares_memory(value, ids)


def test_gradient_equivalence_and_mask_neither_change_nor_share_their_inputs() -> None:
    table, ids = TABLE.astype(np.float64), np.array([0, 2])
    upstream = np.ones((2, 2))
    before = bits(table, ids, upstream)
    results = [
        embedding.gradient(table, ids, upstream),
        *embedding.equivalence(table, ids, upstream, "lookup"),
    ]
    arrays = [array for said in results for array in (said.value, said.magnitude, said.roundings)]
    arrays.append(np.asarray(embedding.mask(ids, True)))
    assert all(isinstance(said, Bounded) for said in results)
    assert bits(table, ids, upstream) == before
    for array in arrays:
        assert not any(np.shares_memory(array, given) for given in (table, ids, upstream))
