"""What crosses to a worker and into files comes back unharmed, or is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import execnet
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.codec import Malformed, dtype_named, from_json, pack, to_json, unpack

DTYPES = (
    *("float16", "bfloat16", "float32", "float64", "bool", "complex64"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
)
SHAPES = ((), (1,), (0,), (3,), (2, 3), (2, 0, 3), (1, 1, 1, 1))


def through_execnet(value: Any) -> Any:
    return unpack(execnet.loads(execnet.dumps(pack(value))))


def through_a_file(value: Any) -> Any:
    return from_json(json.loads(json.dumps(to_json(value), allow_nan=False), parse_constant=pytest.fail))


WAYS = pytest.mark.parametrize("there_and_back", [through_execnet, through_a_file])


def same(one: Any, other: Any) -> bool:
    """Whether two values are alike in type, structure and every bit."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return same(list(one.items()), list(other.items()))
    return repr(one) == repr(other)


def random_bits(dtype: str, shape: tuple[int, ...], seed: int) -> np.ndarray[Any, Any]:
    """Every pattern of bits that the dtype has, NaN payloads and signed zeros among them."""
    kind = dtype_named(dtype)
    size = int(np.prod(shape, dtype=np.int64)) * kind.itemsize
    data = np.random.default_rng(seed).integers(0, 2 if dtype == "bool" else 256, size, dtype=np.uint8)
    return np.frombuffer(data.tobytes(), kind).reshape(shape)


@WAYS
@pytest.mark.parametrize("dtype", DTYPES)
def test_arrays_of_every_dtype_and_shape_come_back_bit_for_bit(there_and_back: Any, dtype: str) -> None:
    for seed, shape in enumerate(SHAPES):
        array = random_bits(dtype, shape, seed)
        assert same(there_and_back(array), array)
        assert there_and_back(array).flags.writeable


@WAYS
@pytest.mark.parametrize(
    ("dtype", "bits"),
    [
        ("float64", 0x7FF8_0000_DEAD_BEEF),
        ("float64", 0xFFF0_0000_0000_0001),
        ("float64", 0x8000_0000_0000_0000),
        ("float32", 0x7FA0_1234),
        ("float32", 0x8000_0001),
        ("float16", 0xFE01),
        ("bfloat16", 0x7FC1),
        ("bfloat16", 0x8000),
    ],
)
def test_nan_payloads_and_the_sign_of_zero_survive(there_and_back: Any, dtype: str, bits: int) -> None:
    width = dtype_named(dtype).itemsize
    array = np.frombuffer(bits.to_bytes(width, "little"), dtype_named(dtype))
    assert int.from_bytes(there_and_back(array).tobytes(), "little") == bits


@WAYS
def test_views_come_back_with_the_values_that_they_show(there_and_back: Any) -> None:
    array = np.arange(24, dtype=np.int32).reshape(4, 6)
    for view in (array.T, array[::-1, ::2], array[1], np.broadcast_to(array[0], (2, 6))):
        assert np.array_equal(there_and_back(view), view)


texts = st.text(st.characters(), max_size=5)  # lone surrogates among them
plain = st.none() | st.booleans() | st.integers() | st.floats() | texts | st.binary(max_size=5)
arrays = st.builds(random_bits, st.sampled_from(DTYPES), st.sampled_from(SHAPES), st.integers(0, 2**32 - 1))
keys = st.booleans() | st.integers() | st.text(max_size=3) | st.tuples(st.integers(), st.text(max_size=2))
values = st.recursive(
    plain | arrays,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(keys, inner, max_size=3)
    ),
    max_leaves=8,
)


@given(values)
@settings(max_examples=150, database=None, deadline=None)
def test_nested_values_come_back_as_they_were(value: Any) -> None:
    assert same(through_execnet(value), value)
    assert same(through_a_file(value), value)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf"), -0.0, 5e-324, 0.1])
def test_numbers_that_json_has_no_word_for_are_strict_json_all_the_same(number: float) -> None:
    text = json.dumps(to_json([number, {"key": (number,)}]), allow_nan=False)
    json.loads(text, parse_constant=pytest.fail)
    assert same(from_json(json.loads(text)), [number, {"key": (number,)}])


@WAYS
@pytest.mark.parametrize("number", [0, -1, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**64, -(2**70)])
def test_whole_numbers_of_any_size_come_back(there_and_back: Any, number: int) -> None:
    assert same(there_and_back([number, {number: number}]), [number, {number: number}])


@WAYS
def test_texts_of_any_characters_come_back(there_and_back: Any) -> None:
    for text in ("", "é", "\u2028\x85\0", "\U0001f600", "\udc80 from a broken file name"):
        assert same(there_and_back(text), text)


@WAYS
@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        (np.float64(0.5), 0.5),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
    ],
)
def test_numpy_scalars_come_back_as_plain_ones(there_and_back: Any, scalar: Any, value: Any) -> None:
    assert same(there_and_back([scalar]), [value])


class Names(list[str]):
    """A list of a framework's own kind."""


class Shape(tuple[int, ...]):
    """A tuple of a framework's own kind."""


def test_lists_and_tuples_of_a_kind_of_their_own_stay_lists_and_tuples() -> None:
    assert same(through_execnet([Names("ab"), Shape((1, 2))]), [["a", "b"], (1, 2)])
    assert same(through_a_file([Names("ab"), Shape((1, 2))]), [["a", "b"], (1, 2)])


@pytest.mark.parametrize("write", [pack, to_json])
@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1, 2},
        3j,
        Path("x"),
        bytearray(b"x"),
        np.array([None, "x"], object),
        np.array(["text"]),
        np.array([1.0], ">f4"),
        np.zeros(2, [("field", "f4")]),
        [np.array([object()])],
        {"key": object()},
    ],
    ids=repr,
)
def test_what_cannot_be_carried_exactly_is_refused_by_the_writer(write: Any, value: Any) -> None:
    with pytest.raises(Malformed, match="cannot"):
        write(value)


@pytest.mark.parametrize(
    "packed",
    [
        [],
        ["array"],
        ["array", "float32", [1]],
        ["array", "float32", [1], b"123"],
        ["array", "float32", [2], b"1234"],
        ["array", "float32", [-1], b"1234"],
        ["array", "float32", [True], b"1234"],
        ["array", "float32", ["1"], b"1234"],
        ["array", "float32", [1], "1234"],
        ["array", "nosuch", [1], b"1234"],
        ["array", "object", [1], b"12345678"],
        ["array", "f4", [1], b"1234"],
        ["array", 4, [1], b"1234"],
        ["list", "ab"],
        ["tuple", [["nosuch", []]]],
        ["dict", ["ab"]],
        ["dict", [[1, 2, 3]]],
        ["dict", [[["list", []], 1]]],
        ["set", [1]],
        ["int", "one"],
        ["text", b"\xff"],
        (1, 2),
        {"a": 1},
        3j,
    ],
    ids=repr,
)
def test_garbage_from_a_worker_is_refused(packed: Any) -> None:
    with pytest.raises(Malformed, match="not readable as data"):
        unpack(packed)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"nosuch": 1},
        {"array": {"dtype": "float32", "shape": [1]}},
        {"array": {"dtype": "float32", "shape": [1], "bytes": "AAAAAA==", "order": "F"}},
        {"array": {"dtype": "float32", "shape": [1], "bytes": "AAAAAA=="}, "more": 1},
        {"array": {"dtype": "float32", "shape": [-1], "bytes": "AAAAAA=="}},
        {"array": {"dtype": "float32", "shape": [1], "bytes": "AAAA"}},
        {"array": {"dtype": "float32", "shape": [1], "bytes": "?"}},
        {"array": {"dtype": "float32", "shape": [1], "bytes": "ä"}},
        {"array": {"dtype": "object", "shape": [1], "bytes": "AAAAAAAAAAA="}},
        {"array": {"dtype": "nosuch", "shape": [1], "bytes": ""}},
        {"float": "one"},
        {"float": "0x1p+9999"},
        {"float": 1.0},
        {"bytes": "?"},
        {"tuple": 1},
        {"tuple": [{"nosuch": 1}]},
        {"dict": {"a": 1}},
        {"dict": ["ab"]},
        {"dict": [[1]]},
        {"dict": [[[1], 2]]},
        (1, 2),
        b"bytes",
    ],
    ids=repr,
)
def test_garbage_in_a_file_is_refused(data: Any) -> None:
    with pytest.raises(Malformed, match="not readable as data"):
        from_json(data)
