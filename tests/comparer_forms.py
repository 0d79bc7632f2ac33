"""Checks of the comparer: shapes, dtypes, containers, refusals, and that no part is overlooked."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import numpy as np
from comparer import FLOATS, Random, accepts, bounded, refusal, refuses, value

from backends.base import Outcome
from backends.codec import dtype_named
from reference.errors import IndexOutOfRange, Refused
from reference.outcomes import AnyOf, Codes, Coins, Measured


def the_form_counts_even_with_equal_values(comparer: ModuleType, random: Random) -> None:
    for dtype in (*FLOATS, "int32", "bool"):
        array = np.ones((2, 3), dtype_named(dtype))
        others: list[Any] = [
            array.T,
            array.reshape(-1),
            array[None],
            array[:1],
            array[:0],
            array.astype(np.int64),
            array.astype(np.float32 if dtype != "float32" else np.float64),
            array.tolist(),
            None,
            1,
        ]
        forms: list[Any] = [array]
        if dtype in FLOATS:
            forms += [bounded(array[None]), bounded(np.stack([array / 2, array / 2]).astype(array.dtype))]
        for expected in forms:
            accepts(comparer, expected, array)
            for other in others:
                refuses(comparer, expected, other)
    empty, scalar = np.zeros((0, 2), np.float32), np.ones((), np.float32)
    accepts(comparer, empty, empty.copy())
    accepts(comparer, bounded(empty[None]), empty.copy())
    for other in (None, np.zeros((0, 3), np.float32), np.zeros((0, 2), np.float64), [], ()):
        refuses(comparer, empty, other)
        refuses(comparer, bounded(empty[None]), other)
    accepts(comparer, scalar, scalar.copy())
    refuses(comparer, scalar, scalar[None])
    refuses(comparer, scalar, 1.0)
    refuses(comparer, None, empty)
    refuses(comparer, None, False)
    accepts(comparer, None, None)


def containers_are_of_the_same_kind_length_and_names(comparer: ModuleType, random: Random) -> None:
    one, two = np.array([1.0]), np.array([2.0])
    accepts(comparer, (one, [two, None], {"a": 1}), (one, [two, None], {"a": 1}))
    for expected, came in (
        ((one, two), (one,)),
        ((one, two), (one, two, two)),
        ((one, two), (two, one)),
        ((one, two), [one, two]),
        ([one], (one,)),
        ((), []),
        ((), None),
        ([None], []),
        ((one,), one),
        ({"a": one}, {"a": one, "b": two}),
        ({"a": one, "b": two}, {"a": one}),
        ({"a": one}, {"b": one}),
        ({"a": one}, {"a": two}),
        ({"a": one}, [("a", one)]),
        ({}, None),
        ([[one]], [[two]]),
    ):
        refuses(comparer, expected, came)
    assert "[1]['x'][0]" in refuses(comparer, (one, {"x": one}), (one, {"x": two}))


def plain_values_are_of_the_same_type_and_equal(comparer: ModuleType, random: Random) -> None:
    for same in (True, 3, 0.5, "float32", None, math.inf):
        accepts(comparer, same, same)
    for expected, came in (
        (1, True),
        (True, 1),
        (1, 1.0),
        (1.0, 1),
        ("float32", "float64"),
        ("a", None),
        (0.5, math.nextafter(0.5, 1)),
        (math.inf, -math.inf),
        (3, 4),
    ):
        refuses(comparer, expected, came)


def a_refusal_agrees_with_its_own_kind_alone(comparer: ModuleType, random: Random) -> None:
    expected = IndexOutOfRange("id 7 is outside 0 … 3")
    accepts(comparer, expected, refusal("IndexError", "LookupError", "Exception"))
    accepts(comparer, expected, refusal("Own", "InvalidArgumentError", "OpError"))
    for other in (
        value(np.zeros(1)),
        value(None),
        refusal("ValueError", "Exception"),
        refusal("Exception"),
        refusal(),
        Outcome("unsupported", message="it lacks it"),
        Outcome("fault", error=("IndexError",), message="broken"),
    ):
        refuses(comparer, expected, other)
    for wanted in (np.zeros(1), None, (), bounded(np.zeros((1, 1))), 0):
        refuses(comparer, wanted, refusal("IndexError"))
        refuses(comparer, wanted, refusal())
        refuses(comparer, wanted, Outcome("unsupported", message="it lacks it"))
        refuses(comparer, wanted, Outcome("fault", error=("MemoryError",), message="broken"))
    only = Refused("no", shows_as=("IndexError",))
    refuses(comparer, only, refusal("InvalidArgumentError"))


def an_open_outcome_is_one_of_those_listed(comparer: ModuleType, random: Random) -> None:
    zeros, ones = np.zeros(2), np.ones(2)
    expected = AnyOf((IndexOutOfRange("no"), zeros, ones, bounded(np.full((2, 2), 2.0))))
    for came in (refusal("IndexError"), zeros, ones, np.full(2, 4.0)):
        accepts(comparer, expected, came)
    for came in (
        refusal("TypeError"),
        np.array([0.0, 1.0]),
        np.full(2, 4.001),
        -zeros,
        zeros.astype(np.float32),
        None,
        Outcome("unsupported", message="it lacks it"),
    ):
        refuses(comparer, expected, came)
    refuses(comparer, AnyOf(()), zeros)


def coins_have_two_values_and_their_form(comparer: ModuleType, random: Random) -> None:
    for dtype in (*FLOATS, "int32"):
        kind = dtype_named(dtype)
        expected = Coins(3, (2, 5), dtype, (0, 1), 0.5, 0)
        thrown = [random.integers(0, 2, (2, 5)).astype(kind) for _ in range(3)]
        accepts(comparer, expected, thrown)
        for wrong in (2, 0.5, -1):
            if kind.kind == "i" and wrong == 0.5:
                continue
            spoiled = [array.copy() for array in thrown]
            spoiled[2][1, 4] = wrong
            assert "[2][1, 4]" in refuses(comparer, expected, spoiled)
        if dtype in FLOATS:
            spoiled[2][1, 4] = -0.0
            refuses(comparer, expected, spoiled)
            spoiled[2][1, 4] = np.nan
            refuses(comparer, expected, spoiled)
        for other in (thrown[:2], [*thrown, thrown[0]], tuple(thrown), np.stack(thrown), None):
            refuses(comparer, expected, other)
        refuses(comparer, expected, [*thrown[:2], thrown[2].T])
        refuses(comparer, expected, [*thrown[:2], thrown[2].astype(np.int64)])


def codes_are_in_range_and_equal_for_equal_words(comparer: ModuleType, random: Random) -> None:
    expected = Codes(("a", "b", "a"), 1, 9)
    for came in ([1, 9, 1], [4, 4, 4]):
        accepts(comparer, expected, came)
    for other in (
        [0, 9, 0],
        [1, 10, 1],
        [1, 9, 2],
        [1, 9],
        [1, 9, 1, 1],
        (1, 9, 1),
        [1, True, 1],
        [1, 9.0, 1],
        [np.int64(1), 9, 1],
        None,
    ):
        refuses(comparer, expected, other)


def no_part_is_overlooked(comparer: ModuleType, random: Random) -> None:
    for dtype in ("float32", "int64"):
        large = random.integers(1, 9, (40, 50)).astype(dtype)
        forms: list[Any] = [large]
        if dtype == "float32":
            forms += [
                bounded(np.stack([large, large]) / np.float32(2)),
                Measured(large * 1.0, large / 2**20, large.dtype),
            ]
        for expected in forms:
            for place in ((0, 0), (39, 49), tuple(random.integers(0, (40, 50)))):
                wrong = large.copy()
                wrong[place] += 1
                assert f"[{place[0]}, {place[1]}]" in refuses(comparer, expected, wrong)
                held: Any = [large] * 7
                held[6] = wrong
                assert "[6][" in refuses(comparer, [expected] * 7, held)
                assert "['y'][1]" in refuses(
                    comparer, {"x": expected, "y": (None, expected)}, {"x": large, "y": (None, wrong)}
                )


FORMS = (
    the_form_counts_even_with_equal_values,
    containers_are_of_the_same_kind_length_and_names,
    plain_values_are_of_the_same_type_and_equal,
    a_refusal_agrees_with_its_own_kind_alone,
    an_open_outcome_is_one_of_those_listed,
    coins_have_two_values_and_their_form,
    codes_are_in_range_and_equal_for_equal_words,
    no_part_is_overlooked,
)
